//! What people do when a page says that the service is busy, and when none comes.

use std::time::Duration;

use super::{
    crowd::{Crowd, Next, Turn},
    visit::{End, Visit},
};

/// Pause before a retry where no `Retry-After` says how long, which the report names as a fault.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Nobody waits longer for a page.
const BUSY_PAUSE_MAX: Duration = Duration::from_secs(120);

impl Crowd {
    /// After one to two times what the service asked for, so that not all return at once.
    pub(super) fn come_back(&mut self, mut visit: Box<Visit>, retry_after: Option<u64>) -> Next {
        let pause = retry_after.map_or(BUSY_PAUSE, Duration::from_secs);
        if visit.busy >= self.plan.scenario.busy_times || pause > BUSY_PAUSE_MAX {
            return self.end(&visit, End::GaveUp);
        }
        self.tally.retries_after_busy += 1;
        visit.busy += 1;
        let spread = visit.jittered(pause).saturating_sub(pause / 2);
        Some((pause + spread, Turn::Ask(visit)))
    }

    /// As whoever loads a page again that has not come.
    pub(super) fn reload(&mut self, mut visit: Box<Visit>, pause: Duration) -> Next {
        let times = self.plan.scenario.reloads.map_or(1, |reloads| reloads.times);
        if visit.resends >= times {
            return self.end(&visit, End::GaveUp);
        }
        self.tally.resends += 1;
        visit.resends += 1;
        Some((pause, Turn::Ask(visit)))
    }
}
