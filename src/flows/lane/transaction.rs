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
        applicant::DoseHeld,
        batch::{Decide, Locked, Outcome, Person, Request},
        booking::{self, Booking},
        campaign,
        rule_set::{Needs, Rules},
    },
};

/// A lane's statements are few and their arrays differ in length only: one plan for all, made once,
/// and by index whatever the tables held when it was made. A plan that was made while `booking` was
/// empty would scan it all evening: growth alone does not make PostgreSQL plan again.
pub const PLANNER_SETTINGS: &str = "set plan_cache_mode = force_generic_plan; \
    set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off";

/// The rules of the versions last seen, so that a batch reads only the version's number.
#[derive(Default)]
pub struct KnownRules(HashMap<CampaignId, Arc<Rules>>);

/// Has as many of the first requests decided as can go into one transaction, and commits.
///
/// # Errors
/// The database's. Nothing was done then, unless the connection was lost at the commit: running the
/// same requests again finds what was done and replays it.
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
    give_doses(&mut people, &bookings);
    Ok(Locked { now, slots, allocations, campaigns, people, bookings })
}

impl KnownRules {
    /// The campaigns with the rules of their versions; what is new or has changed is read.
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

fn give_doses(people: &mut HashMap<PersonId, Person>, bookings: &HashMap<BookingId, Booking>) {
    for booking in bookings.values().filter(|booking| booking.state.is_live()) {
        if let Some(person) = people.get_mut(&booking.person_id) {
            let dose = DoseHeld {
                dose_number: booking.dose_number,
                product_id: booking.product_id,
                on_date: booking.on_date,
                is_given: booking.state == booking::State::Given,
            };
            person.doses.push((booking.course_id, dose));
        }
    }
}
