//! Doses above the clinic: what the nation received, and what was passed on to whom.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, Reason, cause, created, list, localized, ok};
use crate::{
    db,
    domain::{
        CampaignId, PoolId, ProductId, RegionId,
        pool::{NewPool, Pool},
    },
    flows::{
        self,
        pool::{Receipt, Transfer},
    },
    http::{
        extract::{Json, Path, Query},
        field::Limit,
        idempotency_key::IdempotencyKey,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolRequest {
    campaign_id: CampaignId,
    product_id: ProductId,
    parent_id: Option<PoolId>,
    region_id: Option<RegionId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolQuery {
    campaign_id: Option<CampaignId>,
    #[serde(default)]
    limit: Limit,
    after: Option<PoolId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptRequest {
    doses: i32,
    reason: Reason,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
    if_received: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    to_pool_id: PoolId,
    doses: i32,
    reason: Reason,
    if_passed_on: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossRequest {
    doses: i32,
    reason: Reason,
}

#[derive(Serialize)]
pub(super) struct PoolView {
    pool_id: PoolId,
    campaign_id: CampaignId,
    product_id: ProductId,
    parent_id: Option<PoolId>,
    region_id: Option<RegionId>,
    received: i32,
    open: i32,
    passed_on: i32,
    lost: i32,
}

impl From<&Pool> for PoolView {
    fn from(pool: &Pool) -> Self {
        Self {
            pool_id: pool.pool_id,
            campaign_id: pool.campaign_id,
            product_id: pool.product_id,
            parent_id: pool.parent_id,
            region_id: pool.region_id,
            received: pool.received,
            open: pool.open,
            passed_on: pool.passed_on,
            lost: pool.lost,
        }
    }
}

pub async fn list_pools(
    app: Data<App>,
    ByAdministrator { what: Query(pools), .. }: ByAdministrator<Query<PoolQuery>>,
) -> Result<HttpResponse, Problem> {
    let PoolQuery { campaign_id, limit, after } = pools;
    let after = after.unwrap_or(PoolId(0));
    let pools = db::pool::list(&app.db.read, campaign_id, after, limit.0).await?;
    list("pools", &pools, limit, PoolView::from, |pool| pool.pool_id.0)
}

/// # Errors
/// Those of `flows::pool::add`.
pub async fn post_pool(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<PoolRequest>>,
) -> Result<HttpResponse, Problem> {
    let PoolRequest { campaign_id, product_id, parent_id, region_id } = new;
    let new = NewPool { campaign_id, product_id, parent_id, region_id };
    Ok(created(&PoolView::from(&flows::pool::add(&app.db, new).await?)))
}

/// Takes a delivery in.
///
/// # Errors
/// Those of `flows::pool::receive`; `invalid_field` without an idempotency key.
pub async fn post_receipt(
    app: Data<App>,
    ByAdministrator { by, what: (Path(pool_id), Json(receipt), key) }: ByAdministrator<(
        Path<PoolId>,
        Json<ReceiptRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let ReceiptRequest { doses, reason, reason_ko, reason_en, if_received } = receipt;
    let cause = cause(by, localized(reason, reason_ko, reason_en));
    let asked = json!(["receipt", pool_id, doses, if_received, cause.reason]);
    let keyed = key.needed(by, &asked)?;
    let receipt = Receipt { pool_id, doses, if_received };
    let pool = flows::pool::receive(&app.db, receipt, &cause, &keyed).await?;
    Ok(ok(&PoolView::from(&pool)))
}

/// Moves doses to a pool right below, right above or beside.
///
/// # Errors
/// Those of `flows::pool::transfer`.
pub async fn post_transfer(
    app: Data<App>,
    ByAdministrator { by, what: (Path(from_pool_id), Json(body), key) }: ByAdministrator<(
        Path<PoolId>,
        Json<TransferRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let TransferRequest { to_pool_id, doses, reason, if_passed_on } = body;
    let cause = cause(by, reason.0.into());
    let asked = json!(["transfer", from_pool_id, to_pool_id, doses, if_passed_on, cause.reason]);
    let keyed = key.of(by, &asked);
    let transfer = Transfer { from_pool_id, to_pool_id, doses, if_passed_on };
    let moved = flows::pool::transfer(&app.db, transfer, &cause, keyed.as_ref()).await?;
    let (from, to) = moved;
    Ok(ok(&json!({ "from": PoolView::from(&from), "to": PoolView::from(&to) })))
}

/// Writes doses off.
///
/// # Errors
/// Those of `flows::pool::lose`.
pub async fn post_loss(
    app: Data<App>,
    ByAdministrator { by, what: (Path(pool_id), Json(body), key) }: ByAdministrator<(
        Path<PoolId>,
        Json<LossRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let LossRequest { doses, reason } = body;
    let cause = cause(by, reason.0.into());
    let keyed = key.of(by, &json!(["loss", pool_id, doses, cause.reason]));
    let pool = flows::pool::lose(&app.db, (pool_id, doses), &cause, keyed.as_ref()).await?;
    Ok(ok(&PoolView::from(&pool)))
}
