//! What became of bookings: the shares that administrators look at.

use std::iter::Sum;

/// What became of a clinic's bookings in a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Dose given, walk-ins too.
    pub given: i64,
    pub no_shows: i64,
    /// Came, and was not vaccinated.
    pub not_vaccinated: i64,
}

impl Outcomes {
    /// Everybody who was expected and whose booking has ended.
    pub fn expected(self) -> i64 {
        self.given + self.no_shows + self.not_vaccinated
    }
}

impl Sum for Outcomes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            given: sum.given + one.given,
            no_shows: sum.no_shows + one.no_shows,
            not_vaccinated: sum.not_vaccinated + one.not_vaccinated,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_hold_everybody() {
        let one = Outcomes { given: 3, no_shows: 2, not_vaccinated: 1 };
        let all: Outcomes = [one, one].into_iter().sum();
        assert_eq!(all, Outcomes { given: 6, no_shows: 4, not_vaccinated: 2 });
        assert_eq!((all.expected(), Outcomes::default().expected()), (12, 0));
    }
}
