//! Everybody on their way, as a workload of the load generator: when each comes, what follows an
//! answer, a message or a silence, and what is noted of it.

use std::{collections::HashMap, time::Duration};

use super::{
    heard::{Heard, News},
    notes::Notes,
    plan::JourneyPlan,
    sms::Sms,
    visit::{End, Then, Visit},
    way,
};
use crate::{
    domain::Code,
    rehearsal::{
        citizens::Progress,
        load::{Completion, Workload},
        step::{RequestKind, Stage},
        tally::{Reply, Tally},
    },
};

/// From somebody's signing in until their second device is at hand.
const SECOND_PAUSE: Duration = Duration::from_secs(1);
/// Pause before a page is loaded again that has failed.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// Within it people press when the campaign opens.
const OPENING_PAUSE: Duration = Duration::from_millis(500);
/// Nobody waits longer for an opening that has been announced.
const OPENING_LATE_MAX: Duration = Duration::from_secs(10);
/// From seeing the message to having typed the code.
const TYPING_PAUSE: Duration = Duration::from_secs(1);
/// As many as the service sends one person in a quarter of an hour.
const CODES_MAX: u8 = 3;
/// Completed requests between two reports of progress.
const PROGRESS_INTERVAL: u64 = 4_096;

/// What comes due.
#[derive(Debug)]
pub enum Turn {
    Ask(Box<Visit>),
    /// Somebody has waited long enough for the message with this number.
    Waited {
        citizen: u32,
        number: u64,
    },
}

pub(super) type Next = Option<(Duration, Turn)>;

/// Everybody, and what they were told.
pub struct Crowd {
    pub plan: JourneyPlan,
    pub tally: Tally,
    pub notes: Notes,
    /// Who waits for a message, with the number of the wait.
    waiting: HashMap<u32, (u64, Box<Visit>)>,
    /// Codes that came before they were waited for.
    unread: HashMap<u32, [u8; 6]>,
    also: Vec<(Duration, Turn)>,
    /// Visits that have begun and not ended.
    under_way: u64,
    waits: u64,
    next_early: u32,
    next_citizen: u32,
    settled: u32,
    completions: u64,
    progress: Progress,
}

impl Crowd {
    pub fn new(plan: JourneyPlan, tally: Tally, progress: Progress) -> Self {
        Self {
            plan,
            tally,
            notes: Notes::default(),
            waiting: HashMap::new(),
            unread: HashMap::new(),
            also: Vec::new(),
            under_way: 0,
            waits: 0,
            next_early: 0,
            next_citizen: 0,
            settled: 0,
            completions: 0,
            progress,
        }
    }

    fn arrive(&mut self, citizen: u32, due: Duration) -> Next {
        self.notes.arrived += 1;
        self.under_way += 1;
        self.tally.arrived(due);
        self.tally.reached(Stage::Came, due);
        let mut visit = Visit::new(&self.plan, citizen, 0);
        visit.stages = 1;
        Some((due, Turn::Ask(visit.into())))
    }

    fn reach(&mut self, visit: &mut Visit, stage: Stage, at: Duration) {
        let nth = stage.index();
        if visit.device == 0 && nth >= visit.stages {
            visit.stages = nth + 1;
            self.tally.reached(stage, at);
        }
    }

    fn note(&mut self, visit: &mut Visit, news: News, now: Duration) {
        match news {
            News::Stage(stage) => self.reach(visit, stage, now),
            News::SignedIn(person_id) => {
                self.notes.sessions += 1;
                // Another message that came late is of no use: the next device asks for its own.
                self.unread.remove(&visit.citizen);
                let comer = self.plan.people.get(visit.citizen);
                let is_other = comer.is_none_or(|comer| comer.person_id != person_id);
                self.notes.faults.as_somebody_else += u64::from(is_other);
                self.reach(visit, Stage::SignedIn, now);
                if visit.device == 0 && self.plan.has_second_device(visit.citizen) {
                    let second = Visit::new(&self.plan, visit.citizen, 1);
                    self.under_way += 1;
                    self.also.push((SECOND_PAUSE, Turn::Ask(second.into())));
                }
            }
            News::Booked => {
                let (Some(booking_id), citizen) = (visit.booking_id, visit.citizen) else { return };
                visit.ack = self.notes.booked(citizen, booking_id, visit.slot_id);
                self.tally.booked(self.plan.arrives_at(citizen), now);
                self.reach(visit, Stage::Booked, now);
            }
            News::Cancelled => {
                self.notes.cancelled(visit.ack, now);
                self.reach(visit, Stage::Cancelled, now);
            }
            News::SignedInTwice => self.notes.faults.by_used_code += 1,
            News::SignedInWrongly => self.notes.faults.by_wrong_code += 1,
            News::NotShown => self.notes.faults.not_shown += 1,
            News::ShownLive => self.notes.faults.shown_live += 1,
            News::ShownCancelled => self.notes.faults.shown_cancelled += 1,
        }
    }

    /// What a visit does next, or its end.
    fn follow(&mut self, mut visit: Box<Visit>, then: Then, now: Duration) -> Next {
        (visit.busy, visit.resends) = (0, 0);
        let think = Duration::from_secs_f64(self.plan.shares.think_seconds);
        let (step, pause) = match then {
            Then::Go(step) => (step, visit.jittered(think)),
            Then::Follow(step) => (step, Duration::ZERO),
            Then::Turn(step) => {
                let turn = self.plan.arrives_at(visit.citizen).saturating_sub(now);
                (step, turn.max(visit.jittered(think)))
            }
            Then::Opening(step) => {
                let to_opening = self.plan.opening.saturating_sub(now);
                if now > self.plan.opening + OPENING_LATE_MAX {
                    return self.end(&visit, End::Refused);
                }
                (step, to_opening + visit.jittered(OPENING_PAUSE))
            }
            Then::Look(step) => {
                if !self.looks_again(&mut visit) {
                    return self.end(&visit, End::FoundNothing);
                }
                self.tally.other_slots += 1;
                let other = self.plan.scenario.other_slot;
                let pause = other.map_or(think, |o| Duration::from_secs_f64(o.after_seconds));
                (step, visit.jittered(pause))
            }
            Then::Cancel(step) => {
                let after = self.plan.scenario.cancels.map_or(0.0, |cancels| cancels.after_seconds);
                (step, Duration::from_secs_f64(after))
            }
            Then::Sms => return self.await_sms(visit, now),
            Then::Code => return self.another_code(visit),
            Then::End(end) => return self.end(&visit, end),
        };
        visit.step = step;
        Some((pause, Turn::Ask(visit)))
    }

    fn looks_again(&self, visit: &mut Visit) -> bool {
        visit.looked = visit.looked.saturating_add(1);
        visit.looked <= self.plan.scenario.other_slot.map_or(0, |other| other.times)
    }

    fn await_sms(&mut self, visit: Box<Visit>, now: Duration) -> Next {
        let citizen = visit.citizen;
        if let Some(code) = self.unread.remove(&citizen) {
            return self.type_code(visit, code, now);
        }
        self.waits += 1;
        let number = self.waits;
        self.waiting.insert(citizen, (number, visit));
        let patience = Duration::from_secs_f64(self.plan.shares.sms_seconds);
        Some((patience, Turn::Waited { citizen, number }))
    }

    fn type_code(&mut self, mut visit: Box<Visit>, code: [u8; 6], now: Duration) -> Next {
        visit.code = code;
        visit.received = visit.received.saturating_add(1);
        self.reach(&mut visit, Stage::CodeRead, now);
        let is_clumsy = std::mem::take(&mut visit.is_clumsy);
        visit.step = if is_clumsy { RequestKind::WrongCode } else { RequestKind::Session };
        Some((visit.jittered(TYPING_PAUSE), Turn::Ask(visit)))
    }

    fn another_code(&mut self, mut visit: Box<Visit>) -> Next {
        if visit.codes >= CODES_MAX {
            let is_stranger = self.plan.is_stranger(visit.citizen);
            let end = match (is_stranger, visit.received) {
                (true, _) => End::Unknown,
                (false, 0) => End::NoCode,
                (false, _) => End::GaveUp,
            };
            return self.end(&visit, end);
        }
        visit.step = RequestKind::Code;
        Some((visit.jittered(TYPING_PAUSE), Turn::Ask(visit)))
    }

    pub(super) fn end(&mut self, visit: &Visit, end: End) -> Next {
        self.notes.end(visit.device, visit.end(end));
        self.tally.gave_up += u64::from(end == End::GaveUp);
        self.under_way -= 1;
        self.settled += u32::from(visit.device == 0);
        None
    }

    /// What an answer says of a press that books or cancels, whatever follows.
    fn settle(&mut self, visit: &mut Visit, reply: Reply) {
        let is_unclear = way::is_unclear(self.plan.way, reply);
        match (visit.step, visit.booking_id) {
            (RequestKind::Book, Some(id)) => {
                self.notes.in_flight.remove(&id);
                self.notes.in_doubt.extend(is_unclear.then_some(id));
            }
            (RequestKind::Cancel, _) if is_unclear => visit.is_cancel_unclear = true,
            (RequestKind::Cancel, _) if reply != Reply::Done && !visit.is_cancel_unclear => {
                self.notes.kept(visit.ack);
            }
            _ => {}
        }
    }

    fn answered(&mut self, mut visit: Box<Visit>, completion: &Completion<'_>) -> Next {
        let step = visit.step;
        let reply = way::reply(self.plan.way, step, completion.response);
        self.tally.completed(step, completion, reply);
        self.settle(&mut visit, reply);
        let retry_after = completion.response.and_then(|response| response.retry_after);
        match (reply, completion.response) {
            (Reply::Missing, _) | (_, None) => self.reload(visit, Duration::ZERO),
            (
                Reply::Refused(Code::Overloaded | Code::Unavailable | Code::TooManyRequests),
                Some(_),
            ) => self.come_back(visit, retry_after),
            (Reply::Refused(Code::Internal) | Reply::Unexpected(500..), Some(_)) => {
                let pause = visit.jittered(FAULT_PAUSE);
                self.reload(visit, pause)
            }
            (reply, Some(response)) => {
                let heard = way::read(&self.plan, &mut visit, (response, reply), completion.done);
                let Heard { then, news } = heard;
                if step == RequestKind::Code && reply == Reply::Done {
                    visit.codes += 1;
                    visit.asked_at = completion.done;
                }
                if let Some(news) = news {
                    self.note(&mut visit, news, completion.done);
                }
                self.follow(visit, then, completion.done)
            }
        }
    }
}

impl Workload for Crowd {
    type Request = Turn;

    fn next_arrival(&mut self) -> Next {
        let all = self.plan.curve.citizens();
        while self.next_early < all {
            let citizen = self.next_early;
            self.next_early += 1;
            if let Some(due) = self.plan.early(citizen) {
                return self.arrive(citizen, due);
            }
        }
        while self.next_citizen < all {
            let citizen = self.next_citizen;
            self.next_citizen += 1;
            if self.plan.early(citizen).is_none() {
                return self.arrive(citizen, self.plan.arrives_at(citizen));
            }
        }
        None
    }

    fn write(&mut self, turn: &Turn, buffer: &mut Vec<u8>) {
        let Turn::Ask(visit) = turn else { return };
        self.tally.sent(visit.step);
        match visit.step {
            RequestKind::Book => self.notes.in_flight.extend(visit.booking_id),
            RequestKind::Cancel => self.notes.cancelling(visit.ack),
            _ => {}
        }
        way::write(&self.plan, visit, buffer);
    }

    fn timeout(&self, turn: &Turn) -> Duration {
        match turn {
            Turn::Ask(visit) => self.plan.patience(visit.citizen),
            Turn::Waited { .. } => Duration::ZERO,
        }
    }

    fn completed(&mut self, turn: Turn, completion: &Completion<'_>) -> Next {
        self.completions += 1;
        if self.completions.is_multiple_of(PROGRESS_INTERVAL) {
            (self.progress)(self.settled);
        }
        match turn {
            Turn::Ask(visit) => self.answered(visit, completion),
            Turn::Waited { .. } => None,
        }
    }

    fn also(&mut self) -> Next {
        self.also.pop()
    }

    fn woken(&mut self, turn: Turn, _now: Duration) -> Next {
        let Turn::Waited { citizen, number } = turn else { return None };
        if self.waiting.get(&citizen).is_none_or(|(waiting, _)| *waiting != number) {
            return None;
        }
        let (_, visit) = self.waiting.remove(&citizen)?;
        self.another_code(visit)
    }

    fn received(&mut self, body: &[u8], now: Duration) -> Next {
        let sms = Sms::read(body)?;
        let Some(citizen) = self.plan.people.of_phone(&sms.to) else {
            self.notes.messages.astray += 1;
            return None;
        };
        let Some(code) = sms.code() else {
            self.notes.messages.others += 1;
            return None;
        };
        self.notes.messages.codes += 1;
        self.notes.faults.to_strangers += u64::from(self.plan.is_stranger(citizen));
        let Some((_, visit)) = self.waiting.remove(&citizen) else {
            self.unread.insert(citizen, code);
            return None;
        };
        self.tally.message(visit.asked_at, now);
        self.type_code(visit, code, now)
    }

    fn is_over(&self) -> bool {
        self.under_way == 0 && self.next_citizen >= self.plan.curve.citizens()
    }
}
