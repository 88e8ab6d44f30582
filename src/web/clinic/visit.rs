//! A visit: who stands there, what must be asked, and the one press that comes next. A wrong press
//! is taken back from the history below.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use askama::Template;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    name::{Names, scan_field},
    vial::Vial,
    visit_form::{
        About, HAD_ON, LOT, REASON, SITE, STEP, STEP_ID, UNTIL, answer_name, read, vial_of,
    },
};
use crate::{
    domain::{
        BookingId, Code, Detail, StepId,
        booking::State,
        booking_number::BookingNumber,
        visit::{NotGiven, Press, Site, Step, StepKind, standing},
        visit_rule::Seen,
    },
    flows::{self, lane::ReplyQueue},
    http::{
        admission::{self, Admitted, admit},
        extract::Path,
        problem::Problem,
    },
    web::{
        done::Done,
        form::{FieldError, Form},
        part::{Choice, Input, Radios, Row, TextField, Tone},
        staff_guard::AtDesk,
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

/// The booking of the path.
#[derive(Deserialize)]
pub struct OfBooking {
    booking_id: BookingId,
}

#[derive(Template)]
#[template(path = "clinic/visit.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    /// Where the forms go.
    to: String,
    find: String,
    scan: TextField,
    /// What stood in the way of the last press.
    obstacles: Vec<String>,
    errors: Vec<FieldError>,
    name: String,
    born: String,
    rows: Vec<Row>,
    tag: (&'static str, Tone),
    /// Why the dose cannot be given, whatever is answered.
    refusals: Vec<String>,
    next: Next,
    /// The step that was pressed and not made, and its id: sent again, it is one step.
    pressed: Option<(String, Uuid)>,
    /// An id for each kind of step that can be pressed.
    fresh: Vec<(StepKind, Uuid)>,
    questions: Vec<Question>,
    sites: Radios,
    lot: TextField,
    reasons: Radios,
    had_on: TextField,
    until: TextField,
    steps: Vec<Line>,
    undo: Option<(StepId, &'static str)>,
    /// The person has left, or never came: other ends are possible.
    may_be_missed: bool,
    may_be_cancelled: bool,
    is_over: bool,
    /// Where another dose is booked for them; none before this one is given.
    person: Option<String>,
}

/// The one thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Arrive,
    Give,
    /// Nothing, for the reasons that are said.
    Nothing,
}

/// A question that is ticked when it was answered.
struct Question {
    name: String,
    text: String,
    is_answered: bool,
}

/// A line of the history.
struct Line {
    what: String,
    when: String,
    by: String,
    is_undone: bool,
}

/// How the visit stands.
///
/// # Errors
/// `not_found` where the clinic has no such booking.
pub async fn get_visit(
    at: AtDesk,
    _: Admitted<admission::Afterwards>,
    Path(OfBooking { booking_id }): Path<OfBooking>,
) -> Result<HttpResponse, Problem> {
    let app = &at.visitor.visit.app;
    let seen = flows::visit::look(&app.db, at.clinic_id, booking_id).await?;
    let here = path(&at, booking_id);
    at.visitor.show(&page(&at, &here, &seen, &Form::default()))
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
    let by = at.visitor.user.actor();
    let press = match read(t, &form, About { clinic_id: at.clinic_id, booking_id, by }) {
        Ok(press) => press,
        Err(None) => return Ok(at.visitor.see_other(&here)),
        Err(Some(errors)) => {
            let seen = flows::visit::look(&app.db, at.clinic_id, booking_id).await?;
            let page = Page { errors, ..page(&at, &here, &seen, &form) };
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
    let said = t.clinic_done(name, words::step_name(t.language(), press.act.kind()));
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
    problem.log(None);
    let seconds = problem.retry_after();
    let said = match (refusal.code, seconds) {
        (Code::Overloaded, Some(seconds)) => t.clinic_busy(&words::wait(t.language(), seconds)),
        (Code::Unavailable | Code::Internal, _) => t.clinic_not_known().to_owned(),
        _ => words::refusal(t.language(), refusal),
    };
    let status = StatusCode::from_u16(refusal.code.status()).map_err(Problem::internal)?;
    let booking_id = here.rsplit('/').next().and_then(|id| id.parse().ok());
    let Some(booking_id) = booking_id else { return Err(problem) };
    let db = &at.visitor.visit.app.db;
    let seen = flows::visit::look(db, at.clinic_id, booking_id).await?;
    let page = Page { obstacles: vec![said], ..page(at, here, &seen, form) };
    let mut response = at.visitor.show_as(status, &page)?;
    if let (Code::Overloaded, Some(seconds)) = (refusal.code, seconds) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

fn page<'a>(at: &'a AtDesk, here: &'a str, seen: &Seen, typed: &Form) -> Page<'a> {
    let (t, visit) = (at.visitor.t(), &at.visitor.visit);
    let (booking, facts) = (&seen.booking, &seen.facts);
    let language = t.language();
    let is_booked = booking.state == State::Booked;
    // That somebody has not checked in is not said as an obstacle: it is what comes next.
    let refusals = seen.refusals.iter().filter(|one| !matches!(one.detail, Detail::NotArrived));
    let refusals: Vec<_> = refusals.map(|one| words::refusal(language, one)).collect();
    let next = match (is_booked && refusals.is_empty(), booking.arrived_at) {
        (false, _) => Next::Nothing,
        (true, None) => Next::Arrive,
        (true, Some(_)) => Next::Give,
    };
    let last = standing(&facts.steps).next_back();
    let undo = last.filter(|step| step.kind != StepKind::Assist);
    let patient = &facts.patient;
    let staff = at.visitor.frame_of(here);
    let has_closed = facts.closed_at.is_some();
    Page {
        t,
        to: staff.to(here),
        find: staff.to(&format!("/clinic/{}/find", at.clinic_id)),
        scan: scan_field(t, "", !is_booked),
        obstacles: Vec::new(),
        errors: Vec::new(),
        name: patient.name.clone(),
        born: born(t, patient.birth_date.date(), seen.today),
        rows: rows(at, seen),
        tag: tag(t, seen),
        refusals: if is_booked { refusals } else { Vec::new() },
        next,
        fresh: StepKind::ALL.iter().map(|kind| (*kind, visit.app.clock.id())).collect(),
        pressed: typed.value(STEP_ID).map(|id| (typed.text(STEP).to_owned(), id)),
        questions: questions(t, seen, typed),
        sites: sites(t, at, seen, typed),
        lot: lot(t, at, seen, typed),
        reasons: reasons(t, typed),
        had_on: TextField::new(HAD_ON, t.clinic_had_on(), Input::Text, typed.text(HAD_ON))
            .hint(t.clinic_had_on_hint()),
        until: TextField::new(UNTIL, t.clinic_until(), Input::Text, typed.text(UNTIL))
            .hint(t.clinic_until_hint()),
        steps: facts.steps.iter().map(|step| line(at, step, &facts.steps)).collect(),
        undo: undo
            .filter(|_| !has_closed)
            .map(|step| (step.step_id, words::step_name(language, step.kind))),
        may_be_missed: is_booked && booking.arrived_at.is_none() && !has_closed,
        may_be_cancelled: is_booked && !has_closed,
        is_over: !is_booked,
        person: (booking.state == State::Given)
            .then(|| staff.to(&format!("/clinic/{}/persons/{}", at.clinic_id, booking.person_id))),
        staff,
    }
    .about(visit.request.method().as_str())
}

impl Page<'_> {
    /// The id of the next step of this kind: that of a press which was not taken in, or a new one.
    fn id_of(&self, step: &str) -> String {
        let pressed = self.pressed.iter().filter(|(kind, _)| kind == step).map(|(_, id)| id);
        let fresh = self.fresh.iter().filter(|(kind, _)| kind.word() == step).map(|(_, id)| id);
        pressed.chain(fresh).next().map(Uuid::to_string).unwrap_or_default()
    }

    /// Whether what must be mended is among the other ends.
    fn has_fault_below(&self) -> bool {
        self.errors.iter().any(|error| [REASON, HAD_ON, UNTIL].contains(&error.field))
    }

    /// After a press that was refused, what stands above has the focus, and no field.
    fn about(mut self, method: &str) -> Self {
        self.scan.is_focused &= method == "GET";
        self
    }
}

/// The day of birth, and the age in years today.
fn born(t: Texts, date: NaiveDate, today: NaiveDate) -> String {
    let had_birthday = (today.month(), today.day()) >= (date.month(), date.day());
    let years = today.year() - date.year() - i32::from(!had_birthday);
    t.clinic_born_aged(&words::calendar_day(t.language(), date), years)
}

fn rows(at: &AtDesk, seen: &Seen) -> Vec<Row> {
    let (t, app) = (at.visitor.t(), &at.visitor.visit.app);
    let (booking, names) = (&seen.booking, Names::new(t, &app.board.now()));
    let number = BookingNumber::of(&app.keys.booking_number, booking.booking_id);
    let what = t.clinic_dose(&names.product(booking.product_id), booking.dose_number);
    let mut rows = vec![
        Row::new(t.booking_what(), what),
        Row::new(t.booking_when(), t.instant(booking.starts_at, at.desk.zone)),
        Row::new(t.admin_campaign(), names.campaign(booking.campaign_id)),
        Row::new(t.booking_number(), number.to_string()),
    ];
    if !seen.facts.patient.phone.is_empty() {
        rows.push(Row::phone(t.booking_call(), &seen.facts.patient.phone));
    }
    rows
}

fn tag(t: Texts, seen: &Seen) -> (&'static str, Tone) {
    match seen.booking.state {
        State::Given => (t.dose_given(), Tone::Good),
        State::NotVaccinated => (t.clinic_is_not_vaccinated(), Tone::Bad),
        State::NoShow => (t.clinic_is_no_show(), Tone::Bad),
        State::Cancelled => (t.booking_cancelled(), Tone::Bad),
        State::Booked | State::Held if seen.booking.arrived_at.is_some() => {
            (t.clinic_is_waiting(), Tone::Wait)
        }
        State::Booked | State::Held => (t.clinic_is_awaited(), Tone::Plain),
    }
}

fn questions(t: Texts, seen: &Seen, typed: &Form) -> Vec<Question> {
    let question = |&warning| {
        let name = answer_name(warning);
        let is_answered = typed.has(&name);
        Question { name, text: words::warning(t.language(), warning), is_answered }
    };
    seen.warnings.iter().map(question).collect()
}

fn sites(t: Texts, at: &AtDesk, seen: &Seen, typed: &Form) -> Radios {
    let choice = |&site: &Site| Choice {
        value: site.word().to_owned(),
        label: words::site_name(t.language(), site).into(),
        hint: "".into(),
    };
    let kept = Vial::of(&at.visitor.visit.request, seen.booking.product_id);
    let chosen = match typed.has(SITE) {
        true => typed.text(SITE).to_owned(),
        false => kept.map_or(Site::LeftArm, |vial| vial.site).word().to_owned(),
    };
    Radios {
        id: SITE,
        legend: t.clinic_site().into(),
        hint: "".into(),
        choices: Site::ALL.iter().map(choice).collect(),
        chosen,
    }
}

fn lot(t: Texts, at: &AtDesk, seen: &Seen, typed: &Form) -> TextField {
    let kept = Vial::of(&at.visitor.visit.request, seen.booking.product_id);
    let value = match typed.has(LOT) {
        true => typed.text(LOT).to_owned(),
        false => kept.map(|vial| vial.lot).unwrap_or_default(),
    };
    TextField::new(LOT, t.clinic_lot(), Input::Text, &value).hint(t.clinic_lot_hint())
}

fn reasons(t: Texts, typed: &Form) -> Radios {
    // That nothing was written down is for the service to say, when it closes the day.
    let reasons = NotGiven::ALL.iter().filter(|reason| **reason != NotGiven::NotRecorded);
    let choice = |&reason: &NotGiven| Choice {
        value: reason.word().to_owned(),
        label: words::not_given_name(t.language(), reason).into(),
        hint: "".into(),
    };
    Radios {
        id: REASON,
        legend: t.clinic_reason().into(),
        hint: "".into(),
        choices: reasons.map(choice).collect(),
        chosen: typed.text(REASON).to_owned(),
    }
}

fn line(at: &AtDesk, step: &Step, all: &[Step]) -> Line {
    let (t, language) = (at.visitor.t(), at.visitor.t().language());
    let mut what = words::step_name(language, step.kind).to_owned();
    let undone = step.undoes.and_then(|id| all.iter().find(|other| other.step_id == id));
    let more = [
        undone.map(|undone| words::step_name(language, undone.kind).to_owned()),
        step.reason.map(|reason| words::not_given_name(language, reason).to_owned()),
        step.site.map(|site| words::site_name(language, site).to_owned()),
        step.lot.as_ref().map(|lot| t.clinic_lot_of(lot)),
        step.note.clone(),
    ];
    for part in more.into_iter().flatten() {
        what.push_str(" · ");
        what.push_str(&part);
    }
    Line {
        what,
        when: words::time(language, step.at, at.desk.zone),
        by: step.username.clone().unwrap_or_else(|| t.clinic_by_service().to_owned()),
        is_undone: all.iter().any(|other| other.undoes == Some(step.step_id)),
    }
}
