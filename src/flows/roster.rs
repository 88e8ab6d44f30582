//! Adds an empty roster.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::roster::{NewRoster, Roster},
};

/// # Errors
/// `invalid_field` for a bad code, `already_exists` for one that is taken.
pub async fn add(db: &Db, new: NewRoster) -> Result<Roster> {
    in_tx(&db.write, "add roster", async |conn| {
        let roster_id = db::roster::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        let NewRoster { code, name } = new;
        Ok(Roster { roster_id, code, name })
    })
    .await
}
