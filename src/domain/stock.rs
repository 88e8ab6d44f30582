//! Pools and doses by name, as the facts of refusals have them.

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

/// Doses that are to be taken back from a pool, and are not there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    pub pool_id: PoolId,
    /// Of its region; none is the nation's.
    pub name: Option<String>,
    pub name_ko: Option<String>,
    pub name_en: Option<String>,
    /// So many are to be taken back.
    pub doses: i32,
    /// So many are there.
    pub open: i32,
    /// Pools below, and what they have had of this one.
    pub went: Vec<Stock>,
    /// What its allocations have had.
    pub granted: i32,
    pub lost: i32,
}

impl Gone {
    /// The pool, and what it has.
    pub fn pool(&self) -> Stock {
        Stock {
            pool_id: self.pool_id,
            region_id: None,
            name: self.name.clone(),
            name_ko: self.name_ko.clone(),
            name_en: self.name_en.clone(),
            doses: self.open,
        }
    }
}
