//! A clinic's local date, as its staff account for it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ETAG},
    web::Data,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::{
    domain::{
        AllocationId, CampaignId, ClinicId, ProductId, StaffUserId, TrancheId,
        day::{By, Closed, Day, DayDoses, NextDay, Reopened},
        day_policy::LeftOver,
    },
    flows,
    http::{
        admission::{self, Admitted},
        extract::Path,
        field, negotiate,
        principal::AtClinic,
        problem::Problem,
        state::App,
    },
};

/// The path of a clinic's day.
pub type OfDay = Path<(ClinicId, field::Day)>;

/// Whoever asks may keep the answer, and asks each time whether it is still so.
const PRIVATE: &str = "private, no-cache";

#[derive(Serialize)]
struct DayView<'a> {
    clinic_id: ClinicId,
    date: NaiveDate,
    /// The clinic's date now.
    today: NaiveDate,
    zone: &'a str,
    state: &'static str,
    first_slot_at: Option<DateTime<Utc>>,
    last_slot_at: Option<DateTime<Utc>>,
    closed: Option<ClosedView<'a>>,
    reopened: Option<ReopenedView<'a>>,
    people: PeopleView,
    doses: Vec<DosesView>,
}

#[derive(Serialize)]
struct ClosedView<'a> {
    at: DateTime<Utc>,
    by: Option<ByView<'a>>,
    note: Option<&'a str>,
    granted: i32,
    returned: i32,
    kept: i32,
}

#[derive(Serialize)]
struct ReopenedView<'a> {
    at: DateTime<Utc>,
    by: Option<ByView<'a>>,
    reason: &'a str,
}

#[derive(Serialize)]
struct ByView<'a> {
    staff_user_id: StaffUserId,
    username: &'a str,
}

#[derive(Serialize)]
struct PeopleView {
    expected: i32,
    arrived: i32,
    waiting: i32,
    to_come: i32,
    given: i32,
    not_vaccinated: i32,
    no_shows: i32,
    cancelled: i32,
    not_recorded: i32,
    walk_ins: i32,
}

#[derive(Serialize)]
struct DosesView {
    allocation_id: AllocationId,
    campaign_id: CampaignId,
    product_id: ProductId,
    tranche_id: Option<TrancheId>,
    channel: i16,
    granted: i32,
    open: i32,
    held: i32,
    booked: i32,
    spare: i32,
    given: i32,
    lost: i32,
    doses_per_vial: i16,
    left_over: LeftOver,
    next_day: Option<NextDayView>,
}

#[derive(Serialize)]
struct NextDayView {
    allocation_id: AllocationId,
    date: NaiveDate,
}

impl<'a> From<&'a By> for ByView<'a> {
    fn from(by: &'a By) -> Self {
        Self { staff_user_id: by.staff_user_id, username: &by.username }
    }
}

impl<'a> From<&'a Closed> for ClosedView<'a> {
    fn from(closed: &'a Closed) -> Self {
        let Closed { at, by, note, granted, returned, kept } = closed;
        Self {
            at: *at,
            by: by.as_ref().map(Into::into),
            note: note.as_deref(),
            granted: *granted,
            returned: *returned,
            kept: *kept,
        }
    }
}

impl<'a> From<&'a Reopened> for ReopenedView<'a> {
    fn from(reopened: &'a Reopened) -> Self {
        let Reopened { at, by, reason } = reopened;
        Self { at: *at, by: by.as_ref().map(Into::into), reason }
    }
}

impl From<&Day> for PeopleView {
    fn from(day: &Day) -> Self {
        let people = day.people;
        Self {
            expected: people.expected(),
            arrived: people.arrived,
            waiting: people.waiting,
            to_come: people.to_come,
            given: people.given,
            not_vaccinated: people.not_vaccinated,
            no_shows: people.no_shows,
            cancelled: people.cancelled,
            not_recorded: people.not_recorded,
            walk_ins: people.walk_ins,
        }
    }
}

impl From<&DayDoses> for DosesView {
    fn from(doses: &DayDoses) -> Self {
        let grant = &doses.grant;
        let next =
            |next: NextDay| NextDayView { allocation_id: next.allocation_id, date: next.on_date };
        Self {
            allocation_id: grant.allocation_id,
            campaign_id: grant.campaign_id,
            product_id: grant.product_id,
            tranche_id: grant.tranche_id,
            channel: grant.channel.number(),
            granted: grant.granted,
            open: grant.open,
            held: grant.held,
            booked: grant.booked,
            spare: grant.spare,
            given: grant.given,
            lost: grant.lost,
            doses_per_vial: doses.doses_per_vial,
            left_over: doses.left_over,
            next_day: doses.next.map(next),
        }
    }
}

impl<'a> From<&'a Day> for DayView<'a> {
    fn from(day: &'a Day) -> Self {
        Self {
            clinic_id: day.clinic_id,
            date: day.date,
            today: day.today,
            zone: &day.zone,
            state: if day.closed.is_some() { "closed" } else { "open" },
            first_slot_at: day.slots.map(|(first, _)| first),
            last_slot_at: day.slots.map(|(_, last)| last),
            closed: day.closed.as_ref().map(Into::into),
            reopened: day.reopened.as_ref().map(Into::into),
            people: day.into(),
            doses: day.doses.iter().map(Into::into).collect(),
        }
    }
}

/// The day with its version, which a closing names.
pub(super) fn answer(day: &Day) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, PRIVATE))
        .insert_header((ETAG, format!("\"{}\"", day.version())))
        .json(DayView::from(day))
}

/// # Errors
/// `not_found` for a clinic that is not the staff's own, or not there; `invalid_field`.
pub async fn get_day(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    request: HttpRequest,
    AtClinic { clinic_id, what: Path((_, date)), .. }: AtClinic<OfDay>,
) -> Result<HttpResponse, Problem> {
    let day = flows::day_close::look(&app.db, clinic_id, date.0).await?;
    let etag = format!("\"{}\"", day.version());
    if negotiate::has(&request, &etag) {
        return Ok(HttpResponse::NotModified()
            .insert_header((CACHE_CONTROL, PRIVATE))
            .insert_header((ETAG, etag))
            .finish());
    }
    Ok(answer(&day))
}
