//! Adds a course of doses.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::course::{Course, NewCourse},
};

/// # Errors
/// `invalid_field` for a bad code, `already_exists` for one that is taken.
pub async fn add(db: &Db, new: NewCourse) -> Result<Course> {
    in_tx(&db.write, "add course", async |conn| {
        let course_id = db::course::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        let NewCourse { code, name } = new;
        Ok(Course { course_id, code, name })
    })
    .await
}
