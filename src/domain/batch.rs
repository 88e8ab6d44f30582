//! The decision on a batch of requests: a pure function of what the transaction has locked and
//! read. It decides in order of arrival, exactly as if each request were a transaction of its own.
//! A request that was done before is answered as before (idempotent replay).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    AllocationId, BookingId, CampaignId, Code, CourseId, Detail, PersonId, Refusal, SlotId,
    StaffUserId,
    allocation::{Allocation, Key},
    applicant::{Applicant, Appointment, DoseHeld},
    booking::{self, Book, Booking, NewBooking},
    campaign,
    channel::Channel,
    eligibility::{self, Eligible},
    fact::Noun,
    rule_set::Rules,
    slot::Slot,
};

/// A request to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Book(Book),
    /// The booking as it was read when the request arrived. Its state is read again under the
    /// locks; only what never changes in a booking is used of it.
    Cancel(Booking),
    /// As `Cancel`, by an administrator and not by the booking's own person.
    CancelFor {
        booking: Booking,
        by: StaffUserId,
    },
}

impl Request {
    /// The slot that is booked, or that a booking gives back.
    pub fn slot_id(&self) -> SlotId {
        match self {
            Self::Book(book) => book.slot_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } => booking.slot_id,
        }
    }

    /// The id that the client chose.
    pub fn booking_id(&self) -> BookingId {
        match self {
            Self::Book(book) => book.booking_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } => booking.booking_id,
        }
    }

    /// Whose booking it is.
    pub fn person_id(&self) -> PersonId {
        match self {
            Self::Book(book) => book.person_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } => booking.person_id,
        }
    }

    /// The campaign of the booking.
    pub fn campaign_id(&self) -> CampaignId {
        match self {
            Self::Book(book) => book.campaign_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } => booking.campaign_id,
        }
    }

    /// The channels among whose allocations the request finds its dose.
    pub fn channels(&self) -> &'static [Channel] {
        match self {
            Self::Book(_) => Channel::Web.sources(),
            Self::Cancel(booking) | Self::CancelFor { booking, .. } => booking.channel.sources(),
        }
    }

    /// The allocations that the request may touch, once its slot is known.
    pub fn allocation_key(&self, slot: &Slot) -> Key {
        match self {
            Self::Book(book) => book.allocation_key(slot),
            Self::Cancel(booking) | Self::CancelFor { booking, .. } => booking.allocation_key(),
        }
    }
}

/// Whether anything can be booked for a person of the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    #[default]
    Open,
    /// Merged into another person, moved away or dead.
    Closed,
    /// About to be merged: what becomes of it will be known in seconds.
    Sealed,
}

/// What the register and the bookings say of a person.
#[derive(Clone, Debug, Default)]
pub struct PersonState {
    /// Without doses; none where the person is not in the register.
    pub applicant: Option<Applicant>,
    /// Whether anything can be booked for the person.
    pub access: Access,
    /// The doses of live bookings, of every course.
    pub doses: Vec<(CourseId, DoseHeld)>,
}

/// What the transaction has locked (slots, allocations) and read (the rest) before deciding.
#[derive(Debug)]
pub struct Locked {
    /// The database's time, read after the locks were granted.
    pub now: DateTime<Utc>,
    pub slots: HashMap<SlotId, Slot>,
    pub allocations: HashMap<Key, Vec<Allocation>>,
    pub campaigns: HashMap<CampaignId, (campaign::State, Arc<Rules>)>,
    pub people: HashMap<PersonId, PersonState>,
    pub bookings: HashMap<BookingId, Booking>,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Booked(Booking),
    Cancelled(Booking),
    /// The request had been done before, and nothing was done now. This is the booking's state.
    Replayed(Booking),
    Refused(Refusal),
}

impl Outcome {
    /// The label of the outcome in the metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Booked(_) => "booked",
            Self::Cancelled(_) => "cancelled",
            Self::Replayed(_) => "replayed",
            Self::Refused(refusal) => refusal.code.slug(),
        }
    }
}

/// A booking that ends in this batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancellation {
    pub booking_id: BookingId,
    pub slot_id: SlotId,
    pub allocation_id: AllocationId,
    /// The dose becomes spare instead of open.
    pub is_late: bool,
    /// None is the booking's own person.
    pub by: Option<StaffUserId>,
}

/// What must be written for the outcomes.
#[derive(Debug, Default)]
pub struct Writes {
    pub bookings: Vec<NewBooking>,
    pub cancellations: Vec<Cancellation>,
    ended_people: HashSet<PersonId>,
}

impl Writes {
    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty() && self.cancellations.is_empty()
    }
}

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
            Request::Cancel(booking) => cancel_one(&mut locked, &mut writes, (booking, None)),
            Request::CancelFor { booking, by } => {
                cancel_one(&mut locked, &mut writes, (booking, Some(*by)))
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
        Request::Cancel(booking) | Request::CancelFor { booking, .. } => {
            writes.bookings.iter().any(|new| new.booking().booking_id == booking.booking_id)
        }
        Request::Book(book) => writes.ended_people.contains(&book.person_id),
    }
}

fn book_one(locked: &mut Locked, writes: &mut Writes, book: &Book) -> Result<Outcome, Refusal> {
    if let Some(booking) = locked.bookings.get(&book.booking_id) {
        return match book.is_for(booking) {
            true => Ok(Outcome::Replayed(booking.clone())),
            false => Err(Code::BookingIdReused.into()),
        };
    }
    let now = locked.now;
    let (state, rules) = locked
        .campaigns
        .get(&book.campaign_id)
        .ok_or_else(|| Refusal::no_such("campaign_id", Noun::Campaign))?;
    let slot = locked
        .slots
        .get_mut(&book.slot_id)
        .ok_or_else(|| Refusal::no_such("slot_id", Noun::Slot))?;
    let person = locked.people.entry(book.person_id).or_default();
    let applicant = person.applicant(rules.course_id)?;
    let appointment = Appointment { on_date: slot.on_date, product_id: book.product_id };
    let eligible = eligibility::admit(rules, *state, &applicant, &appointment, now)?;
    if slot.is_closed || slot.starts_at <= now {
        return Err(Code::SlotClosed.into());
    }
    let key = book.allocation_key(slot);
    let channels = Channel::Web.sources();
    let allocation = choose(locked.allocations.get_mut(&key), (&eligible, channels))?;
    // Neither is taken before both are there: a refusal leaves no trace.
    let seat = slot.free_seat().ok_or(Code::SeatTaken)?;
    let dose = allocation.open_dose().ok_or(Code::DosesExhausted)?;
    let new = NewBooking::new(book, (eligible, seat, dose), now)?;
    let booking = new.booking().clone();
    person.add_dose_of(&booking);
    locked.bookings.insert(booking.booking_id, booking.clone());
    writes.bookings.push(new);
    Ok(Outcome::Booked(booking))
}

/// The allocation to book from: of the first channel that has doses for the person, and there that
/// of the person's own tranche first, so that the doses for everybody last longer.
fn choose<'a>(
    candidates: Option<&'a mut Vec<Allocation>>,
    (eligible, channels): (&Eligible, &[Channel]),
) -> Result<&'a mut Allocation, Refusal> {
    let tranche_id = eligible.entitlement().tranche_id;
    let rank = |of: Channel| channels.iter().position(|channel| *channel == of);
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

impl PersonState {
    /// Adds the dose of a live booking.
    pub fn add_dose_of(&mut self, booking: &Booking) {
        self.doses.push((booking.course_id, booking.dose_held()));
    }

    /// The applicant with the doses of this course.
    ///
    /// # Errors
    /// `not_eligible` where the person is not in the register any more, was merged into another or
    /// is marked; `unavailable` while they are about to be merged.
    pub fn applicant(&self, course_id: CourseId) -> Result<Applicant, Refusal> {
        match self.access {
            Access::Open => {}
            Access::Closed => return Err(Refusal::new(Code::NotEligible, Detail::RecordClosed)),
            Access::Sealed => return Err(Code::Unavailable.into()),
        }
        let gone = || Refusal::new(Code::NotEligible, Detail::NoLongerInRegister);
        let applicant = self.applicant.as_ref().ok_or_else(gone)?;
        let mut applicant = applicant.clone();
        let own = self.doses.iter().filter(|(course, _)| *course == course_id);
        applicant.doses = own.map(|(_, dose)| *dose).collect();
        Ok(applicant)
    }
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
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        ClinicId, ProductId,
        eligibility::tests::{DURING, applicant, date, instant, rules},
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
            bookings: HashMap::new(),
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
}
