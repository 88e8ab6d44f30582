//! The bounded queue of one lane, with admission control: a request that would wait too long is
//! refused at once. The caller can use a refusal within a millisecond better than a timeout after
//! ten seconds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::mpsc::{
    self,
    error::TrySendError::{Closed, Full},
};

use super::{
    delay::DelayEstimate,
    job::{Job, Limits, unavailable},
    work::{Bookings, Work},
};
use crate::flows::{Error, Result};

/// A job that has waited this many times the longest wait expires: its lane had stopped.
const EXPIRY_WAITS: u32 = 10;
/// It never expires sooner: a wait that is set short would have it expire whenever the machine is
/// busy for a moment.
const EXPIRY_MIN: Duration = Duration::from_secs(1);

/// The end that takes requests in. Bookings and cancellations wait apart, because bookings go
/// first.
pub(super) struct Queue<W: Work = Bookings> {
    bookings: mpsc::Sender<Job<W>>,
    cancellations: mpsc::Sender<Job<W>>,
    wait_max: Duration,
    delay: Arc<DelayEstimate>,
    is_down: Arc<AtomicBool>,
    is_cut_off: Arc<AtomicBool>,
}

/// The lane's end of the queue.
pub(super) struct QueueReceiver<W: Work = Bookings> {
    bookings: mpsc::Receiver<Job<W>>,
    cancellations: mpsc::Receiver<Job<W>>,
    batch_max: usize,
    /// After this time the client has probably gone, or is about to send the request again.
    expires_after: Duration,
    is_down: Arc<AtomicBool>,
    is_cut_off: Arc<AtomicBool>,
}

/// Both ends of a lane's queue.
pub(super) fn new<W: Work>(
    limits: Limits,
    delay: Arc<DelayEstimate>,
) -> (Queue<W>, QueueReceiver<W>) {
    let (into_bookings, bookings) = mpsc::channel(limits.queue.max(1));
    let (into_cancellations, cancellations) = mpsc::channel(limits.queue.max(1));
    let is_down = Arc::new(AtomicBool::new(false));
    let is_cut_off = Arc::new(AtomicBool::new(false));
    let queue = Queue {
        bookings: into_bookings,
        cancellations: into_cancellations,
        wait_max: limits.wait_max,
        delay,
        is_down: is_down.clone(),
        is_cut_off: is_cut_off.clone(),
    };
    let batch_max = limits.batch.max(1);
    let expires_after = (limits.wait_max * EXPIRY_WAITS).max(EXPIRY_MIN);
    let receiver =
        QueueReceiver { bookings, cancellations, batch_max, expires_after, is_down, is_cut_off };
    (queue, receiver)
}

impl<W: Work> Queue<W> {
    /// Adds the job to the queue.
    ///
    /// # Errors
    /// `overloaded` where it would wait too long, `unavailable` where the lane has stopped.
    pub(super) fn push(&self, job: Job<W>) -> Result<()> {
        if self.load() >= 1.0 {
            return Err(self.delay.overloaded());
        }
        let queue = if W::goes_first(&job.request) { &self.bookings } else { &self.cancellations };
        queue.try_send(job).map_err(|refused| match refused {
            Full(_) => self.delay.overloaded(),
            Closed(_) => unavailable(),
        })
    }

    /// The estimated wait of a new booking as a part of the longest allowed wait. From 1 on,
    /// requests are refused.
    pub(super) fn load(&self) -> f64 {
        let queued = self.bookings.max_capacity() - self.bookings.capacity();
        self.delay.behind(queued, Instant::now()).as_secs_f64() / self.wait_max.as_secs_f64()
    }

    /// Whether the lane takes jobs and works on them.
    pub(super) fn is_open(&self) -> bool {
        !self.bookings.is_closed() && !self.is_down.load(Ordering::Relaxed)
    }

    /// Whether the lane has requests in hand and no database to decide them with.
    pub(super) fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Ordering::Relaxed)
    }

    pub(super) fn overloaded(&self) -> Error {
        self.delay.overloaded()
    }
}

impl<W: Work> QueueReceiver<W> {
    /// Fills the empty `batch` with what has arrived; where nothing has, waits for it. False when
    /// the queue is closed and empty. Cancel safe: dropping the future loses no job.
    pub(super) async fn take(&mut self, batch: &mut Vec<Job<W>>) -> bool {
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
        // An eighth of the batch is kept for cancellations, however many bookings wait: a
        // cancellation returns a dose that a booking can use.
        fill(batch, bookings, *batch_max - *batch_max / 8);
        fill(batch, cancellations, *batch_max);
        fill(batch, bookings, *batch_max);
        true
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.bookings.is_empty() && self.cancellations.is_empty()
    }

    /// Removes the jobs that have waited too long to be served.
    pub(super) fn expired(&self, batch: &mut Vec<Job<W>>) -> Vec<Job<W>> {
        batch.extract_if(.., |job| job.arrived_at.elapsed() > self.expires_after).collect()
    }

    /// Set by the lane while it has requests in hand and no database to decide them with.
    pub(super) fn cut_off(&self) -> Arc<AtomicBool> {
        self.is_cut_off.clone()
    }

    /// Says that the lane does not work for now, or that it does again.
    pub(super) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }

    /// Takes in no more jobs; those in the queue can still be taken out.
    pub(super) fn close(&mut self) {
        self.bookings.close();
        self.cancellations.close();
    }
}

fn fill<W: Work>(batch: &mut Vec<Job<W>>, queue: &mut mpsc::Receiver<Job<W>>, up_to: usize) {
    while batch.len() < up_to
        && let Ok(job) = queue.try_recv()
    {
        batch.push(job);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            AllocationId, BookingId, CampaignId, ClinicId, CourseId, PersonId, ProductId, SlotId,
            batch::Request,
            booking::{self, Book, Booking},
            channel::Channel,
        },
        flows::lane::reply::{ReplyQueue, ReplyTo},
    };

    fn limits(batch: usize) -> Limits {
        Limits { lanes: 1, queue: 1000, wait_max: Duration::from_secs(1), batch }
    }

    fn job(request: Request) -> Job {
        let (reply, _) = ReplyTo::new(&ReplyQueue::spawn());
        Job { request, arrived_at: Instant::now(), blocked_since: None, reply }
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
            channel: Channel::Web,
            arrived_at: None,
            not_given: None,
        }))
    }

    /// How many bookings and cancellations the next batch has.
    async fn taken(receiver: &mut QueueReceiver) -> (usize, usize) {
        let mut batch = Vec::new();
        assert!(receiver.take(&mut batch).await);
        let bookings = batch.iter().filter(|job| matches!(job.request, Request::Book(_))).count();
        (bookings, batch.len() - bookings)
    }

    #[tokio::test]
    async fn bookings_go_first_and_leave_places_for_cancellations() {
        let (queue, mut receiver) = new(limits(16), Arc::new(DelayEstimate::new()));
        for _ in 0..20 {
            queue.push(cancellation()).unwrap();
            queue.push(booking()).unwrap();
        }
        assert_eq!(taken(&mut receiver).await, (14, 2), "an eighth is for cancellations");
        assert_eq!(taken(&mut receiver).await, (6, 10), "and the places that bookings leave");
        queue.push(booking()).unwrap();
        assert_eq!(taken(&mut receiver).await, (1, 8));
    }

    #[tokio::test]
    async fn bookings_alone_fill_the_batch() {
        let (queue, mut receiver) = new(limits(16), Arc::new(DelayEstimate::new()));
        for _ in 0..20 {
            queue.push(booking()).unwrap();
        }
        assert_eq!(taken(&mut receiver).await, (16, 0));
    }

    #[tokio::test]
    async fn a_closed_queue_is_emptied_and_takes_no_more() {
        let (queue, mut receiver) = new(limits(16), Arc::new(DelayEstimate::new()));
        queue.push(cancellation()).unwrap();
        receiver.close();
        queue.push(booking()).expect_err("closed");
        assert_eq!(taken(&mut receiver).await, (0, 1));
        assert!(!receiver.take(&mut Vec::new()).await);
    }

    #[tokio::test]
    async fn a_job_expires_after_a_second_however_short_its_wait_may_be() {
        let limits = Limits { wait_max: Duration::from_millis(1), ..limits(16) };
        let (_queue, receiver) = new::<Bookings>(limits, Arc::new(DelayEstimate::new()));
        let aged = |ms| {
            let arrived_at = Instant::now().checked_sub(Duration::from_millis(ms));
            Job { arrived_at: arrived_at.expect("a machine that runs for seconds"), ..booking() }
        };
        let mut batch = vec![aged(500), aged(1_001)];
        assert_eq!(receiver.expired(&mut batch).len(), 1);
        assert_eq!(batch.len(), 1);
    }

    #[tokio::test]
    async fn a_lane_that_is_down_is_not_open_and_still_takes_jobs() {
        let (queue, mut receiver) = new(limits(16), Arc::new(DelayEstimate::new()));
        assert!(queue.is_open(), "the control");
        receiver.set_down(true);
        assert!(!queue.is_open());
        queue.push(booking()).unwrap();
        receiver.set_down(false);
        assert!(queue.is_open());
        assert_eq!(taken(&mut receiver).await, (1, 0));
    }
}
