//! What clinics have found of a person that keeps them from doses, as it was written down.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{BookingId, ClinicId, CourseId, ExclusionId, day::By, visit_word::NotGiven};

/// A finding, and how it was lifted, if it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    pub exclusion_id: ExclusionId,
    pub course_id: CourseId,
    /// None is the whole course.
    pub dose_number: Option<i16>,
    pub reason: NotGiven,
    /// The local date on which the dose was had elsewhere, as far as known.
    pub had_on: Option<NaiveDate>,
    /// The local date from which somebody unwell can be booked again.
    pub until: Option<NaiveDate>,
    /// The visit at which it was found.
    pub clinic_id: ClinicId,
    pub booking_id: BookingId,
    pub found_at: DateTime<Utc>,
    pub found_by: By,
    /// None: it stands.
    pub lifted: Option<Lifted>,
}

/// How a finding was lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lifted {
    pub at: DateTime<Utc>,
    pub by: By,
    /// None where the step that found it was taken back.
    pub reason: Option<String>,
}
