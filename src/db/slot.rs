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

/// Whether any clinic has any.
pub async fn is_any(db: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    query_scalar!(r#"/* slot::is_any */ select exists (select from slot) as "is_any!""#)
        .fetch_one(db)
        .await
}

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
             and removed_at is null
         order by slot_id limit $4",
        clinic_id.0,
        on_date,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Locks a slot.
pub async fn lock(conn: &mut PgConnection, slot_id: SlotId) -> sqlx::Result<Option<Slot>> {
    query_as!(
        Slot,
        "/* slot::lock */
         select slot_id, on_date, starts_at, ends_at, seats, taken, is_closed from slot
         where slot_id = $1 and removed_at is null for no key update",
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
         select starts_at from slot
         where clinic_id = $1 and starts_at = any($2) and removed_at is null",
        clinic_id.0,
        starts,
    )
    .fetch_all(db)
    .await
}

/// The first of these windows, by its number from 0, that overlaps a slot of the clinic which
/// starts at another time, and when that one is.
pub async fn find_overlap(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    (starts, ends): (&[DateTime<Utc>], &[DateTime<Utc>]),
) -> sqlx::Result<Option<(i64, DateTime<Utc>, DateTime<Utc>)>> {
    let row = query!(
        r#"/* slot::find_overlap */
           select n - 1 as "at!", k.starts_at, k.ends_at
           from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality
               as new (starts_at, ends_at, n)
           join slot k on k.clinic_id = $1 and k.removed_at is null
               and k.starts_at < new.ends_at and k.ends_at > new.starts_at
               and k.starts_at > new.starts_at - interval '1 day'
               and k.starts_at <> new.starts_at
           order by n limit 1"#,
        clinic_id.0,
        starts,
        ends,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.at, row.starts_at, row.ends_at)))
}

/// Adds slots to a locked clinic, numbered on from its last one; those on a day that is closed or
/// accounted for are closed.
/// One that was removed at the same time comes back, with those who are booked there.
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
             or exists (select from clinic_day_close c
                 where c.clinic_id = $1 and c.on_date = new.on_date and c.reopened_at is null)
         from unnest($2::date[], $3::timestamptz[], $4::timestamptz[], $5::int[]) with ordinality
             as new (on_date, starts_at, ends_at, seats, n)
         order by n
         on conflict (clinic_id, starts_at) do update set ends_at = excluded.ends_at,
             seats = greatest(excluded.seats, slot.taken), removed_at = null,
             is_closed = excluded.is_closed
             where slot.removed_at is not null
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

/// Opens all slots of a locked clinic's day, locking them in the order of their ids; answers those
/// that were closed until then. Those of a day that is accounted for stay closed, and those that
/// were given up.
pub async fn open(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        "/* slot::open */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1
         ), locked as materialized (
             select slot_id, is_closed from slot where clinic_id = $1 and on_date = $2
             order by slot_id for no key update
         ), opened as (
             update slot set is_closed = removed_at is not null
                 or exists (select from clinic_day_close c
                     where c.clinic_id = $1 and c.on_date = $2 and c.reopened_at is null)
             from locked where slot.slot_id = locked.slot_id
             returning slot.slot_id, locked.is_closed and not slot.is_closed as is_back)
         select slot_id from opened where is_back order by slot_id",
        clinic_id.0,
        on_date,
    )
    .fetch_all(conn)
    .await
}

/// Locks every slot of a locked clinic, in the order of their ids, against its zone's change.
pub async fn lock_all(conn: &mut PgConnection, clinic_id: ClinicId) -> sqlx::Result<()> {
    query!(
        "/* slot::lock_all */
         select from slot where clinic_id = $1 order by slot_id for update",
        clinic_id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Bookings that stand at a clinic, whenever.
pub async fn bookings_of_clinic(conn: &mut PgConnection, clinic_id: ClinicId) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* slot::bookings_of_clinic */
           select count(*) as "bookings!" from slot join booking using (slot_id)
           where clinic_id = $1 and state = any($2)"#,
        clinic_id.0,
        &State::PROMISED.map(State::number),
    )
    .fetch_one(conn)
    .await
}

/// Whether the clock of another zone shows all times of a clinic's slots exactly once.
pub async fn fit_zone(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    (old, new): (&str, &str),
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* slot::fit_zone */
           select not exists (
               select from slot cross join lateral (values (starts_at), (ends_at)) t (at)
               cross join lateral (values (at at time zone $2)) l (local)
               cross join lateral (values (local at time zone $3)) m (moved)
               where clinic_id = $1 and (moved at time zone $3 <> local
                   or (moved + interval '1 hour') at time zone $3 = local
                   or (moved - interval '1 hour') at time zone $3 = local)) as "fit!""#,
        clinic_id.0,
        old,
        new,
    )
    .fetch_one(conn)
    .await
}

/// Moves all slots of a clinic so that the clock of the new zone shows what that of the old one
/// did. In two steps, by way of a far future: a slot must not meet one that has yet to move.
pub async fn move_to_zone(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    (old, new): (&str, &str),
) -> sqlx::Result<()> {
    query!(
        "/* slot::move_to_zone */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1)
         update slot set starts_at = starts_at + interval '20000 years',
             ends_at = ends_at + interval '20000 years' where clinic_id = $1",
        clinic_id.0,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* slot::move_to_zone */
         update slot set
             starts_at = ((starts_at - interval '20000 years') at time zone $2) at time zone $3,
             ends_at = ((ends_at - interval '20000 years') at time zone $2) at time zone $3
         where clinic_id = $1",
        clinic_id.0,
        old,
        new,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A day of a clinic, with all its slots summed up.
#[derive(Clone, Copy, Debug)]
pub struct DaySum {
    pub on_date: NaiveDate,
    pub slots: i64,
    pub seats: i64,
    pub taken: i64,
    /// Slots that are closed, seats taken in them included above.
    pub closed: i64,
}

/// The days of a clinic from this one on that have slots, in order.
pub async fn list_days(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    from: NaiveDate,
    limit: i64,
) -> sqlx::Result<Vec<DaySum>> {
    query_as!(
        DaySum,
        r#"/* slot::list_days */
           select on_date, count(*) as "slots!", sum(seats)::bigint as "seats!",
               sum(taken)::bigint as "taken!", count(*) filter (where is_closed) as "closed!"
           from slot
           where clinic_id = $1 and on_date >= $2 and (removed_at is null or taken > 0)
           group by on_date order by on_date limit $3"#,
        clinic_id.0,
        from,
        limit,
    )
    .fetch_all(db)
    .await
}
