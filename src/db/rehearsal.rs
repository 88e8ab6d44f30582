//! What a replay reads: before it starts, who may book what; afterwards, which bookings there are.
//! It reads whole registers, by the connections of jobs: those of requests give a statement five
//! seconds.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::{CampaignId, ClinicId, PersonId, ProductId, RegionId, SlotId};

/// A campaign that can be replayed.
#[derive(Clone, Debug)]
pub struct OpenCampaign {
    pub campaign_id: CampaignId,
    pub code: String,
    pub name: String,
    /// In the past, or when its window opens by itself.
    pub opens_at: DateTime<Utc>,
    /// Milliseconds until then; negative in the past.
    pub opens_in_ms: i64,
}

/// The campaigns that are open, or will be when their time has come, ordered by id.
pub async fn open_campaigns(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<OpenCampaign>> {
    query_as!(
        OpenCampaign,
        r#"/* rehearsal::open_campaigns */ select campaign_id, code, name, opens_at,
             (extract(epoch from opens_at - clock_timestamp()) * 1000)::bigint as "opens_in_ms!"
         from campaign where state = 3 and clock_timestamp() < closes_at
         order by campaign_id"#
    )
    .fetch_all(db)
    .await
}

/// The database's time. Bookings of a replay are not older than its start.
pub async fn now(db: impl PgExecutor<'_>) -> sqlx::Result<DateTime<Utc>> {
    query_scalar!(r#"/* rehearsal::now */ select clock_timestamp() as "now!""#).fetch_one(db).await
}

/// Persons who are in a cohort of the campaign, whose tranche has opened (if there are any), and
/// who neither hold nor have had its dose; ordered by id. Age limits and intervals are left to the
/// booking.
pub async fn persons(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
) -> sqlx::Result<Vec<PersonId>> {
    query_scalar!(
        r#"/* rehearsal::persons */ select p.person_id as "person_id!: PersonId"
           from campaign k cross join person p join region home using (region_id)
           where k.campaign_id = $1 and p.merged_into is null and p.mark is null and exists (
               select from cohort h
               where h.campaign_id = k.campaign_id and h.since_version <= k.rule_version
                   and (h.until_version is null or k.rule_version < h.until_version)
                   and (h.born_from is null or h.born_from <= p.birth_date)
                   and (h.born_to is null or p.birth_date <= h.born_to)
                   and (h.region_id is null or h.region_id in (p.region_id, home.parent_id))
                   and (h.roster_id is null or exists (
                       select from roster_member m
                       where m.person_id = p.person_id and m.roster_id = h.roster_id)))
           and not exists (
               select from tranche t
               where t.campaign_id = k.campaign_id and t.since_version <= k.rule_version
                   and (t.until_version is null or k.rule_version < t.until_version)
                   and t.opens_at > clock_timestamp()
                   and (extract(day from p.birth_date)::int % 10) = any (t.birth_day_digits))
           and not exists (
               select from booking b
               where b.person_id = p.person_id and b.course_id = k.course_id
                   and b.dose_number = k.dose_number and b.state in (1, 2, 5))
           order by p.person_id"#,
        campaign_id.0,
    )
    .fetch_all(db)
    .await
}

/// Everybody in the register who neither holds nor has had a dose of the campaign, whether or not
/// they may book it; ordered by id.
pub async fn unbooked_persons(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
) -> sqlx::Result<Vec<PersonId>> {
    query_scalar!(
        r#"/* rehearsal::unbooked_persons */ select p.person_id as "person_id!: PersonId"
           from campaign k cross join person p
           where k.campaign_id = $1 and p.merged_into is null and p.mark is null and not exists (
               select from booking b
               where b.person_id = p.person_id and b.course_id = k.course_id
                   and b.dose_number = k.dose_number and b.state in (1, 2, 5))
           order by p.person_id"#,
        campaign_id.0,
    )
    .fetch_all(db)
    .await
}

/// A slot that has a free seat, on a day for which its clinic has open doses.
#[derive(Clone, Copy, Debug)]
pub struct SlotRow {
    pub slot_id: SlotId,
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub product_id: ProductId,
    pub on_date: NaiveDate,
    /// Doses that can be booked on the web at this clinic on this day.
    pub open: i32,
    /// Whether the slot is far enough away for a cancelled dose to become open again.
    pub returns: bool,
}

/// The slots in which the campaign can be booked, ordered by clinic, day, product and slot.
pub async fn bookable_slots(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    clinic_code: Option<&str>,
) -> sqlx::Result<Vec<SlotRow>> {
    query_as!(
        SlotRow,
        r#"/* rehearsal::bookable_slots */
           select s.slot_id as "slot_id!: SlotId", d.clinic_id as "clinic_id!: ClinicId",
               c.region_id as "region_id!: RegionId", d.product_id as "product_id!: ProductId",
               d.on_date as "on_date!", d.open as "open!",
               s.starts_at - make_interval(hours => k.cancel_until_hours) > clock_timestamp()
                   as "returns!"
           from (
               select clinic_id, on_date, product_id, sum(open)::int as open
               from allocation where campaign_id = $1 and channel = 1
               group by clinic_id, on_date, product_id having sum(open) > 0
           ) d join clinic c using (clinic_id) join slot s using (clinic_id, on_date)
               cross join campaign k
           where k.campaign_id = $1 and not s.is_closed and s.taken < s.seats
               and s.starts_at > clock_timestamp()
               and ($2::text is null or c.code = $2)
           order by d.clinic_id, d.on_date, d.product_id, s.slot_id"#,
        campaign_id.0,
        clinic_code,
    )
    .fetch_all(db)
    .await
}

/// Open doses of the campaign that can be booked on the web.
pub async fn open_doses(db: impl PgExecutor<'_>, campaign_id: CampaignId) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* rehearsal::open_doses */ select coalesce(sum(open), 0) as "open!" from allocation
           where campaign_id = $1 and channel = 1"#,
        campaign_id.0,
    )
    .fetch_one(db)
    .await
}

/// What a person sends to get a one-time code.
#[derive(Clone, Debug)]
pub struct SignInClaim {
    pub person_id: PersonId,
    pub name: String,
    pub birth_date: NaiveDate,
    pub phone: String,
    /// Where they live.
    pub region_id: RegionId,
}

/// The claims of these persons, in no particular order.
pub async fn claims(db: impl PgExecutor<'_>, person_ids: &[i64]) -> sqlx::Result<Vec<SignInClaim>> {
    query_as!(
        SignInClaim,
        r#"/* rehearsal::claims */
           select person_id as "person_id!: PersonId", name, birth_date, phone,
               region_id as "region_id!: RegionId"
           from person where person_id = any($1)"#,
        person_ids,
    )
    .fetch_all(db)
    .await
}

/// A booking as it is in the database afterwards.
#[derive(Clone, Copy, Debug)]
pub struct BookingRow {
    pub booking_id: Uuid,
    pub person_id: PersonId,
    pub slot_id: SlotId,
    /// 1 booked, 2 given, 5 held; 3 and 4 have ended.
    pub state: i16,
}

/// The bookings of these persons in the campaign since then, in no particular order.
pub async fn booked_since(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    person_ids: &[i64],
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<BookingRow>> {
    // In two halves, because live and ended bookings have an index each.
    query_as!(
        BookingRow,
        r#"/* rehearsal::booked_since */
           select booking_id as "booking_id!", person_id as "person_id!: PersonId",
               slot_id as "slot_id!: SlotId", state as "state!"
           from (
               select * from booking where person_id = any($2) and state in (1, 2, 5)
               union all
               select * from booking where person_id = any($2) and state in (3, 4)
           ) b
           where campaign_id = $1 and booked_at >= $3"#,
        campaign_id.0,
        person_ids,
        since,
    )
    .fetch_all(db)
    .await
}

/// The bookings of every campaign that were cancelled since then and whose doses are open to
/// everybody again. It reads the journal from end to end.
pub async fn returned_since(
    db: impl PgExecutor<'_>,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<Uuid>> {
    // 2 is domain::movement::Kind::Cancel.
    query_scalar!(
        r#"/* rehearsal::returned_since */ select booking_id as "booking_id!" from movement
           where kind = 2 and at >= $1 and booking_id is not null"#,
        since,
    )
    .fetch_all(db)
    .await
}

/// Doses promised beyond the grants, plus seats taken beyond those of the slots.
pub async fn oversold(db: impl PgExecutor<'_>, campaign_id: CampaignId) -> sqlx::Result<i64> {
    let row = query!(
        r#"/* rehearsal::oversold */ with live as (
               select allocation_id, slot_id from booking
               where state in (1, 2, 5) and campaign_id = $1)
           select
               (select coalesce(sum(greatest(b.n - a.granted, 0)), 0)
                from (select allocation_id, count(*) as n from live group by 1) b
                    join allocation a using (allocation_id)) as "doses!: i64",
               (select coalesce(sum(greatest(b.n - s.seats, 0)), 0)
                from (select slot_id, count(*) as n from live group by 1) b
                    join slot s using (slot_id)) as "seats!: i64""#,
        campaign_id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(row.doses + row.seats)
}

/// Brings a date of every clinic to their present one, its last slot begun a second ago: what is
/// done on the day itself can be rehearsed on the day of the rehearsal. For the owner of the
/// database, who alone may move doses to another date.
///
/// # Errors
/// The database's; the named constraints of slots and allocations where the present date has some.
pub async fn move_day_to_today(conn: &mut PgConnection, date: NaiveDate) -> sqlx::Result<()> {
    query!(
        "/* rehearsal::move_day_to_today */ with day as (
             select clinic_id, (clock_timestamp() at time zone zone)::date as today,
                 max(starts_at) - clock_timestamp() + interval '1 second' as gap
             from slot join clinic using (clinic_id) where on_date = $1 group by clinic_id, zone
         ), told as (
             update clinic c set slots_revision = slots_revision + 1 from day
             where c.clinic_id = day.clinic_id
         ), moved as (
             update allocation a set on_date = day.today from day
             where a.clinic_id = day.clinic_id and a.on_date = $1
         )
         update slot s set on_date = day.today, starts_at = s.starts_at - gap,
             ends_at = s.ends_at - gap
         from day where s.clinic_id = day.clinic_id and s.on_date = $1",
        date,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What the closed days of these clinics came to today, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DayTotals {
    /// Days that are closed.
    pub closed: i64,
    pub expected: i64,
    pub given: i64,
    pub not_vaccinated: i64,
    pub no_shows: i64,
    pub cancelled: i64,
    pub not_recorded: i64,
    pub walk_ins: i64,
    pub granted: i64,
    pub lost: i64,
    pub returned: i64,
    pub kept: i64,
    /// Doses that are open, held, booked or spare on a closed day.
    pub left_over: i64,
}

/// The accounts of today's closed days at these clinics.
pub async fn day_totals(db: impl PgExecutor<'_>, clinic_ids: &[i32]) -> sqlx::Result<DayTotals> {
    query_as!(
        DayTotals,
        r#"/* rehearsal::day_totals */ with closed as (
               select k.* from clinic_day_close k join clinic c using (clinic_id)
               where clinic_id = any($1) and reopened_at is null
                   and on_date = (clock_timestamp() at time zone c.zone)::date)
           select count(*) as "closed!", coalesce(sum(expected), 0) as "expected!",
               coalesce(sum(given), 0) as "given!",
               coalesce(sum(not_vaccinated), 0) as "not_vaccinated!",
               coalesce(sum(no_shows), 0) as "no_shows!",
               coalesce(sum(cancelled), 0) as "cancelled!",
               coalesce(sum(not_recorded), 0) as "not_recorded!",
               coalesce(sum(walk_ins), 0) as "walk_ins!", coalesce(sum(granted), 0) as "granted!",
               coalesce(sum(lost), 0) as "lost!", coalesce(sum(returned), 0) as "returned!",
               coalesce(sum(kept), 0) as "kept!",
               (select coalesce(sum(a.open + a.held + a.booked + a.spare), 0)
                from closed join allocation a using (clinic_id, on_date)) as "left_over!"
           from closed"#,
        clinic_ids,
    )
    .fetch_one(db)
    .await
}
