//! Regions, clinics and campaigns as they stand between two changes of the catalogue.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::{
    clinic_index::ClinicIndex,
    document::Document,
    place::Point,
    view::{CampaignView, CohortView, ProductView, RegionView, TrancheView},
};
use crate::{
    db::{
        self,
        supply::{Register, Version},
    },
    domain::{
        CampaignId, ClinicId, CourseId, RegionId, RosterId,
        availability::Offer,
        campaign::{Campaign, State},
        clinic::Clinic,
        cohort::Cohort,
        course::Course,
        language::Language,
        localized::Localized,
        region::Region,
        roster::Roster,
        rule_set::Rules,
        supply_history::Entry,
    },
};

/// Entries of a campaign's history that are kept for its pages.
const CHANGES_MAX: i64 = 50;
/// How many regions a region may lie in: a province is all that the schema means today.
const REGION_LEVELS_MAX: usize = 8;

#[derive(Debug)]
pub struct Catalogue {
    /// By id.
    pub regions: BTreeMap<RegionId, Region>,
    /// A region, and those that it lies in.
    paths: HashMap<RegionId, Vec<RegionId>>,
    /// By id; others name a clinic by its place in here.
    pub clinics: Vec<Site>,
    pub index: ClinicIndex,
    pub campaigns: BTreeMap<CampaignId, Card>,
    pub register: Register,
    pub region_list: Document,
    pub campaign_list: Document,
}

/// A clinic and where it lies.
#[derive(Debug)]
pub struct Site {
    pub clinic: Clinic,
    pub point: Option<Point>,
}

/// A public campaign, and its card as it is sent.
#[derive(Debug)]
pub struct Card {
    pub campaign: Campaign,
    /// What its doses protect against.
    pub course: Localized,
    /// Who may book what, in the present version: what a booking is judged by too.
    pub rules: Rules,
    /// By these rules.
    pub offer: Offer,
    /// The last changes of its limit and state, newest first. Whoever writes one touches the
    /// catalogue.
    pub changes: Vec<Entry>,
    pub document: Document,
}

impl Card {
    /// Whether state and window let anybody book at this instant.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        let Campaign { state, opens_at, closes_at, .. } = self.campaign;
        state == State::Open && (opens_at..closes_at).contains(&now)
    }
}

/// What everybody can read of a campaign.
#[derive(Serialize)]
struct CardView<'a> {
    #[serde(flatten)]
    campaign: CampaignView<'a>,
    /// What its doses protect against.
    course: &'a str,
    course_ko: Option<&'a str>,
    course_en: Option<&'a str>,
    cohorts: Vec<CohortInWords<'a>>,
    /// In the order in which they open.
    tranches: Vec<TrancheView<'a>>,
    products: Vec<ProductView<'a>>,
}

#[derive(Serialize)]
struct CohortInWords<'a> {
    #[serde(flatten)]
    cohort: CohortView<'a>,
    words: String,
}

/// What the catalogue is made of, as read in one transaction.
pub struct Parts {
    regions: Vec<Region>,
    clinics: Vec<Clinic>,
    courses: Vec<Course>,
    rosters: Vec<Roster>,
    /// Those that are not drafts.
    campaigns: Vec<(Campaign, Rules, Vec<Entry>)>,
    register: Register,
}

impl Parts {
    /// Reads them in the transaction's snapshot.
    pub async fn read(conn: &mut sqlx::PgConnection) -> sqlx::Result<Self> {
        const ALL: i64 = i64::MAX;
        let mut campaigns = Vec::new();
        for campaign in db::campaign::list(&mut *conn, CampaignId(0), ALL).await? {
            if campaign.state != State::Draft {
                let (id, version) = (campaign.campaign_id, campaign.rule_version);
                let rules = db::eligibility::rules(&mut *conn, id, version).await?;
                let rules = rules.ok_or(sqlx::Error::RowNotFound)?;
                let changes = db::supply_history::latest(&mut *conn, id, CHANGES_MAX).await?;
                campaigns.push((campaign, rules, changes));
            }
        }
        Ok(Self {
            regions: db::region::list(&mut *conn, RegionId(0), ALL).await?,
            clinics: db::clinic::list(&mut *conn, ClinicId(0), ALL).await?,
            courses: db::course::list(&mut *conn, CourseId(0), ALL).await?,
            rosters: db::roster::list(&mut *conn, RosterId(0), ALL).await?,
            register: db::supply::register(conn).await?,
            campaigns,
        })
    }
}

impl Catalogue {
    /// # Errors
    /// When an answer cannot be written.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let (campaigns, campaign_list) = cards(&parts)?;
        let views: Vec<_> = parts.regions.iter().map(RegionView::from).collect();
        let region_list = Document::new(&json!({ "regions": views }))?;
        let regions: BTreeMap<_, _> =
            parts.regions.into_iter().map(|region| (region.region_id, region)).collect();
        let paths: HashMap<_, _> = regions.keys().map(|&id| (id, path(&regions, id))).collect();
        let clinics: Vec<_> = parts.clinics.into_iter().map(Site::from).collect();
        let path_of = |id| paths.get(id).map(Vec::as_slice).unwrap_or_default();
        let index =
            ClinicIndex::new(clinics.iter().map(|at| (path_of(&at.clinic.region_id), at.point)));
        Ok(Self {
            paths,
            clinics,
            index,
            regions,
            campaigns,
            register: parts.register,
            region_list,
            campaign_list,
        })
    }

    /// The region itself and those that it lies in; empty for an unknown one.
    pub fn path(&self, region_id: RegionId) -> &[RegionId] {
        self.paths.get(&region_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether both have the same clinics, in the same regions.
    pub fn has_sites_of(&self, other: &Self) -> bool {
        let is_same = |(a, b): (&Site, &Site)| {
            a.clinic.clinic_id == b.clinic.clinic_id
                && self.path(a.clinic.region_id) == other.path(b.clinic.region_id)
        };
        self.clinics.len() == other.clinics.len()
            && self.clinics.iter().zip(&other.clinics).all(is_same)
    }

    /// The clinic with this id.
    pub fn clinic(&self, clinic_id: ClinicId) -> Option<&Clinic> {
        self.clinics.get(self.place_of(clinic_id)?).map(|site| &site.clinic)
    }

    /// The middle of the clinics of a region, or of the next one around it that has clinics whose
    /// places are known.
    pub fn middle_of(&self, region_id: RegionId) -> Option<Point> {
        self.path(region_id).iter().find_map(|within| self.index.middle_of(*within))
    }

    /// Place of a clinic in `clinics`.
    pub fn place_of(&self, clinic_id: ClinicId) -> Option<usize> {
        self.clinics.binary_search_by_key(&clinic_id, |site| site.clinic.clinic_id).ok()
    }

    /// The version of the rules of each public campaign.
    pub fn versions(&self) -> Vec<Version> {
        let cards = self.campaigns.iter();
        cards
            .map(|(&campaign_id, card)| Version { campaign_id, number: card.campaign.rule_version })
            .collect()
    }
}

impl From<Clinic> for Site {
    fn from(clinic: Clinic) -> Self {
        let point = clinic.latitude.zip(clinic.longitude).map(|(lat, lon)| Point::new(lat, lon));
        Self { clinic, point }
    }
}

fn path(regions: &BTreeMap<RegionId, Region>, from: RegionId) -> Vec<RegionId> {
    let above = |id: &RegionId| regions.get(id).and_then(|region| region.parent_id);
    std::iter::successors(Some(from), above).take(REGION_LEVELS_MAX).collect()
}

/// Each campaign's card, and the list of all.
fn cards(parts: &Parts) -> io::Result<(BTreeMap<CampaignId, Card>, Document)> {
    let mut cards = BTreeMap::new();
    let mut views = Vec::new();
    for (campaign, rules, changes) in &parts.campaigns {
        let view = card(campaign, rules, parts);
        let document = Document::new(&view)?;
        let course = parts.courses.iter().find(|course| course.course_id == campaign.course_id);
        let card = Card {
            campaign: campaign.clone(),
            course: course.map(|course| course.name.clone()).unwrap_or_default(),
            offer: rules.into(),
            rules: rules.clone(),
            changes: changes.clone(),
            document,
        };
        cards.insert(campaign.campaign_id, card);
        views.push(view);
    }
    Ok((cards, Document::new(&json!({ "campaigns": views }))?))
}

fn card<'a>(campaign: &'a Campaign, rules: &'a Rules, parts: &'a Parts) -> CardView<'a> {
    let course = parts.courses.iter().find(|course| course.course_id == campaign.course_id);
    let course = course.map(|course| &course.name);
    let mut tranches: Vec<_> = rules.tranches.iter().collect();
    tranches.sort_by_key(|tranche| tranche.opening_order());
    CardView {
        campaign: campaign.into(),
        course: course.map(|name| name.main.as_str()).unwrap_or_default(),
        course_ko: course.and_then(|name| name.ko.as_deref()),
        course_en: course.and_then(|name| name.en.as_deref()),
        cohorts: rules.cohorts.iter().map(|cohort| in_words(cohort, parts)).collect(),
        tranches: tranches.into_iter().map(TrancheView::from).collect(),
        products: rules.products.iter().map(ProductView::from).collect(),
    }
}

fn in_words<'a>(cohort: &'a Cohort, parts: &Parts) -> CohortInWords<'a> {
    let born = match (cohort.born_from, cohort.born_to) {
        (Some(from), Some(to)) => Some(format!("born from {from} to {to}")),
        (Some(from), None) => Some(format!("born on {from} or later")),
        (None, Some(to)) => Some(format!("born on {to} or earlier")),
        (None, None) => None,
    };
    let region = parts.regions.iter().find(|region| Some(region.region_id) == cohort.region_id);
    let roster = parts.rosters.iter().find(|roster| Some(roster.roster_id) == cohort.roster_id);
    let lives =
        region.map(|region| format!("living in {}", region.name.in_language(Language::English)));
    let listed = roster.map(|roster| format!("on the list \"{}\"", roster.name));
    let conditions: Vec<_> = [born, lives, listed].into_iter().flatten().collect();
    let words = format!("Persons {}.", conditions.join(", "));
    CohortInWords { cohort: cohort.into(), words }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// With these places and no campaigns.
    pub(crate) fn catalogue(regions: Vec<Region>, clinics: Vec<Clinic>) -> Catalogue {
        let (courses, rosters, campaigns) = (Vec::new(), Vec::new(), Vec::new());
        let register = Register::default();
        let parts = Parts { regions, clinics, courses, rosters, campaigns, register };
        Catalogue::new(parts).unwrap()
    }
}
