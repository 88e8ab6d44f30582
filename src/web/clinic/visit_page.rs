//! The page of a visit: whole as soon as the person was asked who they are, masked before.

use askama::Template;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    name::{Names, scan_field},
    proposed::{Proposals, VISIT},
    vial::Vial,
    visit_form::{BORN, DOCUMENT, HAD_ON, LOT, REASON, SITE, STEP, STEP_ID, UNTIL, answer_name},
};
use crate::{
    domain::{
        Detail, StepId,
        booking::State,
        booking_number::BookingNumber,
        masked_name::masked_name,
        person_record::masked,
        visit::{NotGiven, Site, Step, StepKind, Warning, standing},
        visit_rule::Seen,
    },
    flows,
    http::problem::Problem,
    web::{
        form::{FieldError, Form},
        part::{Choice, Input, Radios, Row, TextField, Tone},
        staff_guard::AtDesk,
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

#[derive(Template)]
#[template(path = "clinic/visit.html")]
pub struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    /// Where the forms go.
    to: String,
    find: String,
    scan: TextField,
    /// What stood in the way of the last press.
    pub obstacles: Vec<String>,
    pub errors: Vec<FieldError>,
    /// Masked until the person was asked who they are.
    name: String,
    /// Not shown before they have said it.
    born: Option<String>,
    /// Where what they say is typed.
    said: TextField,
    is_by_document: bool,
    /// Which dose of which vaccine.
    what: String,
    rows: Vec<Row>,
    call: Option<Row>,
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
    /// The page of the person; none before this dose is given.
    person: Option<String>,
    /// Appointments for the dose after this one.
    proposals: Proposals,
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

/// Whether the person stood at the desk and was asked who they are: then their name is shown.
pub fn is_known(seen: &Seen) -> bool {
    seen.booking.arrived_at.is_some() || seen.booking.state == State::Given
}

/// The page, with what was typed into the form that was sent last.
///
/// # Errors
/// Those of the database.
pub async fn page<'a>(
    at: &'a AtDesk,
    here: &'a str,
    seen: &Seen,
    typed: &Form,
) -> Result<Page<'a>, Problem> {
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
    let is_known = is_known(seen);
    let is_next = next == Next::Arrive && visit.request.method() == "GET";
    let page = Page {
        t,
        to: staff.to(here),
        find: staff.to(&format!("/clinic/{}/find", at.clinic_id)),
        scan: scan_field(t, "", !is_booked),
        obstacles: Vec::new(),
        errors: Vec::new(),
        name: if is_known { patient.name.clone() } else { masked_name(&patient.name) },
        born: is_known.then(|| born(t, patient.birth_date.date(), seen.today)),
        said: TextField {
            is_focused: is_next,
            ..TextField::new(BORN, t.clinic_said(), Input::Scan, typed.text(BORN))
                .hint(t.clinic_said_hint())
        },
        is_by_document: typed.has(DOCUMENT),
        what: what(at, seen),
        rows: rows(at, seen),
        call: called(t, seen, visit.app.clock.now()),
        tag: tag(t, seen),
        refusals: if is_booked { refusals } else { Vec::new() },
        next,
        fresh: StepKind::ALL.iter().map(|kind| (*kind, visit.app.clock.id())).collect(),
        pressed: typed.value(STEP_ID).map(|id| (typed.text(STEP).to_owned(), id)),
        questions: questions(t, seen, typed),
        sites: sites(t, at, seen, typed),
        lot: lot(t, at, seen, typed),
        reasons: reasons(t, typed),
        had_on: text(typed, HAD_ON, t.clinic_had_on()).hint(t.clinic_had_on_hint()),
        until: text(typed, UNTIL, t.clinic_until()).hint(t.clinic_until_hint()),
        steps: facts.steps.iter().map(|step| line(at, step, &facts.steps)).collect(),
        undo: undo
            .filter(|_| !has_closed)
            .map(|step| (step.step_id, words::step_name(language, step.kind))),
        may_be_missed: is_booked && booking.arrived_at.is_none() && !has_closed,
        may_be_cancelled: is_booked && !has_closed,
        is_over: !is_booked,
        person: (booking.state == State::Given).then(|| staff.to(&person_path(at, seen))),
        proposals: proposals(at, seen, &staff).await?,
        staff,
    };
    Ok(page.about(visit.request.method().as_str()))
}

fn text(typed: &Form, id: &'static str, label: &'static str) -> TextField {
    TextField::new(id, label, Input::Text, typed.text(id))
}

fn person_path(at: &AtDesk, seen: &Seen) -> String {
    format!("/clinic/{}/persons/{}", at.clinic_id, seen.booking.person_id)
}

/// What can be booked for the dose after this one, once it is given. That nothing can be proposed
/// at this moment keeps nobody from seeing what was given.
async fn proposals(at: &AtDesk, seen: &Seen, staff: &StaffFrame<'_>) -> Result<Proposals, Problem> {
    let (t, app, booking) = (at.visitor.t(), &at.visitor.visit.app, &seen.booking);
    let found = match booking.state {
        State::Given => {
            let found = flows::next_dose::propose_after(&app.db, at.clinic_id, booking.booking_id);
            match found.await {
                Ok(found) => found,
                Err(flows::Error::Refused(_)) => Vec::new(),
                Err(error) => return Err(error.into()),
            }
        }
        _ => Vec::new(),
    };
    let form = Form::of([(VISIT, booking.booking_id.to_string())]);
    let to = staff.to(&person_path(at, seen));
    Ok(Proposals::new(at, &found, &form, to, &t.clinic_next_reason(booking.dose_number)))
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
pub(super) fn born(t: Texts, date: NaiveDate, today: NaiveDate) -> String {
    let had_birthday = (today.month(), today.day()) >= (date.month(), date.day());
    let years = today.year() - date.year() - i32::from(!had_birthday);
    t.clinic_born_aged(&words::calendar_day(t.language(), date), years)
}

fn what(at: &AtDesk, seen: &Seen) -> String {
    let (t, booking) = (at.visitor.t(), &seen.booking);
    let names = Names::new(t, &at.visitor.visit.app.board.now());
    t.clinic_dose(&names.product(booking.product_id), booking.dose_number)
}

fn rows(at: &AtDesk, seen: &Seen) -> Vec<Row> {
    let (t, app) = (at.visitor.t(), &at.visitor.visit.app);
    let (booking, names) = (&seen.booking, Names::new(t, &app.board.now()));
    let number = BookingNumber::of(&app.keys.booking_number, booking.booking_id);
    let mut rows = vec![
        Row::new(t.booking_when(), t.instant(booking.starts_at, at.desk.zone)),
        Row::new(t.admin_campaign(), names.campaign(booking.campaign_id)),
        Row::new(t.booking_number(), number.to_string()),
    ];
    let phone = &seen.facts.patient.phone;
    if !phone.is_empty() {
        rows.push(Row::new(t.phone_label(), masked(phone)));
    }
    rows
}

/// The number of somebody whose time has begun and who is not here: they are called.
fn called(t: Texts, seen: &Seen, now: DateTime<Utc>) -> Option<Row> {
    let phone = &seen.facts.patient.phone;
    let is_missing = seen.booking.arrived_at.is_none() && seen.booking.starts_at <= now;
    (is_missing && !phone.is_empty()).then(|| Row::phone(t.phone_label(), phone))
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
        (step.kind == StepKind::Arrive && step.answers.contains(&Warning::Identity))
            .then(|| t.clinic_compared().to_owned()),
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
