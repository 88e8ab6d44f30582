//! Who may book in a campaign.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, NameChange, Page, found, list, localized, settled};
use crate::{
    board::view::CohortView,
    db,
    domain::{CampaignId, CohortId, RegionId, RosterId, cohort::NewCohort},
    flows,
    http::{
        extract::{Json, Path, Query},
        field::{Day, Text},
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortRequest {
    name: Text<200>,
    name_ko: Option<Text<200>>,
    name_en: Option<Text<200>>,
    born_from: Option<Day>,
    born_to: Option<Day>,
    roster_id: Option<RosterId>,
    region_id: Option<RegionId>,
}

impl From<CohortRequest> for NewCohort {
    fn from(new: CohortRequest) -> Self {
        Self {
            name: localized(new.name, new.name_ko, new.name_en),
            born_from: new.born_from.map(|day| day.0),
            born_to: new.born_to.map(|day| day.0),
            roster_id: new.roster_id,
            region_id: new.region_id,
        }
    }
}

/// The path of a cohort.
type One = Path<(CampaignId, CohortId)>;

#[derive(Serialize)]
struct AddedCohort<'a> {
    #[serde(flatten)]
    cohort: CohortView<'a>,
    rule_version: i32,
}

/// Those that hold now.
///
/// # Errors
/// `not_found` for an unknown campaign.
pub async fn list_cohorts(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Query<Page>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Query(page)) = request.what;
    found(db::campaign::find(&app.db.read, campaign_id).await?)?;
    let after = CohortId(page.after.unwrap_or(0));
    let cohorts = db::cohort::list(&app.db.read, campaign_id, after, page.limit.0).await?;
    list("cohorts", &cohorts, page.limit, CohortView::from, |cohort| cohort.cohort_id.0)
}

/// # Errors
/// Those of `flows::rules::add_cohort`.
pub async fn post_cohort(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Json<CohortRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(new)) = request.what;
    let added = flows::rules::add_cohort(&app.db, campaign_id, new.into()).await?;
    let rule_version = added.rule_version;
    let body = AddedCohort { cohort: (&added.rule).into(), rule_version };
    settled(StatusCode::CREATED, &body, added.is_settled)
}

/// Corrects the names of a cohort, in a new version of the rules: refusals name it.
///
/// # Errors
/// Those of `flows::rules::rename_cohort`.
pub async fn patch_cohort(
    app: Data<App>,
    request: ByAdministrator<(One, Json<NameChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((campaign_id, cohort_id)), Json(change)) = request.what;
    let renamed =
        flows::rules::rename_cohort(&app.db, campaign_id, cohort_id, change.into()).await?;
    let rule_version = renamed.rule_version;
    let body = AddedCohort { cohort: (&renamed.rule).into(), rule_version };
    settled(StatusCode::OK, &body, renamed.is_settled)
}

/// Ends a cohort at a new version of the rules.
///
/// # Errors
/// Those of `flows::rules::end_cohort`.
pub async fn delete_cohort(
    app: Data<App>,
    ByAdministrator { what: Path((campaign_id, cohort_id)), .. }: ByAdministrator<
        Path<(CampaignId, CohortId)>,
    >,
) -> Result<HttpResponse, Problem> {
    let ended = flows::rules::end_cohort(&app.db, campaign_id, cohort_id).await?;
    let body = json!({ "cohort_id": ended.rule, "rule_version": ended.rule_version });
    settled(StatusCode::OK, &body, ended.is_settled)
}
