//! Two persons of the register who turn out to be one.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{BookingId, CourseId, Detail, PersonId};

/// A row of the register in a merge, as it stands under its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub person_id: PersonId,
    pub merged_into: Option<PersonId>,
    /// Since when nothing is booked for the person. It names the merge that has sealed them.
    pub sealed_at: Option<DateTime<Utc>>,
}

/// A dose that both persons have: one booking of each, both live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SameDose {
    pub course_id: CourseId,
    pub dose_number: i16,
    /// Of the person who is to be merged.
    pub booking_id: BookingId,
    /// Of the person into whom.
    pub other_booking_id: BookingId,
}

impl SameDose {
    /// As it is said to whoever wanted to merge.
    pub fn detail(self) -> Detail {
        let Self { dose_number, booking_id, other_booking_id, .. } = self;
        Detail::SameDose { dose_number, booking_id, other_booking_id }
    }
}
