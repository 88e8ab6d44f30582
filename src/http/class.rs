//! Kinds of requests, and what each yields to: one table. What is nearest to a booking goes first,
//! and comes back first where it was refused.

/// A kind of request, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// To see what became of a booking.
    Afterwards,
    /// To read what people at a counter need.
    Desk,
    Booking,
    Cancel,
    /// To be signed in by a code.
    TryCode,
    /// To sign in by password, as staff do.
    SignIn,
    /// To be sent a code.
    AskCode,
    /// To read something of one's own.
    Read,
    /// To be found by the number of a booking.
    LookUp,
    Export,
    Upload,
}

/// Yields to nothing.
const NEVER: f64 = f64::INFINITY;

/// What a class yields to, and how soon it comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// As metrics name it.
    pub name: &'static str,
    /// Refused from this load of the lanes on; at 1 the lanes refuse bookings too.
    pub yields_at: f64,
    /// And from this load of the lane of sign-ins on.
    pub yields_to_sign_ins_at: f64,
    /// Those who are refused come back within so many seconds after the time that the lane says.
    pub spread_seconds: u64,
}

impl Class {
    pub const ALL: [Self; 11] = [
        Self::Afterwards,
        Self::Desk,
        Self::Booking,
        Self::Cancel,
        Self::TryCode,
        Self::SignIn,
        Self::AskCode,
        Self::Read,
        Self::LookUp,
        Self::Export,
        Self::Upload,
    ];

    pub const fn terms(self) -> Terms {
        let (name, yields_at, yields_to_sign_ins_at, spread_seconds) = match self {
            Self::Afterwards => ("afterwards", NEVER, NEVER, 1),
            Self::Desk => ("desk", NEVER, NEVER, 1),
            // Each is told a second of their own by the lane.
            Self::Booking => ("booking", 1.0, NEVER, 0),
            Self::Cancel => ("cancel", 0.95, NEVER, 1),
            Self::TryCode => ("try_code", 0.9, NEVER, 2),
            Self::SignIn => ("sign_in", 0.85, NEVER, 3),
            Self::AskCode => ("ask_code", 0.8, 0.8, 5),
            Self::Read => ("read", 0.7, NEVER, 9),
            Self::LookUp => ("look_up", 0.6, NEVER, 14),
            Self::Export => ("export", 0.4, NEVER, 19),
            Self::Upload => ("upload", 0.4, NEVER, 19),
        };
        Terms { name, yields_at, yields_to_sign_ins_at, spread_seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_yields_later_comes_back_no_later() {
        for pair in Class::ALL.windows(2) {
            let (first, second) = (pair[0].terms(), pair[1].terms());
            assert!(first.yields_at >= second.yields_at, "{first:?} {second:?}");
        }
        let waiting = Class::ALL.map(Class::terms).into_iter().filter(|one| one.yields_at < NEVER);
        let waiting: Vec<_> = waiting.map(|one| one.spread_seconds).collect();
        assert!(waiting.is_sorted(), "{waiting:?}");
        assert!(waiting.first() < waiting.last(), "the control");
    }

    #[test]
    fn the_journey_is_in_the_order_in_which_people_come_to_a_booking() {
        let [booking, cancel, try_code, ask_code, read, look_up] = [
            Class::Booking,
            Class::Cancel,
            Class::TryCode,
            Class::AskCode,
            Class::Read,
            Class::LookUp,
        ]
        .map(|class| class.terms().yields_at);
        assert!(booking > cancel && cancel > try_code && try_code > ask_code);
        assert!(ask_code > read && read > look_up);
    }
}
