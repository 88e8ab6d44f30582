//! Slots: the time windows of a clinic. Whatever changes them, other than a booking, tells of it
//! by the clinic's `slots_revision`, in the same statement, so that nobody can forget it. The
//! clinic is locked before its slots, always.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    ClinicId, SlotId,
    booking::State,
    slot::{NewSlot, Slot},
};

/// The slots of a clinic after `after`, by id; of one date, if it is given.
pub async fn list_of_clinic(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    on_date: Option<NaiveDate>,
    after: SlotId,
    limit: i64,
) -> sqlx::Result<Vec<Slot>> {
    query_as!(
        Slot,
        "/* slot::list_of_clinic */
         select slot_id, on_date, starts_at, ends_at, seats, taken, is_closed from slot
         where clinic_id = $1 and ($2::date is null or on_date = $2) and slot_id > $3
         order by slot_id limit $4",
        clinic_id.0,
        on_date,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Whether a clinic has any.
pub async fn exists(db: impl PgExecutor<'_>, clinic_id: ClinicId) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* slot::exists */ select exists (select from slot where clinic_id = $1) as "exists!""#,
        clinic_id.0,
    )
    .fetch_one(db)
    .await
}

/// Locks a slot.
pub async fn lock(conn: &mut PgConnection, slot_id: SlotId) -> sqlx::Result<Option<Slot>> {
    query_as!(
        Slot,
        "/* slot::lock */
         select slot_id, on_date, starts_at, ends_at, seats, taken, is_closed from slot
         where slot_id = $1 for no key update",
        slot_id.0,
    )
    .fetch_optional(conn)
    .await
}

/// Those of `starts` at which the clinic has a slot already.
pub async fn known_starts(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    starts: &[DateTime<Utc>],
) -> sqlx::Result<Vec<DateTime<Utc>>> {
    query_scalar!(
        "/* slot::known_starts */
         select starts_at from slot where clinic_id = $1 and starts_at = any($2)",
        clinic_id.0,
        starts,
    )
    .fetch_all(db)
    .await
}

/// Adds slots to a locked clinic, numbered on from its last one; those on a closed day are closed.
///
/// # Errors
/// The database's; the slot's named constraints.
pub async fn insert(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    slots: &[NewSlot],
) -> sqlx::Result<Vec<Slot>> {
    let dates: Vec<_> = slots.iter().map(|slot| slot.on_date).collect();
    let starts: Vec<_> = slots.iter().map(|slot| slot.starts_at).collect();
    let ends: Vec<_> = slots.iter().map(|slot| slot.ends_at).collect();
    let seats: Vec<_> = slots.iter().map(|slot| slot.seats).collect();
    query_as!(
        Slot,
        "/* slot::insert */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1)
         insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats, is_closed)
         select (select coalesce(max(slot_id), $1::bigint << 24) from slot
                 where slot_id between $1::bigint << 24 and ($1::bigint + 1 << 24) - 1) + n,
             $1, new.on_date, starts_at, ends_at, seats,
             exists (select from clinic_closure c
                 where c.clinic_id = $1 and c.on_date = new.on_date)
         from unnest($2::date[], $3::timestamptz[], $4::timestamptz[], $5::int[]) with ordinality
             as new (on_date, starts_at, ends_at, seats, n)
         order by n
         returning slot_id, on_date, starts_at, ends_at, seats, taken, is_closed",
        clinic_id.0,
        &dates,
        &starts,
        &ends,
        &seats,
    )
    .fetch_all(conn)
    .await
}

/// Writes the seats of a locked slot.
///
/// # Errors
/// The database's; the slot's named constraints.
pub async fn set_seats(conn: &mut PgConnection, slot_id: SlotId, seats: i32) -> sqlx::Result<()> {
    query!(
        "/* slot::set_seats */ with told as (
             update clinic set slots_revision = slots_revision + 1
             where clinic_id = (select clinic_id from slot where slot_id = $1))
         update slot set seats = $2 where slot_id = $1",
        slot_id.0,
        seats,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Closes or opens all slots of a locked clinic's day, locking them in the order of their ids; says
/// how many.
pub async fn set_closed(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    on_date: NaiveDate,
    is_closed: bool,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* slot::set_closed */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1
         ), locked as materialized (
             select slot_id from slot where clinic_id = $1 and on_date = $2
             order by slot_id for no key update)
         update slot set is_closed = $3 from locked where slot.slot_id = locked.slot_id",
        clinic_id.0,
        on_date,
        is_closed,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Bookings that stand on a clinic's day.
pub async fn live_bookings(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* slot::live_bookings */
           select count(*) as "bookings!" from slot join booking using (slot_id)
           where clinic_id = $1 and on_date = $2 and state = any($3)"#,
        clinic_id.0,
        on_date,
        &State::PROMISED.map(State::number),
    )
    .fetch_one(db)
    .await
}
