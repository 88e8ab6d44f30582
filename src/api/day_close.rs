//! Closing a clinic's day, and opening it again.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::day::{OfDay, answer};
use crate::{
    domain::{AllocationId, day_close::Unopened},
    flows::{self, day_close::Closing},
    http::{
        extract::{Json, Path},
        field::Text,
        idempotency_key::IdempotencyKey,
        if_match::IfMatch,
        principal::AtClinic,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    #[serde(default)]
    unopened: Option<Vec<UnopenedDoses>>,
    note: Option<Text<500>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnopenedDoses {
    allocation_id: AllocationId,
    doses: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReopenRequest {
    reason: Text<500>,
}

/// Closes the day as it was seen.
///
/// # Errors
/// `precondition_required` without `If-Match`; those of `flows::day_close::close`.
pub async fn post_close(
    app: Data<App>,
    AtClinic { clinic_id, by, what: (Path((_, date)), seen, key, Json(body)) }: AtClinic<(
        OfDay,
        IfMatch,
        IdempotencyKey,
        Json<CloseRequest>,
    )>,
) -> Result<HttpResponse, Problem> {
    let unopened = body.unopened.map(|all| {
        let counted = all.into_iter();
        let counted =
            counted.map(|UnopenedDoses { allocation_id, doses }| Unopened { allocation_id, doses });
        counted.collect::<Vec<_>>()
    });
    let closing = Closing {
        seen: seen.required()?.map(str::to_owned),
        unopened,
        note: body.note.map(|note| note.0),
    };
    let counted = closing.unopened.iter().flatten().map(|one| (one.allocation_id, one.doses));
    let counted: Vec<_> = counted.collect();
    let what = (&closing.seen, closing.unopened.is_some(), counted, &closing.note);
    let keyed = key.of(by.staff_user_id, &json!(["close day", clinic_id, date.0, what]));
    let day = (clinic_id, date.0);
    Ok(answer(&flows::day_close::close(&app.db, day, &closing, by, keyed.as_ref()).await?))
}

/// Opens a closed day again.
///
/// # Errors
/// Those of `flows::day_close::reopen`.
pub async fn post_reopen(
    app: Data<App>,
    AtClinic { clinic_id, by, what: (Path((_, date)), Json(body)) }: AtClinic<(
        OfDay,
        Json<ReopenRequest>,
    )>,
) -> Result<HttpResponse, Problem> {
    let day = (clinic_id, date.0);
    Ok(answer(&flows::day_close::reopen(&app.db, day, &body.reason.0, by).await?))
}
