//! Courses: what a series of doses protects against.

use sqlx::{PgConnection, PgExecutor, query_as, query_scalar};

use crate::domain::{CourseId, course::Course};

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: CourseId,
    limit: i64,
) -> sqlx::Result<Vec<Course>> {
    query_as!(
        Course,
        "/* course::list */ select course_id, code, name from course
         where course_id > $1 order by course_id limit $2",
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// # Errors
/// The database's; the course's named constraints.
pub async fn insert(conn: &mut PgConnection, code: &str, name: &str) -> sqlx::Result<CourseId> {
    query_scalar!(
        r#"/* course::insert */
           insert into course (code, name) values ($1, $2) returning course_id as "id: CourseId""#,
        code,
        name,
    )
    .fetch_one(conn)
    .await
}
