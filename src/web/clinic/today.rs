//! The day of a clinic: how it stands, and everybody who comes.

use actix_web::HttpResponse;
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, Utc};

use super::name::{Names, scan_field};

use crate::{
    db,
    domain::{
        Refusal,
        booking_number::BookingNumber,
        calendar::parse_date,
        channel::Channel,
        day_list::{Attendance, DayRow, Pulse, Shut},
        masked_name::masked_name,
    },
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
    web::{
        form::FieldError,
        part::{Step, TextField, Tone},
        polled,
        staff_guard::AtDesk,
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

#[derive(Template)]
#[template(path = "clinic/today.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: String,
    is_today: bool,
    find: String,
    scan: TextField,
    errors: Vec<FieldError>,
    figures: Vec<Figure>,
    /// Why nobody comes, or nothing is written down any more, sentence by sentence.
    shut: Vec<String>,
    /// The day has times at which people could come.
    has_hours: bool,
    turn: String,
    /// Where the numbers are asked for.
    live_at: String,
    here: String,
    hours: Vec<Hour>,
    previous: Option<Step>,
    next: Option<Step>,
}

/// A number with its name.
struct Figure {
    key: &'static str,
    label: &'static str,
    number: i64,
}

/// Those who come at one time.
struct Hour {
    time: String,
    people: Vec<Line>,
}

/// Somebody on the list.
struct Line {
    id: String,
    href: String,
    name: String,
    number: String,
    what: String,
    tag: (&'static str, Tone),
}

/// The day of the query; today at the clinic where it names none.
///
/// # Errors
/// `not_found` for a clinic that is not there any more.
pub async fn get_today(at: AtDesk, _: Admitted<admission::Desk>) -> Result<HttpResponse, Problem> {
    let (t, app, visitor) = (at.visitor.t(), &at.visitor.visit.app, &at.visitor);
    let asked = date_of(visitor.visit.request.query_string());
    let today = db::schedule::today(&app.db.read, at.clinic_id).await?;
    let today = today.ok_or_else(Refusal::not_found)?;
    let date = asked.unwrap_or(today);
    // First the turn, so that the list is never older than it says.
    let pulse = db::day_list::pulse(&app.db.read, at.clinic_id, date).await?;
    let list = db::day_list::find(&app.db.read, at.clinic_id, date).await?;
    let list = list.ok_or_else(Refusal::not_found)?;
    let shut = db::day_list::shut(&app.db.read, at.clinic_id, date).await?;
    let shut = shut.ok_or_else(Refusal::not_found)?;
    let names = Names::new(t, &app.board.now());
    let path = |date: NaiveDate| format!("/clinic/{}?date={date}", at.clinic_id);
    let step = |date: Option<NaiveDate>| {
        let date = date?;
        let href = visitor.visit.frame().to(&path(date));
        Some(Step { href, label: words::short_date(t.language(), date) })
    };
    let mut hours: Vec<Hour> = Vec::new();
    for row in &list.rows {
        let time = words::time(t.language(), row.starts_at, at.desk.zone);
        if hours.last().is_none_or(|hour| hour.time != time) {
            hours.push(Hour { time, people: Vec::new() });
        }
        if let Some(hour) = hours.last_mut() {
            hour.people.push(line(&at, row, (&names, list.as_of)));
        }
    }
    let frame = visitor.frame();
    let page = Page {
        t,
        heading: t.date(date),
        is_today: date == list.today,
        find: frame.to(&format!("/clinic/{}/find", at.clinic_id)),
        scan: scan_field(t, "", true),
        errors: Vec::new(),
        figures: figures(t, &pulse),
        has_hours: shut.has_hours,
        shut: why_shut(&at, &shut),
        turn: pulse.turn(),
        live_at: frame.to(&format!("/clinic/{}/now?date={date}", at.clinic_id)),
        here: frame.to(&path(date)),
        hours,
        previous: step(date.checked_sub_days(Days::new(1))),
        next: step(date.checked_add_days(Days::new(1))),
        staff: frame,
    };
    visitor.show(&page)
}

/// The numbers of a day, for pages that are open.
///
/// # Errors
/// Those of the database.
pub async fn get_now(at: AtDesk, _: Admitted<admission::Desk>) -> Result<HttpResponse, Problem> {
    let (t, visit) = (at.visitor.t(), &at.visitor.visit);
    let date = date_of(visit.request.query_string()).ok_or_else(Refusal::not_found)?;
    let pulse = db::day_list::pulse(&visit.app.db.read, at.clinic_id, date).await?;
    let texts = || {
        let figures = figures(t, &pulse).into_iter();
        figures.map(|figure| (figure.key, words::count(figure.number))).collect()
    };
    Ok(polled::send(&visit.request, t, &pulse.turn(), texts))
}

/// The day that a query names.
pub fn date_of(query: &str) -> Option<NaiveDate> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "date").and_then(|(_, date)| parse_date(&date))
}

fn why_shut(at: &AtDesk, shut: &Shut) -> Vec<String> {
    let t = at.visitor.t();
    let closed = shut.reason.as_ref().map(|reason| t.clinic_is_closed(t.name(reason)));
    let accounted = shut.accounted.as_ref().map(|(when, by)| {
        let by = by.as_deref().unwrap_or_else(|| t.clinic_by_service());
        t.close_by(&t.instant(*when, at.desk.zone), by)
    });
    closed.into_iter().chain(accounted).collect()
}

fn figures(t: Texts, pulse: &Pulse) -> Vec<Figure> {
    let figure = |key, label, number| Figure { key, label, number };
    vec![
        figure("on_hand", t.clinic_on_hand(), pulse.on_hand),
        figure("spare", t.clinic_on_hand_spare(), pulse.spare),
        figure("awaited", t.clinic_awaited(), pulse.awaited),
        figure("late", t.clinic_late(), pulse.late),
        figure("waiting", t.clinic_waiting(), pulse.waiting),
        figure("given", t.dose_given(), pulse.given),
        figure("walk_ins", t.clinic_walk_ins(), pulse.walk_ins),
        figure("not_vaccinated", t.booking_not_vaccinated(), pulse.not_vaccinated),
        figure("no_shows", t.clinic_no_shows(), pulse.no_shows),
    ]
}

fn line(at: &AtDesk, row: &DayRow, (names, now): (&Names, DateTime<Utc>)) -> Line {
    let (t, id) = (at.visitor.t(), row.booking_id);
    let key = &at.visitor.visit.app.keys.booking_number;
    let attendance = row.attendance(now);
    Line {
        id: format!("b{}", id.0.simple()),
        href: at.visitor.visit.frame().to(&format!("/clinic/{}/bookings/{id}", at.clinic_id)),
        name: masked_name(&row.name),
        number: BookingNumber::of(key, id).to_string(),
        what: t.clinic_dose(&names.product(row.product_id), row.dose_number),
        tag: match row.channel {
            Channel::WalkIn => (t.clinic_walk_in_given(), Tone::Good),
            Channel::Web | Channel::Phone => tag(t, attendance),
        },
    }
}

/// What is going on with somebody, in a word or two, and how it is marked.
fn tag(t: Texts, attendance: Attendance) -> (&'static str, Tone) {
    match attendance {
        Attendance::Awaited => (t.clinic_is_awaited(), Tone::Plain),
        Attendance::Late => (t.clinic_is_late(), Tone::Wait),
        Attendance::Waiting => (t.clinic_is_waiting(), Tone::Wait),
        Attendance::Given => (t.dose_given(), Tone::Good),
        Attendance::NotVaccinated => (t.clinic_is_not_vaccinated(), Tone::Bad),
        Attendance::NoShow => (t.clinic_is_no_show(), Tone::Bad),
    }
}
