//! Staging and writing of slots.

use sqlx::PgConnection;

use super::staged::{Removed, Written, remove, write};

pub(super) const STAGED: (&str, &str) = (
    "/* import::slot::STAGED */
     create temporary table staged_slot (line bigint not null, clinic_id int not null,
         on_date date not null, starts_at timestamptz not null, ends_at timestamptz not null,
         seats int not null) on commit drop",
    "/* import::slot::STAGED */
     copy staged_slot (line, clinic_id, on_date, starts_at, ends_at, seats) from stdin",
);

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

/// Takes out slots of which the clinic has one at the same time that is not the same.
pub async fn remove_conflicting(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::slot::remove_conflicting */
         with gone as (
             delete from staged_slot s using slot k
             where (k.clinic_id, k.starts_at) = (s.clinic_id, s.starts_at)
                 and (k.ends_at, k.seats) <> (s.ends_at, s.seats)
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Adds new slots, closed where the clinic is, and tells of them.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let new = write(
        conn,
        "/* import::slot::insert_staged */
         with last as materialized (
             select c.clinic_id, coalesce(
                 (select max(k.slot_id) from slot k
                  where k.slot_id >= c.clinic_id::bigint << 24
                      and k.slot_id < (c.clinic_id::bigint + 1) << 24),
                 c.clinic_id::bigint << 24) as slot_id
             from (select distinct clinic_id from staged_slot) c
         ), told as (
             update clinic set slots_revision = slots_revision + 1
             from last where clinic.clinic_id = last.clinic_id
         )
         insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats, is_closed)
         select last.slot_id + row_number() over (partition by clinic_id order by s.starts_at),
             clinic_id, s.on_date, s.starts_at, s.ends_at, s.seats,
             exists (select from clinic_closure x
                     where (x.clinic_id, x.on_date) = (s.clinic_id, s.on_date))
         from staged_slot s join last using (clinic_id)
         where not exists (select from slot k
                           where (k.clinic_id, k.starts_at) = (s.clinic_id, s.starts_at))",
    )
    .await?;
    Ok(Written { new, ..Written::default() })
}
