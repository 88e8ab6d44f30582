//! By which way the doses of an allocation can be booked.

use serde::{Deserialize, Serialize};

/// The numbers are those of `allocation.channel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum Channel {
    /// By the citizens themselves.
    #[default]
    Web = 1,
    /// By telephone, or with somebody's help.
    Phone = 2,
    /// Given to those who come without a booking.
    WalkIn = 3,
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::Web, Self::Phone, Self::WalkIn];

    /// The channels of which a booking that is made this way may have a dose, its own first.
    pub const fn sources(self) -> &'static [Self] {
        match self {
            Self::Web => &[Self::Web],
            Self::Phone => &[Self::Phone, Self::Web],
            Self::WalkIn => &[Self::WalkIn, Self::Phone, Self::Web],
        }
    }

    /// The number in the database and in JSON.
    pub const fn number(self) -> i16 {
        match self {
            Self::Web => 1,
            Self::Phone => 2,
            Self::WalkIn => 3,
        }
    }

    /// What a number means.
    pub fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.number() == number)
    }

    /// As in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Phone => "phone",
            Self::WalkIn => "walk_in",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_and_its_number_are_one_to_one() {
        for channel in Channel::ALL {
            assert_eq!(Channel::of(channel.number()), Some(channel));
            assert_eq!(channel.number(), channel as i16, "as sqlx writes it");
        }
        assert_eq!([0, 4, -1].map(Channel::of), [None; 3]);
    }
}
