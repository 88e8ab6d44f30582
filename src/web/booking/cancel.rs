//! Cancelling: what is lost by it, and what becomes of the dose, before the press; the press
//! itself; and what to do where it is too late.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use askama::Template;

use super::{
    OfBooking,
    booked::{self, Known},
    clinic::Facts,
};
use crate::{
    domain::{
        Code, Detail,
        batch::{Outcome, Request},
        booking::{Booking, State},
    },
    flows::lane::ReplyQueue,
    http::{
        admission::{self, Admitted},
        extract::Path,
        problem::Problem,
    },
    web::{
        form::Form,
        guard::SignedIn,
        page::{Frame, Visit},
        part::Row,
        text::Texts,
    },
    words,
};

#[derive(Template)]
#[template(path = "booking/cancel.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    /// The booking, which is kept by going back.
    back: String,
    here: String,
    /// What became of the last press.
    note: Option<String>,
    rows: Vec<Row>,
    /// What becomes of the dose.
    dose: String,
}

#[derive(Template)]
#[template(path = "booking/too_late.html")]
struct TooLate<'a> {
    t: Texts,
    frame: Frame<'a>,
    back: String,
    /// Number and what a telephone dials.
    phone: Option<(String, String)>,
}

/// Asks whether to cancel. A booking that cannot be cancelled is shown instead: it says why.
///
/// # Errors
/// `not_found`.
pub async fn get_cancel(
    visit: Visit,
    SignedIn(session): SignedIn,
    _: Admitted<admission::Afterwards>,
    Path(OfBooking { booking_id }): Path<OfBooking>,
) -> Result<HttpResponse, Problem> {
    let booking = booked::own(&visit.app, session.person_id, booking_id).await?;
    let has_begun = booking.starts_at <= visit.app.clock.now();
    if booking.state != State::Booked || has_begun {
        return Ok(visit.see_other(&booked::path(booking_id)));
    }
    let snapshot = visit.app.board.now();
    visit.show(&Page::new(&visit, &Known::new(visit.t, &snapshot, &booking)))
}

/// Cancels. Pressed again, it changes nothing.
///
/// # Errors
/// `forbidden` for a form of another site; `not_found`.
pub async fn post_cancel(
    visit: Visit,
    SignedIn(session): SignedIn,
    Path(OfBooking { booking_id }): Path<OfBooking>,
    admitted: Result<Admitted<admission::Cancel>, Problem>,
    replies: Data<ReplyQueue>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let app = &visit.app;
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(crowded) => {
            // Whoever is not let in takes no connection from those who are.
            let booking = booked::own(app, session.person_id, booking_id).await?;
            return not_done(&visit, &booking, crowded);
        }
    };
    let booking = booked::own_to_change(app, session.person_id, booking_id).await?;
    let request = Request::Cancel(booking.clone());
    let outcome = app.lanes.submit(request, &replies).await.map_err(Problem::from);
    drop(admitted);
    match outcome {
        Ok(
            Outcome::Booked(_) | Outcome::Cancelled(_) | Outcome::Replayed(_) | Outcome::Visited(_),
        ) => Ok(visit.see_other(&booked::path(booking_id))),
        Ok(Outcome::Refused(refusal)) if refusal.code == Code::BookingEnded => {
            too_late(&visit, &booking)
        }
        Ok(Outcome::Refused(refusal)) => not_done(&visit, &booking, refusal.into()),
        Err(problem) => not_done(&visit, &booking, problem),
    }
}

/// The appointment has begun, or the dose was given: only the clinic can do something about it.
fn too_late(visit: &Visit, booking: &Booking) -> Result<HttpResponse, Problem> {
    let snapshot = visit.app.board.now();
    let known = Known::new(visit.t, &snapshot, booking);
    let facts = known.clinic.map(|clinic| Facts::new(visit.t, clinic));
    let frame = visit.frame();
    let page = TooLate {
        t: visit.t,
        frame,
        back: frame.to(&booked::path(booking.booking_id)),
        phone: facts.map(|facts| (facts.phone.to_owned(), facts.dial)),
    };
    visit.show_as(StatusCode::CONFLICT, &page)
}

/// The press was not taken in, or its outcome is not known: the same page, to be pressed again.
fn not_done(visit: &Visit, booking: &Booking, problem: Problem) -> Result<HttpResponse, Problem> {
    if problem.refusal.code == Code::NotFound {
        return Err(problem);
    }
    let t = visit.t;
    problem.log(None);
    let status = StatusCode::from_u16(problem.refusal.code.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let may_pass = status == StatusCode::SERVICE_UNAVAILABLE;
    let seconds =
        may_pass.then(|| problem.retry_after().unwrap_or_else(|| visit.app.seconds_until_again()));
    let wait = seconds.map(|seconds| words::wait(t.language(), seconds));
    let note = match (&problem.refusal.detail, wait) {
        (Detail::Crowded { .. }, Some(wait)) => t.cancel_was_not_taken(&wait),
        (_, Some(wait)) => t.cancel_again_in(&wait),
        (_, None) => t.cancel_again().to_owned(),
    };
    let snapshot = visit.app.board.now();
    let known = Known::new(t, &snapshot, booking);
    // Nothing sends it by itself: somebody may think better of it meanwhile.
    let page = Page { note: Some(note), ..Page::new(visit, &known) };
    let mut response = visit.show_as(status, &page)?;
    if let Some(seconds) = seconds {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

impl<'a> Page<'a> {
    fn new(visit: &'a Visit, known: &Known<'_>) -> Self {
        let (t, frame) = (visit.t, visit.frame());
        let back = frame.to(&booked::path(known.booking.booking_id));
        let zone = known.clinic.map_or(chrono_tz::UTC, |clinic| clinic.zone);
        let dose = match known.open_again_until() {
            Some(until) if visit.app.clock.now() <= until => {
                t.dose_would_open(&t.instant(until, zone))
            }
            _ => t.dose_would_stay().to_owned(),
        };
        Self {
            t,
            frame,
            here: format!("{back}/cancel"),
            back,
            note: None,
            rows: known.rows(t),
            dose,
        }
    }
}
