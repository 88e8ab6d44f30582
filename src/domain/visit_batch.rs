//! A press at a clinic within a batch: what it changes of what the batch has locked, for the
//! requests after it, and what is to be written.

use chrono::{DateTime, Utc};

use super::{
    Code, Detail, Refusal,
    booking::{Booking, State},
    channel::Channel,
    locked::{Locked, VisitWrite, Writes},
    movement::Bucket,
    person_state::Access,
    request::{Outcome, Visit},
    supply::seats_taken,
    visit::{Act, Facts, Press, Step},
    visit_rule::{Change, Moved, Scene, Seen},
};

/// Decides one press.
///
/// # Errors
/// `not_found` where the clinic has no such booking; `step_id_reused`; those of `Scene::decide`;
/// `unavailable` for a person who is being merged;
/// `step_refused` and `seat_taken` where what a step freed is gone.
pub(super) fn press(
    locked: &mut Locked,
    writes: &mut Writes,
    visit: &Visit,
) -> Result<Outcome, Refusal> {
    let press = &visit.press;
    let key = (press.booking_id, press.step_id);
    let known = locked.bookings.get(&press.booking_id);
    let (Some(booking), Some(facts)) = (known, locked.visits.get(&key)) else {
        return Err(Refusal::not_found());
    };
    let found = look(locked, (booking, facts), |scene| decide(scene, press))?;
    let change = match found? {
        Found::Seen(seen) => return Ok(Outcome::Visited(seen)),
        Found::Change(change) => change,
    };
    // What is found of somebody who is being merged would stay with a row that is nobody any more.
    if locked.people.get(&booking.person_id).is_none_or(|person| person.access == Access::Sealed) {
        return Err(Code::Unavailable.into());
    }
    if locked.strange_steps.contains(&press.step_id) {
        return Err(Code::StepIdReused.into());
    }
    let (mut booking, mut facts) = (booking.clone(), facts.clone());
    let (moved, seats) = match change {
        Change::Moved(moved) => (Some(moved), move_dose(locked, &booking, moved)?),
        Change::Arrived(_) | Change::None => (None, 0),
    };
    change_booking(&mut booking, &change, locked.now);
    let undone = match press.act {
        Act::Undo { of } => facts.steps.iter().find(|step| step.step_id == of).cloned(),
        _ => None,
    };
    let step = step_of(press, (locked.now, facts.presser.clone()));
    facts.steps.push(step.clone());
    let person_id = booking.person_id;
    locked.bookings.insert(booking.booking_id, booking.clone());
    locked.visits.insert(key, facts.clone());
    let seen = look(locked, (&booking, &facts), |scene| scene.seen(true))?;
    writes.visited_people.insert(person_id);
    writes.visits.push(VisitWrite { press: press.clone(), step, undone, booking, moved, seats });
    Ok(Outcome::Visited(seen.into()))
}

/// How a visit stands, without a press: for whoever only looks.
///
/// # Errors
/// `unavailable` for a person who is being merged.
pub fn see(locked: &Locked, booking: &Booking, facts: &Facts) -> Result<Seen, Refusal> {
    look(locked, (booking, facts), |scene| scene.seen(false))
}

enum Found {
    Seen(Box<Seen>),
    Change(Change),
}

fn decide(scene: &Scene<'_>, press: &Press) -> Result<Found, Refusal> {
    let made = scene.facts.steps.iter().find(|step| step.step_id == press.step_id);
    if let Some(step) = made {
        return match press.is_for(step) {
            true => Ok(Found::Seen(scene.seen(false).into())),
            false => Err(Code::StepIdReused.into()),
        };
    }
    Ok(match scene.decide(press)? {
        Change::None => Found::Seen(scene.seen(false).into()),
        change => Found::Change(change),
    })
}

fn look<T>(
    locked: &Locked,
    (booking, facts): (&Booking, &Facts),
    with: impl FnOnce(&Scene<'_>) -> T,
) -> Result<T, Refusal> {
    // Merged into somebody else between the first look and the locks.
    let person = locked.people.get(&booking.person_id).ok_or(Code::Unavailable)?;
    let rules = locked.campaigns.get(&booking.campaign_id).map(|(_, rules)| rules);
    let is_other = |other: &&Booking| {
        (other.person_id, other.course_id) == (booking.person_id, booking.course_id)
            && other.booking_id != booking.booking_id
            && other.state.is_live()
    };
    let others: Vec<_> = locked.bookings.values().filter(is_other).cloned().collect();
    Ok(with(&Scene {
        booking,
        facts,
        person,
        product: rules.and_then(|rules| rules.product(booking.product_id)),
        others: &others,
        cancel_until_hours: rules.map_or(0, |rules| rules.cancel_until_hours),
        now: locked.now,
    }))
}

/// Moves the dose, and the seat that goes with it; says how many seats it takes.
fn move_dose(locked: &mut Locked, booking: &Booking, moved: Moved) -> Result<i32, Refusal> {
    let seats = match booking.channel {
        Channel::WalkIn => 0,
        Channel::Web | Channel::Phone => seats_taken(moved.kind, moved.from),
    };
    let seats = i32::try_from(seats).unwrap_or(0);
    let slot = locked.slots.get_mut(&booking.slot_id).ok_or(Code::Internal)?;
    if slot.taken + seats > slot.seats {
        return Err(Code::SeatTaken.into());
    }
    let allocations = locked.allocations.get_mut(&booking.allocation_key()).into_iter().flatten();
    let mut own = allocations.filter(|one| one.allocation_id == booking.allocation_id);
    let allocation = own.next().ok_or(Code::Internal)?;
    if !allocation.shift(moved.from, moved.to) {
        return Err(match moved.from {
            Bucket::Spare | Bucket::Lost => Refusal::new(Code::StepRefused, Detail::DoseGone),
            // Counters and bookings disagree; `dosebook verify` reports the details.
            _ => Code::Internal.into(),
        });
    }
    slot.taken += seats;
    Ok(seats)
}

fn change_booking(booking: &mut Booking, change: &Change, now: DateTime<Utc>) {
    match change {
        Change::None => {}
        Change::Arrived(is_there) => booking.arrived_at = is_there.then_some(now),
        Change::Moved(moved) => {
            booking.state = moved.state;
            booking.not_given = moved.not_given;
            booking.ended_at = (moved.state != State::Booked).then_some(now);
            // A wrong walk-in is taken back with the arrival: nobody had come for it.
            if booking.channel == Channel::WalkIn && moved.state == State::Cancelled {
                booking.arrived_at = None;
            }
        }
    }
}

fn step_of(press: &Press, (at, username): (DateTime<Utc>, Option<String>)) -> Step {
    let (site, lot) = match &press.act {
        Act::Give { site, lot } => (Some(*site), Some(lot.clone())),
        _ => (None, None),
    };
    let (reason, had_on, until) = match press.act {
        Act::NotVaccinated { reason, had_on, until } => (Some(reason), had_on, until),
        _ => (None, None, None),
    };
    let undoes = match press.act {
        Act::Undo { of } => Some(of),
        _ => None,
    };
    Step {
        step_id: press.step_id,
        booking_id: press.booking_id,
        kind: press.act.kind(),
        at,
        by: press.by.staff_user_id(),
        username,
        reason,
        had_on,
        until,
        site,
        lot,
        answers: press.answers.clone(),
        undoes,
        note: press.note.clone(),
    }
}
