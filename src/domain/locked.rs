//! What a booking transaction has locked and read, and what it is to write.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    AllocationId, BookingId, CampaignId, ClinicId, PersonId, SlotId, StaffUserId, StepId,
    allocation::{Allocation, Key},
    booking::{Booking, NewBooking},
    calendar::Local,
    campaign,
    person_state::PersonState,
    rule_set::Rules,
    slot::Slot,
    staff_booking::StaffBooking,
    visit::{Facts, Press, Step},
    visit_rule::Moved,
    walk_in,
};

/// What the transaction has locked (slots, allocations) and read (the rest) before deciding.
#[derive(Debug)]
pub struct Locked {
    /// The database's time, read after the locks were granted.
    pub now: DateTime<Utc>,
    pub slots: HashMap<SlotId, Slot>,
    pub allocations: HashMap<Key, Vec<Allocation>>,
    pub campaigns: HashMap<CampaignId, (campaign::State, Arc<Rules>)>,
    /// Of the clinics of the slots.
    pub zones: HashMap<ClinicId, Tz>,
    pub people: HashMap<PersonId, PersonState>,
    pub bookings: HashMap<BookingId, Booking>,
    /// What is known of the visits, by booking and press.
    pub visits: HashMap<(BookingId, StepId), Facts>,
    /// Steps that were made of another booking under the id of a press.
    pub strange_steps: HashSet<StepId>,
    /// What is known of those who have come without a booking, by the booking that they are to
    /// have.
    pub walk_ins: HashMap<BookingId, walk_in::Facts>,
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
    pub visits: Vec<VisitWrite>,
    pub staff_bookings: Vec<StaffBooking>,
    /// Whose bookings are counted from now on.
    pub limited_people: Vec<PersonId>,
    /// Whose bookings end in this batch.
    pub(super) ended_people: HashSet<PersonId>,
    /// Whose visits change in this batch.
    pub(super) visited_people: HashSet<PersonId>,
}

/// A press that is written down.
#[derive(Clone, Debug)]
pub struct VisitWrite {
    pub press: Press,
    /// As it will be.
    pub step: Step,
    /// The step that the press takes back, if it does.
    pub undone: Option<Step>,
    /// The booking as it will be.
    pub booking: Booking,
    /// None where no dose moves.
    pub moved: Option<Moved>,
    /// Seats that it takes in the booking's slot (negative: gives back).
    pub seats: i32,
}

impl Locked {
    /// By whose clock it is today at a clinic. That of the campaign stands in where the clinic is
    /// not known, which is then refused for other reasons.
    pub fn local(&self, clinic_id: ClinicId, rules: &Rules) -> Local {
        Local { at: self.now, zone: self.zones.get(&clinic_id).copied().unwrap_or(rules.zone) }
    }
}

impl Writes {
    pub fn is_empty(&self) -> bool {
        !self.has_bookings() && self.visits.is_empty() && self.staff_bookings.is_empty()
    }

    /// Whether one of the bookings that are made has this id.
    pub(super) fn makes(&self, booking_id: BookingId) -> bool {
        let by_staff = self.staff_bookings.iter().map(|one| &one.new);
        self.bookings.iter().chain(by_staff).any(|new| new.booking().booking_id == booking_id)
    }

    /// Whether bookings are made or cancelled.
    pub fn has_bookings(&self) -> bool {
        !(self.bookings.is_empty() && self.cancellations.is_empty())
    }
}
