//! The time windows of a clinic on a date, as they are now: what a citizen chooses from.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    extract::{Path, Query},
    problem::Problem,
};
use crate::{
    app::App,
    db::{
        self,
        slot::{DosesOpen, Window},
    },
    domain::{CampaignId, ClinicId, Refusal},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    campaign_id: CampaignId,
    date: NaiveDate,
}

#[derive(Serialize)]
struct Slots {
    clinic_id: ClinicId,
    campaign_id: CampaignId,
    date: NaiveDate,
    as_of: DateTime<Utc>,
    /// Doses that can be booked on the web on this date, whatever the slot.
    doses_open: Vec<DosesOpen>,
    slots: Vec<Window>,
}

/// The slots of a clinic on a local date, with seats, and the doses of that date.
///
/// # Errors
/// `not_found` for an unknown clinic or campaign, `invalid_field`, `unavailable`.
pub async fn list_slots(
    app: Data<App>,
    Path(clinic_id): Path<ClinicId>,
    Query(Asked { campaign_id, date }): Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let db = &app.db.read;
    let as_of = db::slot::find_day(db, clinic_id, campaign_id).await?;
    let as_of = as_of.ok_or_else(Refusal::not_found)?;
    let slots = db::slot::list(db, clinic_id, date).await?;
    let doses_open = db::slot::doses_open(db, clinic_id, campaign_id, date).await?;
    let body = Slots { clinic_id, campaign_id, date, as_of, doses_open, slots };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=1")).json(body))
}
