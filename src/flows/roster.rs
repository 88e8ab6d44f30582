//! Adds an empty roster; corrects its name.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Refusal, RosterId,
        roster::{NewRoster, Roster},
    },
};

/// # Errors
/// `invalid_field` for a bad code, `already_exists` for one that is taken.
pub async fn add(db: &Db, new: NewRoster) -> Result<Roster> {
    in_tx(&db.write, "add roster", async |conn| {
        let roster_id = db::roster::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        let NewRoster { code, name } = new.clone();
        Ok(Roster { roster_id, code, name })
    })
    .await
}

/// Corrects the name of a roster.
///
/// # Errors
/// `not_found`.
pub async fn rename(db: &Db, roster_id: RosterId, name: &str) -> Result<Roster> {
    in_tx(&db.write, "rename roster", async |conn| {
        let roster = db::roster::rename(conn, roster_id, name).await?;
        let roster = roster.ok_or_else(Refusal::not_found)?;
        db::catalogue::touch(conn).await?;
        Ok(roster)
    })
    .await
}
