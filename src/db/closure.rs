//! Closed days and what becomes of the bookings on them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use uuid::Uuid;

use super::booking::booking_of;
use crate::domain::{
    BookingId, ClinicId, SlotId, StaffUserId,
    booking::{Booking, State},
    channel::Channel,
    clinic::Closure,
    closure::{Disruption, Hits, How, Lost, Told, Unheard, Unreached},
    localized::Localized,
    slot_plan::Hit,
};

/// What was done to these bookings by others than their persons; those that are not there are as
/// they were made.
pub async fn find(
    db: impl PgExecutor<'_>,
    booking_ids: &[BookingId],
) -> sqlx::Result<HashMap<BookingId, Disruption>> {
    let ids: Vec<Uuid> = booking_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* closure::find */
           select b.booking_id, s.is_closed and b.state in (1, 5) as "is_lost!",
               x.reason as "reason?", x.reason_ko, x.reason_en,
               c.reason as "cancelled?", c.reason_ko as cancelled_ko, c.reason_en as cancelled_en
           from booking b join slot s using (slot_id)
           left join clinic_closure x on (x.clinic_id, x.on_date) = (s.clinic_id, s.on_date)
           left join booking_cancellation c on c.booking_id = b.booking_id
           where b.booking_id = any($1) and (s.is_closed or c.booking_id is not null)"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let disruptions = rows.into_iter().map(|row| {
        let reason = row.reason.map(|main| Localized::new(main, row.reason_ko, row.reason_en));
        let because =
            row.cancelled.map(|main| Localized::new(main, row.cancelled_ko, row.cancelled_en));
        (BookingId(row.booking_id), disruption(row.is_lost, reason, because))
    });
    Ok(disruptions.collect())
}

/// What was done to a booking, where its day has this reason and its cancelling that one.
pub(super) fn disruption(
    is_lost: bool,
    reason: Option<Localized>,
    because: Option<Localized>,
) -> Disruption {
    Disruption { lost: is_lost.then_some(Lost { reason }), cancelled_because: because }
}

/// Closes a clinic from this day to that one, or gives closed days another reason; and all slots of
/// those days that are not over, locked in the order of their ids. Says how many slots those are.
/// The clinic is locked. Who was told that the day is open again must be told anew.
///
/// # Errors
/// The database's; the closure's named constraints.
pub async fn close(
    conn: &mut PgConnection,
    closure: &Closure,
    to_date: NaiveDate,
) -> sqlx::Result<u64> {
    let Closure { clinic_id, on_date, ref reason } = *closure;
    query!(
        "/* closure::close */
         insert into clinic_closure (clinic_id, on_date, reason, reason_ko, reason_en)
         select $1, day::date, $4, $5, $6
         from generate_series($2::date::timestamp, $3::date::timestamp, interval '1 day') day
         on conflict (clinic_id, on_date) do update set reason = excluded.reason,
             reason_ko = excluded.reason_ko, reason_en = excluded.reason_en",
        clinic_id.0,
        on_date,
        to_date,
        reason.main,
        reason.ko,
        reason.en,
    )
    .execute(&mut *conn)
    .await?;
    let closed = query_scalar!(
        "/* closure::close */ with told as (
             update clinic set slots_revision = slots_revision + 1 where clinic_id = $1
         ), locked as materialized (
             select slot_id, removed_at from slot
             where clinic_id = $1 and on_date between $2 and $3
                 and ends_at > clock_timestamp()
             order by slot_id for no key update)
         update slot set is_closed = true from locked
         where slot.slot_id = locked.slot_id and locked.removed_at is null
         returning slot.slot_id",
        clinic_id.0,
        on_date,
        to_date,
    )
    .fetch_all(&mut *conn)
    .await?;
    note_lost_anew(conn, &closed).await?;
    query!(
        "/* closure::close */ insert into closure_change (clinic_id, on_date)
         select distinct $1::int, on_date from slot
         where clinic_id = $1 and on_date between $2 and $3 and taken > 0
             and ends_at > clock_timestamp()",
        clinic_id.0,
        on_date,
        to_date,
    )
    .execute(conn)
    .await?;
    Ok(closed.len().try_into().unwrap_or(u64::MAX))
}

/// Bookings that stand in slots to come, or at hand, on days of a clinic: how many, and the first
/// of them by time.
pub async fn standing(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    (from, to): (NaiveDate, NaiveDate),
    limit: i64,
) -> sqlx::Result<(i64, Vec<Hit>)> {
    let rows = query!(
        r#"/* closure::standing */
           select booking_id, on_date, starts_at, count(*) over () as "total!"
           from slot join booking using (slot_id)
           where clinic_id = $1 and on_date between $2 and $3 and state = any($4)
               and ends_at > clock_timestamp()
           order by starts_at, booked_at, booking_id limit $5"#,
        clinic_id.0,
        from,
        to,
        &State::PROMISED.map(State::number),
        limit,
    )
    .fetch_all(conn)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let hits = rows.into_iter().map(|row| Hit {
        booking_id: BookingId(row.booking_id),
        on_date: row.on_date,
        starts_at: row.starts_at,
    });
    Ok((total, hits.collect()))
}

/// Whether a clinic is closed on a day, or has given up a time of it.
pub async fn is_any_closed(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* closure::is_any_closed */
           select exists (select from clinic_closure where clinic_id = $1 and on_date = $2)
               or exists (select from slot where clinic_id = $1 and on_date = $2 and is_closed)
               as "is_closed!""#,
        clinic_id.0,
        date,
    )
    .fetch_one(db)
    .await
}

/// Whether a slot gives nothing; read while it is locked.
pub async fn is_slot_closed(conn: &mut PgConnection, slot_id: SlotId) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* closure::is_slot_closed */
           select exists (select from slot where slot_id = $1 and is_closed) as "is_closed!""#,
        slot_id.0,
    )
    .fetch_one(conn)
    .await
}

/// Bookings of a day that have lost their time and can still be cancelled, some of them.
pub async fn lost(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
    limit: i64,
) -> sqlx::Result<Vec<Booking>> {
    let rows = sqlx::query_as!(
        super::booking::Row,
        r#"/* closure::lost */ select b.booking_id, b.person_id, b.campaign_id, b.product_id,
             b.course_id, b.dose_number, b.state, b.slot_id, b.allocation_id, b.rule_version,
             b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
             b.channel as "channel: Channel", b.arrived_at, b.not_given
         from slot s join booking b using (slot_id)
         where s.clinic_id = $1 and s.on_date = $2 and s.is_closed and b.state = 1
             and s.starts_at > clock_timestamp()
         order by b.booking_id limit $3"#,
        clinic_id.0,
        date,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(booking_of).collect()
}

/// Takes the ticks of those away who were told that their time is there again: it has gone anew,
/// with these slots.
pub(super) async fn note_lost_anew(conn: &mut PgConnection, slot_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* closure::note_lost_anew */ with again as (
             delete from booking_reopened r using booking b
             where b.slot_id = any($1) and r.booking_id = b.booking_id
             returning r.booking_id)
         delete from booking_told t using again where t.booking_id = again.booking_id",
        slot_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes whose appointment is there again, with these slots, after somebody has told them that it
/// is gone: they must be told again.
pub async fn note_reopened(conn: &mut PgConnection, slot_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* closure::note_reopened */ with back as (
             insert into booking_reopened (booking_id)
             select b.booking_id from booking b join booking_told t using (booking_id)
             where b.slot_id = any($1) and b.state in (1, 5) and t.how <> $2 and not exists (
                 select from booking_reopened r where r.booking_id = b.booking_id)
             returning booking_id)
         delete from booking_told t using back where t.booking_id = back.booking_id",
        slot_ids,
        How::NotFound.number(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes why bookings were cancelled that the administration cancelled.
pub async fn note_cancelled(
    conn: &mut PgConnection,
    booking_ids: &[BookingId],
    by: StaffUserId,
    reason: &Localized,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = booking_ids.iter().map(|id| id.0).collect();
    query!(
        "/* closure::note_cancelled */
         insert into booking_cancellation (booking_id, staff_user_id, reason, reason_ko, reason_en)
         select id, $2, $3, $4, $5 from unnest($1::uuid[]) id",
        &ids,
        by.0,
        reason.main,
        reason.ko,
        reason.en,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes whom messages have reached that say that an appointment is lost; `outbox_ids` are messages
/// that were sent and are still there.
pub async fn note_sent(conn: &mut PgConnection, outbox_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* closure::note_sent */ with heard as (
             delete from booking_reopened where booking_id = any(array(
                 select booking_id from outbox where outbox_id = any($1) and kind = 'opened')))
         insert into notice_sent (booking_id)
         select distinct booking_id from outbox o
         where outbox_id = any($1) and (kind = 'closed' or kind = 'cancelled' and (
             select true from booking_cancellation c where c.booking_id = o.booking_id))
         on conflict do nothing",
        outbox_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

struct UnheardRow {
    booking_id: Uuid,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    is_cancelled: bool,
    is_back: bool,
    name: String,
    phone: String,
    has_way: bool,
    is_waiting: bool,
    has_arrived: bool,
    at: Option<DateTime<Utc>>,
    staff_user_id: Option<i32>,
    how: Option<i16>,
}

/// Persons who lost their appointment on a day of a clinic, by their time or because the
/// administration cancelled it, and whom no message has reached; and those who have it back after
/// somebody had told them that it is lost. Those first whom nobody has told.
pub async fn unheard(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
    limit: i64,
) -> sqlx::Result<Vec<Unheard>> {
    let rows = sqlx::query_as!(
        UnheardRow,
        r#"/* closure::unheard */
           select b.booking_id, s.on_date, s.starts_at, b.state = 3 as "is_cancelled!",
               not s.is_closed and b.state in (1, 5) as "is_back!", p.name,
               coalesce(p.phone, '') as "phone!",
               (coalesce(p.phone, '') <> '' or p.email is not null) as "has_way!",
               exists (select from outbox o where o.person_id = b.person_id
                   and o.booking_id = b.booking_id
                   and o.kind in ('closed', 'cancelled', 'opened')) as "is_waiting!",
               b.arrived_at is not null as "has_arrived!",
               t.at as "at?", t.staff_user_id as "staff_user_id?", t.how as "how?"
           from slot s join booking b using (slot_id) join person p using (person_id)
           left join booking_cancellation c on c.booking_id = b.booking_id
           left join booking_told t on t.booking_id = b.booking_id
           left join booking_reopened r on r.booking_id = b.booking_id
           where s.clinic_id = $1 and s.on_date = $2
               and (b.state in (1, 5) and (s.is_closed or r.booking_id is not null)
                   or b.state = 3 and c.booking_id is not null)
               and not exists (select from notice_sent n where n.booking_id = b.booking_id)
           order by t.at is not null, s.starts_at, b.booking_id limit $3"#,
        clinic_id.0,
        date,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(unheard_of).collect())
}

fn unheard_of(row: UnheardRow) -> Unheard {
    let how = row.how.and_then(How::of);
    let told = row.at.zip(row.staff_user_id).zip(how).map(|((at, staff_user_id), how)| Told {
        at,
        staff_user_id: StaffUserId(staff_user_id),
        how,
    });
    Unheard {
        booking_id: BookingId(row.booking_id),
        on_date: row.on_date,
        starts_at: row.starts_at,
        is_cancelled: row.is_cancelled,
        is_back: row.is_back,
        name: row.name,
        phone: row.phone,
        why: match (row.has_arrived, row.has_way, row.is_waiting) {
            (true, ..) => Unreached::Present,
            (_, false, _) => Unreached::NoWay,
            (_, true, true) => Unreached::Waiting,
            (_, true, false) => Unreached::NotSent,
        },
        told,
    }
}

/// What became of the bookings that the closing of a day hit.
pub async fn hits(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    date: NaiveDate,
) -> sqlx::Result<Hits> {
    sqlx::query_as!(
        Hits,
        r#"/* closure::hits */
           select count(*) filter (where b.state in (1, 5)) as "standing!",
               count(*) filter (where c.booking_id is not null) as "cancelled!",
               count(*) filter (where b.state = 3 and c.booking_id is null) as "left!",
               count(*) filter (where n.booking_id is not null) as "reached!"
           from slot s join booking b using (slot_id)
           left join booking_cancellation c on c.booking_id = b.booking_id
           left join notice_sent n on n.booking_id = b.booking_id
           left join closure_told t on t.booking_id = b.booking_id
           where s.clinic_id = $1 and s.on_date = $2
               and (s.is_closed and b.state in (1, 5) or c.booking_id is not null
                   or t.booking_id is not null and b.state = 3)"#,
        clinic_id.0,
        date,
    )
    .fetch_one(db)
    .await
}

/// Ticks a person off: somebody has told them. Says when; none where the clinic has no such booking
/// that has lost its appointment, or has it back.
pub async fn tick(
    conn: &mut PgConnection,
    (clinic_id, booking_id): (ClinicId, BookingId),
    how: How,
    by: StaffUserId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    query_scalar!(
        "/* closure::tick */
         insert into booking_told (booking_id, staff_user_id, how)
         select b.booking_id, $3, $4 from booking b join slot s using (slot_id)
         where b.booking_id = $2 and s.clinic_id = $1
             and (b.state in (1, 5) and (s.is_closed or exists (
                     select from booking_reopened r where r.booking_id = b.booking_id))
                 or b.state = 3 and exists (
                     select from booking_cancellation c where c.booking_id = b.booking_id))
         on conflict (booking_id) do update set staff_user_id = excluded.staff_user_id,
             how = excluded.how, at = clock_timestamp()
         returning at",
        clinic_id.0,
        booking_id.0,
        by.0,
        how.number(),
    )
    .fetch_optional(conn)
    .await
}

/// Takes a tick back; says whether there was one.
pub async fn untick(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    booking_id: BookingId,
) -> sqlx::Result<bool> {
    let done = query!(
        "/* closure::untick */ delete from booking_told t using booking b, slot s
         where t.booking_id = $2 and b.booking_id = t.booking_id and s.slot_id = b.slot_id
             and s.clinic_id = $1",
        clinic_id.0,
        booking_id.0,
    );
    Ok(done.execute(conn).await?.rows_affected() == 1)
}
