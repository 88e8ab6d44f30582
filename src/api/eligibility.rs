//! The public question "may I book?". It is answered by the same function as a booking, and nothing
//! of it is kept.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{Days, NaiveDate};
use serde::Deserialize;

use crate::{
    db,
    domain::{
        CampaignId, ClinicId, ProductId, Refusal, RegionId,
        calendar::local_date,
        campaign::State,
        eligibility::{Rules, Stranger, judge_stranger},
        person::{BirthDate, parse_date},
    },
    http::{
        admission::{self, Admitted},
        extract::Json,
        problem::Problem,
        state::App,
    },
};

/// Slots are made weeks ahead, and a second dose follows in months: a later day is a slip of the
/// pen.
const DAYS_AHEAD_MAX: u64 = 2 * 366;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EligibilityRequest {
    campaign_id: CampaignId,
    birth_date: String,
    /// Where the person lives; without it a cohort of a region counts as not theirs.
    region_id: Option<RegionId>,
    /// Days and birthdays then begin at midnight there, else in the campaign's zone.
    clinic_id: Option<ClinicId>,
    /// The day of the appointment; without it the question is about today.
    on_date: Option<String>,
    /// Without it any product of the campaign will do.
    product_id: Option<ProductId>,
}

/// Whether such a person may book now, with all reasons for a no.
///
/// # Errors
/// `not_found` for a campaign, region or clinic that is not there or not public, with the field;
/// `invalid_field` for an impossible date.
pub async fn post_eligibility(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Json(question): Json<EligibilityRequest>,
) -> Result<HttpResponse, Problem> {
    let EligibilityRequest { campaign_id, region_id, clinic_id, product_id, .. } = question;
    let mut conn = app.db.read.acquire().await?;
    let standing = db::eligibility::find(&mut *conn, campaign_id, region_id, clinic_id)
        .await?
        .filter(|standing| standing.state != State::Draft)
        .ok_or_else(|| not_found("campaign_id"))?;
    if region_id.is_some() && standing.home.is_none() {
        return Err(not_found("region_id").into());
    }
    if clinic_id.is_some() && standing.clinic_zone.is_none() {
        return Err(not_found("clinic_id").into());
    }
    let rules = db::eligibility::rules(&mut conn, campaign_id, standing.rule_version)
        .await?
        .ok_or_else(|| not_found("campaign_id"))?;
    drop(conn);
    let rules = Rules { zone: standing.clinic_zone.unwrap_or(rules.zone), ..rules };
    let today = local_date(standing.now, rules.zone);
    let stranger = Stranger {
        birth_date: BirthDate::parse(&question.birth_date, today)?.date(),
        home: standing.home,
        on_date: question.on_date.map(|text| appointment_day(&text, today)).transpose()?,
        product_id,
    };
    let verdict = judge_stranger(&rules, standing.state, &stranger, standing.now);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(verdict))
}

fn not_found(field: &str) -> Refusal {
    Refusal { field: Some(field.to_owned()), ..Refusal::not_found() }
}

fn appointment_day(text: &str, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    let date = parse_date(text)
        .ok_or_else(|| Refusal::field("on_date", "The date is not one as YYYY-MM-DD."))?;
    if today.checked_add_days(Days::new(DAYS_AHEAD_MAX)).is_some_and(|last| date > last) {
        return Err(Refusal::field("on_date", "The date is more than two years ahead."));
    }
    Ok(date)
}
