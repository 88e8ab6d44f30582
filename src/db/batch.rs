//! The statements of a booking transaction, in the order in which a lane runs them.
//!
//! Lock order, here and in every other transaction that locks more than one row: slots by id,
//! allocations by id, pools by id. New bookings are written sorted by person, so two lanes that
//! book for the same persons cannot deadlock on the unique index.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::booking::BookingColumns;
use crate::domain::{
    AllocationId, BookingId, CampaignId, ClinicId, PersonId, ProductId, RegionId, RosterId, SlotId,
    StaffUserId, TrancheId,
    actor::Actor,
    allocation::{Allocation, Key},
    applicant::Applicant,
    batch::{Cancellation, Writes},
    birth_date::{BirthDate, Precision},
    booking::{Booking, NewBooking},
    channel::Channel,
    movement::{Bucket, Kind},
    person_state::{Access, PersonState},
    rule_set::Needs,
    slot::Slot,
};

/// Slots, and of each the campaign and product whose allocations of its day are wanted too; 0 is
/// none.
pub type Wanted = BTreeSet<(SlotId, CampaignId, ProductId)>;

/// Locks the slots, and then the allocations of these channels: one answer with rows of two kinds,
/// because every trip to the database makes all who wait wait longer. `union all` runs its second
/// part after the first, so that no allocation is locked before the last slot.
pub async fn lock(
    conn: &mut PgConnection,
    wanted: &Wanted,
    channels: &[Channel],
) -> sqlx::Result<(HashMap<SlotId, Slot>, HashMap<Key, Vec<Allocation>>)> {
    let slot_ids: Vec<_> = wanted.iter().map(|(slot_id, ..)| slot_id.0).collect();
    let campaign_ids: Vec<_> = wanted.iter().map(|(_, campaign_id, _)| campaign_id.0).collect();
    let product_ids: Vec<_> = wanted.iter().map(|(.., product_id)| product_id.0).collect();
    let rows = query_as!(
        LockedRow,
        r#"/* batch::lock */
           with s as materialized (
               select s.slot_id, s.on_date, s.starts_at, s.ends_at, s.seats, s.taken, s.is_closed,
                   k.campaign_id, k.product_id
               from unnest($1::bigint[], $2::int[], $3::int[]) k (slot_id, campaign_id, product_id)
               join slot s using (slot_id) order by s.slot_id for no key update of s
           )
           select on_date as "on_date!", slot_id, starts_at, ends_at, seats, taken, is_closed,
               null::bigint as allocation_id, null::int as clinic_id, null::int as campaign_id,
               null::int as product_id, null::int as tranche_id,
               null::smallint as "channel: Channel", null::int as open, null::int as booked,
               null::int as spare, null::int as given, null::int as lost
           from s
           union all
           select a.on_date, null, null, null, null, null, null, a.allocation_id, a.clinic_id,
               a.campaign_id, a.product_id, a.tranche_id, a.channel, a.open, a.booked, a.spare,
               a.given, a.lost
           from (
               select a.* from s join allocation a on a.clinic_id = (s.slot_id >> 24)::int
                   and a.campaign_id = s.campaign_id and a.product_id = s.product_id
                   and a.on_date = s.on_date
               where a.channel = any($4) order by a.allocation_id for no key update of a
           ) a"#,
        &slot_ids,
        &campaign_ids,
        &product_ids,
        &numbers(channels),
    )
    .fetch_all(conn)
    .await?;
    // Several slots of a day have the same allocations.
    let mut allocations = BTreeMap::new();
    let mut slots = HashMap::new();
    for row in &rows {
        slots.extend(row.slot().map(SlotRow::slot));
        allocations.extend(row.allocation().map(|row| (row.allocation_id, row)));
    }
    Ok((slots, by_key(allocations.into_values())))
}

/// A slot or an allocation.
struct LockedRow {
    on_date: NaiveDate,
    slot_id: Option<i64>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    seats: Option<i32>,
    taken: Option<i32>,
    is_closed: Option<bool>,
    allocation_id: Option<i64>,
    clinic_id: Option<i32>,
    campaign_id: Option<i32>,
    product_id: Option<i32>,
    tranche_id: Option<i32>,
    channel: Option<Channel>,
    open: Option<i32>,
    booked: Option<i32>,
    spare: Option<i32>,
    given: Option<i32>,
    lost: Option<i32>,
}

impl LockedRow {
    fn slot(&self) -> Option<SlotRow> {
        Some(SlotRow {
            slot_id: self.slot_id?,
            on_date: self.on_date,
            starts_at: self.starts_at?,
            ends_at: self.ends_at?,
            seats: self.seats?,
            taken: self.taken?,
            is_closed: self.is_closed?,
        })
    }

    fn allocation(&self) -> Option<AllocationRow> {
        Some(AllocationRow {
            allocation_id: self.allocation_id?,
            clinic_id: self.clinic_id?,
            campaign_id: self.campaign_id?,
            product_id: self.product_id?,
            on_date: self.on_date,
            tranche_id: self.tranche_id,
            channel: self.channel?,
            open: self.open?,
            booked: self.booked?,
            spare: self.spare?,
            given: self.given?,
            lost: self.lost?,
        })
    }
}

/// Locks those of the slots that nobody else has locked.
pub async fn lock_free_slots(
    conn: &mut PgConnection,
    slot_ids: &[i64],
) -> sqlx::Result<HashMap<SlotId, Slot>> {
    let rows = query_as!(
        SlotRow,
        "/* batch::lock_free_slots */
         select slot_id, on_date, starts_at, ends_at, seats, taken, is_closed
         from slot where slot_id = any($1) order by slot_id for no key update skip locked",
        slot_ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(SlotRow::slot).collect())
}

/// Which of the slots exist.
pub async fn existing_slots(
    conn: &mut PgConnection,
    slot_ids: &[i64],
) -> sqlx::Result<HashSet<SlotId>> {
    let ids = query_scalar!(
        "/* batch::existing_slots */ select slot_id from slot where slot_id = any($1)",
        slot_ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SlotId).collect())
}

struct SlotRow {
    slot_id: i64,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    seats: i32,
    taken: i32,
    is_closed: bool,
}

impl SlotRow {
    fn slot(self) -> (SlotId, Slot) {
        let Self { slot_id, on_date, starts_at, ends_at, seats, taken, is_closed } = self;
        let slot_id = SlotId(slot_id);
        (slot_id, Slot { slot_id, on_date, starts_at, ends_at, seats, taken, is_closed })
    }
}

/// Locks those of the allocations that nobody else has locked.
pub async fn lock_free_allocations(
    conn: &mut PgConnection,
    keys: &[Key],
    channels: &[Channel],
) -> sqlx::Result<HashMap<Key, Vec<Allocation>>> {
    let columns = KeyColumns::of(keys);
    let channels = numbers(channels);
    let rows = query_as!(
        AllocationRow,
        r#"/* batch::lock_free_allocations */
           select a.allocation_id, a.clinic_id, a.campaign_id, a.product_id, a.on_date,
               a.tranche_id as "tranche_id?", a.channel as "channel: Channel", a.open,
               a.booked, a.spare, a.given, a.lost
           from unnest($1::int[], $2::int[], $3::int[], $4::date[])
               k (clinic_id, campaign_id, product_id, on_date)
           join allocation a using (clinic_id, campaign_id, product_id, on_date)
           where a.channel = any($5)
           order by a.allocation_id for no key update of a skip locked"#,
        &columns.clinics,
        &columns.campaigns,
        &columns.products,
        &columns.dates,
        &channels,
    )
    .fetch_all(conn)
    .await?;
    Ok(by_key(rows))
}

/// Those of the keys that have allocations other than these.
pub async fn other_allocations(
    conn: &mut PgConnection,
    keys: &[Key],
    channels: &[Channel],
    allocation_ids: &[i64],
) -> sqlx::Result<HashSet<Key>> {
    let columns = KeyColumns::of(keys);
    let channels = numbers(channels);
    let rows = query!(
        "/* batch::other_allocations */
         select a.clinic_id, a.campaign_id, a.product_id, a.on_date
         from unnest($1::int[], $2::int[], $3::int[], $4::date[])
             k (clinic_id, campaign_id, product_id, on_date)
         cross join lateral (
             select clinic_id, campaign_id, product_id, on_date from allocation
             where clinic_id = k.clinic_id and campaign_id = k.campaign_id
                 and product_id = k.product_id and on_date = k.on_date
                 and channel = any($5) and allocation_id <> all($6) limit 1) a",
        &columns.clinics,
        &columns.campaigns,
        &columns.products,
        &columns.dates,
        &channels,
        allocation_ids,
    )
    .fetch_all(conn)
    .await?;
    let keys = rows.into_iter().map(|row| Key {
        clinic_id: ClinicId(row.clinic_id),
        campaign_id: CampaignId(row.campaign_id),
        product_id: ProductId(row.product_id),
        on_date: row.on_date,
    });
    Ok(keys.collect())
}

fn numbers(channels: &[Channel]) -> Vec<i16> {
    channels.iter().map(|channel| channel.number()).collect()
}

/// Keys of allocations as columns for `unnest`.
struct KeyColumns {
    clinics: Vec<i32>,
    campaigns: Vec<i32>,
    products: Vec<i32>,
    dates: Vec<NaiveDate>,
}

impl KeyColumns {
    fn of(keys: &[Key]) -> Self {
        Self {
            clinics: keys.iter().map(|key| key.clinic_id.0).collect(),
            campaigns: keys.iter().map(|key| key.campaign_id.0).collect(),
            products: keys.iter().map(|key| key.product_id.0).collect(),
            dates: keys.iter().map(|key| key.on_date).collect(),
        }
    }
}

struct AllocationRow {
    allocation_id: i64,
    clinic_id: i32,
    campaign_id: i32,
    product_id: i32,
    on_date: NaiveDate,
    tranche_id: Option<i32>,
    channel: Channel,
    open: i32,
    booked: i32,
    spare: i32,
    given: i32,
    lost: i32,
}

fn by_key(rows: impl IntoIterator<Item = AllocationRow>) -> HashMap<Key, Vec<Allocation>> {
    let mut allocations: HashMap<Key, Vec<Allocation>> = HashMap::new();
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
            channel: row.channel,
            open: row.open,
            booked: row.booked,
            spare: row.spare,
            given: row.given,
            lost: row.lost,
        });
    }
    allocations
}

/// The persons as the rules see them, without their doses. Province and rosters are looked up only
/// where a rule needs them: they are a third of the statement's time.
pub async fn people(
    conn: &mut PgConnection,
    person_ids: &[i64],
    needs: Needs,
) -> sqlx::Result<HashMap<PersonId, PersonState>> {
    let rows = query!(
        r#"/* batch::people */ select p.person_id, p.birth_date, p.birth_precision, p.region_id,
               p.merged_into is not null or p.mark is not null as "is_closed!",
               p.sealed_at is not null as "is_sealed!", p.is_excluded, p.is_limited,
               (select r.parent_id from region r where $2 and r.region_id = p.region_id)
                   as parent_id,
               array(select m.roster_id from roster_member m
                   where $3 and m.person_id = p.person_id) as "rosters!"
           from person p where p.person_id = any($1)"#,
        person_ids,
        needs.province,
        needs.rosters,
    )
    .fetch_all(&mut *conn)
    .await?;
    let excluded: Vec<_> =
        rows.iter().filter(|row| row.is_excluded).map(|row| row.person_id).collect();
    let people = rows.into_iter().map(|row| {
        let person_id = PersonId(row.person_id);
        let applicant = Applicant {
            person_id,
            birth_date: BirthDate::kept(row.birth_date, Precision::numbered(row.birth_precision)),
            region_id: RegionId(row.region_id),
            province_id: row.parent_id.map(RegionId),
            rosters: row.rosters.into_iter().map(RosterId).collect(),
            doses: Vec::new(),
            is_excluded: false,
            deferred_until: None,
        };
        let is_limited = row.is_limited;
        let access = Access::of(row.is_closed, row.is_sealed);
        let applicant = Some(applicant);
        let known = PersonState { applicant, access, is_limited, ..PersonState::default() };
        (person_id, known)
    });
    let mut people: HashMap<_, _> = people.collect();
    if !excluded.is_empty() {
        super::exclusion::add(conn, &excluded, &mut people).await?;
    }
    Ok(people)
}

/// Writes a decision in one statement: bookings, counters and journal. The rows travel as arrays
/// with the statement, so that the server never waits for the client while it holds locks, as it
/// does inside a COPY. Array elements are taken by number, in half the time of `unnest`.
///
/// New bookings are written sorted by person, so two lanes that book for the same persons cannot
/// deadlock.
///
/// # Errors
/// A unique violation means that another lane has booked for one of the persons.
pub async fn write(
    conn: &mut PgConnection,
    writes: &Writes,
    now: DateTime<Utc>,
    (by, reason): (Actor, Option<&str>),
) -> sqlx::Result<()> {
    let mut bookings: Vec<_> = writes.bookings.iter().map(NewBooking::booking).collect();
    bookings.sort_unstable_by_key(|booking| booking.person_id);
    let new = BookingColumns::of(bookings);
    let ended: Vec<_> = writes.cancellations.iter().map(|ended| ended.booking_id.0).collect();
    let counters = CounterColumns::of(writes);
    let moved = MovementColumns::of(writes);
    query!(
        "/* batch::write */ with booked as (
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             select ($2::uuid[])[n], ($3::bigint[])[n], ($4::int[])[n], ($5::int[])[n],
                 ($6::int[])[n], ($7::smallint[])[n], ($8::bigint[])[n], ($9::bigint[])[n],
                 ($10::int[])[n], $1
             from generate_subscripts($2::uuid[], 1) n
         ), ended as (
             update booking set state = 3, ended_at = $1 where booking_id = any($11::uuid[])
         ), seats as (
             update slot s set taken = s.taken + d.taken
             from unnest($12::bigint[], $13::int[]) d (slot_id, taken)
             where s.slot_id = d.slot_id
         ), doses as (
             update allocation a
             set open = a.open + d.open, booked = a.booked + d.booked, spare = a.spare + d.spare
             from unnest($14::bigint[], $15::int[], $16::int[], $17::int[])
                 d (allocation_id, open, booked, spare)
             where a.allocation_id = d.allocation_id
         )
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
             booking_id, actor_role, staff_user_id, reason)
         select ($18::smallint[])[n], ($19::smallint[])[n], ($20::smallint[])[n], 1,
             ($21::bigint[])[n], ($22::bigint[])[n], ($23::uuid[])[n],
             case when ($25::int[])[n - $26] > 0 then $27::smallint else $24 end,
             coalesce(nullif(($25::int[])[n - $26], 0), $28::int), $29::text
         from generate_subscripts($18::smallint[], 1) n",
        now,
        &new.booking_ids,
        &new.person_ids,
        &new.campaign_ids,
        &new.product_ids,
        &new.course_ids,
        &new.dose_numbers,
        &new.slot_ids,
        &new.allocation_ids,
        &new.rule_versions,
        &ended,
        &counters.slot_ids,
        &counters.taken,
        &counters.allocation_ids,
        &counters.open,
        &counters.booked,
        &counters.spare,
        &moved.kinds,
        &moved.from,
        &moved.to,
        &moved.allocation_ids,
        &moved.slot_ids,
        &moved.booking_ids,
        by.role(),
        &moved.by,
        moved.bookings,
        ADMINISTRATOR,
        by.staff_user_id().map(|id| id.0),
        reason,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The role of administrators in the journal, who alone cancel for somebody else.
const ADMINISTRATOR: i16 = Actor::Administrator(StaffUserId(0)).role();

/// The journal's lines as columns. Each moves one dose, and is of whoever has sent the batch, or of
/// the administrator who has cancelled this booking.
#[derive(Default)]
struct MovementColumns {
    kinds: Vec<i16>,
    from: Vec<i16>,
    to: Vec<i16>,
    allocation_ids: Vec<i64>,
    slot_ids: Vec<i64>,
    booking_ids: Vec<Uuid>,
    /// Who has cancelled for somebody else, of the lines after the first `bookings`; 0 is the
    /// booking's own person. Empty where nobody has.
    by: Vec<i32>,
    bookings: i32,
}

impl MovementColumns {
    fn of(writes: &Writes) -> Self {
        let mut columns = Self::default();
        for booking in writes.bookings.iter().map(NewBooking::booking) {
            let &Booking { allocation_id, slot_id, booking_id, .. } = booking;
            let moved = (Kind::Book, Bucket::Open, Bucket::Booked);
            columns.push(moved, (allocation_id, slot_id, booking_id));
        }
        columns.bookings = i32::try_from(writes.bookings.len()).unwrap_or(i32::MAX);
        if writes.cancellations.iter().any(|ended| ended.by.is_some()) {
            let by = writes.cancellations.iter().map(|ended| ended.by.map_or(0, |id| id.0));
            columns.by = by.collect();
        }
        for ended in &writes.cancellations {
            let &Cancellation { allocation_id, slot_id, booking_id, is_late, .. } = ended;
            let moved = match is_late {
                true => (Kind::CancelLate, Bucket::Booked, Bucket::Spare),
                false => (Kind::Cancel, Bucket::Booked, Bucket::Open),
            };
            columns.push(moved, (allocation_id, slot_id, booking_id));
        }
        columns
    }

    fn push(
        &mut self,
        (kind, from, to): (Kind, Bucket, Bucket),
        (allocation_id, slot_id, booking_id): (AllocationId, SlotId, BookingId),
    ) {
        self.kinds.push(kind.number());
        self.from.push(from.number());
        self.to.push(to.number());
        self.allocation_ids.push(allocation_id.0);
        self.slot_ids.push(slot_id.0);
        self.booking_ids.push(booking_id.0);
    }
}

/// The change of each counter row, as columns for `unnest`.
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
