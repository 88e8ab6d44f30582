//! What people were told on their way, and how each of them ended.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use uuid::Uuid;

use super::visit::End;

/// A booking that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct JourneyAck {
    pub citizen: u32,
    pub booking_id: Uuid,
    pub slot_id: i64,
}

/// Promises beside those of bookings that were not kept. All are to be 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// Sessions of another person than whoever signed in.
    pub as_somebody_else: u64,
    /// Sessions by a code that had been used, and by one that was never sent.
    pub by_used_code: u64,
    pub by_wrong_code: u64,
    /// People whose code was said to be on its way and did not come.
    pub without_code: u64,
    /// Codes that came to somebody who is in no register.
    pub to_strangers: u64,
    /// Bookings that were acknowledged and not shown afterwards.
    pub not_shown: u64,
}

impl Faults {
    /// Each with what it says of so many.
    pub fn sentences(&self) -> Vec<String> {
        let all = [
            (self.as_somebody_else, "signed in and were somebody else"),
            (self.by_used_code, "signed in by a code that had been used"),
            (self.by_wrong_code, "signed in by a wrong code"),
            (self.without_code, "were told that a code is on its way, and none came"),
            (self.to_strangers, "are in no register and were sent a code"),
            (self.not_shown, "were not shown the booking that they had made"),
        ];
        let some = all.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, words)| format!("{count} people {words}")).collect()
    }
}

/// Messages that the replay's own gateway was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    pub codes: u64,
    /// News of bookings.
    pub others: u64,
    /// To numbers of nobody who came.
    pub astray: u64,
}

/// How often each end was come to.
pub type Ends = BTreeMap<&'static str, u64>;

#[derive(Debug, Default)]
pub struct Notes {
    pub arrived: u32,
    pub sessions: u64,
    pub acks: Vec<JourneyAck>,
    /// Presses that book without an answer that tells the outcome.
    pub in_doubt: HashSet<Uuid>,
    pub in_flight: HashSet<Uuid>,
    pub faults: Faults,
    pub messages: Messages,
    /// Of people, by their first device, and of second devices.
    pub ends: Ends,
    pub second_ends: Ends,
}

impl Notes {
    pub(super) fn end(&mut self, device: u8, end: End) {
        let ends = if device == 0 { &mut self.ends } else { &mut self.second_ends };
        *ends.entry(end.name()).or_default() += 1;
        self.faults.without_code += u64::from(end == End::NoCode);
    }
}
