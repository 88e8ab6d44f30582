//! How busy the lanes are: the share of their time that they spend in transactions. Whatever can
//! wait looks at it, so that whoever books or signs in goes first.

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
    /// What they had worked when the period began.
    worked: Worked,
    is_busy: bool,
}

/// The seconds that lanes have spent in transactions.
#[derive(Debug)]
struct Worked {
    bookings: f64,
    /// One lane's.
    sign_ins: f64,
}

impl Worked {
    fn of(metrics: &Metrics) -> Self {
        Self {
            bookings: metrics.lanes.lane_seconds.get(),
            sign_ins: metrics.sign_ins.lane_seconds.get(),
        }
    }
}

impl Busy {
    /// With so many lanes for bookings.
    pub fn new(metrics: Arc<Metrics>, lanes: usize, now: Instant) -> Self {
        let worked = Worked::of(&metrics);
        let lanes = f64::from(u32::try_from(lanes.max(1)).unwrap_or(u32::MAX));
        Self { metrics, lanes, began: now, worked, is_busy: false }
    }

    /// Whether the lanes of bookings or that of sign-ins are busy, and whether that was just looked
    /// at.
    pub fn look(&mut self, now: Instant) -> (bool, bool) {
        let span = now.saturating_duration_since(self.began);
        let is_new = span >= PERIOD;
        if is_new {
            let (worked, seconds) = (Worked::of(&self.metrics), span.as_secs_f64());
            let bookings = (worked.bookings - self.worked.bookings) / (seconds * self.lanes);
            let sign_ins = (worked.sign_ins - self.worked.sign_ins) / seconds;
            self.is_busy = bookings.max(sign_ins) > BUSY_SHARE;
            (self.began, self.worked) = (now, worked);
        }
        (self.is_busy, is_new)
    }

    /// Until the next look.
    pub fn until_next(&self, now: Instant) -> Duration {
        PERIOD.saturating_sub(now.saturating_duration_since(self.began))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_busy_with_bookings_or_with_sign_ins() {
        let metrics = Arc::new(Metrics::new(&crate::db::metrics::Metrics::default()));
        let began = Instant::now();
        let mut busy = Busy::new(metrics.clone(), 4, began);
        let mut look = |periods| busy.look(began + PERIOD * periods);
        assert_eq!(look(1), (false, true), "the control: they rest");
        metrics.sign_ins.lane_seconds.inc_by(0.03);
        assert_eq!(look(2), (true, true), "a third of the one lane");
        metrics.sign_ins.lane_seconds.inc_by(0.02);
        assert_eq!(look(3), (false, true), "a fifth");
        metrics.lanes.lane_seconds.inc_by(0.05);
        assert_eq!(look(4), (false, true), "an eighth of four lanes");
        metrics.lanes.lane_seconds.inc_by(0.15);
        assert_eq!(look(5), (true, true), "more than a third");
    }
}
