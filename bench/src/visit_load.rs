//! People who come to the clinics of a day as a workload of the load generator: each is checked in,
//! and then given the dose.

use std::{io::Write, net::SocketAddr, time::Duration};

use dosebook::{
    domain::keys::Keys,
    random::Random,
    rehearsal::load::{Completion, LoadGenerator, Response, Workload},
};
use hdrhistogram::Histogram;
use uuid::Uuid;

use crate::{
    booking_load::{ClosedLoop, Phase, pause},
    dataset::{DAY_CLINICS, desk_token},
    tally::histogram,
};

/// How long responses are waited for after the last request was due.
const LATE_MAX: Duration = Duration::from_secs(60);
/// A request without a response is sent at most so often.
const ATTEMPTS_MAX: u32 = 3;
/// After which a press that was refused for want of room is made again.
const AGAIN: Duration = Duration::from_millis(100);
/// Between the check-in and the dose, where nobody hurries.
const TALK: Duration = Duration::from_secs(1);

/// Every question was asked, and the dose is given.
const GIVE: &str = concat!(
    r#"{"step":"give","answers":["identity","screening"],"#,
    r#""site":"left_arm","lot":"EW0182"}"#
);

/// What desks press, and how it went.
pub(crate) struct VisitLoad {
    /// So many are booked for the day.
    visits: i64,
    /// What the users of the clinics are signed in by, by clinic.
    desks: Vec<String>,
    closed_loop: Option<ClosedLoop>,
    phases: Vec<Phase>,
    clients_to_start: usize,
    next: i64,
    /// Time of the last arrival, in seconds.
    at: f64,
    random: Random,
    pub(crate) tally: VisitTally,
}

/// What came back. Times are in microseconds, and those of presses due in the last phase.
pub(crate) struct VisitTally {
    pub(crate) arrived: Histogram<u64>,
    pub(crate) given: Histogram<u64>,
    /// Doses that were acknowledged within the last phase, whenever due.
    pub(crate) given_within: u64,
    /// Check-ins and doses that were acknowledged, all of them.
    pub(crate) presses: (i64, i64),
    /// Presses that were refused for want of room, and made again.
    pub(crate) refused: u64,
    fault: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Arrive,
    Give,
}

/// One press.
#[derive(Clone, Copy)]
pub(crate) struct Press {
    /// The number of the visit.
    nth: i64,
    step: Step,
    step_id: Uuid,
    /// When it was first due.
    due: Duration,
    attempts: u32,
}

impl VisitLoad {
    /// Each desk's client makes its next press when the last one was answered.
    pub(crate) fn closed_loop(keys: &Keys, visits: i64, closed_loop: ClosedLoop) -> Self {
        let phase = |span| Phase { span, rate: 0.0 };
        let mut new =
            Self::open_loop(keys, visits, vec![phase(closed_loop.settle), phase(closed_loop.span)]);
        new.closed_loop = Some(closed_loop);
        new.clients_to_start = closed_loop.clients;
        new
    }

    /// People come at random moments.
    pub(crate) fn open_loop(keys: &Keys, visits: i64, phases: Vec<Phase>) -> Self {
        Self {
            visits,
            desks: (0..=DAY_CLINICS).map(|clinic| desk_token(keys, clinic)).collect(),
            closed_loop: None,
            phases,
            clients_to_start: 0,
            next: 0,
            at: 0.0,
            random: Random::new(0xd05e),
            tally: VisitTally {
                arrived: histogram(),
                given: histogram(),
                given_within: 0,
                presses: (0, 0),
                refused: 0,
                fault: None,
            },
        }
    }

    /// Generates the load on a thread of its own, and checks every response.
    ///
    /// # Panics
    /// A response is neither a visit nor a 503.
    pub(crate) async fn run(self, address: SocketAddr, connections: usize) -> VisitTally {
        let duration_max = Duration::from_secs_f64(self.span()) + LATE_MAX;
        let generator = LoadGenerator { address, connections, duration_max };
        let finished = tokio::task::spawn_blocking(move || generator.run(self)).await;
        let tally = finished.expect("the generator").expect("the service answers").tally;
        if let Some(fault) = &tally.fault {
            panic!("a response that nobody should get: {fault}");
        }
        tally
    }

    fn span(&self) -> f64 {
        self.phases.iter().map(|phase| phase.span).sum()
    }

    /// Whether a time is in the last phase.
    fn is_measured(&self, at: Duration) -> bool {
        let (end, last) = (self.span(), self.phases.last().map_or(0.0, |phase| phase.span));
        (end - last..end).contains(&at.as_secs_f64())
    }

    /// The next person comes at this time.
    fn draw(&mut self, due: Duration) -> Press {
        let nth = self.next;
        assert!(nth < self.visits, "more people come than are booked");
        self.next += 1;
        Press { nth, step: Step::Arrive, step_id: Uuid::now_v7(), due, attempts: 1 }
    }

    /// Whether the press is made.
    fn count(&mut self, press: Press, response: Response<'_>, completion: &Completion<'_>) -> bool {
        // A press that is sent again gets the result of the first one, with 200.
        let is_done = response.status == 201 || (response.status == 200 && press.attempts > 1);
        if !is_done {
            if response.status == 503 && response.retry_after.is_some() {
                self.tally.refused += 1;
            } else {
                let body = String::from_utf8_lossy(response.body);
                let status = response.status;
                self.tally.fault.get_or_insert_with(|| format!("{status} {body}"));
            }
            return false;
        }
        let is_within = self.is_measured(completion.done);
        let is_due = self.is_measured(press.due);
        let tally = &mut self.tally;
        let (took, count) = match press.step {
            Step::Arrive => (&mut tally.arrived, &mut tally.presses.0),
            Step::Give => {
                tally.given_within += u64::from(is_within);
                (&mut tally.given, &mut tally.presses.1)
            }
        };
        *count += 1;
        if is_due {
            took.record((completion.done - press.due).as_micros() as u64).expect("recorded");
        }
        true
    }

    /// What follows a press that is made.
    fn after(&mut self, press: Press, done: Duration) -> Option<(Duration, Press)> {
        let talk = if self.closed_loop.is_some() { Duration::ZERO } else { TALK };
        match press.step {
            Step::Arrive => {
                let (step, step_id) = (Step::Give, Uuid::now_v7());
                let due = done + talk;
                Some((talk, Press { nth: press.nth, step, step_id, due, attempts: 1 }))
            }
            Step::Give => {
                let ClosedLoop { settle, span, .. } = self.closed_loop?;
                let is_over = done.as_secs_f64() >= settle + span;
                (!is_over).then(|| (Duration::ZERO, self.draw(done)))
            }
        }
    }
}

impl Workload for VisitLoad {
    type Request = Press;

    fn next_arrival(&mut self) -> Option<(Duration, Press)> {
        if self.closed_loop.is_some() {
            self.clients_to_start = self.clients_to_start.checked_sub(1)?;
            return Some((Duration::ZERO, self.draw(Duration::ZERO)));
        }
        let mut end = 0.0;
        let phase = self.phases.iter().find(|phase| {
            end += phase.span;
            self.at < end
        })?;
        self.at += pause(&mut self.random, phase.rate);
        (self.at < self.span()).then(|| {
            let due = Duration::from_secs_f64(self.at);
            (due, self.draw(due))
        })
    }

    fn write(&mut self, press: &Press, buffer: &mut Vec<u8>) {
        let &Press { nth, step, step_id, .. } = press;
        let clinic = nth % DAY_CLINICS + 1;
        let booking_id = Uuid::from_u128((nth + 1).unsigned_abs().into());
        let body = match step {
            Step::Arrive => r#"{"step":"arrive"}"#,
            Step::Give => GIVE,
        };
        write!(
            buffer,
            "PUT /v1/clinics/{clinic}/bookings/{booking_id}/steps/{step_id} HTTP/1.1\r\n\
             Host: bench\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.desks[clinic as usize],
            body.len()
        )
        .expect("written");
    }

    fn completed(
        &mut self,
        press: Press,
        completion: &Completion<'_>,
    ) -> Option<(Duration, Press)> {
        let attempts = press.attempts + 1;
        match completion.response {
            Some(response) if self.count(press, response, completion) => {
                self.after(press, completion.done)
            }
            Some(_) if self.tally.fault.is_none() => Some((AGAIN, press)),
            Some(_) => None,
            None if attempts <= ATTEMPTS_MAX => Some((Duration::ZERO, Press { attempts, ..press })),
            None => {
                let silence = || "the connection broke or timed out".to_owned();
                self.tally.fault.get_or_insert_with(silence);
                None
            }
        }
    }
}
