//! Bookings of the citizen who asks. Another person's booking looks like none.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, LOCATION},
    web::Data,
};
use serde::{Deserialize, Serialize};

use crate::{
    db,
    domain::{
        BookingId, CampaignId, ProductId, Refusal, SlotId,
        batch::{Outcome, Request},
        booking::{Book, Booking},
    },
    flows::lane::ReplyQueue,
    http::{
        admission::{self, Admitted},
        extract::{Json, Path},
        principal::Citizen,
        problem::Problem,
        state::App,
    },
};

/// Nobody has more bookings than this; ended ones count.
const LIST_MAX: i64 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    campaign_id: CampaignId,
    slot_id: SlotId,
    product_id: ProductId,
}

#[derive(Serialize)]
struct List {
    bookings: Vec<Booking>,
}

/// Books; the id is the client's, and the same request again finds the same booking.
///
/// # Errors
/// The refusals of `domain::batch`, `overloaded`, `unavailable`.
pub async fn put_booking(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
    Json(asked): Json<Asked>,
) -> Result<HttpResponse, Problem> {
    let Asked { campaign_id, slot_id, product_id } = asked;
    let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
    answer(app.lanes.submit(Request::Book(book), &replies).await?)
}

/// Cancels; a booking that is cancelled already stays so.
///
/// # Errors
/// `not_found`, `booking_ended`, `overloaded`, `unavailable`.
pub async fn delete_booking(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
) -> Result<HttpResponse, Problem> {
    let booking = db::booking::find_own(&app.db.read, booking_id, person_id).await?;
    let booking = booking.ok_or_else(Refusal::not_found)?;
    answer(app.lanes.submit(Request::Cancel(booking), &replies).await?)
}

/// One booking.
///
/// # Errors
/// `not_found`.
pub async fn get_booking(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
) -> Result<HttpResponse, Problem> {
    let booking = db::booking::find_own(&app.db.read, booking_id, person_id).await?;
    Ok(private(HttpResponse::Ok()).json(booking.ok_or_else(Refusal::not_found)?))
}

/// All bookings, newest first.
pub async fn list_bookings(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Citizen(person_id): Citizen,
) -> Result<HttpResponse, Problem> {
    let bookings = db::booking::list_own(&app.db.read, person_id, LIST_MAX).await?;
    Ok(private(HttpResponse::Ok()).json(List { bookings }))
}

fn answer(outcome: Outcome) -> Result<HttpResponse, Problem> {
    match outcome {
        Outcome::Booked(booking) => {
            let location = format!("/v1/bookings/{}", booking.booking_id);
            Ok(private(HttpResponse::Created()).insert_header((LOCATION, location)).json(booking))
        }
        Outcome::Cancelled(booking) | Outcome::Replayed(booking) => {
            Ok(private(HttpResponse::Ok()).json(booking))
        }
        Outcome::Refused(refusal) => Err(refusal.into()),
    }
}

/// What concerns one person is kept by no cache.
fn private(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}
