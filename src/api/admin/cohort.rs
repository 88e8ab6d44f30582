//! Who may book in a campaign.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Asked, Page, created, found, list, ok};
use crate::{
    db,
    domain::{CampaignId, CohortId, RegionId, RosterId, cohort::Cohort},
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
pub struct NewCohort {
    name: Text<200>,
    born_from: Option<Day>,
    born_to: Option<Day>,
    roster_id: Option<RosterId>,
    region_id: Option<RegionId>,
}

#[derive(Serialize)]
struct Added {
    #[serde(flatten)]
    cohort: Cohort,
    rule_version: i32,
}

/// Those that hold now.
///
/// # Errors
/// `not_found` for an unknown campaign.
pub async fn list_cohorts(
    app: Data<App>,
    asked: Asked<(Path<CampaignId>, Query<Page>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Query(page)) = asked.what;
    found(db::campaign::find(&app.db.read, campaign_id).await?)?;
    let after = CohortId(page.after.unwrap_or(0));
    let cohorts = db::cohort::list(&app.db.read, campaign_id, after, page.limit.0).await?;
    list("cohorts", &cohorts, page.limit, |cohort| cohort.cohort_id.0)
}

/// # Errors
/// Those of `flows::rules::add_cohort`.
pub async fn post_cohort(
    app: Data<App>,
    asked: Asked<(Path<CampaignId>, Json<NewCohort>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(new)) = asked.what;
    let new = db::cohort::New {
        name: new.name.0,
        born_from: new.born_from.map(|day| day.0),
        born_to: new.born_to.map(|day| day.0),
        roster_id: new.roster_id,
        region_id: new.region_id,
    };
    let added = flows::rules::add_cohort(&app.db, campaign_id, new).await?;
    Ok(created(&Added { cohort: added.rule, rule_version: added.rule_version }))
}

/// Ends a cohort at a new version of the rules.
///
/// # Errors
/// Those of `flows::rules::end_cohort`.
pub async fn delete_cohort(
    app: Data<App>,
    Asked { what: Path((campaign_id, cohort_id)), .. }: Asked<Path<(CampaignId, CohortId)>>,
) -> Result<HttpResponse, Problem> {
    let ended = flows::rules::end_cohort(&app.db, campaign_id, cohort_id).await?;
    Ok(ok(&json!({ "cohort_id": ended.rule, "rule_version": ended.rule_version })))
}
