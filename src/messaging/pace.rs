//! How many messages a provider may be handed in a second, where it has such a limit.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// More than is ever under way.
const ROOM_MAX: usize = 1_000;

/// A token bucket that holds what may be sent in a second.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: f64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Below zero where messages wait for their turn.
    tokens: f64,
    at: Instant,
}

impl Pace {
    /// At least one message may always be sent at once.
    pub(super) fn new(per_second: f64, now: Instant) -> Self {
        let bucket = Bucket { tokens: per_second.max(1.0), at: now };
        Self { per_second, bucket: Mutex::new(bucket) }
    }

    /// Takes the next turn; says how long it is until then.
    pub(super) fn turn(&self, now: Instant) -> Duration {
        let mut bucket = self.filled(now);
        bucket.tokens -= 1.0;
        self.until_whole(bucket.tokens + 1.0)
    }

    /// How many turns there are for which nobody need wait, when a share of what may be sent in a
    /// second is left to others.
    ///
    /// # Errors
    /// How long until there is one, where there is none.
    pub(super) fn room(&self, now: Instant, left_to_others: f64) -> Result<usize, Duration> {
        let left = if self.per_second > 1.0 { self.per_second * left_to_others } else { 0.0 };
        let tokens = self.filled(now).tokens - left;
        let mut turns = 0_usize;
        let mut rest = tokens;
        while rest >= 1.0 && turns < ROOM_MAX {
            (turns, rest) = (turns + 1, rest - 1.0);
        }
        if turns > 0 { Ok(turns) } else { Err(self.until_whole(tokens)) }
    }

    fn until_whole(&self, tokens: f64) -> Duration {
        let missing = (1.0 - tokens).max(0.0);
        Duration::try_from_secs_f64(missing / self.per_second).unwrap_or(Duration::MAX)
    }

    fn filled(&self, now: Instant) -> MutexGuard<'_, Bucket> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        let full = self.per_second.max(1.0);
        bucket.tokens = (bucket.tokens + passed * self.per_second).min(full);
        bucket.at = bucket.at.max(now);
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn no_more_is_sent_than_the_provider_takes() {
        let now = Instant::now();
        let pace = Pace::new(10.0, now);
        let turns: Vec<_> = (0..13).map(|_| pace.turn(now)).collect();
        assert_eq!(turns[..10], [Duration::ZERO; 10]);
        assert_eq!(turns[10..], [millis(100), millis(200), millis(300)]);
        let rested = now + Duration::from_secs(3600);
        let at_once = (0..100).filter(|_| pace.turn(rested).is_zero()).count();
        assert_eq!(at_once, 10, "no more after idle time");
        let slow = Pace::new(0.1, now);
        assert_eq!((slow.turn(now), slow.turn(now)), (Duration::ZERO, Duration::from_secs(10)));
    }

    #[test]
    fn a_share_can_be_left_to_others() {
        let now = Instant::now();
        let pace = Pace::new(10.0, now);
        for _ in 0..7 {
            let _ = pace.turn(now);
        }
        assert_eq!(pace.room(now, 0.0), Ok(3), "for those others");
        assert_eq!(pace.room(now, 0.2), Ok(1));
        let _ = pace.turn(now);
        assert_eq!(pace.room(now, 0.2), Err(millis(100)));
        assert_eq!(Pace::new(1.0, now).room(now, 0.2), Ok(1), "or it would wait for ever");
        assert_eq!(Pace::new(1e5, now).room(now, 0.2), Ok(ROOM_MAX));
    }
}
