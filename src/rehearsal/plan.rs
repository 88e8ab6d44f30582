//! The plan of a replay: who comes, and everything about them that follows from the seed and their
//! number; and the bytes of what they ask for.

use std::{io::Write, time::Duration};

use uuid::Uuid;

use super::{
    curve::Curve,
    scenario::{Looks, Scenario},
    tally::Kind,
    world::Places,
};
use crate::{
    domain::{CampaignId, PersonId},
    random::Dice,
};

/// What is drawn for a person, each from dice of its own.
pub(super) const BEFORE: u64 = 1;
pub(super) const BESIDE: u64 = 2;
const DEVICES: u64 = 3;
pub(super) const PATIENCE: u64 = 4;
pub(super) const CANCEL: u64 = 5;
const ID: u64 = 6;
pub(super) const PLACE: u64 = 7;
const PAUSE: u64 = 8;

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

/// One request of one person.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub(super) kind: Kind,
    pub(super) is_before: bool,
    pub(super) key: Key,
    /// The slot in mind; for `Kind::Cancel` the number of the acknowledgement.
    pub(super) place: u32,
    /// How often it was told to come back, and sent again.
    pub(super) busy: u8,
    pub(super) again: u8,
}

impl Plan {
    pub(super) fn dice(&self, stream: u64, key: Key) -> Dice {
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
    pub(super) fn comes(&self, citizen: u32) -> Duration {
        self.opening() + self.curve.at(citizen)
    }

    /// When booking begins, counted from the start.
    pub fn opening(&self) -> Duration {
        let before = self.scenario.before.map_or(0.0, |before| before.seconds);
        Duration::from_secs_f64(before.ceil())
    }

    pub(super) fn has_second_device(&self, citizen: u32) -> bool {
        self.happens(DEVICES, citizen, self.scenario.duplicates)
    }

    pub(super) fn happens(&self, stream: u64, citizen: u32, probability: f64) -> bool {
        probability > 0.0 && Dice::of(self.scenario.seed, stream, citizen).says(probability)
    }

    /// What a person looks at next, having looked at `after`; none at the end.
    pub(super) fn next_look(
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
    pub(super) fn about(&self, pause: Duration, key: Key, salt: u8) -> Duration {
        let mut dice = self.dice(PAUSE | (u64::from(salt) << 32), key);
        let half = pause / 2;
        let thousandths = dice.below(1_001);
        half + pause.saturating_mul(thousandths) / 1_000
    }

    pub(super) fn first_step(&self, citizen: u32, device: u8) -> Step {
        let looks = self.scenario.beside.unwrap_or_default();
        let kind = self.next_look(BESIDE, citizen, looks, None).unwrap_or(Kind::Book);
        Step { kind, ..self.step(citizen, device) }
    }

    pub(super) fn step(&self, citizen: u32, device: u8) -> Step {
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
    pub(super) fn write(&self, step: &Step, into: &mut Vec<u8>) {
        let key = step.key;
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
