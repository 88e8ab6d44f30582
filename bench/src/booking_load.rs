//! Booking as a workload of the load generator, open-loop or closed-loop.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dosebook::{
    random::Random,
    rehearsal::load::{Completion, LoadGenerator, Response, Workload},
};

use crate::{
    citizens::Citizens,
    shape::Shape,
    tally::{PhaseTally, Tally},
};

/// How long responses are waited for after the last request was due.
const LATE_MAX: Duration = Duration::from_secs(60);
/// A request without a response is sent at most so often.
const ATTEMPTS_MAX: u32 = 3;

/// A stretch of time with one arrival rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    /// Seconds.
    pub(crate) span: f64,
    /// Arrivals per second, at random moments.
    pub(crate) rate: f64,
}

/// A closed loop: each client sends its next request when the last one was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosedLoop {
    pub(crate) clients: usize,
    /// Seconds of phase 0, in which the service settles.
    pub(crate) settle: f64,
    /// Seconds of phase 1, which is measured.
    pub(crate) span: f64,
}

/// By what others tell the time of a load that runs, and end it.
#[derive(Clone, Default)]
pub(crate) struct LoadHandle {
    began: Arc<OnceLock<Instant>>,
    is_over: Arc<AtomicBool>,
}

impl LoadHandle {
    /// How long it has run: what `Tally::last` counts in.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Nobody comes any more; those who have come are waited for.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// People who book, and how it went.
pub(crate) struct BookingLoad {
    citizens: Arc<Citizens>,
    targets: Targets,
    /// None: an open loop, in which requests are sent when they are due.
    closed_loop: Option<ClosedLoop>,
    phases: Vec<Phase>,
    clients_to_start: usize,
    next: i64,
    /// Arrivals that were refused; they arrive again as if they were others.
    refused: Vec<i64>,
    /// Time of the last arrival, in seconds.
    at: f64,
    random: Random,
    handle: LoadHandle,
    /// The database may be lost at a commit, which is then answered as a replay.
    is_replayed: bool,
    pub(crate) tally: Tally,
}

/// Which slot each arrival books.
#[derive(Clone)]
pub(crate) enum Targets {
    /// All slots of the world.
    Spread(Shape),
    /// One slot of one clinic.
    Hot(Shape),
    /// The nth of these persons the nth of these slots.
    Listed(Arc<Vec<(i64, i64)>>),
}

impl Targets {
    fn person(&self, nth: i64) -> i64 {
        match self {
            Self::Spread(shape) | Self::Hot(shape) => shape.person(nth),
            Self::Listed(pairs) => pairs[nth as usize].0,
        }
    }

    pub(crate) fn slot(&self, nth: i64) -> i64 {
        match self {
            Self::Spread(shape) => shape.slot(nth),
            Self::Hot(_) => (1 << 24) + 1,
            Self::Listed(pairs) => pairs[nth as usize].1,
        }
    }
}

/// One request to book.
#[derive(Clone, Copy)]
pub(crate) struct BookingRequest {
    /// The number of the arrival.
    nth: i64,
    booking_id: uuid::Uuid,
    /// When it was first due.
    due: Duration,
    attempts: u32,
}

impl BookingLoad {
    /// The first arrival has the number `first`.
    pub(crate) fn closed_loop(
        citizens: Arc<Citizens>,
        targets: Targets,
        first: i64,
        closed_loop: ClosedLoop,
    ) -> Self {
        let phase = |span| Phase { span, rate: 0.0 };
        let phases = vec![phase(closed_loop.settle), phase(closed_loop.span)];
        let mut new = Self::open_loop(citizens, targets, first, phases);
        new.closed_loop = Some(closed_loop);
        new.clients_to_start = closed_loop.clients;
        new
    }

    pub(crate) fn open_loop(
        citizens: Arc<Citizens>,
        targets: Targets,
        first: i64,
        phases: Vec<Phase>,
    ) -> Self {
        let tallies = phases.iter().map(|_| PhaseTally::new()).collect();
        Self {
            citizens,
            targets,
            closed_loop: None,
            phases,
            clients_to_start: 0,
            next: first,
            refused: Vec::new(),
            at: 0.0,
            random: Random::new(0x5eed),
            handle: LoadHandle::default(),
            is_replayed: false,
            tally: Tally { phases: tallies, ..Tally::default() },
        }
    }

    /// Generates the load on a thread of its own, and checks every response.
    ///
    /// # Panics
    /// A response is neither a booking nor a 503.
    pub(crate) async fn run(self, address: SocketAddr, connections: usize) -> Self {
        let span: f64 = self.phases.iter().map(|phase| phase.span).sum();
        let duration_max = Duration::from_secs_f64(span) + LATE_MAX;
        let generator = LoadGenerator { address, connections, duration_max };
        let finished = tokio::task::spawn_blocking(move || generator.run(self)).await;
        let finished = finished.expect("the generator").expect("the service answers");
        if let Some(fault) = &finished.tally.fault {
            panic!("a response that nobody should get: {fault}");
        }
        finished
    }

    pub(crate) fn handle(&self) -> LoadHandle {
        self.handle.clone()
    }

    /// Through restarts of PostgreSQL.
    pub(crate) fn replayed(self) -> Self {
        Self { is_replayed: true, ..self }
    }

    /// The number of the next arrival.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// The next request, due at this time.
    fn draw(&mut self, due: Duration) -> BookingRequest {
        let nth = self.refused.pop().unwrap_or_else(|| {
            let nth = self.next;
            assert!(nth < self.citizens.count(), "more arrivals than are signed in");
            self.next += 1;
            nth
        });
        // Time-ordered, as the contract advises.
        BookingRequest { nth, booking_id: uuid::Uuid::now_v7(), due, attempts: 1 }
    }

    /// The phase at a time; none after the last.
    fn phase(&self, at: Duration) -> Option<usize> {
        let mut end = 0.0;
        self.phases.iter().position(|phase| {
            end += phase.span;
            at.as_secs_f64() < end
        })
    }

    fn count(
        &mut self,
        request: BookingRequest,
        response: Response<'_>,
        completion: &Completion<'_>,
    ) {
        let BookingRequest { nth, due: due_at, attempts, .. } = request;
        let due = self.phase(due_at);
        let took = (completion.done - due_at).as_micros() as u64;
        // A request that is sent again gets the result of the first one, with 200.
        let is_again = attempts > 1 || self.is_replayed;
        let is_booked = response.status == 201 || (response.status == 200 && is_again);
        let is_last = due.is_some_and(|due| due > 0 && due + 1 == self.phases.len());
        match response.status {
            _ if is_booked => {
                let sum = &mut self.tally.acknowledged;
                sum.bookings += 1;
                sum.person_ids += i128::from(self.targets.person(nth));
                sum.slot_ids += i128::from(self.targets.slot(nth));
                if let Some(done) = self.phase(completion.done) {
                    self.tally.phases[done].booked_within += 1;
                }
            }
            503 if response.retry_after.is_some() => self.refused.push(nth),
            status => {
                let body = String::from_utf8_lossy(response.body);
                self.tally.fault.get_or_insert_with(|| format!("{status} {body}"));
            }
        }
        if is_last && self.closed_loop.is_none() {
            let due = due_at.as_micros() as u64;
            self.tally.last.push((due, is_booked.then_some(took)));
        }
        let Some(due) = due else { return };
        let tally = &mut self.tally.phases[due];
        if attempts == 1 {
            tally.lag.record((completion.sent - due_at).as_micros() as u64).expect("recorded");
        }
        let (from_due, from_sent) = if is_booked {
            (&mut tally.booked, &mut tally.booked_from_sent)
        } else {
            (&mut tally.refused, &mut tally.refused_from_sent)
        };
        from_due.record(took).expect("recorded");
        from_sent.record((completion.done - completion.sent).as_micros() as u64).expect("recorded");
    }
}

impl Workload for BookingLoad {
    type Request = BookingRequest;

    fn next_arrival(&mut self) -> Option<(Duration, BookingRequest)> {
        self.handle.began.get_or_init(Instant::now);
        if self.handle.is_over() {
            return None;
        }
        if self.closed_loop.is_some() {
            self.clients_to_start = self.clients_to_start.checked_sub(1)?;
            return Some((Duration::ZERO, self.draw(Duration::ZERO)));
        }
        let phase = self.phase(Duration::from_secs_f64(self.at))?;
        self.at += pause(&mut self.random, self.phases[phase].rate);
        self.phase(Duration::from_secs_f64(self.at))?;
        let due = Duration::from_secs_f64(self.at);
        Some((due, self.draw(due)))
    }

    fn write(&mut self, request: &BookingRequest, buffer: &mut Vec<u8>) {
        let &BookingRequest { nth, booking_id, .. } = request;
        let slot_id = self.targets.slot(nth);
        let body = format!(r#"{{"campaign_id":1,"slot_id":{slot_id},"product_id":1}}"#);
        write!(buffer, "PUT /v1/bookings/{booking_id} HTTP/1.1\r\n").expect("written");
        buffer.extend_from_slice(b"Host: bench\r\nAuthorization: Bearer ");
        buffer.extend_from_slice(self.citizens.token(nth));
        let length = body.len();
        write!(
            buffer,
            "\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("written");
    }

    fn completed(
        &mut self,
        request: BookingRequest,
        completion: &Completion<'_>,
    ) -> Option<(Duration, BookingRequest)> {
        match completion.response {
            Some(response) => self.count(request, response, completion),
            None if request.attempts < ATTEMPTS_MAX => {
                self.tally.sent_again += 1;
                let attempts = request.attempts + 1;
                return Some((Duration::ZERO, BookingRequest { attempts, ..request }));
            }
            None => {
                let silence = || "the connection broke or timed out".to_owned();
                self.tally.fault.get_or_insert_with(silence);
            }
        }
        let ClosedLoop { settle, span, .. } = self.closed_loop?;
        let is_over = completion.done.as_secs_f64() >= settle + span;
        (!is_over).then(|| (Duration::ZERO, self.draw(completion.done)))
    }
}

/// Seconds until the next arrival of a Poisson process with this rate per second.
pub(crate) fn pause(random: &mut Random, rate: f64) -> f64 {
    let unit = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    -(1.0 - unit).ln() / rate
}
