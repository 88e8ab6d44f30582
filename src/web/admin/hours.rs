//! Opening hours of a clinic: a series is typed, the calculator says what it comes to, and only
//! then it is saved.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use chrono::Days;

use super::{
    block::{Block, Cell, Field, Form as Asked, Look, Page, Table},
    clinic::{OfClinic, find, path},
    field::day_of,
    typed::{Typed, short, text},
};
use crate::{
    db,
    domain::{
        calendar::local_date,
        clinic::Clinic,
        fact::Expected,
        opening_hours::{Break, Minute, Series, WEEKDAY_WORDS, Weekdays},
    },
    flows::{
        self,
        opening_hours::{Outcome, Saving},
    },
    http::{extract::Path, problem::Problem},
    web::{
        done::Done, form::Form, staff_guard::AdministratorVisitor, staff_page::StaffVisitor,
        text::Texts,
    },
    words,
};

const FROM: &str = "from_date";
const TO: &str = "to_date";
const OPENS: &str = "opens";
const CLOSES: &str = "closes";
const MINUTES: &str = "slot_minutes";
const SEATS: &str = "seats_per_slot";
const BREAKS: &str = "breaks";
const EXCEPT: &str = "except";
/// The button that saves what was shown.
const SAVE: &str = "save";
/// The button that goes back to what was typed.
const AGAIN: &str = "again";
/// Hours that were saved before.
const SAVED: i64 = 10;

/// The hours that were saved, and a form for more.
///
/// # Errors
/// `not_found`.
pub async fn get_hours(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
) -> Result<HttpResponse, Problem> {
    let clinic = find(&visitor, clinic_id).await?;
    let today = local_date(visitor.visit.app.clock.now(), clinic.zone);
    let first = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let last = first.checked_add_days(Days::new(13)).unwrap_or(first);
    let form = Form::of([
        (FROM, first.to_string()),
        (TO, last.to_string()),
        (OPENS, "09:00".to_owned()),
        (CLOSES, "17:00".to_owned()),
        (BREAKS, "13:00-14:00".to_owned()),
        (MINUTES, "30".to_owned()),
        (SEATS, "5".to_owned()),
        ("mon", "yes".to_owned()),
        ("tue", "yes".to_owned()),
        ("wed", "yes".to_owned()),
        ("thu", "yes".to_owned()),
        ("fri", "yes".to_owned()),
    ]);
    asked(&visitor, &clinic, &form).await?.show(&visitor)
}

async fn asked(visitor: &StaffVisitor, clinic: &Clinic, form: &Form) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let mut page = Page::new(t.hours_title(), path(clinic.clinic_id));
    page.text(t.name(&clinic.name));
    page.text(t.hours_about());
    let mut asked = Asked::new(format!("{}/hours", path(clinic.clinic_id)), t.hours_preview())
        .field(text(FROM, t.split_from(), form).hint(t.split_day_hint()))
        .field(text(TO, t.split_to(), form).hint(t.split_day_hint()));
    let days = WEEKDAY_WORDS.map(|word| (word, weekday(t, word).to_owned(), form.has(word)));
    asked = asked.field(Field::Checks(t.hours_weekdays().to_owned(), days.into()));
    let asked = asked
        .field(text(OPENS, t.hours_opens(), form).hint(t.hours_hint()))
        .field(text(CLOSES, t.hours_closes(), form))
        .field(text(BREAKS, t.hours_breaks(), form).hint(t.hours_breaks_hint()))
        .field(short(MINUTES, t.hours_minutes(), form))
        .field(short(SEATS, t.hours_seats_each(), form))
        .field(text(EXCEPT, t.hours_except(), form).hint(t.hours_except_hint()));
    page.add(Block::Form(asked));
    let saved = db::opening_hours::list(&app.db.read, clinic.clinic_id, i64::MAX, SAVED).await?;
    if !saved.is_empty() {
        let words = [t.pool_when(), t.hours_days(), t.hours_of_day()];
        let mut table = Table::new("saved", t.hours_saved(), &words, &[t.hours_seats_each()]);
        for one in saved {
            let series = &one.series;
            let (from, to) = (series.from_date.to_string(), series.to_date.to_string());
            let [opens, closes] = [series.opens, series.closes].map(clock);
            table.rows.push(vec![
                Cell::Text(t.instant(one.saved_at, clinic.zone)),
                Cell::Text(format!("{from} – {to}")),
                Cell::Text(format!("{opens}–{closes}")),
                Cell::Number(t.count(series.seats_per_slot)),
            ]);
        }
        page.add(Block::Table(table));
    }
    Ok(page)
}

/// A time of day as it is written in the series.
fn clock(minute: Minute) -> String {
    serde_json::to_value(minute)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Says what the series comes to, or saves it.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_hours(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let clinic = find(&visitor, clinic_id).await?;
    let mut typed = Typed::new(&form, t);
    if let Some(series) = series(&mut typed).filter(|_| !form.has(AGAIN)) {
        let saving = Saving { dry_run: !form.has(SAVE), by: visitor.user.staff_user_id };
        let done =
            flows::opening_hours::save(&visitor.visit.app.db, clinic_id, &series, saving).await;
        match typed.done(done)? {
            Some(outcome) if saving.dry_run => {
                return previewed(&visitor, &clinic, &outcome, &form).show(&visitor);
            }
            Some(outcome) => {
                let size = |number: usize| t.count(i64::try_from(number).unwrap_or(i64::MAX));
                let said = t.hours_were_saved(&size(outcome.slots), &t.count(outcome.seats));
                return visitor.done(&path(clinic_id), Done::well(said));
            }
            None => {}
        }
    }
    let errors = typed.errors;
    let page = asked(&visitor, &clinic, &form).await?;
    Page { errors, ..page }.show(&visitor)
}

fn series(typed: &mut Typed<'_>) -> Option<Series> {
    let (from_date, to_date) = (typed.day(FROM), typed.day(TO));
    let chosen = WEEKDAY_WORDS.iter().enumerate().filter(|(_, word)| typed.form.has(word));
    let weekdays = chosen.fold(Weekdays::default(), |days, (at, _)| days.with(at, at));
    let (opens, closes) = (time(typed, OPENS), time(typed, CLOSES));
    let slot_minutes = typed.number(MINUTES, (1, 1_440)).and_then(|n| u16::try_from(n).ok());
    let seats_per_slot = typed.number(SEATS, (1, 10_000));
    let breaks = breaks(typed);
    let except = except(typed);
    Some(Series {
        weekdays,
        opens: opens?,
        closes: closes?,
        slot_minutes: slot_minutes?,
        seats_per_slot: seats_per_slot?,
        breaks: breaks?,
        from_date: from_date?,
        to_date: to_date?,
        except: except?,
    })
}

fn time(typed: &mut Typed<'_>, id: &'static str) -> Option<Minute> {
    let found = Minute::parse(typed.form.text(id).trim());
    found.or_else(|| typed.expected(id, Expected::TimeOfDay))
}

/// As `13:00-14:00`, apart by commas.
fn breaks(typed: &mut Typed<'_>) -> Option<Vec<Break>> {
    let text = typed.form.text(BREAKS).replace(['–', '~'], "-");
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let read = parts.map(|part| {
        let (from, to) = part.split_once('-')?;
        Some(Break { from: Minute::parse(from.trim())?, to: Minute::parse(to.trim())? })
    });
    let read: Option<Vec<_>> = read.collect();
    read.or_else(|| typed.expected(BREAKS, Expected::TimeOfDay))
}

/// Dates, apart by commas.
fn except(typed: &mut Typed<'_>) -> Option<BTreeSet<chrono::NaiveDate>> {
    let text = typed.form.text(EXCEPT).replace(',', " ");
    let read: Option<BTreeSet<_>> = text.split_whitespace().map(day_of).collect();
    read.or_else(|| typed.expected(EXCEPT, Expected::Dates))
}

fn previewed(visitor: &StaffVisitor, clinic: &Clinic, outcome: &Outcome, form: &Form) -> Page {
    let t = visitor.t();
    let size = |number: usize| t.count(i64::try_from(number).unwrap_or(i64::MAX));
    let mut page = Page::new(t.hours_title(), path(clinic.clinic_id));
    page.text(t.name(&clinic.name));
    page.add(Block::Figures(vec![
        (t.hours_days().to_owned(), size(outcome.days)),
        (t.hours_slots().to_owned(), size(outcome.slots)),
        (t.hours_seats().to_owned(), t.count(outcome.seats)),
        (t.hours_added().to_owned(), t.count(outcome.changes.added)),
        (t.hours_changed().to_owned(), t.count(outcome.changes.changed)),
        (t.hours_removed().to_owned(), t.count(outcome.changes.removed)),
    ]));
    if outcome.bookings_hit > 0 {
        page.add(Block::Warning(t.hours_hit(&t.count(outcome.bookings_hit))));
        let mut table = Table::new("hit", t.closures_hit(), &[t.closures_hit_when()], &[]);
        let at = outcome.hits.iter().take(50);
        table.rows = at
            .map(|hit| vec![Cell::Text(words::instant(t.language(), hit.starts_at, clinic.zone))])
            .collect();
        page.add(Block::Table(table));
    }
    let mut asked = Asked::new(format!("{}/hours", path(clinic.clinic_id)), t.hours_save());
    for name in [FROM, TO, OPENS, CLOSES, BREAKS, MINUTES, SEATS, EXCEPT] {
        asked = asked.hidden(name, form.text(name));
    }
    for word in WEEKDAY_WORDS.into_iter().filter(|word| form.has(word)) {
        asked = asked.hidden(word, "yes");
    }
    asked.note = t.hours_not_saved().to_owned();
    asked.buttons = vec![
        (SAVE, t.hours_save().to_owned(), Look::Main),
        (AGAIN, t.hours_again().to_owned(), Look::Quiet),
    ];
    page.add(Block::Form(asked));
    page
}

fn weekday(t: Texts, word: &str) -> &'static str {
    match word {
        "mon" => t.hours_mon(),
        "tue" => t.hours_tue(),
        "wed" => t.hours_wed(),
        "thu" => t.hours_thu(),
        "fri" => t.hours_fri(),
        "sat" => t.hours_sat(),
        _ => t.hours_sun(),
    }
}
