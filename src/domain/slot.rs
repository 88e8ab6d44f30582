//! Slots: how many people a clinic can see in a time window.

use chrono::{DateTime, NaiveDate, Utc};

use super::SlotId;

/// The most seats of a slot: more than the largest stadium had in one window.
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

/// A slot before it has an id.
#[derive(Clone, Copy, Debug)]
pub struct NewSlot {
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
}

/// Proof that a slot has a free seat. It borrows the slot, so while it exists nobody else can take
/// the seat. `NewBooking::new` takes it; dropping it takes nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Seat<'a>(&'a mut Slot);

impl Slot {
    /// A seat, if one is left.
    pub fn free_seat(&mut self) -> Option<Seat<'_>> {
        (self.taken < self.seats).then_some(Seat(self))
    }

    /// Returns the seat of a booking that ended.
    pub fn return_seat(&mut self) {
        self.taken -= 1;
    }
}

impl Seat<'_> {
    /// The slot that the seat belongs to.
    pub fn slot(&self) -> &Slot {
        self.0
    }

    pub(super) fn take(self) {
        self.0.taken += 1;
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
        slot.free_seat().unwrap().take();
        assert!(slot.free_seat().is_some(), "a seat that is not taken stays free");
        slot.free_seat().unwrap().take();
        assert_eq!(slot.free_seat(), None);
        assert_eq!(slot.taken, 2);
        slot.return_seat();
        assert!(slot.free_seat().is_some());
    }
}
