//! Begin and end of a lane's transactions. While a lane is busy, the commit of one begins the next
//! (`commit and chain`), which spares a trip to the database: those who wait in a lane wait for
//! each.

use std::{
    mem,
    time::{Duration, Instant},
};

use sqlx::{Executor, PgConnection};
use tokio::time;

/// Does not wait: what such a transaction wants to wait for then is another transaction's booking
/// for the same person.
const IMPATIENT: &str = "set local lock_timeout = '20ms'";
const BEGIN_IMPATIENT: &str = "begin; set local lock_timeout = '20ms'";
/// After so many requests others are expected soon.
const BUSY_REQUESTS: usize = 16;
/// A chain is broken so often. In it, a transaction takes from the one before whether it may write,
/// which an operator may have changed; and only outside of transactions PostgreSQL counts what was
/// written, for autovacuum and for those who watch it.
const CHAINED_MAX: Duration = Duration::from_secs(1);
/// A server that does not end an empty transaction is left to itself.
const END_SECONDS_MAX: Duration = Duration::from_secs(1);

/// What a transaction does about rows that another one has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locks {
    /// Waits for each, as long as the session's `lock_timeout`.
    Wait,
    /// Leaves out the requests that need them, and decides up to `batch_max` of the others.
    Skip { batch_max: usize },
}

/// Of one connection: whether its next transaction has begun, and whether the one after it shall
/// begin with the end of that one.
#[derive(Debug, Default)]
pub struct Chain {
    /// Only from the end of one transaction until the next is asked for.
    has_begun: bool,
    is_busy: bool,
    /// When the first of those began that have begun with the end of another.
    since: Option<Instant>,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Commit,
    Rollback,
}

impl Chain {
    /// Says how many requests the next transaction decides.
    pub fn expect(&mut self, requests: usize) {
        self.is_busy = requests >= BUSY_REQUESTS;
    }

    /// Begins a transaction, unless it has begun.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&mut self, conn: &mut PgConnection, locks: Locks) -> sqlx::Result<()> {
        let sql = match (mem::take(&mut self.has_begun), locks) {
            (false, Locks::Wait) => "begin",
            (false, Locks::Skip { .. }) => BEGIN_IMPATIENT,
            (true, Locks::Wait) => return Ok(()),
            (true, Locks::Skip { .. }) => IMPATIENT,
        };
        conn.execute(sql).await.map(drop)
    }

    /// Ends the transaction.
    ///
    /// # Errors
    /// The database's. Nothing was done then, unless the connection was lost during the commit.
    pub async fn end(&mut self, conn: &mut PgConnection, ending: Ending) -> sqlx::Result<()> {
        let is_old = self.since.is_some_and(|since| since.elapsed() >= CHAINED_MAX);
        let goes_on = self.is_busy && !is_old;
        let sql = match (ending, goes_on) {
            (Ending::Commit, false) => "commit",
            (Ending::Commit, true) => "commit and chain",
            (Ending::Rollback, false) => "rollback",
            (Ending::Rollback, true) => "rollback and chain",
        };
        conn.execute(sql).await?;
        self.has_begun = goes_on;
        self.since = goes_on.then(|| self.since.unwrap_or_else(Instant::now));
        Ok(())
    }

    /// Ends what has begun where nobody asks for it. False where the connection is of no use.
    pub async fn give_up(&mut self, conn: &mut PgConnection) -> bool {
        self.since = None;
        if !mem::take(&mut self.has_begun) {
            return true;
        }
        let ended = time::timeout(END_SECONDS_MAX, conn.execute("rollback"));
        matches!(ended.await, Ok(Ok(_)))
    }
}
