//! Gives a dose to somebody who came without a booking, and says what a clinic could give them.

use super::{
    Result,
    lane::{Lanes, ReplyQueue, offer},
    staff_booking::{Made, replay, submit},
};
use crate::{
    db::{self, Db},
    domain::{
        BookingId, CampaignId, ClinicId, Code, Detail, PersonId, ProductId, Refusal, SlotId,
        actor::Actor,
        booking::Book,
        staff_booking::{BookFor, Form},
    },
};
pub use offer::Offer;

/// Who is to be given what.
#[derive(Clone, Debug)]
pub struct WalkIn {
    /// Chosen by the client: the same press sent again is one dose.
    pub booking_id: BookingId,
    pub clinic_id: ClinicId,
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    /// Always that of a walk-in.
    pub form: Form,
    pub by: Actor,
}

/// # Errors
/// `step_refused` with the cause; `not_eligible` and what else the rules say; `already_booked`;
/// `answers_needed`; `doses_exhausted`; `booking_id_reused`; `overloaded` and `unavailable` as for
/// a booking.
pub async fn give(db: &Db, lanes: (&Lanes, &ReplyQueue), walk_in: WalkIn) -> Result<Made> {
    let WalkIn { booking_id, clinic_id, person_id, campaign_id, product_id, form, by } = walk_in;
    // Of the clinic, by which alone the same request is told from another.
    let slot_id = SlotId::of(clinic_id, 0);
    let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
    let asked = BookFor { book, form, by };
    if let Some(made) = replay(db, &asked).await? {
        return Ok(made);
    }
    let slot_id = db::walk_in::nearest_slot(&db.read, clinic_id).await?;
    let slot_id = slot_id.ok_or_else(no_hours)?;
    let book = Book { slot_id, ..asked.book };
    submit(db, lanes, BookFor { book, ..asked }).await
}

/// What the clinic could give the person now, one for each product of a campaign that it has doses
/// of today. What it says can be over when somebody presses: a press decides anew.
///
/// # Errors
/// `step_refused` where the clinic has no hours today.
pub async fn offers(db: &Db, clinic_id: ClinicId, person_id: PersonId) -> Result<Vec<Offer>> {
    let slot_id = db::walk_in::nearest_slot(&db.read, clinic_id).await?;
    let Some(slot_id) = slot_id else { return Ok(Vec::new()) };
    db::look(&db.read, async |conn| Ok(offer::offers(conn, slot_id, person_id).await?)).await
}

fn no_hours() -> Refusal {
    Refusal::new(Code::StepRefused, Detail::NoHoursToday)
}
