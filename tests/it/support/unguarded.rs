//! Decisions with one guard removed. With one of them, and without the constraint behind that
//! guard, the service does the harm that a test looks for: this shows that the test can fail.

use chrono::TimeDelta;
use dosebook::domain::batch::{Decision, Locked, Request, decide};

/// The constraint that also keeps a clinic from promising doses that it does not have.
pub const DROP_DOSES_CONSTRAINT: &str =
    "alter table allocation drop constraint allocation_no_negative_check";
/// The constraint that also keeps a seat from being taken twice.
pub const DROP_SEATS_CONSTRAINT: &str = "alter table slot drop constraint slot_seats_check";
/// The index that also keeps a person from holding the same dose twice.
pub const DROP_PERSON_CONSTRAINT: &str = "drop index booking_one_live_key";

/// As if doses never ran out.
pub fn doses(mut locked: Locked, requests: &[Request]) -> Decision {
    for allocation in locked.allocations.values_mut().flatten() {
        allocation.open = i32::MAX;
    }
    decide(locked, requests)
}

/// As if every slot had seats.
pub fn seats(mut locked: Locked, requests: &[Request]) -> Decision {
    for slot in locked.slots.values_mut() {
        slot.seats = i32::MAX;
    }
    decide(locked, requests)
}

/// As if nobody had bookings. One request at a time, because within a batch the rules count.
pub fn person(mut locked: Locked, requests: &[Request]) -> Decision {
    for person in locked.people.values_mut() {
        person.doses.clear();
    }
    decide(locked, &requests[..1])
}

/// As if it were two hours later.
pub fn opening(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.now += TimeDelta::hours(2);
    decide(locked, requests)
}

/// As if spare doses never ran out.
pub fn spare_doses(mut locked: Locked, requests: &[Request]) -> Decision {
    for allocation in locked.allocations.values_mut().flatten() {
        allocation.spare = i32::MAX;
    }
    decide(locked, requests)
}
