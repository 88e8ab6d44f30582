//! Where a booking stands, and what that means for its dose and its seat.

use serde::{Deserialize, Serialize};

/// Where a booking stands. FHIR's Appointment calls them booked, fulfilled, cancelled, noshow and
/// pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Booked,
    Given,
    Cancelled,
    NoShow,
    Held,
    /// Came, and was not vaccinated; or the day was closed before anybody wrote down what happened.
    NotVaccinated,
}

impl State {
    pub const ALL: [Self; 6] =
        [Self::Booked, Self::Given, Self::Cancelled, Self::NoShow, Self::Held, Self::NotVaccinated];
    /// A person has at most one live booking per course and dose. The same as in
    /// `booking_one_live_key`, and in each statement that is to find its rows by that index.
    pub const LIVE: [Self; 3] = [Self::Booked, Self::Given, Self::Held];
    /// A dose and a seat are set aside, and the person is still to come.
    pub const PROMISED: [Self; 2] = [Self::Booked, Self::Held];
    /// Nothing is set aside any more. In the database `NotVaccinated` is `NoShow` with a reason in
    /// `not_given`.
    pub const ENDED: [Self; 2] = [Self::Cancelled, Self::NoShow];

    /// The number in the database, but for `NotVaccinated`: it is kept as 4 with a reason in
    /// `not_given`, and read as `state + 2 * (not_given is not null)::int`.
    pub fn number(self) -> i16 {
        match self {
            Self::Booked => 1,
            Self::Given => 2,
            Self::Cancelled => 3,
            Self::NoShow => 4,
            Self::Held => 5,
            Self::NotVaccinated => 6,
        }
    }

    /// What the database's columns `state` and `not_given` mean together.
    ///
    /// # Errors
    /// A number that is no state.
    pub fn kept(state: i16, not_given: Option<i16>) -> Result<Self, UnknownState> {
        match (Self::try_from(state)?, not_given) {
            (Self::NoShow, Some(_)) => Ok(Self::NotVaccinated),
            (state, _) => Ok(state),
        }
    }

    /// Whether it is one of `LIVE`.
    pub fn is_live(self) -> bool {
        Self::LIVE.contains(&self)
    }
}

impl TryFrom<i16> for State {
    type Error = UnknownState;

    fn try_from(number: i16) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.number() == number).ok_or(UnknownState(number))
    }
}

/// A number that is no state of a booking.
#[derive(Debug, thiserror::Error)]
#[error("unknown state of a booking: {0}")]
pub struct UnknownState(i16);
