//! Seals the journal off the way of bookings: while the lanes are busy only what would make the
//! next start slow, else all that is settled, once a minute.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::pace::Pace;
use crate::{
    board::Board,
    clock::ticks,
    db::Db,
    flows::journal_seal::{LINES_MAX, seal_next, sealed_lines},
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

/// Between looks.
const PERIOD: Duration = Duration::from_secs(10);
/// Between blocks: as long as one takes, so that half the time is everybody else's.
const PAUSE: Duration = Duration::from_millis(200);
/// So many lines a start counts in a fifth of a second; while the lanes are busy no more are left.
const BUSY_LINES_MAX: i64 = 2_000_000;
/// A block that is not full is sealed no more often than this.
const PART_PERIOD: Duration = Duration::from_secs(60);

/// Runs until it is dropped, which it may be at any time: a block is sealed in one transaction.
pub async fn run(db: Db, board: Board, lanes: usize, metrics: Arc<Metrics>) {
    let mut tick = ticks(PERIOD);
    let mut backoff = Backoff::default();
    let mut sealer = Sealer {
        pace: Pace::new(metrics.clone(), lanes, Instant::now()),
        db,
        board,
        sealed: None,
        part_at: Instant::now(),
    };
    loop {
        tick.tick().await;
        loop {
            match caught("journal sealing", &metrics, sealer.seal()).await {
                Some(true) => sleep(PAUSE).await,
                Some(false) => break,
                None => sleep(backoff.next_pause()).await,
            }
        }
        backoff.reset();
    }
}

struct Sealer {
    pace: Pace,
    db: Db,
    board: Board,
    /// Lines that are sealed; none where another process may have sealed some.
    sealed: Option<i64>,
    /// When a block was last sealed that was not full.
    part_at: Instant,
}

impl Sealer {
    /// Whether there may be more to seal.
    async fn seal(&mut self) -> bool {
        let now = Instant::now();
        let sealed = match self.sealed {
            Some(sealed) => Ok(sealed),
            None => sealed_lines(&self.db).await,
        };
        let Ok(sealed) = sealed.inspect_err(|error| tracing::warn!(%error, "no seal is seen"))
        else {
            return false;
        };
        self.sealed = Some(sealed);
        let left = self.board.now().version - sealed;
        let is_wanted = match self.pace.is_busy(now) {
            true => left > BUSY_LINES_MAX,
            false => left >= LINES_MAX || (left > 0 && now - self.part_at >= PART_PERIOD),
        };
        if !is_wanted {
            return false;
        }
        match seal_next(&self.db, LINES_MAX).await {
            Ok(Some(seal)) => {
                self.sealed = Some(seal.lines_total);
                if seal.lines < LINES_MAX {
                    self.part_at = now;
                }
                seal.lines == LINES_MAX
            }
            Ok(None) => {
                // Another process is at it, or a transaction is under way.
                self.sealed = None;
                self.part_at = now;
                false
            }
            Err(error) => {
                tracing::warn!(%error, "the journal cannot be sealed");
                false
            }
        }
    }
}
