//! The statements of a booking transaction, in the order in which a lane runs them.
//!
//! Every transaction of the system that locks more than one row does it in this order: slots by id,
//! allocations by id, pools by id. New bookings are written sorted by person, so that two lanes
//! that meet on a person's unique key wait for each other in one direction only.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, query};

use super::booking::booking_of;
use crate::domain::{
    AllocationId, BookingId, CampaignId, ClinicId, CourseId, PersonId, ProductId, RegionId,
    RosterId, SlotId, TrancheId,
    allocation::{Allocation, Key},
    batch::{Person, Writes},
    booking::{Booking, NewBooking},
    eligibility::Applicant,
    slot::Slot,
};

/// Bookings made on the web draw from this channel's allocations.
const WEB: i16 = 1;

/// Locks the slots, in the order of their ids.
///
/// # Errors
/// The database's.
pub async fn lock_slots(
    conn: &mut PgConnection,
    slot_ids: &[i64],
) -> sqlx::Result<HashMap<SlotId, Slot>> {
    let rows = query!(
        "select slot_id, on_date, starts_at, ends_at, seats, taken, is_closed
         from slot where slot_id = any($1) order by slot_id for no key update",
        slot_ids,
    )
    .fetch_all(conn)
    .await?;
    let slots = rows.into_iter().map(|row| Slot {
        slot_id: SlotId(row.slot_id),
        on_date: row.on_date,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        seats: row.seats,
        taken: row.taken,
        is_closed: row.is_closed,
    });
    Ok(slots.map(|slot| (slot.slot_id, slot)).collect())
}

/// Locks the allocations of the keys, in the order of their ids.
///
/// # Errors
/// The database's.
pub async fn lock_allocations(
    conn: &mut PgConnection,
    keys: &[Key],
) -> sqlx::Result<HashMap<Key, Vec<Allocation>>> {
    let clinics: Vec<_> = keys.iter().map(|key| key.clinic_id.0).collect();
    let campaigns: Vec<_> = keys.iter().map(|key| key.campaign_id.0).collect();
    let products: Vec<_> = keys.iter().map(|key| key.product_id.0).collect();
    let dates: Vec<_> = keys.iter().map(|key| key.on_date).collect();
    let rows = query!(
        r#"select a.allocation_id, a.clinic_id, a.campaign_id, a.product_id, a.on_date,
               a.tranche_id as "tranche_id?", a.open, a.booked, a.spare
           from unnest($1::int[], $2::int[], $3::int[], $4::date[])
               k (clinic_id, campaign_id, product_id, on_date)
           join allocation a using (clinic_id, campaign_id, product_id, on_date)
           where a.channel = $5
           order by a.allocation_id for no key update of a"#,
        &clinics,
        &campaigns,
        &products,
        &dates,
        WEB,
    )
    .fetch_all(conn)
    .await?;
    let mut allocations: HashMap<Key, Vec<Allocation>> = HashMap::with_capacity(keys.len());
    for row in rows {
        let key = Key {
            clinic_id: ClinicId(row.clinic_id),
            campaign_id: CampaignId(row.campaign_id),
            product_id: ProductId(row.product_id),
            on_date: row.on_date,
        };
        allocations.entry(key).or_default().push(Allocation {
            allocation_id: AllocationId(row.allocation_id),
            key,
            tranche_id: row.tranche_id.map(TrancheId),
            open: row.open,
            booked: row.booked,
            spare: row.spare,
        });
    }
    Ok(allocations)
}

/// Where a campaign stands while the locks are held.
#[derive(Clone, Copy, Debug)]
pub struct CampaignNow {
    pub campaign_id: CampaignId,
    pub state: i16,
    pub rule_version: i32,
}

/// The state of the campaigns that exist, and the database's time: read after the locks, so that it
/// is never earlier than the decision it is used for.
///
/// # Errors
/// The database's.
pub async fn campaigns_now(
    conn: &mut PgConnection,
    campaign_ids: &[i32],
) -> sqlx::Result<(DateTime<Utc>, Vec<CampaignNow>)> {
    let rows = query!(
        r#"select clock_timestamp() as "now!", c.campaign_id as "campaign_id?",
               c.state as "state?", c.rule_version as "rule_version?"
           from (values (1)) one left join campaign c on c.campaign_id = any($1)"#,
        campaign_ids,
    )
    .fetch_all(conn)
    .await?;
    let now = rows.last().map(|row| row.now).ok_or(sqlx::Error::RowNotFound)?;
    let campaigns = rows.into_iter().filter_map(|row| {
        Some(CampaignNow {
            campaign_id: CampaignId(row.campaign_id?),
            state: row.state?,
            rule_version: row.rule_version?,
        })
    });
    Ok((now, campaigns.collect()))
}

/// The persons as the rules see them, without their doses.
///
/// # Errors
/// The database's.
pub async fn people(
    conn: &mut PgConnection,
    person_ids: &[i64],
) -> sqlx::Result<HashMap<PersonId, Person>> {
    let rows = query!(
        r#"select p.person_id, p.birth_date, p.region_id, r.parent_id,
               array(select m.roster_id from roster_member m where m.person_id = p.person_id)
                   as "rosters!"
           from person p join region r using (region_id) where p.person_id = any($1)"#,
        person_ids,
    )
    .fetch_all(conn)
    .await?;
    let people = rows.into_iter().map(|row| {
        let applicant = Applicant {
            birth_date: row.birth_date,
            region_id: RegionId(row.region_id),
            province_id: row.parent_id.map(RegionId),
            rosters: row.rosters.into_iter().map(RosterId).collect(),
            doses: Vec::new(),
        };
        (PersonId(row.person_id), Person { applicant: Some(applicant), doses: Vec::new() })
    });
    Ok(people.collect())
}

/// The live bookings of the persons, and whatever bears one of the ids.
///
/// # Errors
/// The database's.
pub async fn bookings(
    conn: &mut PgConnection,
    person_ids: &[i64],
    booking_ids: &[BookingId],
) -> sqlx::Result<HashMap<BookingId, Booking>> {
    let ids: Vec<_> = booking_ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        super::booking::Row,
        r#"select b.booking_id as "booking_id!", b.person_id as "person_id!",
               b.campaign_id as "campaign_id!", b.product_id as "product_id!",
               b.course_id as "course_id!", b.dose_number as "dose_number!", b.state as "state!",
               b.slot_id as "slot_id!", b.allocation_id as "allocation_id!",
               b.rule_version as "rule_version!", b.booked_at as "booked_at!", b.ended_at,
               s.on_date, s.starts_at, s.ends_at
           from (
               select * from booking where person_id = any($1) and state in (1, 2, 5)
               union all
               select * from booking where booking_id = any($2)
           ) b join slot s using (slot_id)"#,
        person_ids,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| booking_of(row).map(|b| (b.booking_id, b))).collect()
}

/// Makes the decision true: bookings, counters and journal, in one statement.
///
/// # Errors
/// The database's; a unique violation means that another lane was first with one of the persons.
pub async fn write(
    conn: &mut PgConnection,
    writes: &Writes,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let new = NewColumns::of(&writes.bookings);
    let ended = EndedColumns::of(writes);
    let counters = CounterColumns::of(writes);
    query!(
        "with booked as (
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             select n.*, $10 from unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::int[],
                 $6::smallint[], $7::bigint[], $8::bigint[], $9::int[]) n
         ), ended as (
             update booking set state = 3, ended_at = $10 where booking_id = any($11::uuid[])
         ), seats as (
             update slot s set taken = s.taken + d.taken
             from unnest($14::bigint[], $15::int[]) d (slot_id, taken)
             where s.slot_id = d.slot_id
         ), doses as (
             update allocation a
             set open = a.open + d.open, booked = a.booked + d.booked, spare = a.spare + d.spare
             from unnest($16::bigint[], $17::int[], $18::int[], $19::int[])
                 d (allocation_id, open, booked, spare)
             where a.allocation_id = d.allocation_id
         )
         insert into movement
             (kind, from_bucket, to_bucket, doses, allocation_id, slot_id, booking_id, actor_role)
         select 1, 1, 3, 1, n.allocation_id, n.slot_id, n.booking_id, 1
         from unnest($8::bigint[], $7::bigint[], $1::uuid[]) n (allocation_id, slot_id, booking_id)
         union all
         select case when e.is_late then 3 else 2 end, 3, case when e.is_late then 4 else 1 end, 1,
             e.allocation_id, e.slot_id, e.booking_id, 1
         from unnest($12::bigint[], $20::bigint[], $11::uuid[], $13::boolean[])
             e (allocation_id, slot_id, booking_id, is_late)",
        &new.booking_ids,
        &new.person_ids,
        &new.campaign_ids,
        &new.product_ids,
        &new.course_ids,
        &new.dose_numbers,
        &new.slot_ids,
        &new.allocation_ids,
        &new.rule_versions,
        now,
        &ended.booking_ids,
        &ended.allocation_ids,
        &ended.are_late,
        &counters.slot_ids,
        &counters.taken,
        &counters.allocation_ids,
        &counters.open,
        &counters.booked,
        &counters.spare,
        &ended.slot_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The new bookings, a vector per column, sorted by person.
#[derive(Default)]
struct NewColumns {
    booking_ids: Vec<uuid::Uuid>,
    person_ids: Vec<i64>,
    campaign_ids: Vec<i32>,
    product_ids: Vec<i32>,
    course_ids: Vec<i32>,
    dose_numbers: Vec<i16>,
    slot_ids: Vec<i64>,
    allocation_ids: Vec<i64>,
    rule_versions: Vec<i32>,
}

impl NewColumns {
    fn of(new: &[NewBooking]) -> Self {
        let mut bookings: Vec<_> = new.iter().map(NewBooking::booking).collect();
        bookings.sort_unstable_by_key(|booking| booking.person_id);
        let mut columns = Self::default();
        for booking in bookings {
            let CourseId(course_id) = booking.course_id;
            columns.booking_ids.push(booking.booking_id.0);
            columns.person_ids.push(booking.person_id.0);
            columns.campaign_ids.push(booking.campaign_id.0);
            columns.product_ids.push(booking.product_id.0);
            columns.course_ids.push(course_id);
            columns.dose_numbers.push(booking.dose_number);
            columns.slot_ids.push(booking.slot_id.0);
            columns.allocation_ids.push(booking.allocation_id.0);
            columns.rule_versions.push(booking.rule_version);
        }
        columns
    }
}

/// The bookings that end, a vector per column.
#[derive(Default)]
struct EndedColumns {
    booking_ids: Vec<uuid::Uuid>,
    slot_ids: Vec<i64>,
    allocation_ids: Vec<i64>,
    are_late: Vec<bool>,
}

impl EndedColumns {
    fn of(writes: &Writes) -> Self {
        let mut columns = Self::default();
        for ended in &writes.cancellations {
            columns.booking_ids.push(ended.booking_id.0);
            columns.slot_ids.push(ended.slot_id.0);
            columns.allocation_ids.push(ended.allocation_id.0);
            columns.are_late.push(ended.is_late);
        }
        columns
    }
}

/// What changes in each counter row, once per row.
#[derive(Default)]
struct CounterColumns {
    slot_ids: Vec<i64>,
    taken: Vec<i32>,
    allocation_ids: Vec<i64>,
    open: Vec<i32>,
    booked: Vec<i32>,
    spare: Vec<i32>,
}

impl CounterColumns {
    fn of(writes: &Writes) -> Self {
        let mut slots: BTreeMap<SlotId, i32> = BTreeMap::new();
        let mut doses: BTreeMap<AllocationId, (i32, i32, i32)> = BTreeMap::new();
        for booking in writes.bookings.iter().map(NewBooking::booking) {
            *slots.entry(booking.slot_id).or_default() += 1;
            let (open, booked, _) = doses.entry(booking.allocation_id).or_default();
            (*open, *booked) = (*open - 1, *booked + 1);
        }
        for ended in &writes.cancellations {
            *slots.entry(ended.slot_id).or_default() -= 1;
            let (open, booked, spare) = doses.entry(ended.allocation_id).or_default();
            *booked -= 1;
            *(if ended.is_late { spare } else { open }) += 1;
        }
        let mut columns = Self::default();
        (columns.slot_ids, columns.taken) = slots.into_iter().map(|(id, n)| (id.0, n)).unzip();
        for (allocation_id, (open, booked, spare)) in doses {
            columns.allocation_ids.push(allocation_id.0);
            columns.open.push(open);
            columns.booked.push(booked);
            columns.spare.push(spare);
        }
        columns
    }
}
