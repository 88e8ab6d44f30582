//! What people were told, held against the database: every acknowledged booking is there, nobody
//! has one that nobody was told of, nobody has two, and nothing is sold twice.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    crowd::{Ack, AckState},
    plan::{Key, Plan},
};
use crate::{
    db::{self, Db, rehearsal::Found},
    domain::PersonId,
    flows,
};

/// People that one statement asks about.
const CHUNK: usize = 5_000;
/// Faults that are told in words; all are counted.
const LISTED_MAX: usize = 20;

/// What people were told.
#[derive(Debug)]
pub struct Told {
    /// The database's time before the start.
    pub since: DateTime<Utc>,
    /// Only the first so many have come.
    pub arrived: u32,
    pub acks: Vec<Ack>,
    /// Requests to book that were not answered; some of them were acknowledged after all.
    pub doubtful: HashSet<Key>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Bookings of these people since the start, whatever became of them.
    pub in_database: u64,
    pub live_in_database: u64,
    pub acknowledged: u64,
    /// In the database, and whoever asked had no answer: their last request was lost.
    pub unknown: Vec<Uuid>,
    /// Acknowledged and not there, or not as it was told.
    pub lost: u64,
    /// There, and nobody was told or asked.
    pub untold: u64,
    pub twice: u64,
    pub oversold: u64,
    pub discrepancies: u64,
    /// The first of the faults, in words.
    pub faults: Vec<String>,
}

impl Checked {
    /// Whether the service kept its word.
    pub fn is_sound(&self) -> bool {
        [self.lost, self.untold, self.twice, self.oversold, self.discrepancies] == [0; 5]
    }

    fn fault(&mut self, words: String) {
        if self.faults.len() < LISTED_MAX {
            self.faults.push(words);
        }
    }
}

/// Compares, people by people, and lets `verify` derive the ledger anew.
pub async fn check(db: &Db, plan: &Plan, told: &Told) -> flows::Result<Checked> {
    let mut checked = Checked { acknowledged: count(told.acks.len()), ..Checked::default() };
    let mut acks = told.acks.clone();
    acks.sort_unstable_by_key(|ack| ack.key);
    let mut acks = acks.as_slice();
    let arrived = usize::try_from(told.arrived).unwrap_or(usize::MAX);
    let people = plan.crowd.people.get(..arrived).unwrap_or(&plan.crowd.people);
    for (n, people) in (0..).zip(people.chunks(CHUNK)) {
        let end = u32::try_from((n + 1) * CHUNK).unwrap_or(u32::MAX);
        let (own, rest) = acks.split_at(acks.partition_point(|ack| ack.key.citizen < end));
        acks = rest;
        let ids: Vec<_> = people.iter().map(|id| id.0).collect();
        let found =
            db::rehearsal::booked_since(&db.read, plan.campaign_id, &ids, told.since).await?;
        let citizens = (end.saturating_sub(u32::try_from(CHUNK).unwrap_or(0))..).zip(people);
        let citizens = citizens.map(|(citizen, person_id)| (*person_id, citizen)).collect();
        compare(&mut checked, plan, told, (own, found, &citizens));
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

type Citizens = HashMap<PersonId, u32>;

fn compare(
    checked: &mut Checked,
    plan: &Plan,
    told: &Told,
    (acks, found, citizens): (&[Ack], Vec<Found>, &Citizens),
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
            Some(row) if is_as_told(plan, ack, &row) => {}
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
        if citizen.is_some_and(|citizen| is_doubtful(plan, told, citizen, id)) {
            checked.unknown.push(id);
        } else {
            checked.untold += 1;
            checked.fault(format!("booking {id} of person {} was told nobody", row.person_id));
        }
    }
}

fn missing(checked: &mut Checked, plan: &Plan, ack: &Ack) {
    checked.lost += 1;
    checked
        .fault(format!("booking {} was acknowledged and is not there", plan.booking_id(ack.key)));
}

fn is_live(row: &Found) -> bool {
    matches!(row.state, 1 | 2 | 5)
}

fn is_as_told(plan: &Plan, ack: &Ack, row: &Found) -> bool {
    let slot = plan.places.get(ack.place).map(|aimed| aimed.slot_id);
    let citizen = usize::try_from(ack.key.citizen).ok();
    let person = citizen.and_then(|citizen| plan.crowd.people.get(citizen));
    let is_state = match ack.state {
        AckState::Booked => is_live(row),
        AckState::MayBeCancelled => true,
        AckState::Cancelled => row.state == 3,
    };
    is_state && slot == Some(row.slot_id) && person == Some(&row.person_id)
}

/// Whether this is one of the requests of this citizen that had no answer.
fn is_doubtful(plan: &Plan, told: &Told, citizen: u32, id: Uuid) -> bool {
    let tries = plan.scenario.other_slot.map_or(0, |other| other.times);
    (0..=1)
        .flat_map(|device| (0..=tries).map(move |nth| Key { citizen, device, nth }))
        .any(|key| told.doubtful.contains(&key) && plan.booking_id(key) == id)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
