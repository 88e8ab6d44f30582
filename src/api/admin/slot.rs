//! The time windows of a clinic.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, created, found, list, ok};
use crate::{
    db,
    domain::{ClinicId, Detail, Refusal, SlotId, fact::Counted, slot::Slot},
    flows::{self, slot::Window},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Day, Instant, Limit},
        problem::Problem,
        state::App,
    },
};

/// As many as the longest body has room for; more come from a file.
const SLOTS_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotsRequest {
    slots: Vec<SlotRequest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRequest {
    starts_at: Instant,
    ends_at: Instant,
    seats: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatsRequest {
    seats: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotQuery {
    date: Option<Day>,
    #[serde(default)]
    limit: Limit,
    after: Option<SlotId>,
}

#[derive(Serialize)]
struct SlotView {
    slot_id: SlotId,
    clinic_id: ClinicId,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    seats: i32,
    taken: i32,
    is_closed: bool,
}

impl From<&Slot> for SlotView {
    fn from(slot: &Slot) -> Self {
        let &Slot { slot_id, on_date, starts_at, ends_at, seats, taken, is_closed } = slot;
        let clinic_id = slot_id.clinic();
        Self { slot_id, clinic_id, on_date, starts_at, ends_at, seats, taken, is_closed }
    }
}

/// # Errors
/// `not_found` for an unknown clinic.
pub async fn list_slots(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Query<SlotQuery>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Query(SlotQuery { date, limit, after })) = request.what;
    found(db::clinic::find(&app.db.read, clinic_id).await?)?;
    let (date, after) = (date.map(|day| day.0), after.unwrap_or(SlotId(0)));
    let slots = db::slot::list_of_clinic(&app.db.read, clinic_id, date, after, limit.0).await?;
    list("slots", &slots, limit, SlotView::from, |slot| slot.slot_id.0)
}

/// # Errors
/// Those of `flows::slot::add`.
pub async fn post_slots(
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Json<SlotsRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Json(SlotsRequest { slots })) = request.what;
    if !(1..=SLOTS_MAX).contains(&slots.len()) {
        let max = i64::try_from(SLOTS_MAX).unwrap_or(i64::MAX);
        let detail = Detail::HowMany { of: Counted::Slots, min: 1, max };
        return Err(Refusal::field("slots", detail).into());
    }
    let windows = slots.into_iter().map(|slot| Window {
        starts_at: slot.starts_at.0,
        ends_at: slot.ends_at.0,
        seats: slot.seats,
    });
    let slots = flows::slot::add(&app.db, clinic_id, windows.collect()).await?;
    let slots: Vec<_> = slots.iter().map(SlotView::from).collect();
    Ok(created(&json!({ "slots": slots })))
}

/// # Errors
/// Those of `flows::slot::set_seats`.
pub async fn patch_slot(
    app: Data<App>,
    request: ByAdministrator<(Path<SlotId>, Json<SeatsRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(slot_id), Json(SeatsRequest { seats })) = request.what;
    let slot = flows::slot::set_seats(&app.db, slot_id, seats).await?;
    Ok(ok(&SlotView::from(&slot)))
}
