//! A share of a campaign that opens on its own day.

use chrono::{DateTime, Datelike, Utc};

use super::{
    TrancheId,
    birth_date::{BirthDate, Precision},
    localized::Localized,
};

/// A share of a campaign that opens on a day of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tranche {
    pub tranche_id: TrancheId,
    pub name: Localized,
    /// Last digits of the day of birth, 0 to 9.
    pub birth_day_digits: Vec<i16>,
    pub opens_at: DateTime<Utc>,
}

/// A tranche before it has an id.
#[derive(Clone, Debug)]
pub struct NewTranche {
    pub name: Localized,
    /// 0 to 9.
    pub birth_day_digits: Vec<i16>,
    pub opens_at: DateTime<Utc>,
}

impl Tranche {
    fn lists(&self, digit: u32) -> bool {
        self.birth_day_digits.iter().any(|&listed| u32::try_from(listed) == Ok(digit))
    }

    /// The key by which tranches are in the order in which they open.
    pub fn opening_order(&self) -> (DateTime<Utc>, TrancheId) {
        (self.opens_at, self.tranche_id)
    }

    /// The tranche that a person belongs to: the one that opens first among those that list them.
    /// Whoever's day of birth is not known could be of any, and nobody is made to wait for what the
    /// register does not know.
    pub fn of(tranches: &[Self], born: BirthDate) -> Option<&Self> {
        match born.precision() {
            Precision::Day => Self::of_digit(tranches, born.date().day() % 10),
            Precision::Month | Precision::Year => tranches.iter().min_by_key(|t| t.opening_order()),
        }
    }

    /// The tranche of those whose day of birth ends in this digit.
    pub fn of_digit(tranches: &[Self], digit: u32) -> Option<&Self> {
        let listing = tranches.iter().filter(|tranche| tranche.lists(digit));
        listing.min_by_key(|tranche| tranche.opening_order())
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn tranche(id: i32, digits: &[i16], opens_at: &str) -> Tranche {
        Tranche {
            tranche_id: TrancheId(id),
            name: format!("Day {id}").into(),
            birth_day_digits: digits.to_vec(),
            opens_at: opens_at.parse().unwrap(),
        }
    }

    fn belongs(tranches: &[Tranche], born: &str) -> Option<i32> {
        let born = BirthDate::parse_partial(born, NaiveDate::MAX).unwrap();
        Tranche::of(tranches, born).map(|tranche| tranche.tranche_id.0)
    }

    #[test]
    fn the_last_digit_of_the_day_of_birth_counts() {
        let ten: Vec<Tranche> =
            (0..10).map(|n| tranche(n.into(), &[n], "2021-08-09T11:00:00Z")).collect();
        let table = [
            ("1990-05-01", 1),
            ("1990-05-09", 9),
            ("1990-05-10", 0),
            ("1990-05-20", 0),
            ("1992-02-29", 9),
            ("1990-05-30", 0),
            ("1990-05-31", 1),
        ];
        for (born, digit) in table {
            assert_eq!(belongs(&ten, born), Some(digit), "{born}");
        }
    }

    #[test]
    fn of_several_the_one_that_opens_first_counts() {
        let tranches = [
            tranche(1, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "2021-08-19T11:00:00Z"),
            tranche(3, &[9], "2021-08-09T11:00:00Z"),
            tranche(2, &[9, 8], "2021-08-09T11:00:00Z"),
        ];
        assert_eq!(belongs(&tranches, "1990-05-19"), Some(2));
        assert_eq!(belongs(&tranches, "1990-05-17"), Some(1));
        assert_eq!(belongs(&tranches[1..], "1990-05-17"), None);
        // Of whoever's day of birth is not known, 31 December and 31 May stand in the register.
        for born in ["1990", "1990-05"] {
            assert_eq!(belongs(&tranches, born), Some(2));
            assert_eq!(belongs(&[], born), None);
        }
    }
}
