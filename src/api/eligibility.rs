//! The public question "may I book?". It is answered by the same function as a booking, and nothing
//! of it is kept.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    db,
    domain::{
        CampaignId, ClinicId, Detail, ProductId, Refusal, RegionId,
        applicant::AnonymousApplicant,
        birth_date::BirthDate,
        calendar::{local_date, parse_date},
        campaign::State,
        eligibility::judge_anonymous,
        fact::Expected,
        rule_set::Rules,
    },
    http::{
        admission::{self, Admitted},
        extract::Json,
        language::{Accepted, mark},
        problem::Problem,
        reason::WrittenVerdict,
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

#[derive(Serialize)]
struct EligibilityView<'a> {
    eligible: bool,
    #[serde(flatten)]
    written: WrittenVerdict<'a>,
}

/// Whether such a person may book now, with all reasons for a no.
///
/// # Errors
/// `not_found` for a campaign, region or clinic that is not there or not public, with the field;
/// `invalid_field` for an impossible date.
pub async fn post_eligibility(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Accepted(language): Accepted,
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
    let applicant = AnonymousApplicant {
        birth_date: BirthDate::parse(&question.birth_date, today)?.date(),
        home: standing.home,
        on_date: question.on_date.map(|text| appointment_day(&text, today)).transpose()?,
        product_id,
    };
    let verdict = judge_anonymous(&rules, standing.state, &applicant, standing.now);
    let written = WrittenVerdict::new(language, &verdict);
    let answer = EligibilityView { eligible: verdict.eligible, written };
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer);
    mark(response.headers_mut(), language);
    Ok(response)
}

fn not_found(field: &'static str) -> Refusal {
    Refusal { field: Some(field.into()), ..Refusal::not_found() }
}

fn appointment_day(text: &str, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    let date = parse_date(text).ok_or_else(|| Refusal::expected("on_date", Expected::Date))?;
    if today.checked_add_days(Days::new(DAYS_AHEAD_MAX)).is_some_and(|last| date > last) {
        return Err(Refusal::field("on_date", Detail::DateTooFar { days_max: DAYS_AHEAD_MAX }));
    }
    Ok(date)
}
