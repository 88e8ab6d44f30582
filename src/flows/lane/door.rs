//! The way into one lane. Whoever would wait too long is sent away at once: a refusal in a
//! millisecond is of more use than a timeout in ten seconds.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc::{
    self,
    error::TrySendError::{Closed, Full},
};

use super::{Job, Limits, pace::Pace, unavailable};
use crate::{
    domain::{Code, Refusal, batch::Request},
    flows::{Error, Result},
};

/// Bookings and cancellations wait apart, because a booking comes first.
pub(super) struct Door {
    bookings: mpsc::Sender<Job>,
    cancellations: mpsc::Sender<Job>,
    wait_max: Duration,
    pace: Arc<Pace>,
}

/// The inside of a door: what waits in a lane.
pub(super) struct Waiting {
    bookings: mpsc::Receiver<Job>,
    cancellations: mpsc::Receiver<Job>,
    batch_max: usize,
}

/// A door and its inside.
pub(super) fn new(limits: Limits, pace: Arc<Pace>) -> (Door, Waiting) {
    let (into_bookings, bookings) = mpsc::channel(limits.queue.max(1));
    let (into_cancellations, cancellations) = mpsc::channel(limits.queue.max(1));
    let door = Door {
        bookings: into_bookings,
        cancellations: into_cancellations,
        wait_max: limits.wait_max,
        pace,
    };
    (door, Waiting { bookings, cancellations, batch_max: limits.batch.max(1) })
}

impl Door {
    /// Takes the job in.
    ///
    /// # Errors
    /// `overloaded` where it would wait too long, `unavailable` where the lane has stopped.
    pub(super) fn enter(&self, job: Job) -> Result<()> {
        if self.fullness() >= 1.0 {
            return Err(self.overloaded());
        }
        let queue = match job.request {
            Request::Book(_) => &self.bookings,
            Request::Cancel(_) => &self.cancellations,
        };
        queue.try_send(job).map_err(|refused| match refused {
            Full(_) => self.overloaded(),
            Closed(_) => unavailable(),
        })
    }

    /// How much of the longest wait somebody would have who came now; 1 and above is too much.
    pub(super) fn fullness(&self) -> f64 {
        let waiting = self.bookings.max_capacity() - self.bookings.capacity();
        self.pace.wait_behind(waiting).as_secs_f64() / self.wait_max.as_secs_f64()
    }

    pub(super) fn is_open(&self) -> bool {
        !self.bookings.is_closed()
    }

    pub(super) fn overloaded(&self) -> Error {
        Refusal::from(Code::Overloaded).come_again_in(self.pace.away_seconds()).into()
    }
}

impl Waiting {
    /// Takes what has arrived into the empty batch, and waits where nothing has; false when the
    /// door is closed and nobody waits any more. Safe to be dropped and called again.
    pub(super) async fn take(&mut self, batch: &mut Vec<Job>) -> bool {
        let Self { bookings, cancellations, batch_max } = self;
        let first = tokio::select! {
            biased;
            job = bookings.recv() => match job {
                Some(job) => Some(job),
                None => cancellations.recv().await,
            },
            job = cancellations.recv() => match job {
                Some(job) => Some(job),
                None => bookings.recv().await,
            },
        };
        let Some(first) = first else { return false };
        batch.push(first);
        // So many places are for cancellations even when bookings would fill the batch: they are
        // what a dose comes back by.
        fill(batch, bookings, *batch_max - *batch_max / 8);
        fill(batch, cancellations, *batch_max);
        fill(batch, bookings, *batch_max);
        true
    }

    /// Takes in nothing more; what waits can still be taken.
    pub(super) fn close(&mut self) {
        self.bookings.close();
        self.cancellations.close();
    }
}

fn fill(batch: &mut Vec<Job>, queue: &mut mpsc::Receiver<Job>, up_to: usize) {
    while batch.len() < up_to
        && let Ok(job) = queue.try_recv()
    {
        batch.push(job);
    }
}
