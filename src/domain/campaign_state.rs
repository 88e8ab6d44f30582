//! Where a campaign is in its life, and the steps that administrators take it through.

use serde::{Deserialize, Serialize};

/// Where a campaign is in its life. The numbers are those of `campaign.state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being prepared; not public.
    Draft = 1,
    /// Public, with its quota; cannot be booked yet.
    Published = 2,
    /// Can be booked within its window.
    Open = 3,
    /// Booking is held up for a published reason.
    Paused = 4,
    /// Over.
    Closed = 5,
}

/// A number that is no state.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a campaign's state")]
pub struct UnknownState(i16);

impl TryFrom<i16> for State {
    type Error = UnknownState;

    fn try_from(number: i16) -> Result<Self, UnknownState> {
        match number {
            1 => Ok(Self::Draft),
            2 => Ok(Self::Published),
            3 => Ok(Self::Open),
            4 => Ok(Self::Paused),
            5 => Ok(Self::Closed),
            _ => Err(UnknownState(number)),
        }
    }
}

impl From<State> for i16 {
    fn from(state: State) -> Self {
        match state {
            State::Draft => 1,
            State::Published => 2,
            State::Open => 3,
            State::Paused => 4,
            State::Closed => 5,
        }
    }
}

/// What an administrator does to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Makes the campaign and its quota public.
    Publish,
    /// Opens booking, or resumes it.
    Open,
    /// Holds booking up.
    Pause,
    /// Ends booking for good.
    Close,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Publish, Self::Open, Self::Pause, Self::Close];
}

impl State {
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Published, Self::Open, Self::Paused, Self::Closed];

    /// As in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Closed => "closed",
        }
    }
}
