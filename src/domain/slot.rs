//! Seats: how many people a clinic can see in a time window.

use chrono::{DateTime, NaiveDate, Utc};

use super::SlotId;

/// More seats than the largest stadium had in one window.
pub const SEATS_MAX: i32 = 10_000;
/// A slot is a part of a day.
pub const HOURS_MAX: i64 = 24;

/// A time window at a clinic, as locked by the transaction that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub slot_id: SlotId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
    pub taken: i32,
    /// The clinic gives nothing in this slot, whatever its seats.
    pub is_closed: bool,
}

/// Proof that a seat was taken; a booking cannot be made without one.
#[derive(Debug, PartialEq, Eq)]
pub struct Seat {
    slot_id: SlotId,
}

impl Slot {
    pub fn has_seat(&self) -> bool {
        self.taken < self.seats
    }

    /// Takes a seat, if one is left.
    pub fn take_seat(&mut self) -> Option<Seat> {
        self.has_seat().then(|| {
            self.taken += 1;
            Seat { slot_id: self.slot_id }
        })
    }

    /// Returns the seat of a booking that ended.
    pub fn return_seat(&mut self) {
        self.taken -= 1;
    }
}

impl Seat {
    pub fn slot_id(&self) -> SlotId {
        self.slot_id
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_slot_gives_as_many_seats_as_it_has() {
        let at = |hour| Utc.with_ymd_and_hms(2021, 7, 26, hour, 0, 0).single().unwrap();
        let mut slot = Slot {
            slot_id: SlotId(1),
            on_date: at(0).date_naive(),
            starts_at: at(0),
            ends_at: at(1),
            seats: 2,
            taken: 0,
            is_closed: false,
        };
        assert!(slot.take_seat().is_some());
        assert!(slot.take_seat().is_some());
        assert_eq!(slot.take_seat(), None);
        slot.return_seat();
        assert!(slot.take_seat().is_some());
    }
}
