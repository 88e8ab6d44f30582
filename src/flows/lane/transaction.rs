//! One booking transaction: lock, read, decide, write, commit.

use std::{
    collections::{BTreeSet, HashMap},
    ops::BitOr,
    sync::Arc,
};

use sqlx::{Executor, PgConnection};

use crate::{
    db,
    domain::{
        BookingId, CampaignId, PersonId,
        batch::{Decide, Locked, Outcome, PersonState, Request},
        booking::Booking,
        campaign,
        rule_set::{Needs, Rules},
    },
};

/// A lane's statements are few, and their arrays differ in length only. So each has one plan, made
/// once, that goes by index whatever the tables held at that time. A plan made while `booking` was
/// empty would scan it all evening, because growth alone does not make PostgreSQL plan again.
pub const PLANNER_SETTINGS: &str = "set plan_cache_mode = force_generic_plan; \
    set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off";

/// A cache of each campaign's rules in the version last seen. A batch reads the version's number;
/// the rules only when that has changed.
#[derive(Default)]
pub struct KnownRules(HashMap<CampaignId, Arc<Rules>>);

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
) -> sqlx::Result<Vec<Outcome>> {
    conn.execute("begin").await?;
    let locked = lock(conn, known, requests).await?;
    let now = locked.now;
    let decision = decide(locked, requests);
    if decision.writes.is_empty() {
        conn.execute("rollback").await?;
    } else {
        db::batch::write(conn, &decision.writes, now).await?;
        conn.execute("commit").await?;
    }
    Ok(decision.outcomes)
}

async fn lock(
    conn: &mut PgConnection,
    known: &mut KnownRules,
    requests: &[Request],
) -> sqlx::Result<Locked> {
    let slot_ids: BTreeSet<_> = requests.iter().map(|request| request.slot_id().0).collect();
    let slots = db::batch::lock_slots(conn, &Vec::from_iter(slot_ids)).await?;
    let keys: BTreeSet<_> = requests
        .iter()
        .filter_map(|request| Some(request.allocation_key(slots.get(&request.slot_id())?)))
        .collect();
    let allocations = db::batch::lock_allocations(conn, &Vec::from_iter(keys)).await?;

    let campaign_ids: BTreeSet<_> = requests.iter().map(|r| r.campaign_id().0).collect();
    let (now, campaigns) = db::batch::campaigns_now(conn, &Vec::from_iter(campaign_ids)).await?;
    let campaigns = known.complete(conn, campaigns).await?;

    let person_ids: BTreeSet<_> = requests.iter().map(|request| request.person_id().0).collect();
    let person_ids = Vec::from_iter(person_ids);
    let needs = campaigns.values().map(|(_, rules)| rules.needs());
    let needs = needs.fold(Needs::default(), Needs::bitor);
    let mut people = db::batch::people(conn, &person_ids, needs).await?;
    let booking_ids: Vec<_> = requests.iter().map(Request::booking_id).collect();
    let bookings = db::batch::bookings(conn, &person_ids, &booking_ids).await?;
    add_doses(&mut people, &bookings);
    Ok(Locked { now, slots, allocations, campaigns, people, bookings })
}

impl KnownRules {
    /// The campaigns with their rules; rules that are new or have changed are read.
    async fn complete(
        &mut self,
        conn: &mut PgConnection,
        campaigns: Vec<db::batch::CampaignNow>,
    ) -> sqlx::Result<HashMap<CampaignId, (campaign::State, Arc<Rules>)>> {
        let mut complete = HashMap::with_capacity(campaigns.len());
        for now in campaigns {
            let id = now.campaign_id;
            let state = campaign::State::try_from(now.state)
                .map_err(|unknown| sqlx::Error::Decode(unknown.into()))?;
            let rules = match self.0.get(&id).filter(|rules| rules.version == now.rule_version) {
                Some(rules) => rules.clone(),
                None => {
                    let read = db::eligibility::rules(conn, id, now.rule_version).await?;
                    let Some(rules) = read.map(Arc::new) else { continue };
                    self.0.insert(id, rules.clone());
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
