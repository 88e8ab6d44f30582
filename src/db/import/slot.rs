//! What a file of slots says twice, and the clinics that it names; the rest is `db::slot_plan`.

use sqlx::PgConnection;

use super::staged::{Removed, remove, write};

/// Takes out slots that stand in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::slot::remove_repeated */ analyze staged_slot").await?;
    remove(
        conn,
        "/* import::slot::remove_repeated */
         with repeated as (
             select clinic_id, starts_at, min(line) as earlier from staged_slot
             group by clinic_id, starts_at having count(*) > 1
         ), gone as (
             delete from staged_slot s using repeated r
             where (s.clinic_id, s.starts_at) = (r.clinic_id, r.starts_at) and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Locks the clinics of the file in the order of their ids: whoever holds a clinic gives out the
/// numbers of its slots and allocations.
pub async fn lock_clinics(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::slot::lock_clinics */
         select from clinic where clinic_id in (select clinic_id from staged_slot)
         order by clinic_id for no key update",
    )
    .await
    .map(drop)
}
