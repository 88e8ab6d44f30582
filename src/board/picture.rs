//! The picture that the board keeps for itself: every account, summed up for campaigns, regions,
//! days and clinics, and carried from one snapshot of the database to the next by the journal's
//! lines.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    sync::Arc,
};

use chrono::NaiveDate;

use super::catalogue::Catalogue;
use crate::{
    db::board::{Account, Lines, Moment, Pool, Seats},
    domain::{
        AllocationId, CampaignId, ClinicId, PoolId, RegionId,
        supply::{self, Buckets},
    },
};

/// Doses of this channel can be booked on the web.
const WEB: i16 = 1;

/// Why a picture cannot go on; it is then made anew from the tables.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("allocation {0} does not balance after the journal's lines")]
    Unbalanced(AllocationId),
    #[error("pool {0} is negative after the journal's lines")]
    NegativePool(PoolId),
    #[error("clinic of allocation {0} is not in the catalogue")]
    UnknownClinic(AllocationId),
    #[error("the journal names an allocation or a pool that does not exist")]
    UnknownAccount,
    #[error("the sums of campaign {0} do not agree with each other")]
    Sums(CampaignId),
    #[error("an answer cannot be written: {0}")]
    Unwritable(#[from] io::Error),
}

/// What is counted for one campaign.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub totals: Buckets,
    /// Doses open in pools.
    pub held_back: i64,
    /// Regions with their districts included.
    pub by_region: BTreeMap<RegionId, Buckets>,
    pub by_day: BTreeMap<NaiveDate, Buckets>,
}

/// What is counted for one clinic.
#[derive(Clone, Debug, Default)]
pub struct ClinicSums {
    pub days: BTreeMap<NaiveDate, Day>,
    /// Doses that can be booked on the web.
    pub open: BTreeMap<(CampaignId, NaiveDate), i64>,
}

/// Seats in slots that are not closed.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    pub seats: i64,
    pub taken: i64,
    has_closed: bool,
}

/// An allocation: where it counts.
#[derive(Debug)]
struct Entry {
    /// Place in `Catalogue::clinics`.
    clinic: usize,
    campaign_id: CampaignId,
    on_date: NaiveDate,
    is_web: bool,
    buckets: Buckets,
}

/// What the picture is made of, as read in one transaction.
pub struct Tables {
    pub moment: Moment,
    /// Lines that the journal has.
    pub lines: i64,
    pub accounts: Vec<Account>,
    pub pools: Vec<Pool>,
    pub seats: Vec<Seats>,
}

/// What is new since the picture, as read in one transaction.
pub struct News {
    pub moment: Moment,
    pub lines: Vec<Lines>,
    /// Allocations and pools that the lines name and the picture did not know, as they are now.
    pub accounts: Vec<Account>,
    pub pools: Vec<Pool>,
    /// Dates with closed slots that the lines touch, counted anew.
    pub seats: Vec<Seats>,
}

/// What became different.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub campaigns: BTreeSet<CampaignId>,
    pub clinics: BTreeSet<usize>,
}

/// What the lines name and the picture cannot count by itself.
#[derive(Debug, Default)]
pub struct Wanted {
    pub allocation_ids: Vec<i64>,
    pub has_new_pool: bool,
    /// Clinics and dates with closed slots.
    pub days: BTreeSet<(ClinicId, NaiveDate)>,
}

#[derive(Debug)]
pub struct Picture {
    pub moment: Moment,
    /// Lines of the journal that it includes.
    pub version: i64,
    pub catalogue: Arc<Catalogue>,
    pub campaigns: BTreeMap<CampaignId, Sums>,
    /// As `Catalogue::clinics`.
    pub clinics: Vec<ClinicSums>,
    entries: HashMap<AllocationId, Entry>,
    pools: HashMap<PoolId, Pool>,
}

impl Picture {
    /// # Errors
    /// When the tables contradict each other.
    pub fn new(catalogue: Arc<Catalogue>, tables: Tables) -> Result<Self, Broken> {
        let mut picture = Self {
            moment: tables.moment,
            version: tables.lines,
            campaigns: BTreeMap::new(),
            clinics: vec![ClinicSums::default(); catalogue.clinics.len()],
            entries: HashMap::with_capacity(tables.accounts.len()),
            pools: HashMap::with_capacity(tables.pools.len()),
            catalogue,
        };
        for account in &tables.accounts {
            picture.add_account(account)?;
        }
        for pool in tables.pools {
            picture.add_pool(pool);
        }
        for seats in &tables.seats {
            picture.set_seats(seats);
        }
        Ok(picture)
    }

    /// What must be read besides the lines themselves.
    pub fn wanted(&self, lines: &[Lines]) -> Wanted {
        let mut wanted = Wanted::default();
        for line in lines {
            if let Some(id) = line.allocation_id {
                match self.entries.get(&id) {
                    None => wanted.allocation_ids.push(id.0),
                    Some(entry) => self.want_day(entry.clinic, entry.on_date, &mut wanted),
                }
            }
            let pools = [line.from_pool_id, line.to_pool_id];
            wanted.has_new_pool |=
                pools.iter().flatten().any(|pool_id| !self.pools.contains_key(pool_id));
        }
        wanted.allocation_ids.sort_unstable();
        wanted.allocation_ids.dedup();
        wanted
    }

    /// The same for what `wanted` found.
    pub fn want_days_of(&self, accounts: &[Account], wanted: &mut Wanted) {
        for account in accounts {
            if let Some(place) = self.catalogue.place_of(account.clinic_id) {
                self.want_day(place, account.on_date, wanted);
            }
        }
    }

    fn want_day(&self, place: usize, date: NaiveDate, wanted: &mut Wanted) {
        let day = self.clinics.get(place).and_then(|clinic| clinic.days.get(&date));
        if let (Some(site), Some(Day { has_closed: true, .. })) =
            (self.catalogue.clinics.get(place), day)
        {
            wanted.days.insert((site.clinic.clinic_id, date));
        }
    }

    /// Carries the picture on to `news.moment`.
    ///
    /// # Errors
    /// When what comes out is not possible; the picture is then of no more use.
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
        for seats in &news.seats {
            self.set_seats(seats);
            changes.clinics.extend(self.catalogue.place_of(seats.clinic_id));
        }
        self.check(&news.lines)?;
        self.moment = news.moment;
        Ok(changes)
    }

    fn add_account(&mut self, account: &Account) -> Result<(), Broken> {
        let id = account.allocation_id;
        let clinic = self.catalogue.place_of(account.clinic_id).ok_or(Broken::UnknownClinic(id))?;
        let entry = Entry {
            clinic,
            campaign_id: account.campaign_id,
            on_date: account.on_date,
            is_web: account.channel == WEB,
            buckets: account.buckets,
        };
        self.count(&entry, account.buckets);
        self.entries.insert(id, entry);
        Ok(())
    }

    /// Adds a change of this entry to every sum that it is part of.
    fn count(&mut self, entry: &Entry, change: Buckets) {
        let sums = self.campaigns.entry(entry.campaign_id).or_default();
        sums.totals += change;
        *sums.by_day.entry(entry.on_date).or_default() += change;
        let region = self.catalogue.clinics.get(entry.clinic).map(|site| site.clinic.region_id);
        for region_id in region.map(|id| self.catalogue.path(id)).unwrap_or_default() {
            *sums.by_region.entry(*region_id).or_default() += change;
        }
        if let (true, Some(clinic)) = (entry.is_web, self.clinics.get_mut(entry.clinic)) {
            *clinic.open.entry((entry.campaign_id, entry.on_date)).or_default() += change.open;
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

    fn set_seats(&mut self, seats: &Seats) {
        let place = self.catalogue.place_of(seats.clinic_id);
        if let Some(clinic) = place.and_then(|place| self.clinics.get_mut(place)) {
            let &Seats { seats: all, taken, has_closed, on_date, .. } = seats;
            clinic.days.insert(on_date, Day { seats: all, taken, has_closed });
        }
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
        if let Some(clinic) = self.clinics.get_mut(entry.clinic) {
            // A date before yesterday is not in here.
            if let Some(day) = clinic.days.get_mut(&entry.on_date) {
                day.taken += supply::seats_taken(line.kind) * line.lines;
            }
        }
        changes.campaigns.insert(entry.campaign_id);
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
