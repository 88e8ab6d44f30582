//! What administrators did with a person of the register, and that they looked.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{BookingId, PersonId, StaffUserId};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Corrected,
    /// The person turned out to be the other one.
    MergedInto,
    /// The other one turned out to be this person.
    TookIn,
    MarkedMovedAway,
    MarkedDeceased,
    Unmarked,
    /// Added to the register at a clinic.
    Registered,
    /// What a clinic had found of them keeps them from nothing any more.
    ExclusionLifted,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Corrected,
        Self::MergedInto,
        Self::TookIn,
        Self::MarkedMovedAway,
        Self::MarkedDeceased,
        Self::Unmarked,
        Self::Registered,
        Self::ExclusionLifted,
    ];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Corrected => 1,
            Self::MergedInto => 2,
            Self::TookIn => 3,
            Self::MarkedMovedAway => 4,
            Self::MarkedDeceased => 5,
            Self::Unmarked => 6,
            Self::Registered => 7,
            Self::ExclusionLifted => 8,
        }
    }
}

/// Somebody's doing before it is written down.
pub struct NewChange<'a> {
    pub by: StaffUserId,
    pub person_id: PersonId,
    pub kind: Kind,
    pub reason: &'a str,
    /// Names of what was corrected.
    pub fields: &'a [&'static str],
    pub other_person_id: Option<PersonId>,
    pub booking_ids: &'a [BookingId],
}

/// A line of the journal of changes. It names fields and holds no value of any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    #[serde(rename = "change_id")]
    pub person_change_id: i64,
    pub at: DateTime<Utc>,
    pub staff_user_id: StaffUserId,
    pub username: String,
    pub kind: Kind,
    pub reason: String,
    pub fields: Vec<String>,
    pub other_person_id: Option<PersonId>,
    pub booking_ids: Vec<BookingId>,
}

/// How an administrator came upon a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    ByName,
    ByBookingNumber,
    ByPersonCode,
    ById,
    Journal,
}

impl Way {
    pub const ALL: [Self; 5] =
        [Self::ByName, Self::ByBookingNumber, Self::ByPersonCode, Self::ById, Self::Journal];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::ByName => 1,
            Self::ByBookingNumber => 2,
            Self::ByPersonCode => 3,
            Self::ById => 4,
            Self::Journal => 5,
        }
    }
}

/// That an administrator looked at a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    pub at: DateTime<Utc>,
    pub staff_user_id: StaffUserId,
    pub username: String,
    pub way: Way,
    pub reason: Option<String>,
}

/// A number that is no kind of change and no way to a person.
#[derive(Debug, thiserror::Error)]
#[error("unknown number in the journal of changes: {0}")]
pub struct UnknownNumber(i16);

impl TryFrom<i16> for Kind {
    type Error = UnknownNumber;

    fn try_from(number: i16) -> Result<Self, UnknownNumber> {
        let found = Self::ALL.into_iter().find(|kind| kind.number() == number);
        found.ok_or(UnknownNumber(number))
    }
}

impl TryFrom<i16> for Way {
    type Error = UnknownNumber;

    fn try_from(number: i16) -> Result<Self, UnknownNumber> {
        Self::ALL.into_iter().find(|way| way.number() == number).ok_or(UnknownNumber(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_ways_are_their_numbers() {
        for (at, kind) in (1..).zip(Kind::ALL) {
            assert_eq!((kind.number(), Kind::try_from(at).unwrap()), (at, kind));
        }
        for (at, way) in (1..).zip(Way::ALL) {
            assert_eq!((way.number(), Way::try_from(at).unwrap()), (at, way));
        }
        assert!(Kind::try_from(0).is_err() && Way::try_from(6).is_err());
    }
}
