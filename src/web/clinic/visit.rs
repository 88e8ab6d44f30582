//! A visit: who stands there, what must be asked, and the one press that comes next. A wrong press
//! is taken back from the history below.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::Deserialize;

use super::{
    find,
    visit_form::{About, BORN, LOT, read, vial_of},
    visit_page::{is_known, page},
};
use crate::{
    domain::{
        BookingId, Code, calendar::local_date, masked_name::masked_name, visit::Press,
        visit_rule::Seen,
    },
    flows::{self, lane::ReplyQueue},
    http::{
        admission::{self, Admitted, admit},
        extract::Path,
        problem::Problem,
    },
    web::{done::Done, form::Form, page::to_tell, staff_guard::AtDesk},
    words,
};

/// The booking of the path.
#[derive(Deserialize)]
pub struct OfBooking {
    booking_id: BookingId,
}

/// How the visit stands. The look is written down.
///
/// # Errors
/// `not_found` where the clinic has no such booking.
pub async fn get_visit(
    at: AtDesk,
    _: Admitted<admission::Desk>,
    Path(OfBooking { booking_id }): Path<OfBooking>,
) -> Result<HttpResponse, Problem> {
    let app = &at.visitor.visit.app;
    let by = at.visitor.user.staff_user_id;
    let seen = flows::visit::open(&app.db, (at.clinic_id, booking_id), by).await?;
    let here = path(&at, booking_id);
    at.visitor.show(&page(&at, &here, &seen, &Form::default()).await?)
}

/// Makes a step, and leads to the visit as it is then.
///
/// # Errors
/// `not_found`; what else stands in the way is said on the page, which keeps what was typed.
pub async fn post_step(
    at: AtDesk,
    Path(OfBooking { booking_id }): Path<OfBooking>,
    replies: Data<ReplyQueue>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app, here) = (at.visitor.t(), &at.visitor.visit.app, path(&at, booking_id));
    // A scanner types wherever the cursor stands: the next person's code is no lot of this one.
    for typed in [form.text(BORN), form.text(LOT)] {
        if let Some(answer) = find::scanned(&at, typed).await? {
            return Ok(answer);
        }
    }
    let (by, today) = (at.visitor.user.actor(), local_date(app.clock.now(), at.desk.zone));
    let press = match read(t, &form, About { clinic_id: at.clinic_id, booking_id, by, today }) {
        Ok(press) => press,
        Err(None) => return Ok(at.visitor.see_other(&here)),
        Err(Some(errors)) => {
            let seen = flows::visit::look(&app.db, at.clinic_id, booking_id).await?;
            let mut page = page(&at, &here, &seen, &form).await?;
            page.errors = errors;
            return at.visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let pressed = match admit::<admission::Booking>(app) {
        Ok(_admitted) => {
            let pressed = flows::visit::press((&app.lanes, &replies), press.clone()).await;
            pressed.map_err(Problem::from)
        }
        Err(crowded) => Err(crowded),
    };
    match pressed {
        Ok(seen) => pressed_well(&at, &press, &seen),
        Err(problem) => refused(&at, (&here, &form), problem).await,
    }
}

fn path(at: &AtDesk, booking_id: BookingId) -> String {
    format!("/clinic/{}/bookings/{booking_id}", at.clinic_id)
}

/// Says what was done. After a dose that is the page of the person too, where the next is scanned.
fn pressed_well(at: &AtDesk, press: &Press, seen: &Seen) -> Result<HttpResponse, Problem> {
    let (t, name) = (at.visitor.t(), &seen.facts.patient.name);
    // Who was never here is not named whole to those who are.
    let name = if is_known(seen) { name.clone() } else { masked_name(name) };
    let said = t.clinic_done(&name, words::step_name(t.language(), press.act.kind()));
    let mut response = at.visitor.done(&path(at, press.booking_id), Done::well(said))?;
    if let Some(vial) = vial_of(press, seen.booking.product_id) {
        response.add_cookie(&vial.keep()).map_err(Problem::internal)?;
    }
    Ok(response)
}

/// What stood in the way, above the form with what was typed. The same form may be pressed again.
async fn refused(
    at: &AtDesk,
    (here, form): (&str, &Form),
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    let (t, refusal) = (at.visitor.t(), &problem.refusal);
    if refusal.code == Code::NotFound {
        return Err(problem);
    }
    let seconds = problem.retry_after();
    let said = match (refusal.code, seconds) {
        (Code::Overloaded, Some(seconds)) => t.clinic_busy(&words::wait(t.language(), seconds)),
        (Code::Unavailable | Code::Internal, _) => t.clinic_not_known().to_owned(),
        _ => words::refusal(t.language(), refusal),
    };
    let booking_id = here.rsplit('/').next().and_then(|id| id.parse().ok());
    let Some(booking_id) = booking_id else { return Err(problem) };
    let db = &at.visitor.visit.app.db;
    let seen = flows::visit::look(db, at.clinic_id, booking_id).await;
    let (seen, problem) = to_tell(problem, seen)?;
    let (mut page, problem) = to_tell(problem, page(at, here, &seen, form).await)?;
    problem.log(None);
    page.obstacles = vec![said];
    at.visitor.show_refused(&problem, &page)
}
