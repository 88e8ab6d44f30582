//! The public question "may I book?".

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use serde::{Deserialize, Serialize};

use crate::{
    board::eligibility::Question,
    domain::{
        CampaignId, ClinicId, Detail, ProductId, Refusal, RegionId, calendar::parse_date,
        fact::Expected,
    },
    http::{
        extract::Json,
        language::{Accepted, mark},
        problem::Problem,
        reason::WrittenVerdict,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EligibilityRequest {
    campaign_id: CampaignId,
    birth_date: String,
    region_id: Option<RegionId>,
    clinic_id: Option<ClinicId>,
    on_date: Option<String>,
    product_id: Option<ProductId>,
}

#[derive(Serialize)]
struct EligibilityView<'a> {
    eligible: bool,
    #[serde(flatten)]
    written: WrittenVerdict<'a>,
}

/// Whether such a person may book now, with all reasons for a no, from the board.
///
/// # Errors
/// Those of `Snapshot::may_book`; `invalid_field` for what is no date.
pub async fn post_eligibility(
    app: Data<App>,
    Accepted(language): Accepted,
    Json(request): Json<EligibilityRequest>,
) -> Result<HttpResponse, Problem> {
    let EligibilityRequest { campaign_id, region_id, clinic_id, product_id, .. } = request;
    let unreadable = || Refusal::field("birth_date", Detail::BirthDateUnreadable);
    let born_on = parse_date(&request.birth_date).ok_or_else(unreadable)?;
    let no_date = || Refusal::expected("on_date", Expected::Date);
    let on_date = request.on_date.map(|text| parse_date(&text).ok_or_else(no_date)).transpose()?;
    let question = Question { campaign_id, born_on, region_id, clinic_id, on_date, product_id };
    let verdict = app.board.now().may_book(&question, app.board.time(), app.site.zone)?;
    let written = WrittenVerdict::new(language, &verdict);
    let answer = EligibilityView { eligible: verdict.eligible, written };
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer);
    mark(response.headers_mut(), language);
    Ok(response)
}
