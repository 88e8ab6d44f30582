//! The ways into the database: five pools, and connections of their own for the lanes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{PgConnection, postgres::PgConnectOptions};

use super::{
    connect::connect,
    lease::{Pool, Purpose},
    metrics::Metrics,
};

/// One each for the board, the count of the eligible, the sweep, what tells people of their
/// appointments, the seals of the journal, and the three queues of messages.
const JOB_CONNECTIONS: usize = 8;
/// A statement of each kind for each of several HTTP threads.
const LOOK_UP_CONNECTIONS: usize = 8;
/// Two who press at once, each beside the look at who they are.
const OPERATOR_CONNECTIONS: usize = 4;

const CLOSE_SECONDS_MAX: Duration = Duration::from_secs(2);
const CLOSE_PAUSE: Duration = Duration::from_millis(5);

/// How long single statements take at most: the lists of administrators need a part of a second.
const READ_SECONDS_MAX: Duration = Duration::from_secs(5);
/// These take turns (for a person, for a lock).
const WRITE_SECONDS_MAX: Duration = Duration::from_secs(15);
/// Nobody waits for these, and they may read much.
const JOB_SECONDS_MAX: Duration = Duration::from_secs(60);
/// Whoever stops a campaign is told within three seconds.
const OPERATOR_SECONDS_MAX: Duration = Duration::from_secs(1);

/// The ways into the database, kept apart so that readers cannot starve writers.
#[derive(Clone, Debug)]
pub struct Db {
    pub write: Pool,
    pub read: Pool,
    /// For what many look up together (`flows::batched_lookup`), by index.
    pub look_ups: Pool,
    /// For background jobs: they never wait for requests, and take no connection from them.
    pub jobs: Pool,
    /// For those who stop, resume and correct: nobody else's trouble is in their way.
    pub operators: Pool,
    /// What is counted of all of them.
    pub metrics: Arc<Metrics>,
    options: PgConnectOptions,
}

impl Db {
    /// Pools for reading and writing of the given size; connects on first use.
    pub fn new(options: PgConnectOptions, connections_max: u32) -> Self {
        let metrics = Arc::new(Metrics::default());
        let pool = |application, purpose: Purpose| {
            Pool::new(options.clone().application_name(application), &purpose, &metrics)
        };
        let connections_max = usize::try_from(connections_max).unwrap_or(usize::MAX);
        let purpose =
            |name, statement_max| Purpose { name, connections_max, statement_max, settings: None };
        let jobs = Purpose { connections_max: JOB_CONNECTIONS, ..purpose("jobs", JOB_SECONDS_MAX) };
        let operators = Purpose {
            connections_max: OPERATOR_CONNECTIONS,
            settings: Some(OPERATOR_SETTINGS),
            ..purpose("operators", OPERATOR_SECONDS_MAX)
        };
        let look_ups = Purpose {
            connections_max: LOOK_UP_CONNECTIONS.min(connections_max),
            settings: Some(PLANNER_SETTINGS),
            ..purpose("look-ups", READ_SECONDS_MAX)
        };
        Self {
            write: pool("dosebook write", purpose("write", WRITE_SECONDS_MAX)),
            read: pool("dosebook read", purpose("read", READ_SECONDS_MAX)),
            look_ups: pool("dosebook look-ups", look_ups),
            jobs: pool("dosebook jobs", jobs),
            operators: pool("dosebook operators", operators),
            metrics,
            options,
        }
    }

    /// Ends the pools, and waits a moment for what is under way: no longer, because a server that
    /// stands still would keep the service from stopping.
    pub async fn close(&self) {
        let pools = [&self.write, &self.read, &self.look_ups, &self.jobs, &self.operators];
        pools.iter().for_each(|pool| pool.close());
        let since = Instant::now();
        while pools.iter().any(|pool| pool.is_in_use()) && since.elapsed() < CLOSE_SECONDS_MAX {
            tokio::time::sleep(CLOSE_PAUSE).await;
        }
    }

    /// A connection of its own, outside the pools: for a lane or another long-lived job.
    ///
    /// # Errors
    /// When the server cannot be reached, is a standby, or does not let this service become its
    /// role.
    pub async fn connect(&self, name: &str) -> sqlx::Result<PgConnection> {
        connect(&self.options.clone().application_name(name)).await
    }
}

/// For statements that are few, and whose arrays differ in length only: each has one plan, made
/// once, that goes by index whatever the tables held at that time. A plan made while `booking` was
/// empty would scan it all evening, because growth alone does not make PostgreSQL plan again.
pub const PLANNER_SETTINGS: &str = "set plan_cache_mode = force_generic_plan; \
    set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off";

/// A step that waits for a lock is tried again; meanwhile it holds nothing.
const OPERATOR_SETTINGS: &str = "set lock_timeout = '1s'";
