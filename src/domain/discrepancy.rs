//! A number that is not what the journal and the bookings say it should be.

use std::fmt;

use serde::Serialize;

/// One stored value beside the one that was derived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// Where and what: `allocation.open`, `slot.taken`, …
    pub of: String,
    /// The key of the row.
    pub id: String,
    pub stored: Option<i64>,
    pub derived: Option<i64>,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |n: Option<i64>| n.map_or_else(|| "nothing".to_owned(), |n| n.to_string());
        let (stored, derived) = (number(self.stored), number(self.derived));
        write!(f, "{} of {}: {stored} is stored, {derived} is derived", self.of, self.id)
    }
}
