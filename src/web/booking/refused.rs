//! A booking that was refused: why, in words, what there is instead, and what to do. Nothing has
//! been booked by the press.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    choice::Chosen,
    elsewhere::{Away, Elsewhere},
    standing,
};
use crate::{
    board::snapshot::Snapshot,
    domain::{CampaignId, Code, Detail, Refusal, verdict::Verdict},
    http::problem::Problem,
    web::{
        page::{Frame, Visit},
        text::Texts,
    },
    words,
};

#[derive(Template)]
#[template(path = "booking/refused.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    heading: &'static str,
    /// What is true.
    sentences: Vec<String>,
    /// Rules that are not met, and what to do about each.
    reasons: Vec<(String, &'static str)>,
    elsewhere: Option<Elsewhere>,
    /// A page that says more: text and address.
    more: Vec<(&'static str, String)>,
}

/// The page of a refusal, with its status, and when to come again where that is known.
///
/// # Errors
/// `internal` if the page cannot be written.
pub fn show(
    visit: &Visit,
    snapshot: &Snapshot,
    chosen: &Chosen<'_>,
    refusal: Refusal,
) -> Result<HttpResponse, Problem> {
    let said = Said { visit, t: visit.t, snapshot, chosen };
    let page = said.page(&refusal);
    visit.show_refused(&Problem::from(refusal), &page)
}

/// The page for a time that is not there.
///
/// # Errors
/// `internal` if the page cannot be written.
pub fn no_such_time(visit: &Visit, campaign_id: CampaignId) -> Result<HttpResponse, Problem> {
    let (t, frame) = (visit.t, visit.frame());
    let page = Page {
        t,
        frame,
        heading: t.time_is_gone_title(),
        sentences: vec![t.no_such_time().to_owned()],
        reasons: Vec::new(),
        elsewhere: None,
        more: vec![(t.choose_anew(), frame.to(&format!("/campaigns/{campaign_id}/clinics")))],
    };
    visit.show_as(StatusCode::NOT_FOUND, &page)
}

/// What a refusal comes to.
struct Said<'a> {
    visit: &'a Visit,
    t: Texts,
    snapshot: &'a Snapshot,
    chosen: &'a Chosen<'a>,
}

impl<'a> Said<'a> {
    fn page(&self, refusal: &Refusal) -> Page<'a> {
        let t = self.t;
        match refusal.code {
            Code::SeatTaken => {
                let (product, slot) = (self.chosen.product, self.chosen.slot);
                let elsewhere = self.away().elsewhere_that_day(product.product_id, slot.slot_id);
                let sentence = match elsewhere.times.is_empty() {
                    true => t.seat_was_the_last(),
                    false => t.seat_was_taken(),
                };
                self.gone(t.taken_title(), sentence.to_owned(), elsewhere)
            }
            Code::DosesExhausted => {
                let date = words::date(t.language(), self.chosen.date);
                let sentence = t.time_but_no_doses(&date);
                self.gone(t.doses_gone_title(), sentence, self.away().elsewhere())
            }
            Code::SlotClosed => {
                let is_closed = self.chosen.slot.is_closed;
                let date = words::date(t.language(), self.chosen.date);
                let sentence =
                    if is_closed { t.day_is_closed(&date) } else { t.time_has_begun().to_owned() };
                self.gone(t.time_is_gone_title(), sentence, self.away().elsewhere())
            }
            _ => match &refusal.detail {
                Detail::Unmet(verdict) => self.unmet(refusal.code, verdict),
                _ => self.other(refusal),
            },
        }
    }

    fn gone(&self, heading: &'static str, sentence: String, elsewhere: Elsewhere) -> Page<'a> {
        Page {
            sentences: vec![self.t.nothing_booked().to_owned(), sentence],
            elsewhere: Some(elsewhere),
            ..self.blank(heading)
        }
    }

    fn unmet(&self, code: Code, verdict: &Verdict) -> Page<'a> {
        let (t, card) = (self.t, self.chosen.card);
        let standing = standing::why_not(t, &card.campaign, self.visit.app.clock.now());
        // The campaign's own standing is said with its reason; the rest are the person's.
        let is_standing =
            matches!(code, Code::CampaignPaused | Code::WindowNotOpen | Code::WindowClosed);
        let standing = standing.filter(|_| is_standing);
        let said = |reason| (words::reason(t.language(), reason), t.next_step(reason.code()));
        let skipped = usize::from(standing.is_some());
        let waits =
            verdict.next_eligible_at.map(|at| t.eligible_from(&t.instant(at, card.campaign.zone)));
        let frame = self.visit.frame();
        let id = card.campaign.campaign_id;
        Page {
            sentences: standing
                .into_iter()
                .chain([t.nothing_booked().to_owned()])
                .chain(waits)
                .collect(),
            reasons: verdict.reasons.iter().skip(skipped).map(said).collect(),
            more: vec![
                (t.can_i_book(), frame.to(&format!("/campaigns/{id}/eligibility"))),
                (t.see_supply(), frame.to(&format!("/campaigns/{id}"))),
            ],
            ..self.blank(words::title(t.language(), code))
        }
    }

    fn other(&self, refusal: &Refusal) -> Page<'a> {
        let t = self.t;
        let sentence = words::refusal(t.language(), refusal);
        Page {
            sentences: vec![sentence, t.nothing_booked().to_owned()],
            more: vec![(t.choose_anew(), self.away().elsewhere().all)],
            ..self.blank(words::title(t.language(), refusal.code))
        }
    }

    fn blank(&self, heading: &'static str) -> Page<'a> {
        Page {
            t: self.t,
            frame: self.visit.frame(),
            heading,
            sentences: Vec::new(),
            reasons: Vec::new(),
            elsewhere: None,
            more: Vec::new(),
        }
    }

    fn away(&self) -> Away<'a> {
        Away {
            snapshot: self.snapshot,
            t: self.t,
            frame: self.visit.frame(),
            campaign_id: self.chosen.card.campaign.campaign_id,
            clinic_id: self.chosen.clinic.clinic_id,
            date: Some(self.chosen.date),
        }
    }
}
