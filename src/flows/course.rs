//! Adds a course of doses; corrects its names.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CourseId, Refusal,
        course::{Course, NewCourse},
        localized::LocalizedChange,
    },
};

/// # Errors
/// `invalid_field` for a bad code, `already_exists` for one that is taken.
pub async fn add(db: &Db, new: NewCourse) -> Result<Course> {
    in_tx(&db.write, "add course", async |conn| {
        let course_id = db::course::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        let NewCourse { code, name } = new.clone();
        Ok(Course { course_id, code, name })
    })
    .await
}

/// Corrects the names of a course, in public documents too.
///
/// # Errors
/// `not_found`.
pub async fn rename(db: &Db, course_id: CourseId, change: LocalizedChange) -> Result<Course> {
    in_tx(&db.write, "rename course", async |conn| {
        let renamed = db::course::rename(conn, course_id, &change).await?;
        let course = renamed.ok_or_else(Refusal::not_found)?;
        db::catalogue::touch(conn).await?;
        Ok(course)
    })
    .await
}
