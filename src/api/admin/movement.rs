//! The journal: every move of doses, with its reason and who made it; and lines that take back
//! others.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, Reason, cause, list, localized, ok, pool::PoolView};
use crate::{
    db,
    domain::{
        AllocationId, BookingId, CampaignId, PoolId, Refusal, StaffUserId,
        fact::{Expected, Noun},
        journal::Position,
        movement::{Bucket, Entry, Kind},
    },
    flows::{self, correction::Corrected},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::Limit,
        idempotency_key::IdempotencyKey,
        problem::Problem,
        state::App,
    },
};

/// The longest id of a line: two numbers of 64 bits.
const ID_CHARS_MAX: usize = 41;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovementQuery {
    campaign_id: Option<CampaignId>,
    allocation_id: Option<AllocationId>,
    pool_id: Option<PoolId>,
    #[serde(default)]
    limit: Limit,
    after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    doses: Option<i32>,
    reason: Reason,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
}

#[derive(Serialize)]
struct CorrectionView<'a> {
    movement_id: &'a str,
    corrects: &'a str,
    doses: i32,
    left: i32,
    pools: Vec<PoolView>,
}

impl<'a> From<&'a Corrected> for CorrectionView<'a> {
    fn from(corrected: &'a Corrected) -> Self {
        Self {
            movement_id: &corrected.by,
            corrects: &corrected.of,
            doses: corrected.doses,
            left: corrected.left,
            pools: corrected.pools.iter().map(PoolView::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct MovementView<'a> {
    movement_id: String,
    at: DateTime<Utc>,
    is_settled: bool,
    kind: Kind,
    from: Bucket,
    to: Bucket,
    doses: i32,
    allocation_id: Option<AllocationId>,
    from_pool_id: Option<PoolId>,
    to_pool_id: Option<PoolId>,
    booking_id: Option<BookingId>,
    actor: &'static str,
    staff_user_id: Option<StaffUserId>,
    reason: Option<&'a str>,
    corrects: Option<String>,
}

impl<'a> From<&'a Entry> for MovementView<'a> {
    fn from(entry: &'a Entry) -> Self {
        let Entry { position, at, is_settled, movement, corrects } = entry;
        Self {
            movement_id: position.to_string(),
            at: *at,
            is_settled: *is_settled,
            kind: movement.kind,
            from: movement.from,
            to: movement.to,
            doses: movement.doses,
            allocation_id: movement.allocation_id,
            from_pool_id: movement.from_pool_id,
            to_pool_id: movement.to_pool_id,
            booking_id: movement.booking_id,
            actor: movement.actor.word(),
            staff_user_id: movement.actor.staff_user_id(),
            reason: movement.reason.as_deref(),
            corrects: corrects.map(|of| of.to_string()),
        }
    }
}

/// Oldest first.
///
/// # Errors
/// `invalid_field` for an `after` that is no line's id.
pub async fn list_movements(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { what: Query(wanted), .. }: ByAdministrator<Query<MovementQuery>>,
) -> Result<HttpResponse, Problem> {
    let MovementQuery { campaign_id, allocation_id, pool_id, limit, after } = wanted;
    let after = match after.as_deref().map(str::parse::<Position>) {
        None => Position::default(),
        Some(Ok(position)) => position,
        Some(Err(_)) => {
            return Err(Refusal::expected("after", Expected::MovementId).into());
        }
    };
    let filter = db::movement::Filter { campaign_id, allocation_id, pool_id, after };
    let lines = db::movement::list(&app.db.read, &filter, limit.0).await?;
    list("movements", &lines, limit, MovementView::from, |line| line.position.to_string())
}

/// Takes back a line that was wrong, by a line of its own.
///
/// # Errors
/// Those of `flows::correction::correct`.
pub async fn post_correction(
    app: Data<App>,
    ByAdministrator { by, what: (Path(id), Json(body), key) }: ByAdministrator<(
        Path<String>,
        Json<CorrectionRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let of = id.parse::<Position>().map_err(|_none| Refusal::none(Noun::Movement, id_of(&id)))?;
    let CorrectionRequest { doses, reason, reason_ko, reason_en } = body;
    let cause = cause(by, localized(reason, reason_ko, reason_en));
    let keyed = key.of(by, &json!(["correction", of.to_string(), doses, cause.reason]));
    let done = flows::correction::correct(&app.db, (of, doses), &cause, keyed.as_ref()).await?;
    Ok(ok(&CorrectionView::from(&done)))
}

/// What can be shown of an id that is none.
fn id_of(id: &str) -> String {
    id.chars().filter(char::is_ascii_graphic).take(ID_CHARS_MAX).collect()
}
