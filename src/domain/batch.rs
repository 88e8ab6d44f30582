//! The decision on a batch of requests: a pure function of what the transaction has locked and
//! read. It decides in order of arrival, exactly as if each request were a transaction of its own.
//! A request that was done before is answered as before (idempotent replay).

use super::{
    Code, Detail, Refusal, StaffUserId,
    allocation::Allocation,
    applicant::Appointment,
    booking::{self, Book, Booking, NewBooking},
    booking_limit::Count,
    campaign_state::State,
    channel::Channel,
    eligibility::{self, Eligible},
    fact::Noun,
    movement::Bucket,
    person_state::PersonState,
    rule_set::Rules,
    staff_booking::{BookFor, Form, Given, StaffBooking},
    visit_batch,
    visit_rule::{days_after, no_later_dose},
    walk_in::Scene,
};
pub use super::{
    locked::{Cancellation, Locked, VisitWrite, Writes},
    request::{Outcome, Request, Visit},
};

/// The outcomes of the first requests, and what to write for them.
#[derive(Debug)]
pub struct Decision {
    /// One for each request that was decided. A request that depends on a row which this batch has
    /// yet to write is not: it and all after it belong to the next batch.
    pub outcomes: Vec<Outcome>,
    pub writes: Writes,
}

/// A function that decides a batch. The service uses [`decide`]. It is passed in, so that a test
/// can remove one guard and show that its checks would see the harm.
pub type Decide = fn(Locked, &[Request]) -> Decision;

/// Decides `requests` in order. `locked` carries the effect of each to the next.
pub fn decide(mut locked: Locked, requests: &[Request]) -> Decision {
    let mut outcomes = Vec::with_capacity(requests.len());
    let mut writes = Writes::default();
    for request in requests {
        if depends_on(&writes, request) {
            break;
        }
        outcomes.push(match request {
            Request::Book(book) => {
                book_one(&mut locked, &mut writes, book).unwrap_or_else(Outcome::Refused)
            }
            Request::Cancel(booking) => cancel_guarded(&mut locked, &mut writes, booking),
            Request::Displace(booking) => cancel_one(&mut locked, &mut writes, (booking, None)),
            Request::CancelFor { booking, by } => {
                cancel_one(&mut locked, &mut writes, (booking, Some(*by)))
            }
            Request::Visit(visit) => {
                visit_batch::press(&mut locked, &mut writes, visit).unwrap_or_else(Outcome::Refused)
            }
            Request::BookFor(asked) => {
                book_for(&mut locked, &mut writes, asked).unwrap_or_else(Outcome::Refused)
            }
        });
    }
    Decision { outcomes, writes }
}

/// Whether the request needs a row that this batch has yet to write. A batch is written table by
/// table, not request by request: within one batch a booking cannot be made and cancelled, nor
/// cancelled and replaced by another of the same person.
fn depends_on(writes: &Writes, request: &Request) -> bool {
    match request {
        Request::Cancel(booking)
        | Request::CancelFor { booking, .. }
        | Request::Displace(booking) => {
            writes.visited_people.contains(&booking.person_id) || writes.makes(booking.booking_id)
        }
        Request::Book(_) | Request::BookFor(_) => {
            let person_id = request.person_id();
            writes.ended_people.contains(&person_id) || writes.visited_people.contains(&person_id)
        }
        Request::Visit(visit) => {
            let person_id = request.person_id();
            let is_same = |other: &VisitWrite| other.press.step_id == visit.press.step_id;
            writes.ended_people.contains(&person_id)
                || writes.visited_people.contains(&person_id)
                || writes.visits.iter().any(is_same)
                || writes.makes(visit.press.booking_id)
        }
    }
}

fn book_one(locked: &mut Locked, writes: &mut Writes, book: &Book) -> Result<Outcome, Refusal> {
    if let Some(booking) = locked.bookings.get(&book.booking_id) {
        return match book.is_for(booking) {
            true => Ok(Outcome::Replayed(booking.clone())),
            false => Err(Code::BookingIdReused.into()),
        };
    }
    let new = booked(locked, book, Channel::Web)?;
    let booking = new.booking().clone();
    writes.bookings.push(new);
    Ok(Outcome::Booked(booking))
}

/// As `book_one`, by staff: a booking for a day to come, or that of a walk-in.
fn book_for(locked: &mut Locked, writes: &mut Writes, asked: &BookFor) -> Result<Outcome, Refusal> {
    if let Some(booking) = locked.bookings.get(&asked.book.booking_id) {
        return match asked.is_for(booking) {
            true => Ok(Outcome::Replayed(booking.clone())),
            false => Err(Code::BookingIdReused.into()),
        };
    }
    let (new, from) = match &asked.form {
        Form::Assisted { .. } => (booked(locked, &asked.book, Channel::Phone)?, Bucket::Open),
        Form::WalkIn(given) => walked_in(locked, (&asked.book, given))?,
    };
    let booking = new.booking().clone();
    let BookFor { form, by, .. } = asked.clone();
    writes.staff_bookings.push(StaffBooking { new, from, form, by });
    Ok(Outcome::Booked(booking))
}

/// Gives a dose to somebody who came without a booking.
fn walked_in(
    locked: &mut Locked,
    (book, given): (&Book, &Given),
) -> Result<(NewBooking, Bucket), Refusal> {
    let no_campaign = || Refusal::no_such("campaign_id", Noun::Campaign);
    let (state, rules) = locked.campaigns.get(&book.campaign_id).ok_or_else(no_campaign)?;
    let slot = locked.slots.get(&book.slot_id).ok_or(Code::SlotClosed)?;
    let facts = locked.walk_ins.get(&book.booking_id).ok_or(Code::Internal)?;
    let person = locked.people.entry(book.person_id).or_default();
    let scene = Scene { rules, state: *state, person, slot, facts, now: locked.now };
    let appointment = Appointment { on_date: slot.on_date, product_id: book.product_id };
    let allocations = locked.allocations.get_mut(&book.allocation_key(slot));
    let given = scene
        .give((book, given), allocations, |person| later_doses_fit(rules, person, &appointment))?;
    person.add_dose_of(given.0.booking());
    locked.bookings.insert(book.booking_id, given.0.booking().clone());
    Ok(given)
}

/// Takes a seat and a dose for the booking; of the doses of the channel's sources the first.
fn booked(locked: &mut Locked, book: &Book, channel: Channel) -> Result<NewBooking, Refusal> {
    let now = locked.now;
    let (state, rules) = locked
        .campaigns
        .get(&book.campaign_id)
        // What is not public yet looks as if it did not exist.
        .filter(|(state, _)| *state != State::Draft)
        .ok_or_else(|| Refusal::no_such("campaign_id", Noun::Campaign))?;
    let local = locked.local(book.slot_id.clinic(), rules);
    let slot = locked
        .slots
        .get_mut(&book.slot_id)
        .ok_or_else(|| Refusal::no_such("slot_id", Noun::Slot))?;
    let person = locked.people.entry(book.person_id).or_default();
    let applicant = person.applicant(rules.course_id, rules.dose_number)?;
    let appointment = Appointment { on_date: slot.on_date, product_id: book.product_id };
    let eligible = eligibility::admit(rules, *state, &applicant, &appointment, local)?;
    later_doses_fit(rules, person, &appointment)?;
    if slot.is_closed || slot.starts_at <= now {
        return Err(Code::SlotClosed.into());
    }
    // Whoever has reached the limit can still have staff book for them.
    if person.is_limited && channel == Channel::Web {
        let (bookings, per_day) = (&locked.bookings, rules.bookings_per_day);
        let Book { person_id, campaign_id, .. } = *book;
        Count { bookings, person_id, campaign_id, per_day }.check(now, local.zone)?;
    }
    let key = book.allocation_key(slot);
    let allocation = choose(locked.allocations.get_mut(&key), (&eligible, channel))?;
    // Neither is taken before both are there: a refusal leaves no trace.
    let seat = slot.free_seat().ok_or(Code::SeatTaken)?;
    let dose = allocation.open_dose().ok_or(Code::DosesExhausted)?;
    let new = NewBooking::new(book, (eligible, seat, dose), now)?.made_by(channel);
    person.add_dose_of(new.booking());
    locked.bookings.insert(book.booking_id, new.booking().clone());
    Ok(new)
}

/// The allocation to book from: of the channel's own doses first, and of those that of the person's
/// own tranche, so that the doses for everybody last longer.
fn choose<'a>(
    candidates: Option<&'a mut Vec<Allocation>>,
    (eligible, channel): (&Eligible, Channel),
) -> Result<&'a mut Allocation, Refusal> {
    let tranche_id = eligible.entitlement().tranche_id;
    let rank = |of: Channel| channel.sources().iter().position(|source| *source == of);
    candidates
        .into_iter()
        .flatten()
        .filter(|allocation| allocation.open > 0 && allocation.serves(tranche_id))
        .filter_map(|allocation| Some((rank(allocation.channel)?, allocation)))
        .min_by_key(|(rank, allocation)| {
            (*rank, allocation.tranche_id.is_none(), allocation.allocation_id)
        })
        .map(|(_, allocation)| allocation)
        .ok_or_else(|| Code::DosesExhausted.into())
}

/// A later dose of the course that the person has must stay far enough away.
fn later_doses_fit(
    rules: &Rules,
    person: &PersonState,
    appointment: &Appointment,
) -> Result<(), Refusal> {
    let product = rules.product(appointment.product_id);
    let days = product.map_or(0, |product| product.interval_days_min);
    let earliest = days_after(appointment.on_date, days);
    let mut later = person.doses_of(rules.course_id).filter(|dose| {
        dose.dose_number > rules.dose_number && earliest.is_none_or(|day| day > dose.on_date)
    });
    match later.next() {
        None => Ok(()),
        Some(dose) => {
            let detail = Detail::LaterDose { dose_number: dose.dose_number, on_date: dose.on_date };
            Err(Refusal::new(Code::LaterDoseBooked, detail))
        }
    }
}

/// Cancels for the booking's own person, unless something stands on the booking.
fn cancel_guarded(locked: &mut Locked, writes: &mut Writes, requested: &Booking) -> Outcome {
    if let Some(booking) = locked.bookings.get(&requested.booking_id)
        && booking.state == booking::State::Booked
    {
        if booking.arrived_at.is_some() {
            return Outcome::Refused(Refusal::new(Code::BookingEnded, Detail::CheckedIn));
        }
        if let Err(refusal) = no_later_dose(booking, locked.bookings.values()) {
            return Outcome::Refused(refusal);
        }
    }
    let outcome = cancel_one(locked, writes, (requested, None));
    if let Outcome::Cancelled(booking) = &outcome
        && let Some((_, rules)) = locked.campaigns.get(&booking.campaign_id)
        && locked.people.get(&booking.person_id).is_some_and(|person| !person.is_limited)
    {
        let (bookings, per_day) = (&locked.bookings, rules.bookings_per_day);
        let &Booking { person_id, campaign_id, .. } = booking;
        if (Count { bookings, person_id, campaign_id, per_day }).may_be_reached(locked.now) {
            writes.limited_people.push(person_id);
        }
    }
    outcome
}

fn cancel_one(
    locked: &mut Locked,
    writes: &mut Writes,
    (requested, by): (&Booking, Option<StaffUserId>),
) -> Outcome {
    let Some(booking) = locked.bookings.get_mut(&requested.booking_id) else {
        return Outcome::Refused(Refusal::not_found());
    };
    let slot = locked.slots.get_mut(&booking.slot_id);
    let allocation = locked
        .allocations
        .get_mut(&booking.allocation_key())
        .into_iter()
        .flatten()
        .find(|allocation| allocation.allocation_id == booking.allocation_id);
    let (Some(slot), Some(allocation)) = (slot, allocation) else {
        return Outcome::Refused(Code::Internal.into());
    };
    if booking.state == booking::State::Booked && (slot.taken < 1 || allocation.booked < 1) {
        // Counters and bookings disagree; `dosebook verify` reports the details.
        return Outcome::Refused(Code::Internal.into());
    }
    match booking.state {
        booking::State::Cancelled => return Outcome::Replayed(booking.clone()),
        booking::State::Booked if locked.now < slot.starts_at => {}
        _ => return Outcome::Refused(Code::BookingEnded.into()),
    }
    let hours =
        locked.campaigns.get(&booking.campaign_id).map_or(0, |(_, rules)| rules.cancel_until_hours);
    let is_late = locked.now > booking::open_again_until(slot.starts_at, hours);
    slot.return_seat();
    allocation.return_dose(is_late);
    booking.state = booking::State::Cancelled;
    booking.ended_at = Some(locked.now);
    writes.ended_people.insert(booking.person_id);
    writes.cancellations.push(Cancellation {
        booking_id: booking.booking_id,
        slot_id: booking.slot_id,
        allocation_id: booking.allocation_id,
        is_late,
        by,
    });
    Outcome::Cancelled(booking.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        AllocationId, BookingId, CampaignId, ClinicId, PersonId, ProductId, SlotId,
        allocation::Key,
        applicant::Applicant,
        campaign,
        eligibility::tests::{DURING, applicant, date, instant, rules},
        slot::Slot,
    };

    const SLOT: SlotId = SlotId((7 << 24) | 3);
    const NEXT_SLOT: SlotId = SlotId((7 << 24) | 4);

    /// One dose at clinic 7 on 2 August, a seat in each of two slots, and two people who may book.
    fn locked() -> Locked {
        let on_date = date("2021-08-02");
        let slot = |slot_id| Slot {
            slot_id,
            on_date,
            starts_at: instant("2021-08-02T00:00:00Z"),
            ends_at: instant("2021-08-02T01:00:00Z"),
            seats: 1,
            taken: 0,
            is_closed: false,
        };
        let key = Key {
            clinic_id: ClinicId(7),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            on_date,
        };
        let allocation_id = AllocationId((7 << 24) | 9);
        let allocation = Allocation {
            allocation_id,
            key,
            tranche_id: None,
            channel: Channel::Web,
            open: 1,
            booked: 0,
            spare: 0,
            given: 0,
            lost: 0,
        };
        let person = |id| {
            let applicant = Applicant { person_id: PersonId(id), ..applicant("1962-01-09") };
            let state = PersonState { applicant: Some(applicant), ..PersonState::default() };
            (PersonId(id), state)
        };
        Locked {
            now: instant(DURING),
            slots: [SLOT, NEXT_SLOT].map(|id| (id, slot(id))).into(),
            allocations: HashMap::from([(key, vec![allocation])]),
            campaigns: HashMap::from([(CampaignId(1), (campaign::State::Open, rules().into()))]),
            people: HashMap::from([person(1), person(2)]),
            zones: HashMap::new(),
            bookings: HashMap::new(),
            visits: HashMap::new(),
            strange_steps: HashSet::new(),
            walk_ins: HashMap::new(),
        }
    }

    fn book(person: i64, slot_id: SlotId) -> Request {
        Request::Book(Book {
            booking_id: BookingId(Uuid::from_u128(person.unsigned_abs().into())),
            person_id: PersonId(person),
            campaign_id: CampaignId(1),
            slot_id,
            product_id: ProductId(1),
        })
    }

    fn names(locked: Locked) -> Vec<&'static str> {
        decide(locked, &[book(1, SLOT), book(2, NEXT_SLOT)])
            .outcomes
            .iter()
            .map(Outcome::name)
            .collect()
    }

    #[test]
    fn proofs_of_different_subjects_are_an_internal_error_and_take_nothing() {
        assert_eq!(names(locked()), ["booked", "doses_exhausted"], "the control");

        let mut swapped = locked();
        swapped.people.insert(PersonId(1), swapped.people[&PersonId(2)].clone());
        assert_eq!(names(swapped), ["internal", "booked"]);

        let mut misfiled = locked();
        for allocation in misfiled.allocations.values_mut().flatten() {
            allocation.key.clinic_id = ClinicId(8);
        }
        assert_eq!(names(misfiled), ["internal", "internal"]);
    }

    #[test]
    fn a_refusal_for_want_of_a_seat_leaves_the_dose_open() {
        let mut full = locked();
        full.slots.entry(SLOT).and_modify(|slot| slot.taken = 1);
        assert_eq!(names(full), ["seat_taken", "booked"]);
    }

    /// A booking of person 1 that was made then, and cancelled by them.
    fn cancelled(n: u128, booked_at: &str) -> Booking {
        let [request] = [book(1, SLOT)];
        let mut own = locked();
        let decided = decide(std::mem::replace(&mut own, locked()), &[request]);
        let Outcome::Booked(booking) = &decided.outcomes[0] else { panic!("the control") };
        Booking {
            booking_id: BookingId(Uuid::from_u128(1_000 + n)),
            state: booking::State::Cancelled,
            booked_at: instant(booked_at),
            ended_at: Some(instant(booked_at)),
            ..booking.clone()
        }
    }

    /// Where person 1 has made these bookings and cancelled them. The rules allow two a day.
    fn after(booked_at: &[&str]) -> Locked {
        let made = (1..).zip(booked_at).map(|(n, at)| cancelled(n, at));
        let bookings = made.map(|booking| (booking.booking_id, booking)).collect();
        let mut locked = Locked { bookings, ..locked() };
        locked.people.entry(PersonId(1)).and_modify(|person| person.is_limited = true);
        locked
    }

    #[test]
    fn as_many_bookings_as_the_campaign_says_can_be_made_on_one_day_of_the_clinic() {
        // It is nine in the morning of 15 July in Seoul.
        let today = ["2021-07-14T15:00:00Z", "2021-07-14T16:00:00Z"];
        let first = |locked| decide(locked, &[book(1, SLOT)]).outcomes.remove(0);
        assert_eq!(first(after(&today[..1])).name(), "booked", "the control: one");
        let Outcome::Refused(refusal) = first(after(&today)) else { panic!("a third") };
        assert_eq!(refusal.code, Code::TooManyRequests);
        let expected = Detail::BookingsOfDay {
            bookings_max: 2,
            again_at: instant("2021-07-15T15:00:00Z"),
            zone: "Asia/Seoul".to_owned(),
            retry_after: 15 * 3_600 + 1,
        };
        assert_eq!(refusal.detail, expected);
        let late = ["2021-07-14T14:59:59Z", "2021-07-14T16:00:00Z"];
        assert_eq!(first(after(&late)).name(), "booked", "one was made the day before");
        // At the clinic it is still the 14th, and both count; and at another none of them does.
        let mut west = after(&late);
        west.zones.insert(ClinicId(7), chrono_tz::America::New_York);
        assert_eq!(first(west).name(), "too_many_requests");
        let mut elsewhere = after(&today);
        for booking in elsewhere.bookings.values_mut() {
            booking.campaign_id = CampaignId(2);
        }
        assert_eq!(first(elsewhere).name(), "booked", "in another campaign");
        let mut unread = after(&today);
        unread.people.entry(PersonId(1)).and_modify(|person| person.is_limited = false);
        assert_eq!(first(unread).name(), "booked", "the control: who was not marked");
    }

    #[test]
    fn who_cancels_as_many_as_a_day_may_have_is_counted_from_then_on() {
        let cancels = |before: &[&str]| {
            let mut locked = after(before);
            locked.people.entry(PersonId(1)).and_modify(|person| person.is_limited = false);
            let decided = decide(locked, &[book(1, SLOT)]);
            let Outcome::Booked(booking) = decided.outcomes[0].clone() else { panic!() };
            let mut locked = after(before);
            locked.people.entry(PersonId(1)).and_modify(|person| person.is_limited = false);
            locked.slots.entry(SLOT).and_modify(|slot| slot.taken = 1);
            for allocation in locked.allocations.values_mut().flatten() {
                (allocation.open, allocation.booked) = (0, 1);
            }
            locked.bookings.insert(booking.booking_id, booking.clone());
            decide(locked, &[Request::Cancel(booking)]).writes.limited_people
        };
        assert_eq!(cancels(&[]), [], "the first");
        assert_eq!(cancels(&["2021-07-14T16:00:00Z"]), [PersonId(1)], "the second");
        assert_eq!(cancels(&["2021-07-13T16:00:00Z"]), [], "of another day");
    }
}
