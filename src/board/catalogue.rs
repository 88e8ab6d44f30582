//! Regions, clinics and campaigns as they stand between two changes of the catalogue.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;

use super::{document::Document, place::Point};
use crate::{
    db::{
        board::catalogue::{self as db, Campaign, Clinic, Cohort, Product, Tranche},
        supply::{Register, Rules},
    },
    domain::{CampaignId, ClinicId, RegionId, region::Region},
};

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
    pub campaigns: BTreeMap<CampaignId, Card>,
    pub register: Register,
    pub region_list: Document,
    pub campaign_list: Document,
}

/// A clinic and where it lies.
#[derive(Debug)]
pub struct Site {
    pub clinic: Clinic,
    pub zone: Tz,
    pub point: Option<Point>,
}

/// A public campaign, and its card as it is sent.
#[derive(Debug)]
pub struct Card {
    pub content: CardContent,
    pub document: Document,
}

#[derive(Clone, Debug, Serialize)]
pub struct CardContent {
    #[serde(flatten)]
    pub campaign: Campaign,
    pub cohorts: Vec<CohortInWords>,
    pub tranches: Vec<Tranche>,
    pub products: Vec<Product>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CohortInWords {
    #[serde(flatten)]
    pub cohort: Cohort,
    pub words: String,
}

/// What the catalogue is made of, as read in one transaction.
pub struct Parts {
    pub regions: Vec<Region>,
    pub clinics: Vec<Clinic>,
    pub campaigns: Vec<Campaign>,
    pub cohorts: Vec<Cohort>,
    pub tranches: Vec<Tranche>,
    pub products: Vec<Product>,
    pub register: Register,
}

impl Parts {
    /// Reads them in the transaction's snapshot.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(conn: &mut ::sqlx::PgConnection) -> ::sqlx::Result<Self> {
        Ok(Self {
            regions: db::regions(conn).await?,
            clinics: db::clinics(conn).await?,
            campaigns: db::campaigns(conn).await?,
            cohorts: db::cohorts(conn).await?,
            tranches: db::tranches(conn).await?,
            products: db::products(conn).await?,
            register: crate::db::supply::register(conn).await?,
        })
    }
}

impl Catalogue {
    /// # Errors
    /// When a clinic's zone is unknown, or an answer cannot be written.
    pub fn new(parts: Parts) -> io::Result<Self> {
        let cards = cards(&parts)?;
        let contents: Vec<_> = cards.values().map(|card| &card.content).collect();
        let campaign_list = Document::new(&json!({ "campaigns": contents }))?;
        let region_list = Document::new(&json!({ "regions": region_lines(&parts.regions) }))?;
        let regions: BTreeMap<_, _> =
            parts.regions.into_iter().map(|region| (region.region_id, region)).collect();
        Ok(Self {
            paths: regions.keys().map(|&id| (id, path(&regions, id))).collect(),
            clinics: parts.clinics.into_iter().map(Site::new).collect::<io::Result<_>>()?,
            regions,
            campaigns: cards,
            register: parts.register,
            region_list,
            campaign_list,
        })
    }

    /// The region itself and those that it lies in; empty for an unknown one.
    pub fn path(&self, region_id: RegionId) -> &[RegionId] {
        self.paths.get(&region_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Place of a clinic in `clinics`.
    pub fn place_of(&self, clinic_id: ClinicId) -> Option<usize> {
        self.clinics.binary_search_by_key(&clinic_id, |site| site.clinic.clinic_id).ok()
    }

    /// The rules that the public campaigns go by.
    pub fn rules(&self) -> Vec<Rules> {
        let cards = self.campaigns.iter();
        cards
            .map(|(&campaign_id, card)| Rules {
                campaign_id,
                version: card.content.campaign.rule_version,
            })
            .collect()
    }
}

impl Site {
    fn new(clinic: Clinic) -> io::Result<Self> {
        let zone = clinic.zone.parse::<Tz>().map_err(|error| {
            io::Error::other(format!("zone of clinic {}: {error}", clinic.clinic_id))
        })?;
        let point = clinic.latitude.zip(clinic.longitude).map(|(lat, lon)| Point::new(lat, lon));
        Ok(Self { clinic, zone, point })
    }
}

fn path(regions: &BTreeMap<RegionId, Region>, from: RegionId) -> Vec<RegionId> {
    let above = |id: &RegionId| regions.get(id).and_then(|region| region.parent_id);
    std::iter::successors(Some(from), above).take(REGION_LEVELS_MAX).collect()
}

fn region_lines(regions: &[Region]) -> Vec<serde_json::Value> {
    let line = |region: &Region| {
        json!({
            "region_id": region.region_id,
            "parent_id": region.parent_id,
            "code": region.code,
            "name": region.name,
        })
    };
    regions.iter().map(line).collect()
}

fn cards(parts: &Parts) -> io::Result<BTreeMap<CampaignId, Card>> {
    let mut cards = BTreeMap::new();
    for campaign in &parts.campaigns {
        let id = campaign.campaign_id;
        let cohorts = parts.cohorts.iter().filter(|cohort| cohort.campaign_id == id).cloned();
        let content = CardContent {
            campaign: campaign.clone(),
            cohorts: cohorts.map(CohortInWords::new).collect(),
            tranches: parts.tranches.iter().filter(|t| t.campaign_id == id).cloned().collect(),
            products: parts.products.iter().filter(|p| p.campaign_id == id).cloned().collect(),
        };
        let document = Document::new(&content)?;
        cards.insert(id, Card { content, document });
    }
    Ok(cards)
}

impl CohortInWords {
    fn new(cohort: Cohort) -> Self {
        let born = match (cohort.born_from, cohort.born_to) {
            (Some(from), Some(to)) => Some(format!("born from {from} to {to}")),
            (Some(from), None) => Some(format!("born on {from} or later")),
            (None, Some(to)) => Some(format!("born on {to} or earlier")),
            (None, None) => None,
        };
        let lives = cohort.region.as_ref().map(|region| format!("living in {region}"));
        let listed = cohort.roster.as_ref().map(|roster| format!("on the list \"{roster}\""));
        let conditions: Vec<_> = [born, lives, listed].into_iter().flatten().collect();
        Self { words: format!("Persons {}.", conditions.join(", ")), cohort }
    }
}
