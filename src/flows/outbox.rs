//! Hands waiting messages to whoever sends them, and notes what became of each; keeps codes that
//! are shown instead.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

use super::Result;
use crate::{
    clock::Clock,
    db::{self, Db, in_tx_once, outbox::PutBack},
    domain::outbox::{Claimed, CodeMessage, Content, Queue, Step, masked},
};

/// Codes that are shown at once.
const CLAIMED_MAX: usize = 100;
/// Codes that are kept to be shown.
const SHOWN_MAX: usize = 1_000;

/// What became of messages that were claimed. What stands in neither list is tried again when its
/// claim has lapsed.
#[derive(Debug, Default)]
pub struct Settled {
    /// Sent, or not to be sent: they are deleted.
    pub done: Vec<i64>,
    /// Those of the first list that were sent.
    pub sent: Vec<i64>,
    pub put_back: Vec<PutBack>,
}

impl Settled {
    pub fn is_empty(&self) -> bool {
        self.done.is_empty() && self.put_back.is_empty()
    }

    /// How many messages it is about.
    pub fn len(&self) -> usize {
        self.done.len() + self.put_back.len()
    }
}

/// Notes what became of messages, and claims up to `limit` others. One short transaction, and none
/// while they are being sent.
///
/// # Errors
/// The database's. The same can be settled again; what was claimed, if that was committed, is free
/// when its claim has lapsed.
pub async fn settle_and_claim(
    db: &Db,
    settled: &Settled,
    (queue, limit): (Queue, usize),
) -> Result<Vec<Claimed>> {
    in_tx_once(&db.jobs, "send messages", async |conn| {
        db::outbox::need_not_last(conn).await?;
        if !settled.sent.is_empty() && queue != Queue::Codes {
            db::closure::note_sent(conn, &settled.sent).await?;
        }
        if !settled.done.is_empty() {
            db::outbox::delete(conn, &settled.done).await?;
        }
        if !settled.put_back.is_empty() {
            db::outbox::put_back(conn, &settled.put_back).await?;
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match (queue, limit) {
            (_, 0) => Ok(Vec::new()),
            (Queue::Codes, limit) => Ok(db::outbox::claim_codes(conn, limit).await?),
            (queue, limit) => Ok(db::outbox::claim_notices(conn, queue, limit).await?),
        }
    })
    .await
}

/// A code that is shown on this machine instead of being sent.
#[derive(Clone, Debug)]
pub struct ShownCode {
    pub message: CodeMessage,
    /// The phone number with its middle hidden.
    pub masked_recipient: String,
}

/// The last codes that this process has delivered by showing them.
#[derive(Default)]
pub struct ShownCodes {
    recent: Mutex<VecDeque<ShownCode>>,
    delivery: tokio::sync::Mutex<()>,
}

impl ShownCodes {
    /// Takes over all codes that wait in the outbox, and waits for whoever does so already: what
    /// was in it before the call is shown after it.
    ///
    /// # Errors
    /// The database's.
    pub async fn deliver(&self, db: &Db, clock: &Clock) -> Result<()> {
        let _one_at_a_time = self.delivery.lock().await;
        let mut settled = Settled::default();
        loop {
            let claim = (Queue::Codes, CLAIMED_MAX);
            let claimed = settle_and_claim(db, &settled, claim).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            let now = clock.now();
            settled = Settled::default();
            for message in claimed {
                settled.done.push(message.outbox_id);
                match (message.step(now, None), message.content) {
                    (Step::Send, Content::Code(code)) => {
                        self.show(code, &message.recipient.phone);
                    }
                    (Step::Drop(why), _) => {
                        tracing::debug!(why = why.name(), "a code is not shown");
                    }
                    (Step::Send | Step::Hold(_), _) => {}
                }
            }
        }
    }

    /// Those that can be used at `now`, newest first.
    pub fn list(&self, now: DateTime<Utc>) -> Vec<ShownCode> {
        let recent = self.recent();
        recent.iter().filter(|code| code.message.expires_at > now).cloned().collect()
    }

    fn show(&self, message: CodeMessage, phone: &str) {
        let CodeMessage { challenge_id, code, .. } = &message;
        let code = code.as_str();
        tracing::info!(%challenge_id, code, "one-time code, not sent: shown here");
        let mut recent = self.recent();
        recent.push_front(ShownCode { masked_recipient: masked(phone), message });
        recent.truncate(SHOWN_MAX);
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<ShownCode>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
