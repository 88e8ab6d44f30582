//! How many requests of one priority may be under way at once.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A semaphore for each priority that has no queue of its own.
pub struct Gates {
    pub(super) reads: Arc<Semaphore>,
    pub(super) sign_ins: Arc<Semaphore>,
    pub(super) look_ups: Arc<Semaphore>,
    pub(super) exports: Arc<Semaphore>,
    pub(super) uploads: Arc<Semaphore>,
}

impl Default for Gates {
    fn default() -> Self {
        let gate = |permits| Arc::new(Semaphore::new(permits));
        // A connection of the pools answers a few thousand reads a second, so these wait well below
        // the two seconds after which a pool gives up.
        // Staff who sign in wait in a line of their own (`flows::password`), which is shorter.
        // A look-up takes some twenty milliseconds of the database: two of them leave it to others.
        Self {
            reads: gate(1024),
            sign_ins: gate(1024),
            look_ups: gate(2),
            exports: gate(8),
            uploads: gate(32),
        }
    }
}
