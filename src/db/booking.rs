//! Bookings, read; they are written by `db::batch` alone.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, query, query_as};
use uuid::Uuid;

use crate::domain::{
    AllocationId, BookingId, CampaignId, CourseId, PersonId, ProductId, SlotId,
    birth_date::BirthDate,
    booking::{Booking, State},
    channel::Channel,
    person::Match,
    visit::NotGiven,
};

/// A booking beside its slot's times.
pub(super) struct Row {
    pub(super) booking_id: Uuid,
    pub(super) person_id: i64,
    pub(super) campaign_id: i32,
    pub(super) product_id: i32,
    pub(super) course_id: i32,
    pub(super) dose_number: i16,
    pub(super) state: i16,
    pub(super) slot_id: i64,
    pub(super) allocation_id: i64,
    pub(super) rule_version: i32,
    pub(super) booked_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) on_date: NaiveDate,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) channel: Channel,
    pub(super) arrived_at: Option<DateTime<Utc>>,
    pub(super) not_given: Option<i16>,
}

pub(super) fn booking_of(row: Row) -> sqlx::Result<Booking> {
    let slot_id = SlotId(row.slot_id);
    Ok(Booking {
        booking_id: BookingId(row.booking_id),
        person_id: PersonId(row.person_id),
        campaign_id: CampaignId(row.campaign_id),
        product_id: ProductId(row.product_id),
        course_id: CourseId(row.course_id),
        dose_number: row.dose_number,
        state: match row.not_given {
            Some(_) => State::NotVaccinated,
            None => State::try_from(row.state).map_err(|e| sqlx::Error::Decode(e.into()))?,
        },
        clinic_id: slot_id.clinic(),
        slot_id,
        allocation_id: AllocationId(row.allocation_id),
        rule_version: row.rule_version,
        on_date: row.on_date,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        booked_at: row.booked_at,
        ended_at: row.ended_at,
        channel: row.channel,
        arrived_at: row.arrived_at,
        not_given: row.not_given.and_then(NotGiven::of),
    })
}

/// The booking with this id, if it is this person's.
pub async fn find_own(
    db: impl PgExecutor<'_>,
    booking_id: BookingId,
    person_id: PersonId,
) -> sqlx::Result<Option<Booking>> {
    let row = query_as!(
        Row,
        r#"/* booking::find_own */ select b.booking_id, b.person_id, b.campaign_id, b.product_id,
             b.course_id, b.dose_number, b.state, b.slot_id, b.allocation_id, b.rule_version,
             b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
             b.channel as "channel: Channel", b.arrived_at, b.not_given
         from booking b join slot s using (slot_id)
         where b.booking_id = $1 and b.person_id = $2"#,
        booking_id.0,
        person_id.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(booking_of).transpose()
}

/// The booking that a person has of a dose of a course, if they have one that has not ended.
pub async fn find_live(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    (course_id, dose_number): (CourseId, i16),
) -> sqlx::Result<Option<Booking>> {
    let row = query_as!(
        Row,
        r#"/* booking::find_live */ select b.booking_id, b.person_id, b.campaign_id, b.product_id,
             b.course_id, b.dose_number, b.state, b.slot_id, b.allocation_id, b.rule_version,
             b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
             b.channel as "channel: Channel", b.arrived_at, b.not_given
         from booking b join slot s using (slot_id)
         where b.person_id = $1 and b.course_id = $2 and b.dose_number = $3
             and b.state in (1, 2, 5)"#,
        person_id.0,
        course_id.0,
        dose_number,
    )
    .fetch_optional(db)
    .await?;
    row.map(booking_of).transpose()
}

/// Everything a person has booked: first what is live, then what has ended, each newest first.
pub async fn list_own(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    after: Option<BookingId>,
    limit: i64,
) -> sqlx::Result<Vec<Booking>> {
    let rows = query_as!(
        Row,
        r#"/* booking::list_own */
           select b.booking_id as "booking_id!", b.person_id as "person_id!",
               b.campaign_id as "campaign_id!", b.product_id as "product_id!",
               b.course_id as "course_id!", b.dose_number as "dose_number!", b.state as "state!",
               b.slot_id as "slot_id!", b.allocation_id as "allocation_id!",
               b.rule_version as "rule_version!", b.booked_at as "booked_at!", b.ended_at,
               s.on_date, s.starts_at, s.ends_at, b.channel as "channel!: Channel",
               b.arrived_at, b.not_given
           from (
               select * from booking where person_id = $1 and state in (1, 2, 5)
               union all
               select * from booking where person_id = $1 and state in (3, 4)
           ) b join slot s using (slot_id)
           where $2::uuid is null
               or (b.state in (1, 2, 5), b.booked_at, b.booking_id) < (
                   select state in (1, 2, 5), booked_at, booking_id from booking
                   where booking_id = $2 and person_id = $1)
           order by b.state in (1, 2, 5) desc, b.booked_at desc, b.booking_id desc limit $3"#,
        person_id.0,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(booking_of).collect()
}

/// A booking and whose it is: the match key and the phone of its person.
pub struct Held {
    pub booking_id: BookingId,
    pub match_key: Match,
    pub phone: String,
}

/// Of so many people who were born on one day are bookings looked for: a nation of 51 million has
/// some two thousand born on each.
const BORN_MAX: i64 = 20_000;

/// Every booking, ended or not, of everybody who was born on this day, or may have been as far as
/// the register knows, or was thought to be before they were merged into somebody else. One row
/// holds them all, so that the time does not depend on what is looked for among them. The `offset`
/// keeps the planner to the indexes of persons' bookings.
pub async fn list_of_born_on(
    db: impl PgExecutor<'_>,
    birth_date: BirthDate,
) -> sqlx::Result<Vec<Held>> {
    let [month, year] = birth_date.vaguer().map(BirthDate::date);
    let day = birth_date.date();
    let row = query!(
        "/* booking::list_of_born_on */
         with named as materialized (
             select person_id, merged_into, match_key, phone from person
             where birth_date = any($1) and (birth_precision = 3 and birth_date = $3
                 or birth_precision = 2 and birth_date = $4
                 or birth_precision = 1 and birth_date = $5) limit $2),
         born as materialized (
             select distinct coalesce(n.merged_into, n.person_id) as person_id,
                 coalesce(s.match_key, n.match_key) as match_key,
                 coalesce(s.phone, n.phone) as phone
             from named n left join lateral (
                 select match_key, phone from person
                 where person_id = n.merged_into offset 0) s on true)
         select array_agg(b.booking_id) as booking_ids, array_agg(match_key) as match_keys,
             array_agg(phone) as phones
         from born cross join lateral (
             select booking_id from booking
             where person_id = born.person_id and state in (1, 2, 5)
             union all
             select booking_id from booking
             where person_id = born.person_id and state in (3, 4)
             offset 0) b",
        &[day, month, year],
        BORN_MAX,
        day,
        month,
        year,
    )
    .fetch_one(db)
    .await?;
    let ids = row.booking_ids.unwrap_or_default().into_iter().map(BookingId);
    let keys = row.match_keys.unwrap_or_default();
    let keys = keys.into_iter().map(|key| Match::try_from(key).unwrap_or_default());
    let persons = keys.zip(row.phones.unwrap_or_default());
    let held = ids.zip(persons);
    Ok(held.map(|(booking_id, (match_key, phone))| Held { booking_id, match_key, phone }).collect())
}

/// New bookings as columns, for the statements that insert them.
///
/// In the order of their persons, so that two lanes that book for the same persons cannot deadlock
/// on the unique index.
#[derive(Debug, Default)]
pub(super) struct BookingColumns {
    pub(super) booking_ids: Vec<Uuid>,
    pub(super) person_ids: Vec<i64>,
    pub(super) campaign_ids: Vec<i32>,
    pub(super) product_ids: Vec<i32>,
    pub(super) course_ids: Vec<i32>,
    pub(super) dose_numbers: Vec<i16>,
    pub(super) slot_ids: Vec<i64>,
    pub(super) allocation_ids: Vec<i64>,
    pub(super) rule_versions: Vec<i32>,
}

impl BookingColumns {
    /// Of bookings in the order of their persons.
    pub(super) fn of<'a>(sorted: impl IntoIterator<Item = &'a Booking>) -> Self {
        let mut columns = Self::default();
        for booking in sorted {
            columns.booking_ids.push(booking.booking_id.0);
            columns.person_ids.push(booking.person_id.0);
            columns.campaign_ids.push(booking.campaign_id.0);
            columns.product_ids.push(booking.product_id.0);
            columns.course_ids.push(booking.course_id.0);
            columns.dose_numbers.push(booking.dose_number);
            columns.slot_ids.push(booking.slot_id.0);
            columns.allocation_ids.push(booking.allocation_id.0);
            columns.rule_versions.push(booking.rule_version);
        }
        columns
    }
}
