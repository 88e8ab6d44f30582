//! Look-ups that many ask for at the same time, made by one statement: while one is under way, the
//! next requests gather.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::Result;
use crate::db::{self, Failure, Pool};

/// Keys of one statement.
const KEYS_MAX: usize = 256;

/// Something that is looked up by a key.
pub trait Lookup: 'static {
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    type Found: Clone + Send + 'static;

    /// What there is for these keys, by one statement; for a key without anything, nothing.
    fn find(
        db: &Pool,
        keys: &[Self::Key],
    ) -> impl Future<Output = sqlx::Result<HashMap<Self::Key, Self::Found>>> + Send;
}

/// Looks up for one HTTP thread: an answer from another thread would wait behind the thread's own
/// work.
pub struct BatchedLookup<L: Lookup> {
    db: Pool,
    waiting: Arc<Mutex<Waiting<L>>>,
}

impl<L: Lookup> Clone for BatchedLookup<L> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), waiting: self.waiting.clone() }
    }
}

struct Waiting<L: Lookup> {
    asked: Vec<Asked<L>>,
    /// Whether a task takes what is asked.
    is_taken: bool,
}

impl<L: Lookup> Default for Waiting<L> {
    fn default() -> Self {
        Self { asked: Vec::new(), is_taken: false }
    }
}

struct Asked<L: Lookup> {
    key: L::Key,
    answer: oneshot::Sender<std::result::Result<Option<L::Found>, Away>>,
}

/// The database could not be asked, for nobody.
#[derive(Clone, Copy, Debug)]
struct Away;

impl<L: Lookup> BatchedLookup<L> {
    pub fn new(db: Pool) -> Self {
        Self { db, waiting: Arc::default() }
    }

    /// What there is for the key. Whatever was committed before this is called is seen.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn find(&self, key: L::Key) -> Result<Option<L::Found>> {
        let (answer, found) = oneshot::channel();
        let is_taken = {
            let mut waiting = self.waiting();
            waiting.asked.push(Asked { key: key.clone(), answer });
            mem::replace(&mut waiting.is_taken, true)
        };
        if !is_taken {
            // A task of its own: whoever asked first may hang up.
            tokio::spawn(Taker { lookup: self.clone(), is_done: false }.run());
        }
        match found.await {
            Ok(Ok(found)) => Ok(found),
            // For one key alone it would be no better, and all of them would stand in line for it.
            Ok(Err(Away)) => Err(sqlx::Error::PoolTimedOut.into()),
            // The statement for all of them failed. Alone, each gets its own second try and error.
            Err(_) => Ok(L::find(&self.db, &[key]).await?.into_values().next()),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<L>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked now; ends the task's turn where nothing is.
    fn take(&self) -> Vec<Asked<L>> {
        let mut waiting = self.waiting();
        let count = waiting.asked.len().min(KEYS_MAX);
        let asked: Vec<_> = waiting.asked.drain(..count).collect();
        waiting.is_taken = !asked.is_empty();
        asked
    }
}

/// The task that answers. Whatever ends it early, those who wait are let go.
struct Taker<L: Lookup> {
    lookup: BatchedLookup<L>,
    is_done: bool,
}

impl<L: Lookup> Taker<L> {
    async fn run(mut self) {
        loop {
            let asked = self.lookup.take();
            if asked.is_empty() {
                self.is_done = true;
                return;
            }
            self.answer(asked).await;
        }
    }

    async fn answer(&self, mut asked: Vec<Asked<L>>) {
        asked.retain(|one| !one.answer.is_closed());
        if asked.is_empty() {
            return;
        }
        let keys: Vec<_> = asked.iter().map(|one| one.key.clone()).collect();
        let found = match self.find(&keys).await {
            Ok(found) => Ok(found),
            Err(error) if error.failure().may_pass() => Err(Away),
            // Dropped unanswered: each tries alone.
            Err(_) => return,
        };
        for Asked { key, answer } in asked {
            let found = found.as_ref().map(|found| found.get(&key).cloned());
            // The client may have hung up.
            let _ = answer.send(found.map_err(|away| *away));
        }
    }

    /// Once more on another connection where one was lost.
    async fn find(
        &self,
        keys: &[L::Key],
    ) -> std::result::Result<HashMap<L::Key, L::Found>, db::Error> {
        let first = L::find(&self.lookup.db, keys).await.map_err(db::Error::from);
        match first {
            Err(error) if error.failure() == Failure::Unavailable => {
                Ok(L::find(&self.lookup.db, keys).await?)
            }
            done => done,
        }
    }
}

impl<L: Lookup> Drop for Taker<L> {
    fn drop(&mut self) {
        if !self.is_done {
            *self.lookup.waiting() = Waiting::default();
        }
    }
}
