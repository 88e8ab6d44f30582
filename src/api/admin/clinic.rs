//! Clinics, and the days on which they are closed.

use actix_web::{HttpResponse, web::Data};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Asked, Page, created, found, list, ok};
use crate::{
    db,
    domain::{ClinicId, RegionId, clinic::Closure},
    flows::{self, clinic::Change},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Day, Limit, Text, Zone},
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClinic {
    region_id: RegionId,
    code: Text<32>,
    name: Text<200>,
    zone: Zone,
    address: Text<500>,
    phone: Text<50>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicChange {
    region_id: Option<RegionId>,
    name: Option<Text<200>>,
    zone: Option<Zone>,
    address: Option<Text<500>>,
    phone: Option<Text<50>>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClosure {
    reason: Text<200>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    #[serde(default)]
    limit: Limit,
    after: Option<Day>,
}

/// The path of a clinic's day.
type OfDay = Path<(ClinicId, Day)>;

/// A closed day, and what it meets.
#[derive(Serialize)]
struct Closed {
    #[serde(flatten)]
    closure: Closure,
    slots: u64,
    live_bookings: i64,
}

pub async fn list_clinics(
    _: Admitted<admission::Export>,
    app: Data<App>,
    Asked { what: Query(page), .. }: Asked<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = ClinicId(page.after.unwrap_or(0));
    let clinics = db::clinic::list(&app.db.read, after, page.limit.0).await?;
    list("clinics", &clinics, page.limit, |clinic| clinic.clinic_id.0)
}

/// # Errors
/// Those of `flows::clinic::add`.
pub async fn post_clinic(
    app: Data<App>,
    Asked { what: Json(new), .. }: Asked<Json<NewClinic>>,
) -> Result<HttpResponse, Problem> {
    let new = db::clinic::New {
        region_id: new.region_id,
        code: new.code.0,
        name: new.name.0,
        zone: new.zone.0,
        address: new.address.0,
        phone: new.phone.0,
        latitude: new.latitude,
        longitude: new.longitude,
    };
    Ok(created(&flows::clinic::add(&app.db, new).await?))
}

/// # Errors
/// Those of `flows::clinic::change`.
pub async fn patch_clinic(
    app: Data<App>,
    asked: Asked<(Path<ClinicId>, Json<ClinicChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Json(change)) = asked.what;
    let change = Change {
        region_id: change.region_id,
        name: change.name.map(|text| text.0),
        zone: change.zone.map(|zone| zone.0),
        address: change.address.map(|text| text.0),
        phone: change.phone.map(|text| text.0),
        latitude: change.latitude,
        longitude: change.longitude,
    };
    Ok(ok(&flows::clinic::change(&app.db, clinic_id, change).await?))
}

/// The closed days, in order.
///
/// # Errors
/// `not_found` for an unknown clinic.
pub async fn list_closures(
    app: Data<App>,
    asked: Asked<(Path<ClinicId>, Query<Days>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Query(days)) = asked.what;
    found(db::clinic::find(&app.db.read, clinic_id).await?)?;
    let from = days.after.and_then(|day| day.0.succ_opt()).unwrap_or(NaiveDate::default());
    let closures = db::clinic::list_closures(&app.db.read, clinic_id, from, days.limit.0).await?;
    list("closures", &closures, days.limit, |closure| closure.on_date.to_string())
}

/// Closes a day; bookings on it stay and are counted.
///
/// # Errors
/// Those of `flows::clinic::close_day`.
pub async fn put_closure(
    app: Data<App>,
    asked: Asked<(OfDay, Json<NewClosure>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((clinic_id, Day(on_date))), Json(NewClosure { reason })) = asked.what;
    let closure = Closure { clinic_id, on_date, reason: reason.0 };
    let (closure, day) = flows::clinic::close_day(&app.db, closure).await?;
    let flows::clinic::Day { slots, live_bookings } = day;
    Ok(ok(&Closed { closure, slots, live_bookings }))
}

/// Opens a closed day again.
///
/// # Errors
/// Those of `flows::clinic::open_day`.
pub async fn delete_closure(app: Data<App>, asked: Asked<OfDay>) -> Result<HttpResponse, Problem> {
    let Path((clinic_id, Day(on_date))) = asked.what;
    flows::clinic::open_day(&app.db, clinic_id, on_date).await?;
    Ok(HttpResponse::NoContent().finish())
}
