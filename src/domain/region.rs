//! A province, or a district of a province.

use super::{RegionId, localized::Localized};

/// A province, or a district of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub region_id: RegionId,
    /// The province; none for a province itself.
    pub parent_id: Option<RegionId>,
    pub code: String,
    pub name: Localized,
}

/// A region before it has an id.
#[derive(Clone, Debug)]
pub struct NewRegion {
    pub parent_id: Option<RegionId>,
    pub code: String,
    pub name: Localized,
}
