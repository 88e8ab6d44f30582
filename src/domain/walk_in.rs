//! Whether somebody who came without a booking is given a dose, and of which doses: a pure function
//! of what the transaction has locked and read.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    Code, Detail, ProductId, Refusal, TrancheId,
    allocation::Allocation,
    applicant::{Applicant, Appointment},
    birth_date::Precision,
    booking::{Book, NewBooking},
    calendar::{Local, local_date},
    campaign,
    channel::Channel,
    day_policy::WalkIn,
    eligibility::{Eligible, admit_walk_in},
    movement::Bucket,
    person_state::PersonState,
    rule_set::Rules,
    slot::Slot,
    staff_booking::Given,
    visit::Warning,
};

/// What is known of a clinic's day and of who stands there, read under the same locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where the clinic is: it says what day it is.
    pub zone: Tz,
    /// When the account of the day was closed; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    /// When the day's last slot that is not closed begins: from then on nobody can book its doses.
    pub last_starts_at: Option<DateTime<Utc>>,
    /// Whom the campaign lets be given a dose without a booking.
    pub policy: WalkIn,
    /// Another row of the register may be the same person.
    pub may_be_double: bool,
}

/// What a walk-in is decided by.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub rules: &'a Rules,
    pub state: campaign::State,
    pub person: &'a PersonState,
    /// The slot of the day that is nearest to now.
    pub slot: &'a Slot,
    pub facts: &'a Facts,
    pub now: DateTime<Utc>,
}

fn refused(detail: Detail) -> Refusal {
    Refusal::new(Code::StepRefused, detail)
}

fn none(allocations: &[Allocation]) -> Refusal {
    let open = allocations.iter().map(|one| i64::from(one.open)).sum();
    Refusal::new(Code::DosesExhausted, Detail::NoDoseForWalkIn { open })
}

impl Scene<'_> {
    /// Gives the dose: the booking is made and over in one.
    ///
    /// # Errors
    /// `step_refused` with the cause; `not_eligible` and what else the rules say; `answers_needed`
    /// with the warnings that were not answered; `doses_exhausted`.
    pub(super) fn give(
        &self,
        (book, given): (&Book, &Given),
        allocations: Option<&mut Vec<Allocation>>,
        later_doses_fit: impl FnOnce(&PersonState) -> Result<(), Refusal>,
    ) -> Result<(NewBooking, Bucket), Refusal> {
        self.can_give()?;
        let (eligible, applicant) = self.eligible(book.product_id)?;
        later_doses_fit(self.person)?;
        let mut warnings = self.warnings(&applicant, book.product_id);
        warnings.retain(|warning| !given.answers.contains(warning));
        if !warnings.is_empty() {
            return Err(Refusal::new(Code::AnswersNeeded, Detail::Unanswered { warnings }));
        }
        let allocations = allocations.map_or(&mut [][..], Vec::as_mut_slice);
        let source = self.source(allocations, eligible.entitlement().tranche_id);
        let (at, from) = source.ok_or_else(|| none(allocations))?;
        let allocation = allocations.get_mut(at).ok_or(Code::Internal)?;
        let new = NewBooking::walk_in(book, (eligible, self.slot), (allocation, from), self.now)?;
        Ok((new, from))
    }

    /// What must be answered before the dose can be given.
    ///
    /// # Errors
    /// As `give`, but for the answers.
    pub fn look(
        &self,
        product_id: ProductId,
        allocations: &[Allocation],
    ) -> Result<Vec<Warning>, Refusal> {
        self.can_give()?;
        let (eligible, applicant) = self.eligible(product_id)?;
        self.source(allocations, eligible.entitlement().tranche_id)
            .ok_or_else(|| none(allocations))?;
        Ok(self.warnings(&applicant, product_id))
    }

    /// Whether the clinic gives anybody a dose now who has not booked it.
    ///
    /// # Errors
    /// `step_refused` where the day is closed or another one, or the campaign does not want it;
    /// `slot_closed` where the clinic is.
    pub fn can_give(&self) -> Result<(), Refusal> {
        let Facts { zone, closed_at, policy, .. } = *self.facts;
        if closed_at.is_some() {
            return Err(refused(Detail::DayAccounted { on_date: self.slot.on_date }));
        }
        if policy == WalkIn::Nobody {
            return Err(refused(Detail::NoWalkIns));
        }
        let (on_date, today) = (self.slot.on_date, local_date(self.now, zone));
        if on_date != today {
            return Err(refused(Detail::NotToday { on_date, today }));
        }
        match self.slot.is_closed {
            true => Err(Code::SlotClosed.into()),
            false => Ok(()),
        }
    }

    /// Whether the rules let the person have a dose today. One before it counts when it was given:
    /// who is only booked for it has not had it.
    ///
    /// # Errors
    /// Those of `PersonState::applicant` and `admit_walk_in`.
    pub fn eligible(&self, product_id: ProductId) -> Result<(Eligible, Applicant), Refusal> {
        let number = self.rules.dose_number;
        let mut applicant = self.person.applicant(self.rules.course_id, number)?;
        applicant.doses.retain(|dose| dose.is_given || dose.dose_number >= number);
        let appointment = Appointment { on_date: self.slot.on_date, product_id };
        let now = Local { at: self.now, zone: self.facts.zone };
        let eligible = admit_walk_in(self.rules, self.state, &applicant, &appointment, now)?;
        Ok((eligible, applicant))
    }

    /// What must be answered before, in the order of [`Warning`].
    pub fn warnings(&self, applicant: &Applicant, product_id: ProductId) -> Vec<Warning> {
        let number = self.rules.dose_number - 1;
        let before = applicant.doses.iter().filter(|dose| dose.dose_number == number);
        let before = before.max_by_key(|dose| dose.on_date);
        let product_before = before.and_then(|dose| dose.product_id);
        let asked = |warning: Warning| match warning {
            Warning::Identity | Warning::Screening => true,
            Warning::ProductDiffers => product_before.is_some_and(|one| one != product_id),
            Warning::PossibleDuplicate => self.facts.may_be_double,
            Warning::BirthDateImprecise => applicant.birth_date.precision() != Precision::Day,
            // The dose before is on record, or the rules have said no; and there is no slot.
            Warning::IntervalUnknown | Warning::NotTheirSlot | Warning::PreviousDoseMissing => {
                false
            }
        };
        Warning::ALL.iter().copied().filter(|warning| asked(*warning)).collect()
    }

    /// Where the dose comes from: first those that are spare, whatever their channel; then those
    /// that are meant for walk-ins; last those that nobody can book any more. Of each, the doses of
    /// the person's own tranche first.
    pub fn source(
        &self,
        allocations: &[Allocation],
        tranche_id: Option<TrancheId>,
    ) -> Option<(usize, Bucket)> {
        let is_over = self.facts.last_starts_at.is_none_or(|last| last <= self.now);
        let of = |one: &Allocation| {
            if one.spare > 0 {
                return Some((0, Bucket::Spare));
            }
            let rank = match one.channel {
                Channel::WalkIn => 1,
                Channel::Phone if is_over => 2,
                Channel::Web if is_over => 3,
                Channel::Phone | Channel::Web => return None,
            };
            (one.open > 0).then_some((rank, Bucket::Open))
        };
        let served = allocations.iter().enumerate().filter(|(_, one)| one.serves(tranche_id));
        let found = served.filter_map(|(at, one)| {
            let (rank, from) = of(one)?;
            Some(((rank, one.tranche_id.is_none(), one.allocation_id), at, from))
        });
        found.min_by_key(|(key, ..)| *key).map(|(_, at, from)| (at, from))
    }
}
