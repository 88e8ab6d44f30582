//! Whoever uses the private PostgreSQL looks after it: whoever started it, and whoever came later.
//! When nobody answers on its socket it is started again, and again for as long as that takes: a
//! full disk is freed, a folder is mounted. Only one that was stopped by hand stays stopped.

use std::{sync::Arc, time::Duration};

use tokio::{
    process::Child,
    time::{Instant, sleep},
};

use super::{cluster::Cluster, error::Error, lock};

/// How often somebody is looked for on the socket.
const LOOK_PAUSE: Duration = Duration::from_millis(300);
/// Between attempts to start it: short, because everybody waits for it.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one attempt goes on at a server that dies as soon as it is started.
const ATTEMPT_SECONDS_MAX: Duration = Duration::from_secs(2);
/// An attempt that fails is told of, and then those of so long are not.
const QUIET: Duration = Duration::from_secs(60);

/// Runs until it is dropped. `child` is the server, where this process started it.
pub(super) async fn supervise(cluster: Arc<Cluster>, mut child: Option<Child>) {
    let mut is_stopped = false;
    loop {
        // The end of a child is heard at once; that of somebody else's server is looked for.
        match &mut child {
            Some(server) => tokio::select! {
                _ = server.wait() => child = None,
                () = sleep(LOOK_PAUSE) => {}
            },
            None => sleep(LOOK_PAUSE).await,
        }
        if cluster.is_answered().await {
            if std::mem::take(&mut is_stopped) {
                tracing::info!("the private PostgreSQL is back");
            }
            continue;
        }
        if cluster.was_stopped().await {
            if !std::mem::replace(&mut is_stopped, true) {
                tracing::warn!(
                    "the private PostgreSQL was stopped by someone else: waiting until it is \
                     started again"
                );
            }
            continue;
        }
        tracing::error!("the private PostgreSQL died: starting it again");
        // One that was looked for before its end was heard is buried with its handle: as long as it
        // has a number, no other server starts.
        drop(child.take());
        child = revive(&cluster).await;
        is_stopped = false;
        tracing::info!("the private PostgreSQL is back");
    }
}

/// Starts it, however often that must be tried. The server, if it is this process's child.
async fn revive(cluster: &Cluster) -> Option<Child> {
    let mut told: Option<Instant> = None;
    loop {
        match start(cluster).await {
            Ok(child) => return child,
            Err(error) if told.is_none_or(|at| at.elapsed() > QUIET) => {
                told = Some(Instant::now());
                tracing::error!(%error, "the private PostgreSQL does not start: trying on");
            }
            Err(error) => tracing::debug!(%error, "the private PostgreSQL does not start"),
        }
        sleep(PAUSE).await;
    }
}

/// Nobody else starts or stops it meanwhile.
async fn start(cluster: &Cluster) -> Result<Option<Child>, Error> {
    let _starting = lock::exclusive(&cluster.file("start.lock")).await?;
    cluster.bring_up(ATTEMPT_SECONDS_MAX).await
}
