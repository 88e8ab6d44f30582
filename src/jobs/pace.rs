//! Holds back notices while the lanes are busy: whoever books waits for the answer, whoever is told
//! of a booking does not. The share of their time that the lanes spend in transactions says how
//! busy they are. Notices never stop: a backlog goes on at a low rate, and at the full one
//! afterwards.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::telemetry::Metrics;

/// How often the share is looked at.
const PERIOD: Duration = Duration::from_millis(100);
/// Lanes are busy that spend more of their time in transactions. Measured (`make bench
/// ARGS="--only messages"`): an idle service is at 0, half the peak at 0.4 to 0.6.
const BUSY_SHARE: f64 = 0.25;
/// Notices of one queue that a period takes while the lanes are busy: 200 a second.
const BUSY_MESSAGES_MAX: usize = 20;

/// The pace of one queue.
pub(super) struct Pace {
    metrics: Arc<Metrics>,
    lanes: f64,
    began: Instant,
    /// What the lanes had worked when the period began, in seconds.
    worked: f64,
    is_busy: bool,
    left: usize,
}

impl Pace {
    pub(super) fn new(metrics: Arc<Metrics>, lanes: usize, now: Instant) -> Self {
        let worked = metrics.lane_seconds.get();
        let lanes = f64::from(u32::try_from(lanes.max(1)).unwrap_or(u32::MAX));
        Self { metrics, lanes, began: now, worked, is_busy: false, left: BUSY_MESSAGES_MAX }
    }

    /// Whether the lanes are busy.
    pub(super) fn is_busy(&mut self, now: Instant) -> bool {
        let span = now.saturating_duration_since(self.began);
        if span >= PERIOD {
            let worked = self.metrics.lane_seconds.get();
            let share = (worked - self.worked) / (span.as_secs_f64() * self.lanes);
            self.is_busy = share > BUSY_SHARE;
            (self.began, self.worked, self.left) = (now, worked, BUSY_MESSAGES_MAX);
        }
        self.is_busy
    }

    /// How many notices may be sent now, of those that are wanted.
    ///
    /// # Errors
    /// None may: how long to wait until some may.
    pub(super) fn grant(&mut self, wanted: usize, now: Instant) -> Result<usize, Duration> {
        if !self.is_busy(now) || wanted == 0 {
            return Ok(wanted);
        }
        let granted = wanted.min(self.left);
        self.left -= granted;
        match granted {
            0 => Err(PERIOD.saturating_sub(now.saturating_duration_since(self.began))),
            granted => Ok(granted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(now: Instant) -> Pace {
        Pace::new(Arc::new(Metrics::new(&crate::db::metrics::Metrics::default())), 2, now)
    }

    #[test]
    fn notices_step_back_while_lanes_are_busy_and_never_stop() {
        let began = Instant::now();
        let mut pace = pace(began);
        assert_eq!(pace.grant(500, began), Ok(500), "nothing is known yet");
        pace.metrics.lane_seconds.inc_by(0.08);
        let now = began + PERIOD;
        assert_eq!(pace.grant(500, now), Ok(BUSY_MESSAGES_MAX), "two lanes, 40 % of 100 ms each");
        assert_eq!(pace.grant(500, now), Err(PERIOD));
        assert_eq!(pace.grant(500, now + PERIOD / 2), Err(PERIOD / 2));
        pace.metrics.lane_seconds.inc_by(0.08);
        assert_eq!(pace.grant(500, now + PERIOD), Ok(BUSY_MESSAGES_MAX), "a low rate goes on");
        assert_eq!(pace.grant(500, now + PERIOD * 2), Ok(500), "the lanes have come to rest");
    }

    #[test]
    fn lanes_that_work_a_little_hold_nothing_back() {
        let began = Instant::now();
        let mut pace = pace(began);
        pace.metrics.lane_seconds.inc_by(0.04);
        assert_eq!(pace.grant(500, began + PERIOD), Ok(500), "a fifth of their time");
    }
}
