//! The plan of a replay: which citizens arrive, everything about them that follows from the seed
//! and their number, and the bytes of their requests.

use std::{io::Write, time::Duration};

use uuid::Uuid;

use super::{
    curve::ArrivalCurve,
    scenario::{Browsing, Scenario},
    slots::BookableSlots,
    step::RequestKind,
};
use crate::{
    domain::{CampaignId, PersonId},
    random::Random,
};

/// What is drawn for a citizen, each from a random stream of its own.
pub(super) const BEFORE: u64 = 1;
pub(super) const BESIDE: u64 = 2;
const DEVICES: u64 = 3;
pub(super) const PATIENCE: u64 = 4;
pub(super) const CANCEL: u64 = 5;
const ID: u64 = 6;
pub(super) const SLOT: u64 = 7;
const PAUSE: u64 = 8;

/// Length of a citizen's session token.
pub const TOKEN_BYTES: usize = 46;
pub type Token = [u8; TOKEN_BYTES];

/// The citizens in the order of their arrival, all signed in, each with a slot to book. A citizen's
/// number is the index here.
#[derive(Debug)]
pub struct Citizens {
    pub person_ids: Vec<PersonId>,
    pub tokens: Vec<Token>,
    /// Indexes into the plan's slots.
    pub first_slots: Vec<u32>,
}

/// Names a request to book. The booking id follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BookingKey {
    pub citizen: u32,
    /// 0, or 1 for the second of two devices.
    pub device: u8,
    /// Counts the slots that were tried, from 0.
    pub attempt: u8,
}

/// What does not change while the replay runs.
#[derive(Debug)]
pub struct Plan {
    pub scenario: Scenario,
    pub curve: ArrivalCurve,
    pub slots: BookableSlots,
    pub citizens: Citizens,
    pub campaign_id: CampaignId,
    pub host: String,
    /// Milliseconds since 1970 at the opening: booking ids begin with the time, as clients' do.
    pub opening_unix_millis: u64,
}

/// One request of one citizen.
#[derive(Clone, Copy, Debug)]
pub struct CitizenRequest {
    pub(super) kind: RequestKind,
    pub(super) is_before_opening: bool,
    pub(super) key: BookingKey,
    /// Index of the slot.
    pub(super) slot: u32,
    /// To cancel: index of the acknowledgement.
    pub(super) ack: u32,
    /// How often it was retried after a 503.
    pub(super) busy_retries: u8,
    /// How often it was sent again after no response.
    pub(super) resends: u8,
}

impl Plan {
    pub(super) fn random(&self, stream: u64, key: BookingKey) -> Random {
        let of_key = (u64::from(key.device) << 8) | u64::from(key.attempt);
        Random::of(self.scenario.seed, stream | (of_key << 8), key.citizen)
    }

    /// The id of a booking: a UUID of version 7 with the time of the arrival; the rest is random. A
    /// second replay begins at another time, so its ids differ.
    pub fn booking_id(&self, key: BookingKey) -> Uuid {
        let arrival = u64::try_from(self.curve.arrival(key.citizen).as_millis()).unwrap_or(0);
        let mut random = self.random(ID, key);
        let random = (u128::from(random.next_u64()) << 64) | u128::from(random.next_u64());
        let bytes = random.to_be_bytes();
        let mut of_id = [0; 10];
        of_id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        let millis = self.opening_unix_millis + arrival;
        uuid::Builder::from_unix_timestamp_millis(millis, &of_id).into_uuid()
    }

    /// When the citizen arrives, counted from the start.
    pub(super) fn arrives_at(&self, citizen: u32) -> Duration {
        self.opening() + self.curve.arrival(citizen)
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
        probability > 0.0 && Random::of(self.scenario.seed, stream, citizen).chance(probability)
    }

    /// What a citizen reads next, after having read `after`; none at the end.
    pub(super) fn next_page(
        &self,
        stream: u64,
        citizen: u32,
        browsing: Browsing,
        after: Option<RequestKind>,
    ) -> Option<RequestKind> {
        let mut random = Random::of(self.scenario.seed, stream, citizen);
        let all = [
            (RequestKind::Supply, browsing.supply),
            (RequestKind::Clinics, browsing.clinics),
            (RequestKind::Slots, browsing.slots),
        ];
        let mut is_past = after.is_none();
        let mut next = None;
        for (kind, probability) in all {
            let is_wanted = random.chance(probability);
            if is_past && is_wanted && next.is_none() {
                next = Some(kind);
            }
            is_past |= after == Some(kind);
        }
        next
    }

    /// Half to one and a half times the pause.
    pub(super) fn jittered(&self, pause: Duration, key: BookingKey, salt: u8) -> Duration {
        let mut random = self.random(PAUSE | (u64::from(salt) << 32), key);
        let half = pause / 2;
        let thousandths = random.below(1_001);
        half + pause.saturating_mul(thousandths) / 1_000
    }

    pub(super) fn first_request(&self, citizen: u32, device: u8) -> CitizenRequest {
        let browsing = self.scenario.beside.unwrap_or_default();
        let kind = self.next_page(BESIDE, citizen, browsing, None).unwrap_or(RequestKind::Book);
        CitizenRequest { kind, ..self.booking_request(citizen, device) }
    }

    pub(super) fn booking_request(&self, citizen: u32, device: u8) -> CitizenRequest {
        let slot = usize::try_from(citizen).ok().and_then(|n| self.citizens.first_slots.get(n));
        CitizenRequest {
            kind: RequestKind::Book,
            is_before_opening: false,
            key: BookingKey { citizen, device, attempt: 0 },
            slot: slot.copied().unwrap_or(0),
            ack: 0,
            busy_retries: 0,
            resends: 0,
        }
    }

    fn token(&self, citizen: u32) -> &[u8] {
        let token = usize::try_from(citizen).ok().and_then(|n| self.citizens.tokens.get(n));
        token.map_or(&[], |token| token.as_slice())
    }

    /// Writes the request. Writing to memory cannot fail.
    pub(super) fn write(&self, request: &CitizenRequest, into: &mut Vec<u8>) {
        let key = request.key;
        let (host, campaign) = (&self.host, self.campaign_id);
        let slot = self.slots.get(request.slot);
        let _ = match (request.kind, slot) {
            (RequestKind::Supply, _) => {
                write!(into, "GET /v1/campaigns/{campaign}/supply HTTP/1.1\r\nHost: {host}\r\n\r\n")
            }
            (RequestKind::Clinics, Some(slot)) => write!(
                into,
                "GET /v1/campaigns/{campaign}/clinics?region={} HTTP/1.1\r\nHost: {host}\r\n\r\n",
                slot.day.region_id,
            ),
            (RequestKind::Slots, Some(slot)) => write!(
                into,
                "GET /v1/clinics/{}/slots?campaign_id={campaign}&date={} HTTP/1.1\r\n\
                 Host: {host}\r\n\r\n",
                slot.day.clinic_id, slot.day.on_date,
            ),
            (RequestKind::Book, Some(slot)) => {
                let start = into.len();
                let (slot, product) = (slot.slot_id, slot.day.product_id);
                let body = write!(
                    into,
                    r#"{{"campaign_id":{campaign},"slot_id":{slot},"product_id":{product}}}"#
                );
                let length = into.len() - start;
                // The body is written first, because the head contains its length.
                self.write_head("PUT", key, length, into);
                into.rotate_left(length);
                body
            }
            (RequestKind::Cancel, _) => {
                self.write_head("DELETE", key, 0, into);
                Ok(())
            }
            // Nobody who is signed in asks for anything else.
            _ => Ok(()),
        };
    }

    fn write_head(&self, method: &str, key: BookingKey, body_bytes: usize, into: &mut Vec<u8>) {
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
