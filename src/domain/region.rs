//! A province, or a district of a province.

use serde::Serialize;

use super::RegionId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    pub region_id: RegionId,
    /// The province; none for a province itself.
    pub parent_id: Option<RegionId>,
    pub code: String,
    pub name: String,
}
