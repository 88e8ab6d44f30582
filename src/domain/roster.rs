//! A list of persons: an occupation, a facility.

use serde::Serialize;

use super::RosterId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roster {
    pub roster_id: RosterId,
    pub code: String,
    pub name: String,
}
