//! Closing a clinic's day and opening it again: which days are due, and what that writes. Whoever
//! writes here has locked the clinic, the day's slots and its allocations.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::{
    AllocationId, BookingId, ClinicId, PoolId, SlotId, StaffUserId,
    actor::Cause,
    channel::Channel,
    day_close::{End, Plan, Standing},
    grant::Grant,
    movement::{Bucket, Kind, Movement},
};

/// Days whose time of grace is over and that nobody has closed, the earliest first. A day that was
/// opened again has its time of grace from then on.
pub async fn due(
    db: impl PgExecutor<'_>,
    hours: i32,
    limit: i64,
) -> sqlx::Result<Vec<(ClinicId, NaiveDate)>> {
    let rows = query!(
        r#"/* day_close::due */
           select distinct a.on_date, a.clinic_id from allocation a join clinic c using (clinic_id)
           where a.on_date < (statement_timestamp() at time zone c.zone
                   - make_interval(hours => $1))::date
               and not exists (
                   select from clinic_day_close k
                   where (k.clinic_id, k.on_date) = (a.clinic_id, a.on_date)
                       and (k.reopened_at is null or k.reopened_at
                           > statement_timestamp() - make_interval(hours => $1)))
           order by a.on_date, a.clinic_id limit $2"#,
        hours,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (ClinicId(row.clinic_id), row.on_date)).collect())
}

/// Locks all slots of a day, in the order of their ids.
pub async fn lock_slots(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<()> {
    query!(
        "/* day_close::lock_slots */
         select from slot where clinic_id = $1 and on_date = $2
         order by slot_id for no key update",
        clinic_id.0,
        date,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Locks allocations in the order of their ids, and answers what they are from then on.
pub async fn lock_allocations(
    conn: &mut PgConnection,
    ids: &[AllocationId],
) -> sqlx::Result<Vec<Grant>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    query_as!(
        Grant,
        r#"/* day_close::lock_allocations */
           select allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id as "tranche_id: _", channel as "channel: Channel", pool_id,
               granted, open, held, booked, spare, given, lost
           from allocation where allocation_id = any($1)
           order by allocation_id for no key update"#,
        &ids,
    )
    .fetch_all(conn)
    .await
}

/// The database's time, and the bookings of a day that nobody has ended, by their time.
pub async fn standing(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<(DateTime<Utc>, Vec<Standing>)> {
    let now = query_scalar!(r#"/* day_close::standing */ select clock_timestamp() as "now!""#)
        .fetch_one(&mut *conn)
        .await?;
    let rows = query!(
        r#"/* day_close::standing */
           select b.booking_id as "booking_id!", s.slot_id, b.allocation_id as "allocation_id!",
               s.starts_at, b.arrived_at is not null as "has_arrived!", s.is_closed
           from slot s cross join lateral (
               select booking_id, allocation_id, state, arrived_at, booked_at from booking
               where slot_id = s.slot_id offset 0) b
           where s.clinic_id = $1 and s.on_date = $2 and b.state in (1, 5)
           order by s.starts_at, b.booked_at, b.booking_id"#,
        clinic_id.0,
        date,
    )
    .fetch_all(conn)
    .await?;
    let standing = rows.into_iter().map(|row| Standing {
        booking_id: BookingId(row.booking_id),
        slot_id: SlotId(row.slot_id),
        allocation_id: AllocationId(row.allocation_id),
        starts_at: row.starts_at,
        has_arrived: row.has_arrived,
        has_lost_its_time: row.is_closed,
    });
    Ok((now, standing.collect()))
}

/// Ends bookings, each with its step and its line of the journal, frees their seats and closes the
/// day's slots.
pub async fn end_bookings(
    conn: &mut PgConnection,
    (clinic_id, date): (ClinicId, NaiveDate),
    ends: &[(Standing, End)],
    cause: &Cause,
) -> sqlx::Result<()> {
    let booking_ids: Vec<Uuid> = ends.iter().map(|(one, _)| one.booking_id.0).collect();
    let slot_ids: Vec<_> = ends.iter().map(|(one, _)| one.slot_id.0).collect();
    let allocation_ids: Vec<_> = ends.iter().map(|(one, _)| one.allocation_id.0).collect();
    let kinds: Vec<_> = ends.iter().map(|(_, end)| end.movement().0.number()).collect();
    let buckets: Vec<_> = ends.iter().map(|(_, end)| end.movement().1.number()).collect();
    query!(
        "/* day_close::end_bookings */ with one as materialized (
             select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::smallint[],
                 $5::smallint[]) as one (booking_id, slot_id, allocation_id, kind, bucket)
         ), stepped as (
             insert into visit_step (step_id, booking_id, kind, staff_user_id, reason)
             select gen_random_uuid(), booking_id,
                 case kind when 4 then 3 when 3 then 5 else 4 end, $7,
                 case kind when 16 then 5 end
             from one
         ), written as (
             insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, booking_id,
                 slot_id, actor_role, staff_user_id, reason)
             select kind, 3, bucket, 1, allocation_id, booking_id, slot_id, $6, $7, $8 from one
         )
         update booking b set state = case kind when 3 then 3 else 4 end,
             not_given = case kind when 16 then 5 end, ended_at = clock_timestamp()
         from one where b.booking_id = one.booking_id",
        &booking_ids,
        &slot_ids,
        &allocation_ids,
        &kinds,
        &buckets,
        cause.actor.role(),
        cause.actor.staff_user_id().map(|id| id.0),
        cause.reason.main,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* day_close::end_bookings */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1
         ), gone as materialized (
             select slot_id, count(*) as seats from unnest($3::bigint[]) as slot_id
             group by slot_id)
         update slot s set is_closed = true,
             taken = s.taken - coalesce((
                 select seats from gone where gone.slot_id = s.slot_id), 0)
         where s.clinic_id = $1 and s.on_date = $2",
        clinic_id.0,
        date,
        &slot_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Opens the slots of a day again, but for those that the clinic has closed or given up.
pub async fn open_slots(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<()> {
    query!(
        "/* day_close::open_slots */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1)
         update slot set is_closed = false
         where clinic_id = $1 and on_date = $2 and removed_at is null
             and not exists (select from clinic_closure where clinic_id = $1 and on_date = $2)",
        clinic_id.0,
        date,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes what closing or opening a day changes of locked allocations.
///
/// # Errors
/// The database's; the allocation's named constraints.
pub async fn set_allocations(conn: &mut PgConnection, rows: &[Grant]) -> sqlx::Result<()> {
    let column = |pick: fn(&Grant) -> i32| rows.iter().map(pick).collect::<Vec<_>>();
    let ids: Vec<_> = rows.iter().map(|row| row.allocation_id.0).collect();
    query!(
        "/* day_close::set_allocations */
         update allocation a set granted = n.granted, open = n.open, booked = n.booked,
             spare = n.spare, lost = n.lost
         from unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[])
             as n (allocation_id, granted, open, booked, spare, lost)
         where a.allocation_id = n.allocation_id",
        &ids,
        &column(|row| row.granted),
        &column(|row| row.open),
        &column(|row| row.booked),
        &column(|row| row.spare),
        &column(|row| row.lost),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps the account of a day that is closed.
///
/// # Errors
/// The database's; `clinic_day_close_key` where it is closed already.
pub async fn insert(
    conn: &mut PgConnection,
    (clinic_id, date): (ClinicId, NaiveDate),
    plan: &Plan,
    (by, note): (Option<StaffUserId>, Option<&str>),
) -> sqlx::Result<()> {
    let people = plan.people;
    query!(
        "/* day_close::insert */
         insert into clinic_day_close (clinic_id, on_date, staff_user_id, note, expected, given,
             not_vaccinated, no_shows, cancelled, not_recorded, walk_ins, granted, lost, returned,
             kept)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        clinic_id.0,
        date,
        by.map(|id| id.0),
        note,
        people.expected(),
        people.given,
        people.not_vaccinated,
        people.no_shows,
        people.cancelled,
        people.not_recorded,
        people.walk_ins,
        plan.granted,
        plan.lost,
        plan.returned,
        plan.kept,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the closing of a day, and answers with its lines of the journal that name no booking; none
/// where the day is not closed.
pub async fn end(
    conn: &mut PgConnection,
    (clinic_id, date): (ClinicId, NaiveDate),
    cause: &Cause,
    by: StaffUserId,
) -> sqlx::Result<Option<Vec<Movement>>> {
    let tx = query_scalar!(
        r#"/* day_close::end */
           update clinic_day_close set reopened_at = clock_timestamp(), reopened_by = $3,
               reopen_reason = $4
           where clinic_id = $1 and on_date = $2 and reopened_at is null
           returning tx::text as "tx!""#,
        clinic_id.0,
        date,
        by.0,
        cause.reason.main,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(tx) = tx else { return Ok(None) };
    let rows = query!(
        "/* day_close::end */
         select kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id, to_pool_id
         from movement where tx = $1::text::xid8 and booking_id is null order by id",
        tx,
    )
    .fetch_all(conn)
    .await?;
    let lines = rows.into_iter().filter_map(|row| {
        Some(Movement {
            kind: Kind::of(row.kind)?,
            from: Bucket::of(row.from_bucket)?,
            to: Bucket::of(row.to_bucket)?,
            doses: row.doses,
            allocation_id: row.allocation_id.map(AllocationId),
            from_pool_id: row.from_pool_id.map(PoolId),
            to_pool_id: row.to_pool_id.map(PoolId),
            booking_id: None,
            actor: cause.actor,
            reason: None,
        })
    });
    Ok(Some(lines.collect()))
}

/// The allocations that the last closing of a day changed, and their pools; not locked.
pub async fn touched(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<(Vec<AllocationId>, Vec<PoolId>)> {
    let rows = query!(
        r#"/* day_close::touched */
           select distinct a.allocation_id, a.pool_id
           from clinic_day_close k
           join movement m on m.tx = k.tx and m.booking_id is null
           join allocation a using (allocation_id)
           where k.clinic_id = $1 and k.on_date = $2 and k.reopened_at is null
           order by a.allocation_id"#,
        clinic_id.0,
        date,
    )
    .fetch_all(conn)
    .await?;
    let mut pools: Vec<_> = rows.iter().map(|row| PoolId(row.pool_id)).collect();
    pools.sort_unstable();
    pools.dedup();
    Ok((rows.into_iter().map(|row| AllocationId(row.allocation_id)).collect(), pools))
}
