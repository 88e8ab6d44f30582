//! What is pressed on the page of a visit, read from its forms.

use chrono::{Days, NaiveDate};

use super::vial::Vial;
use crate::{
    domain::{
        BookingId, ClinicId, StepId,
        actor::Actor,
        visit::{
            Act, LOT_CHARS_MAX, NOTE_CHARS_MAX, NotGiven, Press, Site, StepKind, UNWELL_DAYS_MAX,
            Warning,
        },
    },
    web::{
        day,
        form::{FieldError, Form, Reader},
        text::Texts,
    },
};

pub const STEP: &str = "step";
pub const STEP_ID: &str = "step_id";
pub const SITE: &str = "site";
pub const LOT: &str = "lot";
pub const REASON: &str = "reason";
pub const HAD_ON: &str = "had_on";
pub const UNTIL: &str = "until";
pub const UNDOES: &str = "undoes";
pub const NOTE: &str = "note";
/// The day of birth, as the person says it.
pub const BORN: &str = "born";
/// The box for somebody who cannot say it: it was compared with a document.
pub const DOCUMENT: &str = "document";
/// In front of a warning's word: the box that says it was answered.
pub const ANSWER: &str = "answer-";

/// Which booking is meant, and who presses.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub clinic_id: ClinicId,
    pub booking_id: BookingId,
    pub by: Actor,
    /// Where whoever presses is: no day of birth is after it.
    pub today: NaiveDate,
}

/// The press that the form asks for, or what must be mended in it. `asked` are the warnings that
/// the page has shown.
///
/// # Errors
/// None where the form is from no page of ours, and nothing can be mended.
pub fn read(t: Texts, form: &Form, about: About) -> Result<Press, Option<Vec<FieldError>>> {
    let kind = StepKind::named(form.text(STEP)).ok_or(None)?;
    let step_id: StepId = form.value(STEP_ID).ok_or(None)?;
    let (mut errors, mut birth_date) = (Vec::new(), None);
    if kind == StepKind::Arrive {
        let mut reader = Reader::new(form, t);
        let is_by_document = form.has(DOCUMENT) && form.text(BORN).trim().is_empty();
        birth_date = if is_by_document { None } else { reader.spoken_birth(BORN, about.today) };
        errors = reader.errors;
    }
    let mut fault = |field: &'static str, text: &str| {
        errors.push(FieldError { field, text: text.to_owned() });
    };
    let act = match kind {
        StepKind::Arrive => Act::Arrive,
        StepKind::NoShow => Act::NoShow,
        StepKind::Cancel => Act::Cancel,
        StepKind::Give => {
            let lot = form.text(LOT).trim().to_owned();
            if lot.is_empty() {
                fault(LOT, t.clinic_lot_missing());
            } else if lot.chars().count() > LOT_CHARS_MAX {
                fault(LOT, t.clinic_lot_long());
            }
            let site = Site::named(form.text(SITE));
            if site.is_none() {
                fault(SITE, t.clinic_site_missing());
            }
            Act::Give { site: site.unwrap_or(Site::Other), lot }
        }
        StepKind::NotVaccinated => not_vaccinated(t, form, about.today, &mut fault),
        StepKind::Undo => Act::Undo { of: form.value(UNDOES).ok_or(None)? },
        StepKind::WalkIn | StepKind::Assist => return Err(None),
    };
    if !errors.is_empty() {
        return Err(Some(errors));
    }
    // Whoever is checked in was asked who they are.
    let is_answered = |warning: &Warning| match kind {
        StepKind::Arrive => *warning == Warning::Identity,
        StepKind::Give => form.has(&answer_name(*warning)),
        _ => false,
    };
    let answers = Warning::ALL.iter().copied().filter(is_answered);
    let note: String = form.text(NOTE).trim().chars().take(NOTE_CHARS_MAX).collect();
    let About { clinic_id, booking_id, by, .. } = about;
    Ok(Press {
        step_id,
        clinic_id,
        booking_id,
        act,
        answers: answers.collect(),
        birth_date,
        note: Some(note).filter(|note| !note.is_empty()),
        by,
    })
}

/// Why nothing was given, and the day that belongs to the reason. A day that belongs to another
/// reason is not dropped in silence.
fn not_vaccinated(
    t: Texts,
    form: &Form,
    today: NaiveDate,
    fault: &mut impl FnMut(&'static str, &str),
) -> Act {
    let reason = NotGiven::named(form.text(REASON));
    if reason.is_none() {
        fault(REASON, t.clinic_reason_missing());
    }
    let reason = reason.unwrap_or(NotGiven::Refused);
    let had_on = day::parse(form.text(HAD_ON));
    if !form.text(HAD_ON).trim().is_empty() {
        if reason != NotGiven::AlreadyHad {
            fault(HAD_ON, t.clinic_day_of_other_reason());
        } else if had_on.is_none_or(|day| day > today) {
            fault(HAD_ON, t.clinic_had_on_unreadable());
        }
    }
    let until = day::parse(form.text(UNTIL));
    if !form.text(UNTIL).trim().is_empty() {
        let last = today.checked_add_days(Days::new(UNWELL_DAYS_MAX));
        if reason != NotGiven::Unwell {
            fault(UNTIL, t.clinic_day_of_other_reason());
        } else if until.is_none() {
            fault(UNTIL, t.clinic_until_unreadable());
        } else if until.is_some_and(|day| day <= today || last.is_some_and(|last| day > last)) {
            fault(UNTIL, &t.clinic_until_beyond(UNWELL_DAYS_MAX));
        }
    }
    Act::NotVaccinated { reason, had_on, until }
}

/// The name of the box for a warning.
pub fn answer_name(warning: Warning) -> String {
    format!("{ANSWER}{}", warning.word())
}

/// What the desk keeps of a dose that was given.
pub fn vial_of(press: &Press, product_id: crate::domain::ProductId) -> Option<Vial> {
    match &press.act {
        Act::Give { site, lot } => Some(Vial::new(product_id, *site, lot)),
        _ => None,
    }
}
