//! Appointments that are proposed to somebody at a desk, as forms: which dose and when, why staff
//! book it, and who has agreed.

use crate::{
    domain::{
        proposal::{FreeSlot, Proposal},
        staff_booking::Consent,
    },
    web::{
        form::Form,
        part::{Choice, Input, Radios, TextField},
        staff_guard::AtDesk,
        text::Texts,
    },
    words,
};

pub const REASON: &str = "why";
pub const CONSENT: &str = "consent";
pub const SLOT: &str = "slot";
/// The visit at which the appointment is made, and where it leads back to.
pub const VISIT: &str = "visit";

/// All that is proposed on a page.
pub struct Proposals {
    /// Where the forms go.
    pub to: String,
    /// The booking whose visit they stand on; empty on the page of a person.
    pub visit: String,
    pub all: Vec<Proposed>,
    pub reason: TextField,
    pub consent: Radios,
}

/// What could be booked here.
pub struct Proposed {
    pub what: String,
    pub booking_id: String,
    pub campaign_id: String,
    pub product_id: String,
    /// Why nothing can be booked.
    pub why_not: Vec<String>,
    pub slots: Radios,
}

impl Proposals {
    /// `typed` is what stood in the form that was sent; `reason` stands in it before.
    pub fn new(at: &AtDesk, found: &[Proposal], typed: &Form, to: String, reason: &str) -> Self {
        let t = at.visitor.t();
        let why = if typed.has(REASON) { typed.text(REASON) } else { reason };
        Self {
            to,
            visit: typed.text(VISIT).to_owned(),
            all: found.iter().map(|one| proposed(at, one, typed)).collect(),
            reason: TextField::new(REASON, t.clinic_book_reason(), Input::Text, why)
                .hint(t.clinic_book_reason_hint()),
            consent: consent(t, typed),
        }
    }
}

fn proposed(at: &AtDesk, proposal: &Proposal, typed: &Form) -> Proposed {
    let (t, product_id) = (at.visitor.t(), proposal.product.product_id);
    let is_it = typed.text("act") == "book" && typed.value("product_id") == Some(product_id);
    let reasons = proposal.verdict.reasons.iter();
    let slot = |slot: &FreeSlot| Choice {
        value: slot.slot_id.to_string(),
        label: t.instant(slot.starts_at, at.desk.zone).into(),
        hint: "".into(),
    };
    let sent = typed.value("booking_id").filter(|_| is_it);
    let booking_id: uuid::Uuid = sent.unwrap_or_else(|| at.visitor.visit.app.clock.id());
    Proposed {
        what: t.clinic_dose(t.name(&proposal.product.name), proposal.dose_number),
        booking_id: booking_id.to_string(),
        campaign_id: proposal.campaign_id.to_string(),
        product_id: product_id.to_string(),
        why_not: reasons.map(|reason| words::reason(t.language(), reason)).collect(),
        slots: Radios {
            id: SLOT,
            legend: t.booking_when().into(),
            hint: "".into(),
            choices: proposal.slots.iter().map(slot).collect(),
            chosen: if is_it { typed.text(SLOT).to_owned() } else { String::new() },
        },
    }
}

fn consent(t: Texts, typed: &Form) -> Radios {
    let choice = |consent: Consent| Choice {
        value: consent.word().to_owned(),
        label: match consent {
            Consent::Person => t.clinic_consent_person().into(),
            Consent::Representative => t.clinic_consent_representative().into(),
        },
        hint: "".into(),
    };
    Radios {
        id: CONSENT,
        legend: t.clinic_consent().into(),
        hint: "".into(),
        choices: Consent::ALL.into_iter().map(choice).collect(),
        chosen: typed.text(CONSENT).to_owned(),
    }
}
