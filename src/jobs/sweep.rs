//! Deletes what nobody needs any more, all the time and little by little.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    clock::{Clock, ticks},
    db::Db,
    flows,
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

const PERIOD: Duration = Duration::from_secs(10);

/// Runs until it is dropped, which it may be at any time.
pub async fn run(db: Db, clock: Clock, metrics: Arc<Metrics>) {
    let mut tick = ticks(PERIOD);
    let mut backoff = Backoff::default();
    loop {
        tick.tick().await;
        match caught("sweep", &metrics, sweep(&db, &clock)).await {
            Some(()) => backoff.reset(),
            None => sleep(backoff.next_pause()).await,
        }
    }
}

async fn sweep(db: &Db, clock: &Clock) {
    if let Err(error) = flows::sweep::sweep(db, clock).await {
        tracing::warn!(%error, "old codes and sessions cannot be deleted");
    }
}
