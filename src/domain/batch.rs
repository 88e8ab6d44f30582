//! The decision on a batch of requests: a pure function over what the transaction has locked and
//! read, in arrival order, exactly as if each had come alone.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    AllocationId, BookingId, CampaignId, Code, CourseId, Detail, PersonId, Refusal, SlotId,
    allocation::{Allocation, Key},
    applicant::{Applicant, Appointment, DoseHeld},
    booking::{self, Book, Booking, NewBooking},
    campaign, eligibility,
    fact::Noun,
    rule_set::Rules,
    slot::Slot,
};

/// What a lane is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Book(Book),
    /// The booking as it was read when the request came in. Only what never changes in a booking is
    /// used of it; its state is read again under the locks.
    Cancel(Booking),
}

impl Request {
    pub fn slot_id(&self) -> SlotId {
        match self {
            Self::Book(book) => book.slot_id,
            Self::Cancel(booking) => booking.slot_id,
        }
    }

    pub fn booking_id(&self) -> BookingId {
        match self {
            Self::Book(book) => book.booking_id,
            Self::Cancel(booking) => booking.booking_id,
        }
    }

    pub fn person_id(&self) -> PersonId {
        match self {
            Self::Book(book) => book.person_id,
            Self::Cancel(booking) => booking.person_id,
        }
    }

    pub fn campaign_id(&self) -> CampaignId {
        match self {
            Self::Book(book) => book.campaign_id,
            Self::Cancel(booking) => booking.campaign_id,
        }
    }

    /// The allocations that the request may touch, once its slot is known.
    pub fn allocation_key(&self, slot: &Slot) -> Key {
        match self {
            Self::Book(book) => Key {
                clinic_id: slot.slot_id.clinic(),
                campaign_id: book.campaign_id,
                product_id: book.product_id,
                on_date: slot.on_date,
            },
            Self::Cancel(booking) => booking.allocation_key(),
        }
    }
}

/// A person as the rules see them, with their doses of every course.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub applicant: Option<Applicant>,
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
    pub people: HashMap<PersonId, Person>,
    pub bookings: HashMap<BookingId, Booking>,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Booked(Booking),
    Cancelled(Booking),
    /// Nothing was done, because it had been done before: this is how the booking stands.
    Replayed(Booking),
    Refused(Refusal),
}

impl Outcome {
    /// For counting.
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
    /// The dose goes to the spare ones instead of to everybody.
    pub is_late: bool,
}

/// What to write so that the outcomes become true.
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
    /// As many as were decided: all, unless one depends on a row that this batch has yet to write.
    /// That one and those after it belong to the next batch.
    pub outcomes: Vec<Outcome>,
    pub writes: Writes,
}

/// How a batch is decided. The service decides by [`decide`]; it is passed in, so that a test can
/// take one guard away and show that its checks would see the harm.
pub type Decide = fn(Locked, &[Request]) -> Decision;

/// Decides `requests` in order on `locked`, which carries the effect of each on to the next.
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
            Request::Cancel(booking) => cancel_one(&mut locked, &mut writes, booking),
        });
    }
    Decision { outcomes, writes }
}

/// A batch is written table by table, not request by request: within one, a booking can neither be
/// made and ended, nor ended and replaced by another of the same person.
fn depends_on(writes: &Writes, request: &Request) -> bool {
    match request {
        Request::Cancel(booking) => {
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
    let key = Request::Book(book.clone()).allocation_key(slot);
    let allocation = choose(locked.allocations.get_mut(&key), &eligible)?;
    // Both are looked at before either is taken: a refusal must leave no trace.
    if !slot.has_seat() {
        return Err(Code::SeatTaken.into());
    }
    let dose = allocation.book_dose().ok_or(Code::DosesExhausted)?;
    let seat = slot.take_seat().ok_or(Code::SeatTaken)?;
    let new = NewBooking::new(book, rules, slot, (eligible, seat, dose), now);
    let booking = new.booking().clone();
    person.doses.push((booking.course_id, held(&booking)));
    locked.bookings.insert(booking.booking_id, booking.clone());
    writes.bookings.push(new);
    Ok(Outcome::Booked(booking))
}

/// A person's own tranche first, so that what is for everybody lasts longer.
fn choose<'a>(
    candidates: Option<&'a mut Vec<Allocation>>,
    eligible: &eligibility::Eligible,
) -> Result<&'a mut Allocation, Refusal> {
    let tranche_id = eligible.tranche_id();
    candidates
        .into_iter()
        .flatten()
        .filter(|allocation| allocation.open > 0 && allocation.serves(tranche_id))
        .min_by_key(|allocation| (allocation.tranche_id.is_none(), allocation.allocation_id))
        .ok_or_else(|| Code::DosesExhausted.into())
}

fn held(booking: &Booking) -> DoseHeld {
    DoseHeld {
        dose_number: booking.dose_number,
        product_id: booking.product_id,
        on_date: booking.on_date,
        is_given: booking.state == booking::State::Given,
    }
}

impl Person {
    fn applicant(&self, course_id: CourseId) -> Result<Applicant, Refusal> {
        let gone = || Refusal::new(Code::NotEligible, Detail::NoLongerInRegister);
        let applicant = self.applicant.as_ref().ok_or_else(gone)?;
        let mut applicant = applicant.clone();
        let own = self.doses.iter().filter(|(course, _)| *course == course_id);
        applicant.doses = own.map(|(_, dose)| *dose).collect();
        Ok(applicant)
    }
}

fn cancel_one(locked: &mut Locked, writes: &mut Writes, asked: &Booking) -> Outcome {
    let Some(booking) = locked.bookings.get_mut(&asked.booking_id) else {
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
        // Counters and bookings disagree, which `dosebook verify` tells in detail.
        return Outcome::Refused(Code::Internal.into());
    }
    match booking.state {
        booking::State::Cancelled => return Outcome::Replayed(booking.clone()),
        booking::State::Booked if locked.now < slot.starts_at => {}
        _ => return Outcome::Refused(Code::BookingEnded.into()),
    }
    let hours = locked
        .campaigns
        .get(&booking.campaign_id)
        .map_or(0, |(_, rules)| i64::from(rules.cancel_until_hours));
    let is_late = locked.now > slot.starts_at - TimeDelta::hours(hours);
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
    });
    Outcome::Cancelled(booking.clone())
}
