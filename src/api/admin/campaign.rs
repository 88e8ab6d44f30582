//! Campaigns: draft, change, and the steps of their life.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    ByAdministrator, Page, Reason,
    check::{confirmed, held_up, setup},
    created, found, list, localized, localized_change, ok, settled,
};
use crate::{
    board::view::CampaignView,
    db,
    domain::{
        CampaignId, CourseId, Detail, Refusal,
        booking_limit::BOOKINGS_PER_DAY,
        campaign::{Campaign, NewCampaign, Step},
        day_policy::DayPolicy,
        language::Language,
        localized::Localized,
    },
    flows::{
        self,
        barrier::Settled,
        campaign::{Change, Stepped},
    },
    http::{
        extract::{Json, Path, Query},
        field::{Instant, LeftOverWord, Text, WalkInWord, Zone, nullable},
        language::Accepted,
        problem::Problem,
        state::App,
    },
};

/// Two days: a returned dose can still find somebody.
pub(super) const CANCEL_UNTIL_HOURS: i16 = 48;
/// Written into the public history where the administrator gives no other reason, in English and in
/// Korean.
const OPENED: &str = "Booking is open, as announced.";
const OPENED_KO: &str = "예고한 대로 예약을 시작합니다.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignRequest {
    code: Text<64>,
    name: Text<200>,
    name_ko: Option<Text<200>>,
    name_en: Option<Text<200>>,
    course_id: CourseId,
    dose_number: Option<i16>,
    opens_at: Instant,
    closes_at: Instant,
    cancel_until_hours: Option<i16>,
    bookings_per_day: Option<i16>,
    zone: Zone,
    walk_in: Option<WalkInWord>,
    left_over: Option<LeftOverWord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignChange {
    name: Option<Text<200>>,
    #[serde(default, deserialize_with = "nullable")]
    name_ko: Option<Option<Text<200>>>,
    #[serde(default, deserialize_with = "nullable")]
    name_en: Option<Option<Text<200>>>,
    opens_at: Option<Instant>,
    closes_at: Option<Instant>,
    cancel_until_hours: Option<i16>,
    bookings_per_day: Option<i16>,
    walk_in: Option<WalkInWord>,
    left_over: Option<LeftOverWord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRequest {
    reason: Reason,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    reason: Option<Reason>,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
    confirm: Option<Vec<String>>,
}

impl StepRequest {
    fn reason(self) -> Localized {
        localized(self.reason, self.reason_ko, self.reason_en)
    }
}

impl OpenRequest {
    /// # Errors
    /// `invalid_field` for a translation of a reason that was not given.
    fn reason(self) -> Result<Localized, Refusal> {
        let given = self.reason_ko.as_ref().map(|_| "reason_ko");
        let given = given.or(self.reason_en.as_ref().map(|_| "reason_en"));
        match (self.reason, given) {
            (Some(reason), _) => Ok(localized(reason, self.reason_ko, self.reason_en)),
            (None, None) => Ok(Localized::new(OPENED.to_owned(), Some(OPENED_KO.to_owned()), None)),
            (None, Some(field)) => Err(Refusal::field(field, Detail::TranslationAlone)),
        }
    }
}

/// A reason to publish, and the warnings of the check that are accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    reason: Reason,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
    confirm: Option<Vec<String>>,
}

/// What a campaign lays down for its clinics' days; what is left out is as usual.
pub(super) fn day_policy(
    walk_in: Option<WalkInWord>,
    left_over: Option<LeftOverWord>,
) -> DayPolicy {
    DayPolicy {
        walk_in: walk_in.map(|word| word.0).unwrap_or_default(),
        left_over: left_over.map(|word| word.0).unwrap_or_default(),
    }
}

/// A step with its reason.
type WithReason = ByAdministrator<(Path<CampaignId>, Json<StepRequest>)>;

/// All of them, drafts too.
pub async fn list_campaigns(
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = CampaignId(page.after.unwrap_or(0));
    let campaigns = db::campaign::list(&app.db.read, after, page.limit.0).await?;
    list("campaigns", &campaigns, page.limit, CampaignView::from, |campaign| campaign.campaign_id.0)
}

/// # Errors
/// `not_found`.
pub async fn get_campaign(
    app: Data<App>,
    ByAdministrator { what: Path(campaign_id), .. }: ByAdministrator<Path<CampaignId>>,
) -> Result<HttpResponse, Problem> {
    let campaign = found(db::campaign::find(&app.db.read, campaign_id).await?)?;
    Ok(ok(&CampaignView::from(&campaign)))
}

/// # Errors
/// Those of `flows::campaign::draft`.
pub async fn post_campaign(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<CampaignRequest>>,
) -> Result<HttpResponse, Problem> {
    let new = NewCampaign {
        code: new.code.0,
        name: localized(new.name, new.name_ko, new.name_en),
        course_id: new.course_id,
        dose_number: new.dose_number.unwrap_or(1),
        opens_at: new.opens_at.0,
        closes_at: new.closes_at.0,
        cancel_until_hours: new.cancel_until_hours.unwrap_or(CANCEL_UNTIL_HOURS),
        bookings_per_day: new.bookings_per_day.unwrap_or(BOOKINGS_PER_DAY),
        zone: new.zone.0,
        day: day_policy(new.walk_in, new.left_over),
    };
    Ok(created(&CampaignView::from(&flows::campaign::draft(&app.db, new).await?)))
}

/// # Errors
/// Those of `flows::campaign::change`.
pub async fn patch_campaign(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Json<CampaignChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(change)) = request.what;
    let change = Change {
        name: localized_change(change.name, change.name_ko, change.name_en),
        opens_at: change.opens_at.map(|at| at.0),
        closes_at: change.closes_at.map(|at| at.0),
        cancel_until_hours: change.cancel_until_hours,
        bookings_per_day: change.bookings_per_day,
        walk_in: change.walk_in.map(|word| word.0),
        left_over: change.left_over.map(|word| word.0),
    };
    campaign_settled(&flows::campaign::change(&app.db, campaign_id, change).await?)
}

/// Makes the campaign and its quota public.
///
/// # Errors
/// `not_ready` with what the check found; those of `flows::campaign::step`.
pub async fn publish(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Json<PublishRequest>)>,
    Accepted(language): Accepted,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(body)) = request.what;
    let PublishRequest { reason, reason_ko, reason_en, confirm } = body;
    let reason = localized(reason, reason_ko, reason_en);
    let step = (campaign_id, Step::Publish);
    step_if_ready(&app, step, &reason, confirm, language).await
}

/// Opens booking, or resumes it.
///
/// # Errors
/// `not_ready` with what the check found, except where booking is resumed; those of
/// `flows::campaign::step`.
pub async fn open(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Json<OpenRequest>)>,
    Accepted(language): Accepted,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(mut body)) = request.what;
    let confirm = body.confirm.take();
    let step = (campaign_id, Step::Open);
    step_if_ready(&app, step, &body.reason()?, confirm, language).await
}

async fn step_if_ready(
    app: &App,
    step: (CampaignId, Step),
    reason: &Localized,
    confirm: Option<Vec<String>>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let (setup, confirmed) = (setup(app), confirmed(confirm)?);
    match flows::campaign::step_if_ready(&app.db, step, reason, setup, &confirmed).await? {
        Stepped::Done(campaign) => campaign_settled(&campaign),
        Stepped::HeldUp(check) => Err(held_up(language, &check)),
    }
}

/// Holds booking up.
///
/// # Errors
/// Those of `flows::campaign::step`.
pub async fn pause(app: Data<App>, request: WithReason) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(body)) = request.what;
    step(&app, campaign_id, Step::Pause, body.reason()).await
}

/// Ends booking for good.
///
/// # Errors
/// Those of `flows::campaign::step`.
pub async fn close(app: Data<App>, request: WithReason) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(body)) = request.what;
    step(&app, campaign_id, Step::Close, body.reason()).await
}

async fn step(
    app: &App,
    campaign_id: CampaignId,
    step: Step,
    reason: Localized,
) -> Result<HttpResponse, Problem> {
    campaign_settled(&flows::campaign::step(&app.db, campaign_id, step, &reason).await?)
}

fn campaign_settled(campaign: &Settled<Campaign>) -> Result<HttpResponse, Problem> {
    settled(StatusCode::OK, &CampaignView::from(&campaign.done), campaign.is_settled)
}
