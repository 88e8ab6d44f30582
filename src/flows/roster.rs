//! Adds an empty roster.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::roster::Roster,
};

/// # Errors
/// `invalid_field` for a bad code, `already_exists` for one that is taken.
pub async fn add(db: &Db, code: String, name: String) -> Result<Roster> {
    in_tx(&db.write, "add roster", async |conn| {
        let roster_id = db::roster::insert(conn, &code, &name).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(Roster { roster_id, code, name })
    })
    .await
}
