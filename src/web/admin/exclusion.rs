//! What clinics have found that keeps a person from doses: shown with the person, and lifted with a
//! reason.

use std::collections::HashMap;

use actix_web::HttpResponse;
use serde::Deserialize;

use super::{
    block::{Block, Cell, Form as Asked, Page, Table},
    moment::zone,
    typed::{REASON, Typed, text},
};
use crate::{
    db,
    domain::{
        CourseId, ExclusionId, PersonId, Refusal, exclusion::Written, person_record::Record,
        visit::NotGiven,
    },
    flows::{self, person_record::Doing},
    http::{extract::Path, problem::Problem},
    web::{
        done::Done, form::Form, part::Row, part::Tone, staff_guard::AdministratorVisitor,
        staff_page::StaffVisitor, text::Texts,
    },
    words,
};

/// The version of the record that the form was made of.
const VERSION: &str = "version";
/// More than any service has.
const COURSES_MAX: i64 = 1_000;

/// A path that names one of a person's.
#[derive(Clone, Copy, Deserialize)]
pub struct OfExclusion {
    person_id: PersonId,
    exclusion_id: ExclusionId,
}

impl OfExclusion {
    fn path(self) -> String {
        let Self { person_id, exclusion_id } = self;
        format!("/admin/persons/{person_id}/exclusions/{exclusion_id}")
    }
}

/// Adds what stands and what was lifted to the page of a person; nothing where there is none.
///
/// # Errors
/// Those of the database.
pub(super) async fn show(
    visitor: &StaffVisitor,
    page: &mut Page,
    person_id: PersonId,
) -> Result<(), Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let found = db::exclusion::list(&app.db.read, person_id).await?;
    if found.is_empty() {
        return Ok(());
    }
    let courses = courses(visitor).await?;
    let words = [
        t.person_excluded_why(),
        t.admin_course(),
        t.person_excluded_found(),
        t.state_column(),
        t.line_correct(),
    ];
    let mut table = Table::new("exclusions", t.person_exclusions(), &words, &[]);
    table.rows = found.iter().map(|one| row(visitor, person_id, one, &courses)).collect();
    page.add(Block::Table(table));
    Ok(())
}

async fn courses(visitor: &StaffVisitor) -> Result<HashMap<CourseId, String>, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let all = db::course::list(&app.db.read, CourseId(0), COURSES_MAX).await?;
    Ok(all.into_iter().map(|one| (one.course_id, t.name(&one.name).to_owned())).collect())
}

fn row(
    visitor: &StaffVisitor,
    person_id: PersonId,
    one: &Written,
    courses: &HashMap<CourseId, String>,
) -> Vec<Cell> {
    let (t, zone) = (visitor.t(), zone(visitor));
    let found = format!("{} · {}", t.instant(one.found_at, zone), one.found_by.username);
    let (state, lift) = match &one.lifted {
        None => {
            let of = OfExclusion { person_id, exclusion_id: one.exclusion_id };
            let link = Cell::Link(format!("{}/lift", of.path()), t.person_lift().to_owned());
            (Cell::Tag(t.person_excluded_stands().to_owned(), Tone::Bad), link)
        }
        Some(lifted) => {
            let why = lifted.reason.clone().unwrap_or_else(|| t.person_step_undone().to_owned());
            let by = format!("{} · {}", t.instant(lifted.at, zone), lifted.by.username);
            let said = Cell::Text(format!("{why} ({by})"));
            (Cell::Tag(t.person_excluded_lifted().to_owned(), Tone::Good), said)
        }
    };
    let course = courses.get(&one.course_id).cloned().unwrap_or_default();
    vec![
        Cell::Text(why(t, one)),
        Cell::Text(course_of(t, one, course)),
        Cell::Text(found),
        state,
        lift,
    ]
}

/// The reason, with the day that belongs to it.
fn why(t: Texts, one: &Written) -> String {
    let reason = words::not_given_name(t.language(), one.reason);
    match (one.reason, one.had_on, one.until) {
        (NotGiven::AlreadyHad, Some(day), _) => t.person_excluded_on(reason, &t.date(day)),
        (NotGiven::Unwell, _, Some(day)) => t.person_excluded_until(reason, &t.date(day)),
        _ => reason.to_owned(),
    }
}

fn course_of(t: Texts, one: &Written, course: String) -> String {
    match one.dose_number {
        Some(number) => t.person_excluded_dose(&course, &t.count(number)),
        None => course,
    }
}

/// Asks why it is lifted.
///
/// # Errors
/// `not_found`.
pub async fn get_lift(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(of): Path<OfExclusion>,
) -> Result<HttpResponse, Problem> {
    let (app, by) = (&visitor.visit.app, visitor.user.staff_user_id);
    let seen = flows::person_record::open(&app.db, of.person_id, by).await?;
    let form = Form::of([(VERSION, seen.record.version())]);
    page(&visitor, &seen.record, of, &form).await?.show(&visitor)
}

async fn page(
    visitor: &StaffVisitor,
    record: &Record,
    of: OfExclusion,
    form: &Form,
) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let all = db::exclusion::list(&app.db.read, of.person_id).await?;
    let one = all.into_iter().find(|one| one.exclusion_id == of.exclusion_id);
    let one = one.ok_or_else(Refusal::not_found)?;
    let course = courses(visitor).await?.remove(&one.course_id).unwrap_or_default();
    let mut page = Page::new(t.person_lift(), format!("/admin/persons/{}", of.person_id));
    page.text(t.person_lift_about());
    page.add(Block::Rows(vec![
        Row::new(t.person_name(), record.name.clone()),
        Row::new(t.person_excluded_why(), why(t, &one)),
        Row::new(t.admin_course(), course_of(t, &one, course)),
        Row::new(t.person_excluded_found(), t.instant(one.found_at, zone(visitor))),
        Row::new(t.person_by(), one.found_by.username),
    ]));
    let asked = Asked::new(format!("{}/lift", of.path()), t.person_lift())
        .hidden(VERSION, form.text(VERSION))
        .field(text(REASON, t.admin_reason(), form).hint(t.admin_reason_kept()));
    page.add(Block::Form(asked));
    Ok(page)
}

/// Lifts it.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_lift(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(of): Path<OfExclusion>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let mut typed = Typed::new(&form, t);
    if let Some(reason) = typed.line::<500>(REASON) {
        let (by, version) = (visitor.user.staff_user_id, Some(form.text(VERSION)));
        let doing = Doing { by, reason: &reason, version };
        let which = (of.person_id, of.exclusion_id);
        let done = flows::exclusion::lift(&app.db, which, doing).await;
        if typed.done(done)?.is_some() {
            let at = format!("/admin/persons/{}", of.person_id);
            return visitor.done(&at, Done::well(t.person_was_lifted()));
        }
    }
    let errors = typed.errors;
    let found = db::person_record::find(&app.db.read, of.person_id).await?;
    let record = found.ok_or_else(Refusal::not_found)?;
    let form = form.with(VERSION, record.version());
    let page = page(&visitor, &record, of, &form).await?;
    Page { errors, ..page }.show(&visitor)
}
