//! A pool and some doses, by name, as the facts of refusals have it.

use serde::{Deserialize, Serialize};

use super::{
    ids::{PoolId, RegionId},
    localized::Localized,
};

/// A pool and some doses: what it has, or what went there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub pool_id: PoolId,
    pub region_id: Option<RegionId>,
    /// Of its region; none is the nation's.
    pub name: Option<String>,
    pub name_ko: Option<String>,
    pub name_en: Option<String>,
    pub doses: i32,
}

impl Stock {
    /// The name of its region; none is the nation's.
    pub fn name(&self) -> Option<Localized> {
        let main = self.name.clone()?;
        Some(Localized::new(main, self.name_ko.clone(), self.name_en.clone()))
    }
}
