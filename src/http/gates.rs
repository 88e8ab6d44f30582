//! How many requests of one class may be under way at once, what is counted of each, and when those
//! come back who were refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;
use tokio::sync::Semaphore;

use super::class::Class;
use crate::telemetry::{AdmissionLabel, Metrics};

/// Seconds after which to come again where nobody knows how long it takes: from so many on,
const AGAIN_SECONDS_MIN: u64 = 2;
/// within so many more,
const SPREAD_SECONDS_MIN: u64 = 8;
/// and within more the longer it has lasted, up to so many.
const SPREAD_SECONDS_MAX: u64 = 58;
/// The spread is this part of the time that it has lasted.
const SPREAD_SHARE: u64 = 4;

/// A semaphore for each class that has no queue of its own.
pub struct Gates {
    pub(super) reads: Arc<Semaphore>,
    pub(super) afterwards: Arc<Semaphore>,
    pub(super) desk: Arc<Semaphore>,
    pub(super) sign_ins: Arc<Semaphore>,
    pub(super) look_ups: Arc<Semaphore>,
    pub(super) exports: Arc<Semaphore>,
    pub(super) uploads: Arc<Semaphore>,
    counts: [(Class, Counts); Class::ALL.len()],
    turns: AtomicU64,
}

/// Requests of a class, ever.
struct Counts {
    admitted: Counter,
    refused: Counter,
}

impl Gates {
    /// What is counted is shown with the metrics.
    pub fn new(metrics: &Metrics) -> Self {
        let gate = |permits| Arc::new(Semaphore::new(permits));
        let count = |class: Class, outcome| {
            let label = AdmissionLabel { class: class.terms().name, outcome };
            metrics.admissions.get_or_create(&label).clone()
        };
        // A connection of the pools answers a few thousand reads a second, so these wait well below
        // the two seconds after which a pool gives up.
        // Staff who sign in wait in a line of their own (`flows::password`), which is shorter.
        // A look-up takes some twenty milliseconds of the database: two of them leave it to others.
        Self {
            reads: gate(1024),
            afterwards: gate(1024),
            desk: gate(256),
            sign_ins: gate(1024),
            look_ups: gate(2),
            exports: gate(8),
            uploads: gate(32),
            counts: Class::ALL.map(|class| {
                let (admitted, refused) = (count(class, "admitted"), count(class, "refused"));
                (class, Counts { admitted, refused })
            }),
            turns: AtomicU64::new(0),
        }
    }

    pub(super) fn count(&self, class: Class, is_admitted: bool) {
        let found = self.counts.iter().find(|(one, _)| *one == class);
        if let Some((_, counts)) = found {
            let counter = if is_admitted { &counts.admitted } else { &counts.refused };
            counter.inc();
        }
    }

    /// From 0 to this number of seconds, evenly among those who ask one after the other.
    pub(super) fn turn(&self, spread_seconds: u64) -> u64 {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        turn.checked_rem(spread_seconds.saturating_add(1)).unwrap_or(0)
    }

    /// After how many seconds somebody should come again where nobody knows how long it takes, but
    /// perhaps for how long it has lasted. Many who are told so do not come at once.
    pub(super) fn seconds_until_again(&self, lasted: Option<Duration>) -> u64 {
        let lasted = lasted.unwrap_or_default().as_secs();
        let spread = (lasted / SPREAD_SHARE).clamp(SPREAD_SECONDS_MIN, SPREAD_SECONDS_MAX);
        AGAIN_SECONDS_MIN + self.turn(spread)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::db;

    fn told(lasted: Option<Duration>) -> BTreeMap<u64, usize> {
        let gates = Gates::new(&Metrics::new(&db::Metrics::default()));
        let mut told = BTreeMap::new();
        for _ in 0..900 {
            *told.entry(gates.seconds_until_again(lasted)).or_default() += 1;
        }
        told
    }

    #[test]
    fn people_come_back_one_after_the_other_and_later_the_longer_it_lasts() {
        let seconds = |told: &BTreeMap<u64, usize>| (*told.keys().min().unwrap(), told.len());
        let soon = told(None);
        assert_eq!(seconds(&soon), (2, 9));
        assert!(soon.values().all(|people| *people == 100), "as many each second: {soon:?}");
        assert_eq!(told(Some(Duration::from_secs(10))), soon);
        assert_eq!(seconds(&told(Some(Duration::from_secs(120)))), (2, 31));
        assert_eq!(seconds(&told(Some(Duration::from_secs(86_400)))), (2, 59));
    }
}
