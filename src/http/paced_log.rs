//! A line of the log that strangers can cause: written at most once a minute.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const PACE: Duration = Duration::from_secs(60);

/// Counts until the next line.
#[derive(Debug, Default)]
pub struct PacedLog(Mutex<(Option<Instant>, u64)>);

impl PacedLog {
    /// How often it has happened since the last line, if one is due.
    pub fn due(&self) -> Option<u64> {
        self.due_at(Instant::now())
    }

    fn due_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, times) = &mut *state;
        *times += 1;
        if last.is_some_and(|last| now.duration_since(last) < PACE) {
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_those_of_a_minute_together() {
        let (log, now) = (PacedLog::default(), Instant::now());
        assert_eq!(log.due_at(now), Some(1));
        for _ in 0..1000 {
            assert_eq!(log.due_at(now + PACE / 2), None);
        }
        assert_eq!(log.due_at(now + PACE), Some(1001), "none is forgotten");
    }
}
