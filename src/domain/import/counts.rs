//! How many rows of a file became what.

use serde::{Deserialize, Serialize};

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub rows_accepted: u64,
    pub rows_changed: u64,
    pub rows_unchanged: u64,
    pub rows_rejected: u64,
}
