//! Proposes appointments: for a person who wants one, and for the dose after one that was given.

use std::collections::HashSet;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{Error, Result, lane::offer::standing};
use crate::{
    db::{self, Db, proposal::Dose},
    domain::{
        BookingId, CampaignId, ClinicId, PersonId, ProductId, Refusal,
        booking::State,
        calendar::Local,
        proposal::{Proposal, Wanted, earliest, tranche_of},
    },
};

/// So many times are proposed of each product.
const SLOTS_MAX: i64 = 10;

/// What the clinic can propose to a person: one for each product of a campaign that is open and of
/// which it has doses to come. Times are looked for from the earliest lawful day on, and only where
/// the person may book.
///
/// # Errors
/// `not_found` for a clinic that is not there; `not_eligible` for somebody who is not in the
/// register any more; `unavailable` for a person who is being merged.
pub async fn propose(db: &Db, clinic_id: ClinicId, person_id: PersonId) -> Result<Vec<Proposal>> {
    proposals(db, (clinic_id, person_id), None).await
}

/// What the clinic can propose for the dose after this one, which was given there: of every public
/// campaign for it, those that offer the same product first. Empty where nothing follows.
///
/// # Errors
/// `not_found` where the clinic has no such booking; those of `propose`.
pub async fn propose_after(
    db: &Db,
    clinic_id: ClinicId,
    booking_id: BookingId,
) -> Result<Vec<Proposal>> {
    let found = db::look(&db.read, async |conn| {
        Ok::<_, Error>(db::visit::bookings(conn, &[booking_id]).await?)
    });
    let booking = found.await?.remove(&booking_id);
    let booking = booking.filter(|booking| booking.clinic_id == clinic_id);
    let booking = booking.ok_or_else(Refusal::not_found)?;
    if booking.state != State::Given {
        return Ok(Vec::new());
    }
    let (course_id, dose_number) = (booking.course_id, booking.dose_number + 1);
    let next = Dose { course_id, dose_number };
    let mut found = proposals(db, (clinic_id, booking.person_id), Some(next)).await?;
    let product_id = booking.product_id;
    // A series is finished with the vaccine that it was begun with, where that is offered.
    let same: HashSet<_> = found
        .iter()
        .filter(|one| one.product.product_id == product_id)
        .map(|one| one.campaign_id)
        .collect();
    found.retain(|one| one.product.product_id == product_id || !same.contains(&one.campaign_id));
    Ok(found)
}

async fn proposals(
    db: &Db,
    (clinic_id, person_id): (ClinicId, PersonId),
    only: Option<Dose>,
) -> Result<Vec<Proposal>> {
    let today = db::schedule::today(&db.read, clinic_id).await?.ok_or_else(Refusal::not_found)?;
    let offers = db::proposal::offers(&db.read, (clinic_id, today), only).await?;
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    db::look(&db.read, async |conn| choose(conn, (clinic_id, person_id), (&offers, today)).await)
        .await
}

async fn choose(
    conn: &mut PgConnection,
    (clinic_id, person_id): (ClinicId, PersonId),
    (offers, today): (&[(CampaignId, ProductId)], NaiveDate),
) -> Result<Vec<Proposal>> {
    let known = standing(conn, (clinic_id, person_id), offers).await?;
    let person = known.people.get(&person_id).cloned().unwrap_or_default();
    let (mut found, mut wanted) = (Vec::new(), Vec::new());
    for &(campaign_id, product_id) in offers {
        let Some((state, rules)) = known.campaigns.get(&campaign_id) else { continue };
        let Some(product) = rules.product(product_id).cloned() else { continue };
        let applicant = person.applicant(rules.course_id, rules.dose_number)?;
        let zone = known.zones.get(&clinic_id).copied().unwrap_or(rules.zone);
        let here = Local { at: known.now, zone };
        let (on_date, verdict) = earliest((rules, *state), &applicant, product_id, here);
        let (dose_number, earliest_on) = (rules.dose_number, on_date.max(today));
        if verdict.eligible {
            let tranche_id = tranche_of(rules, &applicant);
            wanted.push(Wanted { campaign_id, product_id, from: earliest_on, tranche_id });
        }
        let slots = Vec::new();
        found.push(Proposal { campaign_id, product, dose_number, earliest_on, verdict, slots });
    }
    let mut free = db::proposal::free_slots(conn, clinic_id, &wanted, SLOTS_MAX).await?;
    let mut free = free.drain(..);
    for proposal in found.iter_mut().filter(|one| one.verdict.eligible) {
        proposal.slots = free.next().unwrap_or_default();
    }
    Ok(found)
}
