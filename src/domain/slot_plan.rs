//! What it comes to when the slots of some days are made as they shall be.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize, Serializer};

use super::BookingId;

/// So many slots that were kept are listed; all are counted.
pub const KEPT_MAX: i64 = 1_000;
/// So many bookings that are hit are listed; all are counted.
pub const HITS_MAX: i64 = 1_000;

/// What becomes of the slots of a day that are not among those that it shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They stay, and are counted.
    Leave,
    /// They go where nobody is booked. The others stay for those who are, and have no other seat.
    Remove,
    /// They go. Whoever is booked there is told, and keeps the booking until it is decided.
    Lose,
}

/// Why a slot is not as it shall be: people are booked there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It shall not be there.
    Missing,
    /// It shall have fewer seats than are taken.
    FewerSeats,
}

/// A slot that was kept with as many seats as are taken, so that nobody else gets one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    pub clinic_code: String,
    pub starts_at: DateTime<Utc>,
    /// In which the instant is to be shown.
    #[serde(serialize_with = "zone_name")]
    pub zone: Tz,
    pub taken: i32,
    pub why: Why,
}

/// A booking that loses its slot. Whose it is stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    pub booking_id: BookingId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
}

/// What was done to slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    pub added: u64,
    /// With another end or other seats, or back after they were removed.
    pub changed: u64,
    pub unchanged: u64,
    pub removed: u64,
    /// Slots of the days that are not among those that they shall have, and are still there.
    pub missing: u64,
    /// Bookings in slots that were removed all the same.
    pub bookings_hit: u64,
    /// How many were kept, because people are booked there.
    #[serde(rename = "kept")]
    pub kept_counted: u64,
    /// The first of them.
    #[serde(rename = "kept_because_taken")]
    pub kept: Vec<Kept>,
    /// The lines that changed something, in order.
    #[serde(skip)]
    pub lines: Vec<u64>,
}

fn zone_name<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.name())
}
