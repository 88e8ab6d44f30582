//! Lets bookings go first while a file is loaded. A file takes a core for seconds, and whoever
//! books would wait for their turn on it. So it is loaded in small pieces, and while the lanes are
//! busy it rests after each for as long as the piece took, on every core that it took.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::flows::lane::Busy;

/// The longest rest: others wait for what the transaction has locked.
const REST_MAX: Duration = Duration::from_millis(50);

/// The pieces of one file.
pub(super) struct Breath<'a> {
    /// None where no lanes are known, in a process of its own.
    busy: Option<&'a Mutex<Busy>>,
    began: Instant,
    /// That work on a piece at the same time.
    cores: u32,
}

impl<'a> Breath<'a> {
    pub(super) fn new(busy: Option<&'a Mutex<Busy>>) -> Self {
        Self { busy, began: Instant::now(), cores: 1 }
    }

    /// For pieces on which two work at the same time: who reads the file, and the database.
    pub(super) fn of_two(busy: Option<&'a Mutex<Busy>>) -> Self {
        Self { cores: 2, ..Self::new(busy) }
    }

    /// After a piece: rests while the lanes are busy, and begins the next one.
    pub(super) async fn take(&mut self) {
        if let Some(rest) = self.rest(Instant::now()) {
            sleep(rest).await;
        }
        self.began = Instant::now();
    }

    /// Whether the lanes are busy, so that nothing is read ahead.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted_at(Instant::now())
    }

    fn is_wanted_at(&self, now: Instant) -> bool {
        let look =
            |busy: &Mutex<Busy>| busy.lock().unwrap_or_else(PoisonError::into_inner).look(now).0;
        self.busy.is_some_and(look)
    }

    fn rest(&self, now: Instant) -> Option<Duration> {
        self.is_wanted_at(now).then(|| (now.duration_since(self.began) * self.cores).min(REST_MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::telemetry::Metrics;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_file_rests_as_long_as_its_piece_took_while_the_lanes_are_busy() {
        let metrics = Arc::new(Metrics::new(&crate::db::metrics::Metrics::default()));
        let began = Instant::now();
        let busy = Mutex::new(Busy::new(metrics.clone(), 2, began));
        let mut breath = Breath { busy: Some(&busy), began, cores: 1 };
        assert_eq!(breath.rest(began + 20 * MS), None, "nothing is known yet");
        assert_eq!(breath.rest(began + 200 * MS), None, "lanes that rest hold nothing back");
        metrics.lanes.lane_seconds.inc_by(0.2);
        breath.began = began + 390 * MS;
        assert_eq!(breath.rest(began + 400 * MS), Some(10 * MS), "half the time of two lanes");
        breath.cores = 2;
        assert_eq!(breath.rest(began + 400 * MS), Some(20 * MS), "on two cores");
        breath.began = began + 200 * MS;
        assert_eq!(breath.rest(began + 410 * MS), Some(REST_MAX), "no longer than that");
        assert_eq!(breath.rest(began + 500 * MS), None, "the lanes have come to rest");
        breath.busy = None;
        assert_eq!(breath.rest(began + 400 * MS), None, "no lanes are known");
    }
}
