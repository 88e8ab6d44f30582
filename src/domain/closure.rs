//! What others than its person did to a booking: the clinic that closed a day or gave up a time,
//! and the administration that cancelled it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{BookingId, StaffUserId, localized::Localized};

/// What was done to a booking; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disruption {
    /// The clinic gives nothing at its time.
    pub lost: Option<Lost>,
    /// Why the administration cancelled it, if it did.
    pub cancelled_because: Option<Localized>,
}

/// A time that the clinic does not have any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Why the clinic is closed on that day; none where only the time is gone.
    pub reason: Option<Localized>,
}

/// What became of the bookings that a closed day hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// They have lost their time and stand.
    pub standing: i64,
    /// The administration cancelled them.
    pub cancelled: i64,
    /// Their persons moved or cancelled them after they had been told.
    pub left: i64,
    /// A message has reached so many of all these.
    pub reached: i64,
}

impl Hits {
    pub fn all(self) -> i64 {
        self.standing + self.cancelled + self.left
    }
}

/// Why a person has not been reached by a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// The register has neither a phone number nor an address of theirs.
    NoWay,
    /// The message waits to be sent.
    Waiting,
    /// None was sent, or none arrived.
    NotSent,
    /// They have come already: no message is sent to somebody who stands there.
    Present,
}

/// How somebody told a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Phone,
    InPerson,
    Letter,
    /// Tried, and could not be found.
    NotFound,
}

impl How {
    pub const ALL: [Self; 4] = [Self::Phone, Self::InPerson, Self::Letter, Self::NotFound];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Phone => 1,
            Self::InPerson => 2,
            Self::Letter => 3,
            Self::NotFound => 4,
        }
    }

    /// As in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::InPerson => "in_person",
            Self::Letter => "letter",
            Self::NotFound => "not_found",
        }
    }

    /// What a number of the database means.
    pub fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.number() == number)
    }
}

/// Who told a person, when and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    pub at: DateTime<Utc>,
    pub staff_user_id: StaffUserId,
    pub how: How,
}

/// A person who lost an appointment, or has it back, and was reached by no message.
#[derive(Clone, Debug)]
pub struct Unheard {
    pub booking_id: BookingId,
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    /// The administration has cancelled the booking; else it stands.
    pub is_cancelled: bool,
    /// It has its time again, and somebody has told the person that it had lost it.
    pub is_back: bool,
    pub name: String,
    /// Empty where there is none.
    pub phone: String,
    pub why: Unreached,
    pub told: Option<Told>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_tell_has_a_number_and_a_word_of_its_own() {
        for how in How::ALL {
            assert_eq!(How::of(how.number()), Some(how));
            assert_eq!(serde_json::to_value(how).unwrap(), how.word());
        }
        assert_eq!(How::of(5), None);
    }
}
