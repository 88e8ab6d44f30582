//! What clinics have found of a person that keeps them from doses, and that it is lifted.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::{ByAdministrator, Reason, ok};
use crate::{
    domain::{ExclusionId, PersonId},
    flows::{self, person_record::Doing},
    http::{
        extract::{Json, Path},
        if_match::IfMatch,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiftRequest {
    reason: Reason,
}

/// # Errors
/// Those of `flows::exclusion::list`.
pub async fn list_exclusions(
    app: Data<App>,
    request: ByAdministrator<Path<PersonId>>,
) -> Result<HttpResponse, Problem> {
    let Path(person_id) = request.what;
    let exclusions = flows::exclusion::list(&app.db, person_id).await?;
    Ok(ok(&json!({ "person_id": person_id, "exclusions": exclusions })))
}

/// What is lifted, of which version of the person, and why.
type Lifted = (Path<(PersonId, ExclusionId)>, IfMatch, Json<LiftRequest>);

/// # Errors
/// Those of `flows::exclusion::lift`.
pub async fn lift_exclusion(
    app: Data<App>,
    request: ByAdministrator<Lifted>,
) -> Result<HttpResponse, Problem> {
    let (Path(which), if_match, Json(lift)) = request.what;
    let doing = Doing { by: request.by, reason: &lift.reason.0, version: if_match.version() };
    Ok(ok(&flows::exclusion::lift(&app.db, which, doing).await?))
}
