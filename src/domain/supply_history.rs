//! What is written down for everybody whenever a campaign's limit or state changes.

use chrono::{DateTime, Utc};

use super::localized::Localized;

/// The words are those of `supply_history_event_check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Published,
    Opened,
    Paused,
    /// Opened again after a pause.
    Resumed,
    Closed,
    /// Doses came into the nation's pool.
    Received,
    /// Doses went to a clinic.
    Granted,
    /// Doses went back from a clinic.
    Retracted,
    /// Doses that were said to have come into the nation's pool never did.
    Corrected,
}

impl Event {
    const ALL: [Self; 9] = [
        Self::Published,
        Self::Opened,
        Self::Paused,
        Self::Resumed,
        Self::Closed,
        Self::Received,
        Self::Granted,
        Self::Retracted,
        Self::Corrected,
    ];

    /// The event of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }

    /// As in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Opened => "opened",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Closed => "closed",
            Self::Received => "received",
            Self::Granted => "granted",
            Self::Retracted => "retracted",
            Self::Corrected => "corrected",
        }
    }
}

/// What everybody can read: an event, and the reason that was given for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub supply_history_id: i64,
    pub at: DateTime<Utc>,
    /// The word of an `Event`.
    pub event: String,
    /// Change of the campaign's doses; none where the event changes none.
    pub doses: Option<i32>,
    pub reason: Localized,
}
