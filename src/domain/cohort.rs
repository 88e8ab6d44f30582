//! Who may book: a range of birth dates, a roster, a region, or several of these at once.

use chrono::NaiveDate;
use serde::Serialize;

use super::{CohortId, RegionId, RosterId};

/// Every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cohort {
    pub cohort_id: CohortId,
    pub name: String,
    /// Included.
    pub born_from: Option<NaiveDate>,
    /// Included.
    pub born_to: Option<NaiveDate>,
    pub roster_id: Option<RosterId>,
    /// A district, or a province with all its districts.
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
    /// Nothing known speaks against it, but the region is not known.
    DependsOnRegion,
    /// Nothing known speaks against it, but the lists that the person is on are not known.
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
