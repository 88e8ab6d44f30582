//! The day of a clinic, and its bookings by their numbers: for its own staff and administrators.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    db,
    domain::{
        BookingId, ClinicId, ProductId, Refusal, SlotId,
        booking::State,
        booking_number::BookingNumber,
        calendar::parse_date,
        fact::Expected,
        keys::BookingNumberKey,
        schedule::{Booking, Found, Patient, Schedule, Slot},
    },
    flows,
    http::{
        admission::{self, Admitted},
        extract::{Json, Query},
        principal::AtClinic,
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
    number: BookingNumber,
    state: State,
    product_id: ProductId,
    dose_number: i16,
    person: PersonView<'a>,
}

#[derive(Serialize)]
struct PersonView<'a> {
    name: &'a str,
    birth_date: NaiveDate,
    birth_precision: &'static str,
    phone: &'a str,
}

impl<'a> ScheduleView<'a> {
    fn new(key: &BookingNumberKey, schedule: &'a Schedule) -> Self {
        let Schedule { clinic_id, date, as_of, slots } = schedule;
        let slots = slots.iter().map(|slot| SlotView::new(key, slot)).collect();
        Self { clinic_id: *clinic_id, date: *date, as_of: *as_of, slots }
    }
}

impl<'a> SlotView<'a> {
    fn new(key: &BookingNumberKey, slot: &'a Slot) -> Self {
        Self {
            slot_id: slot.slot_id,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            seats: slot.seats,
            taken: slot.taken,
            bookings: slot.bookings.iter().map(|one| BookingView::new(key, one)).collect(),
        }
    }
}

impl<'a> BookingView<'a> {
    fn new(key: &BookingNumberKey, booking: &'a Booking) -> Self {
        let Patient { name, birth_date, phone } = &booking.person;
        Self {
            booking_id: booking.booking_id,
            number: BookingNumber::of(key, booking.booking_id),
            state: booking.state,
            product_id: booking.product_id,
            dose_number: booking.dose_number,
            person: PersonView {
                name,
                birth_date: birth_date.date(),
                birth_precision: birth_date.precision().word(),
                phone,
            },
        }
    }
}

/// The number of a booking, as it was typed or scanned.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRequest {
    number: String,
}

#[derive(Serialize)]
struct FoundList<'a> {
    clinic_id: ClinicId,
    bookings: Vec<FoundView<'a>>,
}

#[derive(Serialize)]
struct FoundView<'a> {
    #[serde(flatten)]
    booking: BookingView<'a>,
    slot_id: SlotId,
    on_date: NaiveDate,
    /// Whether that is today at the clinic.
    is_today: bool,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl<'a> FoundView<'a> {
    fn new(key: &BookingNumberKey, found: &'a Found) -> Self {
        Self {
            booking: BookingView::new(key, &found.booking),
            slot_id: found.slot_id,
            on_date: found.on_date,
            is_today: found.is_today,
            starts_at: found.starts_at,
            ends_at: found.ends_at,
            ended_at: found.ended_at,
        }
    }
}

/// Bookings of the clinic by their number; of those of another clinic nothing is said.
///
/// # Errors
/// `invalid_field` for what cannot be a number; those of `flows::booking_number::find_at`.
pub async fn find_bookings(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    AtClinic { clinic_id, what: Json(request), .. }: AtClinic<Json<NumberRequest>>,
) -> Result<HttpResponse, Problem> {
    let number = request.number;
    let (key, number) = (&app.keys.booking_number, BookingNumber::parse(&number)?);
    let found = flows::booking_number::find_at(&app.db, key, clinic_id, number).await?;
    let bookings = found.iter().map(|found| FoundView::new(key, found)).collect();
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(FoundList { clinic_id, bookings }))
}

/// Slots and bookings of one local date.
///
/// # Errors
/// `not_found` for a clinic that is not the staff's own, or not there; `invalid_field`.
pub async fn get_schedule(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    AtClinic { clinic_id, what: Query(query), .. }: AtClinic<Query<ScheduleQuery>>,
) -> Result<HttpResponse, Problem> {
    let date = parse_date(&query.date).ok_or_else(|| Refusal::expected("date", Expected::Date))?;
    let schedule = db::schedule::find(&app.db.read, clinic_id, date).await?;
    let schedule = schedule.ok_or_else(Refusal::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ScheduleView::new(&app.keys.booking_number, &schedule)))
}
