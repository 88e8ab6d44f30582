//! Bookings: the promise of one dose to one person, in one slot, from one allocation.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub use super::booking_state::State;
use super::{
    AllocationId, BookingId, CampaignId, ClinicId, Code, CourseId, PersonId, ProductId, Refusal,
    SlotId,
    allocation::{Allocation, Dose, Key},
    applicant::DoseHeld,
    channel::Channel,
    eligibility::{Eligible, Entitlement},
    movement::Bucket,
    slot::{Seat, Slot},
    visit_word::NotGiven,
};

/// A booking as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    pub booking_id: BookingId,
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub course_id: CourseId,
    pub dose_number: i16,
    pub state: State,
    pub clinic_id: ClinicId,
    pub slot_id: SlotId,
    pub allocation_id: AllocationId,
    /// The version of the campaign's rules that it was judged by.
    pub rule_version: i32,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub booked_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// By which way it was made; a walk-in takes no seat.
    pub channel: Channel,
    /// When the person was checked in at the clinic.
    pub arrived_at: Option<DateTime<Utc>>,
    /// Why they were not vaccinated, of those who were not.
    pub not_given: Option<NotGiven>,
}

impl Booking {
    /// The dose as the rules of its course see it.
    pub fn dose_held(&self) -> DoseHeld {
        DoseHeld {
            dose_number: self.dose_number,
            product_id: Some(self.product_id),
            on_date: self.on_date,
            is_given: self.state == State::Given,
        }
    }

    /// The key of the allocations of which one is the booking's.
    pub fn allocation_key(&self) -> Key {
        Key {
            clinic_id: self.clinic_id,
            campaign_id: self.campaign_id,
            product_id: self.product_id,
            on_date: self.on_date,
        }
    }
}

/// A request to book, as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    pub booking_id: BookingId,
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub slot_id: SlotId,
    pub product_id: ProductId,
}

impl Book {
    /// The key of the allocations that may serve this request; `slot` is its slot.
    pub fn allocation_key(&self, slot: &Slot) -> Key {
        Key {
            clinic_id: slot.slot_id.clinic(),
            campaign_id: self.campaign_id,
            product_id: self.product_id,
            on_date: slot.on_date,
        }
    }

    /// Whether `booking` is what this request asked for, so that sending it again is a replay.
    pub fn is_for(&self, booking: &Booking) -> bool {
        (self.booking_id, self.person_id, self.campaign_id, self.slot_id, self.product_id)
            == (
                booking.booking_id,
                booking.person_id,
                booking.campaign_id,
                booking.slot_id,
                booking.product_id,
            )
    }
}

/// Until this instant a dose that is given back is open to everybody again. Later it stays at the
/// clinic, for somebody else that day.
pub fn open_again_until(starts_at: DateTime<Utc>, cancel_until_hours: i16) -> DateTime<Utc> {
    starts_at - TimeDelta::hours(cancel_until_hours.into())
}

/// A booking that may be written. It is only made from three proofs that agree with the request:
/// that the person is eligible, that the slot has a seat and that the allocation has a dose.
#[derive(Debug)]
pub struct NewBooking(Booking);

/// What the request and the proofs of a booking disagree about. This is a fault of the program, not
/// of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("eligible is another person than the one who books")]
    Person,
    #[error("the person or the dose is of another campaign")]
    Campaign,
    #[error("the person may have, or the dose is, another product")]
    Product,
    #[error("the seat is in another slot")]
    Slot,
    #[error("seat and dose are at different clinics")]
    Clinic,
    #[error("person, seat and dose are for different dates")]
    Date,
    #[error("the dose is kept for another tranche")]
    Tranche,
    #[error("the allocation has no such dose")]
    Dose,
}

impl From<Mismatch> for Refusal {
    fn from(_: Mismatch) -> Self {
        Code::Internal.into()
    }
}

impl NewBooking {
    /// Takes the seat and the dose for the booking.
    ///
    /// # Errors
    /// Where the request and the proofs disagree; then neither is taken.
    pub fn new(
        book: &Book,
        (eligible, seat, dose): (Eligible, Seat<'_>, Dose<'_>),
        now: DateTime<Utc>,
    ) -> Result<Self, Mismatch> {
        let (entitlement, slot, allocation) =
            (eligible.entitlement(), seat.slot(), dose.allocation());
        agree(book, entitlement, slot, allocation)?;
        let booking = promised(entitlement, book, (slot, allocation), now);
        seat.take();
        dose.book();
        Ok(Self(booking))
    }

    /// The same, made by this way.
    #[must_use]
    pub fn made_by(mut self, channel: Channel) -> Self {
        self.0.channel = channel;
        self
    }

    /// Takes the dose for somebody who stands there, and gives it: the booking is made and over in
    /// one, and takes no seat.
    ///
    /// # Errors
    /// Where the request and the proofs disagree, and where the bucket has no dose; then none is
    /// taken.
    pub fn walk_in(
        book: &Book,
        (eligible, slot): (Eligible, &Slot),
        (allocation, from): (&mut Allocation, Bucket),
        now: DateTime<Utc>,
    ) -> Result<Self, Mismatch> {
        let entitlement = eligible.entitlement();
        agree(book, entitlement, slot, allocation)?;
        let booking = Booking {
            state: State::Given,
            channel: Channel::WalkIn,
            arrived_at: Some(now),
            ended_at: Some(now),
            ..promised(entitlement, book, (slot, allocation), now)
        };
        match allocation.shift(from, Bucket::Given) {
            true => Ok(Self(booking)),
            false => Err(Mismatch::Dose),
        }
    }

    /// The booking as it will be.
    pub fn booking(&self) -> &Booking {
        &self.0
    }
}

/// A booking of the web as it is made.
fn promised(
    entitlement: &Entitlement,
    book: &Book,
    (slot, allocation): (&Slot, &Allocation),
    now: DateTime<Utc>,
) -> Booking {
    Booking {
        booking_id: book.booking_id,
        person_id: entitlement.person_id,
        campaign_id: entitlement.campaign_id,
        product_id: entitlement.product_id,
        course_id: entitlement.course_id,
        dose_number: entitlement.dose_number,
        state: State::Booked,
        clinic_id: slot.slot_id.clinic(),
        slot_id: slot.slot_id,
        allocation_id: allocation.allocation_id,
        rule_version: entitlement.rule_version,
        on_date: slot.on_date,
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        booked_at: now,
        ended_at: None,
        channel: Channel::Web,
        arrived_at: None,
        not_given: None,
    }
}

fn agree(
    book: &Book,
    entitlement: &Entitlement,
    slot: &Slot,
    allocation: &Allocation,
) -> Result<(), Mismatch> {
    let Key { clinic_id, campaign_id, product_id, on_date } = allocation.key;
    let checks = [
        (Mismatch::Person, entitlement.person_id == book.person_id),
        (Mismatch::Campaign, [entitlement.campaign_id, campaign_id] == [book.campaign_id; 2]),
        (Mismatch::Product, [entitlement.product_id, product_id] == [book.product_id; 2]),
        (Mismatch::Slot, slot.slot_id == book.slot_id),
        (Mismatch::Clinic, clinic_id == slot.slot_id.clinic()),
        (Mismatch::Date, [entitlement.on_date, on_date] == [slot.on_date; 2]),
        (Mismatch::Tranche, allocation.serves(entitlement.tranche_id)),
    ];
    match checks.into_iter().find(|(_, agrees)| !agrees) {
        Some((mismatch, _)) => Err(mismatch),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        TrancheId,
        applicant::{Applicant, Appointment},
        campaign,
        eligibility::{
            admit,
            tests::{DURING, applicant, date, here, instant, product, rules, tranche},
        },
        rule_set::Rules,
    };

    /// What proofs are made from, all of one subject: person 1, campaign 1, product 1, slot 3 of
    /// clinic 7, on 2 August.
    #[derive(Clone)]
    struct Subjects {
        rules: Rules,
        applicant: Applicant,
        appointment: Appointment,
        slot: Slot,
        allocation: Allocation,
    }

    impl Subjects {
        fn new() -> Self {
            let on_date = date("2021-08-02");
            let key = Key {
                clinic_id: ClinicId(7),
                campaign_id: CampaignId(1),
                product_id: ProductId(1),
                on_date,
            };
            let allocation_id = AllocationId((7 << 24) | 9);
            Self {
                rules: Rules { products: vec![product(1), product(2)], ..rules() },
                applicant: applicant("1962-01-09"),
                appointment: Appointment { on_date, product_id: ProductId(1) },
                slot: Slot {
                    slot_id: SlotId::of(ClinicId(7), 3),
                    on_date,
                    starts_at: instant("2021-08-02T00:00:00Z"),
                    ends_at: instant("2021-08-02T01:00:00Z"),
                    seats: 1,
                    taken: 0,
                    is_closed: false,
                },
                allocation: Allocation {
                    allocation_id,
                    key,
                    tranche_id: None,
                    channel: Channel::Web,
                    open: 1,
                    booked: 0,
                    spare: 0,
                    given: 0,
                    lost: 0,
                },
            }
        }

        fn book(&mut self) -> Result<NewBooking, Mismatch> {
            let book = Book {
                booking_id: BookingId(uuid::Uuid::nil()),
                person_id: PersonId(1),
                campaign_id: CampaignId(1),
                slot_id: SlotId::of(ClinicId(7), 3),
                product_id: ProductId(1),
            };
            let (state, now) = (campaign::State::Open, instant(DURING));
            let Self { rules, applicant, appointment, slot, allocation } = self;
            let eligible = admit(rules, state, applicant, appointment, here(rules, now)).unwrap();
            let proofs = (eligible, slot.free_seat().unwrap(), allocation.open_dose().unwrap());
            NewBooking::new(&book, proofs, now)
        }

        fn counters(&self) -> [i32; 3] {
            [self.slot.taken, self.allocation.open, self.allocation.booked]
        }
    }

    #[test]
    fn proofs_of_one_subject_make_a_booking_of_it() {
        let mut all = Subjects::new();
        let new = all.book().unwrap();
        assert_eq!(all.counters(), [1, 0, 1]);
        let expected = Booking {
            booking_id: BookingId(uuid::Uuid::nil()),
            person_id: PersonId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            course_id: CourseId(1),
            dose_number: 1,
            state: State::Booked,
            clinic_id: ClinicId(7),
            slot_id: SlotId::of(ClinicId(7), 3),
            allocation_id: AllocationId((7 << 24) | 9),
            rule_version: 7,
            on_date: date("2021-08-02"),
            starts_at: instant("2021-08-02T00:00:00Z"),
            ends_at: instant("2021-08-02T01:00:00Z"),
            booked_at: instant(DURING),
            ended_at: None,
            channel: Channel::Web,
            arrived_at: None,
            not_given: None,
        };
        assert_eq!(*new.booking(), expected);
    }

    #[test]
    fn proofs_of_different_subjects_make_none_and_take_nothing() {
        type Change = fn(&mut Subjects);
        let cases: [(Mismatch, Change); 11] = [
            (Mismatch::Person, |s| s.applicant.person_id = PersonId(2)),
            (Mismatch::Campaign, |s| s.rules.campaign_id = CampaignId(2)),
            (Mismatch::Campaign, |s| s.allocation.key.campaign_id = CampaignId(2)),
            (Mismatch::Product, |s| s.appointment.product_id = ProductId(2)),
            (Mismatch::Product, |s| s.allocation.key.product_id = ProductId(2)),
            (Mismatch::Slot, |s| s.slot.slot_id = SlotId::of(ClinicId(7), 4)),
            (Mismatch::Clinic, |s| s.allocation.key.clinic_id = ClinicId(8)),
            (Mismatch::Date, |s| s.appointment.on_date = date("2021-08-03")),
            (Mismatch::Date, |s| s.slot.on_date = date("2021-08-03")),
            (Mismatch::Date, |s| s.allocation.key.on_date = date("2021-08-03")),
            (Mismatch::Tranche, |s| s.allocation.tranche_id = Some(TrancheId(4))),
        ];
        for (mismatch, change) in cases {
            let mut one = Subjects::new();
            change(&mut one);
            assert_eq!(one.book().unwrap_err(), mismatch);
            assert_eq!(one.counters(), [0, 1, 0], "{mismatch}");
        }
        assert_eq!(Refusal::from(Mismatch::Person), Code::Internal.into());
    }

    #[test]
    fn a_dose_kept_for_the_persons_own_tranche_is_theirs() {
        let mut one = Subjects::new();
        one.rules.tranches = vec![tranche(4, &[9], DURING)];
        one.allocation.tranche_id = Some(TrancheId(4));
        one.book().unwrap();
    }

    #[test]
    fn every_state_has_its_number() {
        for number in 1..=6 {
            assert_eq!(State::try_from(number).unwrap().number(), number);
        }
        for number in [i16::MIN, 0, 7, i16::MAX] {
            assert!(State::try_from(number).is_err());
        }
    }
}
