//! Compares what the citizens were told with the database: every acknowledged booking is there,
//! nobody has a booking that was not acknowledged, nobody has two, and nothing is sold twice.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    citizens::{Ack, AckState},
    plan::{BookingKey, Plan},
};
use crate::{
    db::{self, Db, rehearsal::BookingRow},
    domain::PersonId,
    flows,
};

/// Persons per statement.
const CHUNK: usize = 5_000;
/// Faults that are listed as sentences; all are counted.
const LISTED_MAX: usize = 20;

/// What the citizens were told.
#[derive(Debug)]
pub struct ClientLog {
    /// The database's time before the start.
    pub since: DateTime<Utc>,
    /// How many citizens arrived; the others are not checked.
    pub arrived: u32,
    pub acks: Vec<Ack>,
    /// Requests to book whose outcome is unknown; some were acknowledged by a later response.
    pub in_doubt: HashSet<BookingKey>,
}

/// What the comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// Bookings of these persons since the start, in any state.
    pub in_database: u64,
    pub live_in_database: u64,
    pub acknowledged: u64,
    /// In the database, and the request had no response.
    pub unknown: Vec<Uuid>,
    /// Acknowledged, and not in the database as acknowledged.
    pub lost: u64,
    /// In the database, and neither acknowledged nor in doubt.
    pub untold: u64,
    /// Persons with two live bookings.
    pub twice: u64,
    /// Doses and seats beyond what there is.
    pub oversold: u64,
    /// What `dosebook verify` finds.
    pub discrepancies: u64,
    /// The first of the faults, as sentences.
    pub faults: Vec<String>,
}

impl CheckResult {
    /// Whether every promise was kept.
    pub fn is_sound(&self) -> bool {
        [self.lost, self.untold, self.twice, self.oversold, self.discrepancies] == [0; 5]
    }

    fn fault(&mut self, words: String) {
        if self.faults.len() < LISTED_MAX {
            self.faults.push(words);
        }
    }
}

/// Compares in chunks of persons, and runs `flows::discrepancy::verify` at the end.
pub async fn check(db: &Db, plan: &Plan, log: &ClientLog) -> flows::Result<CheckResult> {
    let mut checked = CheckResult { acknowledged: count(log.acks.len()), ..CheckResult::default() };
    let mut acks = log.acks.clone();
    acks.sort_unstable_by_key(|ack| ack.key);
    let mut acks = acks.as_slice();
    let arrived = usize::try_from(log.arrived).unwrap_or(usize::MAX);
    let person_ids = plan.citizens.person_ids.get(..arrived).unwrap_or(&plan.citizens.person_ids);
    for (n, person_ids) in (0..).zip(person_ids.chunks(CHUNK)) {
        let end = u32::try_from((n + 1) * CHUNK).unwrap_or(u32::MAX);
        let (own, rest) = acks.split_at(acks.partition_point(|ack| ack.key.citizen < end));
        acks = rest;
        let ids: Vec<_> = person_ids.iter().map(|id| id.0).collect();
        let found =
            db::rehearsal::booked_since(&db.read, plan.campaign_id, &ids, log.since).await?;
        let citizens = (end.saturating_sub(u32::try_from(CHUNK).unwrap_or(0))..).zip(person_ids);
        let citizens = citizens.map(|(citizen, person_id)| (*person_id, citizen)).collect();
        compare(&mut checked, plan, log, (own, found, &citizens));
    }
    for ack in acks {
        missing(&mut checked, plan, ack);
    }
    checked.oversold =
        u64::try_from(db::rehearsal::oversold(&db.read, plan.campaign_id).await?).unwrap_or(0);
    if checked.oversold > 0 {
        checked.fault(format!("{} doses or seats are promised too many", checked.oversold));
    }
    let discrepancies = flows::discrepancy::verify(db).await?;
    checked.discrepancies = count(discrepancies.len());
    for discrepancy in &discrepancies {
        checked.fault(discrepancy.to_string());
    }
    Ok(checked)
}

/// The number of each person's citizen.
type CitizenNumbers = HashMap<PersonId, u32>;

fn compare(
    checked: &mut CheckResult,
    plan: &Plan,
    log: &ClientLog,
    (acks, found, citizens): (&[Ack], Vec<BookingRow>, &CitizenNumbers),
) {
    let mut live = HashSet::new();
    for row in found.iter().filter(|row| is_live(row)) {
        checked.live_in_database += 1;
        if !live.insert(row.person_id) {
            checked.twice += 1;
            checked.fault(format!("person {} holds the dose twice", row.person_id));
        }
    }
    checked.in_database += count(found.len());
    let mut found: HashMap<_, _> = found.into_iter().map(|row| (row.booking_id, row)).collect();
    for ack in acks {
        let id = plan.booking_id(ack.key);
        match found.remove(&id) {
            Some(row) if is_as_acknowledged(plan, ack, &row) => {}
            Some(row) => {
                checked.lost += 1;
                checked.fault(format!(
                    "booking {id} was acknowledged as {:?} and is in state {} at slot {} of \
                     person {}",
                    ack.state, row.state, row.slot_id, row.person_id,
                ));
            }
            None => missing(checked, plan, ack),
        }
    }
    for (id, row) in found {
        let citizen = citizens.get(&row.person_id).copied();
        if citizen.is_some_and(|citizen| is_in_doubt(plan, log, citizen, id)) {
            checked.unknown.push(id);
        } else {
            checked.untold += 1;
            checked.fault(format!("booking {id} of person {} was told nobody", row.person_id));
        }
    }
}

fn missing(checked: &mut CheckResult, plan: &Plan, ack: &Ack) {
    checked.lost += 1;
    checked
        .fault(format!("booking {} was acknowledged and is not there", plan.booking_id(ack.key)));
}

fn is_live(row: &BookingRow) -> bool {
    matches!(row.state, 1 | 2 | 5)
}

fn is_as_acknowledged(plan: &Plan, ack: &Ack, row: &BookingRow) -> bool {
    let slot = plan.slots.get(ack.slot).map(|slot| slot.slot_id);
    let citizen = usize::try_from(ack.key.citizen).ok();
    let person = citizen.and_then(|citizen| plan.citizens.person_ids.get(citizen));
    let is_state = match ack.state {
        AckState::Booked => is_live(row),
        AckState::MayBeCancelled => true,
        AckState::Cancelled => row.state == 3,
    };
    is_state && slot == Some(row.slot_id) && person == Some(&row.person_id)
}

/// Whether this is the booking of a request of this citizen that is in doubt.
fn is_in_doubt(plan: &Plan, log: &ClientLog, citizen: u32, id: Uuid) -> bool {
    let attempts = plan.scenario.other_slot.map_or(0, |other| other.times);
    (0..=1)
        .flat_map(|device| {
            (0..=attempts).map(move |attempt| BookingKey { citizen, device, attempt })
        })
        .any(|key| log.in_doubt.contains(&key) && plan.booking_id(key) == id)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
