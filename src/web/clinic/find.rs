//! Finds a booking of the clinic by its number, as a scanner or the keyboard has typed it. One hit
//! is opened at once.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::name::{Names, scan_field};
use crate::{
    domain::{Code, Refusal, booking_number::BookingNumber, fold::plain, schedule::Found},
    flows,
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
    web::{
        form::{FieldError, Form, NUMBER, Reader},
        part::TextField,
        staff_guard::AtDesk,
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

/// As many as a booking's number has.
const NUMBER_DIGITS: usize = 10;
/// A lot, and a code that was typed into the middle of it.
const SCANNED_CHARS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "clinic/find.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    find: String,
    scan: TextField,
    errors: Vec<FieldError>,
    found: Vec<Line>,
}

/// One of several that have the number.
struct Line {
    href: String,
    when: String,
    name: String,
    born: String,
    what: String,
}

fn page<'a>(at: &'a AtDesk, here: &'a str, typed: &str) -> Page<'a> {
    let (t, staff) = (at.visitor.t(), at.visitor.frame_of(here));
    Page {
        t,
        find: staff.to(here),
        scan: scan_field(t, typed, true),
        errors: Vec::new(),
        found: Vec::new(),
        staff,
    }
}

fn path(at: &AtDesk) -> String {
    format!("/clinic/{}/find", at.clinic_id)
}

/// The field alone.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_find(at: AtDesk) -> Result<HttpResponse, Problem> {
    let here = path(&at);
    at.visitor.show(&page(&at, &here, ""))
}

/// Opens the booking with the number, or lists those that have it.
///
/// # Errors
/// `overloaded`; what the number is refused for is said beside the field.
pub async fn post_find(
    at: AtDesk,
    _: Admitted<admission::Desk>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app, here) = (at.visitor.t(), &at.visitor.visit.app, path(&at));
    let mut page = page(&at, &here, form.text(NUMBER));
    let mut reader = Reader::new(&form, t);
    let Some(number) = reader.number() else {
        page.errors = reader.errors;
        return at.visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let key = &app.keys.booking_number;
    let found = flows::booking_number::find_at(&app.db, key, at.clinic_id, number).await;
    let found = match found.map_err(Problem::from) {
        Ok(found) => found,
        Err(problem) if problem.refusal.code == Code::NotFound => {
            page.errors.push(not_here(t, &problem.refusal));
            return at.visitor.show_as(StatusCode::NOT_FOUND, &page);
        }
        Err(problem) => return Err(problem),
    };
    if let [one] = found.as_slice() {
        let to = format!("/clinic/{}/bookings/{}", at.clinic_id, one.booking.booking_id);
        return Ok(at.visitor.see_other(&to));
    }
    let names = Names::new(t, &app.board.now());
    page.found = found.iter().map(|one| line(&at, &names, one)).collect();
    at.visitor.show(&page)
}

/// What a scanner has typed into another field than its own, before, behind or among what stood
/// there: the visit of a booking of this clinic whose number is in the text.
///
/// # Errors
/// Those of the database.
pub async fn scanned(at: &AtDesk, text: &str) -> Result<Option<HttpResponse>, Problem> {
    let app = &at.visitor.visit.app;
    let plain: Vec<char> = plain(text).chars().take(SCANNED_CHARS_MAX).collect();
    for digits in plain.windows(NUMBER_DIGITS) {
        // Of ten digits one in ten is a number, and of those next to none one of this clinic.
        let Ok(number) = BookingNumber::parse(&digits.iter().collect::<String>()) else { continue };
        let key = &app.keys.booking_number;
        let found = flows::booking_number::find_at(&app.db, key, at.clinic_id, number).await;
        match found.map_err(Problem::from) {
            Ok(found) => {
                let Some(one) = found.first() else { continue };
                let to = format!("/clinic/{}/bookings/{}", at.clinic_id, one.booking.booking_id);
                return Ok(Some(at.visitor.see_other(&to)));
            }
            Err(problem) if problem.refusal.code == Code::NotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(None)
}

fn not_here(t: Texts, refusal: &Refusal) -> FieldError {
    FieldError { field: NUMBER, text: words::refusal(t.language(), refusal) }
}

fn line(at: &AtDesk, names: &Names, found: &Found) -> Line {
    let (t, booking) = (at.visitor.t(), &found.booking);
    let path = format!("/clinic/{}/bookings/{}", at.clinic_id, booking.booking_id);
    Line {
        href: at.visitor.frame().to(&path),
        when: t.instant(found.starts_at, at.desk.zone),
        name: booking.person.name.clone(),
        born: words::calendar_day(t.language(), booking.person.birth_date.date()),
        what: t.clinic_dose(&names.product(booking.product_id), booking.dose_number),
    }
}
