//! Delivers what waits in the outbox: at once when this process put it there, within a second when
//! another one did.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    db::Db,
    domain::outbox::{CodeMessage, Message},
    flows,
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

const PERIOD: Duration = Duration::from_secs(1);

/// Where messages leave the service.
#[derive(Clone, Copy, Debug)]
pub enum Sink {
    /// Nowhere: codes are shown in the log, without name or phone, and on the page for developers.
    Local,
}

impl Sink {
    /// # Errors
    /// When the message cannot be understood.
    fn send(self, message: &Message) -> serde_json::Result<()> {
        match self {
            Self::Local => {
                let CodeMessage { challenge_id, code, .. } = CodeMessage::from_body(&message.body)?;
                let code = code.as_str();
                tracing::info!(%challenge_id, code, "one-time code, not sent: shown here");
                Ok(())
            }
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
        match caught("outbox", &metrics, deliver(&db, sink)).await {
            Some(()) => backoff.reset(),
            None => sleep(backoff.next_pause()).await,
        }
    }
}

async fn deliver(db: &Db, sink: Sink) {
    let send = |message: &Message| match sink.send(message) {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(message.outbox_id, %error, "a message cannot be sent");
            false
        }
    };
    if let Err(error) = flows::outbox::deliver(db, send).await {
        tracing::warn!(%error, "the outbox cannot be read");
    }
}
