//! Keeps the public pages in step with the board: they are made anew, beside the requests, whenever
//! there is another snapshot.

use std::{io, sync::Arc, time::Duration};

use tokio::time;

use crate::{
    board::{Board, snapshot::Snapshot},
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

/// What makes the pages of a snapshot and puts them where they are read. It computes for
/// milliseconds, so it runs on a thread of its own.
pub type Publish = Arc<dyn Fn(Arc<Snapshot>) -> io::Result<()> + Send + Sync>;

/// Pages that could not be made are tried again then, without waiting for the next change.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until it is dropped, which it may be at any time.
pub async fn run(board: Board, metrics: Arc<Metrics>, publish: Publish) {
    let mut backoff = Backoff::default();
    while caught("pages", &metrics, follow(&board, &publish)).await.is_none() {
        time::sleep(backoff.next_pause()).await;
    }
}

async fn follow(board: &Board, publish: &Publish) {
    loop {
        board.changed().await;
        while let Err(error) = once(board, publish).await {
            tracing::error!(%error, "the pages are stale");
            time::sleep(PAUSE).await;
        }
    }
}

async fn once(board: &Board, publish: &Publish) -> io::Result<()> {
    let (snapshot, publish) = (board.now(), publish.clone());
    let began = time::Instant::now();
    tokio::task::spawn_blocking(move || publish(snapshot)).await.map_err(io::Error::other)??;
    tracing::debug!(took = ?began.elapsed(), "the pages are those of the snapshot");
    Ok(())
}
