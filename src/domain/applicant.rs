//! Who wants a dose, and which: what the rules are asked about.

use chrono::NaiveDate;

use super::{PersonId, ProductId, RegionId, RosterId, birth_date::BirthDate, cohort::Home};

/// A person of the register, as far as the rules ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    pub person_id: PersonId,
    pub birth_date: BirthDate,
    pub region_id: RegionId,
    /// The province of the region; none where the region is a province itself, or nobody asks.
    pub province_id: Option<RegionId>,
    /// None where nobody asks.
    pub rosters: Vec<RosterId>,
    /// Live (booked or held) and given doses of the campaign's course, those had elsewhere too.
    pub doses: Vec<DoseHeld>,
    /// A clinic has found that the person must not have the campaign's dose.
    pub is_excluded: bool,
    /// A clinic has found that the person is not well enough before this local date.
    pub deferred_until: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoseHeld {
    pub dose_number: i16,
    /// None of a dose that was had elsewhere.
    pub product_id: Option<ProductId>,
    /// The local date at the clinic.
    pub on_date: NaiveDate,
    pub is_given: bool,
}

/// What is to be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// The local date at the clinic.
    pub on_date: NaiveDate,
    pub product_id: ProductId,
}

/// Somebody who has not signed in: lists and earlier doses are unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnonymousApplicant {
    pub birth_date: NaiveDate,
    /// None where it was not said.
    pub home: Option<Home>,
    /// The local date at the clinic; none is today.
    pub on_date: Option<NaiveDate>,
    /// None is any that the campaign offers.
    pub product_id: Option<ProductId>,
}
