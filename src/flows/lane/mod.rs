//! Lanes: how bookings are written, and how people sign in. A lane is a bounded queue, one task and
//! one database connection of its own; what it decides is its `work`. A clinic always has the same
//! lane, so within a process no lane waits for the rows of another lane's clinics.
//!
//! Admission control (`queue`): a request that would wait too long, by the estimated queueing delay
//! (`delay`), is refused at once. Bookings go before cancellations.
//!
//! Group commit (`worker`): one transaction decides all requests that have arrived. An idle lane
//! decides a single request without delay; under load a batch grows to what arrived during the last
//! commit. While batches have several requests and commits are quick, batches begin some
//! milliseconds apart.
//!
//! A row that another transaction has locked blocks the requests that need it, and no others: they
//! are left out of the batch and tried again later (`parked`).
//!
//! The outcomes of a batch return together to the threads that wait for them (`reply`).
//!
//! Statements per batch, whatever its size: begin, unless the last commit did (`chain`); lock slots
//! and allocations; read campaigns, bookings and the time; read persons; write; commit.

pub mod apart;
mod busy;
pub mod chain;
mod delay;
mod job;
pub mod offer;
mod parked;
mod queue;
mod reply;
pub mod transaction;
mod work;
mod worker;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    db::Db,
    flows::{Error, Result},
    telemetry::{BatchMetrics, Metrics},
};
pub use busy::{Busy, PERIOD};
use delay::DelayEstimate;
pub use job::Limits;
use job::{Job, unavailable};
use queue::Queue;
pub use reply::ReplyQueue;
use reply::ReplyTo;
pub use work::{Bookings, Work};
use worker::Worker;

/// How long a caller waits for its batch. After that the caller does not know the outcome; the same
/// request sent again finds out.
const ANSWER_SECONDS_MAX: Duration = Duration::from_secs(15);

/// The queues of all lanes that do the same work.
pub struct Lanes<W: Work = Bookings> {
    queues: Vec<Queue<W>>,
    stop: watch::Sender<bool>,
    metrics: BatchMetrics,
}

/// The running lanes; wait for them when the service stops.
pub struct Running(JoinSet<()>);

impl<W: Work> Lanes<W> {
    /// Starts the lanes on the current runtime. They connect by themselves, and again after the
    /// database was unreachable.
    pub fn start(
        db: &Db,
        limits: Limits,
        work: impl Fn() -> W,
        metrics: Arc<Metrics>,
    ) -> (Self, Running) {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        let mut queues = Vec::new();
        for number in 0..limits.lanes.max(1) {
            let delay = Arc::new(DelayEstimate::new());
            let (queue, receiver) = queue::new(limits, delay.clone());
            let cut_off = receiver.cut_off();
            let lane = Worker::new(number, db, work(), (limits, delay, cut_off), metrics.clone());
            running.spawn(lane.run(receiver, stopped.clone()));
            queues.push(queue);
        }
        (Self { queues, stop, metrics: W::metrics(&metrics) }, Running(running))
    }

    /// Has the request decided; answers after the commit and never before. `replies` is the reply
    /// queue of the calling thread.
    ///
    /// # Errors
    /// `overloaded` at once when the wait would be too long; `unavailable` when the database was
    /// unreachable for too long: then the request may or may not have been done, and sending it
    /// again tells.
    pub async fn submit(
        &self,
        request: W::Request,
        replies: &ReplyQueue<W::Outcome>,
    ) -> Result<W::Outcome> {
        let (reply, outcome) = ReplyTo::new(replies);
        let queue = self.queue(&request).ok_or_else(unavailable)?;
        let job = Job { request, arrived_at: Instant::now(), blocked_since: None, reply };
        queue.push(job).inspect_err(|_| {
            self.metrics.overflows.inc();
        })?;
        self.metrics.queued.inc();
        let _caller = Caller::new(&self.metrics);
        match tokio::time::timeout(ANSWER_SECONDS_MAX, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(unavailable()),
        }
    }

    /// The mean load of the lanes: 0 when no request waits; from 1 on, bookings are refused.
    /// Requests of a lower priority are refused before that (load shedding).
    pub fn load(&self) -> f64 {
        let (sum, lanes) = self
            .queues
            .iter()
            .fold((0.0, 0.0), |(sum, lanes), queue| (sum + queue.load(), lanes + 1.0));
        sum / lanes
    }

    /// The refusal of a request whose lane is not known: that of the lane with the highest load.
    pub fn overloaded(&self) -> Error {
        self.metrics.overflows.inc();
        let busiest = self.queues.iter().max_by(|a, b| a.load().total_cmp(&b.load()));
        busiest.map_or_else(unavailable, Queue::overloaded)
    }

    /// How many lanes there are.
    pub fn count(&self) -> usize {
        self.queues.len()
    }

    /// Whether every lane takes requests and works on them.
    pub fn are_open(&self) -> bool {
        self.queues.iter().all(Queue::is_open)
    }

    /// Whether a lane has requests in hand and no database to decide them with.
    pub fn is_any_cut_off(&self) -> bool {
        self.queues.iter().any(Queue::is_cut_off)
    }

    /// Lets the lanes finish what is in their queues, and take in no more.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn queue(&self, request: &W::Request) -> Option<&Queue<W>> {
        self.queues.get(W::lane(request) % self.queues.len())
    }
}

/// Counts a caller while it waits; dropped with the connection when the caller hangs up.
struct Caller<'a>(&'a BatchMetrics);

impl<'a> Caller<'a> {
    fn new(metrics: &'a BatchMetrics) -> Self {
        metrics.callers.inc();
        Self(metrics)
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.callers.dec();
    }
}

impl Running {
    /// Returns when every lane has emptied its queue and closed its connection.
    pub async fn join(mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a lane ended badly");
            }
        }
    }
}
