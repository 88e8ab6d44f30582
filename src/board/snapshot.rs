//! What everybody sees: immutable, made at most once a second, its answers already written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    availability::ClinicDay,
    catalogue::{Card, Catalogue},
    document::Document,
    read_model::{Broken, Changes, ClinicSums, ReadModel, Sums},
    slot::Slots,
};
use crate::{
    db::supply::{Register, Version},
    domain::{
        CampaignId, RegionId, TrancheId,
        availability::{Availability, NotBookable},
        campaign::State,
        supply::Buckets,
    },
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
    /// The headline.
    pub bookable: Bookable,
    /// The rest of `totals.open`.
    pub not_bookable: NotBookable,
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

/// What can be booked, by doses and seats.
#[derive(Clone, Debug, Serialize)]
pub struct Bookable {
    pub doses: i64,
    /// Whether the campaign's state and window let anybody book.
    pub is_open: bool,
    /// In the order in which they open. They share doses and seats with each other.
    pub by_tranche: Vec<TrancheSupply>,
}

/// What the people of a tranche can book, or could if it were open.
#[derive(Clone, Debug, Serialize)]
pub struct TrancheSupply {
    pub tranche_id: TrancheId,
    pub name: String,
    pub name_ko: Option<String>,
    pub name_en: Option<String>,
    pub opens_at: DateTime<Utc>,
    pub is_open: bool,
    pub doses: i64,
    /// Among them those that are kept for this tranche.
    pub own_doses: i64,
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

/// What handlers read, at one position of the journal.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub as_of: DateTime<Utc>,
    /// How many lines of the journal are included.
    pub version: i64,
    pub catalogue: Arc<Catalogue>,
    /// Of the campaigns that are not drafts.
    pub supplies: BTreeMap<CampaignId, Arc<Published>>,
    /// As `Catalogue::clinics`.
    pub clinics: Vec<ClinicNow>,
    /// Since when nothing can be booked because the database cannot be written to, by the machine's
    /// clock; none while nothing is known of that.
    pub cut_off_since: Option<Instant>,
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
            let was_open = published.supply.bookable.is_open;
            let card = model.catalogue.campaigns.get(id);
            let is_turned = card.is_some_and(|card| card.is_open(model.moment.as_of) != was_open);
            if changes.campaigns.contains(id) || is_turned || age >= UNCHANGED_SECONDS_MAX {
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
        let next = Self::at(model, supplies, clinics);
        Ok(Some(Self { cut_off_since: self.cut_off_since, ..next }))
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
            cut_off_since: None,
        }
    }
}

impl From<&ClinicSums> for ClinicNow {
    fn from(sums: &ClinicSums) -> Self {
        Self { days: sums.standing.days.clone(), slots: sums.kept.slots.clone() }
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
        bookable: bookable(card, &sums.available, model.moment.as_of),
        not_bookable: sums.available.not_bookable,
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

fn bookable(card: &Card, available: &Availability, now: DateTime<Utc>) -> Bookable {
    let tranches = card.offer.tranches().iter().enumerate().map(|(at, offered)| {
        let tranche = &offered.tranche;
        let doses = available.by_tranche.get(at).copied().unwrap_or_default();
        TrancheSupply {
            tranche_id: tranche.tranche_id,
            name: tranche.name.main.clone(),
            name_ko: tranche.name.ko.clone(),
            name_en: tranche.name.en.clone(),
            opens_at: tranche.opens_at,
            is_open: offered.is_open(now),
            doses: doses.doses,
            own_doses: doses.own,
        }
    });
    let by_tranche = tranches.collect();
    Bookable { doses: available.bookable, is_open: card.is_open(now), by_tranche }
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
    balance &= sums.available.open() == sums.totals.open && sums.available.bookable >= 0;
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
