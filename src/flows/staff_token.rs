//! Who holds a staff token. Every press at a clinic asks, so those who ask at the same time are
//! looked up together: while one statement is under way, the next requests gather.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::Result;
use crate::{
    db::{self, Pool},
    domain::session::StaffUser,
};

/// Tokens of one statement.
const TOKENS_MAX: usize = 256;

/// Looks tokens up for one HTTP thread: an answer from another thread would wait behind the
/// thread's own work.
#[derive(Clone, Debug)]
pub struct StaffTokens {
    db: Pool,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    asked: Vec<Asked>,
    /// Whether a task takes what is asked.
    is_taken: bool,
}

#[derive(Debug)]
struct Asked {
    hash: [u8; 32],
    now: DateTime<Utc>,
    answer: oneshot::Sender<Option<StaffUser>>,
}

impl StaffTokens {
    pub fn new(db: Pool) -> Self {
        Self { db, waiting: Arc::default() }
    }

    /// The active user of the session with this token's hash that is neither revoked nor expired at
    /// `now`. A session that is revoked before this is called is not found.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn find(&self, hash: [u8; 32], now: DateTime<Utc>) -> Result<Option<StaffUser>> {
        let (answer, found) = oneshot::channel();
        let is_taken = {
            let mut waiting = self.waiting();
            waiting.asked.push(Asked { hash, now, answer });
            mem::replace(&mut waiting.is_taken, true)
        };
        if !is_taken {
            // A task of its own: whoever asked first may hang up.
            tokio::spawn(Taker { tokens: self.clone(), is_done: false }.run());
        }
        match found.await {
            Ok(user) => Ok(user),
            // The statement for all of them failed. Alone, each gets its own second try and error.
            Err(_) => Ok(db::staff_user::find_by_session(&self.db, &hash, now).await?),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked now; ends the task's turn where nothing is.
    fn take(&self) -> Vec<Asked> {
        let mut waiting = self.waiting();
        let count = waiting.asked.len().min(TOKENS_MAX);
        let asked: Vec<_> = waiting.asked.drain(..count).collect();
        waiting.is_taken = !asked.is_empty();
        asked
    }
}

/// The task that answers. Whatever ends it early, those who wait are let go.
struct Taker {
    tokens: StaffTokens,
    is_done: bool,
}

impl Taker {
    async fn run(mut self) {
        loop {
            let asked = self.tokens.take();
            if asked.is_empty() {
                self.is_done = true;
                return;
            }
            self.answer(asked).await;
        }
    }

    async fn answer(&self, mut asked: Vec<Asked>) {
        asked.retain(|one| !one.answer.is_closed());
        if asked.is_empty() {
            return;
        }
        let hashes: Vec<_> = asked.iter().map(|one| one.hash.to_vec()).collect();
        let Ok(users) = db::staff_user::find_by_sessions(&self.tokens.db, &hashes).await else {
            // Dropped unanswered: each tries alone.
            return;
        };
        for Asked { hash, now, answer } in asked {
            let user = users.get(hash.as_slice()).filter(|(_, expires_at)| *expires_at > now);
            // The client may have hung up.
            let _ = answer.send(user.map(|(user, _)| *user));
        }
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        if !self.is_done {
            *self.tokens.waiting() = Waiting::default();
        }
    }
}
