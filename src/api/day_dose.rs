//! Doses of a clinic's day that nobody was promised.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::day::{OfDay, answer};
use crate::{
    domain::AllocationId,
    flows::{self, day_dose::Move},
    http::{
        extract::{Json, Path},
        field::{ActWord, Text},
        idempotency_key::IdempotencyKey,
        principal::AtClinic,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DosesRequest {
    action: ActWord,
    allocation_id: AllocationId,
    doses: i32,
    reason: Text<500>,
}

/// Offers doses again, keeps them for walk-ins, writes them off, or takes that back.
///
/// # Errors
/// `invalid_field` without an `Idempotency-Key`; those of `flows::day_dose::act`.
pub async fn post_doses(
    app: Data<App>,
    AtClinic { clinic_id, by, what: (Path((_, date)), Json(body), key) }: AtClinic<(
        OfDay,
        Json<DosesRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let DosesRequest { action, allocation_id, doses, reason } = body;
    let wanted = Move { act: action.0, allocation_id, doses, reason: reason.0 };
    let what = (wanted.act, allocation_id, doses, &wanted.reason);
    let keyed = key.needed(by.staff_user_id, &json!(["day doses", clinic_id, date.0, what]))?;
    let day = (clinic_id, date.0);
    Ok(answer(&flows::day_dose::act(&app.db, day, &wanted, by, Some(&keyed)).await?))
}
