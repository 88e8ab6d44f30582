//! A step in a campaign's life, on a page of its own: what it does in numbers, what stands in its
//! way, and the reason that everybody reads.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{
    head::{Head, find, path, said},
    task::{Found, found, name, sum, word},
    version::{self, Stopped, stopped},
};
use crate::{
    api::admin::check::setup,
    domain::{
        CampaignId,
        campaign::{Campaign, State, Step},
        campaign_sum::CampaignSum,
        check::{Check, Finding},
        localized::Localized,
    },
    flows::{self, campaign::Stepped},
    http::{extract::Path, problem::Problem},
    web::{
        admin::field::{self, REASON, REASON_CHARS_MAX},
        form::{FieldError, Form, Reader},
        part::TextField,
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

#[derive(Clone, Copy, Deserialize)]
pub struct OneStep {
    campaign_id: CampaignId,
    step: Step,
}

#[derive(Template)]
#[template(path = "admin/campaign/step.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    errors: Vec<FieldError>,
    changes: Vec<String>,
    heading: &'static str,
    word: &'static str,
    /// What the step does, in numbers.
    consequences: Vec<String>,
    summary: Option<String>,
    faults: Vec<Found>,
    warnings: Vec<Warning>,
    /// Why it cannot be taken at all from this state.
    impossible: Option<String>,
    reasons: [TextField; 2],
    doses: Option<i64>,
    is_harm: bool,
}

/// A warning, to be ticked by whoever has read it.
struct Warning {
    name: &'static str,
    label: String,
    is_chosen: bool,
}

/// What the page is about.
struct Seen {
    campaign: Campaign,
    sum: CampaignSum,
    check: Option<Check>,
}

/// # Errors
/// `not_found`.
pub async fn get_step(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneStep>,
) -> Result<HttpResponse, Problem> {
    let seen = look(&visitor, at).await?;
    let t = visitor.t();
    // As announced: the usual reason, which may be changed.
    let usual = match (at.step, seen.campaign.state) {
        (Step::Open, State::Published) => Form::of([
            ("reason_ko", t.admin_as_announced_ko().to_owned()),
            ("reason_en", t.admin_as_announced_en().to_owned()),
        ]),
        _ => Form::default(),
    };
    let page = page(&visitor, at, &seen, &usual);
    let status = if page.impossible.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    visitor.show_as(status, &page)
}

/// Takes the step.
///
/// # Errors
/// `not_found`; what stands in the way is said on the page.
pub async fn post_step(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneStep>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let target = version::target(&form, at.campaign_id)?;
    let mut reader = Reader::new(&form, t);
    let Some(reason) = REASON.read(&mut reader, t, REASON_CHARS_MAX) else {
        return again(&visitor, at, &form, reader.errors).await;
    };
    let confirmed: Vec<String> =
        Finding::CODES.iter().filter(|code| form.has(code)).map(|&code| code.to_owned()).collect();
    let step = (target, at.step);
    let stepped =
        flows::campaign::step_if_ready(&app.db, step, &reason, setup(app), &confirmed).await;
    match stepped {
        Ok(Stepped::Done(stepped)) => done(&visitor, at, &stepped.done, stepped.is_settled),
        Ok(Stepped::HeldUp(check)) => held_up(&visitor, at, &form, &check).await,
        Err(error) => match stopped(&visitor, target, error.into()).await? {
            Stopped::Changed(now, _) if is_same_press(&now, at.step, &reason) => {
                done(&visitor, at, &now, true)
            }
            Stopped::Changed(_, changes) => {
                let seen = look(&visitor, at).await?;
                let page = Page { changes, ..page(&visitor, at, &seen, &form) };
                visitor.show_as(StatusCode::PRECONDITION_FAILED, &page)
            }
            Stopped::Refused(problem) => {
                field::refused(&mut reader, t, problem, &["reason_ko", "reason_en"])?;
                again(&visitor, at, &form, reader.errors).await
            }
        },
    }
}

/// The same press twice ends where the first one did. Of publishing and opening the campaign keeps
/// no reason, so that state alone tells.
fn is_same_press(now: &Campaign, step: Step, reason: &Localized) -> bool {
    match step {
        Step::Publish => now.state == State::Published,
        Step::Open => now.state == State::Open,
        Step::Pause => now.state == State::Paused && now.state_reason.as_ref() == Some(reason),
        Step::Close => now.state == State::Closed && now.state_reason.as_ref() == Some(reason),
    }
}

fn done(
    visitor: &StaffVisitor,
    at: OneStep,
    campaign: &Campaign,
    is_settled: bool,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let quota = t.count(campaign.published_quota.unwrap_or_default());
    let text = match at.step {
        Step::Publish => t.admin_published_done(&quota),
        Step::Open => t.admin_open_done().to_owned(),
        Step::Pause => t.admin_pause_done().to_owned(),
        Step::Close => t.admin_close_done().to_owned(),
    };
    visitor.done(&path(at.campaign_id), said(t, &text, is_settled))
}

/// Errors must be mended; warnings that nobody has ticked are asked for.
async fn held_up(
    visitor: &StaffVisitor,
    at: OneStep,
    form: &Form,
    check: &Check,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let mut errors = unread(t, check, form);
    if errors.is_empty() {
        errors.push(FieldError { field: "findings", text: t.admin_errors_first().to_owned() });
    }
    again(visitor, at, form, errors).await
}

/// Warnings that nobody has ticked.
fn unread(t: Texts, check: &Check, form: &Form) -> Vec<FieldError> {
    let unread = found(t, check).into_iter().filter(|one| !one.is_error && !form.has(one.code));
    unread
        .map(|one| FieldError { field: one.code, text: t.admin_confirm_missing(&one.text) })
        .collect()
}

/// The page with all that must be mended, so that nobody is sent back twice.
async fn again(
    visitor: &StaffVisitor,
    at: OneStep,
    form: &Form,
    stated: Vec<FieldError>,
) -> Result<HttpResponse, Problem> {
    let seen = look(visitor, at).await?;
    let mut errors = stated;
    if let Some(check) = &seen.check {
        let is_stated = |one: &FieldError| errors.iter().any(|known| known.field == one.field);
        let mut all = unread(visitor.t(), check, form);
        all.retain(|one| !is_stated(one));
        all.append(&mut errors);
        errors = all;
    }
    let page = Page { errors, ..page(visitor, at, &seen, form) };
    visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn look(visitor: &StaffVisitor, at: OneStep) -> Result<Seen, Problem> {
    let app = &visitor.visit.app;
    let campaign = find(visitor, at.campaign_id).await?;
    let check = match campaign.state.checked_step() == Some(at.step) {
        true => Some(flows::check::check(&app.db, at.campaign_id, setup(app)).await?),
        false => None,
    };
    Ok(Seen { campaign, sum: sum(visitor, at.campaign_id).await?, check })
}

fn page<'a>(visitor: &'a StaffVisitor, at: OneStep, seen: &Seen, form: &Form) -> Page<'a> {
    let t = visitor.t();
    let Seen { campaign, sum, check } = seen;
    let findings = check.as_ref().map(|check| found(t, check)).unwrap_or_default();
    let (faults, warnings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|one| one.is_error);
    let warning =
        |one: Found| Warning { name: one.code, label: one.text, is_chosen: form.has(one.code) };
    let impossible = campaign.state.next(at.step).err();
    let labels = (t.admin_reason_ko().into(), t.admin_reason_en().into());
    Page {
        t,
        staff: visitor.frame(),
        head: Head::new(t, campaign),
        errors: Vec::new(),
        changes: Vec::new(),
        heading: name(t, campaign.state, at.step),
        word: word(at.step),
        consequences: consequences(t, at.step, campaign, sum),
        summary: check.as_ref().map(|check| words::check_summary(t.language(), &check.numbers)),
        faults,
        warnings: warnings.into_iter().map(warning).collect(),
        impossible: impossible.map(|refusal| words::refusal(t.language(), &refusal)),
        reasons: REASON.fields(t, labels, form),
        doses: (at.step == Step::Publish).then_some(sum.received),
        is_harm: matches!(at.step, Step::Pause | Step::Close),
    }
}

/// What becomes so by the step, in numbers.
fn consequences(t: Texts, step: Step, campaign: &Campaign, sum: &CampaignSum) -> Vec<String> {
    let (open, booked) = (t.count(sum.open), t.count(sum.booked));
    let opens = t.instant(campaign.opens_at, campaign.zone);
    match step {
        Step::Publish => vec![
            t.admin_then_limit(&t.count(sum.received)),
            t.admin_then_public().to_owned(),
            t.admin_then_no_way_back().to_owned(),
        ],
        Step::Open if campaign.state == State::Paused => vec![t.admin_then_resumed(&open)],
        Step::Open => vec![t.admin_then_open(&opens, &open), t.admin_then_no_draft().to_owned()],
        Step::Pause => vec![t.admin_then_paused(&open), t.admin_then_stay(&booked)],
        Step::Close => vec![
            t.admin_then_closed(&open),
            t.admin_then_in_pools(&t.count(sum.in_pools)),
            t.admin_then_still_stay(&booked),
            t.admin_then_for_good().to_owned(),
        ],
    }
}
