//! A list of persons: an occupation, a facility.

use super::RosterId;

/// A list of persons: an occupation, a facility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub roster_id: RosterId,
    pub code: String,
    pub name: String,
}

/// A roster before it has an id; nobody is on it.
#[derive(Clone, Debug)]
pub struct NewRoster {
    pub code: String,
    pub name: String,
}
