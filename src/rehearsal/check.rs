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
    domain::{CampaignId, PersonId, SlotId},
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

/// A booking that was acknowledged, however it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Index of the person.
    pub citizen: u32,
    pub booking_id: Uuid,
    pub slot_id: Option<SlotId>,
    pub state: AckState,
}

/// Compares what the citizens of a plan were told.
pub async fn check(db: &Db, plan: &Plan, log: &ClientLog) -> flows::Result<CheckResult> {
    let told = log.acks.iter().map(|ack: &Ack| Told {
        citizen: ack.key.citizen,
        booking_id: plan.booking_id(ack.key),
        slot_id: plan.slots.get(ack.slot).map(|slot| slot.slot_id),
        state: ack.state,
    });
    let arrived = usize::try_from(log.arrived).unwrap_or(usize::MAX);
    let person_ids = plan.citizens.person_ids.get(..arrived).unwrap_or(&plan.citizens.person_ids);
    let in_doubt = log.in_doubt.iter().map(|key| plan.booking_id(*key)).collect();
    let about = (plan.campaign_id, log.since);
    compare_all(db, about, person_ids, (told.collect(), &in_doubt)).await
}

/// Compares in chunks of persons, and runs `flows::discrepancy::verify` at the end.
pub async fn compare_all(
    db: &Db,
    (campaign_id, since): (CampaignId, DateTime<Utc>),
    person_ids: &[PersonId],
    (mut told, in_doubt): (Vec<Told>, &HashSet<Uuid>),
) -> flows::Result<CheckResult> {
    let mut checked = CheckResult { acknowledged: count(told.len()), ..CheckResult::default() };
    told.sort_unstable_by_key(|told| (told.citizen, told.booking_id));
    let mut told = told.as_slice();
    for (n, person_ids) in (1..).zip(person_ids.chunks(CHUNK)) {
        let end = u32::try_from(n * CHUNK).unwrap_or(u32::MAX);
        let (own, rest) = told.split_at(told.partition_point(|told| told.citizen < end));
        told = rest;
        let ids: Vec<_> = person_ids.iter().map(|id| id.0).collect();
        let found = db::rehearsal::booked_since(&db.jobs, campaign_id, &ids, since).await?;
        let first = n * CHUNK - CHUNK;
        compare(&mut checked, (own, found), (first, person_ids), in_doubt);
    }
    for told in told {
        missing(&mut checked, told);
    }
    checked.oversold =
        u64::try_from(db::rehearsal::oversold(&db.jobs, campaign_id).await?).unwrap_or(0);
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

fn compare(
    checked: &mut CheckResult,
    (told, found): (&[Told], Vec<BookingRow>),
    (first, person_ids): (usize, &[PersonId]),
    in_doubt: &HashSet<Uuid>,
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
    for told in told {
        let nth = usize::try_from(told.citizen).ok().and_then(|n| n.checked_sub(first));
        let person = nth.and_then(|n| person_ids.get(n));
        match found.remove(&told.booking_id) {
            Some(row) if is_as_told(told, person, &row) => {}
            Some(row) => {
                checked.lost += 1;
                checked.fault(format!(
                    "booking {} was acknowledged as {:?} and is in state {} at slot {} of \
                     person {}",
                    told.booking_id, told.state, row.state, row.slot_id, row.person_id,
                ));
            }
            None => missing(checked, told),
        }
    }
    for (id, row) in found {
        if in_doubt.contains(&id) {
            checked.unknown.push(id);
        } else {
            checked.untold += 1;
            checked.fault(format!("booking {id} of person {} was told nobody", row.person_id));
        }
    }
}

fn missing(checked: &mut CheckResult, told: &Told) {
    checked.lost += 1;
    checked.fault(format!("booking {} was acknowledged and is not there", told.booking_id));
}

fn is_live(row: &BookingRow) -> bool {
    matches!(row.state, 1 | 2 | 5)
}

fn is_as_told(told: &Told, person: Option<&PersonId>, row: &BookingRow) -> bool {
    let is_state = match told.state {
        AckState::Booked => is_live(row),
        AckState::MayBeCancelled => true,
        AckState::Cancelled => row.state == 3,
    };
    is_state && told.slot_id == Some(row.slot_id) && person == Some(&row.person_id)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
