//! Vaccines, and which of them a campaign gives.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::{ByAdministrator, NameChange, Page, created, found, list, localized, ok, settled};
use crate::{
    board::view::ProductView,
    db,
    domain::{CampaignId, Detail, ProductId, Refusal, fact::Counted, product::NewProduct},
    flows,
    http::{
        extract::{Json, Path, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

/// A campaign gives no more products than this.
const PRODUCTS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductRequest {
    code_system: Option<Text<200>>,
    code: Text<64>,
    name: Text<100>,
    name_ko: Option<Text<100>>,
    name_en: Option<Text<100>>,
    doses_per_vial: i16,
    age_months_min: Option<i16>,
    age_months_max: Option<i16>,
    doses_in_series: Option<i16>,
    interval_days_min: Option<i16>,
}

impl From<ProductRequest> for NewProduct {
    fn from(new: ProductRequest) -> Self {
        Self {
            code_system: new.code_system.map(|text| text.0),
            code: new.code.0,
            name: localized(new.name, new.name_ko, new.name_en),
            doses_per_vial: new.doses_per_vial,
            age_months_min: new.age_months_min.unwrap_or(0),
            age_months_max: new.age_months_max,
            doses_in_series: new.doses_in_series.unwrap_or(1),
            interval_days_min: new.interval_days_min.unwrap_or(0),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductIds {
    product_ids: Vec<ProductId>,
}

pub async fn list_products(
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = ProductId(page.after.unwrap_or(0));
    let products = db::product::list(&app.db.read, after, page.limit.0).await?;
    list("products", &products, page.limit, ProductView::from, |product| product.product_id.0)
}

/// # Errors
/// Those of `flows::product::add`.
pub async fn post_product(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<ProductRequest>>,
) -> Result<HttpResponse, Problem> {
    let new = new.into();
    Ok(created(&ProductView::from(&flows::product::add(&app.db, new).await?)))
}

/// # Errors
/// Those of `flows::product::rename`.
pub async fn patch_product(
    app: Data<App>,
    request: ByAdministrator<(Path<ProductId>, Json<NameChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(product_id), Json(change)) = request.what;
    let product = flows::product::rename(&app.db, product_id, change.into()).await?;
    Ok(ok(&ProductView::from(&product)))
}

/// What a campaign gives now.
///
/// # Errors
/// `not_found`.
pub async fn get_campaign_products(
    app: Data<App>,
    ByAdministrator { what: Path(campaign_id), .. }: ByAdministrator<Path<CampaignId>>,
) -> Result<HttpResponse, Problem> {
    let campaign = found(db::campaign::find(&app.db.read, campaign_id).await?)?;
    let product_ids = db::product::list_of_campaign(&app.db.read, campaign_id).await?;
    let rule_version = campaign.rule_version;
    Ok(ok(&json!({ "product_ids": product_ids, "rule_version": rule_version })))
}

/// Makes these the products of a campaign, in a new version of its rules.
///
/// # Errors
/// Those of `flows::rules::set_products`.
pub async fn put_campaign_products(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Json<ProductIds>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(ProductIds { product_ids })) = request.what;
    if !(1..=PRODUCTS_MAX).contains(&product_ids.len()) {
        let max = i64::try_from(PRODUCTS_MAX).unwrap_or(i64::MAX);
        let detail = Detail::HowMany { of: Counted::Products, min: 1, max };
        return Err(Refusal::field("product_ids", detail).into());
    }
    let set = flows::rules::set_products(&app.db, campaign_id, product_ids).await?;
    let body = json!({ "product_ids": set.rule, "rule_version": set.rule_version });
    settled(StatusCode::OK, &body, set.is_settled)
}
