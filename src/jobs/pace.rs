//! Holds back notices while the lanes are busy: whoever books waits for the answer, whoever is told
//! of a booking does not. The share of their time that the lanes spend in transactions says how
//! busy they are. Notices never stop: a backlog goes on at a low rate, and at the full one
//! afterwards.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{flows::lane::Busy, telemetry::Metrics};

/// Notices of one queue that a period takes while the lanes are busy: 200 a second.
const BUSY_MESSAGES_MAX: usize = 20;

/// The pace of one queue.
pub(super) struct Pace {
    busy: Busy,
    left: usize,
}

impl Pace {
    pub(super) fn new(metrics: Arc<Metrics>, lanes: usize, now: Instant) -> Self {
        Self { busy: Busy::new(metrics, lanes, now), left: BUSY_MESSAGES_MAX }
    }

    /// Whether the lanes are busy.
    pub(super) fn is_busy(&mut self, now: Instant) -> bool {
        let (is_busy, is_new) = self.busy.look(now);
        if is_new {
            self.left = BUSY_MESSAGES_MAX;
        }
        is_busy
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
            0 => Err(self.busy.until_next(now)),
            granted => Ok(granted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::lane::PERIOD;

    fn pace(now: Instant) -> (Pace, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::new(&crate::db::metrics::Metrics::default()));
        (Pace::new(metrics.clone(), 2, now), metrics)
    }

    #[test]
    fn notices_step_back_while_lanes_are_busy_and_never_stop() {
        let began = Instant::now();
        let (mut pace, metrics) = pace(began);
        assert_eq!(pace.grant(500, began), Ok(500), "nothing is known yet");
        metrics.lanes.lane_seconds.inc_by(0.08);
        let now = began + PERIOD;
        assert_eq!(pace.grant(500, now), Ok(BUSY_MESSAGES_MAX), "two lanes, 40 % of 100 ms each");
        assert_eq!(pace.grant(500, now), Err(PERIOD));
        assert_eq!(pace.grant(500, now + PERIOD / 2), Err(PERIOD / 2));
        metrics.lanes.lane_seconds.inc_by(0.08);
        assert_eq!(pace.grant(500, now + PERIOD), Ok(BUSY_MESSAGES_MAX), "a low rate goes on");
        assert_eq!(pace.grant(500, now + PERIOD * 2), Ok(500), "the lanes have come to rest");
    }

    #[test]
    fn lanes_that_work_a_little_hold_nothing_back() {
        let began = Instant::now();
        let (mut pace, metrics) = pace(began);
        metrics.lanes.lane_seconds.inc_by(0.04);
        assert_eq!(pace.grant(500, began + PERIOD), Ok(500), "a fifth of their time");
    }
}
