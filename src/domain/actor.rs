//! Who moves doses, as the journal names them.

use super::{StaffUserId, localized::Localized};

/// Who moved doses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The booking's own person; the booking names them.
    Citizen,
    Staff(StaffUserId),
    Administrator(StaffUserId),
    /// An agent of the call centre, who books for somebody.
    CallCentre(StaffUserId),
    /// A background job, or whoever holds the machine.
    Service,
}

impl Actor {
    /// The number that the database keeps.
    pub const fn role(self) -> i16 {
        match self {
            Self::Citizen => 1,
            Self::Staff(_) => 2,
            Self::Administrator(_) => 3,
            Self::Service => 4,
            Self::CallCentre(_) => 5,
        }
    }

    pub const fn staff_user_id(self) -> Option<StaffUserId> {
        match self {
            Self::Staff(id) | Self::Administrator(id) | Self::CallCentre(id) => Some(id),
            Self::Citizen | Self::Service => None,
        }
    }

    /// What the database's two columns mean together.
    pub const fn of(role: i16, staff_user_id: Option<StaffUserId>) -> Option<Self> {
        match (role, staff_user_id) {
            (1, None) => Some(Self::Citizen),
            (2, Some(id)) => Some(Self::Staff(id)),
            (3, Some(id)) => Some(Self::Administrator(id)),
            (4, None) => Some(Self::Service),
            (5, Some(id)) => Some(Self::CallCentre(id)),
            _ => None,
        }
    }

    /// As in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Staff(_) => "staff",
            Self::Administrator(_) => "administrator",
            Self::Service => "service",
            Self::CallCentre(_) => "call_centre",
        }
    }
}

/// Who moves doses above the clinic, and the reason they gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub actor: Actor,
    /// The journal keeps the main text; what the public reads has all of them.
    pub reason: Localized,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_its_two_columns() {
        let id = StaffUserId(7);
        for actor in [
            Actor::Citizen,
            Actor::Staff(id),
            Actor::Administrator(id),
            Actor::Service,
            Actor::CallCentre(id),
        ] {
            assert_eq!(Actor::of(actor.role(), actor.staff_user_id()), Some(actor));
        }
        assert_eq!(Actor::of(1, Some(id)), None);
        assert_eq!(Actor::of(3, None), None);
    }
}
