//! A visit: what happens at the clinic with one booking, in steps. A step is one press of staff. It
//! is never changed, and taken back by a further step.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

pub use super::visit_word::{NotGiven, Site, StepKind, Warning};
use super::{BookingId, ClinicId, StaffUserId, StepId, actor::Actor, birth_date::BirthDate};

/// Characters of a lot as it stands on a vial.
pub const LOT_CHARS_MAX: usize = 40;
/// Characters of what staff write to a step.
pub const NOTE_CHARS_MAX: usize = 500;
/// So much earlier or later than the appointment it is asked whether the slot is the person's.
pub const SLOT_HOURS_MAX: i64 = 2;
/// Somebody unwell waits no longer than this many days: what lasts longer is for a doctor.
pub const UNWELL_DAYS_MAX: u64 = 180;

/// What is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Arrive,
    Give {
        site: Site,
        lot: String,
    },
    NoShow,
    NotVaccinated {
        reason: NotGiven,
        /// The local date on which the dose was had elsewhere, as far as known.
        had_on: Option<NaiveDate>,
        /// The local date from which somebody unwell can have the dose, where that is known.
        until: Option<NaiveDate>,
    },
    Cancel,
    Undo {
        of: StepId,
    },
}

impl Act {
    pub fn kind(&self) -> StepKind {
        match self {
            Self::Arrive => StepKind::Arrive,
            Self::Give { .. } => StepKind::Give,
            Self::NoShow => StepKind::NoShow,
            Self::NotVaccinated { .. } => StepKind::NotVaccinated,
            Self::Cancel => StepKind::Cancel,
            Self::Undo { .. } => StepKind::Undo,
        }
    }
}

/// One press of somebody at a clinic about one booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Chosen by the client: the same press sent again is one step.
    pub step_id: StepId,
    pub clinic_id: ClinicId,
    pub booking_id: BookingId,
    pub act: Act,
    /// The warnings that were answered, in order.
    pub answers: Vec<Warning>,
    /// The day of birth that the person said, where it is to be compared.
    pub birth_date: Option<NaiveDate>,
    pub note: Option<String>,
    pub by: Actor,
}

impl Press {
    /// Whether `step` is what this press asked for, so that sending it again is a replay. What was
    /// only compared (the day of birth) is not kept, and does not count.
    pub fn is_for(&self, step: &Step) -> bool {
        let (site, lot) = match &self.act {
            Act::Give { site, lot } => (Some(*site), Some(lot.as_str())),
            _ => (None, None),
        };
        let not_given = match self.act {
            Act::NotVaccinated { reason, had_on, until } => (Some(reason), had_on, until),
            _ => (None, None, None),
        };
        let undoes = match self.act {
            Act::Undo { of } => Some(of),
            _ => None,
        };
        step.booking_id == self.booking_id
            && step.kind == self.act.kind()
            && (step.site, step.lot.as_deref()) == (site, lot)
            && (step.reason, step.had_on, step.until) == not_given
            && step.undoes == undoes
            && step.answers == self.answers
            && step.note == self.note
    }
}

/// A step as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub step_id: StepId,
    pub booking_id: BookingId,
    pub kind: StepKind,
    pub at: DateTime<Utc>,
    /// None is the service itself.
    pub by: Option<StaffUserId>,
    /// Their name as a user; none is the service itself, or not asked for.
    pub username: Option<String>,
    pub reason: Option<NotGiven>,
    /// The local date on which the dose was had elsewhere, as far as known.
    pub had_on: Option<NaiveDate>,
    /// The local date from which somebody unwell can have the dose, where that is known.
    pub until: Option<NaiveDate>,
    pub site: Option<Site>,
    pub lot: Option<String>,
    /// In order.
    pub answers: Vec<Warning>,
    pub undoes: Option<StepId>,
    pub note: Option<String>,
}

/// Those of the steps that stand: that were not taken back and take nothing back.
pub fn standing(steps: &[Step]) -> impl DoubleEndedIterator<Item = &Step> {
    steps.iter().filter(|step| {
        let is_undone = steps.iter().any(|other| other.undoes == Some(step.step_id));
        step.kind != StepKind::Undo && !is_undone
    })
}

/// What is known of a visit beside its booking, read under the same locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where the clinic is: it says what day it is.
    pub zone: Tz,
    /// When the account of the day was closed; none while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    pub patient: Patient,
    /// The name as a user of whoever presses now; none where nobody does.
    pub presser: Option<String>,
    /// Of this booking, in the order in which they were made.
    pub steps: Vec<Step>,
}

/// Who stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    pub name: String,
    pub birth_date: BirthDate,
    /// Empty for somebody without one.
    pub phone: String,
    /// Another row of the register may be the same person.
    pub may_be_double: bool,
}

/// What keeps a person from a course, or from a dose of it, until it is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// None is the whole course.
    pub dose_number: Option<i16>,
    pub reason: ExclusionReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExclusionReason {
    /// Not well enough before this local date.
    Unwell { until: NaiveDate },
    /// Must not have it.
    Contraindicated,
    /// Has had it elsewhere.
    AlreadyHad {
        /// None where nobody knows.
        had_on: Option<NaiveDate>,
        /// The local date on which that was said: it was had by then.
        by_then: NaiveDate,
    },
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn step(id: u128, kind: StepKind, undoes: Option<u128>) -> Step {
        Step {
            step_id: StepId(Uuid::from_u128(id)),
            booking_id: BookingId(Uuid::nil()),
            kind,
            at: DateTime::UNIX_EPOCH,
            by: None,
            username: None,
            reason: None,
            had_on: None,
            until: None,
            site: None,
            lot: None,
            answers: vec![],
            undoes: undoes.map(|id| StepId(Uuid::from_u128(id))),
            note: None,
        }
    }

    #[test]
    fn what_was_taken_back_does_not_stand() {
        let steps = [
            step(1, StepKind::Arrive, None),
            step(2, StepKind::Give, None),
            step(3, StepKind::Undo, Some(2)),
            step(4, StepKind::Give, None),
        ];
        let ids: Vec<_> = standing(&steps).map(|step| step.step_id.0.as_u128()).collect();
        assert_eq!(ids, [1, 4]);
    }

    #[test]
    fn the_same_press_is_the_same_step_and_another_is_not() {
        let written = Step {
            site: Some(Site::LeftArm),
            lot: Some("EW0182".to_owned()),
            answers: vec![Warning::Identity, Warning::Screening],
            ..step(1, StepKind::Give, None)
        };
        let press = Press {
            step_id: written.step_id,
            clinic_id: ClinicId(7),
            booking_id: written.booking_id,
            act: Act::Give { site: Site::LeftArm, lot: "EW0182".to_owned() },
            answers: written.answers.clone(),
            birth_date: None,
            note: None,
            by: Actor::Staff(StaffUserId(1)),
        };
        assert!(press.is_for(&written));
        let lot = Act::Give { site: Site::LeftArm, lot: "EW0183".to_owned() };
        let others = [
            Press { act: lot, ..press.clone() },
            Press { act: Act::Arrive, ..press.clone() },
            Press { answers: vec![Warning::Identity], ..press.clone() },
            Press { booking_id: BookingId(Uuid::from_u128(9)), ..press.clone() },
            Press { note: Some("x".to_owned()), ..press },
        ];
        for other in others {
            assert!(!other.is_for(&written), "{other:?}");
        }
    }
}
