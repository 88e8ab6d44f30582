//! Staging and saving of opening hours. Their slots are staged as those of a file of slots are.

use chrono::NaiveDate;
use sqlx::{PgConnection, Row as _, types::Json};

use super::staged::{staged, unsigned, write};
use crate::domain::{ClinicId, StaffUserId, opening_hours::Series};

pub(super) const STAGED: (&str, &str) = (
    "/* import::hours::STAGED */
     create temporary table staged_hours (line bigint not null, clinic_id int not null,
         series jsonb not null) on commit drop",
    "/* import::hours::STAGED */ copy staged_hours (line, clinic_id, series) from stdin",
);

/// A row of the file.
#[derive(Clone, Debug)]
pub struct StagedHours {
    pub line: u64,
    pub clinic_id: ClinicId,
    /// The zone of the clinic, by its name.
    pub zone: String,
    pub series: Series,
    /// Days of the clinic that have hours of their own.
    pub own: Vec<NaiveDate>,
}

/// Locks the clinics of the file in the order of their ids.
pub async fn lock_clinics(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::hours::lock_clinics */
         select from clinic where clinic_id in (select clinic_id from staged_hours)
         order by clinic_id for no key update",
    )
    .await
    .map(drop)
}

/// The rows, by clinic and line.
pub async fn list_staged(conn: &mut PgConnection) -> sqlx::Result<Vec<StagedHours>> {
    let rows = staged(
        "/* import::hours::list_staged */
         select line, clinic_id, zone, series, array(
             select from_date from opening_hours h
             where h.clinic_id = s.clinic_id and from_date = to_date) as own
         from staged_hours s join clinic using (clinic_id) order by clinic_id, line",
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.iter().map(|row| {
        Ok(StagedHours {
            line: unsigned(row.try_get("line")?),
            clinic_id: ClinicId(row.try_get("clinic_id")?),
            zone: row.try_get("zone")?,
            series: row.try_get::<Json<Series>, _>("series")?.0,
            own: row.try_get("own")?,
        })
    });
    rows.collect()
}

/// Makes the table for the slots that the rows come to.
pub async fn stage_slots(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(conn, crate::db::slot_plan::STAGED.0).await.map(drop)
}

/// Takes out rows that are rejected.
pub async fn remove(conn: &mut PgConnection, lines: &[i64]) -> sqlx::Result<()> {
    staged("/* import::hours::remove */ delete from staged_hours where line = any($1)")
        .bind(lines)
        .execute(conn)
        .await
        .map(drop)
}

/// Remembers the series, unless the newest of the clinic for the same days says the same.
pub async fn save(conn: &mut PgConnection, by: Option<StaffUserId>) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::hours::save */ delete from opening_hours h using staged_hours s
         where h.clinic_id = s.clinic_id and h.from_date = (s.series->>'from_date')::date
             and h.to_date = (s.series->>'to_date')::date
             and (h.from_date = h.to_date or h.series = s.series)",
    )
    .await?;
    staged(
        "/* import::hours::save */
         insert into opening_hours (clinic_id, from_date, to_date, series, staff_user_id)
         select clinic_id, (series->>'from_date')::date, (series->>'to_date')::date, series, $1
         from staged_hours order by clinic_id, line",
    )
    .bind(by.map(|id| id.0))
    .execute(conn)
    .await
    .map(drop)
}
