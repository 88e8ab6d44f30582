//! A share of a campaign that opens on its own day.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::Serialize;

use super::TrancheId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tranche {
    pub tranche_id: TrancheId,
    pub name: String,
    /// Last digits of the day of birth, 0 to 9.
    pub birth_day_digits: Vec<i16>,
    pub opens_at: DateTime<Utc>,
}

impl Tranche {
    pub fn lists(&self, born: NaiveDate) -> bool {
        let digit = born.day() % 10;
        self.birth_day_digits.iter().any(|&listed| u32::try_from(listed) == Ok(digit))
    }

    /// The tranche that a person belongs to: the one that opens first among those that list them.
    pub fn of(tranches: &[Self], born: NaiveDate) -> Option<&Self> {
        tranches
            .iter()
            .filter(|tranche| tranche.lists(born))
            .min_by_key(|tranche| (tranche.opens_at, tranche.tranche_id))
    }
}
