//! The evening: how people and doses add up, what is done with doses that are left, and the press
//! that closes the day. What stands in the way is named, with the way to it.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use chrono::NaiveDate;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{name::Names, today::date_of};
use crate::{
    db::{self, idempotency_key::Keyed},
    domain::{
        AllocationId, Code, Detail, Refusal,
        day::{Day, DayDoses},
        day_close::Unopened,
        day_dose::Act,
        day_list::{Attendance, DayList},
        masked_name::masked_name,
    },
    flows::{
        self,
        day_close::Closing,
        day_dose::{self, Move},
    },
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
    web::{
        done::Done,
        form::{FieldError, Form},
        page::to_tell,
        part::{Choice, Input, Row, Select, TextField},
        staff_guard::AtDesk,
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

const NOTE: &str = "note";
const REASON: &str = "reason";
const DOSES: &str = "doses";
const ALLOCATION: &str = "allocation";
const ACT: &str = "act";
const KEY: &str = "key";
/// What is pressed: closing, or one of the others.
const PRESS: &str = "press";
const CLOSE: &str = "close";
const MOVE: &str = "doses";
/// In front of an allocation's id: doses in vials that nobody has opened.
const UNOPENED: &str = "unopened-";
const TEXT_CHARS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "clinic/close.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    to: String,
    heading: String,
    errors: Vec<FieldError>,
    obstacles: Vec<String>,
    people: Vec<(&'static str, i32)>,
    expected: i32,
    walk_ins: i32,
    doses: Vec<Line>,
    /// Those who are here, and nobody has written down what happened.
    waiting: Vec<(String, String)>,
    /// Who closed the day and when, and what became of its doses.
    closed: Option<Closed>,
    is_ahead: bool,
    version: String,
    /// The numbers of the two presses: each its own, so that one that was done without an answer
    /// is in nobody's way.
    close_key: Uuid,
    move_key: Uuid,
    /// What was pressed moves doses: it is in sight.
    is_moving: bool,
    which: Select,
    acts: [(&'static str, &'static str); 4],
    doses_field: TextField,
    reason: TextField,
    note: TextField,
}

/// The doses of one kind.
struct Line {
    id: AllocationId,
    what: String,
    /// Granted, open, booked, spare, given, lost.
    numbers: [i32; 6],
    fate: String,
    per_vial: String,
    /// What was typed as doses in unopened vials.
    unopened: String,
}

struct Closed {
    said: String,
    rows: Vec<Row>,
}

/// The account of the day of the query; of today where it names none.
///
/// # Errors
/// `not_found` for a clinic that is not there any more.
pub async fn get_close(at: AtDesk, _: Admitted<admission::Desk>) -> Result<HttpResponse, Problem> {
    let date = date(&at).await?;
    let here = path(&at, date);
    let page = page(&at, &here, date, &Form::default()).await?;
    at.visitor.show(&page)
}

/// Moves doses, closes the day, or opens it again.
///
/// # Errors
/// What stands in the way is said on the page, which keeps what was typed.
pub async fn post_close(at: AtDesk, form: Form) -> Result<HttpResponse, Problem> {
    let date = date(&at).await?;
    let (t, here) = (at.visitor.t(), path(&at, date));
    let pressed = match form.text(PRESS) {
        MOVE => move_doses(&at, date, &form).await,
        "reopen" => reopen(&at, date, &form).await,
        _ => close(&at, date, &form).await,
    };
    match pressed {
        Ok(said) => at.visitor.done(&here, Done::well(said)),
        Err(Stopped::Typed(error)) => {
            let page = Page { errors: vec![error], ..page(&at, &here, date, &form).await? };
            at.visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(Stopped::Problem(problem)) if problem.refusal.code == Code::NotFound => Err(problem),
        Err(Stopped::Problem(problem)) => {
            let is_spent = problem.refusal.detail == Detail::KeyReused;
            let (form, said) = match is_spent {
                // By the old number it would be refused for ever.
                true => (form.with(KEY, ""), t.staff_earlier_done().to_owned()),
                false => (form, words::refusal(t.language(), &problem.refusal)),
            };
            let (page, problem) = to_tell(problem, page(&at, &here, date, &form).await)?;
            problem.log(None);
            let page = Page { obstacles: vec![said], ..page };
            at.visitor.show_refused(&problem, &page)
        }
    }
}

/// Why a press did nothing.
enum Stopped {
    Typed(FieldError),
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

fn typed(field: &'static str, text: &str) -> Stopped {
    Stopped::Typed(FieldError { field, text: text.to_owned() })
}

async fn date(at: &AtDesk) -> Result<NaiveDate, Problem> {
    let visit = &at.visitor.visit;
    match date_of(visit.request.query_string()) {
        Some(date) => Ok(date),
        None => {
            let today = db::schedule::today(&visit.app.db.read, at.clinic_id).await?;
            Ok(today.ok_or_else(Refusal::not_found)?)
        }
    }
}

fn path(at: &AtDesk, date: NaiveDate) -> String {
    format!("/clinic/{}/close?date={date}", at.clinic_id)
}

fn written<'a>(form: &'a Form, field: &'static str, missing: &str) -> Result<&'a str, Stopped> {
    let text = form.text(field).trim();
    match text.chars().count() {
        0 => Err(typed(field, missing)),
        1..=TEXT_CHARS_MAX => Ok(text),
        _ => Err(typed(field, missing)),
    }
}

/// The press as it is recognised again.
fn keyed(at: &AtDesk, form: &Form, asked: &serde_json::Value) -> Option<Keyed> {
    let fingerprint = Sha256::digest(asked.to_string()).into();
    let by = at.visitor.user.staff_user_id;
    form.value(KEY).map(|key| Keyed { key, by, fingerprint })
}

async fn move_doses(at: &AtDesk, date: NaiveDate, form: &Form) -> Result<String, Stopped> {
    let t = at.visitor.t();
    let act = Act::ALL.into_iter().find(|act| act.word() == form.text(ACT));
    let act = act.ok_or_else(|| typed(ACT, t.close_act_missing()))?;
    let allocation_id: Option<AllocationId> = form.value(ALLOCATION);
    let allocation_id = allocation_id.ok_or_else(|| typed(ALLOCATION, t.close_which_missing()))?;
    let doses = form.text(DOSES).trim().parse().ok().filter(|doses: &i32| *doses > 0);
    let doses = doses.ok_or_else(|| typed(DOSES, t.close_doses_missing()))?;
    let reason = written(form, REASON, t.close_reason_missing())?.to_owned();
    let wanted = Move { act, allocation_id, doses, reason };
    let asked = json!([at.clinic_id, date, act.word(), allocation_id, doses, wanted.reason]);
    let keyed = keyed(at, form, &asked);
    let (db, by) = (&at.visitor.visit.app.db, at.visitor.user);
    day_dose::act(db, (at.clinic_id, date), &wanted, by, keyed.as_ref()).await?;
    Ok(t.close_moved(doses, act_name(t, act)))
}

async fn close(at: &AtDesk, date: NaiveDate, form: &Form) -> Result<String, Stopped> {
    let (t, app) = (at.visitor.t(), &at.visitor.visit.app);
    let day = flows::day_close::look(&app.db, at.clinic_id, date).await?;
    let mut unopened = Vec::new();
    for row in &day.doses {
        let allocation_id = row.grant.allocation_id;
        let text = form.text(&format!("{UNOPENED}{allocation_id}")).trim();
        if text.is_empty() {
            continue;
        }
        let doses =
            text.parse().map_err(|_unreadable| typed("unopened", t.close_doses_missing()))?;
        unopened.push(Unopened { allocation_id, doses });
    }
    let note: String = form.text(NOTE).trim().chars().take(TEXT_CHARS_MAX).collect();
    let closing = Closing {
        seen: Some(form.text("version").to_owned()),
        unopened: Some(unopened).filter(|counted| !counted.is_empty()),
        note: Some(note).filter(|note| !note.is_empty()),
    };
    let counted: Vec<_> = closing.unopened.iter().flatten().collect();
    let counted: Vec<_> = counted.iter().map(|one| (one.allocation_id, one.doses)).collect();
    let asked = json!(["close", at.clinic_id, date, closing.seen, counted, closing.note]);
    let keyed = keyed(at, form, &asked);
    let by = at.visitor.user;
    flows::day_close::close(&app.db, (at.clinic_id, date), &closing, by, keyed.as_ref()).await?;
    Ok(t.close_done().to_owned())
}

async fn reopen(at: &AtDesk, date: NaiveDate, form: &Form) -> Result<String, Stopped> {
    let t = at.visitor.t();
    let reason = written(form, REASON, t.close_reason_missing())?;
    let (db, by) = (&at.visitor.visit.app.db, at.visitor.user);
    flows::day_close::reopen(db, (at.clinic_id, date), reason, by).await?;
    Ok(t.close_reopened().to_owned())
}

fn act_name(t: Texts, act: Act) -> &'static str {
    match act {
        Act::OfferAgain => t.close_offer_again(),
        Act::Withhold => t.close_withhold(),
        Act::Waste => t.close_waste(),
        Act::CorrectWaste => t.close_correct_waste(),
    }
}

async fn page<'a>(
    at: &'a AtDesk,
    here: &'a str,
    date: NaiveDate,
    form: &Form,
) -> Result<Page<'a>, Problem> {
    let (t, app) = (at.visitor.t(), &at.visitor.visit.app);
    let day = flows::day_close::look(&app.db, at.clinic_id, date).await?;
    let list = db::day_list::find(&app.db.read, at.clinic_id, date).await?;
    let list = list.ok_or_else(Refusal::not_found)?;
    let names = Names::new(t, &app.board.now());
    let people = day.people;
    let doses: Vec<_> = day.doses.iter().map(|row| line(t, &names, row, form)).collect();
    let choice = |line: &Line| Choice {
        value: line.id.to_string(),
        label: line.what.clone().into(),
        hint: "".into(),
    };
    let field = |id, label: &'static str| TextField::new(id, label, Input::Text, form.text(id));
    let staff = at.visitor.frame_of(here);
    let key = |press: &str| {
        let pressed: Option<Uuid> = form.value(KEY).filter(|_| form.text(PRESS) == press);
        pressed.unwrap_or_else(|| app.clock.id())
    };
    Ok(Page {
        t,
        to: staff.to(here),
        heading: t.close_title(&t.date(date)),
        errors: Vec::new(),
        obstacles: Vec::new(),
        people: vec![
            (t.dose_given(), people.given),
            (t.booking_not_vaccinated(), people.not_vaccinated),
            (t.clinic_no_shows(), people.no_shows),
            (t.close_cancelled(), people.cancelled),
            (t.close_not_recorded(), people.not_recorded),
            (t.clinic_waiting(), people.waiting),
            (t.clinic_awaited(), people.to_come),
        ],
        expected: people.expected(),
        walk_ins: people.walk_ins,
        which: Select {
            id: ALLOCATION,
            label: t.close_which().into(),
            hint: "".into(),
            groups: vec![(String::new(), doses.iter().map(choice).collect())],
            chosen: form.text(ALLOCATION).to_owned(),
        },
        doses,
        waiting: waiting(at, &list),
        closed: closed(at, &day),
        is_ahead: day.date > day.today,
        version: day.version(),
        close_key: key(CLOSE),
        move_key: key(MOVE),
        is_moving: form.text(PRESS) == MOVE,
        acts: Act::ALL.map(|act| (act.word(), act_name(t, act))),
        doses_field: field(DOSES, t.close_doses()),
        reason: field(REASON, t.close_reason()),
        note: field(NOTE, t.close_note()).hint(t.close_note_hint()),
        staff,
    })
}

fn line(t: Texts, names: &Names, row: &DayDoses, form: &Form) -> Line {
    let grant = &row.grant;
    let channel = match grant.channel {
        crate::domain::channel::Channel::Web => t.close_web(),
        crate::domain::channel::Channel::Phone => t.close_phone(),
        crate::domain::channel::Channel::WalkIn => t.nav_walk_in(),
    };
    Line {
        id: grant.allocation_id,
        what: format!("{} · {channel}", names.product(grant.product_id)),
        numbers: [
            grant.granted,
            grant.open,
            grant.booked + grant.held,
            grant.spare,
            grant.given,
            grant.lost,
        ],
        fate: words::left_over(t.language(), row.fate()),
        per_vial: t.close_per_vial(row.doses_per_vial),
        unopened: form.text(&format!("{UNOPENED}{}", grant.allocation_id)).to_owned(),
    }
}

/// Masked, each with the way to their page.
fn waiting(at: &AtDesk, list: &DayList) -> Vec<(String, String)> {
    let waiting = list.rows.iter().filter(|row| row.attendance(list.as_of) == Attendance::Waiting);
    let staff = at.visitor.frame();
    waiting
        .map(|row| {
            let time = words::time(at.visitor.t().language(), row.starts_at, at.desk.zone);
            let path = format!("/clinic/{}/bookings/{}", at.clinic_id, row.booking_id);
            (format!("{time} {}", masked_name(&row.name)), staff.to(&path))
        })
        .collect()
}

fn closed(at: &AtDesk, day: &Day) -> Option<Closed> {
    let (t, closed) = (at.visitor.t(), day.closed.as_ref()?);
    let when = t.instant(closed.at, at.desk.zone);
    let by = closed.by.as_ref().map_or_else(|| t.clinic_by_service(), |by| &by.username);
    // These four are all doses of the day.
    let (given, lost) = day.doses.iter().fold((0_i64, 0_i64), |(given, lost), one| {
        (given + i64::from(one.grant.given), lost + i64::from(one.grant.lost))
    });
    let mut rows = vec![
        Row::new(t.close_doses_title(), closed.granted.to_string()),
        Row::new(t.dose_given(), given.to_string()),
        Row::new(t.close_returned(), closed.returned.to_string()),
        Row::new(t.close_kept(), closed.kept.to_string()),
        Row::new(t.dose_lost(), lost.to_string()),
    ];
    rows.extend(closed.note.as_ref().map(|note| Row::new(t.close_note(), note.clone())));
    Some(Closed { said: t.close_by(&when, by), rows })
}
