//! Closes the days of clinics that nobody has closed, when their time of grace is over.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    clock::ticks,
    db::Db,
    flows::day_close::close_due,
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

/// Between looks for days that are due.
const PERIOD: Duration = Duration::from_secs(60);
/// Between looks while many are.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs until it is dropped, which it may be at any time: a day is closed in one transaction.
pub async fn run(db: Db, grace: Duration, metrics: Arc<Metrics>) {
    let mut tick = ticks(PERIOD);
    let mut backoff = Backoff::default();
    loop {
        tick.tick().await;
        loop {
            match caught("day closing", &metrics, close(&db, grace)).await {
                Some(is_more) => {
                    backoff.reset();
                    if !is_more {
                        break;
                    }
                    sleep(PAUSE).await;
                }
                None => sleep(backoff.next_pause()).await,
            }
        }
    }
}

/// Whether there may be more to close.
async fn close(db: &Db, grace: Duration) -> bool {
    match close_due(db, grace).await {
        Ok(done) => {
            if done.closed > 0 {
                let (closed, failed) = (done.closed, done.failed);
                tracing::info!(closed, failed, "days that nobody had closed are closed");
            }
            // Those that failed come again and again: they must not keep this busy.
            done.is_more && done.closed > 0
        }
        Err(error) => {
            tracing::warn!(%error, "days cannot be closed");
            false
        }
    }
}
