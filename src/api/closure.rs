//! What somebody can do whose appointment is lost: see where else to go, and go there.

use actix_web::{HttpResponse, http::header::LOCATION, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::booking::{BookingView, private};
use crate::{
    board::{alternative::Alternative, view::ClinicView},
    db,
    domain::{BookingId, Refusal, SlotId, booking::Book},
    flows,
    http::{
        admission::{self, Admitted},
        extract::{Json, Path},
        principal::Citizen,
        problem::Problem,
        state::App,
    },
};

/// So many ways out are shown.
const WAYS_MAX: usize = 10;

#[derive(Serialize)]
struct AlternativeView<'a> {
    clinic: ClinicView<'a>,
    distance_km: Option<f64>,
    date: NaiveDate,
    slot_id: SlotId,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    seats_left: i32,
}

impl<'a> From<Alternative<'a>> for AlternativeView<'a> {
    fn from(way: Alternative<'a>) -> Self {
        let Alternative { clinic, distance_km, date, slot } = way;
        Self {
            clinic,
            distance_km,
            date,
            slot_id: slot.slot_id,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            seats_left: slot.seats_left,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// Of the new booking, chosen by the client: sent again, it is the same move.
    booking_id: BookingId,
    slot_id: SlotId,
}

/// Where the same vaccine can be had in the same campaign, the nearest clinics first.
///
/// # Errors
/// `not_found`.
pub async fn list_alternatives(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
) -> Result<HttpResponse, Problem> {
    let booking = db::booking::find_own(&app.db.read, booking_id, person_id).await?;
    let (booking, board) = (booking.ok_or_else(Refusal::not_found)?, app.board.now());
    let ways = board.alternatives(&booking, WAYS_MAX).into_iter();
    let ways: Vec<_> = ways.map(AlternativeView::from).collect();
    Ok(private(HttpResponse::Ok()).json(json!({ "as_of": board.as_of, "alternatives": ways })))
}

/// Books there and gives the lost appointment up, both or neither.
///
/// # Errors
/// Those of `flows::closure::relocate`; `not_found`.
pub async fn post_move(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
    Json(request): Json<MoveRequest>,
) -> Result<HttpResponse, Problem> {
    let old = db::booking::find_own(&app.db.write, booking_id, person_id).await?;
    let old = old.ok_or_else(Refusal::not_found)?;
    let MoveRequest { booking_id, slot_id } = request;
    let (campaign_id, product_id) = (old.campaign_id, old.product_id);
    let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
    let booking = flows::closure::relocate(&app.db, &old, book).await?;
    let location = format!("/v1/bookings/{}", booking.booking_id);
    let mut created = private(HttpResponse::Created());
    let view = BookingView::new(&app.keys, &booking);
    Ok(created.insert_header((LOCATION, location)).json(view))
}
