//! The estimated queueing delay of a lane, from how fast it has committed. Admission control: it
//! tells how long a new request would wait, and, when that is too long, the `Retry-After` of the
//! refusal.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::{
    domain::{Code, Detail, Refusal},
    flows::Error,
};

/// Smaller batches are no sample of the lane's speed under load: most of their time is the commit,
/// which a larger batch shares among more requests.
const SAMPLE_REQUESTS_MIN: usize = 64;
/// The estimate per request until the first sample.
const INITIAL_NANOS_PER_REQUEST: u64 = 20_000;
/// An exponential moving average: a new sample counts for one part in so many.
const SMOOTHING: u64 = 8;
/// No refused caller is told to wait longer: by then the load is another.
const RETRY_AFTER_SECONDS_MAX: u64 = 60;

/// Shared by a lane's queue, which reads it, and its worker, which feeds it.
pub(super) struct DelayEstimate {
    started: Instant,
    nanos_per_request: AtomicU64,
    /// When the last refused caller was told to return, in nanoseconds from `started`.
    last_retry: AtomicU64,
}

impl DelayEstimate {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            nanos_per_request: AtomicU64::new(INITIAL_NANOS_PER_REQUEST),
            last_retry: AtomicU64::new(0),
        }
    }

    /// Takes a committed batch as a sample.
    pub(super) fn observe(&self, requests: usize, took: Duration) {
        if requests < SAMPLE_REQUESTS_MIN {
            return;
        }
        let each = nanos(took) / u64::try_from(requests).unwrap_or(u64::MAX);
        let known = self.nanos_per_request.load(Ordering::Relaxed);
        let smooth = (known * (SMOOTHING - 1) + each) / SMOOTHING;
        self.nanos_per_request.store(smooth.max(1), Ordering::Relaxed);
    }

    /// How long a new request would wait behind `queued` others.
    pub(super) fn behind(&self, queued: usize) -> Duration {
        let queued = u64::try_from(queued).unwrap_or(u64::MAX);
        let each = self.nanos_per_request.load(Ordering::Relaxed);
        Duration::from_nanos(queued.saturating_mul(each))
    }

    /// The refusal of a request that would wait too long. Each call takes the next time to return.
    pub(super) fn overloaded(&self) -> Error {
        let detail = Detail::Crowded { retry_after: self.retry_after_seconds() };
        Refusal::new(Code::Overloaded, detail).into()
    }

    /// After how many whole seconds a refused caller should return. Each is told a time after the
    /// one before, so that they return no faster than the lane serves them, and not all at once.
    fn retry_after_seconds(&self) -> u64 {
        let now = nanos(self.started.elapsed());
        let each = self.nanos_per_request.load(Ordering::Relaxed);
        let latest = now.saturating_add(RETRY_AFTER_SECONDS_MAX * 1_000_000_000);
        let next = |last: u64| Some(last.max(now).saturating_add(each).min(latest));
        let last = self.last_retry.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let wait = last.unwrap_or(now).saturating_sub(now);
        wait.div_ceil(1_000_000_000).clamp(1, RETRY_AFTER_SECONDS_MAX)
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_what_large_batches_took() {
        let delay = DelayEstimate::new();
        assert_eq!(delay.behind(100), Duration::from_millis(2));
        delay.observe(1, Duration::from_secs(1));
        assert_eq!(delay.behind(100), Duration::from_millis(2), "one request is no sample");
        for _ in 0..100 {
            delay.observe(500, Duration::from_millis(50));
        }
        let wait = delay.behind(1000);
        assert!(wait > Duration::from_millis(95) && wait <= Duration::from_millis(100), "{wait:?}");
    }

    #[test]
    fn refused_callers_return_one_after_the_other() {
        let delay = DelayEstimate::new();
        delay.nanos_per_request.store(1_000_000, Ordering::Relaxed);
        let seconds: Vec<_> = (0..5000).map(|_| delay.retry_after_seconds()).collect();
        assert!(seconds.is_sorted(), "each after the one before");
        assert_eq!(seconds.first(), Some(&1));
        assert!((4..=5).contains(seconds.last().unwrap()), "5,000 at 1,000 a second");
        let far = (0..200_000).map(|_| delay.retry_after_seconds()).max();
        assert_eq!(far, Some(RETRY_AFTER_SECONDS_MAX));
    }
}
