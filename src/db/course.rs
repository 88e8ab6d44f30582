//! Courses: what a series of doses protects against.

use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use crate::domain::{
    CourseId,
    course::{Course, NewCourse},
    localized::{Localized, LocalizedChange},
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

/// The course with this code.
pub async fn find_by_code(db: impl PgExecutor<'_>, code: &str) -> sqlx::Result<Option<CourseId>> {
    query_scalar!(
        r#"/* course::find_by_code */
           select course_id as "id: CourseId" from course where code = $1"#,
        code,
    )
    .fetch_optional(db)
    .await
}

/// Corrects the names of a course; none if there is no such course.
pub async fn rename(
    conn: &mut PgConnection,
    course_id: CourseId,
    change: &LocalizedChange,
) -> sqlx::Result<Option<Course>> {
    let row = query!(
        "/* course::rename */
         update course set name = coalesce($2, name),
             name_ko = case when $3 then $4 else name_ko end,
             name_en = case when $5 then $6 else name_en end
         where course_id = $1
         returning course_id, code, name, name_ko, name_en",
        course_id.0,
        change.main,
        change.ko.is_some(),
        change.ko.clone().flatten(),
        change.en.is_some(),
        change.en.clone().flatten(),
    );
    row.map(|row| Course {
        course_id: row.course_id.into(),
        code: row.code,
        name: Localized::new(row.name, row.name_ko, row.name_en),
    })
    .fetch_optional(conn)
    .await
}
