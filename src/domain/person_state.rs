//! What a booking transaction reads of a person.

use chrono::NaiveDate;

use super::{
    Code, CourseId, Detail, Refusal,
    applicant::{Applicant, DoseHeld},
    booking::Booking,
    visit::{Exclusion, ExclusionReason},
};

/// Whether anything can be booked for a person of the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    #[default]
    Open,
    /// Merged into another person, moved away or dead.
    Closed,
    /// About to be merged: what becomes of it will be known in seconds.
    Sealed,
}

impl Access {
    /// Of a person whose record is closed, or sealed.
    pub fn of(is_closed: bool, is_sealed: bool) -> Self {
        match (is_closed, is_sealed) {
            (true, _) => Self::Closed,
            (false, true) => Self::Sealed,
            (false, false) => Self::Open,
        }
    }
}

/// What the register and the bookings say of a person.
#[derive(Clone, Debug, Default)]
pub struct PersonState {
    /// Without doses; none where the person is not in the register.
    pub applicant: Option<Applicant>,
    /// Whether anything can be booked for the person.
    pub access: Access,
    /// The doses of live bookings and those had elsewhere, of every course.
    pub doses: Vec<(CourseId, DoseHeld)>,
    /// Has once cancelled as many bookings as a day may have.
    pub is_limited: bool,
    /// What clinics have found, of every course.
    pub exclusions: Vec<(CourseId, Exclusion)>,
}

impl PersonState {
    /// Adds the dose of a live booking.
    pub fn add_dose_of(&mut self, booking: &Booking) {
        self.doses.push((booking.course_id, booking.dose_held()));
    }

    /// Adds what a clinic has found. A dose that was had elsewhere counts as given on the day on
    /// which it was had or, where nobody knows that, on the day on which it was said: it was had by
    /// then, so that no interval is cut short.
    pub fn add_exclusion(&mut self, course_id: CourseId, exclusion: Exclusion) {
        if let ExclusionReason::AlreadyHad { had_on, by_then } = exclusion.reason {
            let dose = DoseHeld {
                dose_number: exclusion.dose_number.unwrap_or(1),
                product_id: None,
                on_date: had_on.unwrap_or(by_then),
                is_given: true,
            };
            self.doses.push((course_id, dose));
        }
        self.exclusions.push((course_id, exclusion));
    }

    /// Whether a clinic has found that the person must not have this dose.
    pub fn is_excluded(&self, course_id: CourseId, dose_number: i16) -> bool {
        self.exclusions.iter().any(|(course, exclusion)| {
            *course == course_id
                && exclusion.reason == ExclusionReason::Contraindicated
                && exclusion.dose_number.is_none_or(|number| number == dose_number)
        })
    }

    /// From when somebody who was not well enough can have a dose of this course.
    pub fn deferred_until(&self, course_id: CourseId) -> Option<NaiveDate> {
        let own = self.exclusions.iter().filter(|(course, _)| *course == course_id);
        let until = own.filter_map(|(_, exclusion)| match exclusion.reason {
            ExclusionReason::Unwell { until } => Some(until),
            ExclusionReason::Contraindicated | ExclusionReason::AlreadyHad { .. } => None,
        });
        until.max()
    }

    /// The doses of this course.
    pub fn doses_of(&self, course_id: CourseId) -> impl Iterator<Item = &DoseHeld> {
        self.doses.iter().filter(move |(course, _)| *course == course_id).map(|(_, dose)| dose)
    }

    /// The applicant for a dose of this course, with the doses of the course.
    ///
    /// # Errors
    /// `not_eligible` where the person is not in the register any more, was merged into another or
    /// is marked; `unavailable` while they are about to be merged.
    pub fn applicant(&self, course_id: CourseId, dose_number: i16) -> Result<Applicant, Refusal> {
        match self.access {
            Access::Open => {}
            Access::Closed => return Err(Refusal::new(Code::NotEligible, Detail::RecordClosed)),
            Access::Sealed => return Err(Code::Unavailable.into()),
        }
        let gone = || Refusal::new(Code::NotEligible, Detail::NoLongerInRegister);
        let applicant = self.applicant.as_ref().ok_or_else(gone)?;
        Ok(Applicant {
            doses: self.doses_of(course_id).copied().collect(),
            is_excluded: self.is_excluded(course_id, dose_number),
            deferred_until: self.deferred_until(course_id),
            ..applicant.clone()
        })
    }
}
