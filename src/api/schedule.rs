//! The day of a clinic, for its own staff and for administrators.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    db,
    domain::{
        BookingId, ClinicId, ProductId, Refusal, SlotId,
        booking::State,
        calendar::parse_date,
        fact::Expected,
        schedule::{Booking, Patient, Schedule, Slot},
    },
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        principal::Staff,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleQuery {
    date: String,
}

#[derive(Serialize)]
struct ScheduleView<'a> {
    clinic_id: ClinicId,
    date: NaiveDate,
    as_of: DateTime<Utc>,
    slots: Vec<SlotView<'a>>,
}

#[derive(Serialize)]
struct SlotView<'a> {
    slot_id: SlotId,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    seats: i32,
    taken: i32,
    bookings: Vec<BookingView<'a>>,
}

#[derive(Serialize)]
struct BookingView<'a> {
    booking_id: BookingId,
    state: State,
    product_id: ProductId,
    dose_number: i16,
    person: PersonView<'a>,
}

#[derive(Serialize)]
struct PersonView<'a> {
    name: &'a str,
    birth_date: NaiveDate,
    phone: &'a str,
}

impl<'a> From<&'a Schedule> for ScheduleView<'a> {
    fn from(schedule: &'a Schedule) -> Self {
        let Schedule { clinic_id, date, as_of, slots } = schedule;
        let slots = slots.iter().map(SlotView::from).collect();
        Self { clinic_id: *clinic_id, date: *date, as_of: *as_of, slots }
    }
}

impl<'a> From<&'a Slot> for SlotView<'a> {
    fn from(slot: &'a Slot) -> Self {
        Self {
            slot_id: slot.slot_id,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            seats: slot.seats,
            taken: slot.taken,
            bookings: slot.bookings.iter().map(BookingView::from).collect(),
        }
    }
}

impl<'a> From<&'a Booking> for BookingView<'a> {
    fn from(booking: &'a Booking) -> Self {
        let Patient { name, birth_date, phone } = &booking.person;
        Self {
            booking_id: booking.booking_id,
            state: booking.state,
            product_id: booking.product_id,
            dose_number: booking.dose_number,
            person: PersonView { name, birth_date: *birth_date, phone },
        }
    }
}

/// Slots and bookings of one local date.
///
/// # Errors
/// `not_found` for a clinic that is not the staff's own, or not there; `invalid_field`.
pub async fn get_schedule(
    _: Admitted<admission::Read>,
    app: Data<App>,
    staff: Staff,
    Path(clinic_id): Path<ClinicId>,
    Query(query): Query<ScheduleQuery>,
) -> Result<HttpResponse, Problem> {
    staff.at(clinic_id)?;
    let date = parse_date(&query.date).ok_or_else(|| Refusal::expected("date", Expected::Date))?;
    let schedule = db::schedule::find(&app.db.read, clinic_id, date).await?;
    let schedule = schedule.ok_or_else(Refusal::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ScheduleView::from(&schedule)))
}
