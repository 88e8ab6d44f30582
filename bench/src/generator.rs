//! People who book, as a script of the load generator, and what they were told.

use std::{io::Write, net::SocketAddr, sync::Arc, time::Duration};

use dosebook::rehearsal::load::{Completion, LoadGenerator, Response, Workload};
use hdrhistogram::Histogram;

use crate::{citizens::Citizens, world::Shape};

/// After the last request was due, answers are waited for so long.
const LATE_MAX: Duration = Duration::from_secs(60);
/// Who hears nothing asks the same again, so many times in all.
const TRIES_MAX: u32 = 3;
/// In hours of microseconds nothing is cut off.
const DIGITS: u8 = 3;

/// A stretch of time in which people come at one pace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    /// Seconds.
    pub(crate) span: f64,
    /// A second, at random moments.
    pub(crate) rate: f64,
}

/// When people come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As soon as one has been answered the next comes: so many at once. What comes before
    /// `settle` seconds are over is phase 0, and the `span` after it phase 1.
    Closed { clients: usize, settle: f64, span: f64 },
    /// Whether or not others were answered.
    Open,
}

/// What people want, and how it went.
pub(crate) struct Bookings {
    citizens: Arc<Citizens>,
    targets: Targets,
    pace: Pace,
    phases: Vec<Phase>,
    clients_to_come: usize,
    next: i64,
    /// Those that were refused; they come again as if they were others.
    refused: Vec<i64>,
    /// When the last one came, in seconds.
    at: f64,
    dice: Dice,
    pub(crate) tally: Tally,
}

/// Who books which slot.
#[derive(Clone)]
pub(crate) enum Targets {
    /// All slots of the world.
    Spread(Shape),
    /// One slot of one clinic.
    Hot(Shape),
    /// The nth of these people the nth of these slots.
    Listed(Arc<Vec<(i64, i64)>>),
}

impl Targets {
    fn person(&self, nth: i64) -> i64 {
        match self {
            Self::Spread(shape) | Self::Hot(shape) => shape.person(nth),
            Self::Listed(pairs) => pairs[nth as usize].0,
        }
    }

    fn slot(&self, nth: i64) -> i64 {
        match self {
            Self::Spread(shape) => shape.slot(nth),
            Self::Hot(_) => (1 << 24) + 1,
            Self::Listed(pairs) => pairs[nth as usize].1,
        }
    }
}

/// One who wants to book.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    /// The how-manieth to come.
    nth: i64,
    booking_id: uuid::Uuid,
    /// When first wanted.
    due: Duration,
    tries: u32,
}

/// Sums over the bookings that were acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acknowledged {
    pub(crate) bookings: i64,
    pub(crate) person_ids: i128,
    pub(crate) slot_ids: i128,
}

/// What was heard.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: Acknowledged,
    pub(crate) phases: Vec<Told>,
    /// An answer that nobody should get.
    fault: Option<String>,
    /// Requests that were sent again because their connection broke.
    pub(crate) sent_again: u64,
    /// When due, in microseconds from the start, and how long it took; none: refused. Kept of the
    /// last phase of several.
    pub(crate) last: Vec<(u64, Option<u64>)>,
}

/// What was told in a phase. Times are in microseconds.
pub(crate) struct Told {
    /// Acknowledged within the phase, whenever due.
    pub(crate) booked_within: u64,
    /// Of the requests due in the phase, from then on.
    pub(crate) booked: Histogram<u64>,
    pub(crate) refused: Histogram<u64>,
    /// From when they were sent.
    pub(crate) booked_from_sent: Histogram<u64>,
    pub(crate) refused_from_sent: Histogram<u64>,
    /// How much later than due it was sent.
    pub(crate) lag: Histogram<u64>,
}

impl Told {
    fn new() -> Self {
        let histogram = || Histogram::new(DIGITS).expect("a histogram");
        Self {
            booked_within: 0,
            booked: histogram(),
            refused: histogram(),
            booked_from_sent: histogram(),
            refused_from_sent: histogram(),
            lag: histogram(),
        }
    }
}

/// A percentile in milliseconds.
pub(crate) fn ms(histogram: &Histogram<u64>, percentile: f64) -> f64 {
    histogram.value_at_quantile(percentile / 100.0) as f64 / 1000.0
}

impl Bookings {
    /// The first to come is the `first` of the world.
    pub(crate) fn closed(
        citizens: Arc<Citizens>,
        targets: Targets,
        first: i64,
        pace: Pace,
    ) -> Self {
        let Pace::Closed { clients, settle, span } = pace else { panic!("a closed pace") };
        let phase = |span| Phase { span, rate: 0.0 };
        let mut new = Self::open(citizens, targets, first, vec![phase(settle), phase(span)]);
        new.pace = pace;
        new.clients_to_come = clients;
        new
    }

    pub(crate) fn open(
        citizens: Arc<Citizens>,
        targets: Targets,
        first: i64,
        phases: Vec<Phase>,
    ) -> Self {
        let told = phases.iter().map(|_| Told::new()).collect();
        Self {
            citizens,
            targets,
            pace: Pace::Open,
            phases,
            clients_to_come: 0,
            next: first,
            refused: Vec::new(),
            at: 0.0,
            dice: Dice(0x5eed),
            tally: Tally { phases: told, ..Tally::default() },
        }
    }

    /// Lets them come from a thread of its own, and checks that all were answered as they should.
    pub(crate) async fn come(self, address: SocketAddr, connections: usize) -> Self {
        let span: f64 = self.phases.iter().map(|phase| phase.span).sum();
        let duration_max = Duration::from_secs_f64(span) + LATE_MAX;
        let crowd = LoadGenerator { address, connections, duration_max };
        let came = tokio::task::spawn_blocking(move || crowd.come(self)).await;
        let came = came.expect("the generator").expect("the service answers");
        if let Some(fault) = &came.tally.fault {
            panic!("an answer that nobody should get: {fault}");
        }
        came
    }

    /// How many have come, counted from the first of the world.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// The next who asks, and when.
    fn draw(&mut self, due: Duration) -> Ask {
        let nth = self.refused.pop().unwrap_or_else(|| {
            let nth = self.next;
            assert!(nth < self.citizens.count(), "more came than are signed in");
            self.next += 1;
            nth
        });
        // Time-ordered, as the contract advises.
        Ask { nth, booking_id: uuid::Uuid::now_v7(), due, tries: 1 }
    }

    /// The phase of a moment; none after the last.
    fn phase(&self, at: Duration) -> Option<usize> {
        let mut end = 0.0;
        self.phases.iter().position(|phase| {
            end += phase.span;
            at.as_secs_f64() < end
        })
    }

    fn told(&mut self, ask: Ask, answer: Response<'_>, heard: &Completion<'_>) {
        let Ask { nth, due: asked_at, tries, .. } = ask;
        let due = self.phase(asked_at);
        let took = (heard.done - asked_at).as_micros() as u64;
        // The same again is answered with what was done the first time.
        let is_booked = answer.status == 201 || (answer.status == 200 && tries > 1);
        let is_last = due.is_some_and(|due| due > 0 && due + 1 == self.phases.len());
        match answer.status {
            _ if is_booked => {
                let sum = &mut self.tally.acknowledged;
                sum.bookings += 1;
                sum.person_ids += i128::from(self.targets.person(nth));
                sum.slot_ids += i128::from(self.targets.slot(nth));
                if let Some(done) = self.phase(heard.done) {
                    self.tally.phases[done].booked_within += 1;
                }
            }
            503 if answer.retry_after.is_some() => self.refused.push(nth),
            status => {
                let body = String::from_utf8_lossy(answer.body);
                self.tally.fault.get_or_insert_with(|| format!("{status} {body}"));
            }
        }
        if is_last && matches!(self.pace, Pace::Open) {
            let due = asked_at.as_micros() as u64;
            self.tally.last.push((due, is_booked.then_some(took)));
        }
        let Some(due) = due else { return };
        let told = &mut self.tally.phases[due];
        if tries == 1 {
            told.lag.record((heard.sent - asked_at).as_micros() as u64).expect("recorded");
        }
        let (from_due, from_sent) = if is_booked {
            (&mut told.booked, &mut told.booked_from_sent)
        } else {
            (&mut told.refused, &mut told.refused_from_sent)
        };
        from_due.record(took).expect("recorded");
        from_sent.record((heard.done - heard.sent).as_micros() as u64).expect("recorded");
    }
}

impl Workload for Bookings {
    type Request = Ask;

    fn next_arrival(&mut self) -> Option<(Duration, Ask)> {
        if let Pace::Closed { .. } = self.pace {
            self.clients_to_come = self.clients_to_come.checked_sub(1)?;
            return Some((Duration::ZERO, self.draw(Duration::ZERO)));
        }
        let phase = self.phase(Duration::from_secs_f64(self.at))?;
        self.at += self.dice.pause(self.phases[phase].rate);
        self.phase(Duration::from_secs_f64(self.at))?;
        let due = Duration::from_secs_f64(self.at);
        Some((due, self.draw(due)))
    }

    fn write(&mut self, &Ask { nth, booking_id, .. }: &Ask, request: &mut Vec<u8>) {
        let slot_id = self.targets.slot(nth);
        let body = format!(r#"{{"campaign_id":1,"slot_id":{slot_id},"product_id":1}}"#);
        write!(request, "PUT /v1/bookings/{booking_id} HTTP/1.1\r\n").expect("written");
        request.extend_from_slice(b"Host: bench\r\nAuthorization: Bearer ");
        request.extend_from_slice(self.citizens.token(nth));
        let length = body.len();
        write!(
            request,
            "\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("written");
    }

    fn completed(&mut self, ask: Ask, heard: &Completion<'_>) -> Option<(Duration, Ask)> {
        match heard.answer {
            Some(answer) => self.told(ask, answer, heard),
            None if ask.tries < TRIES_MAX => {
                self.tally.sent_again += 1;
                return Some((Duration::ZERO, Ask { tries: ask.tries + 1, ..ask }));
            }
            None => {
                let silence = || "the connection broke or stayed silent".to_owned();
                self.tally.fault.get_or_insert_with(silence);
            }
        }
        let Pace::Closed { settle, span, .. } = self.pace else { return None };
        (heard.done.as_secs_f64() < settle + span).then(|| (Duration::ZERO, self.draw(heard.done)))
    }
}

/// SplitMix64: the same arrivals in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Seconds until the next comes, where `rate` come a second independently of each other.
    fn pause(&mut self, rate: f64) -> f64 {
        let unit = (self.roll() >> 11) as f64 / (1_u64 << 53) as f64;
        -(1.0 - unit).ln() / rate
    }
}
