//! A week of a clinic: places and doses day by day, to be printed too.

use actix_web::HttpResponse;
use askama::Template;
use chrono::{Days, NaiveDate};

use super::today::date_of;
use crate::{
    db,
    domain::{Refusal, day_list::DayInShort},
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
    web::{part::Step, staff_guard::AtDesk, staff_page::StaffFrame, text::Texts},
    words,
};

const DAYS: u64 = 7;

#[derive(Template)]
#[template(path = "clinic/week.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: String,
    days: Vec<Line>,
    previous: Option<Step>,
    next: Option<Step>,
}

struct Line {
    href: String,
    date: String,
    is_today: bool,
    /// None: neither places nor doses.
    day: Option<DayInShort>,
}

/// The week from the day of the query on; from today where it names none.
///
/// # Errors
/// `not_found` for a clinic that is not there any more.
pub async fn get_week(at: AtDesk, _: Admitted<admission::Desk>) -> Result<HttpResponse, Problem> {
    let (t, visit) = (at.visitor.t(), &at.visitor.visit);
    let db = &visit.app.db.read;
    let today = db::schedule::today(db, at.clinic_id).await?.ok_or_else(Refusal::not_found)?;
    let from = date_of(visit.request.query_string()).unwrap_or(today);
    let until = from.checked_add_days(Days::new(DAYS)).unwrap_or(from);
    let found = db::day_list::days(db, at.clinic_id, (from, until)).await?;
    let staff = at.visitor.frame();
    let line = |date: NaiveDate| Line {
        href: staff.to(&format!("/clinic/{}?date={date}", at.clinic_id)),
        date: words::short_date(t.language(), date),
        is_today: date == today,
        day: found.iter().find(|day| day.on_date == date).copied(),
    };
    let step = |date: Option<NaiveDate>| {
        let date = date?;
        let href = staff.to(&format!("/clinic/{}/week?date={date}", at.clinic_id));
        Some(Step { href, label: words::short_date(t.language(), date) })
    };
    let page = Page {
        t,
        heading: t.clinic_week_from(&t.date(from)),
        days: from.iter_days().take_while(|date| *date < until).map(line).collect(),
        previous: step(from.checked_sub_days(Days::new(DAYS))),
        next: step(from.checked_add_days(Days::new(DAYS))),
        staff,
    };
    at.visitor.show(&page)
}
