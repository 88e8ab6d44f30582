//! Hands waiting messages over and notes which have been sent.

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::outbox::Message,
};

/// Messages claimed at once; few enough to be sent before the claim lapses.
const CLAIMED_MAX: i64 = 100;

/// Sends everything that waits. Two short transactions around the sending, none during it. What
/// `send` could not send stays, and is tried again when its claim has lapsed.
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
            .filter(|message| send(message))
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
