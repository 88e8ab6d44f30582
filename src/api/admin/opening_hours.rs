//! Opening hours: a series makes the slots of its days. With `dry_run` it only says what it would
//! come to.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ByAdministrator,
    closure::{DryRun, HitView},
    found, list, ok,
};
use crate::{
    db,
    db::opening_hours::Saved,
    domain::{
        ClinicId, Code, Detail, Refusal, RegionId,
        fact::Counted,
        keys::Keys,
        opening_hours::{Break, Series, Weekdays},
        slot_plan::{Changes, HITS_MAX},
    },
    flows::{
        self,
        opening_hours::{CLINICS_MAX, Outcome, Saving},
    },
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Day, DayOfWeek, DayTime, Limit},
        problem::Problem,
        state::App,
    },
};

/// The path of a clinic's day.
type OfDay = Path<(ClinicId, Day)>;

/// The hours of a day.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayHours {
    opens: DayTime,
    closes: DayTime,
    slot_minutes: u16,
    seats_per_slot: i32,
    #[serde(default)]
    breaks: Vec<BreakRequest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakRequest {
    from: DayTime,
    to: DayTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesRequest {
    weekdays: Vec<DayOfWeek>,
    opens: DayTime,
    closes: DayTime,
    slot_minutes: u16,
    seats_per_slot: i32,
    #[serde(default)]
    breaks: Vec<BreakRequest>,
    from_date: Day,
    to_date: Day,
    #[serde(default)]
    except: Vec<Day>,
}

/// A series for many clinics.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManyRequest {
    /// These clinics, or else those of the region and the regions in it.
    clinic_ids: Option<Vec<ClinicId>>,
    region_id: Option<RegionId>,
    series: SeriesRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursQuery {
    #[serde(default)]
    limit: Limit,
    /// Goes on with what was saved before this one.
    after: Option<i64>,
}

impl SeriesRequest {
    fn series(self) -> Series {
        let weekdays = self.weekdays.iter();
        Series {
            weekdays: weekdays.fold(Weekdays::default(), |days, day| days.with(day.0, day.0)),
            opens: self.opens.0,
            closes: self.closes.0,
            slot_minutes: self.slot_minutes,
            seats_per_slot: self.seats_per_slot,
            breaks: breaks(&self.breaks),
            from_date: self.from_date.0,
            to_date: self.to_date.0,
            except: self.except.iter().map(|day| day.0).collect(),
        }
    }
}

impl DayHours {
    fn series(&self, date: NaiveDate) -> Series {
        Series {
            weekdays: Weekdays::of(date),
            opens: self.opens.0,
            closes: self.closes.0,
            slot_minutes: self.slot_minutes,
            seats_per_slot: self.seats_per_slot,
            breaks: breaks(&self.breaks),
            from_date: date,
            to_date: date,
            except: BTreeSet::new(),
        }
    }
}

fn breaks(breaks: &[BreakRequest]) -> Vec<Break> {
    breaks.iter().map(|rest| Break { from: rest.from.0, to: rest.to.0 }).collect()
}

/// What a series came to, or would come to, at a clinic.
#[derive(Serialize)]
struct OutcomeView {
    clinic_id: ClinicId,
    dry_run: bool,
    days: usize,
    days_kept: usize,
    slots: usize,
    seats: i64,
    left_out: u64,
    added: u64,
    changed: u64,
    unchanged: u64,
    removed: u64,
    bookings_hit: u64,
    bookings: Vec<HitView>,
}

impl OutcomeView {
    fn new(keys: &Keys, outcome: Outcome, dry_run: bool) -> Self {
        let Changes { added, changed, unchanged, removed, .. } = outcome.changes;
        Self {
            clinic_id: outcome.clinic_id,
            dry_run,
            days: outcome.days,
            days_kept: outcome.days_kept,
            slots: outcome.slots,
            seats: outcome.seats,
            left_out: outcome.left_out,
            added,
            changed,
            unchanged,
            removed,
            bookings_hit: outcome.bookings_hit,
            bookings: outcome.hits.into_iter().map(|hit| HitView::new(keys, hit)).collect(),
        }
    }
}

#[derive(Serialize)]
struct SavedView<'a> {
    opening_hours_id: i64,
    #[serde(flatten)]
    series: &'a Series,
    saved_at: DateTime<Utc>,
}

impl<'a> From<&'a Saved> for SavedView<'a> {
    fn from(saved: &'a Saved) -> Self {
        let Saved { opening_hours_id, ref series, saved_at } = *saved;
        Self { opening_hours_id, series, saved_at }
    }
}

/// The series that were saved, the newest first.
///
/// # Errors
/// `not_found` for an unknown clinic.
pub async fn list_hours(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Query<HoursQuery>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Query(HoursQuery { limit, after })) = request.what;
    found(db::clinic::find(&app.db.read, clinic_id).await?)?;
    let before = after.unwrap_or(i64::MAX);
    let saved = db::opening_hours::list(&app.db.read, clinic_id, before, limit.0).await?;
    list("hours", &saved, limit, SavedView::from, |saved| saved.opening_hours_id)
}

/// Saves a series for a clinic.
///
/// # Errors
/// Those of `flows::opening_hours::save`.
pub async fn post_hours(
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Query<DryRun>, Json<SeriesRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Query(DryRun { dry_run }), Json(series)) = request.what;
    save(&app, clinic_id, &series.series(), Saving { dry_run, by: request.by }).await
}

/// Saves how a day of a clinic differs.
///
/// # Errors
/// Those of `flows::opening_hours::save`.
pub async fn put_day_hours(
    app: Data<App>,
    request: ByAdministrator<(OfDay, Query<DryRun>, Json<DayHours>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((clinic_id, Day(date))), Query(DryRun { dry_run }), Json(hours)) = request.what;
    save(&app, clinic_id, &hours.series(date), Saving { dry_run, by: request.by }).await
}

async fn save(
    app: &App,
    clinic_id: ClinicId,
    series: &Series,
    saving: Saving,
) -> Result<HttpResponse, Problem> {
    let outcome = flows::opening_hours::save(&app.db, clinic_id, series, saving).await?;
    Ok(ok(&OutcomeView::new(&app.keys, outcome, saving.dry_run)))
}

/// Takes back that a day differs.
///
/// # Errors
/// Those of `flows::opening_hours::forget_day`.
pub async fn delete_day_hours(
    app: Data<App>,
    request: ByAdministrator<(OfDay, Query<DryRun>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((clinic_id, Day(date))), Query(DryRun { dry_run })) = request.what;
    let outcome = flows::opening_hours::forget_day(&app.db, clinic_id, date, dry_run).await?;
    let outcome = outcome.map(|outcome| OutcomeView::new(&app.keys, outcome, dry_run));
    Ok(ok(&json!({ "clinic_id": clinic_id, "on_date": date, "outcome": outcome })))
}

/// Saves a series for many clinics, each in a transaction of its own. A clinic that is refused does
/// not keep the others from theirs.
///
/// # Errors
/// `invalid_field` where the series cannot be, or no clinics or too many are named.
pub async fn post_hours_of_many(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<(Query<DryRun>, Json<ManyRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Query(DryRun { dry_run }), Json(many)) = request.what;
    let clinics = match (many.clinic_ids, many.region_id) {
        (Some(clinics), None) if clinics.len() <= CLINICS_MAX => {
            clinics.into_iter().collect::<BTreeSet<_>>()
        }
        (None, Some(region_id)) => {
            flows::opening_hours::clinics_of(&app.db, region_id).await?.into_iter().collect()
        }
        _ => BTreeSet::new(),
    };
    if !(1..=CLINICS_MAX).contains(&clinics.len()) {
        let max = i64::try_from(CLINICS_MAX).unwrap_or(i64::MAX);
        let detail = Detail::HowMany { of: Counted::Clinics, min: 1, max };
        return Err(Refusal::field("clinic_ids", detail).into());
    }
    let (series, saving) = (many.series.series(), Saving { dry_run, by: request.by });
    let (mut done, mut unknown) = (Vec::new(), Vec::new());
    for clinic_id in clinics {
        match flows::opening_hours::save(&app.db, clinic_id, &series, saving).await {
            Ok(outcome) => done.push(outcome),
            Err(flows::Error::Refused(refusal)) if refusal.code == Code::NotFound => {
                unknown.push(clinic_id);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ok(&json!({ "dry_run": dry_run, "total": total(&done), "unknown": unknown,
        "clinics": views(&app.keys, done, dry_run) })))
}

/// Each clinic's, with the first bookings of all.
fn views(keys: &Keys, done: Vec<Outcome>, dry_run: bool) -> Vec<OutcomeView> {
    let mut left = usize::try_from(HITS_MAX).unwrap_or(usize::MAX);
    let view = |mut outcome: Outcome| {
        outcome.hits.truncate(left);
        left -= outcome.hits.len();
        OutcomeView::new(keys, outcome, dry_run)
    };
    done.into_iter().map(view).collect()
}

fn total(done: &[Outcome]) -> serde_json::Value {
    let sum = |of: fn(&Outcome) -> u64| done.iter().map(of).sum::<u64>();
    json!({
        "clinics": done.len(),
        "slots": done.iter().map(|one| one.slots).sum::<usize>(),
        "seats": done.iter().map(|one| one.seats).sum::<i64>(),
        "added": sum(|one| one.changes.added),
        "changed": sum(|one| one.changes.changed),
        "unchanged": sum(|one| one.changes.unchanged),
        "removed": sum(|one| one.changes.removed),
        "bookings_hit": sum(|one| one.bookings_hit),
    })
}
