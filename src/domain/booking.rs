//! The promise: one person, one dose of a course, one slot, one allocation.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{
    AllocationId, BookingId, CampaignId, ClinicId, CourseId, PersonId, ProductId, SlotId,
    allocation::{Dose, Key},
    eligibility::Eligible,
    rule_set::Rules,
    slot::{Seat, Slot},
};

/// Where a booking stands. FHIR's Appointment calls them booked, fulfilled, cancelled, noshow and
/// pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Booked,
    Given,
    Cancelled,
    NoShow,
    Held,
}

impl State {
    /// The number in the database.
    pub fn number(self) -> i16 {
        match self {
            Self::Booked => 1,
            Self::Given => 2,
            Self::Cancelled => 3,
            Self::NoShow => 4,
            Self::Held => 5,
        }
    }

    /// A person has at most one live booking per course and dose.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Booked | Self::Given | Self::Held)
    }
}

impl TryFrom<i16> for State {
    type Error = UnknownState;

    fn try_from(number: i16) -> Result<Self, UnknownState> {
        [Self::Booked, Self::Given, Self::Cancelled, Self::NoShow, Self::Held]
            .into_iter()
            .find(|state| state.number() == number)
            .ok_or(UnknownState(number))
    }
}

/// The database holds a state that this program does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown state of a booking: {0}")]
pub struct UnknownState(i16);

/// A booking as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Booking {
    pub booking_id: BookingId,
    #[serde(skip)]
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub course_id: CourseId,
    pub dose_number: i16,
    pub state: State,
    pub clinic_id: ClinicId,
    pub slot_id: SlotId,
    #[serde(skip)]
    pub allocation_id: AllocationId,
    /// The version of the campaign's rules that it was judged by.
    pub rule_version: i32,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub booked_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Booking {
    /// The allocations among which this booking's own is found.
    pub fn allocation_key(&self) -> Key {
        Key {
            clinic_id: self.clinic_id,
            campaign_id: self.campaign_id,
            product_id: self.product_id,
            on_date: self.on_date,
        }
    }
}

/// A request to book, as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    pub booking_id: BookingId,
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub slot_id: SlotId,
    pub product_id: ProductId,
}

impl Book {
    /// Whether `booking` is what this request asked for, so that sending it again is a replay.
    pub fn is_for(&self, booking: &Booking) -> bool {
        (self.booking_id, self.person_id, self.campaign_id, self.slot_id, self.product_id)
            == (
                booking.booking_id,
                booking.person_id,
                booking.campaign_id,
                booking.slot_id,
                booking.product_id,
            )
    }
}

/// A booking that may be written: it can only be made from the proofs that the person is eligible
/// and that a seat and a dose were set aside.
#[derive(Debug)]
pub struct NewBooking(Booking);

impl NewBooking {
    pub fn new(
        book: &Book,
        rules: &Rules,
        slot: &Slot,
        proofs: (Eligible, Seat, Dose),
        now: DateTime<Utc>,
    ) -> Self {
        let (eligible, seat, dose) = proofs;
        Self(Booking {
            booking_id: book.booking_id,
            person_id: book.person_id,
            campaign_id: book.campaign_id,
            product_id: book.product_id,
            course_id: rules.course_id,
            dose_number: rules.dose_number,
            state: State::Booked,
            clinic_id: slot.slot_id.clinic(),
            slot_id: seat.slot_id(),
            allocation_id: dose.allocation_id(),
            rule_version: eligible.rule_version(),
            on_date: slot.on_date,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            booked_at: now,
            ended_at: None,
        })
    }

    pub fn booking(&self) -> &Booking {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_number() {
        for number in 1..=5 {
            assert_eq!(State::try_from(number).unwrap().number(), number);
        }
        assert!(State::try_from(6).is_err());
    }
}
