//! Provinces and districts.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{Asked, Page, created, list};
use crate::{
    db,
    domain::RegionId,
    flows,
    http::{
        extract::{Json, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRegion {
    parent_id: Option<RegionId>,
    code: Text<32>,
    name: Text<100>,
}

pub async fn list_regions(
    app: Data<App>,
    Asked { what: Query(page), .. }: Asked<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = RegionId(page.after.unwrap_or(0));
    let regions = db::region::list(&app.db.read, after, page.limit.0).await?;
    list("regions", &regions, page.limit, |region| region.region_id.0)
}

/// # Errors
/// Those of `flows::region::add`.
pub async fn post_region(
    app: Data<App>,
    Asked { what: Json(new), .. }: Asked<Json<NewRegion>>,
) -> Result<HttpResponse, Problem> {
    let NewRegion { parent_id, code, name } = new;
    let region = flows::region::add(&app.db, parent_id, code.0, name.0).await?;
    Ok(created(&region))
}
