//! Campaigns: draft, change, and the steps of their life.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{Asked, Page, Reason, created, found, list, ok};
use crate::{
    db,
    domain::{CampaignId, CourseId, campaign::Step},
    flows::{self, campaign::Change},
    http::{
        extract::{Json, Path, Query},
        field::{Instant, Text, Zone},
        problem::Problem,
        state::App,
    },
};

/// Two days: a returned dose can still find somebody.
const CANCEL_UNTIL_HOURS: i16 = 48;
/// Written into the public history where the administrator gives no other reason.
const OPENED: &str = "Booking is open, as announced.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    code: Text<64>,
    name: Text<200>,
    course_id: CourseId,
    dose_number: Option<i16>,
    opens_at: Instant,
    closes_at: Instant,
    cancel_until_hours: Option<i16>,
    zone: Zone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignChange {
    name: Option<Text<200>>,
    opens_at: Option<Instant>,
    closes_at: Option<Instant>,
    cancel_until_hours: Option<i16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    reason: Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenBody {
    reason: Option<Reason>,
}

/// A step with its reason.
type Stepping = Asked<(Path<CampaignId>, Json<StepBody>)>;

/// All of them, drafts too.
pub async fn list_campaigns(
    app: Data<App>,
    Asked { what: Query(page), .. }: Asked<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = CampaignId(page.after.unwrap_or(0));
    let campaigns = db::campaign::list(&app.db.read, after, page.limit.0).await?;
    list("campaigns", &campaigns, page.limit, |campaign| campaign.campaign_id.0)
}

/// # Errors
/// `not_found`.
pub async fn get_campaign(
    app: Data<App>,
    Asked { what: Path(campaign_id), .. }: Asked<Path<CampaignId>>,
) -> Result<HttpResponse, Problem> {
    Ok(ok(&found(db::campaign::find(&app.db.read, campaign_id).await?)?))
}

/// # Errors
/// Those of `flows::campaign::draft`.
pub async fn post_campaign(
    app: Data<App>,
    Asked { what: Json(new), .. }: Asked<Json<NewCampaign>>,
) -> Result<HttpResponse, Problem> {
    let new = db::campaign::New {
        code: new.code.0,
        name: new.name.0,
        course_id: new.course_id,
        dose_number: new.dose_number.unwrap_or(1),
        opens_at: new.opens_at.0,
        closes_at: new.closes_at.0,
        cancel_until_hours: new.cancel_until_hours.unwrap_or(CANCEL_UNTIL_HOURS),
        zone: new.zone.0,
    };
    Ok(created(&flows::campaign::draft(&app.db, new).await?))
}

/// # Errors
/// Those of `flows::campaign::change`.
pub async fn patch_campaign(
    app: Data<App>,
    asked: Asked<(Path<CampaignId>, Json<CampaignChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(change)) = asked.what;
    let change = Change {
        name: change.name.map(|text| text.0),
        opens_at: change.opens_at.map(|at| at.0),
        closes_at: change.closes_at.map(|at| at.0),
        cancel_until_hours: change.cancel_until_hours,
    };
    Ok(ok(&flows::campaign::change(&app.db, campaign_id, change).await?))
}

/// Makes the campaign and its quota public.
///
/// # Errors
/// Those of `flows::campaign::step`.
pub async fn publish(app: Data<App>, asked: Stepping) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(StepBody { reason })) = asked.what;
    step(&app, campaign_id, Step::Publish, &reason.0).await
}

/// Opens booking, or resumes it.
///
/// # Errors
/// Those of `flows::campaign::step`.
pub async fn open(
    app: Data<App>,
    asked: Asked<(Path<CampaignId>, Json<OpenBody>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(OpenBody { reason })) = asked.what;
    let reason = reason.map_or_else(|| OPENED.to_owned(), |reason| reason.0);
    step(&app, campaign_id, Step::Open, &reason).await
}

/// Holds booking up.
///
/// # Errors
/// Those of `flows::campaign::step`.
pub async fn pause(app: Data<App>, asked: Stepping) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(StepBody { reason })) = asked.what;
    step(&app, campaign_id, Step::Pause, &reason.0).await
}

/// Ends booking for good.
///
/// # Errors
/// Those of `flows::campaign::step`.
pub async fn close(app: Data<App>, asked: Stepping) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(StepBody { reason })) = asked.what;
    step(&app, campaign_id, Step::Close, &reason.0).await
}

async fn step(
    app: &App,
    campaign_id: CampaignId,
    step: Step,
    reason: &str,
) -> Result<HttpResponse, Problem> {
    Ok(ok(&flows::campaign::step(&app.db, campaign_id, step, reason).await?))
}
