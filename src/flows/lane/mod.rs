//! Lanes: how bookings are written. A lane is a bounded queue, one task and one connection of its
//! own; a clinic always has the same lane, so that within a process nobody waits for its rows.
//!
//! Whoever would wait too long is sent away at the door (`door`), by how fast the lane has been
//! (`pace`). Bookings come before cancellations.
//!
//! Batching is natural: a lane takes all that has arrived. Idle, that is one request and no added
//! delay; under load the batch grows to what came during the last commit. In between, while several
//! come at a time and a commit is quick, batches begin some milliseconds apart (`worker`).
//!
//! Answers of a batch go back together to the threads that wait for them (`bell`).
//!
//! Statements per batch, whatever its size: begin, lock slots, lock allocations, read campaigns and
//! the time, read persons, read bookings, copy bookings, count, copy journal, commit.

mod bell;
mod door;
mod pace;
pub mod transaction;
mod worker;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

use crate::{
    db::Db,
    domain::{
        Code, Detail, Refusal,
        batch::{Decide, Outcome, Request},
    },
    flows::{Error, Result},
    telemetry::Metrics,
};
pub use bell::Bell;
use door::Door;
use pace::Pace;

/// How long a caller waits for its batch; after that the outcome is unknown to it, and the same
/// request sent again finds out.
const ANSWER_SECONDS_MAX: Duration = Duration::from_secs(15);

/// How many lanes, how much and how long may be waited in each, how much one transaction decides.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub lanes: usize,
    pub queue: usize,
    /// Who would wait longer is sent away at once; whoever did wait ten times as long, because the
    /// lane stood still, is not served any more.
    pub wait_max: Duration,
    pub batch: usize,
}

struct Job {
    request: Request,
    came: Instant,
    answer: oneshot::Sender<Result<Outcome>>,
    bell: Bell,
}

/// The way in to all lanes.
pub struct Lanes {
    doors: Vec<Door>,
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
        let mut doors = Vec::new();
        for number in 0..limits.lanes.max(1) {
            let pace = Arc::new(Pace::new());
            let (door, waiting) = door::new(limits, pace.clone());
            let lane = worker::Worker::new(number, db, decide, pace, metrics.clone());
            running.spawn(lane.run(waiting, stopped.clone()));
            doors.push(door);
        }
        (Self { doors, stop, metrics }, Running(running))
    }

    /// Has the request decided; answers after the commit and never before. The bell is that of the
    /// thread that asks.
    ///
    /// # Errors
    /// `overloaded` at once when the wait would be too long; `unavailable` when the database was
    /// away for too long: then the request may or may not have been done, and sending it again
    /// tells.
    pub async fn ask(&self, request: Request, bell: &Bell) -> Result<Outcome> {
        let (answer, outcome) = oneshot::channel();
        let door = self.door(&request).ok_or_else(unavailable)?;
        let job = Job { request, came: Instant::now(), answer, bell: bell.clone() };
        door.enter(job).inspect_err(|_| {
            self.metrics.overflows.inc();
        })?;
        self.metrics.queued.inc();
        let _caller = Caller::new(&self.metrics);
        match tokio::time::timeout(ANSWER_SECONDS_MAX, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(unavailable()),
        }
    }

    /// How full the lanes are on the whole: 0 when nobody waits, 1 and above when newcomers are
    /// sent away. What matters less than bookings makes way before that.
    pub fn fullness(&self) -> f64 {
        let (sum, doors) = self
            .doors
            .iter()
            .fold((0.0, 0.0), |(sum, doors), door| (sum + door.fullness(), doors + 1.0));
        sum / doors
    }

    /// What is said to those who are sent away before it is known which lane they wanted.
    pub fn overloaded(&self) -> Error {
        self.metrics.overflows.inc();
        let fullest = self.doors.iter().max_by(|a, b| a.fullness().total_cmp(&b.fullness()));
        fullest.map_or_else(unavailable, Door::overloaded)
    }

    /// Whether every lane takes requests.
    pub fn are_open(&self) -> bool {
        self.doors.iter().all(Door::is_open)
    }

    /// Lets the lanes finish what waits in them, and take nothing more.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn door(&self, request: &Request) -> Option<&Door> {
        let clinic = usize::try_from(request.slot_id().clinic().0).unwrap_or(0);
        self.doors.get(clinic % self.doors.len())
    }
}

/// Somebody who waits; dropped with their connection when they hang up.
struct Caller<'a>(&'a Metrics);

impl<'a> Caller<'a> {
    fn new(metrics: &'a Metrics) -> Self {
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
    Refusal::new(Code::Unavailable, Detail::OutcomeUnknown).into()
}
