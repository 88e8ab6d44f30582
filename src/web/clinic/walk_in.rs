//! Somebody stands there without a booking, or without its number: finds them in the register.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::register::{self, Fields};
use crate::{
    domain::{Code, person_record::masked},
    flows::{
        self,
        person_record::{Found, Wanted},
    },
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
    web::{
        birth_field::birth_field,
        form::{FieldError, Form, NAME, Reader},
        part::{DateField, Input, TextField},
        staff_guard::{AtCounter, AtDesk},
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

#[derive(Template)]
#[template(path = "clinic/walk_in.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    to: String,
    errors: Vec<FieldError>,
    obstacles: Vec<String>,
    name: TextField,
    birth: DateField,
    found: Option<Vec<Line>>,
    /// Where nobody was found, and people may be added to the register here.
    register: Option<Fields>,
    /// The page where they are.
    register_at: Option<String>,
}

/// A person who was found.
struct Line {
    href: String,
    name: String,
    born: String,
    phone: String,
    region: String,
}

fn path(at: &AtDesk) -> String {
    format!("/clinic/{}/walk-in", at.clinic_id)
}

async fn page<'a>(at: &'a AtDesk, here: &'a str, typed: &Form) -> Result<Page<'a>, Problem> {
    let register = register::fields(at, typed).await?;
    let (t, staff) = (at.visitor.t(), at.visitor.frame_of(here));
    let name = TextField::new(NAME, t.name_label(), Input::Text, typed.text(NAME));
    Ok(Page {
        t,
        to: staff.to(here),
        errors: Vec::new(),
        obstacles: Vec::new(),
        name: TextField { is_focused: true, ..name.hint(t.clinic_name_hint()) },
        birth: DateField { is_birth_date: false, ..birth_field(t, typed) },
        found: None,
        register_at: register.map(|fields| fields.to),
        register: None,
        staff,
    })
}

/// Asks for name and date of birth.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_walk_in(AtCounter(at): AtCounter) -> Result<HttpResponse, Problem> {
    let here = path(&at);
    at.visitor.show(&page(&at, &here, &Form::default()).await?)
}

/// Finds them. Each look is written down, and how many somebody makes is bounded.
///
/// # Errors
/// `overloaded`; what else stands in the way is said on the page.
pub async fn post_walk_in(
    AtCounter(at): AtCounter,
    _: Admitted<admission::Desk>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app, here) = (at.visitor.t(), &at.visitor.visit.app, path(&at));
    let mut page = page(&at, &here, &form).await?;
    let mut reader = Reader::new(&form, t);
    let typed = (reader.name(), reader.birth_date(app.today_at(at.clinic_id)));
    let (Some(name), Some(birth_date)) = typed else {
        page.errors = reader.errors;
        return at.visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let by = at.visitor.user.staff_user_id;
    let wanted = Wanted::Named { name, birth_date };
    let found = flows::person_find::find(&app.db, &app.keys, wanted, by).await;
    let found = match found.map_err(Problem::from) {
        Ok(found) => found,
        Err(problem) if problem.refusal.code == Code::TooManyRequests => {
            page.obstacles.push(words::refusal(t.language(), &problem.refusal));
            return at.visitor.show_refused(&problem, &page);
        }
        Err(problem) => return Err(problem),
    };
    if let [one] = found.as_slice() {
        let to = format!("/clinic/{}/persons/{}", at.clinic_id, one.record.person_id);
        return Ok(at.visitor.see_other(&to));
    }
    if found.is_empty() {
        (page.register, page.register_at) = (register::fields(&at, &form).await?, None);
        page.name.is_focused = false;
    }
    page.found = Some(found.iter().map(|one| line(&at, one)).collect());
    at.visitor.show(&page)
}

fn line(at: &AtDesk, Found { record, .. }: &Found) -> Line {
    let t = at.visitor.t();
    let path = format!("/clinic/{}/persons/{}", at.clinic_id, record.person_id);
    Line {
        href: at.visitor.frame().to(&path),
        name: record.name.clone(),
        born: words::calendar_day(t.language(), record.birth_date.date()),
        phone: masked(&record.phone),
        region: t.name(&record.region_name).to_owned(),
    }
}
