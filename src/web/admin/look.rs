//! Who looked at whom in the register, and why.

use actix_web::{HttpResponse, web::ServiceConfig};
use askama::Template;
use serde::Deserialize;

use crate::{
    db::{self, person_look::Filter},
    domain::{PersonId, person_change::Way, staff_user::Username},
    http::{
        admission::{self, Admitted},
        extract::Query,
        problem::Problem,
        route::get,
    },
    web::{
        admin::moment::{when, zone},
        form::FieldError,
        part::{Input, Step, TextField},
        route::both,
        staff_guard::AdministratorVisitor,
        staff_page::StaffFrame,
        text::Texts,
    },
};

const PAGE_ROWS: i64 = 100;

pub fn routes(pages: &mut ServiceConfig) {
    pages.service(both("/admin/looks").route(get().to(get_looks)));
}

/// Every field as it was typed; empty is all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    user: String,
    person: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin/looks.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    fields: [TextField; 2],
    /// When, who, at whom, how, why.
    lines: Vec<[String; 5]>,
    next: Option<Step>,
    /// By whose clock times are told.
    zone: String,
}

/// Newest first.
///
/// # Errors
/// `overloaded`.
pub async fn get_looks(
    _: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let mut errors = Vec::new();
    let mut filter = Filter { before: wanted.before, ..Filter::default() };
    if !wanted.user.trim().is_empty() {
        filter.staff_user_id = match Username::parse(&wanted.user) {
            Ok(name) => db::staff_user::find_id(&app.db.read, &name).await?,
            Err(_) => None,
        };
        if filter.staff_user_id.is_none() {
            let text = t.journal_no_user().to_owned();
            errors.push(FieldError { field: "user", text });
        }
    }
    if !wanted.person.trim().is_empty() {
        filter.person_id = wanted.person.trim().parse().ok().map(PersonId);
        if filter.person_id.is_none() {
            errors.push(FieldError { field: "person", text: t.look_no_person().to_owned() });
        }
    }
    let looks = match errors.is_empty() {
        true => db::person_look::list(&app.db.read, filter, PAGE_ROWS).await?,
        false => Vec::new(),
    };
    let is_full = i64::try_from(looks.len()) == Ok(PAGE_ROWS);
    let next = looks.last().filter(|_| is_full).map(|(id, ..)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("user", &wanted.user).append_pair("person", &wanted.person);
        let query = query.append_pair("before", &id.to_string()).finish();
        let href = visitor.visit.frame().to(&format!("/admin/looks?{query}"));
        Step { href, label: t.admin_older().to_owned() }
    });
    let lines = looks.iter().map(|(_, person, look)| {
        let at = when(&visitor, look.at);
        let whom = person.map_or_else(|| t.look_nobody().to_owned(), |id| id.to_string());
        let why = look.reason.clone().unwrap_or_default();
        [at, look.username.clone(), whom, way(t, look.way).to_owned(), why]
    });
    let field =
        |id, label: &'static str, value: &str| TextField::new(id, label, Input::Text, value);
    let page = Page {
        t,
        staff: visitor.frame(),
        errors,
        fields: [
            field("user", t.journal_user(), &wanted.user),
            field("person", t.look_person(), &wanted.person),
        ],
        lines: lines.collect(),
        next,
        zone: t.admin_times_in(zone(&visitor).name()),
    };
    visitor.show(&page)
}

fn way(t: Texts, way: Way) -> &'static str {
    match way {
        Way::ByName => t.look_by_name(),
        Way::ByBookingNumber => t.look_by_number(),
        Way::ByPersonCode => t.look_by_code(),
        Way::ById => t.look_by_id(),
        Way::Journal => t.look_journal(),
    }
}
