//! Hears of sessions that other processes have ended, and of new keys of sessions, within about a
//! second.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    clock::{Clock, ticks},
    db::Db,
    domain::keys::Keys,
    flows::session::SignOuts,
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

const PERIOD: Duration = Duration::from_secs(1);

/// Runs until it is dropped, which it may be at any time.
pub async fn run(
    db: Db,
    (keys, clock): (Keys, Clock),
    sign_outs: Arc<SignOuts>,
    metrics: Arc<Metrics>,
) {
    let mut tick = ticks(PERIOD);
    let mut backoff = Backoff::default();
    loop {
        tick.tick().await;
        match caught("sign outs", &metrics, refresh(&db, (&keys, &clock), &sign_outs)).await {
            Some(()) => backoff.reset(),
            None => sleep(backoff.next_pause()).await,
        }
    }
}

async fn refresh(db: &Db, (keys, clock): (&Keys, &Clock), sign_outs: &SignOuts) {
    if let Err(error) = sign_outs.refresh(db, keys, clock).await {
        tracing::warn!(%error, "ended sessions cannot be read");
    }
}
