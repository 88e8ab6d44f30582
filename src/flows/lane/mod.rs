//! Lanes: how bookings are written. A lane is a bounded queue, one task and one connection of its
//! own; a clinic always has the same lane, so that within a process nobody waits for its rows.
//!
//! Batching is natural: a lane takes all that has arrived, with no timer. Idle, that is one request
//! and no added delay; under load the batch grows to what came during the last commit.
//!
//! Statements per batch, whatever its size: begin, lock slots, lock allocations, read campaigns and
//! the time, read persons, read bookings, write, commit.

pub mod transaction;
mod worker;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use crate::{
    db::Db,
    domain::{
        Code, Refusal,
        batch::{Decide, Outcome, Request},
    },
    flows::{Error, Result},
    telemetry::Metrics,
};

/// How long a caller waits for its batch; after that the outcome is unknown to it, and the same
/// request sent again finds out.
const ANSWER_SECONDS_MAX: Duration = Duration::from_secs(15);

/// How many lanes, how much may wait in each, how much one transaction decides.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub lanes: usize,
    pub queue: usize,
    pub batch: usize,
}

struct Job {
    request: Request,
    answer: oneshot::Sender<Result<Outcome>>,
}

/// The way in to all lanes.
pub struct Lanes {
    queues: Vec<mpsc::Sender<Job>>,
    stop: watch::Sender<bool>,
    metrics: Arc<Metrics>,
}

/// The running lanes; wait for them when the service stops.
pub struct Running(JoinSet<()>);

impl Lanes {
    /// Starts the lanes on the current runtime. They connect by themselves, again and again if need
    /// be: a lane outlives its database.
    pub fn start(
        db: &Db,
        limits: Limits,
        decide: Decide,
        metrics: Arc<Metrics>,
    ) -> (Self, Running) {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        let mut queues = Vec::new();
        for number in 0..limits.lanes.max(1) {
            let (queue, jobs) = mpsc::channel(limits.queue.max(1));
            let lane =
                worker::Worker::new(number, db, limits.batch.max(1), decide, metrics.clone());
            running.spawn(lane.run(jobs, stopped.clone()));
            queues.push(queue);
        }
        (Self { queues, stop, metrics }, Running(running))
    }

    /// Has the request decided; answers after the commit and never before.
    ///
    /// # Errors
    /// `overloaded` at once when the lane is full; `unavailable` when the database was away for too
    /// long: then the request may or may not have been done, and sending it again tells.
    pub async fn ask(&self, request: Request) -> Result<Outcome> {
        let (answer, outcome) = oneshot::channel();
        let queue = self.queue(&request).ok_or(Refusal::from(Code::Unavailable))?;
        match queue.try_send(Job { request, answer }) {
            Ok(()) => self.metrics.queued.inc(),
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.metrics.overflows.inc();
                return Err(Refusal::from(Code::Overloaded).into());
            }
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(unavailable()),
        };
        match tokio::time::timeout(ANSWER_SECONDS_MAX, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(unavailable()),
        }
    }

    /// Whether every lane takes requests.
    pub fn are_open(&self) -> bool {
        self.queues.iter().all(|queue| !queue.is_closed())
    }

    /// Lets the lanes finish what waits in them, and take nothing more.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn queue(&self, request: &Request) -> Option<&mpsc::Sender<Job>> {
        let clinic = usize::try_from(request.slot_id().clinic().0).unwrap_or(0);
        self.queues.get(clinic % self.queues.len())
    }
}

impl Running {
    /// Until every lane is empty and has hung up.
    pub async fn join(mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a lane ended badly");
            }
        }
    }
}

fn unavailable() -> Error {
    let detail = "The answer did not come in time. Send the same request again: it is done at most \
                  once, and the answer tells whether it was.";
    Refusal::new(Code::Unavailable, detail).into()
}
