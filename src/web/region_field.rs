//! The districts of the country, to be chosen from.

use super::{part::Choice, text::Texts};
use crate::{board::snapshot::Snapshot, domain::RegionId};

/// All districts under their provinces; a province without districts stands for itself.
pub fn districts(t: Texts, snapshot: &Snapshot) -> Vec<(String, Vec<Choice>)> {
    let regions = &snapshot.catalogue.regions;
    let choice = |id: RegionId, name: &str| Choice {
        value: id.to_string(),
        label: name.to_owned().into(),
        hint: "".into(),
    };
    let provinces = regions.values().filter(|region| region.parent_id.is_none());
    let group = |province: &crate::domain::region::Region| {
        let within = regions.values().filter(|region| region.parent_id == Some(province.region_id));
        let mut districts: Vec<_> =
            within.map(|region| choice(region.region_id, t.name(&region.name))).collect();
        if districts.is_empty() {
            districts.push(choice(province.region_id, t.name(&province.name)));
        }
        (t.name(&province.name).to_owned(), districts)
    };
    provinces.map(group).collect()
}
