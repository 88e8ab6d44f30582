//! The ways into the database: three pools that measure the wait for a connection, and connections
//! of their own for the lanes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{future::BoxFuture, stream::BoxStream};
use prometheus_client::metrics::histogram::Histogram;
use sqlx::{
    Connection, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::metrics::Metrics;

/// How long a caller waits for a connection of a pool.
pub(super) const ACQUIRE_SECONDS_MAX: Duration = Duration::from_secs(2);
/// One each for the board, the count of the eligible, the sweep, what tells people of their
/// appointments, the seals of the journal, and the three queues of messages.
const JOB_CONNECTIONS: u32 = 8;

/// The ways into the database, kept apart so that readers cannot starve writers.
#[derive(Clone, Debug)]
pub struct Db {
    pub write: Pool,
    pub read: Pool,
    /// For background jobs: they never wait for requests, and take no connection from them.
    pub jobs: Pool,
    /// What is counted of all of them.
    pub metrics: Arc<Metrics>,
    options: PgConnectOptions,
}

impl Db {
    /// Pools for reading and writing of the given size; connects on first use.
    pub fn new(options: PgConnectOptions, connections_max: u32) -> Self {
        let metrics = Arc::new(Metrics::default());
        let pool = |name, application, connections_max| Pool {
            inner: PgPoolOptions::new()
                .max_connections(connections_max)
                .acquire_timeout(ACQUIRE_SECONDS_MAX)
                .test_before_acquire(false)
                .after_connect(|conn, _| Box::pin(become_app(conn)))
                .connect_lazy_with(options.clone().application_name(application)),
            wait_seconds: metrics.wait(name),
            metrics: metrics.clone(),
        };
        Self {
            write: pool("write", "dosebook write", connections_max),
            read: pool("read", "dosebook read", connections_max),
            jobs: pool("jobs", "dosebook jobs", JOB_CONNECTIONS),
            metrics,
            options,
        }
    }

    /// Ends the pools, waiting for what is under way.
    pub async fn close(&self) {
        self.write.inner.close().await;
        self.read.inner.close().await;
        self.jobs.inner.close().await;
    }

    /// A connection of its own, outside the pools: for a lane or another long-lived job.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not let this service become its role.
    pub async fn connect(&self, name: &str) -> sqlx::Result<PgConnection> {
        let options = self.options.clone().application_name(name);
        let mut conn = PgConnection::connect_with(&options).await?;
        become_app(&mut conn).await?;
        Ok(conn)
    }
}

/// The service works as a role that owns nothing, whoever signed in. The settings end what hangs: a
/// lost client inside a transaction holds locks that others wait for. A client that falls silent is
/// noticed by the server within ten seconds; these settings are without effect on a unix socket.
const SESSION_SETTINGS: &str = "set role dosebook_app; \
    set idle_in_transaction_session_timeout = '10s'; set lock_timeout = '5s'; set jit = off; \
    set timezone = 'UTC'; set tcp_keepalives_idle = '4s'; set tcp_keepalives_interval = '2s'; \
    set tcp_keepalives_count = 3; set tcp_user_timeout = '10s'";

async fn become_app(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute(SESSION_SETTINGS).await.map(drop)
}

/// A pool that measures how long its callers wait for a connection. A reference to it runs single
/// statements, as one to sqlx's own pool does; `in_tx` runs transactions on it.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: PgPool,
    wait_seconds: Histogram,
    pub(super) metrics: Arc<Metrics>,
}

impl Pool {
    /// A connection, given back when dropped.
    ///
    /// # Errors
    /// `PoolTimedOut` after `ACQUIRE_SECONDS_MAX`; the server's, where a new one cannot be made.
    pub async fn acquire(&self) -> sqlx::Result<PoolConnection<Postgres>> {
        let asked = Instant::now();
        let acquired = self.inner.acquire().await;
        self.wait_seconds.observe(asked.elapsed().as_secs_f64());
        acquired
    }
}

/// What the macros of sqlx call (`fetch_all`, `fetch_one`, `fetch_optional`, `execute`) is
/// measured; the rest of the trait, which nobody calls on a pool, goes to sqlx's pool as it is.
impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<PgQueryResult>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.execute(query).await })
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Vec<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_all(query).await })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_optional(query).await })
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.inner.fetch_many(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        self.inner.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        self.inner.describe(sql)
    }
}
