//! Adds a course of doses.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::course::Course,
};

/// # Errors
/// `invalid_field` for a bad code, `already_exists` for one that is taken.
pub async fn add(db: &Db, code: String, name: String) -> Result<Course> {
    in_tx(&db.write, "add course", async |conn| {
        let course_id = db::course::insert(conn, &code, &name).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(Course { course_id, code, name })
    })
    .await
}
