//! Deletes what nobody needs any more, all the time and little by little.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{clock::Clock, db::Db, flows};

const PERIOD: Duration = Duration::from_secs(10);

/// Runs until it is dropped, which it may be at any time.
pub async fn run(db: Db, clock: Clock) {
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = flows::sweep::sweep(&db, &clock).await {
            tracing::warn!(%error, "old codes and sessions cannot be deleted");
        }
    }
}
