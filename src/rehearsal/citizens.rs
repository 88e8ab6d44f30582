//! The citizens of a replay: which requests each sends, and how they react to the responses. This
//! is the hot path of the load generator: whatever takes time is prepared in the plan, and nothing
//! is allocated per citizen.

use std::{collections::HashSet, time::Duration};

use super::{
    plan::{BEFORE, BESIDE, BookingKey, CANCEL, CitizenRequest, PATIENCE, Plan, SLOT},
    step::RequestKind,
    tally::{Reply, Tally},
};
use crate::{
    domain::Code,
    rehearsal::load::{self, Completion, Workload},
};

/// Pause between two requests of a citizen who browses, on average.
const BROWSE_PAUSE: Duration = Duration::from_secs(1);
/// Pause before a retry after a 503 without `Retry-After`, which the report names as a fault.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Completed requests between two reports of progress.
const PROGRESS_INTERVAL: u64 = 4_096;

/// A request, and the delay until it is due or the time when it is.
type Next = Option<(Duration, CitizenRequest)>;

/// A booking that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    pub key: BookingKey,
    /// Index of the slot in the plan.
    pub slot: u32,
    pub state: AckState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckState {
    Booked,
    /// Its cancellation was requested, and not answered.
    MayBeCancelled,
    Cancelled,
}

/// Is told how many citizens are done.
pub type Progress = Box<dyn FnMut(u32) + Send>;

/// The workload of all citizens, and what they were told.
pub struct CitizenWorkload {
    pub plan: Plan,
    pub tally: Tally,
    pub acks: Vec<Ack>,
    /// Requests to book without a response that tells the outcome; some were acknowledged later.
    pub in_doubt: Vec<BookingKey>,
    pub in_flight: HashSet<BookingKey>,
    /// How many citizens have arrived.
    pub arrived: u32,
    opening: Duration,
    /// The next citizen to browse before the opening.
    next_early: u32,
    /// Whether the second device of the last arrival is due.
    second_device: bool,
    settled: u32,
    completions: u64,
    progress: Progress,
}

impl CitizenWorkload {
    pub fn new(plan: Plan, tally: Tally, progress: Progress) -> Self {
        let opening = plan.opening();
        let next_early = if plan.scenario.before.is_some() { 0 } else { plan.curve.citizens() };
        Self {
            plan,
            tally,
            acks: Vec::new(),
            in_doubt: Vec::new(),
            in_flight: HashSet::new(),
            arrived: 0,
            opening,
            next_early,
            second_device: false,
            settled: 0,
            completions: 0,
            progress,
        }
    }

    /// The next request before the opening.
    fn early_request(&mut self) -> Next {
        let before = self.plan.scenario.before?;
        let citizens = self.plan.curve.citizens();
        while self.next_early < citizens {
            let citizen = self.next_early;
            self.next_early += 1;
            let Some(kind) = self.plan.next_page(BEFORE, citizen, before.browsing(), None) else {
                continue;
            };
            let share = f64::from(citizen) / f64::from(citizens);
            let from = self.opening.saturating_sub(Duration::from_secs_f64(before.seconds));
            let due = from + Duration::from_secs_f64(before.seconds * share);
            let request = self.plan.booking_request(citizen, 0);
            return Some((due, CitizenRequest { kind, is_before_opening: true, ..request }));
        }
        None
    }

    fn browsed(&mut self, request: CitizenRequest) -> Next {
        let (citizen, scenario) = (request.key.citizen, &self.plan.scenario);
        let (stream, browsing) = match (request.is_before_opening, scenario.before) {
            (true, Some(before)) => (BEFORE, before.browsing()),
            _ => (BESIDE, scenario.beside.unwrap_or_default()),
        };
        let kind = match self.plan.next_page(stream, citizen, browsing, Some(request.kind)) {
            Some(kind) => kind,
            None if request.is_before_opening => return None,
            None => RequestKind::Book,
        };
        let salt = request.kind.name().len().try_into().unwrap_or(0);
        let pause = self.plan.jittered(BROWSE_PAUSE, request.key, salt);
        Some((pause, CitizenRequest { kind, ..request }))
    }

    fn booking_completed(
        &mut self,
        request: CitizenRequest,
        completion: &Completion<'_>,
        reply: Reply,
    ) -> Next {
        self.in_flight.remove(&request.key);
        match reply {
            Reply::Done => self.booked(request, completion),
            Reply::Refused(Code::SeatTaken | Code::DosesExhausted | Code::SlotClosed) => {
                self.other_slot(request)
            }
            Reply::Refused(Code::Overloaded) => self.retry_after_busy(request, completion),
            Reply::Refused(Code::Unavailable) => {
                self.in_doubt.push(request.key);
                self.retry_after_busy(request, completion)
            }
            Reply::Refused(Code::Internal) | Reply::Unexpected(500..) => {
                self.in_doubt.push(request.key);
                self.settle(request)
            }
            Reply::Refused(_) | Reply::Unexpected(_) | Reply::Gone => self.settle(request),
            Reply::Missing => {
                self.in_doubt.push(request.key);
                self.resend(request)
            }
        }
    }

    fn booked(&mut self, request: CitizenRequest, completion: &Completion<'_>) -> Next {
        let number = u32::try_from(self.acks.len()).ok()?;
        let mut ack = Ack { key: request.key, slot: request.slot, state: AckState::Booked };
        self.tally.booked(self.plan.arrives_at(request.key.citizen), completion.done);
        let cancels = self.plan.scenario.cancels;
        let cancels = cancels.filter(|c| self.plan.happens(CANCEL, request.key.citizen, c.share));
        if cancels.is_some() {
            ack.state = AckState::MayBeCancelled;
        }
        self.acks.push(ack);
        self.settle(request);
        let pause = Duration::from_secs_f64(cancels?.after_seconds);
        let kind = RequestKind::Cancel;
        Some((pause, CitizenRequest { kind, ack: number, busy_retries: 0, resends: 0, ..request }))
    }

    fn other_slot(&mut self, request: CitizenRequest) -> Next {
        let other = self.plan.scenario.other_slot.filter(|other| request.key.attempt < other.times);
        let Some(other) = other else { return self.settle(request) };
        self.tally.other_slots += 1;
        let key = BookingKey { attempt: request.key.attempt + 1, ..request.key };
        let slot = self.plan.slots.draw(&mut self.plan.random(SLOT, key));
        let pause = self.plan.jittered(Duration::from_secs_f64(other.after_seconds), key, 0);
        Some((pause, CitizenRequest { key, slot, busy_retries: 0, resends: 0, ..request }))
    }

    /// After one to two times what the service asked for, so that not all return at once.
    fn retry_after_busy(&mut self, request: CitizenRequest, completion: &Completion<'_>) -> Next {
        if request.busy_retries >= self.plan.scenario.busy_times {
            self.tally.gave_up += 1;
            return self.settle(request);
        }
        self.tally.retries_after_busy += 1;
        let retry_after = completion.response.and_then(|response| response.retry_after);
        let pause = retry_after.map_or(BUSY_PAUSE, Duration::from_secs);
        let jittered = self.plan.jittered(pause, request.key, request.busy_retries);
        let jitter = jittered.saturating_sub(pause / 2);
        let busy_retries = request.busy_retries + 1;
        Some((pause + jitter, CitizenRequest { busy_retries, ..request }))
    }

    fn resend(&mut self, request: CitizenRequest) -> Next {
        if self.plan.scenario.reloads.is_none_or(|reloads| request.resends >= reloads.times) {
            self.tally.gave_up += 1;
            return self.settle(request);
        }
        self.tally.resends += 1;
        Some((Duration::ZERO, CitizenRequest { resends: request.resends + 1, ..request }))
    }

    fn cancellation_completed(
        &mut self,
        request: CitizenRequest,
        completion: &Completion<'_>,
        reply: Reply,
    ) -> Next {
        let may_retry = request.busy_retries < self.plan.scenario.busy_times;
        let state = match reply {
            Reply::Done => AckState::Cancelled,
            Reply::Refused(Code::Overloaded) if may_retry => {
                return self.retry_after_busy(request, completion);
            }
            Reply::Missing => return self.resend(request),
            Reply::Unexpected(500..) => return None,
            Reply::Refused(Code::Unavailable | Code::Internal) => return None,
            Reply::Refused(_) | Reply::Unexpected(_) | Reply::Gone => AckState::Booked,
        };
        let ack = self.acks.get_mut(usize::try_from(request.ack).ok()?)?;
        ack.state = state;
        if state == AckState::Cancelled {
            let returns = self.plan.slots.get(ack.slot).is_some_and(|slot| slot.returns);
            self.tally.cancelled(completion.done, returns);
        }
        None
    }

    /// Counts the citizen as done, if this is the first device.
    fn settle(&mut self, request: CitizenRequest) -> Next {
        self.settled += u32::from(request.key.device == 0 && request.kind == RequestKind::Book);
        None
    }
}

impl Workload for CitizenWorkload {
    type Request = CitizenRequest;

    fn next_arrival(&mut self) -> Next {
        if let Some(early) = self.early_request() {
            return Some(early);
        }
        if self.second_device {
            self.second_device = false;
            let citizen = self.arrived.checked_sub(1)?;
            return Some((self.plan.arrives_at(citizen), self.plan.first_request(citizen, 1)));
        }
        if self.arrived >= self.plan.curve.citizens() {
            return None;
        }
        let citizen = self.arrived;
        self.arrived += 1;
        self.second_device = self.plan.has_second_device(citizen);
        let due = self.plan.arrives_at(citizen);
        self.tally.arrived(due);
        Some((due, self.plan.first_request(citizen, 0)))
    }

    fn write(&mut self, request: &CitizenRequest, buffer: &mut Vec<u8>) {
        self.tally.sent(request.kind);
        if request.kind == RequestKind::Book {
            self.in_flight.insert(request.key);
        }
        self.plan.write(request, buffer);
    }

    fn timeout(&self, request: &CitizenRequest) -> Duration {
        let reloads = self.plan.scenario.reloads.filter(|_| request.kind == RequestKind::Book);
        let reloads = reloads.filter(|r| self.plan.happens(PATIENCE, request.key.citizen, r.share));
        reloads.map_or(load::TIMEOUT, |r| Duration::from_secs_f64(r.after_seconds))
    }

    fn completed(&mut self, request: CitizenRequest, completion: &Completion<'_>) -> Next {
        let reply = Reply::of(completion.response);
        self.tally.completed(request.kind, completion, reply);
        self.completions += 1;
        if self.completions.is_multiple_of(PROGRESS_INTERVAL) {
            (self.progress)(self.settled);
        }
        match request.kind {
            RequestKind::Book => self.booking_completed(request, completion, reply),
            RequestKind::Cancel => self.cancellation_completed(request, completion, reply),
            _ => self.browsed(request),
        }
    }
}
