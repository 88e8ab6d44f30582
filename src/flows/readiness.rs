//! Whether the service can write: asked by balancers, of every process, about once a second.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

use super::Result;
use crate::{
    db::{self, Db, in_long_tx},
    domain::{Code, Refusal},
};

/// An answer is good for so long, whoever asks: it costs a commit.
const FRESH_FOR: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(2);

/// What came of the last try.
#[derive(Debug, Default)]
pub struct Readiness {
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// Writes something that nobody reads and commits it, as a booking would be: on disk, and on
    /// that of a synchronous standby. Those who ask at the same time share the answer.
    ///
    /// # Errors
    /// `unavailable` where that cannot be done now; the database's.
    pub async fn can_write(&self, db: &Db) -> Result<()> {
        let mut last = self.last.lock().await;
        match *last {
            Some((at, is_done)) if at.elapsed() < FRESH_FOR => {
                return if is_done { Ok(()) } else { Err(Refusal::from(Code::Unavailable).into()) };
            }
            _ => {}
        }
        let writing = in_long_tx(&db.operators, "probe", LIMIT, async |conn| {
            db::safety::wait_at_commit(conn).await.map_err(super::Error::from)
        });
        let written = writing.await;
        *last = Some((Instant::now(), written.is_ok()));
        written
    }
}

/// Whether what bookings write would find room: they have failed, and a commit has not. Costs more
/// than that, so it is asked where there is a doubt only.
///
/// # Errors
/// The database's: there is none.
pub async fn has_room(db: &Db) -> Result<()> {
    in_long_tx(&db.operators, "probe", LIMIT, async |conn| {
        db::safety::ask_for_room(conn).await.map_err(super::Error::from)
    })
    .await
}
