//! Keeps the board up to date: the journal about once a second, and beside it the slow count of who
//! is eligible.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant, MissedTickBehavior};

use crate::{
    board::Board,
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

const TICK: Duration = Duration::from_secs(1);
/// Pause before a count that failed is tried again.
const RECOUNT_PAUSE: Duration = Duration::from_secs(5);
/// Counting may take one part in this many of the time: persons are also registered one by one, and
/// each would have millions counted.
const RECOUNT_SHARE: u32 = 5;

/// Runs until it is dropped, which it may be at any time.
pub async fn run(board: Board, metrics: Arc<Metrics>) {
    tokio::join!(follow(&board, &metrics), keep_counting(&board, &metrics));
}

async fn follow(board: &Board, metrics: &Metrics) {
    let mut ticks = time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_well = true;
    let mut backoff = Backoff::default();
    loop {
        ticks.tick().await;
        let Some(outcome) = caught("board", metrics, board.tick()).await else {
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
