//! The journal: every move of doses, with its reason and who made it.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ByAdministrator, list};
use crate::{
    db,
    domain::{
        AllocationId, BookingId, CampaignId, PoolId, Refusal, StaffUserId,
        fact::Expected,
        journal::Position,
        movement::{Bucket, Entry, Kind},
    },
    http::{
        admission::{self, Admitted},
        extract::Query,
        field::Limit,
        problem::Problem,
        state::App,
    },
};

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
}

impl<'a> From<&'a Entry> for MovementView<'a> {
    fn from(entry: &'a Entry) -> Self {
        let Entry { position, at, is_settled, movement } = entry;
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
