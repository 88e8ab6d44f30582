//! "Can I book?", asked by anybody and answered in words, with every reason. Nothing of it is kept,
//! and nothing stands in the address. Of what was typed the district alone goes on, as the place
//! where somebody looks for a clinic.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
};
use askama::Template;
use serde::Deserialize;

use super::{
    birth_field::birth_field,
    cut_off,
    form::{FieldError, Form, REGION, Reader},
    guard::SignedIn,
    page::{Frame, Visit},
    part::{DateField, LongSelect, chosen_of},
    region_field::home_options,
    round::Round,
    text::Texts,
};
use crate::{
    board::{catalogue::Card, eligibility::Question, snapshot::Snapshot},
    domain::{
        CampaignId, Code, PersonId, Refusal, RegionId,
        calendar::Local,
        localized::Localized,
        verdict::{Reason, ReasonCode, Verdict},
    },
    flows::eligibility::judge_person,
    http::{
        admission::{self, admit},
        answer_cache::Whom,
        extract::Path,
        problem::Problem,
        state::App,
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
    cut_off: Option<String>,
    errors: Vec<FieldError>,
    warnings: Vec<String>,
    answer: Option<Answer>,
    birth: DateField,
    region: LongSelect,
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

/// The form, and for whoever is signed in the answer about themselves. While the database is busy
/// or away there is the form, which asks about anybody.
///
/// # Errors
/// `not_found` for a campaign that is not public.
pub async fn get_eligibility(
    visit: Visit,
    signed_in: Option<SignedIn>,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let (t, snapshot, form) = (visit.t, visit.app.board.now(), Form::default());
    // While the database is away nobody is looked up, and all get the same page.
    let known = signed_in.filter(|_| snapshot.cut_off_since.is_none());
    if known.is_none()
        && let Some(kept) = visit.kept(visit.frame().here)
    {
        return Ok(kept);
    }
    let mut page = page(&visit, &snapshot, campaign_id, &form)?;
    let Some(SignedIn(session)) = known else {
        return visit.show_to_all(&page, (&snapshot, Whom::Strangers), None);
    };
    match own_verdict(&visit.app, card(&snapshot, campaign_id)?, session.person_id).await {
        Ok((name, verdict)) => {
            let by = t.eligible_as_registered(t.name(&name));
            let (is_signed_in, place) = (true, None);
            let about = About { snapshot: &snapshot, campaign_id, by, is_signed_in, place };
            page.answer = Some(answer(t, &verdict, about)?);
            visit.show(&page)
        }
        Err(problem) => busy(&visit, page, problem),
    }
}

async fn own_verdict(
    app: &App,
    card: &Card,
    person_id: PersonId,
) -> Result<(Localized, Verdict), Problem> {
    let _admitted = admit::<admission::Read>(app)?;
    let here = Local { at: app.board.time(), zone: app.site.zone };
    let by = (&card.rules, card.campaign.state);
    Ok(judge_person(&app.db, by, here, person_id).await?)
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
    let (born_on, clinic_id, on_date, product_id) = (born.date(), None, None, None);
    let question = Question { campaign_id, born_on, region_id, clinic_id, on_date, product_id };
    match snapshot.may_book(&question, app.board.time(), app.site.zone) {
        Ok(verdict) => {
            let by = t.eligible_as_written().to_owned();
            let (is_signed_in, place) = (signed_in.is_some(), region_id);
            let about = About { snapshot: &snapshot, campaign_id, by, is_signed_in, place };
            page.answer = Some(answer(t, &verdict, about)?);
            visit.show(&page)
        }
        Err(refusal) if matches!(refusal.field.as_deref(), Some("birth_date" | "region_id")) => {
            reader.read::<()>(Err(refusal));
            page.errors = reader.errors;
            visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The page without the answer about whoever is signed in, and when to ask for it again.
fn busy(visit: &Visit, mut page: Page<'_>, problem: Problem) -> Result<HttpResponse, Problem> {
    if !matches!(problem.refusal.code, Code::Overloaded | Code::Unavailable) {
        return Err(problem);
    }
    problem.log(None);
    let seconds = problem.retry_after().unwrap_or_else(|| visit.app.seconds_until_again());
    let t = visit.t;
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
        cut_off: cut_off::sentence(t, &visit.app.site, snapshot),
        errors: Vec::new(),
        warnings: Vec::new(),
        answer: None,
        birth: birth_field(t, form),
        region: region_field(visit, snapshot, form),
    })
}

fn card(snapshot: &Snapshot, campaign_id: CampaignId) -> Result<&Card, Refusal> {
    snapshot.catalogue.campaigns.get(&campaign_id).ok_or_else(Refusal::not_found)
}

fn region_field(visit: &Visit, snapshot: &Snapshot, form: &Form) -> LongSelect {
    let t = visit.t;
    let options = home_options(t, &visit.app.shelf, snapshot);
    LongSelect {
        id: REGION,
        label: t.optional(t.region_label()).into(),
        hint: t.region_optional_hint().into(),
        options: chosen_of(&options, form.text(REGION)),
    }
}

/// What an answer is about.
struct About<'a> {
    snapshot: &'a Snapshot,
    campaign_id: CampaignId,
    /// What it goes by.
    by: String,
    is_signed_in: bool,
    /// The district that was chosen, where somebody looks for a clinic then.
    place: Option<RegionId>,
}

fn answer(t: Texts, verdict: &Verdict, about: About<'_>) -> Result<Answer, Problem> {
    let About { snapshot, campaign_id, by, is_signed_in, place } = about;
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
    let place = place.map(|region_id| format!("?region={region_id}")).unwrap_or_default();
    let clinics = format!("/campaigns/{campaign_id}/clinics{place}");
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
