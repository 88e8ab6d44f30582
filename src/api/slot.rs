//! The time windows of a clinic on a date: what a citizen chooses from.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    domain::{CampaignId, ClinicId, Refusal},
    http::{
        answer_cache::{Answer, Kind, Whom},
        extract::{Path, Query},
        field::Day,
        kept_answer, negotiate,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotQuery {
    campaign_id: CampaignId,
    date: Day,
}

/// The slots of a clinic on a local date, with seats, and the doses of that date, from the board.
///
/// # Errors
/// `not_found` for an unknown clinic or campaign, `invalid_field`.
pub async fn list_slots(
    app: Data<App>,
    request: HttpRequest,
    Path(clinic_id): Path<ClinicId>,
    Query(SlotQuery { campaign_id, date }): Query<SlotQuery>,
) -> Result<HttpResponse, Problem> {
    let (snapshot, date) = (app.board.now(), date.0);
    let day = snapshot.day(clinic_id, campaign_id, date).ok_or_else(Refusal::not_found)?;
    let about = (snapshot.as_of, snapshot.version, clinic_id, campaign_id, date);
    let coding = negotiate::coding_once(request.headers());
    let etag = coding.tag(&Sha256::digest(format!("{about:?}")));
    if negotiate::has(&request, &etag) {
        return Ok(negotiate::not_modified(&etag).map_into_boxed_body().into());
    }
    let bytes = serde_json::to_vec(&day).map_err(Problem::internal)?;
    let body = coding.encode_once(bytes).map_err(Problem::internal)?.into();
    let answer =
        Answer { kind: Kind::Json { etag }, coding, body, whom: Whom::Everybody, until: None };
    let sent = kept_answer::send(&app, &request, &snapshot, answer);
    Ok(sent.map_into_boxed_body().into())
}
