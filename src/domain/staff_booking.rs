//! Bookings that staff make for somebody else: an assisted one for a day to come, and that of a
//! walk-in, which is given as it is made.

use serde::{Deserialize, Serialize};

use super::{
    Detail, Refusal,
    actor::Actor,
    booking::{Book, Booking, NewBooking},
    channel::Channel,
    movement::{Bucket, Kind},
    visit::{LOT_CHARS_MAX, NOTE_CHARS_MAX, Site, StepKind, Warning},
};

/// What somebody of the staff asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookFor {
    pub book: Book,
    pub form: Form,
    pub by: Actor,
}

/// As what it is booked, with what is written down beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Assisted {
        /// Why the person does not book themselves.
        reason: String,
        consent: Consent,
    },
    WalkIn(Given),
}

/// What is written down of a dose that is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub site: Site,
    /// As it stands on the vial.
    pub lot: String,
    /// The warnings that were answered, in order.
    pub answers: Vec<Warning>,
    pub note: Option<String>,
}

/// Who has agreed to a booking that somebody else makes. The numbers stand in `visit_step.answers`
/// of the step that made it, beside those of `Warning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The person themselves.
    Person,
    /// Somebody who speaks for them: a parent, a guardian, a carer.
    Representative,
}

impl Consent {
    pub const ALL: [Self; 2] = [Self::Person, Self::Representative];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Person => 101,
            Self::Representative => 102,
        }
    }

    /// As in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Representative => "representative",
        }
    }
}

impl Form {
    /// # Errors
    /// Names `reason`: empty or too long.
    pub fn assisted(reason: &str, consent: Consent) -> Result<Self, Refusal> {
        let reason = written("reason", reason, NOTE_CHARS_MAX)?;
        let empty = || Refusal::field("reason", Detail::Empty);
        Ok(Self::Assisted { reason: reason.ok_or_else(empty)?, consent })
    }

    /// # Errors
    /// Names `lot` or `note`: too long, or with control characters; a lot that is empty.
    pub fn walk_in(
        (site, lot): (Site, &str),
        mut answers: Vec<Warning>,
        note: Option<&str>,
    ) -> Result<Self, Refusal> {
        let lot = written("lot", lot, LOT_CHARS_MAX)?;
        let lot = lot.ok_or_else(|| Refusal::field("lot", Detail::Empty))?;
        let note = note.map(|note| written("note", note, NOTE_CHARS_MAX)).transpose()?.flatten();
        answers.sort_unstable_by_key(|warning| warning.number());
        answers.dedup();
        Ok(Self::WalkIn(Given { site, lot, answers, note }))
    }

    /// The channel of the booking that it becomes.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Assisted { .. } => Channel::Phone,
            Self::WalkIn(_) => Channel::WalkIn,
        }
    }
}

/// A text as it is kept: none where nothing but white space was written.
fn written(field: &'static str, text: &str, chars_max: usize) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    if text.chars().count() > chars_max {
        return Err(Refusal::field(field, Detail::TooLong { chars_max }));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::field(field, Detail::ControlCharacters));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

impl BookFor {
    /// Whether `booking` is what this request asked for, so that sending it again is a replay. The
    /// slot of a walk-in only says about when they came, and the person may have been merged.
    pub fn is_for(&self, booking: &Booking) -> bool {
        let Book { booking_id, person_id, campaign_id, slot_id, product_id } = self.book;
        let is_same_slot = match self.form {
            Form::Assisted { .. } => slot_id == booking.slot_id,
            Form::WalkIn(_) => slot_id.clinic() == booking.clinic_id,
        };
        is_same_slot
            && booking.channel == self.form.channel()
            && (booking_id, person_id) == (booking.booking_id, booking.person_id)
            && (campaign_id, product_id) == (booking.campaign_id, booking.product_id)
    }
}

/// A booking of staff's that may be written, and the bucket that its dose came from.
#[derive(Debug)]
pub struct StaffBooking {
    pub new: NewBooking,
    pub from: Bucket,
    pub form: Form,
    pub by: Actor,
}

/// The press that made a booking, as it is kept. It has the booking's own id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub kind: i16,
    pub site: Option<i16>,
    pub lot: Option<String>,
    /// Warnings that were answered and, of an assisted booking, who has agreed.
    pub answers: Vec<i16>,
    pub note: Option<String>,
}

impl From<&Form> for Written {
    fn from(form: &Form) -> Self {
        match form {
            Form::Assisted { reason, consent } => Self {
                kind: StepKind::Assist.number(),
                answers: vec![consent.number()],
                note: Some(reason.clone()),
                ..Self::default()
            },
            Form::WalkIn(Given { site, lot, answers, note }) => Self {
                kind: StepKind::WalkIn.number(),
                site: Some(site.number()),
                lot: Some(lot.clone()),
                answers: answers.iter().map(|warning| warning.number()).collect(),
                note: note.clone(),
            },
        }
    }
}

impl StaffBooking {
    /// How its dose moves.
    pub fn movement(&self) -> (Kind, Bucket, Bucket) {
        match self.form {
            Form::Assisted { .. } => (Kind::Book, self.from, Bucket::Booked),
            Form::WalkIn(_) => (Kind::WalkIn, self.from, Bucket::Given),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::movement::LAWFUL;

    #[test]
    fn what_is_written_down_is_short_and_plain() {
        let lot = |lot: &str| Form::walk_in((Site::LeftArm, lot), vec![], None);
        let blamed = |refused: Result<Form, Refusal>| {
            refused.err().map(|no| (no.field.unwrap().into_owned(), no.detail.cause()))
        };
        let Form::WalkIn(given) = lot(" EW0182 ").unwrap() else { panic!("a walk-in") };
        assert_eq!((given.lot.as_str(), given.note), ("EW0182", None), "the control");
        for (text, cause) in [("", "empty"), (" ", "empty"), (&"x".repeat(41), "too_long")] {
            assert_eq!(blamed(lot(text)), Some(("lot".to_owned(), cause)), "{text:?}");
        }
        assert_eq!(blamed(lot("EW\n1")), Some(("lot".to_owned(), "control_characters")));
        let reason = |text: &str| Form::assisted(text, Consent::Person);
        reason("Has no phone of their own").expect("the control");
        for (text, cause) in [("  ", "empty"), (&"가".repeat(501), "too_long")] {
            assert_eq!(blamed(reason(text)), Some(("reason".to_owned(), cause)), "{text:?}");
        }
    }

    #[test]
    fn answers_are_kept_in_order_and_once() {
        let answers = vec![Warning::Screening, Warning::Identity, Warning::Screening];
        let form = Form::walk_in((Site::Other, "A"), answers, Some(" ")).unwrap();
        assert_eq!(Written::from(&form).answers, [1, 2]);
        assert_eq!(Written::from(&form).note, None);
    }

    #[test]
    fn consent_has_a_number_that_no_warning_has() {
        for consent in Consent::ALL {
            assert_eq!(Warning::of(consent.number()), None);
            assert_eq!(serde_json::to_value(consent).unwrap(), consent.word());
        }
    }

    #[test]
    fn a_walk_in_moves_doses_as_the_journal_allows() {
        for from in [Bucket::Open, Bucket::Spare] {
            assert!(LAWFUL.contains(&(Kind::WalkIn, from, Bucket::Given)), "{from:?}");
        }
        assert!(!LAWFUL.contains(&(Kind::WalkIn, Bucket::Booked, Bucket::Given)));
    }
}
