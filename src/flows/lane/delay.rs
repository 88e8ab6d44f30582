//! The estimated queueing delay of a lane, from how long its batches worked. Admission control: it
//! tells how long a new request would wait, and, when that is too long, the `Retry-After` of the
//! refusal.
//!
//! A wrong estimate must not last. One that is too high refuses so many that no batch is large
//! enough to correct it. So only the work of one attempt counts, each sample is bounded, and what
//! no sample confirms is forgotten.

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
/// The estimate per request until the first sample, and again some time after the last.
const INITIAL_NANOS_PER_REQUEST: u64 = 20_000;
/// What a sample may say per request at most. A stalled server is not a slow lane.
const SAMPLE_NANOS_MAX: u64 = 1_000_000;
/// An exponential moving average: a new sample counts for one part in so many.
const SMOOTHING: u64 = 8;
/// In this time without a sample, half of the difference from the initial estimate is forgotten.
const HALF_LIFE: Duration = Duration::from_secs(1);
/// No refused caller is told to wait longer: by then the load is another.
const RETRY_AFTER_SECONDS_MAX: u64 = 60;

/// Shared by a lane's queue, which reads it, and its worker, which feeds it.
pub(super) struct DelayEstimate {
    started: Instant,
    nanos_per_request: AtomicU64,
    /// When the last sample came, in nanoseconds from `started`.
    sampled_at: AtomicU64,
    /// When the last refused caller was told to return, in nanoseconds from `started`.
    last_retry: AtomicU64,
}

impl DelayEstimate {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            nanos_per_request: AtomicU64::new(INITIAL_NANOS_PER_REQUEST),
            sampled_at: AtomicU64::new(0),
            last_retry: AtomicU64::new(0),
        }
    }

    /// Takes a committed batch as a sample: how long the attempt that committed it worked, without
    /// waiting for locks.
    pub(super) fn observe(&self, requests: usize, work: Duration, now: Instant) {
        if requests < SAMPLE_REQUESTS_MIN {
            return;
        }
        let each = nanos(work) / u64::try_from(requests).unwrap_or(u64::MAX);
        let known = self.nanos_per_request(now);
        let smooth = (known * (SMOOTHING - 1) + each.min(SAMPLE_NANOS_MAX)) / SMOOTHING;
        self.nanos_per_request.store(smooth.max(1), Ordering::Relaxed);
        self.sampled_at.store(self.since_start(now), Ordering::Relaxed);
    }

    /// How long a new request would wait behind `queued` others.
    pub(super) fn behind(&self, queued: usize, now: Instant) -> Duration {
        let queued = u64::try_from(queued).unwrap_or(u64::MAX);
        Duration::from_nanos(queued.saturating_mul(self.nanos_per_request(now)))
    }

    /// The refusal of a request that would wait too long. Each call takes the next time to return.
    pub(super) fn overloaded(&self) -> Error {
        let detail = Detail::Crowded { retry_after: self.retry_after_seconds(Instant::now()) };
        Refusal::new(Code::Overloaded, detail).into()
    }

    /// After how many whole seconds a refused caller should return. Each is told a time after the
    /// one before, so that they return no faster than the lane serves them, and not all at once.
    fn retry_after_seconds(&self, at: Instant) -> u64 {
        let now = self.since_start(at);
        let each = self.nanos_per_request(at);
        let latest = now.saturating_add(RETRY_AFTER_SECONDS_MAX * 1_000_000_000);
        let next = |last: u64| Some(last.max(now).saturating_add(each).min(latest));
        let last = self.last_retry.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let wait = last.unwrap_or(now).saturating_sub(now);
        wait.div_ceil(1_000_000_000).clamp(1, RETRY_AFTER_SECONDS_MAX)
    }

    /// The estimate per request: the smoothed samples, nearer to the initial one the longer ago the
    /// last of them was.
    fn nanos_per_request(&self, now: Instant) -> u64 {
        let known = self.nanos_per_request.load(Ordering::Relaxed);
        let age = self.since_start(now).saturating_sub(self.sampled_at.load(Ordering::Relaxed));
        let halvings = u32::try_from(age / nanos(HALF_LIFE)).unwrap_or(u32::MAX);
        let rest = known.abs_diff(INITIAL_NANOS_PER_REQUEST).checked_shr(halvings).unwrap_or(0);
        if known < INITIAL_NANOS_PER_REQUEST {
            INITIAL_NANOS_PER_REQUEST - rest
        } else {
            INITIAL_NANOS_PER_REQUEST + rest
        }
    }

    fn since_start(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.started))
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
        let now = delay.started;
        assert_eq!(delay.behind(100, now), Duration::from_millis(2));
        delay.observe(1, Duration::from_secs(1), now);
        assert_eq!(delay.behind(100, now), Duration::from_millis(2), "one request is no sample");
        for _ in 0..100 {
            delay.observe(500, Duration::from_millis(50), now);
        }
        let wait = delay.behind(1000, now);
        assert!(wait > Duration::from_millis(95) && wait <= Duration::from_millis(100), "{wait:?}");
    }

    #[test]
    fn one_batch_that_stood_still_lets_the_next_three_hundred_in() {
        let delay = DelayEstimate::new();
        let now = delay.started;
        delay.observe(64, Duration::from_millis(3500), now);
        let wait = delay.behind(300, now);
        assert!(wait < Duration::from_millis(150), "{wait:?} for who comes at once");
        assert!(delay.behind(1200, now) > Duration::from_millis(150), "the control: it was heard");
    }

    #[test]
    fn what_no_batch_confirms_is_forgotten() {
        let delay = DelayEstimate::new();
        let now = delay.started;
        for _ in 0..100 {
            delay.observe(64, Duration::from_secs(10), now);
        }
        let wait = |seconds| delay.behind(100, now + Duration::from_secs(seconds));
        let bound = Duration::from_millis(100);
        assert!(wait(0) > bound - Duration::from_millis(1) && wait(0) <= bound, "{:?}", wait(0));
        assert!(wait(1) < Duration::from_millis(52), "{:?}", wait(1));
        assert_eq!(wait(60), Duration::from_millis(2));
        assert_eq!(wait(10_000), Duration::from_millis(2));

        // The same from below.
        for _ in 0..100 {
            delay.observe(64, Duration::from_micros(64), now);
        }
        assert!(wait(0) < Duration::from_micros(200), "{:?}", wait(0));
        assert_eq!(wait(60), Duration::from_millis(2));
    }

    #[test]
    fn refused_callers_return_one_after_the_other() {
        let delay = DelayEstimate::new();
        let now = delay.started;
        delay.nanos_per_request.store(1_000_000, Ordering::Relaxed);
        let seconds: Vec<_> = (0..5000).map(|_| delay.retry_after_seconds(now)).collect();
        assert!(seconds.is_sorted(), "each after the one before");
        assert_eq!(seconds.first(), Some(&1));
        assert!((4..=5).contains(seconds.last().unwrap()), "5,000 at 1,000 a second");
        let far = (0..200_000).map(|_| delay.retry_after_seconds(now)).max();
        assert_eq!(far, Some(RETRY_AFTER_SECONDS_MAX));
    }
}
