//! What a campaign lays down for its clinics' days: who is given a dose without a booking, and what
//! becomes of doses that are left over in the evening.

use serde::{Deserialize, Serialize};

/// What a campaign lays down for its clinics' days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayPolicy {
    pub walk_in: WalkIn,
    pub left_over: LeftOver,
}

/// Who is given a dose without a booking. The numbers are those of `campaign.walk_in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum WalkIn {
    Nobody = 1,
    /// People of the register whom the campaign's rules let book.
    #[default]
    Register = 2,
    /// The same, and people whom nobody knows yet: they are added to the register.
    Anybody = 3,
}

impl WalkIn {
    pub const ALL: [Self; 3] = [Self::Nobody, Self::Register, Self::Anybody];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Nobody => 1,
            Self::Register => 2,
            Self::Anybody => 3,
        }
    }

    /// As in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Register => "register",
            Self::Anybody => "anybody",
        }
    }
}

/// What becomes of doses that are left over when a clinic's day closes. What does not fill whole
/// vials is waste in any case. The numbers are those of `campaign.left_over`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum LeftOver {
    /// Back to the pool that they came from.
    #[default]
    Pool = 1,
    /// To the clinic's next day that has doses of the same kind; where there is none, back to the
    /// pool.
    NextDay = 2,
    /// Nothing is kept, not even whole vials.
    Waste = 3,
}

impl LeftOver {
    pub const ALL: [Self; 3] = [Self::Pool, Self::NextDay, Self::Waste];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Pool => 1,
            Self::NextDay => 2,
            Self::Waste => 3,
        }
    }

    /// As in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::NextDay => "next_day",
            Self::Waste => "waste",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_its_number_and_its_word_are_one_to_one() {
        for policy in WalkIn::ALL {
            assert_eq!(policy.number(), policy as i16, "as sqlx writes it");
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.word());
        }
        for policy in LeftOver::ALL {
            assert_eq!(policy.number(), policy as i16, "as sqlx writes it");
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.word());
        }
    }
}
