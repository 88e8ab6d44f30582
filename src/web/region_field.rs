//! The districts of the country, to be chosen from. Written once a catalogue and language: they are
//! most of the pages on which they stand.

use std::sync::Arc;

use super::{
    part::{Choice, options},
    text::Texts,
};
use crate::{
    board::{catalogue::Catalogue, snapshot::Snapshot},
    domain::{language::Language, region::Region},
    http::shelf::{Parts, Shelf},
};

/// All districts, or none: where somebody lives.
const HOMES: &str = "homes";
/// All districts and provinces, or none: where somebody looks for a clinic.
const PLACES: &str = "places";

/// The lists that pages share.
pub fn parts(catalogue: &Catalogue) -> Parts {
    let of = |language| {
        let t = Texts(language);
        let (homes, places) = (options(&homes(t, catalogue)), options(&places(t, catalogue)));
        [((HOMES, language), Arc::from(homes)), ((PLACES, language), Arc::from(places))]
    };
    Language::ALL.into_iter().flat_map(of).collect()
}

/// The options for where somebody lives.
pub fn home_options(t: Texts, shelf: &Shelf, snapshot: &Snapshot) -> Arc<str> {
    let made = || options(&homes(t, &snapshot.catalogue)).into();
    shelf.part((HOMES, t.language()), snapshot).unwrap_or_else(made)
}

/// The options for where somebody looks for a clinic.
pub fn place_options(t: Texts, shelf: &Shelf, snapshot: &Snapshot) -> Arc<str> {
    let made = || options(&places(t, &snapshot.catalogue)).into();
    shelf.part((PLACES, t.language()), snapshot).unwrap_or_else(made)
}

fn choice(region: &Region, label: &str) -> Choice {
    let (value, label) = (region.region_id.to_string(), label.to_owned().into());
    Choice { value, label, hint: "".into() }
}

fn none(label: &'static str) -> (String, Vec<Choice>) {
    (String::new(), vec![Choice { value: String::new(), label: label.into(), hint: "".into() }])
}

fn provinces(catalogue: &Catalogue) -> impl Iterator<Item = &Region> {
    catalogue.regions.values().filter(|region| region.parent_id.is_none())
}

fn within<'a>(catalogue: &'a Catalogue, province: &Region) -> impl Iterator<Item = &'a Region> {
    let id = province.region_id;
    catalogue.regions.values().filter(move |region| region.parent_id == Some(id))
}

/// All districts under their provinces; a province without districts stands for itself.
pub fn districts(t: Texts, catalogue: &Catalogue) -> Vec<(String, Vec<Choice>)> {
    let group = |province: &Region| {
        let mut districts: Vec<_> = within(catalogue, province)
            .map(|region| choice(region, t.name(&region.name)))
            .collect();
        if districts.is_empty() {
            districts.push(choice(province, t.name(&province.name)));
        }
        (t.name(&province.name).to_owned(), districts)
    };
    provinces(catalogue).map(group).collect()
}

fn homes(t: Texts, catalogue: &Catalogue) -> Vec<(String, Vec<Choice>)> {
    [none(t.region_not_said())].into_iter().chain(districts(t, catalogue)).collect()
}

/// Districts under the province that they lie in, and the whole of it.
fn places(t: Texts, catalogue: &Catalogue) -> Vec<(String, Vec<Choice>)> {
    let group = |province: &Region| {
        let name = t.name(&province.name);
        let whole = choice(province, &t.all_of_province(name));
        let districts = within(catalogue, province);
        let districts = districts.map(|region| choice(region, t.name(&region.name)));
        (name.to_owned(), [whole].into_iter().chain(districts).collect())
    };
    [none(t.choose_district())].into_iter().chain(provinces(catalogue).map(group)).collect()
}
