//! The way into one lane. Whoever would wait too long is sent away at once: a refusal in a
//! millisecond is of more use than a timeout in ten seconds.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc::{
    self,
    error::TrySendError::{Closed, Full},
};

use super::{Job, Limits, pace::Pace, unavailable};
use crate::{
    domain::batch::Request,
    flows::{Error, Result},
};

/// Who has waited so many times the longest wait has met a lane that stood still.
const LATE_TIMES: u32 = 10;

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
    /// A client that has waited so long is taken to have gone, or to be about to ask again.
    late_after: Duration,
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
    let batch_max = limits.batch.max(1);
    let late_after = limits.wait_max * LATE_TIMES;
    (door, Waiting { bookings, cancellations, batch_max, late_after })
}

impl Door {
    /// Takes the job in.
    ///
    /// # Errors
    /// `overloaded` where it would wait too long, `unavailable` where the lane has stopped.
    pub(super) fn enter(&self, job: Job) -> Result<()> {
        if self.fullness() >= 1.0 {
            return Err(self.pace.overloaded());
        }
        let queue = match job.request {
            Request::Book(_) => &self.bookings,
            Request::Cancel(_) => &self.cancellations,
        };
        queue.try_send(job).map_err(|refused| match refused {
            Full(_) => self.pace.overloaded(),
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
        self.pace.overloaded()
    }
}

impl Waiting {
    /// Takes what has arrived into the empty batch, and waits where nothing has; false when the
    /// door is closed and nobody waits any more. Safe to be dropped and called again.
    pub(super) async fn take(&mut self, batch: &mut Vec<Job>) -> bool {
        let Self { bookings, cancellations, batch_max, .. } = self;
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

    /// Takes out of the batch whoever has waited too long to be served.
    pub(super) fn late(&self, batch: &mut Vec<Job>) -> Vec<Job> {
        batch.extract_if(.., |job| job.came.elapsed() > self.late_after).collect()
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use chrono::{DateTime, NaiveDate};
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            AllocationId, BookingId, CampaignId, ClinicId, CourseId, PersonId, ProductId, SlotId,
            booking::{self, Book, Booking},
        },
        flows::lane::Bell,
    };

    fn limits(batch: usize) -> Limits {
        Limits { lanes: 1, queue: 1000, wait_max: Duration::from_secs(1), batch }
    }

    fn job(request: Request) -> Job {
        Job { request, came: Instant::now(), answer: oneshot::channel().0, bell: Bell::hang() }
    }

    fn booking() -> Job {
        job(Request::Book(Book {
            booking_id: BookingId(Uuid::nil()),
            person_id: PersonId(1),
            campaign_id: CampaignId(1),
            slot_id: SlotId(1),
            product_id: ProductId(1),
        }))
    }

    fn cancellation() -> Job {
        job(Request::Cancel(Booking {
            booking_id: BookingId(Uuid::nil()),
            person_id: PersonId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            course_id: CourseId(1),
            dose_number: 1,
            state: booking::State::Booked,
            clinic_id: ClinicId(0),
            slot_id: SlotId(1),
            allocation_id: AllocationId(1),
            rule_version: 1,
            on_date: NaiveDate::MIN,
            starts_at: DateTime::UNIX_EPOCH,
            ends_at: DateTime::UNIX_EPOCH,
            booked_at: DateTime::UNIX_EPOCH,
            ended_at: None,
        }))
    }

    /// How many of both kinds the next batch has.
    async fn taken(waiting: &mut Waiting) -> (usize, usize) {
        let mut batch = Vec::new();
        assert!(waiting.take(&mut batch).await);
        let bookings = batch.iter().filter(|job| matches!(job.request, Request::Book(_))).count();
        (bookings, batch.len() - bookings)
    }

    #[tokio::test]
    async fn bookings_come_first_and_leave_places_for_cancellations() {
        let (door, mut waiting) = new(limits(16), Arc::new(Pace::new()));
        for _ in 0..20 {
            door.enter(cancellation()).unwrap();
            door.enter(booking()).unwrap();
        }
        assert_eq!(taken(&mut waiting).await, (14, 2), "an eighth is for cancellations");
        assert_eq!(taken(&mut waiting).await, (6, 10), "and what bookings leave");
        door.enter(booking()).unwrap();
        assert_eq!(taken(&mut waiting).await, (1, 8));
    }

    #[tokio::test]
    async fn bookings_alone_fill_the_batch() {
        let (door, mut waiting) = new(limits(16), Arc::new(Pace::new()));
        for _ in 0..20 {
            door.enter(booking()).unwrap();
        }
        assert_eq!(taken(&mut waiting).await, (16, 0));
    }

    #[tokio::test]
    async fn what_waits_is_taken_after_closing_and_then_no_more() {
        let (door, mut waiting) = new(limits(16), Arc::new(Pace::new()));
        door.enter(cancellation()).unwrap();
        waiting.close();
        door.enter(booking()).expect_err("closed");
        assert_eq!(taken(&mut waiting).await, (0, 1));
        assert!(!waiting.take(&mut Vec::new()).await);
    }
}
