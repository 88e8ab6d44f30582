//! Two persons of the register who turn out to be one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{BookingId, CourseId, PersonId};

/// A row of the register in a merge, as it stands under its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub person_id: PersonId,
    pub merged_into: Option<PersonId>,
    /// Since when nothing is booked for the person. It names the merge that has sealed them.
    pub sealed_at: Option<DateTime<Utc>>,
}

/// A dose that both persons have: one booking of each, both live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameDose {
    pub course_id: CourseId,
    pub dose_number: i16,
    /// Of the person who is to be merged.
    pub booking_id: BookingId,
    /// Of the person into whom.
    pub other_booking_id: BookingId,
}
