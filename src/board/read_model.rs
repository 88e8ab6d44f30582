//! What the board keeps for itself: every account, summed up for campaigns, regions, days and
//! clinics, and every slot, carried from one snapshot of the database to the next by the
//! journal's lines.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    availability::{ClinicDoses, DoseKey, Standing},
    catalogue::Catalogue,
    slot::{self, Slots},
};
use crate::{
    db::board::{Account, Lines, Moment, Pool, seats_by_slot},
    domain::{
        AllocationId, CampaignId, ClinicId, PoolId, RegionId, SlotId, availability::Availability,
        supply::Buckets,
    },
};

/// Why a read model cannot go on; it is then made anew from the tables.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("allocation {0} does not balance after the journal's lines")]
    Unbalanced(AllocationId),
    #[error("pool {0} is negative after the journal's lines")]
    NegativePool(PoolId),
    #[error("clinic of allocation {0} is not in the catalogue")]
    UnknownClinic(AllocationId),
    #[error("fewer than no seats of slot {0} are taken after the journal's lines")]
    NegativeSlot(SlotId),
    #[error("the journal names an allocation or a pool that does not exist")]
    UnknownAccount,
    #[error("there is nothing that the journal's lines could be applied to")]
    NothingKnown,
    #[error("the sums of campaign {0} do not agree with each other")]
    Sums(CampaignId),
    #[error("an answer cannot be written: {0}")]
    Unwritable(#[from] io::Error),
}

/// What is counted for one campaign.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub totals: Buckets,
    /// Of `totals.open`.
    pub available: Availability,
    /// Doses open in pools.
    pub held_back: i64,
    /// Regions with their districts included.
    pub by_region: BTreeMap<RegionId, Buckets>,
    pub by_day: BTreeMap<NaiveDate, Buckets>,
}

/// What is kept for one clinic.
#[derive(Clone, Debug, Default)]
pub struct ClinicSums {
    doses: ClinicDoses,
    pub kept: Kept,
    /// What these come to.
    pub standing: Standing,
}

/// A clinic's slots, and at which `clinic.slots_revision` they were read.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub revision: i64,
    /// Shared with the snapshots, and copied when a seat is taken.
    pub slots: Arc<Slots>,
}

impl Kept {
    /// Takes seats in one of the slots (gives back, if negative).
    ///
    /// # Errors
    /// When fewer than none would be taken.
    fn take_seats(&mut self, slot_id: SlotId, seats: i64) -> Result<(), Broken> {
        let is_possible =
            seats == 0 || Arc::make_mut(&mut self.slots).take_seats(slot_id.number(), seats);
        is_possible.then_some(()).ok_or(Broken::NegativeSlot(slot_id))
    }

    /// Forgets the slots of days before.
    fn forget_before(&mut self, date: NaiveDate) {
        if self.slots.reach_before(date) {
            Arc::make_mut(&mut self.slots).forget_before(date);
        }
    }
}

/// An allocation: where it counts.
#[derive(Debug)]
struct Entry {
    /// Place in `Catalogue::clinics`.
    clinic: usize,
    key: DoseKey,
    buckets: Buckets,
}

impl Entry {
    /// The allocation with this id, which names its clinic.
    fn account(&self, allocation_id: AllocationId) -> Account {
        let DoseKey { campaign_id, date, product_id, audience } = self.key;
        Account {
            allocation_id,
            clinic_id: allocation_id.clinic(),
            campaign_id,
            product_id,
            on_date: date,
            audience,
            buckets: self.buckets,
        }
    }
}

/// What a read model is made of, as read in one transaction.
pub struct Tables {
    pub moment: Moment,
    /// Lines that the journal has.
    pub lines: i64,
    pub accounts: Vec<Account>,
    pub pools: Vec<Pool>,
    pub slots: HashMap<ClinicId, Kept>,
}

/// What is new since the read model, as read in one transaction.
pub struct News {
    pub moment: Moment,
    pub lines: Vec<Lines>,
    /// Allocations and pools that the lines name and the read model lacks, as they are now.
    pub accounts: Vec<Account>,
    pub pools: Vec<Pool>,
    /// The slots, as they are now, of clinics where the lines do not say whose seats were taken,
    /// and of those with another revision.
    pub slots: HashMap<ClinicId, Slots>,
    /// The clinics whose slots have another `slots_revision`.
    pub revisions: Vec<(ClinicId, i64)>,
}

/// What became different.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub campaigns: BTreeSet<CampaignId>,
    pub clinics: BTreeSet<usize>,
}

/// What the lines name and the read model cannot count by itself.
#[derive(Debug, Default)]
pub struct Wanted {
    pub allocation_ids: Vec<i64>,
    pub has_new_pool: bool,
}

/// Every account and slot, at one position of the journal.
#[derive(Debug)]
pub struct ReadModel {
    pub moment: Moment,
    /// Lines of the journal that it includes.
    pub version: i64,
    pub catalogue: Arc<Catalogue>,
    pub campaigns: BTreeMap<CampaignId, Sums>,
    /// As `Catalogue::clinics`.
    pub clinics: Vec<ClinicSums>,
    entries: HashMap<AllocationId, Entry>,
    pools: HashMap<PoolId, Pool>,
    /// When the passing of time changes what a clinic (a place in `clinics`) comes to.
    due: BTreeSet<(DateTime<Utc>, usize)>,
}

impl ReadModel {
    /// # Errors
    /// When the tables contradict each other.
    pub fn new(catalogue: Arc<Catalogue>, mut tables: Tables) -> Result<Self, Broken> {
        let clinics = catalogue.clinics.iter().map(|site| {
            let kept = tables.slots.remove(&site.clinic.clinic_id).unwrap_or_default();
            ClinicSums { kept, ..ClinicSums::default() }
        });
        let mut model = Self {
            moment: tables.moment,
            version: tables.lines,
            campaigns: BTreeMap::new(),
            clinics: clinics.collect(),
            entries: HashMap::with_capacity(tables.accounts.len()),
            pools: HashMap::with_capacity(tables.pools.len()),
            due: BTreeSet::new(),
            catalogue,
        };
        for account in &tables.accounts {
            model.add_account(account)?;
        }
        for pool in tables.pools {
            model.add_pool(pool);
        }
        for place in 0..model.clinics.len() {
            model.settle(place);
        }
        Ok(model)
    }

    /// The same under another catalogue, and later: at this moment, whose lines are still to come.
    ///
    /// # Errors
    /// When a clinic with allocations is not in it.
    pub fn over(mut self, catalogue: Arc<Catalogue>, now: &Moment) -> Result<Self, Broken> {
        self.moment = now.clone();
        let first_date = slot::first_date(self.moment.as_of);
        for clinic in &mut self.clinics {
            clinic.kept.forget_before(first_date);
        }
        if !self.catalogue.has_sites_of(&catalogue) {
            let tables = Tables {
                moment: self.moment.clone(),
                lines: self.version,
                accounts: self.accounts(),
                pools: self.pools.values().copied().collect(),
                slots: self.slots(),
            };
            return Self::new(catalogue, tables);
        }
        self.catalogue = catalogue;
        for place in 0..self.clinics.len() {
            self.settle(place);
        }
        Ok(self)
    }

    /// How many allocations there are.
    pub fn count_accounts(&self) -> usize {
        self.entries.len()
    }

    /// At which revision the slots of a clinic were read; none of an unknown clinic.
    pub fn slots_revision(&self, clinic_id: ClinicId) -> Option<i64> {
        let clinic = self.clinics.get(self.catalogue.place_of(clinic_id)?)?;
        Some(clinic.kept.revision)
    }

    /// The slots of every clinic.
    fn slots(&self) -> HashMap<ClinicId, Kept> {
        let clinics = self.catalogue.clinics.iter().zip(&self.clinics);
        clinics.map(|(site, sums)| (site.clinic.clinic_id, sums.kept.clone())).collect()
    }

    /// Every allocation, in no order.
    fn accounts(&self) -> Vec<Account> {
        self.entries.iter().map(|(id, entry)| entry.account(*id)).collect()
    }

    /// What must be read besides the lines themselves.
    pub fn wanted(&self, lines: &[Lines]) -> Wanted {
        let mut wanted = Wanted::default();
        for line in lines {
            if let Some(id) = line.allocation_id.filter(|id| !self.entries.contains_key(id)) {
                wanted.allocation_ids.push(id.0);
            }
            let pools = [line.from_pool_id, line.to_pool_id];
            wanted.has_new_pool |=
                pools.iter().flatten().any(|pool_id| !self.pools.contains_key(pool_id));
        }
        wanted.allocation_ids.sort_unstable();
        wanted.allocation_ids.dedup();
        wanted
    }

    /// Carries the read model on to `news.moment`.
    ///
    /// # Errors
    /// When what comes out is not possible; the read model is then of no more use.
    pub fn apply(&mut self, news: News) -> Result<Changes, Broken> {
        let mut changes = Changes::default();
        // These come with what the lines did to them.
        let mut counted = BTreeSet::new();
        for account in &news.accounts {
            counted.insert(account.allocation_id);
            self.add_account(account)?;
            changes.campaigns.insert(account.campaign_id);
            changes.clinics.extend(self.catalogue.place_of(account.clinic_id));
        }
        let are_pools_new = !news.pools.is_empty();
        if are_pools_new {
            self.replace_pools(news.pools, &mut changes);
        }
        for line in &news.lines {
            self.version += line.lines;
            if !are_pools_new {
                self.move_pools(line, &mut changes)?;
            }
            if let Some(id) = line.allocation_id {
                self.move_doses(id, line, counted.contains(&id), &mut changes)?;
            }
        }
        changes.clinics.extend(news.slots.keys().filter_map(|id| self.catalogue.place_of(*id)));
        self.move_seats(&news.lines, news.slots)?;
        for (clinic_id, revision) in news.revisions {
            if let Some(clinic) = self.clinic_mut(clinic_id) {
                clinic.kept.revision = revision;
            }
        }
        self.check(&news.lines)?;
        self.moment = news.moment;
        let due = self.due.iter().take_while(|(at, _)| *at <= self.moment.as_of);
        changes.clinics.extend(due.map(|(_, place)| *place));
        for &place in &changes.clinics {
            changes.campaigns.extend(self.settle(place));
        }
        Ok(changes)
    }

    /// Works out anew what a clinic comes to. Says which campaigns that made different: a seat that
    /// is taken for one is gone for all.
    fn settle(&mut self, place: usize) -> Vec<CampaignId> {
        let site = self.catalogue.clinics.get(place);
        let Some((site, clinic)) = site.zip(self.clinics.get_mut(place)) else { return Vec::new() };
        let slots = &clinic.kept.slots;
        let (catalogue, now) = (&self.catalogue, self.moment.as_of);
        let new = Standing::new(catalogue, site.clinic.zone, &clinic.doses, slots, now);
        let old = std::mem::replace(&mut clinic.standing, new);
        let new = &clinic.standing;
        if old.until != new.until {
            self.due.extend(new.until.map(|at| (at, place)));
            if let Some(at) = old.until {
                self.due.remove(&(at, place));
            }
        }
        if old.campaigns == new.campaigns {
            return Vec::new();
        }
        for (standing, times) in [(&old, -1), (new, 1)] {
            for (campaign_id, available) in &standing.campaigns {
                let sums = self.campaigns.entry(*campaign_id).or_default();
                sums.available.add(available, times);
            }
        }
        new.campaigns.iter().map(|(campaign_id, _)| *campaign_id).collect()
    }

    fn add_account(&mut self, account: &Account) -> Result<(), Broken> {
        let id = account.allocation_id;
        let clinic = self.catalogue.place_of(account.clinic_id).ok_or(Broken::UnknownClinic(id))?;
        let entry = Entry {
            clinic,
            key: DoseKey {
                campaign_id: account.campaign_id,
                date: account.on_date,
                product_id: account.product_id,
                audience: account.audience,
            },
            buckets: account.buckets,
        };
        self.count(&entry, account.buckets);
        self.entries.insert(id, entry);
        Ok(())
    }

    /// Adds a change of this entry to every sum that it is part of.
    fn count(&mut self, entry: &Entry, change: Buckets) {
        let sums = self.campaigns.entry(entry.key.campaign_id).or_default();
        sums.totals += change;
        *sums.by_day.entry(entry.key.date).or_default() += change;
        let region = self.catalogue.clinics.get(entry.clinic).map(|site| site.clinic.region_id);
        for region_id in region.map(|id| self.catalogue.path(id)).unwrap_or_default() {
            *sums.by_region.entry(*region_id).or_default() += change;
        }
        if let Some(clinic) = self.clinics.get_mut(entry.clinic) {
            clinic.doses.add(entry.key, change.open);
        }
    }

    fn add_pool(&mut self, pool: Pool) {
        self.campaigns.entry(pool.campaign_id).or_default().held_back += pool.open;
        self.pools.insert(pool.pool_id, pool);
    }

    fn replace_pools(&mut self, pools: Vec<Pool>, changes: &mut Changes) {
        for (id, sums) in &mut self.campaigns {
            sums.held_back = 0;
            changes.campaigns.insert(*id);
        }
        self.pools.clear();
        for pool in pools {
            self.add_pool(pool);
        }
    }

    /// Slots that were read just now have these lines already.
    fn move_seats(
        &mut self,
        lines: &[Lines],
        read: HashMap<ClinicId, Slots>,
    ) -> Result<(), Broken> {
        for (slot_id, seats) in seats_by_slot(lines) {
            let is_read = read.contains_key(&slot_id.clinic());
            if let Some(clinic) = self.clinic_mut(slot_id.clinic()).filter(|_| !is_read) {
                clinic.kept.take_seats(slot_id, seats)?;
            }
        }
        for (clinic_id, slots) in read {
            if let Some(clinic) = self.clinic_mut(clinic_id) {
                clinic.kept.slots = Arc::new(slots);
            }
        }
        Ok(())
    }

    fn clinic_mut(&mut self, clinic_id: ClinicId) -> Option<&mut ClinicSums> {
        let place = self.catalogue.place_of(clinic_id)?;
        self.clinics.get_mut(place)
    }

    fn move_pools(&mut self, line: &Lines, changes: &mut Changes) -> Result<(), Broken> {
        let sides = [(line.from_pool_id, -line.doses), (line.to_pool_id, line.doses)];
        for (pool_id, doses) in sides {
            let Some(pool_id) = pool_id else { continue };
            let pool = self.pools.get_mut(&pool_id).ok_or(Broken::UnknownAccount)?;
            pool.open += doses;
            self.campaigns.entry(pool.campaign_id).or_default().held_back += doses;
            changes.campaigns.insert(pool.campaign_id);
        }
        Ok(())
    }

    fn move_doses(
        &mut self,
        id: AllocationId,
        line: &Lines,
        is_counted: bool,
        changes: &mut Changes,
    ) -> Result<(), Broken> {
        let mut entry = self.entries.remove(&id).ok_or(Broken::UnknownAccount)?;
        if !is_counted {
            let change = Buckets::change(line.from, line.to, line.doses);
            entry.buckets += change;
            self.count(&entry, change);
        }
        changes.campaigns.insert(entry.key.campaign_id);
        changes.clinics.insert(entry.clinic);
        self.entries.insert(id, entry);
        Ok(())
    }

    /// Only what the lines touched can have gone wrong. Checked at the end: summed up as they are,
    /// the lines are in no order, and half of them may well leave an account below zero.
    fn check(&self, lines: &[Lines]) -> Result<(), Broken> {
        for line in lines {
            if let Some(id) = line.allocation_id
                && !self.entries.get(&id).is_some_and(|entry| entry.buckets.balance())
            {
                return Err(Broken::Unbalanced(id));
            }
            for pool_id in [line.from_pool_id, line.to_pool_id].into_iter().flatten() {
                if self.pools.get(&pool_id).is_some_and(|pool| pool.open < 0) {
                    return Err(Broken::NegativePool(pool_id));
                }
            }
        }
        Ok(())
    }
}
