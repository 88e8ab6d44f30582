//! The SQL, one file per table family, each statement beside the function that runs it.
//!
//! A function that takes `impl PgExecutor` only reads; one that takes `&mut PgConnection` is part
//! of somebody's transaction, which only `in_tx` (and a lane) opens.

pub mod allocation;
pub mod batch;
pub mod board;
pub mod booking;
pub mod campaign;
pub mod catalogue;
pub mod clinic;
pub mod cohort;
pub mod copy;
pub mod course;
pub mod demo;
pub mod discrepancy;
pub mod eligibility;
pub mod import;
pub mod movement;
pub mod outbox;
pub mod person;
pub mod pool;
pub mod product;
pub mod region;
pub mod rehearsal;
pub mod roster;
pub mod schedule;
pub mod sign_in_code;
pub mod slot;
pub mod staff_user;
pub mod supply;
pub mod supply_history;
pub mod tranche;

use std::time::Duration;

use sqlx::{
    Connection, Executor, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// Forward only; a migration that has landed is never edited.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// A transaction outside the lanes that runs longer than this has met a stalled server.
const TRANSACTION_SECONDS_MAX: Duration = Duration::from_secs(15);
const ACQUIRE_SECONDS_MAX: Duration = Duration::from_secs(2);
/// One each for the board, the count of the eligible, and the outbox.
const JOB_CONNECTIONS: u32 = 3;

/// The ways into the database, kept apart so that readers cannot starve writers.
#[derive(Clone, Debug)]
pub struct Db {
    pub write: PgPool,
    pub read: PgPool,
    /// For background jobs: they never wait for requests, and take nothing from them.
    pub jobs: PgPool,
    options: PgConnectOptions,
}

impl Db {
    /// Pools for reading and writing of the given size; connects on first use.
    pub fn new(options: PgConnectOptions, connections_max: u32) -> Self {
        let pool = |name, connections_max| {
            let options = options.clone().application_name(name);
            PgPoolOptions::new()
                .max_connections(connections_max)
                .acquire_timeout(ACQUIRE_SECONDS_MAX)
                .test_before_acquire(false)
                .after_connect(|conn, _| Box::pin(become_app(conn)))
                .connect_lazy_with(options)
        };
        Self {
            write: pool("dosebook write", connections_max),
            read: pool("dosebook read", connections_max),
            jobs: pool("dosebook jobs", JOB_CONNECTIONS),
            options,
        }
    }

    /// Ends the pools, waiting for what is under way.
    pub async fn close(&self) {
        self.write.close().await;
        self.read.close().await;
        self.jobs.close().await;
    }

    /// A connection of its own, outside the pools: for a lane or another long-lived job.
    pub async fn connect(&self, name: &str) -> sqlx::Result<PgConnection> {
        let options = self.options.clone().application_name(name);
        let mut conn = PgConnection::connect_with(&options).await?;
        become_app(&mut conn).await?;
        Ok(conn)
    }
}

/// The service works as a role that owns nothing, whoever signed in. The settings end what hangs:
/// a lost client inside a transaction holds locks that others wait for.
async fn become_app(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute(
        "set role dosebook_app; set idle_in_transaction_session_timeout = '10s'; \
         set lock_timeout = '5s'; set jit = off; set timezone = 'UTC'",
    )
    .await
    .map(drop)
}

/// Runs `work` in one transaction; commits on `Ok`, rolls back on `Err`.
///
/// # Errors
/// Those of `work`, or the database's. A transaction that outlives the limit is abandoned together
/// with its connection: returning a stalled connection to the pool would leak its permit.
pub async fn in_tx<T, E: From<sqlx::Error>>(
    pool: &PgPool,
    name: &'static str,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    in_long_tx(pool, name, TRANSACTION_SECONDS_MAX, work).await
}

/// As `in_tx`, for work that is known to take long (a file of millions of rows).
///
/// # Errors
/// As `in_tx`.
pub async fn in_long_tx<T, E: From<sqlx::Error>>(
    pool: &PgPool,
    name: &'static str,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let mut held = Held { conn: pool.acquire().await?, is_settled: false };
    let outcome = tokio::time::timeout(limit, async {
        held.conn.execute("begin").await?;
        match work(&mut held.conn).await {
            Ok(done) => {
                held.conn.execute("commit").await?;
                held.is_settled = true;
                Ok(done)
            }
            Err(refused) => {
                held.is_settled = held.conn.execute("rollback").await.is_ok();
                Err(refused)
            }
        }
    })
    .await;
    outcome.unwrap_or_else(|_elapsed| {
        tracing::error!(transaction = name, "transaction outlived its limit");
        Err(sqlx::Error::PoolTimedOut.into())
    })
}

/// A connection with a transaction on it. If the work is dropped half way, because a client hung
/// up or the time was over, the connection is closed: given back, it would hand the open
/// transaction to whoever comes next, and their commit would keep half of this work.
struct Held {
    conn: PoolConnection<Postgres>,
    is_settled: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_settled {
            self.conn.close_on_drop();
        }
    }
}
