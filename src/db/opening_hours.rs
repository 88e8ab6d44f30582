//! Opening hours as they were saved.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_scalar, types::Json};

use crate::domain::{ClinicId, StaffUserId, opening_hours::Series};

/// A series that was saved.
#[derive(Clone, Debug)]
pub struct Saved {
    pub opening_hours_id: i64,
    pub series: Series,
    pub saved_at: DateTime<Utc>,
}

/// Those of a clinic before `before`, the newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Saved>> {
    let rows = query!(
        r#"/* opening_hours::list */
           select opening_hours_id, series as "series: Json<Series>", saved_at from opening_hours
           where clinic_id = $1 and opening_hours_id < $2
           order by opening_hours_id desc limit $3"#,
        clinic_id.0,
        before,
        limit,
    );
    let saved = rows.map(|row| Saved {
        opening_hours_id: row.opening_hours_id,
        series: row.series.0,
        saved_at: row.saved_at,
    });
    saved.fetch_all(db).await
}

/// The days of a clinic in this range that have hours of their own.
pub async fn days_of_their_own(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    (from, to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<NaiveDate>> {
    query_scalar!(
        "/* opening_hours::days_of_their_own */
         select distinct from_date from opening_hours
         where clinic_id = $1 and from_date = to_date and from_date between $2 and $3",
        clinic_id.0,
        from,
        to,
    )
    .fetch_all(conn)
    .await
}

/// The newest series of several days that speaks of this one, its weekdays not looked at.
pub async fn newest_over(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Vec<Series>> {
    let rows = query!(
        r#"/* opening_hours::newest_over */
           select series as "series: Json<Series>" from opening_hours
           where clinic_id = $1 and from_date <= $2 and to_date >= $2 and from_date < to_date
           order by opening_hours_id desc limit 100"#,
        clinic_id.0,
        date,
    );
    rows.map(|row| row.series.0).fetch_all(conn).await
}

/// Forgets the hours of its own that a day has; says whether it had any.
pub async fn delete_day(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<bool> {
    let done = query!(
        "/* opening_hours::delete_day */
         delete from opening_hours where clinic_id = $1 and from_date = $2 and to_date = $2",
        clinic_id.0,
        date,
    );
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// Remembers a series. One of a day takes the place of what the day had.
pub async fn insert(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    series: &Series,
    by: Option<StaffUserId>,
) -> sqlx::Result<()> {
    query!(
        "/* opening_hours::insert */ with before as (
             delete from opening_hours
             where clinic_id = $1 and from_date = to_date and from_date = $2 and to_date = $3)
         insert into opening_hours (clinic_id, from_date, to_date, series, staff_user_id)
         values ($1, $2, $3, $4, $5)",
        clinic_id.0,
        series.from_date,
        series.to_date,
        Json(series) as _,
        by.map(|id| id.0),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The database's time.
pub async fn now(conn: &mut PgConnection) -> sqlx::Result<DateTime<Utc>> {
    query_scalar!(r#"/* opening_hours::now */ select statement_timestamp() as "now!""#)
        .fetch_one(conn)
        .await
}
