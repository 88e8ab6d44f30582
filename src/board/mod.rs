//! The board: what is public, kept in memory, so that no reader ever waits for the database and no
//! reader makes a booking wait. It follows the journal; nothing is ever decided by it.
//!
//! Everything is read once; in between, the journal's new lines carry the read model on. Whenever
//! `catalogue.revision` moves, the catalogue is read again, with the slots of clinics that say so:
//! everything else the journal tells. While the database is unreachable the last snapshot stays,
//! and its `as_of` tells its age.

pub mod alternative;
pub mod availability;
pub mod catalogue;
pub mod clinic_index;
pub mod day;
pub mod document;
pub mod eligibility;
pub mod listing;
pub mod place;
mod read;
mod read_model;
pub mod slot;
pub mod snapshot;
pub mod view;

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio::{
    sync::{Mutex, Notify},
    time::Instant,
};

use crate::db::{self, Db, board::HeardClock};
pub use read::Error;
use read::{Look, look, make, read};
use read_model::{Broken, Changes, News, ReadModel};
use snapshot::{Eligible, EligibleIn, Snapshot};

/// Reading the tables may take one part in this many of the time: while an administrator changes
/// one clinic after the other, the board lags behind a little and leaves the database in peace.
const READ_SHARE: u32 = 5;
/// Persons counted in one statement: short enough (0.1 s) not to hold back the clean-up of hot
/// rows.
const COUNT_CHUNK: i64 = 100_000;

/// The way to the public snapshot; cheap to clone.
#[derive(Clone, Debug)]
pub struct Board {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    db: Db,
    now: ArcSwap<Snapshot>,
    /// Of what moment the snapshot is at least.
    seen_at: ArcSwap<Instant>,
    /// The database's clock at the last look.
    clock: ArcSwap<HeardClock>,
    eligible: ArcSwap<Eligible>,
    keeper: Mutex<Keeper>,
    /// Held while persons are counted: a count by older rules must not end after a newer one.
    counting: Mutex<()>,
    /// Rung when the register or the rules may have changed.
    recount: Notify,
    /// Rung when there is another snapshot.
    changed: Notify,
}

/// The read model, and when it was last made from the tables.
#[derive(Debug)]
struct Keeper {
    /// None after it broke.
    model: Option<ReadModel>,
    read_at: Instant,
    read_took: Duration,
}

impl Board {
    /// Reads the tables for the first time. Nobody keeps it up to date: see `jobs::board`.
    ///
    /// # Errors
    /// When the database is unreachable, or holds what cannot be.
    pub async fn open(db: Db) -> Result<Self, Error> {
        let began = Instant::now();
        let (model, snapshot) = make(read(&db, None).await?, None, Arc::default()).await?;
        let clock = model.moment.clock;
        let keeper = Keeper { model: Some(model), read_at: began, read_took: began.elapsed() };
        let shared = Shared {
            db,
            now: ArcSwap::from_pointee(snapshot),
            seen_at: ArcSwap::from_pointee(began),
            clock: ArcSwap::from_pointee(clock),
            eligible: ArcSwap::default(),
            keeper: Mutex::new(keeper),
            counting: Mutex::new(()),
            recount: Notify::new(),
            changed: Notify::new(),
        };
        shared.recount.notify_one();
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The snapshot now.
    pub fn now(&self) -> Arc<Snapshot> {
        self.shared.now.load_full()
    }

    /// Returns when there is another snapshot than at the last return; for one caller.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    fn show(&self, next: Snapshot) {
        // Whether anything can be written is told beside this, perhaps a moment ago.
        let next = Arc::new(next);
        self.shared.now.rcu(|now| match now.cut_off_since {
            since if since == next.cut_off_since => next.clone(),
            cut_off_since => Arc::new(Snapshot { cut_off_since, ..Snapshot::clone(&next) }),
        });
        self.shared.changed.notify_one();
    }

    /// What time it is by the database's clock, as far as was heard: for answers that decide
    /// nothing. A booking takes the time in its transaction.
    pub fn time(&self) -> DateTime<Utc> {
        self.shared.clock.load().at(Instant::now())
    }

    /// Says that nothing can be booked for now, or that it can be again. What everybody sees is
    /// then another snapshot, with the same figures.
    pub fn set_cut_off(&self, is_cut_off: bool) {
        if self.now().cut_off_since.is_some() == is_cut_off {
            return;
        }
        let since = is_cut_off.then(Instant::now);
        self.shared.now.rcu(|now| Snapshot { cut_off_since: since, ..Snapshot::clone(now) });
        self.shared.changed.notify_one();
    }

    /// How long nothing could be booked, as far as is known; none where it can be.
    pub fn cut_off_for(&self) -> Option<Duration> {
        self.now().cut_off_since.map(|since| since.elapsed())
    }

    /// How old the snapshot is then, at most.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(**self.shared.seen_at.load())
    }

    /// Reads and counts everything anew.
    ///
    /// # Errors
    /// When that cannot be done now; the snapshot stays as it is.
    pub async fn refresh(&self) -> Result<(), Error> {
        self.read_again(&mut *self.shared.keeper.lock().await, false).await?;
        self.count_eligible().await
    }

    /// Returns when there is reason to count the eligible persons again.
    pub async fn recount_due(&self) {
        self.shared.recount.notified().await;
    }

    /// Takes in what was committed since the last look. A change outside the journal may wait a
    /// little.
    ///
    /// # Errors
    /// When that cannot be done now; the snapshot stays as it is.
    pub async fn tick(&self) -> Result<(), Error> {
        let mut keeper = self.shared.keeper.lock().await;
        let began = Instant::now();
        let may_read = keeper.read_at.elapsed() >= keeper.read_took * READ_SHARE;
        let look = match &keeper.model {
            Some(model) => look(&self.shared.db, model, may_read).await?,
            None if may_read => Look::Moved,
            None => return Ok(()),
        };
        let broken = match look {
            Look::Moved => None,
            Look::News(news) => match self.apply(&mut keeper, *news).await {
                Err(Error::Broken(broken)) => Some(broken),
                Err(error) => return Err(error),
                Ok(()) => {
                    self.shared.seen_at.store(Arc::new(began));
                    return Ok(());
                }
            },
        };
        if let Some(broken) = broken {
            tracing::error!(%broken, "the board is read anew from the tables");
        }
        self.read_again(&mut keeper, true).await
    }

    async fn apply(&self, keeper: &mut Keeper, news: News) -> Result<(), Error> {
        let Some(mut model) = keeper.model.take() else { return Ok(()) };
        let (old, eligible) = (self.now(), self.shared.eligible.load_full());
        let (model, next) = tokio::task::spawn_blocking(move || {
            let changes = model.apply(news)?;
            let next = old.next(&model, &eligible, &changes)?;
            Ok::<_, Broken>((model, next))
        })
        .await??;
        self.shared.clock.store(Arc::new(model.moment.clock));
        keeper.model = Some(model);
        if let Some(next) = next {
            self.show(next);
        }
        Ok(())
    }

    /// Reads the catalogue, and of the tables what is not known.
    async fn read_again(&self, keeper: &mut Keeper, is_known: bool) -> Result<(), Error> {
        let began = Instant::now();
        let outcome = self.read_and_make(&mut keeper.model, is_known).await;
        (keeper.read_at, keeper.read_took) = (began, began.elapsed());
        let (model, snapshot) = outcome?;
        self.shared.clock.store(Arc::new(model.moment.clock));
        keeper.model = Some(model);
        self.show(snapshot);
        self.shared.seen_at.store(Arc::new(began));
        self.shared.recount.notify_one();
        Ok(())
    }

    async fn read_and_make(
        &self,
        model: &mut Option<ReadModel>,
        is_known: bool,
    ) -> Result<(ReadModel, Snapshot), Error> {
        let (db, eligible) = (&self.shared.db, self.shared.eligible.load_full());
        let found = read(db, model.as_ref().filter(|_| is_known)).await?;
        let goes_on = found.is_news();
        // Only now: where nothing can be read, it stays.
        let known = if goes_on { model.take() } else { None };
        match make(found, known, eligible.clone()).await {
            // Perhaps what was known was wrong: the tables have the last word.
            Err(Error::Broken(broken)) if goes_on => {
                tracing::error!(%broken, "nothing that was known is kept");
                make(read(db, None).await?, None, eligible).await
            }
            done => done,
        }
    }

    /// Counts the eligible persons of those campaigns for which that was not yet done with their
    /// present rules and the present register. Takes seconds with millions of persons.
    ///
    /// # Errors
    /// The database's; what was counted before stays.
    pub async fn count_eligible(&self) -> Result<(), Error> {
        let _counting = self.shared.counting.lock().await;
        let catalogue = self.now().catalogue.clone();
        let counted = self.shared.eligible.load_full();
        let mut versions = catalogue.versions();
        versions.retain(|version| !counted.is_current(*version, catalogue.register));
        if versions.is_empty() {
            return Ok(());
        }
        let mut eligible = Eligible { register: catalogue.register, campaigns: HashMap::new() };
        if counted.register == catalogue.register {
            eligible.campaigns.clone_from(&counted.campaigns);
        }
        for version in &versions {
            let none = EligibleIn { rule_version: version.number, ..EligibleIn::default() };
            eligible.campaigns.insert(version.campaign_id, none);
        }
        let last = catalogue.register.person_id.unwrap_or(0);
        let mut from = 1;
        while from <= last {
            let to = from.saturating_add(COUNT_CHUNK - 1);
            let found = db::supply::count_eligible(&self.shared.db.jobs, &versions, (from, to));
            for found in found.await.map_err(db::Error::from)? {
                let counts = eligible.campaigns.entry(found.campaign_id).or_default();
                counts.total += found.persons;
                for region_id in catalogue.path(found.region_id) {
                    *counts.by_region.entry(*region_id).or_default() += found.persons;
                }
            }
            from = to.saturating_add(1);
        }
        self.shared.eligible.store(Arc::new(eligible));
        self.publish_count().await
    }

    async fn publish_count(&self) -> Result<(), Error> {
        let keeper = self.shared.keeper.lock().await;
        let Some(model) = &keeper.model else { return Ok(()) };
        let campaigns = model.catalogue.campaigns.keys().copied().collect();
        let changes = Changes { campaigns, ..Changes::default() };
        let eligible = self.shared.eligible.load();
        if let Some(next) = self.now().next(model, &eligible, &changes)? {
            self.show(next);
        }
        Ok(())
    }
}
