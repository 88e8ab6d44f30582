//! Merges a person of the register into another.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::{ByAdministrator, Reason, ok};
use crate::{
    domain::PersonId,
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
pub struct MergeRequest {
    into_person_id: PersonId,
    reason: Reason,
}

/// # Errors
/// Those of `flows::merge::merge`.
pub async fn merge_person(
    app: Data<App>,
    request: ByAdministrator<(Path<PersonId>, IfMatch, Json<MergeRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(person_id), if_match, Json(merge)) = request.what;
    let doing = Doing { by: request.by, reason: &merge.reason.0, version: if_match.version() };
    let persons = (person_id, merge.into_person_id);
    let ends = (&*app.sign_outs, &app.clock);
    let merged = flows::merge::merge(&app.db, ends, persons, doing).await?;
    Ok(ok(&json!({
        "person_id": merged.person_id,
        "merged_into": merged.into,
        "booking_ids": merged.booking_ids,
    })))
}
