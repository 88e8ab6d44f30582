//! The day of a clinic as its staff see it: who comes when, and for what.

use chrono::{DateTime, NaiveDate, Utc};

use super::{BookingId, ClinicId, ProductId, SlotId, booking::State};

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

/// What staff need to find the right person at the door, and to call them.
#[derive(Clone, Debug)]
pub struct Patient {
    pub name: String,
    pub birth_date: NaiveDate,
    pub phone: String,
}
