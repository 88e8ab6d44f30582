//! The people of a replay: what each asks for, and what an answer makes them do. This is the hot
//! way of the generator: what takes time was prepared, and nothing is allocated for a person.

use std::{collections::HashSet, time::Duration};

use super::{
    plan::{BEFORE, BESIDE, CANCEL, Key, PATIENCE, PLACE, Plan, Step},
    tally::{Came, Kind, Tally},
};
use crate::{
    domain::Code,
    rehearsal::load::{self, Heard, Script},
};

/// Somebody who looks around does the next thing after about so long.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// The service asks to come back; without a word on when, it is this.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Heard steps between two words on how far it is.
const PROGRESS_STEPS: u64 = 4_096;

/// A booking that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    pub key: Key,
    pub place: u32,
    pub state: AckState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckState {
    Booked,
    /// Asked for, and not answered.
    MayBeCancelled,
    Cancelled,
}

/// Says how many people are done with.
pub type Progress = Box<dyn FnMut(u32) + Send>;

/// The crowd at work.
pub struct Play {
    pub plan: Plan,
    pub tally: Tally,
    pub acks: Vec<Ack>,
    /// Requests to book whose outcome was not told, some of them acknowledged later.
    pub doubtful: Vec<Key>,
    pub under_way: HashSet<Key>,
    /// How many have come.
    pub arrived: u32,
    opening: Duration,
    /// The next one to look before the opening, and whether a second device is due.
    looking: u32,
    second_device: bool,
    settled: u32,
    steps: u64,
    progress: Progress,
}

impl Play {
    pub fn new(plan: Plan, tally: Tally, progress: Progress) -> Self {
        let opening = plan.opening();
        let looking = if plan.scenario.before.is_some() { 0 } else { plan.curve.citizens() };
        Self {
            plan,
            tally,
            acks: Vec::new(),
            doubtful: Vec::new(),
            under_way: HashSet::new(),
            arrived: 0,
            opening,
            looking,
            second_device: false,
            settled: 0,
            steps: 0,
            progress,
        }
    }

    /// The next one to look before the opening.
    fn early(&mut self) -> Option<(Duration, Step)> {
        let before = self.plan.scenario.before?;
        let citizens = self.plan.curve.citizens();
        while self.looking < citizens {
            let citizen = self.looking;
            self.looking += 1;
            let Some(kind) = self.plan.next_look(BEFORE, citizen, before.looks(), None) else {
                continue;
            };
            let share = f64::from(citizen) / f64::from(citizens);
            let from = self.opening.saturating_sub(Duration::from_secs_f64(before.seconds));
            let due = from + Duration::from_secs_f64(before.seconds * share);
            return Some((due, Step { kind, is_before: true, ..self.plan.step(citizen, 0) }));
        }
        None
    }

    fn looked(&mut self, step: Step) -> Option<(Duration, Step)> {
        let (citizen, scenario) = (step.key.citizen, &self.plan.scenario);
        let (stream, looks) = match (step.is_before, scenario.before) {
            (true, Some(before)) => (BEFORE, before.looks()),
            _ => (BESIDE, scenario.beside.unwrap_or_default()),
        };
        let kind = match self.plan.next_look(stream, citizen, looks, Some(step.kind)) {
            Some(kind) => kind,
            None if step.is_before => return None,
            None => Kind::Book,
        };
        let salt = step.kind.name().len().try_into().unwrap_or(0);
        Some((self.plan.about(LOOK_PAUSE, step.key, salt), Step { kind, ..step }))
    }

    fn asked_to_book(
        &mut self,
        step: Step,
        heard: &Heard<'_>,
        came: Came,
    ) -> Option<(Duration, Step)> {
        self.under_way.remove(&step.key);
        match came {
            Came::Done => self.booked(step, heard),
            Came::Refused(Code::SeatTaken | Code::DosesExhausted | Code::SlotClosed) => {
                self.other_slot(step)
            }
            Came::Refused(Code::Overloaded) => self.come_back(step, heard),
            Came::Refused(Code::Unavailable) => {
                self.doubtful.push(step.key);
                self.come_back(step, heard)
            }
            Came::Refused(Code::Internal) | Came::Odd(500..) => {
                self.doubtful.push(step.key);
                self.settle(step)
            }
            Came::Refused(_) | Came::Odd(_) => self.settle(step),
            Came::Lost => {
                self.doubtful.push(step.key);
                self.send_again(step)
            }
        }
    }

    fn booked(&mut self, step: Step, heard: &Heard<'_>) -> Option<(Duration, Step)> {
        let number = u32::try_from(self.acks.len()).ok()?;
        let mut ack = Ack { key: step.key, place: step.place, state: AckState::Booked };
        self.tally.booked_after(self.plan.comes(step.key.citizen), heard.done);
        let cancels = self.plan.scenario.cancels;
        let cancels = cancels.filter(|c| self.plan.happens(CANCEL, step.key.citizen, c.share));
        if cancels.is_some() {
            ack.state = AckState::MayBeCancelled;
        }
        self.acks.push(ack);
        self.settle(step);
        let pause = Duration::from_secs_f64(cancels?.after_seconds);
        Some((pause, Step { kind: Kind::Cancel, place: number, busy: 0, again: 0, ..step }))
    }

    fn other_slot(&mut self, step: Step) -> Option<(Duration, Step)> {
        let other = self.plan.scenario.other_slot.filter(|other| step.key.nth < other.times);
        let Some(other) = other else { return self.settle(step) };
        self.tally.other_slots += 1;
        let key = Key { nth: step.key.nth + 1, ..step.key };
        let place = self.plan.places.draw(&mut self.plan.dice(PLACE, key));
        let pause = self.plan.about(Duration::from_secs_f64(other.after_seconds), key, 0);
        Some((pause, Step { key, place, busy: 0, again: 0, ..step }))
    }

    /// After what the service asked for, or up to twice that, so that not all come at once.
    fn come_back(&mut self, step: Step, heard: &Heard<'_>) -> Option<(Duration, Step)> {
        if step.busy >= self.plan.scenario.busy_times {
            self.tally.gave_up += 1;
            return self.settle(step);
        }
        self.tally.came_back += 1;
        let asked = heard.answer.and_then(|answer| answer.retry_after);
        let pause = asked.map_or(BUSY_PAUSE, Duration::from_secs);
        let jitter = self.plan.about(pause, step.key, step.busy).saturating_sub(pause / 2);
        Some((pause + jitter, Step { busy: step.busy + 1, ..step }))
    }

    fn send_again(&mut self, step: Step) -> Option<(Duration, Step)> {
        if self.plan.scenario.reloads.is_none_or(|reloads| step.again >= reloads.times) {
            self.tally.gave_up += 1;
            return self.settle(step);
        }
        self.tally.sent_again += 1;
        Some((Duration::ZERO, Step { again: step.again + 1, ..step }))
    }

    fn asked_to_cancel(
        &mut self,
        step: Step,
        heard: &Heard<'_>,
        came: Came,
    ) -> Option<(Duration, Step)> {
        let state = match came {
            Came::Done => AckState::Cancelled,
            Came::Refused(Code::Overloaded) if step.busy < self.plan.scenario.busy_times => {
                return self.come_back(step, heard);
            }
            Came::Lost => return self.send_again(step),
            Came::Odd(500..) | Came::Refused(Code::Unavailable | Code::Internal) => return None,
            Came::Refused(_) | Came::Odd(_) => AckState::Booked,
        };
        let ack = self.acks.get_mut(usize::try_from(step.place).ok()?)?;
        ack.state = state;
        if state == AckState::Cancelled {
            let returns = self.plan.places.get(ack.place).is_some_and(|aimed| aimed.returns);
            self.tally.cancelled(heard.done, returns);
        }
        None
    }

    /// The person is done with, as far as the first device goes.
    fn settle(&mut self, step: Step) -> Option<(Duration, Step)> {
        self.settled += u32::from(step.key.device == 0 && step.kind == Kind::Book);
        None
    }
}

impl Script for Play {
    type Step = Step;

    fn arrival(&mut self) -> Option<(Duration, Step)> {
        if let Some(early) = self.early() {
            return Some(early);
        }
        if self.second_device {
            self.second_device = false;
            let citizen = self.arrived.checked_sub(1)?;
            return Some((self.plan.comes(citizen), self.plan.first_step(citizen, 1)));
        }
        if self.arrived >= self.plan.curve.citizens() {
            return None;
        }
        let citizen = self.arrived;
        self.arrived += 1;
        self.second_device = self.plan.has_second_device(citizen);
        let due = self.plan.comes(citizen);
        self.tally.arrived(due);
        Some((due, self.plan.first_step(citizen, 0)))
    }

    fn request(&mut self, step: &Step, request: &mut Vec<u8>) {
        self.tally.sent(step.kind);
        if step.kind == Kind::Book {
            self.under_way.insert(step.key);
        }
        self.plan.write(step, request);
    }

    fn patience(&self, step: &Step) -> Duration {
        let reloads = self.plan.scenario.reloads.filter(|_| step.kind == Kind::Book);
        let reloads = reloads.filter(|r| self.plan.happens(PATIENCE, step.key.citizen, r.share));
        reloads.map_or(load::PATIENCE, |r| Duration::from_secs_f64(r.after_seconds))
    }

    fn heard(&mut self, step: Step, heard: &Heard<'_>) -> Option<(Duration, Step)> {
        let came = Came::of(heard.answer);
        self.tally.heard(step.kind, heard, came);
        self.steps += 1;
        if self.steps.is_multiple_of(PROGRESS_STEPS) {
            (self.progress)(self.settled);
        }
        match step.kind {
            Kind::Supply | Kind::Clinics | Kind::Slots => self.looked(step),
            Kind::Book => self.asked_to_book(step, heard, came),
            Kind::Cancel => self.asked_to_cancel(step, heard, came),
        }
    }
}
