//! The requests of a lane whose slot or doses another transaction has locked. They are tried again
//! beside the batches, and told that the service is unavailable when that does not end.

use std::time::{Duration, Instant};

use super::{
    job::{Job, Limits},
    work::Work,
};

/// Pause between two tries.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// A request waits this many times the longest wait in the queue for the lock to be released.
const BLOCKED_WAITS: u32 = 50;

pub(super) struct Parked<W: Work> {
    jobs: Vec<Job<W>>,
    tried_at: Instant,
    jobs_max: usize,
    blocked_max: Duration,
}

impl<W: Work> Parked<W> {
    /// As many requests may be parked as may wait in a queue.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            jobs: Vec::new(),
            tried_at: Instant::now(),
            jobs_max: limits.queue.max(1),
            blocked_max: limits.wait_max * BLOCKED_WAITS,
        }
    }

    /// Whether there is no place for another one.
    pub(super) fn is_full(&self) -> bool {
        self.jobs.len() >= self.jobs_max
    }

    pub(super) fn add(&mut self, mut job: Job<W>, now: Instant) {
        job.blocked_since.get_or_insert(now);
        self.jobs.push(job);
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// When to try again; none where nothing is parked.
    pub(super) fn due_at(&self) -> Option<Instant> {
        (!self.jobs.is_empty()).then(|| self.tried_at + RETRY_PAUSE)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at().is_some_and(|due| due <= now)
    }

    /// Takes all out: those to be tried again, and those that have been blocked for too long.
    pub(super) fn take(&mut self, now: Instant) -> (Vec<Job<W>>, Vec<Job<W>>) {
        self.tried_at = now;
        let is_over = |job: &Job<W>| {
            let since = job.blocked_since.unwrap_or(now);
            now.saturating_duration_since(since) > self.blocked_max
        };
        let (over, again) = std::mem::take(&mut self.jobs).into_iter().partition(is_over);
        (again, over)
    }
}
