//! The only place that reads the machine's clock, makes an id, or ticks. Decisions about bookings
//! do not come here: they take the database's time inside their transaction.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::time::{Interval, MissedTickBehavior};
use uuid::{ContextV7, Timestamp, Uuid};

/// The first tick at once, the others as long apart as this. After the machine stood still there is
/// one, not all that were missed: what counts ticks would take them for time that has passed.
pub fn ticks(period: Duration) -> Interval {
    #[expect(clippy::disallowed_methods, reason = "the one place that says what is missed")]
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The time for sessions, codes and logs; tests hold a fixed one and move it.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that shows one instant until it is set.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    /// This instant.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            Self::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The instant that is held; none on the system's clock, where statements take the database's.
    pub fn held(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::System => None,
            Self::Fixed(_) => Some(self.now()),
        }
    }

    /// Moves a fixed clock; the system's clock cannot be set from here.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Self::Fixed(at) = self {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }

    /// A time-ordered id (version 7), so that neighbours in time are neighbours in an index.
    pub fn id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Uuid::new_v7(Timestamp::from_unix(ContextV7::new(), seconds, now.timestamp_subsec_nanos()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ticks_that_were_missed_do_not_come_all_at_once() {
        let ticks = ticks(Duration::from_secs(1));
        assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Delay);
    }
}
