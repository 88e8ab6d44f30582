//! Days on which clinics are closed, those who are booked then, and whom no message has reached.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, found, list, localized, ok};
use crate::{
    api::localized::ReasonView,
    db,
    domain::{
        BookingId, ClinicId,
        booking_number::BookingNumber,
        clinic::Closure,
        closure::{Told, Unheard, Unreached},
        keys::Keys,
        slot_plan::Hit,
    },
    flows::{self, closure::Closed},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Day, Limit, TellingHow, Text},
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureRequest {
    reason: Text<200>,
    reason_ko: Option<Text<200>>,
    reason_en: Option<Text<200>>,
    /// The last closed day; else the one of the path is the only one.
    to_date: Option<Day>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    reason: Text<200>,
    reason_ko: Option<Text<200>>,
    reason_en: Option<Text<200>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureQuery {
    #[serde(default)]
    limit: Limit,
    after: Option<Day>,
}

/// Whether it is only to be said what would happen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    #[serde(default)]
    pub dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnreachedQuery {
    date: Day,
    #[serde(default)]
    limit: Limit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TellingRequest {
    how: TellingHow,
}

/// The path of a clinic's day.
type OfDay = Path<(ClinicId, Day)>;
/// The path of a clinic's booking.
type OfBooking = Path<(ClinicId, BookingId)>;

#[derive(Serialize)]
struct ClosureView<'a> {
    clinic_id: ClinicId,
    on_date: NaiveDate,
    #[serde(flatten)]
    reason: ReasonView<'a>,
}

impl<'a> From<&'a Closure> for ClosureView<'a> {
    fn from(closure: &'a Closure) -> Self {
        let Closure { clinic_id, on_date, reason } = closure;
        Self { clinic_id: *clinic_id, on_date: *on_date, reason: reason.into() }
    }
}

/// Closed days, and what they meet.
#[derive(Serialize)]
struct ClosedDays<'a> {
    #[serde(flatten)]
    closure: ClosureView<'a>,
    to_date: NaiveDate,
    dry_run: bool,
    slots: u64,
    live_bookings: i64,
    /// The first of them.
    bookings: Vec<HitView>,
}

/// A booking that is hit. Whose it is stands in the clinic's schedule.
#[derive(Serialize)]
pub struct HitView {
    booking_id: BookingId,
    number: BookingNumber,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
}

impl HitView {
    pub fn new(keys: &Keys, hit: Hit) -> Self {
        let Hit { booking_id, on_date, starts_at } = hit;
        let number = BookingNumber::of(&keys.booking_number, booking_id);
        Self { booking_id, number, on_date, starts_at }
    }
}

/// A person to be told by somebody.
#[derive(Serialize)]
struct UnheardView<'a> {
    booking_id: BookingId,
    number: BookingNumber,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    is_cancelled: bool,
    is_back: bool,
    name: &'a str,
    phone: &'a str,
    why: Unreached,
    told: Option<Told>,
}

/// The closed days, in order.
///
/// # Errors
/// `not_found` for an unknown clinic.
pub async fn list_closures(
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Query<ClosureQuery>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Query(days)) = request.what;
    found(db::clinic::find(&app.db.read, clinic_id).await?)?;
    let from = days.after.and_then(|day| day.0.succ_opt()).unwrap_or(NaiveDate::default());
    let closures = db::clinic::list_closures(&app.db.read, clinic_id, from, days.limit.0).await?;
    list("closures", &closures, days.limit, ClosureView::from, |closure| {
        closure.on_date.to_string()
    })
}

/// Closes a day, or several; bookings on them stay and are listed.
///
/// # Errors
/// Those of `flows::closure::close`.
pub async fn put_closure(
    app: Data<App>,
    request: ByAdministrator<(OfDay, Query<DryRun>, Json<ClosureRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((clinic_id, Day(on_date))), Query(DryRun { dry_run }), Json(body)) = request.what;
    let to_date = body.to_date.map_or(on_date, |day| day.0);
    let reason = localized(body.reason, body.reason_ko, body.reason_en);
    let closure = Closure { clinic_id, on_date, reason };
    let closed = flows::closure::close(&app.db, &closure, to_date, dry_run).await?;
    let Closed { slots, live_bookings, hits } = closed;
    let bookings = hits.into_iter().map(|hit| HitView::new(&app.keys, hit)).collect();
    let closure = (&closure).into();
    Ok(ok(&ClosedDays { closure, to_date, dry_run, slots, live_bookings, bookings }))
}

/// Opens a closed day again.
///
/// # Errors
/// Those of `flows::closure::open_day`.
pub async fn delete_closure(
    app: Data<App>,
    request: ByAdministrator<OfDay>,
) -> Result<HttpResponse, Problem> {
    let Path((clinic_id, Day(on_date))) = request.what;
    flows::closure::open_day(&app.db, clinic_id, on_date).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Cancels the bookings of a day that have lost their time.
///
/// # Errors
/// Those of `flows::closure::cancel_lost`.
pub async fn post_cancellations(
    app: Data<App>,
    request: ByAdministrator<(OfDay, Json<ReasonRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((clinic_id, Day(date))), Json(body)) = request.what;
    let reason = localized(body.reason, body.reason_ko, body.reason_en);
    let day = (clinic_id, date);
    let cancelled = flows::closure::cancel_lost(&app.db, day, &reason, request.by).await?;
    Ok(ok(&json!({ "clinic_id": clinic_id, "on_date": date, "cancelled": cancelled })))
}

/// Persons who lost their appointment on a day, or have it back, and whom no message has reached.
///
/// # Errors
/// `not_found` for an unknown clinic.
pub async fn list_unreached(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Query<UnreachedQuery>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Query(UnreachedQuery { date: Day(date), limit })) = request.what;
    found(db::clinic::find(&app.db.read, clinic_id).await?)?;
    let persons = db::closure::unheard(&app.db.read, clinic_id, date, limit.0).await?;
    let persons: Vec<_> = persons.iter().map(|one| UnheardView::new(&app.keys, one)).collect();
    Ok(ok(&json!({ "clinic_id": clinic_id, "on_date": date, "persons": persons })))
}

impl<'a> UnheardView<'a> {
    fn new(keys: &Keys, one: &'a Unheard) -> Self {
        Self {
            booking_id: one.booking_id,
            number: BookingNumber::of(&keys.booking_number, one.booking_id),
            on_date: one.on_date,
            starts_at: one.starts_at,
            is_cancelled: one.is_cancelled,
            is_back: one.is_back,
            name: &one.name,
            phone: &one.phone,
            why: one.why,
            told: one.told,
        }
    }
}

/// Ticks a person off.
///
/// # Errors
/// Those of `flows::closure::tick`.
pub async fn put_unreached(
    app: Data<App>,
    request: ByAdministrator<(OfBooking, Json<TellingRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(of), Json(TellingRequest { how })) = request.what;
    let Told { at, staff_user_id, how } =
        flows::closure::tick(&app.db, of, how.0, request.by).await?;
    let told = json!({ "at": at, "staff_user_id": staff_user_id, "how": how });
    Ok(ok(&json!({ "booking_id": of.1, "told": told })))
}

/// Takes a tick back.
///
/// # Errors
/// Those of `flows::closure::untick`.
pub async fn delete_unreached(
    app: Data<App>,
    request: ByAdministrator<OfBooking>,
) -> Result<HttpResponse, Problem> {
    let Path((clinic_id, booking_id)) = request.what;
    flows::closure::untick(&app.db, clinic_id, booking_id).await?;
    Ok(HttpResponse::NoContent().finish())
}
