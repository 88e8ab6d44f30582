//! The private PostgreSQL: started from the programs on this machine when no other is named, under
//! a folder of its own, durable, reachable through a unix socket that only its owner may open.
//!
//! Every process that uses a folder holds a shared lock on it, and the last one out stops the
//! server. So a second service or an import may come and go beside the first, and a server that was
//! left running by a killed service is taken over by the next one.

mod account;
mod cluster;
mod error;
mod lock;
mod programs;
mod settings;
mod supervise;

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinHandle;

use cluster::Cluster;
pub use error::Error;
pub use settings::Durability;
use supervise::supervise;

/// Owns the database and its schema; migrations run as this role.
const OWNER: &str = "dosebook_owner";
/// Owns nothing; the service works as this role.
const APP: &str = "dosebook_app";
const DATABASE: &str = "dosebook";
/// The pid file and shared memory of a killed server can be in the way for some seconds.
const START_RETRY_SECONDS_MAX: Duration = Duration::from_secs(15);

/// A running PostgreSQL that this process uses, and stops if nobody else does.
#[derive(Debug)]
pub struct Private {
    cluster: Arc<Cluster>,
    /// Carries the shared lock. Taken by `stop`.
    in_use: Option<File>,
    supervisor: Option<JoinHandle<()>>,
}

impl Private {
    /// Makes the database in `data_dir` on first use, starts its server or attaches to the one that
    /// runs. `bin_dir` names the folder of PostgreSQL's programs; without it they are looked for.
    ///
    /// # Errors
    /// When PostgreSQL is missing, the folder cannot be used, or the server does not start.
    pub async fn start(
        data_dir: &Path,
        bin_dir: Option<&Path>,
        durability: Durability,
    ) -> Result<Self, Error> {
        let cluster = Arc::new(Cluster::open(data_dir, bin_dir).await?);
        let starting = lock::exclusive(&cluster.file("start.lock")).await?;
        let in_use = lock::shared(&cluster.file("use.lock")).await?;
        cluster.make(durability).await?;
        let child = cluster.bring_up(START_RETRY_SECONDS_MAX).await?;
        let supervisor = Some(tokio::spawn(supervise(Arc::clone(&cluster), child)));
        let private = Self { cluster, in_use: Some(in_use), supervisor };
        private.cluster.furnish().await?;
        drop(starting);
        Ok(private)
    }

    /// As the role that owns database and schema: for migrations.
    pub fn owner_options(&self) -> PgConnectOptions {
        self.cluster.options(OWNER, DATABASE)
    }

    /// As the role that owns nothing: for the service.
    pub fn app_options(&self) -> PgConnectOptions {
        self.cluster.options(APP, DATABASE)
    }

    /// As the superuser: for tests, and for making further databases.
    pub fn superuser_options(&self, database: &str) -> PgConnectOptions {
        self.cluster.options(cluster::SUPERUSER, database)
    }

    /// The folder of the unix socket: `psql -h` takes it.
    pub fn socket_dir(&self) -> &Path {
        &self.cluster.socket_dir
    }

    /// Stops the server, unless another process uses it.
    ///
    /// # Errors
    /// When the server does not stop; it is left as it is.
    pub async fn stop(mut self) -> Result<(), Error> {
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.abort();
            drop(supervisor.await);
        }
        let stopping = lock::exclusive(&self.cluster.file("start.lock")).await?;
        let is_last = self.in_use.take().is_some_and(lock::is_last);
        let outcome = if is_last {
            let cluster = Arc::clone(&self.cluster);
            tokio::task::spawn_blocking(move || cluster.stop())
                .await
                .unwrap_or_else(|e| Err(e.into()))
        } else {
            Ok(())
        };
        drop(stopping);
        outcome
    }
}

/// A start-up that failed halfway must not leave a server behind. Waits for the server to stop.
impl Drop for Private {
    fn drop(&mut self) {
        let Some(in_use) = self.in_use.take() else { return };
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.abort();
        }
        if lock::is_last(in_use)
            && let Err(error) = self.cluster.stop()
        {
            tracing::error!(%error, "the private PostgreSQL was left running");
        }
    }
}
