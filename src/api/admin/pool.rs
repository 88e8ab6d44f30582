//! Doses above the clinic: what the nation received, and what was passed on to whom.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::{Asked, Reason, cause, created, list, ok};
use crate::{
    db,
    domain::{CampaignId, PoolId, ProductId, RegionId},
    flows::{self, pool::Transfer},
    http::{
        extract::{Json, Path, Query},
        field::Limit,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPool {
    campaign_id: CampaignId,
    product_id: ProductId,
    parent_id: Option<PoolId>,
    region_id: Option<RegionId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pools {
    campaign_id: Option<CampaignId>,
    #[serde(default)]
    limit: Limit,
    after: Option<PoolId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    doses: i32,
    reason: Reason,
    if_received: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    to_pool_id: PoolId,
    doses: i32,
    reason: Reason,
    if_passed_on: Option<i32>,
}

pub async fn list_pools(
    app: Data<App>,
    Asked { what: Query(pools), .. }: Asked<Query<Pools>>,
) -> Result<HttpResponse, Problem> {
    let Pools { campaign_id, limit, after } = pools;
    let after = after.unwrap_or(PoolId(0));
    let pools = db::pool::list(&app.db.read, campaign_id, after, limit.0).await?;
    list("pools", &pools, limit, |pool| pool.pool_id.0)
}

/// # Errors
/// Those of `flows::pool::add`.
pub async fn post_pool(
    app: Data<App>,
    Asked { what: Json(new), .. }: Asked<Json<NewPool>>,
) -> Result<HttpResponse, Problem> {
    let NewPool { campaign_id, product_id, parent_id, region_id } = new;
    let new = db::pool::New { campaign_id, product_id, parent_id, region_id };
    Ok(created(&flows::pool::add(&app.db, new).await?))
}

/// Takes a delivery in.
///
/// # Errors
/// Those of `flows::pool::receive`.
pub async fn post_receipt(
    app: Data<App>,
    Asked { by, what: (Path(pool_id), Json(receipt)) }: Asked<(Path<PoolId>, Json<Receipt>)>,
) -> Result<HttpResponse, Problem> {
    let Receipt { doses, reason, if_received } = receipt;
    let cause = cause(by, reason);
    let pool = flows::pool::receive(&app.db, pool_id, doses, if_received, &cause).await?;
    Ok(ok(&pool))
}

/// Passes doses on to a pool right below.
///
/// # Errors
/// Those of `flows::pool::transfer`.
pub async fn post_transfer(
    app: Data<App>,
    Asked { by, what: (Path(from_pool_id), Json(body)) }: Asked<(Path<PoolId>, Json<TransferBody>)>,
) -> Result<HttpResponse, Problem> {
    let TransferBody { to_pool_id, doses, reason, if_passed_on } = body;
    let transfer = Transfer { from_pool_id, to_pool_id, doses, if_passed_on };
    let (from, to) = flows::pool::transfer(&app.db, transfer, &cause(by, reason)).await?;
    Ok(ok(&json!({ "from": from, "to": to })))
}
