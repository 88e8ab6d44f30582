//! Transactions outside the lanes: named, bounded in time, counted, and never left half done on a
//! connection that somebody else gets. A connection that turns out to be dead when a transaction
//! begins is replaced by another one: nothing was done on it.

use std::{
    error::Error as StdError,
    time::{Duration, Instant},
};

use sqlx::{Executor, PgConnection};
use tracing::Instrument;

use super::{
    error::{Error, Failure, is_lost},
    lease::{ACQUIRE_SECONDS_MAX, Lease, Pool, within},
    metrics::{Metrics, Outcome},
};

/// A transaction outside the lanes that runs longer than this has met a stalled server.
const TRANSACTION_SECONDS_MAX: Duration = Duration::from_secs(15);
/// A server that does not begin a transaction in so long does not answer on this connection.
const BEGIN_SECONDS_MAX: Duration = Duration::from_secs(1);
/// How often a transaction is tried that others are in the way of.
const TRIES_MAX: u32 = 3;
const TRY_PAUSE: Duration = Duration::from_millis(20);
/// Conflicts are found in about a second. Who is still in the way after so long has waited for a
/// lock in vain, and is told so: a person at a form does not wait for it a second time.
const CONFLICT_SECONDS_MAX: Duration = Duration::from_secs(4);
/// One that does not roll back is left to itself.
const ROLLBACK_SECONDS_MAX: Duration = Duration::from_secs(1);
/// How long a look (several statements that write nothing) may take.
const LOOK_SECONDS_MAX: Duration = Duration::from_secs(5);
/// Within this time a step of an operator is tried again: whoever waits is told in three seconds.
const INSIST_SECONDS_MAX: Duration = Duration::from_secs(2);
const INSIST_PAUSE: Duration = Duration::from_millis(50);
/// How long one try may take; it is short work.
const TRY_SECONDS_MAX: Duration = Duration::from_secs(5);

/// Runs `work` in one transaction; commits on `Ok`, rolls back on `Err`. It is run again where
/// another transaction was first: what the first try did is undone then. The name is for metrics
/// and logs: one of a fixed set, never made of what somebody sent.
///
/// # Errors
/// Those of `work`; `AcquireTimeout` and `TransactionTimeout`, which are ours; or the database's. A
/// transaction that outlives the limit is abandoned together with its connection: returning a
/// stalled connection to the pool would leak its permit.
pub async fn in_tx<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    work: impl AsyncFn(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let since = Instant::now();
    let mut tries = 1;
    loop {
        let left = TRANSACTION_SECONDS_MAX.saturating_sub(since.elapsed());
        match attempt(pool, name, left, &work).await {
            Err(undone)
                if undone.was_overtaken()
                    && tries < TRIES_MAX
                    && since.elapsed() < CONFLICT_SECONDS_MAX =>
            {
                tries += 1;
                tracing::debug!(transaction = name, error = %undone.error, "trying again");
                tokio::time::sleep(TRY_PAUSE).await;
            }
            done => return done.map_err(|undone| undone.error),
        }
    }
}

/// As `in_tx`, once: for jobs, which come again by themselves.
///
/// # Errors
/// As `in_tx`.
pub async fn in_tx_once<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    in_long_tx(pool, name, TRANSACTION_SECONDS_MAX, work).await
}

/// As `in_tx_once`, for work that is known to take long (a file of millions of rows).
///
/// # Errors
/// As `in_tx`.
pub async fn in_long_tx<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    attempt(pool, name, limit, work).await.map_err(|undone| undone.error)
}

/// As `in_tx`, for what an operator must be able to do whatever else happens: tried again when
/// another transaction was first, or when the connection was lost before the commit was asked for.
///
/// # Errors
/// As `in_tx`, of the last try.
pub async fn insist<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    work: impl AsyncFn(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let since = Instant::now();
    loop {
        match attempt(pool, name, TRY_SECONDS_MAX, &work).await {
            Err(undone) if undone.may_be_tried_again() && since.elapsed() < INSIST_SECONDS_MAX => {
                tracing::debug!(transaction = name, error = %undone.error, "trying again");
                tokio::time::sleep(INSIST_PAUSE).await;
            }
            done => return done.map_err(|undone| undone.error),
        }
    }
}

/// Statements that write nothing, on one connection, without a transaction around them. They are
/// run again, once, on another connection when the first was lost.
///
/// # Errors
/// Those of `look`; the database's.
pub async fn look<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    look: impl AsyncFn(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    match look_once(pool, &look).await {
        Err(error) if of_database(&error).is_some_and(is_lost_with) => look_once(pool, &look).await,
        done => done,
    }
}

async fn look_once<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    look: &impl AsyncFn(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let mut lease = pool.acquire().await.map_err(Error::from)?;
    let conn = lease.begin().map_err(Error::from)?;
    let looked = within(LOOK_SECONDS_MAX, async { Ok(look(conn).await) }).await;
    let looked = looked.unwrap_or_else(|late| Err(Error::from(late).into()));
    match &looked {
        Err(error) if of_database(error).is_some_and(is_lost_with) => lease.renew(),
        _ => lease.end(&Ok(())),
    }
    looked
}

/// A transaction that came to nothing, or of which nobody knows.
struct Undone<E> {
    error: E,
    /// Whether the commit was asked for: then it may have been done.
    is_uncertain: bool,
}

impl<E: StdError + 'static> Undone<E> {
    /// Whether another transaction was first, or in the way for too long.
    fn was_overtaken(&self) -> bool {
        let of_database = of_database(&self.error);
        let failure = of_database.map(Error::failure);
        !self.is_uncertain && matches!(failure, Some(Failure::Conflict | Failure::LockTimeout))
    }

    fn may_be_tried_again(&self) -> bool {
        let of_database = of_database(&self.error);
        !self.is_uncertain && of_database.is_some_and(|error| error.failure().may_pass())
    }
}

async fn attempt<T, E: From<Error> + StdError + 'static>(
    pool: &Pool,
    name: &'static str,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, Undone<E>> {
    let span = tracing::debug_span!("transaction", name);
    let transaction = async {
        let certain = |error: Error| Undone { error: error.into(), is_uncertain: false };
        let mut held = Held::begin(pool, name).await.map_err(certain)?;
        let done = match tokio::time::timeout(limit, held.run(work)).await {
            Ok(done) => {
                held.outcome = outcome(&done);
                done
            }
            Err(_elapsed) => {
                held.outcome = Outcome::TimedOut;
                held.lease.renew();
                tracing::error!(transaction = name, ?limit, "transaction outlived its limit");
                Err(Error::TransactionTimeout { name, limit }.into())
            }
        };
        done.map_err(|error| Undone { error, is_uncertain: held.is_committing })
    };
    // On the heap, so that the work of a flow is not moved through every future above it.
    Box::pin(transaction.instrument(span)).await
}

fn outcome<T, E: StdError + 'static>(done: &Result<T, E>) -> Outcome {
    match done {
        Ok(_) => Outcome::Committed,
        Err(error) if of_database(error).is_some() => Outcome::Failed,
        Err(_) => Outcome::RolledBack,
    }
}

/// The error, or what caused it, where that is the database's.
fn of_database<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Error> {
    error.downcast_ref::<Error>().or_else(|| of_database(error.source()?))
}

/// Whether the connection is lost after this.
fn is_lost_with(error: &Error) -> bool {
    matches!(error, Error::Sqlx(error) if is_lost(error))
}

/// A connection with a transaction on it, counted when it ends. If the work is dropped half way,
/// because a client hung up or the time was over, the connection is closed: given back, it would
/// hand the open transaction to whoever gets it next, and their commit would keep half of this
/// work.
struct Held<'a> {
    lease: Lease,
    name: &'static str,
    since: Instant,
    outcome: Outcome,
    is_committing: bool,
    metrics: &'a Metrics,
}

impl<'a> Held<'a> {
    /// On a connection that was there to begin it; one that was not is replaced, once, and with it
    /// all others that are as old.
    async fn begin(pool: &'a Pool, name: &'static str) -> Result<Self, Error> {
        let mut held = Self::acquire(pool, name).await?;
        let began = within(BEGIN_SECONDS_MAX, held.lease.begin()?.execute("begin")).await;
        match began {
            Err(lost) if is_lost(&lost) => {
                tracing::debug!(transaction = name, error = %lost, "a connection was lost");
                held.lease.renew();
                held.outcome = Outcome::NoConnection;
                drop(held);
                let mut held = Self::acquire(pool, name).await?;
                let limit = ACQUIRE_SECONDS_MAX;
                within(limit, held.lease.begin()?.execute("begin")).await?;
                Ok(held)
            }
            began => began.map(|_| held).map_err(Error::from),
        }
    }

    async fn acquire(pool: &'a Pool, name: &'static str) -> Result<Self, Error> {
        let metrics = &pool.metrics;
        let lease = pool.acquire().await.map_err(|error| {
            metrics.no_connection(name);
            match error {
                sqlx::Error::PoolTimedOut => {
                    Error::AcquireTimeout { name, limit: ACQUIRE_SECONDS_MAX }
                }
                other => other.into(),
            }
        })?;
        let (since, outcome) = (Instant::now(), Outcome::Abandoned);
        Ok(Self { lease, name, since, outcome, is_committing: false, metrics })
    }

    async fn run<T, E: From<Error> + StdError + 'static>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let conn = self.lease.begin().map_err(Error::from)?;
        match work(conn).await {
            Ok(done) => {
                self.is_committing = true;
                let committed = conn.execute("commit").await;
                self.is_committing = committed.is_err();
                self.lease.end(&committed);
                committed.map_err(Error::from)?;
                Ok(done)
            }
            Err(refused) if of_database(&refused).is_some_and(is_lost_with) => {
                self.lease.renew();
                Err(refused)
            }
            Err(refused) => {
                let rolled_back = within(ROLLBACK_SECONDS_MAX, conn.execute("rollback")).await;
                if rolled_back.is_ok() {
                    self.lease.end(&rolled_back);
                }
                Err(refused)
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.metrics.ended(self.name, self.outcome, self.since.elapsed());
    }
}
