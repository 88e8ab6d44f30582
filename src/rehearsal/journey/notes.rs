//! What people were told on their way, and how each of them ended.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use serde::Serialize;
use uuid::Uuid;

use super::visit::End;
use crate::rehearsal::citizens::AckState;

/// A booking that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct JourneyAck {
    pub citizen: u32,
    pub booking_id: Uuid,
    pub slot_id: i64,
    pub state: AckState,
    /// When it was cancelled, counted from the start; 0 unless it was.
    pub cancelled_at: Duration,
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
    /// Bookings that were cancelled and are shown as live, and the other way round.
    pub shown_live: u64,
    pub shown_cancelled: u64,
    /// Refusals because of a crowd, or of what cannot be done now, that do not say when to come
    /// back.
    pub without_time: u64,
}

impl Faults {
    /// Each with what it says of so many.
    pub fn sentences(&self) -> Vec<String> {
        let all = [
            (self.as_somebody_else, "people signed in and were somebody else"),
            (self.by_used_code, "people signed in by a code that had been used"),
            (self.by_wrong_code, "people signed in by a wrong code"),
            (self.without_code, "people were told that a code is on its way, and none came"),
            (self.to_strangers, "people are in no register and were sent a code"),
            (self.not_shown, "people were not shown the booking that they had made"),
            (self.shown_live, "people were shown as booked what they had cancelled"),
            (self.shown_cancelled, "people were shown as cancelled what they had booked"),
            (self.without_time, "refusals did not say when to come back"),
        ];
        let some = all.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, words)| format!("{count} {words}")).collect()
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
    /// Somebody was told that they have a booking. Returns the acknowledgement's index.
    pub(super) fn booked(&mut self, citizen: u32, booking_id: Uuid, slot_id: i64) -> usize {
        let (state, cancelled_at) = (AckState::Booked, Duration::ZERO);
        self.acks.push(JourneyAck { citizen, booking_id, slot_id, state, cancelled_at });
        self.acks.len() - 1
    }

    /// A request to cancel is sent: until it is answered it may have come true.
    pub(super) fn cancelling(&mut self, ack: usize) {
        self.becomes(ack, AckState::MayBeCancelled);
    }

    /// Somebody was told that nothing was cancelled.
    pub(super) fn kept(&mut self, ack: usize) {
        self.becomes(ack, AckState::Booked);
    }

    /// Somebody was told that the booking is cancelled.
    pub(super) fn cancelled(&mut self, ack: usize, at: Duration) {
        self.becomes(ack, AckState::Cancelled);
        if let Some(ack) = self.acks.get_mut(ack) {
            ack.cancelled_at = at;
        }
    }

    fn becomes(&mut self, ack: usize, state: AckState) {
        if let Some(ack) = self.acks.get_mut(ack) {
            ack.state = state;
        }
    }

    /// The bookings that were told as cancelled.
    pub fn all_cancelled(&self) -> impl Iterator<Item = &JourneyAck> {
        self.acks.iter().filter(|ack| ack.state == AckState::Cancelled)
    }

    pub(super) fn end(&mut self, device: u8, end: End) {
        let ends = if device == 0 { &mut self.ends } else { &mut self.second_ends };
        *ends.entry(end.name()).or_default() += 1;
        self.faults.without_code += u64::from(end == End::NoCode);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(notes: &Notes) -> AckState {
        notes.acks[0].state
    }

    #[test]
    fn a_booking_is_what_its_person_was_told_last() {
        let mut notes = Notes::default();
        let ack = notes.booked(7, Uuid::nil(), 9);
        assert_eq!((ack, state(&notes)), (0, AckState::Booked));
        notes.cancelling(ack);
        assert_eq!(state(&notes), AckState::MayBeCancelled, "until it is answered");
        notes.kept(ack);
        assert_eq!((state(&notes), notes.all_cancelled().count()), (AckState::Booked, 0));
        notes.cancelling(ack);
        notes.cancelled(ack, Duration::from_secs(3));
        assert_eq!(state(&notes), AckState::Cancelled);
        let at: Vec<_> = notes.all_cancelled().map(|ack| ack.cancelled_at).collect();
        assert_eq!(at, [Duration::from_secs(3)]);
        notes.cancelled(99, Duration::ZERO);
        assert_eq!(notes.acks.len(), 1, "an acknowledgement that there is not");
    }

    #[test]
    fn each_fault_is_said_in_a_sentence_of_its_own() {
        assert!(Faults::default().sentences().is_empty());
        let faults = Faults {
            as_somebody_else: 1,
            by_used_code: 2,
            by_wrong_code: 3,
            without_code: 4,
            to_strangers: 5,
            not_shown: 6,
            shown_live: 7,
            shown_cancelled: 8,
            without_time: 9,
        };
        let sentences = faults.sentences();
        assert_eq!(sentences.len(), 9, "{sentences:?}");
        for (n, sentence) in (1..).zip(&sentences) {
            assert!(sentence.starts_with(&format!("{n} ")), "{sentence}");
        }
        assert!(sentences[6].contains("cancelled") && sentences[7].contains("cancelled"));
    }
}
