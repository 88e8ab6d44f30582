//! The page of a round's numbers: where the doses are, by region and by day, whose turn is when,
//! the clinics on a map, and how the limit changed.

pub mod map;
pub mod tally;

use askama::Template;
use chrono_tz::Tz;

use self::{map::Label, tally::Tally};
use super::{
    cut_off,
    page::Frame,
    part::Bar,
    round::{Round, Said},
    text::{Html, Texts},
};
use crate::{
    board::snapshot::{DaySupply, RegionSupply, Snapshot, Supply},
    config::Site,
    domain::{CampaignId, RegionId, calendar::local_date},
    words,
};

#[derive(Template)]
#[template(path = "supply.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    live: &'a str,
    turn: String,
    cut_off: Option<String>,
    round: Round,
    states: Vec<(&'static str, String)>,
    sum: String,
    in_store: String,
    regions: Vec<RegionRow>,
    /// The districts of each region.
    districts: Vec<(String, Vec<RegionRow>)>,
    /// Day, free doses, all doses.
    days: Vec<(String, Bar, String)>,
    /// Digits, opening, free doses.
    turns: Vec<(String, String, String)>,
    map: Option<Html>,
    map_about: String,
    /// Name, clinics with free doses, clinics without.
    clinics: Vec<(String, String, String)>,
}

/// A region in the tables.
struct RegionRow {
    id: RegionId,
    name: String,
    free: Bar,
    granted: String,
}

/// The page of a snapshot, with the sentences of its live document and what they belong to; none
/// for what is not public.
///
/// # Errors
/// Those of the template.
pub fn render(
    t: Texts,
    site: &Site,
    (snapshot, id): (&Snapshot, CampaignId),
    tally: &Tally,
    live: &str,
) -> askama::Result<Option<(String, Vec<Said>, String)>> {
    let Some(round) = Round::new(t, snapshot, id) else { return Ok(None) };
    let Some(published) = snapshot.supplies.get(&id) else { return Ok(None) };
    let supply = &published.supply;
    let said = round.said().cloned().collect();
    let turn = round.turn() + cut_off::turn(snapshot);
    let (some, none) = (t.count(tally.clinics.with), t.count(tally.clinics.without));
    let map_about = t.map_about(&some, &none);
    let here = round.path.clone();
    let page = Page {
        t,
        frame: Frame::new(t, site, &here),
        live,
        turn: turn.clone(),
        cut_off: cut_off::sentence(t, site, snapshot),
        states: states(t, supply),
        sum: t.count(supply.totals.granted),
        in_store: t.count(supply.held_back),
        regions: regions(t, supply, tally, None),
        districts: districts(t, supply, tally),
        days: days(t, site.zone, supply, tally),
        turns: turns(t, snapshot, supply),
        map: map::draw(&tally.dots, &labels(t, supply, tally), t.map_title(), &map_about),
        map_about,
        clinics: clinics(t, supply, tally),
        round,
    };
    Ok(Some((page.render()?, said, turn)))
}

/// The doses at clinics by what has become of them; those that cannot be booked under the reason.
/// What there is none of is left out, save what people look for.
fn states(t: Texts, supply: &Supply) -> Vec<(&'static str, String)> {
    let (not, doses) = (&supply.not_bookable, &supply.totals);
    let always = [(t.dose_free(), supply.bookable.doses)];
    let reasons = [
        (t.dose_turn_to_come(), not.tranche_not_open),
        (t.dose_no_time(), not.no_seats),
        (t.dose_closed_day(), not.closed_day),
        (t.dose_other_channel(), not.other_channel),
        (t.dose_past_day(), not.past_day),
        (t.dose_not_offered(), not.product_not_offered),
        (t.dose_of_nobody(), not.tranche_of_nobody),
        (t.dose_held(), doses.held),
        (t.dose_spare(), doses.spare),
        (t.dose_lost(), doses.lost),
    ];
    let people = [(t.dose_booked(), doses.booked), (t.dose_given(), doses.given)];
    let reasons = reasons.into_iter().filter(|(_, doses)| *doses != 0);
    let all = always.into_iter().chain(people).chain(reasons);
    all.map(|(state, doses)| (state, t.count(doses))).collect()
}

/// The regions right below this one, or the top ones.
fn regions(t: Texts, supply: &Supply, tally: &Tally, parent: Option<RegionId>) -> Vec<RegionRow> {
    let inside = supply.by_region.iter().filter(|region| region.parent_id == parent);
    let row = |region: &RegionSupply| RegionRow {
        id: region.region_id,
        name: name(t, region),
        free: Bar {
            part: tally.by_region.get(&region.region_id).copied().unwrap_or(0),
            whole: region.doses.granted,
        },
        granted: t.count(region.doses.granted),
    };
    inside.map(row).collect()
}

fn name(t: Texts, region: &RegionSupply) -> String {
    let own = if t.is_korean() { &region.name_ko } else { &region.name_en };
    own.as_ref().unwrap_or(&region.name).clone()
}

fn districts(t: Texts, supply: &Supply, tally: &Tally) -> Vec<(String, Vec<RegionRow>)> {
    let top = supply.by_region.iter().filter(|region| region.parent_id.is_none());
    let all = top.map(|region| {
        let inside = regions(t, supply, tally, Some(region.region_id));
        (name(t, region), inside)
    });
    all.filter(|(_, inside)| !inside.is_empty()).collect()
}

/// The days that are not over in this zone.
fn days(t: Texts, zone: Tz, supply: &Supply, tally: &Tally) -> Vec<(String, Bar, String)> {
    let today = local_date(supply.as_of, zone);
    let coming = supply.by_day.iter().filter(|day| day.date >= today);
    let row = |day: &DaySupply| {
        let free = tally.by_day.get(&day.date).copied().unwrap_or(0);
        let bar = Bar { part: free, whole: day.doses.granted };
        (words::short_date(t.language(), day.date), bar, t.count(day.doses.granted))
    };
    coming.map(row).collect()
}

/// Digits, opening and free doses of each tranche, in the order in which they open.
fn turns(t: Texts, snapshot: &Snapshot, supply: &Supply) -> Vec<(String, String, String)> {
    let Some(card) = snapshot.catalogue.campaigns.get(&supply.campaign_id) else {
        return Vec::new();
    };
    let tranches = card.offer.tranches().iter().zip(&supply.bookable.by_tranche);
    let row = tranches.map(|(offered, doses)| {
        let digits = offered.tranche.birth_day_digits.iter().map(i16::to_string);
        let digits: Vec<_> = digits.collect();
        let from = words::brief(t.language(), offered.tranche.opens_at, card.campaign.zone);
        (digits.join(", "), from, t.count(doses.doses))
    });
    row.collect()
}

fn labels(t: Texts, supply: &Supply, tally: &Tally) -> Vec<Label> {
    let top = supply.by_region.iter().filter(|region| region.parent_id.is_none());
    let label = |region: &RegionSupply| {
        let dots = tally.dots.iter().filter(|dot| dot.region_id == region.region_id);
        let dots = dots.map(|dot| (dot.latitude, dot.longitude)).collect();
        Label { name: name(t, region), dots }
    };
    top.map(label).collect()
}

/// The twin of the map.
fn clinics(t: Texts, supply: &Supply, tally: &Tally) -> Vec<(String, String, String)> {
    let top = supply.by_region.iter().filter(|region| region.parent_id.is_none());
    let row = |region: &RegionSupply| {
        let clinics = tally.clinics_by_region.get(&region.region_id).copied();
        let clinics = clinics.unwrap_or_default();
        (name(t, region), t.count(clinics.with), t.count(clinics.without))
    };
    top.map(row).collect()
}
