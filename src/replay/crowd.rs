//! The people of a replay: what each asks for, and what an answer makes them do. This is the hot
//! way of the generator: what takes time was prepared, and nothing is allocated for a person.

use std::{collections::HashSet, io::Write, time::Duration};

use uuid::Uuid;

use super::{
    curve::Curve,
    scenario::{Looks, Scenario},
    tally::{Came, Kind, Tally},
    world::Places,
};
use crate::{
    dice::Dice,
    domain::{CampaignId, Code, PersonId},
    load::{Heard, Script},
};

/// What is drawn for a person, each from dice of its own.
const BEFORE: u64 = 1;
const BESIDE: u64 = 2;
const DEVICES: u64 = 3;
const PATIENCE: u64 = 4;
const CANCEL: u64 = 5;
const ID: u64 = 6;
const PLACE: u64 = 7;
const PAUSE: u64 = 8;

/// Somebody who looks around does the next thing after about so long.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// The service asks to come back; without a word on when, it is this.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Heard steps between two words on how far it is.
const PROGRESS_STEPS: u64 = 4_096;

/// Length of a citizen's token.
pub const TOKEN_BYTES: usize = 46;
pub type Token = [u8; TOKEN_BYTES];

/// Who comes, all signed in, each with a slot in mind; in the order in which they come.
#[derive(Debug)]
pub struct Crowd {
    pub people: Vec<PersonId>,
    pub tokens: Vec<Token>,
    pub places_first: Vec<u32>,
}

/// A request to book, by whom: its id follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub citizen: u32,
    /// 0, or 1 for the second of two.
    pub device: u8,
    /// Counts the slots that were tried.
    pub nth: u8,
}

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

/// What does not change while it runs.
#[derive(Debug)]
pub struct Plan {
    pub scenario: Scenario,
    pub curve: Curve,
    pub places: Places,
    pub crowd: Crowd,
    pub campaign_id: CampaignId,
    pub host: String,
    /// Milliseconds since 1970 at the opening: ids begin with the time, as those of clients do.
    pub opening_unix_millis: u64,
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

/// One request of one person.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    kind: Kind,
    is_before: bool,
    key: Key,
    /// The slot in mind; for `Kind::Cancel` the number of the acknowledgement.
    place: u32,
    /// How often it was told to come back, and sent again.
    busy: u8,
    again: u8,
}

impl Plan {
    fn dice(&self, stream: u64, key: Key) -> Dice {
        let of_key = (u64::from(key.device) << 8) | u64::from(key.nth);
        Dice::of(self.scenario.seed, stream | (of_key << 8), key.citizen)
    }

    /// The id of a booking: version 7, by when the person comes, the rest from the dice. A second
    /// replay begins at another time, so its ids are others.
    pub fn booking_id(&self, key: Key) -> Uuid {
        let comes = u64::try_from(self.curve.at(key.citizen).as_millis()).unwrap_or(0);
        let mut dice = self.dice(ID, key);
        let random = (u128::from(dice.roll()) << 64) | u128::from(dice.roll());
        let bytes = random.to_be_bytes();
        let mut of_id = [0; 10];
        of_id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        let millis = self.opening_unix_millis + comes;
        uuid::Builder::from_unix_timestamp_millis(millis, &of_id).into_uuid()
    }

    /// When the person comes, counted from the start.
    fn comes(&self, citizen: u32) -> Duration {
        self.opening() + self.curve.at(citizen)
    }

    /// When booking begins, counted from the start.
    pub fn opening(&self) -> Duration {
        let before = self.scenario.before.map_or(0.0, |before| before.seconds);
        Duration::from_secs_f64(before.ceil())
    }

    fn has_second_device(&self, citizen: u32) -> bool {
        self.happens(DEVICES, citizen, self.scenario.duplicates)
    }

    fn happens(&self, stream: u64, citizen: u32, probability: f64) -> bool {
        probability > 0.0 && Dice::of(self.scenario.seed, stream, citizen).says(probability)
    }

    /// What a person looks at next, having looked at `after`; none at the end.
    fn next_look(
        &self,
        stream: u64,
        citizen: u32,
        looks: Looks,
        after: Option<Kind>,
    ) -> Option<Kind> {
        let mut dice = Dice::of(self.scenario.seed, stream, citizen);
        let all = [
            (Kind::Supply, looks.supply),
            (Kind::Clinics, looks.clinics),
            (Kind::Slots, looks.slots),
        ];
        let mut is_past = after.is_none();
        let mut next = None;
        for (kind, probability) in all {
            let is_wanted = dice.says(probability);
            if is_past && is_wanted && next.is_none() {
                next = Some(kind);
            }
            is_past |= after == Some(kind);
        }
        next
    }

    /// Half of it to one and a half times.
    fn about(&self, pause: Duration, key: Key, salt: u8) -> Duration {
        let mut dice = self.dice(PAUSE | (u64::from(salt) << 32), key);
        let half = pause / 2;
        let thousandths = dice.below(1_001);
        half + pause.saturating_mul(thousandths) / 1_000
    }

    fn first_step(&self, citizen: u32, device: u8) -> Step {
        let looks = self.scenario.beside.unwrap_or_default();
        let kind = self.next_look(BESIDE, citizen, looks, None).unwrap_or(Kind::Book);
        Step { kind, ..self.step(citizen, device) }
    }

    fn step(&self, citizen: u32, device: u8) -> Step {
        let place = usize::try_from(citizen).ok().and_then(|n| self.crowd.places_first.get(n));
        Step {
            kind: Kind::Book,
            is_before: false,
            key: Key { citizen, device, nth: 0 },
            place: place.copied().unwrap_or(0),
            busy: 0,
            again: 0,
        }
    }

    fn token(&self, citizen: u32) -> &[u8] {
        let token = usize::try_from(citizen).ok().and_then(|n| self.crowd.tokens.get(n));
        token.map_or(&[], |token| token.as_slice())
    }

    /// Writes the request. Writing to memory cannot fail.
    fn write(&self, step: &Step, key: Key, into: &mut Vec<u8>) {
        let (host, campaign) = (&self.host, self.campaign_id);
        let aimed = self.places.get(step.place);
        let _ = match (step.kind, aimed) {
            (Kind::Supply, _) => {
                write!(into, "GET /v1/campaigns/{campaign}/supply HTTP/1.1\r\nHost: {host}\r\n\r\n")
            }
            (Kind::Clinics, Some(aimed)) => write!(
                into,
                "GET /v1/campaigns/{campaign}/clinics?region={} HTTP/1.1\r\nHost: {host}\r\n\r\n",
                aimed.day.region_id,
            ),
            (Kind::Slots, Some(aimed)) => write!(
                into,
                "GET /v1/clinics/{}/slots?campaign_id={campaign}&date={} HTTP/1.1\r\n\
                 Host: {host}\r\n\r\n",
                aimed.day.clinic_id, aimed.day.on_date,
            ),
            (Kind::Book, Some(aimed)) => {
                let start = into.len();
                let (slot, product) = (aimed.slot_id, aimed.day.product_id);
                let body = write!(
                    into,
                    r#"{{"campaign_id":{campaign},"slot_id":{slot},"product_id":{product}}}"#
                );
                let length = into.len() - start;
                // The body is written first because its length stands before it.
                self.write_head("PUT", key, length, into);
                into.rotate_left(length);
                body
            }
            (Kind::Cancel, _) => {
                self.write_head("DELETE", key, 0, into);
                Ok(())
            }
            (_, None) => Ok(()),
        };
    }

    fn write_head(&self, method: &str, key: Key, body_bytes: usize, into: &mut Vec<u8>) {
        let mut id = Uuid::encode_buffer();
        let id = self.booking_id(key).hyphenated().encode_lower(&mut id);
        into.extend_from_slice(method.as_bytes());
        into.extend_from_slice(b" /v1/bookings/");
        into.extend_from_slice(id.as_bytes());
        into.extend_from_slice(b" HTTP/1.1\r\nHost: ");
        into.extend_from_slice(self.host.as_bytes());
        into.extend_from_slice(b"\r\nAuthorization: Bearer ");
        into.extend_from_slice(self.token(key.citizen));
        if body_bytes > 0 {
            let _ =
                write!(into, "\r\nContent-Type: application/json\r\nContent-Length: {body_bytes}");
        }
        into.extend_from_slice(b"\r\n\r\n");
    }
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
            Came::Lost | Came::Odd(500..) | Came::Refused(Code::Unavailable | Code::Internal) => {
                return None;
            }
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
        self.plan.write(step, step.key, request);
    }

    fn patience(&self, step: &Step) -> Duration {
        let reloads = self.plan.scenario.reloads.filter(|_| step.kind == Kind::Book);
        let reloads = reloads.filter(|r| self.plan.happens(PATIENCE, step.key.citizen, r.share));
        reloads.map_or(crate::load::PATIENCE, |r| Duration::from_secs_f64(r.after_seconds))
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
