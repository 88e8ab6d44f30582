//! How fast a lane gets on, and what follows for whoever comes next: how long they would wait, and,
//! where that is too long, when to come again.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::{
    domain::{Code, Detail, Refusal},
    flows::Error,
};

/// A smaller batch says little about how fast a lane is when there is much to do: most of its time
/// is the commit, which a larger one shares.
const TELLING_REQUESTS: usize = 64;
/// What a lane is taken to need for a request until it has shown.
const NANOS_AT_FIRST: u64 = 20_000;
/// The last telling batch counts for one part in so many.
const SMOOTHING: u64 = 8;
/// Nobody is sent away for longer: by then the crowd is another.
const AWAY_SECONDS_MAX: u64 = 60;

pub(super) struct Pace {
    started: Instant,
    nanos_per_request: AtomicU64,
    /// When the next of those who are sent away may come, in nanoseconds from the start.
    turn: AtomicU64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            nanos_per_request: AtomicU64::new(NANOS_AT_FIRST),
            turn: AtomicU64::new(0),
        }
    }

    /// Learns from a batch that was committed.
    pub(super) fn observe(&self, requests: usize, took: Duration) {
        if requests < TELLING_REQUESTS {
            return;
        }
        let each = nanos(took) / u64::try_from(requests).unwrap_or(u64::MAX);
        let known = self.nanos_per_request.load(Ordering::Relaxed);
        let smooth = (known * (SMOOTHING - 1) + each) / SMOOTHING;
        self.nanos_per_request.store(smooth.max(1), Ordering::Relaxed);
    }

    /// How long a request would wait behind so many others.
    pub(super) fn wait_behind(&self, waiting: usize) -> Duration {
        let waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
        let each = self.nanos_per_request.load(Ordering::Relaxed);
        Duration::from_nanos(waiting.saturating_mul(each))
    }

    /// What is said to somebody who is sent away.
    pub(super) fn overloaded(&self) -> Error {
        let detail = Detail::Crowded { retry_after: self.away_seconds() };
        Refusal::new(Code::Overloaded, detail).into()
    }

    /// After how many whole seconds somebody who is sent away should come again. Each is given the
    /// turn after the last one's, so that they come back no faster than the lane gets on, and not
    /// all at once.
    fn away_seconds(&self) -> u64 {
        let now = nanos(self.started.elapsed());
        let each = self.nanos_per_request.load(Ordering::Relaxed);
        let latest = now.saturating_add(AWAY_SECONDS_MAX * 1_000_000_000);
        let next = |turn: u64| Some(turn.max(now).saturating_add(each).min(latest));
        let turn = self.turn.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let wait = turn.unwrap_or(now).saturating_sub(now);
        wait.div_ceil(1_000_000_000).clamp(1, AWAY_SECONDS_MAX)
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_what_large_batches_took() {
        let pace = Pace::new();
        assert_eq!(pace.wait_behind(100), Duration::from_millis(2));
        pace.observe(1, Duration::from_secs(1));
        assert_eq!(pace.wait_behind(100), Duration::from_millis(2), "one request tells nothing");
        for _ in 0..100 {
            pace.observe(500, Duration::from_millis(50));
        }
        let wait = pace.wait_behind(1000);
        assert!(wait > Duration::from_millis(95) && wait <= Duration::from_millis(100), "{wait:?}");
    }

    #[test]
    fn those_who_are_sent_away_come_back_one_after_the_other() {
        let pace = Pace::new();
        pace.nanos_per_request.store(1_000_000, Ordering::Relaxed);
        let seconds: Vec<_> = (0..5000).map(|_| pace.away_seconds()).collect();
        assert!(seconds.is_sorted(), "each after the one before");
        assert_eq!(seconds.first(), Some(&1));
        assert!((4..=5).contains(seconds.last().unwrap()), "5,000 at 1,000 a second");
        let far = (0..200_000).map(|_| pace.away_seconds()).max();
        assert_eq!(far, Some(AWAY_SECONDS_MAX));
    }
}
