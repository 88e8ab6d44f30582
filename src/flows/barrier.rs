//! A step or a change of rules is answered when no booking by what was before it can still be
//! written. It costs bookings nothing: they take no lock for it, and wait for nobody.

use std::{collections::HashSet, time::Duration};

use tokio::time::{self, Instant};

use crate::db::{self, Db};

/// A lane's transaction takes milliseconds. One that takes longer has met a stalled server, and may
/// go on for ten seconds; an administrator is told that instead of waiting for it.
const WAIT_MAX: Duration = Duration::from_secs(2);
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// What was done, and whether it holds for everything that is written from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled<T> {
    pub done: T,
    /// If not, bookings that were decided before may still be written.
    pub is_settled: bool,
}

impl<T> Settled<T> {
    /// What holds from its commit on.
    pub fn at_once(done: T) -> Self {
        Self { done, is_settled: true }
    }

    /// Waits, after the commit of what was done, until every transaction has ended that may write
    /// bookings by what was before.
    pub async fn after(db: &Db, done: T) -> Self {
        Self { done, is_settled: ended(db).await }
    }
}

async fn bookers(db: &Db, limit: Duration) -> Result<HashSet<String>, db::Error> {
    const NAME: &str = "look for bookers";
    let looking = db::in_long_tx(&db.operators, NAME, limit, async |conn| {
        Ok(db::barrier::bookers(conn).await?.into_iter().collect())
    });
    // The wait for a connection counts too: an operator is told within three seconds.
    let late = |_| Err(db::Error::TransactionTimeout { name: NAME, limit });
    time::timeout(limit, looking).await.unwrap_or_else(late)
}

/// Whether they have ended. What was done is done: that it cannot be found out is no failure of it.
async fn ended(db: &Db) -> bool {
    let deadline = Instant::now() + WAIT_MAX;
    let mut before: Option<HashSet<String>> = None;
    let mut pause = PAUSE_MIN;
    loop {
        let now = match bookers(db, deadline.saturating_duration_since(Instant::now())).await {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(%error, "who is still writing bookings cannot be seen");
                return false;
            }
        };
        // Those that have begun since go by what is there.
        let left: HashSet<_> = match before {
            Some(before) => before.intersection(&now).cloned().collect(),
            None => now,
        };
        if left.is_empty() {
            return true;
        }
        if Instant::now() + pause >= deadline {
            tracing::warn!(transactions = left.len(), "bookings decided before are not over");
            return false;
        }
        before = Some(left);
        time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
