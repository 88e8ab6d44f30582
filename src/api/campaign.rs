//! Campaigns that are public. A draft looks as if it did not exist.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::{extract::Path, negotiate, problem::Problem};
use crate::{
    app::App,
    domain::{CampaignId, Refusal},
};

/// All public campaigns, by id.
pub async fn list_campaigns(app: Data<App>, request: HttpRequest) -> HttpResponse {
    negotiate::send(&request, &app.board.now().catalogue.campaign_list)
}

/// One campaign: window, cohorts, tranches, products, published quota.
///
/// # Errors
/// `not_found`.
pub async fn get_campaign(
    app: Data<App>,
    request: HttpRequest,
    Path(campaign_id): Path<CampaignId>,
) -> Result<HttpResponse, Problem> {
    let snapshot = app.board.now();
    let card = snapshot.catalogue.campaigns.get(&campaign_id).ok_or_else(Refusal::not_found)?;
    Ok(negotiate::send(&request, &card.document))
}
