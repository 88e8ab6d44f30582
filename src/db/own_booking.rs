//! Bookings as their persons see them, many at a time.

use std::collections::HashMap;

use sqlx::{PgExecutor, query};
use uuid::Uuid;

use super::{
    booking::{Row, booking_of},
    closure::disruption,
};
use crate::domain::{
    BookingId, CourseId, PersonId,
    channel::Channel,
    localized::Localized,
    own_booking::{LiveBooking, OfDose, OwnBooking},
};

/// Those of these bookings that there are. `offset 0` has each table looked into for one row at a
/// time: before an opening the planner takes bookings to be none, and would begin with all.
pub async fn find(
    db: impl PgExecutor<'_>,
    booking_ids: &[BookingId],
) -> sqlx::Result<HashMap<BookingId, OwnBooking>> {
    let ids: Vec<Uuid> = booking_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* own_booking::find */
           select b.booking_id, b.person_id, b.campaign_id, b.product_id, b.course_id,
               b.dose_number, b.state, b.slot_id, b.allocation_id, b.rule_version, b.booked_at,
               b.ended_at, s.on_date, s.starts_at, s.ends_at, b.channel as "channel: Channel",
               b.arrived_at, b.not_given,
               p.name, ko.name as "name_ko?", en.name as "name_en?",
               s.is_closed and b.state in (1, 5) as "is_lost!",
               x.reason as "reason?", x.reason_ko, x.reason_en,
               c.reason as "cancelled?", c.reason_ko as cancelled_ko, c.reason_en as cancelled_en
           from unnest($1::uuid[]) k (booking_id)
           cross join lateral (
               select * from booking where booking_id = k.booking_id offset 0) b
           cross join lateral (select * from slot where slot_id = b.slot_id offset 0) s
           cross join lateral (select * from person where person_id = b.person_id offset 0) p
           left join lateral (
               select name from person_spelling
               where person_id = b.person_id and language = 'ko' offset 0) ko on true
           left join lateral (
               select name from person_spelling
               where person_id = b.person_id and language = 'en' offset 0) en on true
           left join lateral (
               select * from clinic_closure where s.is_closed
                   and clinic_id = s.clinic_id and on_date = s.on_date offset 0) x on true
           left join lateral (
               select * from booking_cancellation where booking_id = k.booking_id offset 0) c
               on true"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| {
        let name = Localized::new(row.name, row.name_ko, row.name_en);
        let reason = row.reason.map(|main| Localized::new(main, row.reason_ko, row.reason_en));
        let because =
            row.cancelled.map(|main| Localized::new(main, row.cancelled_ko, row.cancelled_en));
        let booking = booking_of(Row {
            booking_id: row.booking_id,
            person_id: row.person_id,
            campaign_id: row.campaign_id,
            product_id: row.product_id,
            course_id: row.course_id,
            dose_number: row.dose_number,
            state: row.state,
            slot_id: row.slot_id,
            allocation_id: row.allocation_id,
            rule_version: row.rule_version,
            booked_at: row.booked_at,
            ended_at: row.ended_at,
            on_date: row.on_date,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            channel: row.channel,
            arrived_at: row.arrived_at,
            not_given: row.not_given,
        })?;
        let by = disruption(row.is_lost, reason, because);
        Ok((booking.booking_id, OwnBooking { booking, name, by }))
    });
    found.collect()
}

/// How these persons are called, and what they have booked of these doses. `offset 0` as in `find`.
pub async fn find_live(
    db: impl PgExecutor<'_>,
    keys: &[OfDose],
) -> sqlx::Result<HashMap<OfDose, LiveBooking>> {
    let person_ids: Vec<_> = keys.iter().map(|key| key.person_id.0).collect();
    let course_ids: Vec<_> = keys.iter().map(|key| key.course_id.0).collect();
    let dose_numbers: Vec<_> = keys.iter().map(|key| key.dose_number).collect();
    let rows = query!(
        r#"/* own_booking::find_live */
           select k.person_id as "person_id!", k.course_id as "course_id!",
               k.dose_number as "dose_number!", p.name, ko.name as "name_ko?",
               en.name as "name_en?", b.booking_id as "live?"
           from unnest($1::bigint[], $2::int[], $3::smallint[])
               k (person_id, course_id, dose_number)
           cross join lateral (select * from person where person_id = k.person_id offset 0) p
           left join lateral (
               select name from person_spelling
               where person_id = k.person_id and language = 'ko' offset 0) ko on true
           left join lateral (
               select name from person_spelling
               where person_id = k.person_id and language = 'en' offset 0) en on true
           left join lateral (
               select booking_id from booking
               where person_id = k.person_id and course_id = k.course_id
                   and dose_number = k.dose_number and state in (1, 2, 5) offset 0) b on true"#,
        &person_ids,
        &course_ids,
        &dose_numbers,
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| {
        let of = OfDose {
            person_id: PersonId(row.person_id),
            course_id: CourseId(row.course_id),
            dose_number: row.dose_number,
        };
        let name = Localized::new(row.name, row.name_ko, row.name_en);
        (of, LiveBooking { name, booking_id: row.live.map(BookingId) })
    });
    Ok(found.collect())
}
