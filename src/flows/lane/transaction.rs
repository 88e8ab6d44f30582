//! One booking transaction: lock, read, decide, write, commit.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    ops::BitOr,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

pub use super::chain::Locks;
use super::chain::{Chain, Ending};
use crate::{
    db::{
        self,
        visit::{Asked, Known},
    },
    domain::{
        BookingId, CampaignId, ClinicId, PersonId, SlotId,
        actor::Actor,
        allocation::{Allocation, Key},
        batch::{Decide, Locked, Outcome, Request, Visit, Writes},
        booking::{Book, Booking},
        campaign,
        channel::Channel,
        person_state::PersonState,
        rule_set::{Needs, Rules},
        slot::Slot,
        walk_in,
    },
};

/// How long a lane's session waits before the server gives up. A lock that is not granted soon is
/// held by somebody in trouble. What a silent lane has locked is free when its idle transaction is
/// ended. A statement is ended before the lane gives the attempt up; a commit is not, because this
/// limit does not reach into it.
pub const TIMEOUT_SETTINGS: &str = "set lock_timeout = '100ms'; \
    set idle_in_transaction_session_timeout = '5s'; set statement_timeout = '6s'";

/// How long a clinic's zone is taken to be what it was. It changes only where nothing is booked.
const ZONE_KNOWN_MAX: Duration = Duration::from_secs(60);

/// A cache of each campaign's rules in the version last seen, and of the zones of clinics. A batch
/// reads the version's number; the rules only when that has changed.
#[derive(Default)]
pub struct KnownRules {
    rules: HashMap<CampaignId, Arc<Rules>>,
    zones: HashMap<ClinicId, (Tz, Instant)>,
}

/// A transaction that is over.
#[derive(Debug)]
pub struct Done<O = Outcome> {
    /// Of the first requests, those that were left out not counted.
    pub outcomes: Vec<O>,
    /// The numbers of the requests that were left out, from 0. Nothing of theirs was done.
    pub left_out: BTreeSet<usize>,
    /// The time from begin to commit, but for waiting for locks.
    pub work: Duration,
}

impl<O> Done<O> {
    /// Nobody's request was decided.
    pub(super) fn of_nobody() -> Self {
        Self { outcomes: Vec::new(), left_out: BTreeSet::new(), work: Duration::ZERO }
    }
}

/// Decides as many of the first requests as can go into one transaction, and commits.
///
/// # Errors
/// The database's. Nothing was done then, unless the connection was lost during the commit. Running
/// the same requests again finds what was done and replays it.
pub async fn run(
    conn: &mut PgConnection,
    known: &mut KnownRules,
    decide: Decide,
    requests: &[Request],
    locks: Locks,
) -> sqlx::Result<Done> {
    let rules = (known, decide);
    run_in(&mut Chain::default(), conn, rules, requests, locks).await
}

/// As `run`, in a chain of transactions.
pub(super) async fn run_in(
    chain: &mut Chain,
    conn: &mut PgConnection,
    (known, decide): (&mut KnownRules, Decide),
    requests: &[Request],
    locks: Locks,
) -> sqlx::Result<Done> {
    let began = Instant::now();
    chain.begin(conn, locks).await?;
    let requests = &*resolve(conn, requests).await?;
    let locking = Instant::now();
    let Rows { slots, allocations, left_out } = match locks {
        Locks::Wait => lock(conn, requests).await?,
        Locks::Skip { .. } => lock_free(conn, requests).await?,
    };
    let locking = locking.elapsed();
    let free = match locks {
        Locks::Wait => Cow::Borrowed(requests),
        Locks::Skip { batch_max } => {
            let numbered = requests.iter().enumerate();
            let free = numbered.filter(|(number, _)| !left_out.contains(number));
            free.map(|(_, request)| request.clone()).take(batch_max).collect()
        }
    };
    if free.is_empty() {
        chain.end(conn, Ending::Rollback).await?;
        return Ok(Done { outcomes: Vec::new(), left_out, work: Duration::ZERO });
    }
    let locked = read(conn, known, (slots, allocations), &free).await?;
    let now = locked.now;
    let decision = decide(locked, &free);
    let is_told = |outcome: &Outcome| !matches!(outcome, Outcome::Refused(_));
    if decision.writes.is_empty() && !decision.outcomes.iter().any(is_told) {
        chain.end(conn, Ending::Rollback).await?;
    } else if decision.writes.is_empty() {
        // What is told again was committed before, and perhaps not yet by a synchronous standby:
        // who has locked rows waits at the commit for all that was written until then.
        chain.end(conn, Ending::Commit).await?;
    } else {
        write(conn, &decision.writes, now, (Actor::Citizen, None)).await?;
        chain.end(conn, Ending::Commit).await?;
    }
    let work = without_waiting(began.elapsed(), locking);
    Ok(Done { outcomes: decision.outcomes, left_out, work })
}

/// Finds the bookings of presses, of which the path names only the id: what never changes in them
/// says what must be locked. Without presses it costs nothing.
pub(super) async fn resolve<'a>(
    conn: &mut PgConnection,
    requests: &'a [Request],
) -> sqlx::Result<Cow<'a, [Request]>> {
    let asked = requests.iter().filter_map(|request| match request {
        Request::Visit(visit) => Some(visit.press.booking_id),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    if asked.is_empty() {
        return Ok(Cow::Borrowed(requests));
    }
    let found = db::visit::bookings(conn, &asked).await?;
    let resolved = requests.iter().map(|request| match request {
        Request::Visit(visit) => {
            let press = &visit.press;
            let booking = found.get(&press.booking_id);
            let booking = booking.filter(|booking| booking.clinic_id == press.clinic_id);
            let booking = booking.cloned();
            Request::Visit(Visit { press: press.clone(), booking }.into())
        }
        other => other.clone(),
    });
    Ok(Cow::Owned(resolved.collect()))
}

/// Writes a decision: bookings in one statement, and presses in another where there are any.
/// Persons are locked before bookings, and by one statement.
pub(super) async fn write(
    conn: &mut PgConnection,
    writes: &Writes,
    now: DateTime<Utc>,
    by: (Actor, Option<&str>),
) -> sqlx::Result<()> {
    let limited: Vec<_> = writes.limited_people.iter().map(|id| id.0).collect();
    db::visit::lock_people(conn, &writes.visits, &limited).await?;
    if !limited.is_empty() {
        db::booking_limit::set_limited(conn, &limited).await?;
    }
    if writes.has_bookings() {
        db::batch::write(conn, writes, now, by).await?;
    }
    if !writes.staff_bookings.is_empty() {
        db::staff_booking::write(conn, &writes.staff_bookings, now).await?;
    }
    if !writes.visits.is_empty() {
        db::visit::write(conn, &writes.visits, now).await?;
    }
    Ok(())
}

/// Of the time `total`, what was work, where `locking` of it went by until the locks were granted.
/// Granting them is work too, but no more than everything after it.
pub fn without_waiting(total: Duration, locking: Duration) -> Duration {
    let rest = total.saturating_sub(locking);
    rest + locking.min(rest)
}

/// The locked rows, and the numbers of the requests whose rows another transaction has locked.
pub(super) struct Rows {
    pub(super) slots: HashMap<SlotId, Slot>,
    pub(super) allocations: HashMap<Key, Vec<Allocation>>,
    left_out: BTreeSet<usize>,
}

pub(super) async fn lock(conn: &mut PgConnection, requests: &[Request]) -> sqlx::Result<Rows> {
    let wanted = requests.iter().map(|one| (one.slot_id(), one.campaign_id(), one.product_id()));
    let (slots, allocations) =
        db::batch::lock(conn, &wanted.collect(), &channels(requests)).await?;
    Ok(Rows { slots, allocations, left_out: BTreeSet::new() })
}

/// Locks what nobody else has locked, without waiting.
async fn lock_free(conn: &mut PgConnection, requests: &[Request]) -> sqlx::Result<Rows> {
    let mut wanted = slot_ids(requests);
    let slots = db::batch::lock_free_slots(conn, &wanted).await?;
    wanted.retain(|id| !slots.contains_key(&SlotId(*id)));
    let held_slots = match wanted.is_empty() {
        true => HashSet::new(),
        false => db::batch::existing_slots(conn, &wanted).await?,
    };
    let (keys, channels) = (allocation_keys(requests, &slots), channels(requests));
    let allocations = db::batch::lock_free_allocations(conn, &keys, &channels).await?;
    let locked = allocations.values().flatten().map(|allocation| allocation.allocation_id.0);
    let locked = Vec::from_iter(locked);
    let held_keys = db::batch::other_allocations(conn, &keys, &channels, &locked).await?;
    let is_held = |request: &Request| match slots.get(&request.slot_id()) {
        Some(slot) => request.allocation_key(slot).is_some_and(|key| held_keys.contains(&key)),
        None => held_slots.contains(&request.slot_id()),
    };
    let numbered = requests.iter().enumerate();
    let left_out = numbered.filter(|(_, request)| is_held(request)).map(|(n, _)| n).collect();
    Ok(Rows { slots, allocations, left_out })
}

/// In the order in which they are locked.
fn slot_ids(requests: &[Request]) -> Vec<i64> {
    let ids: BTreeSet<_> = requests.iter().map(|request| request.slot_id().0).collect();
    Vec::from_iter(ids)
}

/// In an order of their own; PostgreSQL locks their rows by id.
fn allocation_keys(requests: &[Request], slots: &HashMap<SlotId, Slot>) -> Vec<Key> {
    let keys: BTreeSet<_> = requests
        .iter()
        .filter_map(|request| request.allocation_key(slots.get(&request.slot_id())?))
        .collect();
    Vec::from_iter(keys)
}

/// The channels whose doses the requests may touch.
fn channels(requests: &[Request]) -> Vec<Channel> {
    let of_any = |channel: &Channel| requests.iter().any(|one| one.channels().contains(channel));
    Channel::ALL.into_iter().filter(of_any).collect()
}

/// Reads what the decision needs beside the locked rows.
pub(super) async fn read(
    conn: &mut PgConnection,
    known: &mut KnownRules,
    (slots, allocations): (HashMap<SlotId, Slot>, HashMap<Key, Vec<Allocation>>),
    requests: &[Request],
) -> sqlx::Result<Locked> {
    let campaign_ids: BTreeSet<_> = requests.iter().map(|r| r.campaign_id().0).collect();
    let clinic_ids: BTreeSet<_> = requests.iter().map(|one| one.slot_id().clinic()).collect();
    let campaign_ids = Vec::from_iter(campaign_ids);
    let unknown = known.without_zone(&clinic_ids);
    let person_ids: BTreeSet<_> = requests.iter().map(|request| request.person_id().0).collect();
    let person_ids = Vec::from_iter(person_ids);
    let booking_ids: Vec<_> = requests.iter().map(Request::booking_id).collect();
    let cancelling = cancelling(requests);
    let asked = db::locked::Asked {
        campaigns: &campaign_ids,
        clinics: &unknown,
        persons: &person_ids,
        counted: &cancelling,
        bookings: &booking_ids,
    };
    let db::locked::Now { at: now, campaigns, zones, mut bookings } =
        db::locked::look(conn, &asked).await?;
    let campaigns = known.complete(conn, campaigns).await?;
    let zones = known.zones_of(&clinic_ids, zones);
    let needs = campaigns.values().map(|(_, rules)| rules.needs());
    let needs = needs.fold(Needs::default(), Needs::bitor);
    // After the bookings: whoever is seen without the last of them is seen as limited by its end.
    let mut people = db::batch::people(conn, &person_ids, needs).await?;
    let limited = limited(&people, &cancelling);
    if !limited.is_empty() {
        bookings.extend(db::booking_limit::cancelled(conn, &limited).await?);
    }
    add_doses(&mut people, &bookings);
    let asked = requests.iter().filter_map(|request| match request {
        Request::Visit(visit) if visit.booking.is_some() => Some(Asked::from(&visit.press)),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    let (visits, strange_steps) = match asked.is_empty() {
        true => Known::default(),
        false => db::visit::find(conn, &asked).await?,
    };
    let walk_ins = walk_ins(conn, requests, &slots).await?;
    Ok(Locked {
        now,
        slots,
        allocations,
        campaigns,
        zones,
        people,
        bookings,
        visits,
        strange_steps,
        walk_ins,
    })
}

/// Who cancels, and may reach the limit by it.
fn cancelling(requests: &[Request]) -> Vec<i64> {
    let cancels = |request: &&Request| matches!(request, Request::Cancel(_));
    let cancelling = requests.iter().filter(cancels).map(Request::person_id);
    let cancelling: BTreeSet<_> = cancelling.map(|id| id.0).collect();
    Vec::from_iter(cancelling)
}

/// Who has reached the limit before, of those whose bookings are not counted yet.
fn limited(people: &HashMap<PersonId, PersonState>, counted: &[i64]) -> Vec<i64> {
    let limited = people.iter().filter(|(_, person)| person.is_limited).map(|(id, _)| id.0);
    limited.filter(|id| !counted.contains(id)).collect()
}

/// What is known of walk-ins; nothing is read where there are none.
async fn walk_ins(
    conn: &mut PgConnection,
    requests: &[Request],
    slots: &HashMap<SlotId, Slot>,
) -> sqlx::Result<HashMap<BookingId, walk_in::Facts>> {
    let asked = requests.iter().filter_map(|request| match request {
        Request::BookFor(asked) if asked.form.channel() == Channel::WalkIn => {
            let Book { booking_id, person_id, campaign_id, slot_id, .. } = asked.book;
            let on_date = slots.get(&slot_id)?.on_date;
            let clinic_id = slot_id.clinic();
            Some(db::walk_in::Asked { booking_id, person_id, campaign_id, clinic_id, on_date })
        }
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    match asked.is_empty() {
        true => Ok(HashMap::new()),
        false => db::walk_in::facts(conn, &asked).await,
    }
}

impl KnownRules {
    /// Those of the clinics whose zone is not known, or has not been looked at for long.
    fn without_zone(&self, clinic_ids: &BTreeSet<ClinicId>) -> Vec<i32> {
        let is_known = |id: &ClinicId| {
            self.zones.get(id).is_some_and(|(_, read_at)| read_at.elapsed() < ZONE_KNOWN_MAX)
        };
        clinic_ids.iter().filter(|id| !is_known(id)).map(|id| id.0).collect()
    }

    /// The zones of the clinics, where `read` was just read.
    fn zones_of(
        &mut self,
        clinic_ids: &BTreeSet<ClinicId>,
        read: Vec<(ClinicId, Tz)>,
    ) -> HashMap<ClinicId, Tz> {
        let now = Instant::now();
        self.zones.extend(read.into_iter().map(|(id, zone)| (id, (zone, now))));
        let known = clinic_ids.iter();
        known.filter_map(|id| self.zones.get(id).map(|(zone, _)| (*id, *zone))).collect()
    }

    /// The campaigns with their rules; rules that are new or have changed are read.
    async fn complete(
        &mut self,
        conn: &mut PgConnection,
        campaigns: Vec<db::locked::CampaignNow>,
    ) -> sqlx::Result<HashMap<CampaignId, (campaign::State, Arc<Rules>)>> {
        let mut complete = HashMap::with_capacity(campaigns.len());
        for now in campaigns {
            let id = now.campaign_id;
            let state = campaign::State::try_from(now.state)
                .map_err(|unknown| sqlx::Error::Decode(unknown.into()))?;
            let rules = match self.rules.get(&id).filter(|rules| rules.version == now.rule_version)
            {
                Some(rules) => rules.clone(),
                None => {
                    let read = db::eligibility::rules(conn, id, now.rule_version).await?;
                    let Some(rules) = read.map(Arc::new) else { continue };
                    self.rules.insert(id, rules.clone());
                    rules
                }
            };
            complete.insert(id, (state, rules));
        }
        Ok(complete)
    }
}

fn add_doses(people: &mut HashMap<PersonId, PersonState>, bookings: &HashMap<BookingId, Booking>) {
    for booking in bookings.values().filter(|booking| booking.state.is_live()) {
        if let Some(person) = people.get_mut(&booking.person_id) {
            person.add_dose_of(booking);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_lock_is_no_work() {
        let ms = Duration::from_millis;
        assert_eq!(without_waiting(ms(30), ms(10)), ms(30), "the control: locking is work");
        assert_eq!(without_waiting(ms(3520), ms(3500)), ms(40));
        assert_eq!(without_waiting(ms(5), ms(7)), ms(0), "clocks may differ");
    }
}
