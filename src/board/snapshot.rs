//! What everybody sees: immutable, made at most once a second, its answers already written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::{
    catalogue::Catalogue,
    document::Document,
    read_model::{Broken, Changes, ClinicSums, ReadModel, Sums},
    slot::Slots,
};
use crate::{
    db::supply::{Register, Version},
    domain::{CampaignId, ProductId, RegionId, campaign::State, supply::Buckets},
};

/// `as_of` moves when something changed, and otherwise only this often: an answer that did not
/// change keeps its bytes and its entity tag for so long.
const UNCHANGED_SECONDS_MAX: TimeDelta = TimeDelta::seconds(5);

/// The supply of one campaign, as it is sent.
#[derive(Clone, Debug, Serialize)]
pub struct Supply {
    pub campaign_id: CampaignId,
    /// By the database's clock: everything that was committed before is included.
    pub as_of: DateTime<Utc>,
    /// How many lines of the journal are included, of all campaigns.
    pub version: i64,
    pub state: State,
    pub state_reason: Option<String>,
    pub state_reason_ko: Option<String>,
    pub state_reason_en: Option<String>,
    pub published_quota: Option<i32>,
    /// Doses received for this campaign that no clinic has been granted yet.
    pub held_back: i64,
    pub totals: Buckets,
    /// Persons of the register who are in a cohort, when they were last counted by the present
    /// rules; none until then.
    pub eligible: Option<i64>,
    /// Those among them who have neither a booking nor a dose.
    pub not_yet_booked: Option<i64>,
    pub by_region: Vec<RegionSupply>,
    pub by_day: Vec<DaySupply>,
}

/// A province (its districts included) or a district.
#[derive(Clone, Debug, Serialize)]
pub struct RegionSupply {
    pub region_id: RegionId,
    pub code: String,
    pub name: String,
    pub name_ko: Option<String>,
    pub name_en: Option<String>,
    pub parent_id: Option<RegionId>,
    #[serde(flatten)]
    pub doses: Buckets,
    pub eligible: Option<i64>,
}

/// The doses of a local day, of all clinics.
#[derive(Clone, Debug, Serialize)]
pub struct DaySupply {
    pub date: NaiveDate,
    #[serde(flatten)]
    pub doses: Buckets,
}

/// A supply and its written form.
#[derive(Debug)]
pub struct Published {
    pub supply: Supply,
    pub document: Document,
}

/// A clinic as it stands.
#[derive(Clone, Debug)]
pub struct ClinicNow {
    /// By campaign, then date, then product.
    pub days: Arc<[ClinicDay]>,
    pub slots: Arc<Slots>,
}

/// A date at a clinic, for one product of one campaign.
#[derive(Clone, Copy, Debug)]
pub struct ClinicDay {
    pub campaign_id: CampaignId,
    pub date: NaiveDate,
    pub product_id: ProductId,
    /// Doses that can be booked on the web.
    pub open: i64,
    /// Free seats in slots that are not closed, for whichever campaign and product.
    pub seats_left: i64,
}

/// What handlers read, at one position of the journal.
#[derive(Debug)]
pub struct Snapshot {
    pub as_of: DateTime<Utc>,
    /// How many lines of the journal are included.
    pub version: i64,
    pub catalogue: Arc<Catalogue>,
    /// Of the campaigns that are not drafts.
    pub supplies: BTreeMap<CampaignId, Arc<Published>>,
    /// As `Catalogue::clinics`.
    pub clinics: Vec<ClinicNow>,
}

/// Who may ask for a dose, counted by campaign and region (districts are part of their province).
#[derive(Clone, Debug, Default)]
pub struct Eligible {
    pub register: Register,
    pub campaigns: HashMap<CampaignId, EligibleIn>,
}

#[derive(Clone, Debug, Default)]
pub struct EligibleIn {
    pub rule_version: i32,
    pub total: i64,
    pub by_region: HashMap<RegionId, i64>,
}

impl Eligible {
    /// The last count by these rules. The register may have grown since; another count is then on
    /// its way, and until it is there this one is nearer to the truth than none.
    pub fn of(&self, version: Version) -> Option<&EligibleIn> {
        let counted = self.campaigns.get(&version.campaign_id)?;
        (counted.rule_version == version.number).then_some(counted)
    }

    /// Whether nothing changed since that count.
    pub fn is_current(&self, version: Version, register: Register) -> bool {
        self.register == register && self.of(version).is_some()
    }
}

impl Snapshot {
    /// A snapshot of a new read model.
    ///
    /// # Errors
    /// When the sums do not agree: that is never shown to anybody.
    pub fn new(model: &ReadModel, eligible: &Eligible) -> Result<Self, Broken> {
        let clinics = model.clinics.iter().map(ClinicNow::from).collect();
        let mut supplies = BTreeMap::new();
        for &id in model.catalogue.campaigns.keys() {
            supplies.insert(id, Arc::new(publish(model, eligible, id)?));
        }
        Ok(Self::at(model, supplies, clinics))
    }

    /// The snapshot after this one, or none if nobody could tell the difference. What did not
    /// change is shared with this one.
    ///
    /// # Errors
    /// As `new`.
    pub fn next(
        &self,
        model: &ReadModel,
        eligible: &Eligible,
        changes: &Changes,
    ) -> Result<Option<Self>, Broken> {
        let mut supplies = self.supplies.clone();
        let mut is_new = !changes.clinics.is_empty();
        for (id, published) in &mut supplies {
            let age = model.moment.as_of - published.supply.as_of;
            if changes.campaigns.contains(id) || age >= UNCHANGED_SECONDS_MAX {
                *published = Arc::new(publish(model, eligible, *id)?);
                is_new = true;
            }
        }
        if !is_new {
            return Ok(None);
        }
        let mut clinics = self.clinics.clone();
        for &place in &changes.clinics {
            if let (Some(old), Some(sums)) = (clinics.get_mut(place), model.clinics.get(place)) {
                *old = sums.into();
            }
        }
        Ok(Some(Self::at(model, supplies, clinics)))
    }

    fn at(
        model: &ReadModel,
        supplies: BTreeMap<CampaignId, Arc<Published>>,
        clinics: Vec<ClinicNow>,
    ) -> Self {
        Self {
            as_of: model.moment.as_of,
            version: model.version,
            catalogue: model.catalogue.clone(),
            supplies,
            clinics,
        }
    }
}

impl From<&ClinicSums> for ClinicNow {
    fn from(sums: &ClinicSums) -> Self {
        let slots = sums.kept.slots.clone();
        let days = sums.open.iter().map(|(&(campaign_id, date, product_id), &open)| ClinicDay {
            campaign_id,
            date,
            product_id,
            open,
            seats_left: slots.seats_left(date),
        });
        Self { days: days.collect(), slots }
    }
}

fn publish(model: &ReadModel, eligible: &Eligible, id: CampaignId) -> Result<Published, Broken> {
    let card = model.catalogue.campaigns.get(&id).ok_or(Broken::Sums(id))?;
    let campaign = &card.campaign;
    let none = Sums::default();
    let sums = model.campaigns.get(&id).unwrap_or(&none);
    check(&model.catalogue, id, sums)?;
    let version = Version { campaign_id: id, number: campaign.rule_version };
    let counted = eligible.of(version);
    let with_person = sums.totals.with_person();
    let reason = campaign.state_reason.as_ref();
    let supply = Supply {
        campaign_id: id,
        as_of: model.moment.as_of,
        version: model.version,
        state: campaign.state,
        state_reason: reason.map(|reason| reason.main.clone()),
        state_reason_ko: reason.and_then(|reason| reason.ko.clone()),
        state_reason_en: reason.and_then(|reason| reason.en.clone()),
        published_quota: campaign.published_quota,
        held_back: sums.held_back,
        totals: sums.totals,
        eligible: counted.map(|counted| counted.total),
        not_yet_booked: counted.map(|counted| (counted.total - with_person).max(0)),
        by_region: by_region(&model.catalogue, sums, counted),
        by_day: sums.by_day.iter().map(|(&date, &doses)| DaySupply { date, doses }).collect(),
    };
    let document = Document::new(&supply)?;
    Ok(Published { supply, document })
}

/// The regions that the campaign is about: with doses, or with persons who may ask for one.
fn by_region(
    catalogue: &Catalogue,
    sums: &Sums,
    counted: Option<&EligibleIn>,
) -> Vec<RegionSupply> {
    let lines = catalogue.regions.values().filter_map(|region| {
        let id = region.region_id;
        let doses = sums.by_region.get(&id);
        let persons = counted.map(|c| c.by_region.get(&id).copied().unwrap_or(0));
        if doses.is_none() && persons.unwrap_or(0) == 0 {
            return None;
        }
        Some(RegionSupply {
            region_id: id,
            code: region.code.clone(),
            name: region.name.main.clone(),
            name_ko: region.name.ko.clone(),
            name_en: region.name.en.clone(),
            parent_id: region.parent_id,
            doses: doses.copied().unwrap_or_default(),
            eligible: persons,
        })
    });
    lines.collect()
}

/// The books balance: in total, in every region and on every day, and the parts make the total.
fn check(catalogue: &Catalogue, id: CampaignId, sums: &Sums) -> Result<(), Broken> {
    let (mut of_regions, mut of_days) = (Buckets::default(), Buckets::default());
    let mut balance = sums.totals.balance() && sums.held_back >= 0;
    for (region_id, doses) in &sums.by_region {
        balance &= doses.balance();
        let is_top = catalogue.regions.get(region_id).is_some_and(|r| r.parent_id.is_none());
        if is_top {
            of_regions += *doses;
        }
    }
    for doses in sums.by_day.values() {
        balance &= doses.balance();
        of_days += *doses;
    }
    if balance && of_regions == sums.totals && of_days == sums.totals {
        Ok(())
    } else {
        Err(Broken::Sums(id))
    }
}
