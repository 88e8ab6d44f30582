//! The day of a clinic as its staff see it: who comes when, and for what.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{BookingId, ClinicId, ProductId, SlotId, birth_date::BirthDate, booking::State};

/// One clinic, one local date.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub clinic_id: ClinicId,
    pub date: NaiveDate,
    /// The database's time at which all of this was true.
    pub as_of: DateTime<Utc>,
    /// By time.
    pub slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub slot_id: SlotId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
    pub taken: i32,
    /// Everybody expected, seen or missed; who cancelled is no business of the clinic any more.
    pub bookings: Vec<Booking>,
}

#[derive(Clone, Debug)]
pub struct Booking {
    pub booking_id: BookingId,
    pub state: State,
    pub product_id: ProductId,
    pub dose_number: i16,
    pub person: Patient,
}

/// A booking at a clinic, found by its number.
#[derive(Clone, Debug)]
pub struct Found {
    /// The local date at the clinic, and whether it is the present one there.
    pub on_date: NaiveDate,
    pub is_today: bool,
    pub slot_id: SlotId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Of those that have ended.
    pub ended_at: Option<DateTime<Utc>>,
    pub booking: Booking,
}

/// Days before today in which a booking is looked for by its number: a dose is given on the day,
/// and what is to be corrected is corrected soon.
const DAYS_BACK: u64 = 14;
/// Days after today: the longest time for which people come too early.
const DAYS_AHEAD: u64 = 42;

/// The dates among which a booking of a clinic is looked for by its number, both included.
pub fn dates_searched(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    (
        today.checked_sub_days(Days::new(DAYS_BACK)).unwrap_or(today),
        today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today),
    )
}

/// What staff need to find the right person at the door, and to call them.
#[derive(Clone, Debug)]
pub struct Patient {
    pub name: String,
    pub birth_date: BirthDate,
    /// Empty for somebody without one.
    pub phone: String,
}
