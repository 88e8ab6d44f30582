//! The press that moves a booking whose appointment is lost: books where the page offered it, and
//! gives the lost one up, both or neither.

use actix_web::HttpResponse;

use super::{OfBooking, booked};
use crate::{
    domain::{BookingId, SlotId, booking::Book},
    flows::{self, Error},
    http::{
        admission::{self, Admitted},
        extract::Path,
        problem::Problem,
    },
    web::{form::Form, guard::SignedIn, page::Visit},
};

/// Moves. Pressed again, it is the same move; where it cannot be made, the booking's page offers
/// what is free then.
///
/// # Errors
/// `forbidden` for a form of another site; `not_found`.
pub async fn post_move(
    visit: Visit,
    SignedIn(session): SignedIn,
    _: Admitted<admission::Booking>,
    Path(OfBooking { booking_id }): Path<OfBooking>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let app = &visit.app;
    let old = booked::own_to_change(app, session.person_id, booking_id).await?;
    let asked: Option<(BookingId, SlotId)> = form.value("booking_id").zip(form.value("slot_id"));
    let Some((new_id, slot_id)) = asked else {
        return Ok(visit.see_other(&booked::path_not_moved(booking_id)));
    };
    let book = Book {
        booking_id: new_id,
        person_id: session.person_id,
        campaign_id: old.campaign_id,
        slot_id,
        product_id: old.product_id,
    };
    match flows::closure::relocate(&app.db, &old, book).await {
        Ok(booking) => Ok(visit.see_other(&booked::path(booking.booking_id))),
        Err(Error::Refused(refusal)) if refusal.code.status() < 500 => {
            Ok(visit.see_other(&booked::path_not_moved(booking_id)))
        }
        Err(error) => Err(error.into()),
    }
}
