//! Who may book: a range of birth dates, a roster, a region, or several of these at once.

use chrono::NaiveDate;

use super::{CohortId, RegionId, RosterId, localized::Localized};

/// Every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    pub cohort_id: CohortId,
    pub name: Localized,
    /// Included.
    pub born_from: Option<NaiveDate>,
    /// Included.
    pub born_to: Option<NaiveDate>,
    pub roster_id: Option<RosterId>,
    /// A district, or a province with all its districts.
    pub region_id: Option<RegionId>,
}

/// A cohort before it has an id.
#[derive(Clone, Debug)]
pub struct NewCohort {
    pub name: Localized,
    pub born_from: Option<NaiveDate>,
    pub born_to: Option<NaiveDate>,
    pub roster_id: Option<RosterId>,
    pub region_id: Option<RegionId>,
}

/// Where a person lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    pub region_id: RegionId,
    pub province_id: Option<RegionId>,
}

/// Whether a person belongs to a cohort, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    Yes,
    No,
    /// All that is known fits, but the region is not known.
    DependsOnRegion,
    /// All that is known fits, but the lists that the person is on are not known.
    DependsOnRoster,
}

impl Cohort {
    /// Whether someone belongs; `None` for home or rosters means that they are not known.
    pub fn membership(
        &self,
        born: NaiveDate,
        home: Option<Home>,
        rosters: Option<&[RosterId]>,
    ) -> Membership {
        let in_range = self.born_from.is_none_or(|from| from <= born)
            && self.born_to.is_none_or(|to| born <= to);
        let in_region = self.region_id.map_or(Some(true), |region| {
            home.map(|home| home.region_id == region || home.province_id == Some(region))
        });
        let on_roster = self
            .roster_id
            .map_or(Some(true), |roster| rosters.map(|rosters| rosters.contains(&roster)));
        match (in_range, in_region, on_roster) {
            (false, ..) | (_, Some(false), _) | (_, _, Some(false)) => Membership::No,
            (true, None, _) => Membership::DependsOnRegion,
            (true, _, None) => Membership::DependsOnRoster,
            (true, Some(true), Some(true)) => Membership::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTRICT: RegionId = RegionId(11);
    const PROVINCE: RegionId = RegionId(1);
    const TEACHERS: RosterId = RosterId(5);

    fn born(from: Option<&str>, to: Option<&str>) -> Cohort {
        let date = |text: &str| text.parse().unwrap();
        Cohort {
            cohort_id: CohortId(1),
            name: "A cohort".into(),
            born_from: from.map(date),
            born_to: to.map(date),
            roster_id: None,
            region_id: None,
        }
    }

    fn home() -> Home {
        Home { region_id: DISTRICT, province_id: Some(PROVINCE) }
    }

    /// The cohorts that were announced in Korea in 2021, as birth dates.
    #[test]
    fn a_range_of_birth_dates_includes_both_ends() {
        let table = [
            // 55 to 59
            (Some("1962-01-01"), Some("1966-12-31"), "1961-12-31", false),
            (Some("1962-01-01"), Some("1966-12-31"), "1962-01-01", true),
            (Some("1962-01-01"), Some("1966-12-31"), "1964-02-29", true),
            (Some("1962-01-01"), Some("1966-12-31"), "1966-12-31", true),
            (Some("1962-01-01"), Some("1966-12-31"), "1967-01-01", false),
            // 53 and 54
            (Some("1967-01-01"), Some("1968-12-31"), "1966-12-31", false),
            (Some("1967-01-01"), Some("1968-12-31"), "1967-01-01", true),
            (Some("1967-01-01"), Some("1968-12-31"), "1968-02-29", true),
            (Some("1967-01-01"), Some("1968-12-31"), "1968-12-31", true),
            (Some("1967-01-01"), Some("1968-12-31"), "1969-01-01", false),
            // 18 to 49: with some who were 17 in August 2021
            (Some("1972-01-01"), Some("2003-12-31"), "1971-12-31", false),
            (Some("1972-01-01"), Some("2003-12-31"), "1972-01-01", true),
            (Some("1972-01-01"), Some("2003-12-31"), "2003-12-31", true),
            (Some("1972-01-01"), Some("2003-12-31"), "2004-01-01", false),
            // 30 and older
            (None, Some("1991-12-31"), "1911-01-01", true),
            (None, Some("1991-12-31"), "1991-12-31", true),
            (None, Some("1991-12-31"), "1992-01-01", false),
            (Some("2010-01-01"), None, "2009-12-31", false),
            (Some("2010-01-01"), None, "2021-01-01", true),
        ];
        for (from, to, date, belongs) in table {
            let membership =
                born(from, to).membership(date.parse().unwrap(), Some(home()), Some(&[]));
            let expected = if belongs { Membership::Yes } else { Membership::No };
            assert_eq!(membership, expected, "{date} in {from:?} to {to:?}");
        }
    }

    #[test]
    fn every_condition_that_is_given_must_hold() {
        let cohort = Cohort {
            region_id: Some(PROVINCE),
            roster_id: Some(TEACHERS),
            ..born(Some("1962-01-01"), None)
        };
        let (old, young) = ("1961-12-31".parse().unwrap(), "1962-01-01".parse().unwrap());
        let elsewhere = Home { region_id: RegionId(21), province_id: Some(RegionId(2)) };
        let on_roster: &[RosterId] = &[RosterId(4), TEACHERS];
        let asked = |born, home, rosters| cohort.membership(born, Some(home), Some(rosters));
        assert_eq!(asked(young, home(), on_roster), Membership::Yes);
        assert_eq!(asked(old, home(), on_roster), Membership::No);
        assert_eq!(asked(young, elsewhere, on_roster), Membership::No);
        assert_eq!(asked(young, home(), &[RosterId(4)]), Membership::No);
    }

    #[test]
    fn a_region_is_a_district_or_its_whole_province() {
        let lives_in = |cohort_region, home| {
            let cohort = Cohort { region_id: Some(cohort_region), ..born(None, None) };
            cohort.membership("1962-01-01".parse().unwrap(), Some(home), Some(&[]))
        };
        assert_eq!(lives_in(DISTRICT, home()), Membership::Yes);
        assert_eq!(lives_in(PROVINCE, home()), Membership::Yes);
        assert_eq!(lives_in(RegionId(12), home()), Membership::No);
        let province_only = Home { region_id: PROVINCE, province_id: None };
        assert_eq!(lives_in(PROVINCE, province_only), Membership::Yes);
        assert_eq!(lives_in(DISTRICT, province_only), Membership::No, "which district is unknown");
    }

    #[test]
    fn what_is_not_known_is_asked_for_only_where_it_decides() {
        let cohort = Cohort {
            region_id: Some(PROVINCE),
            roster_id: Some(TEACHERS),
            ..born(Some("1962-01-01"), None)
        };
        let (old, young) = ("1961-12-31".parse().unwrap(), "1962-01-01".parse().unwrap());
        assert_eq!(cohort.membership(old, None, None), Membership::No);
        assert_eq!(cohort.membership(young, None, None), Membership::DependsOnRegion);
        assert_eq!(cohort.membership(young, Some(home()), None), Membership::DependsOnRoster);
        assert_eq!(cohort.membership(young, None, Some(&[])), Membership::No);
    }
}
