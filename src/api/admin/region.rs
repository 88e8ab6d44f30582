//! Provinces and districts.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{ByAdministrator, NameChange, Page, created, list, localized, ok};
use crate::{
    board::view::RegionView,
    db,
    domain::{RegionId, region::NewRegion},
    flows,
    http::{
        extract::{Json, Path, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionRequest {
    parent_id: Option<RegionId>,
    code: Text<32>,
    name: Text<100>,
    name_ko: Option<Text<100>>,
    name_en: Option<Text<100>>,
}

pub async fn list_regions(
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = RegionId(page.after.unwrap_or(0));
    let regions = db::region::list(&app.db.read, after, page.limit.0).await?;
    list("regions", &regions, page.limit, RegionView::from, |region| region.region_id.0)
}

/// # Errors
/// Those of `flows::region::add`.
pub async fn post_region(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<RegionRequest>>,
) -> Result<HttpResponse, Problem> {
    let RegionRequest { parent_id, code, name, name_ko, name_en } = new;
    let name = localized(name, name_ko, name_en);
    let region = flows::region::add(&app.db, NewRegion { parent_id, code: code.0, name }).await?;
    Ok(created(&RegionView::from(&region)))
}

/// # Errors
/// Those of `flows::region::rename`.
pub async fn patch_region(
    app: Data<App>,
    request: ByAdministrator<(Path<RegionId>, Json<NameChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(region_id), Json(change)) = request.what;
    let region = flows::region::rename(&app.db, region_id, change.into()).await?;
    Ok(ok(&RegionView::from(&region)))
}
