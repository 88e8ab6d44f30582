//! "Can I book?", asked by anybody and answered in words, with every reason. Nothing of it is kept,
//! and nothing stands in the address.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
};
use askama::Template;
use serde::Deserialize;

use super::{
    birth_field::birth_field,
    form::{FieldError, Form, REGION, Reader},
    guard::SignedIn,
    page::{Frame, Visit},
    part::{Choice, DateField, Select},
    region_field::districts,
    round::Round,
    text::Texts,
};
use crate::{
    board::{catalogue::Card, snapshot::Snapshot},
    db,
    domain::{
        CampaignId, Code, Refusal, RegionId,
        verdict::{Reason, ReasonCode, Verdict},
    },
    flows::eligibility::{Question, ask, judge_person},
    http::{
        admission::{self, admit},
        extract::Path,
        problem::Problem,
    },
    words,
};

/// The campaign that a path names.
#[derive(Deserialize)]
pub struct InCampaign {
    campaign_id: CampaignId,
}

#[derive(Template)]
#[template(path = "eligibility.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    campaign: &'a str,
    errors: Vec<FieldError>,
    warnings: Vec<String>,
    answer: Option<Answer>,
    birth: DateField,
    region: Select,
}

/// The answer, as the page says it.
struct Answer {
    heading: &'static str,
    is_yes: bool,
    /// What is wrong, and what to do about it.
    reasons: Vec<(String, &'static str)>,
    more: Vec<String>,
    /// The main thing to do, and where.
    way: (&'static str, String),
}

/// The form, and for whoever is signed in the answer about themselves.
///
/// # Errors
/// `not_found` for a campaign that is not public; `overloaded`.
pub async fn get_eligibility(
    visit: Visit,
    signed_in: Option<SignedIn>,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let (snapshot, form) = (visit.app.board.now(), Form::default());
    let mut page = page(&visit, &snapshot, campaign_id, &form)?;
    if let Some(SignedIn(session)) = signed_in {
        let _admitted = admit::<admission::Read>(&visit.app)?;
        let person = db::person::find(&visit.app.db.read, session.person_id).await?;
        let person = person.ok_or_else(Refusal::not_found)?;
        let verdict =
            judge_person(&visit.app.db, visit.app.site.zone, campaign_id, session.person_id)
                .await?;
        let by = visit.t.eligible_as_registered(person.name_in(visit.t.language()));
        let about = About { snapshot: &snapshot, campaign_id, by, is_signed_in: true };
        page.answer = Some(answer(visit.t, &verdict, about)?);
    }
    visit.show(&page)
}

/// Answers the question.
///
/// # Errors
/// `forbidden` for a form of another site; `not_found` for a campaign that is not public.
pub async fn post_eligibility(
    visit: Visit,
    signed_in: Option<SignedIn>,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app, snapshot) = (visit.t, &visit.app, visit.app.board.now());
    let mut page = page(&visit, &snapshot, campaign_id, &form)?;
    let mut reader = Reader::new(&form, t);
    let born = reader.birth_date(app.today());
    let region_id: Option<RegionId> = form.value(REGION);
    if region_id.is_none() && !form.text(REGION).is_empty() {
        reader.fault::<()>(REGION, t.region_unknown());
    }
    let (Some(born), true) = (born, reader.errors.is_empty()) else {
        page.errors = reader.errors;
        return visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let born_on = born.date();
    let question = Question {
        campaign_id,
        born_on,
        region_id,
        clinic_id: None,
        on_date: None,
        product_id: None,
    };
    let verdict = match admit::<admission::Read>(app) {
        Ok(_admitted) => ask(&app.db, app.site.zone, question).await.map_err(Problem::from),
        Err(crowded) => Err(crowded),
    };
    match verdict {
        Ok(verdict) => {
            let by = t.eligible_as_written().to_owned();
            let is_signed_in = signed_in.is_some();
            let about = About { snapshot: &snapshot, campaign_id, by, is_signed_in };
            page.answer = Some(answer(t, &verdict, about)?);
            visit.show(&page)
        }
        Err(problem) => refused(&visit, page, reader, problem),
    }
}

/// A field that the flow refused, or a crowd: on the page that keeps what was typed.
fn refused(
    visit: &Visit,
    mut page: Page<'_>,
    mut reader: Reader<'_>,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    let t = visit.t;
    let is_of_form = matches!(problem.refusal.field.as_deref(), Some("birth_date" | "region_id"));
    if is_of_form {
        reader.read::<()>(Err(problem.refusal));
        page.errors = reader.errors;
        return visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    if !matches!(problem.refusal.code, Code::Overloaded | Code::Unavailable) {
        return Err(problem);
    }
    problem.log(None);
    let seconds = problem.retry_after().unwrap_or(1);
    page.warnings.push(t.eligibility_busy(&words::wait(t.language(), seconds)));
    let mut response = visit.show_as(StatusCode::SERVICE_UNAVAILABLE, &page)?;
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    Ok(response)
}

/// The page with the form as it was typed.
fn page<'a>(
    visit: &'a Visit,
    snapshot: &'a Snapshot,
    campaign_id: CampaignId,
    form: &Form,
) -> Result<Page<'a>, Problem> {
    let t = visit.t;
    let card = card(snapshot, campaign_id)?;
    Ok(Page {
        t,
        frame: visit.frame(),
        campaign: t.name(&card.campaign.name),
        errors: Vec::new(),
        warnings: Vec::new(),
        answer: None,
        birth: birth_field(t, form),
        region: region_field(t, snapshot, form),
    })
}

fn card(snapshot: &Snapshot, campaign_id: CampaignId) -> Result<&Card, Refusal> {
    snapshot.catalogue.campaigns.get(&campaign_id).ok_or_else(Refusal::not_found)
}

fn region_field(t: Texts, snapshot: &Snapshot, form: &Form) -> Select {
    let not_said =
        Choice { value: String::new(), label: t.region_not_said().into(), hint: "".into() };
    let mut groups = vec![(String::new(), vec![not_said])];
    groups.extend(districts(t, snapshot));
    Select {
        id: REGION,
        label: t.optional(t.region_label()).into(),
        hint: t.region_optional_hint().into(),
        groups,
        chosen: form.text(REGION).to_owned(),
    }
}

/// What an answer is about.
struct About<'a> {
    snapshot: &'a Snapshot,
    campaign_id: CampaignId,
    /// What it goes by.
    by: String,
    is_signed_in: bool,
}

fn answer(t: Texts, verdict: &Verdict, about: About<'_>) -> Result<Answer, Problem> {
    let About { snapshot, campaign_id, by, is_signed_in } = about;
    let card = card(snapshot, campaign_id)?;
    let language = t.language();
    let said = |reason: &Reason| (words::reason(language, reason), t.next_step(reason.code()));
    let mut more = Vec::new();
    if let Some(at) = verdict.next_eligible_at {
        more.push(t.eligible_from(&t.instant(at, card.campaign.zone)));
    }
    let is_held_up = |reason: &Reason| {
        matches!(reason.code(), ReasonCode::CampaignPaused | ReasonCode::CampaignClosed)
    };
    if let Some(reason) = &card.campaign.state_reason
        && verdict.reasons.iter().any(is_held_up)
    {
        more.push(t.because(t.name(reason)));
    }
    if verdict.eligible
        && let Some(round) = Round::new(t, snapshot, campaign_id)
    {
        more.push(round.main.text);
    }
    more.push(by);
    let clinics = format!("/campaigns/{campaign_id}/clinics");
    let way = match (verdict.eligible, is_signed_in) {
        (true, true) => (t.find_a_clinic(), clinics),
        (true, false) => {
            let next = super::next::Next::parse(&clinics).unwrap_or_default();
            (t.sign_in_to_book(), next.with_next("/sign-in"))
        }
        (false, true) => (t.my_booking(), "/me".to_owned()),
        (false, false) => (t.to_the_start(), String::new()),
    };
    Ok(Answer {
        heading: match (verdict.eligible, verdict.next_eligible_at) {
            (true, _) => t.eligible(),
            (false, Some(_)) => t.eligible_later(),
            (false, None) => t.not_eligible(),
        },
        is_yes: verdict.eligible,
        reasons: verdict.reasons.iter().map(said).collect(),
        more,
        way,
    })
}
