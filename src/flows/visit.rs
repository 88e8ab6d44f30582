//! What happens at a clinic with one booking. Each press is one request to the clinic's lane: it is
//! decided under the locks by which bookings and cancellations of the same doses are decided.

use super::{
    Result,
    lane::{Lanes, ReplyQueue, apart},
};
use crate::{
    db::{self, Db},
    domain::{
        BookingId, ClinicId, Code, Refusal, StaffUserId,
        batch::{Outcome, Request, Visit},
        visit::Press,
        visit_rule::Seen,
    },
};

/// Makes a step, unless it is so already; how the visit stands then.
///
/// # Errors
/// `not_found` where the clinic has no such booking; `step_refused` with the cause;
/// `answers_needed`; `later_dose_booked`; `seat_taken`; `step_id_reused`; `overloaded` and
/// `unavailable` as for a booking.
pub async fn press((lanes, replies): (&Lanes, &ReplyQueue), press: Press) -> Result<Seen> {
    let request = Request::Visit(Visit { press, booking: None }.into());
    match lanes.submit(request, replies).await? {
        Outcome::Visited(seen) => Ok(*seen),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Booked(_) | Outcome::Cancelled(_) | Outcome::Replayed(_) => {
            Err(Refusal::from(Code::Internal).into())
        }
    }
}

/// How a visit stands, for somebody of the staff who opens it: that they looked is written down,
/// once for those who look again at the same person soon.
///
/// # Errors
/// Those of [`look`].
pub async fn open(
    db: &Db,
    (clinic_id, booking_id): (ClinicId, BookingId),
    by: StaffUserId,
) -> Result<Seen> {
    let seen = look(db, clinic_id, booking_id).await?;
    db::person_look::insert_unless_recent(&db.write, by, seen.booking.person_id).await?;
    Ok(seen)
}

/// How a visit stands. What it says can be over when somebody presses: a press decides anew.
///
/// # Errors
/// `not_found` where the clinic has no such booking; `unavailable` while the person is merged.
pub async fn look(db: &Db, clinic_id: ClinicId, booking_id: BookingId) -> Result<Seen> {
    db::look(&db.read, async |conn| apart::look(conn, clinic_id, booking_id).await).await
}
