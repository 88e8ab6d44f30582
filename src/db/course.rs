//! Courses: what a series of doses protects against.

use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use crate::domain::{
    CourseId,
    course::{Course, NewCourse},
    localized::Localized,
};

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: CourseId,
    limit: i64,
) -> sqlx::Result<Vec<Course>> {
    let rows = query!(
        "/* course::list */ select course_id, code, name, name_ko, name_en from course
         where course_id > $1 order by course_id limit $2",
        after.0,
        limit,
    );
    rows.map(|row| Course {
        course_id: row.course_id.into(),
        code: row.code,
        name: Localized::new(row.name, row.name_ko, row.name_en),
    })
    .fetch_all(db)
    .await
}

/// # Errors
/// The database's; the course's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewCourse) -> sqlx::Result<CourseId> {
    query_scalar!(
        r#"/* course::insert */ insert into course (code, name, name_ko, name_en)
           values ($1, $2, $3, $4) returning course_id as "id: CourseId""#,
        new.code,
        new.name.main,
        new.name.ko,
        new.name.en,
    )
    .fetch_one(conn)
    .await
}
