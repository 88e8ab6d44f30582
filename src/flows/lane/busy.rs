//! How busy the lanes are: the share of their time that they spend in transactions. Whatever can
//! wait looks at it, so that whoever books goes first.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::telemetry::Metrics;

/// How often the share is looked at.
pub const PERIOD: Duration = Duration::from_millis(100);
/// Lanes are busy that spend more of their time in transactions. Measured (`make bench
/// ARGS="--only messages"`): an idle service is at 0, half the peak at 0.4 to 0.6.
const BUSY_SHARE: f64 = 0.25;

/// Looks once in `PERIOD`.
#[derive(Debug)]
pub struct Busy {
    metrics: Arc<Metrics>,
    lanes: f64,
    began: Instant,
    /// What the lanes had worked when the period began, in seconds.
    worked: f64,
    is_busy: bool,
}

impl Busy {
    pub fn new(metrics: Arc<Metrics>, lanes: usize, now: Instant) -> Self {
        let worked = metrics.lanes.lane_seconds.get();
        let lanes = f64::from(u32::try_from(lanes.max(1)).unwrap_or(u32::MAX));
        Self { metrics, lanes, began: now, worked, is_busy: false }
    }

    /// Whether the lanes are busy, and whether that was just looked at.
    pub fn look(&mut self, now: Instant) -> (bool, bool) {
        let span = now.saturating_duration_since(self.began);
        let is_new = span >= PERIOD;
        if is_new {
            let worked = self.metrics.lanes.lane_seconds.get();
            let share = (worked - self.worked) / (span.as_secs_f64() * self.lanes);
            self.is_busy = share > BUSY_SHARE;
            (self.began, self.worked) = (now, worked);
        }
        (self.is_busy, is_new)
    }

    /// Until the next look.
    pub fn until_next(&self, now: Instant) -> Duration {
        PERIOD.saturating_sub(now.saturating_duration_since(self.began))
    }
}
