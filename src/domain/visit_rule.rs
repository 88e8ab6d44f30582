//! What a press at the clinic does to a booking: a pure function of what the transaction has locked
//! and read. Whatever was pressed at the same time is either in what was read, or waits.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

use super::{
    Code, Detail, Refusal,
    applicant::DoseHeld,
    birth_date::{BirthDate, Precision},
    booking::{Booking, State, open_again_until},
    calendar::{day_reaching, local_date},
    fact::Noun,
    movement::{Bucket, Kind},
    person_state::{Access, PersonState},
    product::{AgeFit, Product},
    verdict::{Reason, Verdict},
    visit::{
        Act, Facts, NotGiven, Press, SLOT_HOURS_MAX, Step, StepKind, UNWELL_DAYS_MAX, Warning,
        standing,
    },
};

/// How a visit stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub booking: Booking,
    pub facts: Facts,
    /// What must be answered before the dose is given.
    pub warnings: Vec<Warning>,
    /// Why it cannot be given now, whatever is answered.
    pub refusals: Vec<Refusal>,
    /// The present local date at the clinic.
    pub today: NaiveDate,
    /// A step was made just now; else it was so before.
    pub is_new: bool,
}

/// What a press is decided by.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub booking: &'a Booking,
    pub facts: &'a Facts,
    pub person: &'a PersonState,
    /// None where the campaign does not offer it any more.
    pub product: Option<&'a Product>,
    /// The live bookings of the same person and course, this one not among them.
    pub others: &'a [Booking],
    /// Of the campaign; see [`open_again_until`].
    pub cancel_until_hours: i16,
    pub now: DateTime<Utc>,
}

/// What is to become of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is so already.
    None,
    /// The person is there, or is not after all. No dose moves.
    Arrived(bool),
    Moved(Moved),
}

/// A dose that moves, and what that makes of its booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub kind: Kind,
    pub from: Bucket,
    pub to: Bucket,
    pub state: State,
    pub not_given: Option<NotGiven>,
}

fn refused(detail: Detail) -> Refusal {
    Refusal::new(Code::StepRefused, detail)
}

impl Scene<'_> {
    /// How the visit stands.
    pub fn seen(&self, is_new: bool) -> Seen {
        Seen {
            booking: self.booking.clone(),
            facts: self.facts.clone(),
            warnings: self.warnings(),
            refusals: self.refusals(),
            today: self.today(),
            is_new,
        }
    }

    /// The local date at the clinic.
    fn today(&self) -> NaiveDate {
        local_date(self.now, self.facts.zone)
    }

    /// What the press does.
    ///
    /// # Errors
    /// `step_refused` with the cause; `answers_needed` with the warnings that were not answered;
    /// `later_dose_booked`; `seat_taken` and `already_booked` where a step cannot be taken back.
    pub fn decide(&self, press: &Press) -> Result<Change, Refusal> {
        if self.is_so(&press.act) {
            return Ok(Change::None);
        }
        self.day_is_open()?;
        match &press.act {
            Act::Undo { of } => {
                let step = self.undoable(*of)?;
                return self.undo(step);
            }
            _ if self.booking.state != State::Booked => {
                return Err(refused(Detail::VisitEnded { state: self.booking.state }));
            }
            _ => {}
        }
        match &press.act {
            Act::Arrive => {
                self.on_the_day()?;
                self.is_who_they_say(press)?;
                Ok(Change::Arrived(true))
            }
            Act::Give { .. } => self.give(press),
            Act::NoShow => self.no_show(),
            Act::NotVaccinated { reason, had_on, until } => {
                self.not_vaccinated(*reason, (*had_on, *until))
            }
            Act::Cancel => self.cancel(),
            Act::Undo { .. } => Err(Code::Internal.into()),
        }
    }

    /// Whether what is pressed is so already: a second press ends on the same state.
    fn is_so(&self, act: &Act) -> bool {
        let Booking { state, arrived_at, not_given, .. } = self.booking;
        match act {
            Act::Arrive => *state == State::Booked && arrived_at.is_some(),
            Act::Give { .. } => *state == State::Given,
            Act::NoShow => *state == State::NoShow,
            Act::NotVaccinated { reason, .. } => *not_given == Some(*reason),
            Act::Cancel => *state == State::Cancelled,
            Act::Undo { of } => self.facts.steps.iter().any(|step| step.undoes == Some(*of)),
        }
    }

    fn day_is_open(&self) -> Result<(), Refusal> {
        match self.facts.closed_at {
            None => Ok(()),
            Some(_) => {
                let on_date = self.booking.on_date;
                Err(refused(Detail::DayAccounted { on_date }))
            }
        }
    }

    fn on_the_day(&self) -> Result<(), Refusal> {
        let (on_date, today) = (self.booking.on_date, self.today());
        match on_date == today {
            true => Ok(()),
            false => Err(refused(Detail::NotToday { on_date, today })),
        }
    }

    /// Whether the day of birth that was said, if any was, can be that of the person who is booked.
    fn is_who_they_say(&self, press: &Press) -> Result<(), Refusal> {
        let known = self.facts.patient.birth_date;
        match press.birth_date.is_some_and(|said| !agrees(known, said)) {
            true => Err(refused(Detail::BirthDateDiffers)),
            false => Ok(()),
        }
    }

    fn give(&self, press: &Press) -> Result<Change, Refusal> {
        if let Some(refusal) = self.refusals().into_iter().next() {
            return Err(refusal);
        }
        self.is_who_they_say(press)?;
        let mut warnings = self.warnings();
        warnings.retain(|warning| !press.answers.contains(warning));
        if !warnings.is_empty() {
            return Err(Refusal::new(Code::AnswersNeeded, Detail::Unanswered { warnings }));
        }
        Ok(Change::Moved(Moved {
            kind: Kind::Administer,
            from: Bucket::Booked,
            to: Bucket::Given,
            state: State::Given,
            not_given: None,
        }))
    }

    fn no_show(&self) -> Result<Change, Refusal> {
        let starts_at = self.booking.starts_at;
        if self.booking.arrived_at.is_some() {
            return Err(refused(Detail::CheckedIn));
        }
        if self.now < starts_at {
            let zone = self.facts.zone.name().to_owned();
            return Err(refused(Detail::AppointmentAhead { starts_at, zone }));
        }
        Ok(Change::Moved(self.ended(Kind::NoShow, State::NoShow)))
    }

    fn not_vaccinated(
        &self,
        reason: NotGiven,
        (had_on, until): (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Result<Change, Refusal> {
        if self.booking.arrived_at.is_none() {
            return Err(refused(Detail::NotArrived));
        }
        if had_on.is_some_and(|had_on| had_on > self.today()) {
            return Err(Refusal::field("had_on", Detail::HadInFuture));
        }
        if let Some(until) = until {
            let last = self.today().checked_add_days(Days::new(UNWELL_DAYS_MAX));
            if until <= self.today() || last.is_some_and(|last| until > last) {
                let days_max = UNWELL_DAYS_MAX;
                return Err(Refusal::field("until", Detail::UntilNotAhead { days_max }));
            }
        }
        let ended = self.ended(Kind::NotVaccinated, State::NotVaccinated);
        Ok(Change::Moved(Moved { not_given: Some(reason), ..ended }))
    }

    fn cancel(&self) -> Result<Change, Refusal> {
        if self.booking.arrived_at.is_some() {
            return Err(refused(Detail::CheckedIn));
        }
        self.no_later_dose()?;
        Ok(Change::Moved(match self.is_late(self.now) {
            true => self.ended(Kind::CancelLate, State::Cancelled),
            false => Moved { to: Bucket::Open, ..self.ended(Kind::Cancel, State::Cancelled) },
        }))
    }

    /// Whether the dose of a booking that is cancelled then stays at the clinic.
    fn is_late(&self, at: DateTime<Utc>) -> bool {
        at > open_again_until(self.booking.starts_at, self.cancel_until_hours)
    }

    /// The booking ends, and its dose is for somebody else at the clinic.
    fn ended(&self, kind: Kind, state: State) -> Moved {
        Moved { kind, from: Bucket::Booked, to: Bucket::Spare, state, not_given: None }
    }

    fn no_later_dose(&self) -> Result<(), Refusal> {
        no_later_dose(self.booking, self.others.iter())
    }

    /// Why the dose cannot be given now, whatever is answered: what settles it first.
    pub fn refusals(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        refusals.extend(self.day_is_open().err());
        if self.booking.state != State::Booked {
            refusals.push(refused(Detail::VisitEnded { state: self.booking.state }));
            return refusals;
        }
        refusals.extend(self.on_the_day().err());
        match self.person.access {
            Access::Open if self.person.applicant.is_some() => {}
            Access::Sealed => refusals.push(Code::Unavailable.into()),
            Access::Open | Access::Closed => refusals.push(refused(Detail::RecordClosed)),
        }
        refusals.extend(self.unmet().map(|reason| {
            let rule_version = self.booking.rule_version;
            let verdict = Verdict {
                eligible: false,
                reasons: vec![reason],
                next_eligible_at: None,
                rule_version,
            };
            refused(Detail::Unmet(verdict.into()))
        }));
        if self.booking.arrived_at.is_none() {
            refusals.push(refused(Detail::NotArrived));
        }
        refusals
    }

    /// The rules of the dose itself, on the present day. Those of booking (window, cohort, turn)
    /// were met when it was booked.
    fn unmet(&self) -> impl Iterator<Item = Reason> {
        let Booking { course_id, dose_number, .. } = *self.booking;
        let excluded =
            self.person.is_excluded(course_id, dose_number).then_some(Reason::Excluded {});
        let deferred = self.person.deferred_until(course_id).filter(|until| self.today() < *until);
        let deferred = deferred.map(|until| Reason::Deferred { until });
        let had = self.own_dose_elsewhere().then_some(Reason::AlreadyGiven { dose_number });
        let age = self.product.and_then(|product| self.age(product));
        let interval = self.product.and_then(|product| self.interval(product));
        [excluded, deferred, had, age, interval].into_iter().flatten()
    }

    /// The same dose of the course on record besides this booking.
    fn own_dose_elsewhere(&self) -> bool {
        let Booking { course_id, dose_number, .. } = *self.booking;
        let mut doses = self.person.doses_of(course_id);
        doses.any(|dose| dose.dose_number == dose_number && dose.product_id.is_none())
    }

    fn age(&self, product: &Product) -> Option<Reason> {
        let born = self.facts.patient.birth_date.date();
        let (product_id, product_name) = (product.product_id, product.name.clone());
        match product.age_fit(born, self.today()) {
            AgeFit::Fits => None,
            AgeFit::TooYoung => {
                let age_months_min = product.age_months_min;
                let reached_on = day_reaching(born, age_months_min.into());
                Some(Reason::TooYoung { product_id, product_name, age_months_min, reached_on })
            }
            AgeFit::TooOld => {
                let age_months_max = product.age_months_max.unwrap_or(i16::MAX);
                Some(Reason::TooOld { product_id, product_name, age_months_max })
            }
        }
    }

    /// The dose before this one that was given last.
    fn previous(&self) -> Option<&DoseHeld> {
        let number = self.booking.dose_number - 1;
        let doses = self.person.doses_of(self.booking.course_id);
        let given = doses.filter(|dose| dose.dose_number == number && dose.is_given);
        given.max_by_key(|dose| dose.on_date)
    }

    fn interval(&self, product: &Product) -> Option<Reason> {
        let previous_on = self.previous().filter(|_| !self.is_interval_unknown())?.on_date;
        let interval_days = product.interval_days_min;
        let possible_on = days_after(previous_on, interval_days);
        let is_met = possible_on.is_some_and(|day| day <= self.today());
        (!is_met).then_some(Reason::IntervalTooShort { interval_days, previous_on, possible_on })
    }

    /// Whether the dose before was had elsewhere, and nobody knows when.
    fn is_interval_unknown(&self) -> bool {
        use super::visit::ExclusionReason::AlreadyHad;
        let number = self.booking.dose_number - 1;
        self.person.exclusions.iter().any(|(course_id, exclusion)| {
            *course_id == self.booking.course_id
                && exclusion.dose_number == Some(number)
                && matches!(exclusion.reason, AlreadyHad { had_on: None, .. })
        })
    }

    /// What must be answered before the dose is given, in the order of [`Warning`].
    pub fn warnings(&self) -> Vec<Warning> {
        let patient = &self.facts.patient;
        let previous = self.previous();
        let is_later_dose = self.booking.dose_number > 1;
        let product_before = previous.and_then(|dose| dose.product_id);
        let hours = TimeDelta::hours(SLOT_HOURS_MAX);
        let Booking { starts_at, ends_at, product_id, .. } = *self.booking;
        let asked = |warning: Warning| match warning {
            Warning::Identity | Warning::Screening => true,
            Warning::ProductDiffers => product_before.is_some_and(|before| before != product_id),
            Warning::IntervalUnknown => is_later_dose && self.is_interval_unknown(),
            Warning::NotTheirSlot => self.now < starts_at - hours || self.now > ends_at + hours,
            Warning::PreviousDoseMissing => is_later_dose && previous.is_none(),
            Warning::PossibleDuplicate => patient.may_be_double,
            Warning::BirthDateImprecise => patient.birth_date.precision() != Precision::Day,
        };
        Warning::ALL.iter().copied().filter(|warning| asked(*warning)).collect()
    }

    /// The step, if nothing was done since that would have to be taken back first.
    fn undoable(&self, of: super::StepId) -> Result<&Step, Refusal> {
        let steps = &self.facts.steps;
        let step = steps.iter().find(|step| step.step_id == of && step.kind != StepKind::Undo);
        let step = step.ok_or_else(|| Refusal::no_such("undoes", Noun::Step))?;
        match standing(steps).next_back() {
            Some(last) if last.step_id == of => Ok(step),
            _ => Err(refused(Detail::NewerStep)),
        }
    }

    fn undo(&self, step: &Step) -> Result<Change, Refusal> {
        let back = |from, to, state| {
            Change::Moved(Moved { kind: Kind::Correct, from, to, state, not_given: None })
        };
        let is_now = |state: State| match self.booking.state == state {
            true => Ok(()),
            false => Err(refused(Detail::NewerStep)),
        };
        match step.kind {
            StepKind::Arrive => is_now(State::Booked).map(|()| Change::Arrived(false)),
            StepKind::Give => {
                is_now(State::Given)?;
                self.no_later_dose()?;
                Ok(back(Bucket::Given, Bucket::Booked, State::Booked))
            }
            StepKind::WalkIn => {
                is_now(State::Given)?;
                self.no_later_dose()?;
                Ok(back(Bucket::Given, Bucket::Spare, State::Cancelled))
            }
            StepKind::NoShow => {
                is_now(State::NoShow)?;
                self.no_same_dose()?;
                Ok(back(Bucket::Spare, Bucket::Booked, State::Booked))
            }
            StepKind::NotVaccinated => {
                is_now(State::NotVaccinated)?;
                self.no_same_dose()?;
                let from = match self.booking.not_given {
                    Some(NotGiven::NotRecorded) => Bucket::Lost,
                    _ => Bucket::Spare,
                };
                Ok(back(from, Bucket::Booked, State::Booked))
            }
            StepKind::Cancel => {
                is_now(State::Cancelled)?;
                if !self.is_late(step.at) {
                    return Err(refused(Detail::CancelledInTime));
                }
                self.no_same_dose()?;
                Ok(back(Bucket::Spare, Bucket::Booked, State::Booked))
            }
            StepKind::Undo | StepKind::Assist => Err(refused(Detail::StepNotUndone)),
        }
    }

    /// The person has not booked or had the same dose since.
    fn no_same_dose(&self) -> Result<(), Refusal> {
        let Booking { dose_number, .. } = *self.booking;
        match self.others.iter().find(|other| other.dose_number == dose_number) {
            None => Ok(()),
            Some(other) => {
                let on_date = other.on_date;
                Err(refused(Detail::SameDoseSince { dose_number, on_date }))
            }
        }
    }
}

/// A booking may end only where no later dose of the course stands on it.
///
/// # Errors
/// `later_dose_booked` with the number and the day of the first that does.
pub(super) fn no_later_dose<'a>(
    booking: &Booking,
    live: impl Iterator<Item = &'a Booking>,
) -> Result<(), Refusal> {
    let later = live.filter(|other| {
        (other.person_id, other.course_id) == (booking.person_id, booking.course_id)
            && other.dose_number > booking.dose_number
            && other.state.is_live()
    });
    match later.min_by_key(|other| (other.dose_number, other.booking_id)) {
        None => Ok(()),
        Some(&Booking { dose_number, on_date, .. }) => {
            let detail = Detail::LaterDose { dose_number, on_date };
            Err(Refusal::new(Code::LaterDoseBooked, detail))
        }
    }
}

/// The first day on which so many days have passed; none beyond the calendar.
pub(super) fn days_after(date: NaiveDate, days: i16) -> Option<NaiveDate> {
    date.checked_add_days(Days::new(u64::from(days.max(0).unsigned_abs())))
}

/// Whether what somebody says can be what is known of their day of birth.
fn agrees(known: BirthDate, said: NaiveDate) -> bool {
    let date = known.date();
    match known.precision() {
        Precision::Day => said == date,
        Precision::Month => (said.year(), said.month()) == (date.year(), date.month()),
        Precision::Year => said.year() == date.year(),
    }
}
