//! Hands waiting messages over and notes which have been sent; keeps codes that are shown instead.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::outbox::{CodeMessage, Message},
};

/// Messages claimed at once; few enough to be sent before the claim lapses.
const CLAIMED_MAX: i64 = 100;
/// Codes that are kept to be shown.
const SHOWN_MAX: usize = 1_000;

/// Sends everything that waits, and forgets what was sent. Decoys count as sent. Two short
/// transactions around the sending, none during it. What `send` could not send stays, and is tried
/// again when its claim has lapsed.
///
/// # Errors
/// The database's. Messages sent just before may then be sent once more.
pub async fn deliver(db: &Db, send: impl Fn(&Message) -> bool) -> Result<()> {
    loop {
        let claimed: Vec<Message> = in_tx(&db.jobs, "claim messages", async |conn| {
            db::outbox::claim(conn, CLAIMED_MAX).await.map_err(db::Error::from)
        })
        .await?;
        let sent: Vec<i64> = claimed
            .iter()
            .filter(|message| message.is_decoy || send(message))
            .map(|message| message.outbox_id)
            .collect();
        if !sent.is_empty() {
            in_tx(&db.jobs, "note sent messages", async |conn| {
                db::outbox::set_sent(conn, &sent).await.map_err(db::Error::from)
            })
            .await?;
        }
        if claimed.is_empty() {
            return Ok(());
        }
    }
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
    /// Takes over everything that waits in the outbox, and waits for whoever does so already: what
    /// was in it before the call is shown after it.
    pub async fn deliver(&self, db: &Db) -> Result<()> {
        let _one_at_a_time = self.delivery.lock().await;
        deliver(db, |message| self.show(message)).await
    }

    /// Those that have not expired at `now`, newest first.
    pub fn list(&self, now: DateTime<Utc>) -> Vec<ShownCode> {
        let recent = self.recent();
        recent.iter().filter(|code| code.message.expires_at > now).cloned().collect()
    }

    /// False where the message cannot be understood.
    fn show(&self, message: &Message) -> bool {
        let masked_recipient = message.masked_recipient();
        match CodeMessage::from_body(&message.body) {
            Ok(message) => {
                let CodeMessage { challenge_id, code, .. } = &message;
                let code = code.as_str();
                tracing::info!(%challenge_id, code, "one-time code, not sent: shown here");
                let mut recent = self.recent();
                recent.push_front(ShownCode { message, masked_recipient });
                recent.truncate(SHOWN_MAX);
                true
            }
            Err(error) => {
                tracing::error!(message.outbox_id, %error, "a message cannot be sent");
                false
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<ShownCode>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
