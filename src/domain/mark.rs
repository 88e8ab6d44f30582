//! Why a person of the register neither signs in nor books, although they are in it.

use serde::{Deserialize, Serialize};

/// What an administrator has noted of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    MovedAway,
    Deceased,
}

impl Mark {
    pub const ALL: [Self; 2] = [Self::MovedAway, Self::Deceased];

    /// As in JSON and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::MovedAway => "moved_away",
            Self::Deceased => "deceased",
        }
    }

    /// The mark with this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_its_word() {
        for mark in Mark::ALL {
            assert_eq!(Mark::named(mark.word()), Some(mark));
            assert_eq!(serde_json::to_value(mark).unwrap(), mark.word());
        }
        assert_eq!(Mark::named("none"), None);
    }
}
