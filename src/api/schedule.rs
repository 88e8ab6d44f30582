//! The day of a clinic, for its own staff and for administrators.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use serde::Deserialize;

use crate::{
    db,
    domain::{ClinicId, Refusal, fact::Expected, person::parse_date},
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        principal::Staff,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    date: String,
}

/// Slots and bookings of one local date.
///
/// # Errors
/// `not_found` for a clinic that is not the staff's own, or not there; `invalid_field`.
pub async fn get_schedule(
    _: Admitted<admission::Read>,
    app: Data<App>,
    staff: Staff,
    Path(clinic_id): Path<ClinicId>,
    Query(day): Query<Day>,
) -> Result<HttpResponse, Problem> {
    staff.at(clinic_id)?;
    let date = parse_date(&day.date).ok_or_else(|| Refusal::expected("date", Expected::Date))?;
    let schedule = db::schedule::find(&app.db.read, clinic_id, date).await?;
    let schedule = schedule.ok_or_else(Refusal::not_found)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(schedule))
}
