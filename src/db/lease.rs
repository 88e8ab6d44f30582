//! Connections lent by a pool. None waits for ever: whoever asks for one, each statement that runs
//! on one, and the server's word that it is still there all have a deadline. A connection that
//! misses it is closed, not given back, and so are its elders: what befell one of them (a restart,
//! a switch to another server, a frozen machine) befell all, and the next caller gets a new one.
//!
//! sqlx does not say how long a silent peer may take on a socket (keepalive, user time-out): on our
//! side the deadlines here stand in for it, on the server's the settings of `connect`.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use deadpool::managed::{
    self, Manager, Metrics as Used, Object, PoolConfig, PoolError, QueueMode, RecycleError,
    RecycleResult,
};
use futures_util::{future::BoxFuture, stream, stream::BoxStream, stream::StreamExt};
use prometheus_client::metrics::histogram::Histogram;
use sqlx::{
    Connection, Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::{sleep, timeout};

use super::{connect::connect, error, metrics::Metrics};

/// How long a caller waits for a connection of a pool.
pub(super) const ACQUIRE_SECONDS_MAX: Duration = Duration::from_secs(2);
/// How long a server takes to say that it is there, at most.
const PING_SECONDS_MAX: Duration = Duration::from_secs(1);
/// A connection is not lent for longer: what a session gathers in the server's memory goes with it.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// What a pool is for.
pub(super) struct Purpose {
    /// In metrics.
    pub(super) name: &'static str,
    pub(super) connections_max: usize,
    /// How long one statement outside a transaction takes at most.
    pub(super) statement_max: Duration,
    /// What its sessions set beside what all of them do.
    pub(super) settings: Option<&'static str>,
}

/// A pool that measures how long its callers wait for a connection. A reference to it runs single
/// statements, as one to sqlx's own pool does; `in_tx` runs transactions on it.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: managed::Pool<Maker>,
    wait_seconds: Histogram,
    statement_max: Duration,
    pub(super) metrics: Arc<Metrics>,
}

impl Pool {
    /// Connects on first use.
    pub(super) fn new(
        options: PgConnectOptions,
        purpose: &Purpose,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let maker = Maker { options, settings: purpose.settings, closed: Mutex::new(None) };
        let mut config = PoolConfig::new(purpose.connections_max.max(1));
        // The ones that are in use stay so, and the others can be seen to be idle.
        config.queue_mode = QueueMode::Lifo;
        let wait_seconds = metrics.wait(purpose.name);
        let built = managed::Pool::builder(maker).config(config).build();
        #[expect(clippy::expect_used, reason = "only time-outs of its own would need a runtime")]
        let inner = built.expect("a pool without time-outs");
        Self { inner, wait_seconds, statement_max: purpose.statement_max, metrics: metrics.clone() }
    }

    /// A connection, given back when dropped if nothing is left half done on it.
    ///
    /// # Errors
    /// `PoolTimedOut` when all are in use for `ACQUIRE_SECONDS_MAX`; why none could be made in that
    /// time, where that is so.
    pub async fn acquire(&self) -> sqlx::Result<Lease> {
        let asked = Instant::now();
        let mut last = None;
        let acquired = timeout(ACQUIRE_SECONDS_MAX, self.insist(&mut last)).await;
        self.wait_seconds.observe(asked.elapsed().as_secs_f64());
        acquired.unwrap_or_else(|_elapsed| Err(last.unwrap_or(sqlx::Error::PoolTimedOut)))
    }

    /// A connection on which the server has just answered. For statements that cannot be run again
    /// when it turns out to be gone: sqlx takes them apart.
    async fn acquire_tested(&self) -> sqlx::Result<Lease> {
        let mut lease = self.acquire().await?;
        if lease.is_new() {
            return Ok(lease);
        }
        let answered = within(PING_SECONDS_MAX, lease.begin()?.ping()).await;
        lease.end(&answered);
        match answered {
            Ok(()) => Ok(lease),
            Err(_) => {
                drop(lease);
                self.acquire().await
            }
        }
    }

    /// Asks again while there is no server that can write: it may be on its way.
    async fn insist(&self, last: &mut Option<sqlx::Error>) -> sqlx::Result<Lease> {
        let mut pause = PAUSE_MIN;
        loop {
            match self.inner.get().await {
                Ok(conn) => {
                    return Ok(Lease { conn: Some(conn), pool: self.clone(), is_whole: true });
                }
                Err(PoolError::Backend(error)) if error::classify(&error).may_pass() => {
                    *last = Some(error);
                }
                Err(PoolError::Backend(error)) => return Err(error),
                Err(PoolError::Closed) => return Err(sqlx::Error::PoolClosed),
                Err(_) => return Err(sqlx::Error::PoolTimedOut),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Lends none of the present connections again, and closes those that are idle, because one
    /// that was made then is lost. Where that was said before, the present ones are newer.
    fn renew(&self, made: Instant) {
        let now = Instant::now();
        if self.inner.manager().is_closed(made) {
            return;
        }
        self.inner.manager().close_until(now);
        drop(self.inner.retain(|_, used| used.created > now));
    }

    /// Ends the pool. What is under way keeps its connections until it is done with them.
    pub(super) fn close(&self) {
        self.inner.close();
    }

    /// Whether a connection is lent, or being made.
    pub(super) fn is_in_use(&self) -> bool {
        let status = self.inner.status();
        status.size > status.available
    }
}

/// Makes a pool's connections, and tells those that are not lent again.
#[derive(Debug)]
struct Maker {
    options: PgConnectOptions,
    settings: Option<&'static str>,
    /// Connections made until then are not lent any more.
    closed: Mutex<Option<Instant>>,
}

impl Maker {
    fn close_until(&self, now: Instant) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    fn is_closed(&self, made: Instant) -> bool {
        self.closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|until| made <= until)
    }
}

impl Manager for Maker {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<PgConnection> {
        let mut conn = connect(&self.options).await?;
        if let Some(settings) = self.settings {
            conn.execute(settings).await?;
        }
        Ok(conn)
    }

    async fn recycle(&self, _: &mut PgConnection, used: &Used) -> RecycleResult<sqlx::Error> {
        if self.is_closed(used.created) || used.age() > AGE_MAX {
            return Err(RecycleError::message("it is of no more use"));
        }
        Ok(())
    }
}

/// A connection of a pool.
pub struct Lease {
    conn: Option<Object<Maker>>,
    pool: Pool,
    /// Whether nothing is under way on it.
    is_whole: bool,
}

impl Lease {
    /// Whether it was made for this caller.
    fn is_new(&self) -> bool {
        self.conn.as_ref().is_some_and(|conn| Object::metrics(conn).recycle_count == 0)
    }

    /// From here on the connection is closed when this is dropped, until it is said to be whole.
    pub(super) fn begin(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.is_whole = false;
        // Nobody takes it before this is dropped.
        self.conn.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// What was under way is done, with this outcome: a connection that is lost is not given back,
    /// nor are those of its age lent again.
    pub(super) fn end<T>(&mut self, outcome: &sqlx::Result<T>) {
        match outcome {
            Err(error) if error::is_lost(error) => self.renew(),
            _ => self.is_whole = true,
        }
    }

    /// Closes it.
    pub fn give_up(mut self) {
        self.is_whole = false;
    }

    /// Lends none of the pool's present connections again.
    pub(super) fn renew(&self) {
        if let Some(conn) = &self.conn {
            self.pool.renew(Object::metrics(conn).created);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_whole
            && let Some(conn) = self.conn.take()
        {
            // Out of the pool, whose place is free at once; closing says nothing to a server that
            // may not listen. One that does ends what it was doing.
            drop(Object::take(conn));
        }
    }
}

/// What the server answers within this time.
///
/// # Errors
/// The work's; one of kind `TimedOut` when the time is over.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_elapsed| {
        let said = format!("the database did not answer within {limit:?}");
        Err(io::Error::new(io::ErrorKind::TimedOut, said).into())
    })
}

/// What the macros of sqlx call (`fetch_all`, `fetch_one`, `fetch_optional`, `execute`) and the
/// rest of the trait, which nobody calls on a pool.
impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<PgQueryResult>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lease = self.acquire_tested().await?;
            let outcome = within(self.statement_max, lease.begin()?.execute(query)).await;
            lease.end(&outcome);
            outcome
        })
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Vec<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lease = self.acquire_tested().await?;
            let outcome = within(self.statement_max, lease.begin()?.fetch_all(query)).await;
            lease.end(&outcome);
            outcome
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lease = self.acquire_tested().await?;
            let outcome = within(self.statement_max, lease.begin()?.fetch_optional(query)).await;
            lease.end(&outcome);
            outcome
        })
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let rows = stream::once(self.fetch_all(query)).flat_map(|rows| {
            stream::iter(match rows {
                Ok(rows) => rows.into_iter().map(|row| Ok(Either::Right(row))).collect(),
                Err(error) => vec![Err(error)],
            })
        });
        Box::pin(rows)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire_tested().await?;
            let work = lease.begin()?.prepare_with(sql, parameters);
            let outcome = within(self.statement_max, work).await;
            lease.end(&outcome);
            outcome
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire_tested().await?;
            let outcome = within(self.statement_max, lease.begin()?.describe(sql)).await;
            lease.end(&outcome);
            outcome
        })
    }
}
