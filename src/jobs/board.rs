//! Keeps the board up to date: the journal about once a second, and beside it the slow count of who
//! is eligible.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use tokio::time::{self, Instant};

use crate::{
    board::{Board, Error},
    clock::ticks,
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

const TICK: Duration = Duration::from_secs(1);
/// Pause before a count that failed is tried again.
const RECOUNT_PAUSE: Duration = Duration::from_secs(5);
/// Counting may take one part in this many of the time: persons are also registered one by one, and
/// each would have millions counted.
const RECOUNT_SHARE: u32 = 5;

/// How long a look at the journal may take before somebody asks what is wrong.
const PATIENCE: Duration = Duration::from_secs(3);

type CanWrite = dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// How to find out whether bookings can be written.
pub struct Reach {
    /// Whether something speaks against it.
    pub is_doubtful: Box<dyn Fn() -> bool + Send + Sync>,
    /// Tries it. Asked only where there is a doubt, because it costs a commit.
    pub can_write: Box<CanWrite>,
}

/// Runs until it is dropped, which it may be at any time.
pub async fn run(board: Board, metrics: Arc<Metrics>, reach: Reach) {
    tokio::join!(follow(&board, &metrics, &reach), keep_counting(&board, &metrics));
}

async fn follow(board: &Board, metrics: &Metrics, reach: &Reach) {
    let mut ticks = ticks(TICK);
    let mut is_well = true;
    let mut backoff = Backoff::default();
    loop {
        ticks.tick().await;
        let Some(outcome) = caught("board", metrics, look(board, reach)).await else {
            is_well = false;
            time::sleep(backoff.next_pause()).await;
            continue;
        };
        backoff.reset();
        let was_well = std::mem::replace(&mut is_well, outcome.is_ok());
        match outcome {
            Ok(()) if was_well => {}
            Ok(()) => tracing::info!("the board is up to date again"),
            // Once, not every second: how old the snapshot is stands in `as_of`.
            Err(error) if was_well => tracing::error!(%error, "the board is stale"),
            Err(error) => tracing::debug!(%error, "the board is stale"),
        }
    }
}

/// Looks at the journal. Where that fails or takes long, or the lanes have no database, or had none
/// the last time, it is found out whether anything can be written, and the public is told.
async fn look(board: &Board, reach: &Reach) -> Result<(), Error> {
    let mut looking = pin!(board.tick());
    let outcome = loop {
        match time::timeout(PATIENCE, &mut looking).await {
            Ok(outcome) => break outcome,
            Err(_late) => ask(board, reach).await,
        }
    };
    // Once nothing could be written, a commit alone shows that it can be: reading says nothing of
    // writing, and lanes have no doubts while nobody books.
    if outcome.is_err() || (reach.is_doubtful)() || board.cut_off_for().is_some() {
        ask(board, reach).await;
    }
    outcome
}

async fn ask(board: &Board, reach: &Reach) {
    tell(board, !(reach.can_write)().await);
}

fn tell(board: &Board, is_cut_off: bool) {
    if board.cut_off_for().is_some() == is_cut_off {
        return;
    }
    board.set_cut_off(is_cut_off);
    match is_cut_off {
        true => tracing::error!("nothing can be written: pages say that nothing can be booked"),
        false => tracing::info!("bookings can be written again"),
    }
}

async fn keep_counting(board: &Board, metrics: &Metrics) {
    let mut backoff = Backoff::default();
    while caught("recount", metrics, recount(board)).await.is_none() {
        time::sleep(backoff.next_pause()).await;
    }
}

async fn recount(board: &Board) {
    loop {
        board.recount_due().await;
        let began = Instant::now();
        while let Err(error) = board.count_eligible().await {
            tracing::warn!(%error, "the eligible persons could not be counted");
            time::sleep(RECOUNT_PAUSE).await;
        }
        time::sleep(began.elapsed() * RECOUNT_SHARE).await;
    }
}
