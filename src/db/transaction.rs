//! Transactions outside the lanes: named, bounded in time, counted, and never left half done on a
//! connection that somebody else gets.

use std::{
    error::Error as StdError,
    time::{Duration, Instant},
};

use sqlx::{Executor, PgConnection, Postgres, pool::PoolConnection};
use tracing::Instrument;

use super::{
    connection::{ACQUIRE_SECONDS_MAX, Pool},
    error::Error,
    metrics::{Metrics, Outcome},
};

/// A transaction outside the lanes that runs longer than this has met a stalled server.
const TRANSACTION_SECONDS_MAX: Duration = Duration::from_secs(15);

/// Runs `work` in one transaction; commits on `Ok`, rolls back on `Err`. The name is for metrics
/// and logs: one of a fixed set, never made of what somebody sent.
///
/// # Errors
/// Those of `work`; `AcquireTimeout` and `TransactionTimeout`, which are ours; or the database's. A
/// transaction that outlives the limit is abandoned together with its connection: returning a
/// stalled connection to the pool would leak its permit.
pub async fn in_tx<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    in_long_tx(pool, name, TRANSACTION_SECONDS_MAX, work).await
}

/// As `in_tx`, for work that is known to take long (a file of millions of rows).
///
/// # Errors
/// As `in_tx`.
pub async fn in_long_tx<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let span = tracing::debug_span!("transaction", name);
    let transaction = async {
        let mut held = Held::acquire(pool, name).await?;
        match tokio::time::timeout(limit, held.run(work)).await {
            Ok(done) => {
                held.outcome = outcome(&done);
                done
            }
            Err(_elapsed) => {
                held.outcome = Outcome::TimedOut;
                tracing::error!(transaction = name, ?limit, "transaction outlived its limit");
                Err(Error::TransactionTimeout { name, limit }.into())
            }
        }
    };
    // On the heap, so that the work of a flow is not moved through every future above it.
    Box::pin(transaction.instrument(span)).await
}

fn outcome<T, E: StdError + 'static>(done: &Result<T, E>) -> Outcome {
    match done {
        Ok(_) => Outcome::Committed,
        Err(error) if is_of_database(error) => Outcome::Failed,
        Err(_) => Outcome::RolledBack,
    }
}

/// Whether the error, or what caused it, is the database's.
fn is_of_database(error: &(dyn StdError + 'static)) -> bool {
    error.is::<Error>() || error.source().is_some_and(is_of_database)
}

/// A connection with a transaction on it, counted when it ends. If the work is dropped half way,
/// because a client hung up or the time was over, the connection is closed: given back, it would
/// hand the open transaction to whoever gets it next, and their commit would keep half of this
/// work.
struct Held<'a> {
    conn: PoolConnection<Postgres>,
    is_settled: bool,
    name: &'static str,
    since: Instant,
    outcome: Outcome,
    metrics: &'a Metrics,
}

impl<'a> Held<'a> {
    async fn acquire(pool: &'a Pool, name: &'static str) -> Result<Self, Error> {
        let metrics = &pool.metrics;
        let conn = pool.acquire().await.map_err(|error| {
            metrics.no_connection(name);
            match error {
                sqlx::Error::PoolTimedOut => {
                    Error::AcquireTimeout { name, limit: ACQUIRE_SECONDS_MAX }
                }
                other => other.into(),
            }
        })?;
        let (is_settled, outcome) = (false, Outcome::Abandoned);
        Ok(Self { conn, is_settled, name, since: Instant::now(), outcome, metrics })
    }

    async fn run<T, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.conn.execute("begin").await.map_err(Error::from)?;
        match work(&mut self.conn).await {
            Ok(done) => {
                self.conn.execute("commit").await.map_err(Error::from)?;
                self.is_settled = true;
                Ok(done)
            }
            Err(refused) => {
                self.is_settled = self.conn.execute("rollback").await.is_ok();
                Err(refused)
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.conn.close_on_drop();
        }
        self.metrics.ended(self.name, self.outcome, self.since.elapsed());
    }
}
