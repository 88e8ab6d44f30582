//! Deciders with one guard taken away. With one of them, and without the constraint that stands
//! behind the guard, the service does the harm that a test looks for: the test can fail.

use chrono::TimeDelta;
use dosebook::domain::batch::{Decision, Locked, Request, decide};

/// What else keeps a clinic from promising doses that it has not.
pub const DROP_DOSES_CONSTRAINT: &str =
    "alter table allocation drop constraint allocation_no_negative_check";
/// What else keeps a seat from being taken twice.
pub const DROP_SEATS_CONSTRAINT: &str = "alter table slot drop constraint slot_seats_check";
/// What else keeps a person from holding the same dose twice.
pub const DROP_PERSON_CONSTRAINT: &str = "drop index booking_one_live_key";

/// Believes that doses never run out.
pub fn doses(mut locked: Locked, requests: &[Request]) -> Decision {
    for allocation in locked.allocations.values_mut().flatten() {
        allocation.open = i32::MAX;
    }
    decide(locked, requests)
}

/// Believes that every slot has seats.
pub fn seats(mut locked: Locked, requests: &[Request]) -> Decision {
    for slot in locked.slots.values_mut() {
        slot.seats = i32::MAX;
    }
    decide(locked, requests)
}

/// Knows of nobody's bookings. One request at a time: within a batch the rules count along.
pub fn person(mut locked: Locked, requests: &[Request]) -> Decision {
    for person in locked.people.values_mut() {
        person.doses.clear();
    }
    decide(locked, &requests[..1])
}

/// Lives two hours ahead of the database.
pub fn opening(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.now += TimeDelta::hours(2);
    decide(locked, requests)
}
