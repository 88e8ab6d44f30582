//! Delivers what waits in the outbox: at once when this process put it there, within a second when
//! another one did.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    db::Db,
    flows::{self, outbox::ShownCodes},
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

const PERIOD: Duration = Duration::from_secs(1);

/// Where messages leave the service.
#[derive(Clone)]
pub enum Sink {
    /// Nowhere: codes are shown in the log, without name or phone, and on a page of this machine.
    Local(Arc<ShownCodes>),
}

impl Sink {
    async fn deliver(&self, db: &Db) -> flows::Result<()> {
        match self {
            Self::Local(shown) => shown.deliver(db).await,
        }
    }
}

/// Delivers until the future is dropped; `queued` tells that this process has put a message in.
/// What was being delivered then, or when the work panicked, is delivered again: by this process or
/// the next.
pub async fn run(db: Db, queued: Arc<Notify>, sink: Sink, metrics: Arc<Metrics>) {
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut backoff = Backoff::default();
    loop {
        tokio::select! {
            () = queued.notified() => {}
            _ = tick.tick() => {}
        }
        match caught("outbox", &metrics, deliver(&db, &sink)).await {
            Some(()) => backoff.reset(),
            None => sleep(backoff.next_pause()).await,
        }
    }
}

async fn deliver(db: &Db, sink: &Sink) {
    if let Err(error) = sink.deliver(db).await {
        tracing::warn!(%error, "the outbox cannot be read");
    }
}
