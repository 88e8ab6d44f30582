//! Days on which a clinic is closed: who is hit is said before the press, and whom no message has
//! reached is a list to tick off.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    block::{Block, Cell, Choose, Form as Asked, Look, Page, Table},
    clinic::{OfClinic, find, path},
    field::REASON,
    typed::{Typed, text},
};
use crate::{
    db,
    domain::{
        BookingId, ClinicId,
        booking_number::BookingNumber,
        clinic::{Clinic, Closure},
        closure::{How, Unheard, Unreached},
    },
    flows::{self, closure::Closed},
    http::{
        extract::{Path, Query},
        field::Day,
        problem::Problem,
    },
    web::{
        done::Done,
        form::Form,
        part::{Step, Tone},
        staff_guard::AdministratorVisitor,
        staff_page::StaffVisitor,
        text::Texts,
    },
    words,
};

const FROM: &str = "from_date";
const TO: &str = "to_date";
const REASON_CHARS_MAX: usize = 200;
/// The button that closes what was shown.
const CLOSE: &str = "close";
const CLOSURES: i64 = 500;
/// Persons of one page of the list.
const PAGE: usize = 50;
/// As many as a clinic can have on a day.
const PERSONS_MAX: i64 = 10_000;

#[derive(Deserialize)]
pub struct OfDay {
    clinic_id: ClinicId,
    date: Day,
}

#[derive(Default, Deserialize)]
pub struct Paged {
    #[serde(default)]
    page: usize,
}

/// What is done with a closed day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    Tick,
    Cancel,
    Open,
}

#[derive(Deserialize)]
pub struct Presses {
    clinic_id: ClinicId,
    date: Day,
    press: Press,
}

fn day_path(clinic_id: ClinicId, date: NaiveDate) -> String {
    format!("{}/closures/{date}", path(clinic_id))
}

/// The closed days, and a form to close more.
///
/// # Errors
/// `not_found`.
pub async fn get_closures(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
) -> Result<HttpResponse, Problem> {
    let clinic = find(&visitor, clinic_id).await?;
    asked(&visitor, &clinic, &Form::default()).await?.show(&visitor)
}

async fn asked(visitor: &StaffVisitor, clinic: &Clinic, form: &Form) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let id = clinic.clinic_id;
    let mut page = Page::new(t.closures_title(), path(id));
    page.text(t.name(&clinic.name));
    let from = NaiveDate::default();
    let closures = db::clinic::list_closures(&app.db.read, id, from, CLOSURES).await?;
    if closures.is_empty() {
        page.text(t.closures_none());
    } else {
        let words = [t.day_column(), t.admin_reason()];
        let mut table = Table::new("closed", t.closures_days(), &words, &[]);
        table.rows = closures
            .iter()
            .rev()
            .map(|one| {
                let day = words::short_date(t.language(), one.on_date);
                let reason = t.name(&one.reason).to_owned();
                vec![Cell::Link(day_path(id, one.on_date), day), Cell::Text(reason)]
            })
            .collect();
        page.add(Block::Table(table));
    }
    page.heading(t.closures_close());
    let asked = Asked::new(format!("{}/closures", path(id)), t.closures_preview())
        .field(text(FROM, t.split_from(), form).hint(t.split_day_hint()))
        .field(text(TO, t.split_to(), form).hint(t.closures_to_hint()));
    page.add(Block::Form(reasons(t, asked, form)));
    Ok(page)
}

/// Asks for the reason in both languages; one is enough.
fn reasons(t: Texts, asked: Asked, form: &Form) -> Asked {
    let labels = (t.closures_reason_ko().into(), t.closures_reason_en().into());
    let fields = REASON.fields(t, labels, form);
    fields.into_iter().fold(asked, |asked, field| asked.field(field.hint(t.closures_public())))
}

/// Says who is hit, or closes the days.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_closures(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let clinic = find(&visitor, clinic_id).await?;
    let mut typed = Typed::new(&form, t);
    let from = typed.day(FROM);
    let to = match form.text(TO).trim().is_empty() {
        true => from,
        false => typed.day(TO),
    };
    let reason = typed.pair::<REASON_CHARS_MAX>(REASON);
    if let (Some(on_date), Some(to), Some(reason)) = (from, to, reason) {
        let closure = Closure { clinic_id, on_date, reason };
        let db = &visitor.visit.app.db;
        let is_meant = form.has(CLOSE);
        let done = flows::closure::close(db, &closure, to, !is_meant).await;
        match typed.done(done)? {
            Some(_) if is_meant => {
                return visitor.done(&day_path(clinic_id, on_date), Done::well(t.closures_done()));
            }
            Some(closed) => {
                return previewed(&visitor, &clinic, (on_date, to), &closed, &form).show(&visitor);
            }
            None => {}
        }
    }
    let errors = typed.errors;
    let page = asked(&visitor, &clinic, &form).await?;
    Page { errors, ..page }.show(&visitor)
}

fn previewed(
    visitor: &StaffVisitor,
    clinic: &Clinic,
    (from, to): (NaiveDate, NaiveDate),
    closed: &Closed,
    form: &Form,
) -> Page {
    let t = visitor.t();
    let mut page = Page::new(t.closures_close(), format!("{}/closures", path(clinic.clinic_id)));
    page.text(t.name(&clinic.name));
    let day = |date| words::short_date(t.language(), date);
    page.text(t.closures_span(&day(from), &day(to)));
    page.add(Block::Figures(vec![
        (t.hours_slots().to_owned(), t.count(i64::try_from(closed.slots).unwrap_or(i64::MAX))),
        (t.closures_hit().to_owned(), t.count(closed.live_bookings)),
    ]));
    if closed.live_bookings > 0 {
        page.add(Block::Warning(t.closures_what_then().to_owned()));
        let words = [t.booking_number(), t.closures_hit_when()];
        let mut table = Table::new("hit", t.closures_first_hit(), &words, &[]);
        table.rows = closed
            .hits
            .iter()
            .take(PAGE)
            .map(|hit| {
                let at = t.instant(hit.starts_at, clinic.zone);
                vec![Cell::Text(number(visitor, hit.booking_id)), Cell::Text(at)]
            })
            .collect();
        page.add(Block::Table(table));
    }
    let action = format!("{}/closures", path(clinic.clinic_id));
    let mut asked = Asked::new(action, t.closures_do());
    for name in [FROM, TO, REASON.ko, REASON.en] {
        asked = asked.hidden(name, form.text(name));
    }
    asked.buttons = vec![(CLOSE, t.closures_do().to_owned(), Look::Harm)];
    page.add(Block::Form(asked));
    page
}

fn number(visitor: &StaffVisitor, booking_id: BookingId) -> String {
    BookingNumber::of(&visitor.visit.app.keys.booking_number, booking_id).to_string()
}

/// A closed day: whom nobody has told yet, and what can be done.
///
/// # Errors
/// `not_found`.
pub async fn get_day(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfDay { clinic_id, date: Day(date) }): Path<OfDay>,
    Query(Paged { page: number }): Query<Paged>,
) -> Result<HttpResponse, Problem> {
    let clinic = find(&visitor, clinic_id).await?;
    day(&visitor, &clinic, date, number, &Form::default()).await?.show(&visitor)
}

async fn day(
    visitor: &StaffVisitor,
    clinic: &Clinic,
    date: NaiveDate,
    at: usize,
    form: &Form,
) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let id = clinic.clinic_id;
    let closures = db::clinic::list_closures(&app.db.read, id, date, 1).await?;
    let closure = closures.into_iter().find(|closure| closure.on_date == date);
    let shown = words::date(t.language(), date);
    let mut page = Page::new(t.closures_day(&shown), format!("{}/closures", path(id)));
    page.text(t.name(&clinic.name));
    match &closure {
        Some(closure) => page.text(t.name(&closure.reason)),
        None => page.text(t.closures_is_open()),
    };
    let persons = db::closure::unheard(&app.db.read, id, date, PERSONS_MAX).await?;
    let left = persons.iter().filter(|one| one.told.is_none()).count();
    let size = |number: usize| t.count(i64::try_from(number).unwrap_or(i64::MAX));
    let hit = db::closure::hits(&app.db.read, id, date).await?;
    if hit.all() > 0 {
        page.add(Block::Figures(vec![
            (t.closures_hit().to_owned(), t.count(hit.all())),
            (t.closures_reached().to_owned(), t.count(hit.reached)),
            (t.closures_told_by_hand().to_owned(), size(persons.len() - left)),
            (t.closures_left().to_owned(), t.count(hit.left)),
            (t.closures_were_cancelled_by_us().to_owned(), t.count(hit.cancelled)),
            (t.closures_standing().to_owned(), t.count(hit.standing)),
        ]));
        page.text(t.closures_where_to());
    }
    page.heading(t.closures_unreached());
    if persons.is_empty() {
        page.text(t.closures_everybody());
    } else {
        page.text(t.closures_to_tell(&size(left), &size(persons.len())));
        let shown: Vec<_> = persons.iter().skip(at * PAGE).take(PAGE).collect();
        let mut list = Asked::new(format!("{}/tick", day_path(id, date)), t.closures_tick());
        list = list.field(super::block::Field::Table(table(visitor, clinic, &shown)));
        page.add(Block::Form(list));
        let step = |number: usize| Step {
            href: format!("/{}{}?page={number}", t.tag(), day_path(id, date)),
            label: (number + 1).to_string(),
        };
        let next = (persons.len() > (at + 1) * PAGE).then(|| step(at + 1));
        page.add(Block::Steps(at.checked_sub(1).map(step), next));
    }
    if closure.is_some() {
        page.heading(t.closures_cancel_title()).text(t.closures_cancel_about());
        let cancel = Asked::new(format!("{}/cancel", day_path(id, date)), t.closures_cancel());
        let mut cancel = reasons(t, cancel, form);
        cancel.buttons = vec![("", t.closures_cancel().to_owned(), Look::Harm)];
        page.add(Block::Form(cancel));
        page.heading(t.closures_open_title()).text(t.closures_open_about());
        let mut open = Asked::new(format!("{}/open", day_path(id, date)), t.closures_open());
        open.buttons = vec![("", t.closures_open().to_owned(), Look::Quiet)];
        page.add(Block::Form(open));
    }
    Ok(page)
}

fn table(visitor: &StaffVisitor, clinic: &Clinic, persons: &[&Unheard]) -> Table {
    let t = visitor.t();
    let words = [
        t.admin_person_column(),
        t.closures_hit_when(),
        t.clinics_phone(),
        t.closures_why(),
        t.closures_state(),
        t.closures_told(),
    ];
    let mut table = Table::new("unreached", t.closures_unreached(), &words, &[]);
    table.rows = persons
        .iter()
        .map(|one| {
            let nobody = std::iter::once((String::new(), t.closures_not_told().to_owned()));
            let ways = How::ALL.map(|how| (how.word().to_owned(), how_word(t, how).to_owned()));
            let told = Choose {
                name: format!("told-{}", one.booking_id),
                label: t.closures_how(&one.name),
                choices: nobody.chain(ways).collect(),
                chosen: one.told.map_or("", |told| told.how.word()).to_owned(),
            };
            let state = match (one.is_cancelled, one.is_back) {
                (true, _) => (t.closures_cancelled(), Tone::Bad),
                (false, true) => (t.closures_is_back(), Tone::Good),
                (false, false) => (t.closures_stands(), Tone::Wait),
            };
            vec![
                Cell::Text(one.name.clone()),
                Cell::Text(t.instant(one.starts_at, clinic.zone)),
                Cell::Text(one.phone.clone()),
                Cell::Text(why(t, one.why).to_owned()),
                Cell::Tag(state.0.to_owned(), state.1),
                Cell::Choose(told),
            ]
        })
        .collect();
    table
}

fn how_word(t: Texts, how: How) -> &'static str {
    match how {
        How::Phone => t.closures_by_phone(),
        How::InPerson => t.closures_in_person(),
        How::Letter => t.closures_by_letter(),
        How::NotFound => t.closures_not_found(),
    }
}

fn why(t: Texts, why: Unreached) -> &'static str {
    match why {
        Unreached::NoWay => t.closures_no_way(),
        Unreached::Waiting => t.closures_waiting(),
        Unreached::NotSent => t.closures_not_sent(),
        Unreached::Present => t.closures_present(),
    }
}

/// Ticks persons off, cancels what has lost its time, or opens the day again.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_day(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(Presses { clinic_id, date: Day(date), press }): Path<Presses>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, db, by) = (visitor.t(), &visitor.visit.app.db, visitor.user.staff_user_id);
    let clinic = find(&visitor, clinic_id).await?;
    let here = day_path(clinic_id, date);
    let mut typed = Typed::new(&form, t);
    let said = match press {
        Press::Tick => {
            Some(t.closures_ticked(&t.count(tick(&visitor, (clinic_id, date), &form).await?)))
        }
        Press::Open => {
            let done = flows::closure::open_day(db, clinic_id, date).await;
            typed.done(done)?.map(|()| t.closures_opened().to_owned())
        }
        Press::Cancel => match typed.pair::<REASON_CHARS_MAX>(REASON) {
            Some(reason) => {
                let of = (clinic_id, date);
                let done = flows::closure::cancel_lost(db, of, &reason, by).await;
                let done = typed.done(done)?;
                done.map(|n| t.closures_were_cancelled(&t.count(n)))
            }
            None => None,
        },
    };
    if let Some(said) = said {
        return visitor.done(&here, Done::well(said));
    }
    let errors = typed.errors;
    let page = day(&visitor, &clinic, date, 0, &form).await?;
    Page { errors, ..page }.show(&visitor)
}

/// Writes down what differs from what is there; says how many.
async fn tick(
    visitor: &StaffVisitor,
    (clinic_id, date): (ClinicId, NaiveDate),
    form: &Form,
) -> Result<i64, Problem> {
    let (app, by) = (&visitor.visit.app, visitor.user.staff_user_id);
    let persons = db::closure::unheard(&app.db.read, clinic_id, date, PERSONS_MAX).await?;
    let mut ticked = 0;
    for one in persons {
        let name = format!("told-{}", one.booking_id);
        if !form.has(&name) {
            continue;
        }
        let how = How::ALL.into_iter().find(|how| how.word() == form.text(&name));
        if how == one.told.map(|told| told.how) {
            continue;
        }
        let done = match how {
            Some(how) => {
                let of = (clinic_id, one.booking_id);
                flows::closure::tick(&app.db, of, how, by).await.map(drop)
            }
            None => flows::closure::untick(&app.db, clinic_id, one.booking_id).await,
        };
        match done {
            Ok(()) => ticked += 1,
            // Somebody else did it meanwhile, or the booking has its time again.
            Err(flows::Error::Refused(refusal)) if refusal.code.status() < 500 => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ticked)
}
