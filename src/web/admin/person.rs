//! Persons of the register: found, seen, corrected, merged and marked, each with a reason. Nothing
//! lists them, nothing personal stands in an address, and every look is written down.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{
    block::{Block, Cell, Field, Form as Asked, Look, Page, Table, choice, radios, select},
    clinic_form::choices,
    exclusion,
    moment::zone,
    typed::{REASON, Typed, text},
};
use crate::{
    db,
    domain::{
        Detail, PersonId, Refusal, RegionId,
        birth_date::{BirthDate, Precision},
        booking::{Booking, State},
        booking_number::BookingNumber,
        mark::Mark,
        person::{parse_name, parse_person_code},
        person_change::{Change, Kind},
        person_record::{Correction, Record, masked},
    },
    flows::{
        self,
        booking_number::Among,
        lane::ReplyQueue,
        person_record::{Doing, Found, Seen, Wanted},
    },
    http::{extract::Path, problem::Problem},
    web::{
        done::Done, form::Form, part::Row, staff_guard::AdministratorVisitor,
        staff_page::StaffVisitor, text::Texts,
    },
    words,
};

const NAME: &str = "name";
const KO: &str = "name_ko";
const EN: &str = "name_en";
const BIRTH: &str = "birth_date";
const NUMBER: &str = "number";
const CODE: &str = "person_code";
const PHONE: &str = "phone";
const EMAIL: &str = "email";
const REGION: &str = "region_id";
const INTO: &str = "into_person_id";
const MARK: &str = "mark";
const CANCEL: &str = "cancel_bookings";
/// The version of the record that the form was made of.
const VERSION: &str = "version";
/// No mark.
const NONE: &str = "none";

/// A path that names one of them.
#[derive(Deserialize)]
pub struct OfPerson {
    pub person_id: PersonId,
}

/// What is done with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    Correct,
    Merge,
    Mark,
}

impl Press {
    fn word(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Merge => "merge",
            Self::Mark => "mark",
        }
    }

    fn title(self, t: Texts) -> &'static str {
        match self {
            Self::Correct => t.person_correct(),
            Self::Merge => t.person_merge(),
            Self::Mark => t.person_mark(),
        }
    }
}

#[derive(Deserialize)]
pub struct Presses {
    person_id: PersonId,
    press: Press,
}

fn path(person_id: PersonId) -> String {
    format!("/admin/persons/{person_id}")
}

/// Whom somebody looks for.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_find(
    AdministratorVisitor(visitor): AdministratorVisitor,
) -> Result<HttpResponse, Problem> {
    asked(visitor.t(), &Form::default()).show(&visitor)
}

fn asked(t: Texts, form: &Form) -> Page {
    let mut page = Page::new(t.nav_persons(), "");
    page.text(t.person_find_about());
    let asked = Asked::new("/admin/persons", t.clinics_find())
        .field(text(NAME, t.person_name(), form))
        .field(text(BIRTH, t.person_birth(), form).hint(t.person_birth_hint()))
        .field(text(NUMBER, t.booking_number(), form).hint(t.person_number_hint()))
        .field(text(CODE, t.person_code(), form))
        .field(text(REASON, t.person_look_reason(), form).hint(t.admin_reason_kept()));
    page.add(Block::Form(asked));
    page
}

/// Shows who was found.
///
/// # Errors
/// Those of the database.
pub async fn post_find(
    AdministratorVisitor(visitor): AdministratorVisitor,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let mut typed = Typed::new(&form, t);
    let wanted = wanted(&visitor, &form);
    let wanted = wanted.map_err(|refusal| typed.refused::<()>(&refusal)).ok();
    let mut page = asked(t, &form);
    if let (Some(wanted), Some(reason)) = (wanted, typed.line::<500>(REASON)) {
        let because = (visitor.user.staff_user_id, reason.as_str());
        let found = flows::person_record::find(&app.db, &app.keys, wanted, because).await;
        if let Some(found) = typed.done(found)? {
            page.text(match found.is_empty() {
                true => t.person_nobody(),
                false => t.person_found(),
            });
            if !found.is_empty() {
                page.add(Block::Table(table(t, &found)));
            }
        }
    }
    page.errors = typed.errors;
    page.show(&visitor)
}

fn wanted(visitor: &StaffVisitor, form: &Form) -> Result<Wanted, Refusal> {
    let today = visitor.visit.app.today();
    let said = |name: &str| Some(form.text(name).trim()).filter(|text| !text.is_empty());
    let (name, birth, number) = (said(NAME), said(BIRTH), said(NUMBER));
    if let Some(code) = said(CODE) {
        if name.is_some() || birth.is_some() || number.is_some() {
            return Err(Refusal::field(CODE, Detail::OneWayToFind));
        }
        let code = parse_person_code(code);
        return Ok(Wanted::Coded(code.map_err(|no| Refusal { field: Some(CODE.into()), ..no })?));
    }
    let birth_date = birth.ok_or_else(|| Refusal::field(BIRTH, Detail::FieldMissing))?;
    let birth_date = BirthDate::parse_partial(birth_date, today)?;
    match (name, number) {
        (Some(name), None) => Ok(Wanted::Named { name: parse_name(name)?, birth_date }),
        (None, Some(number)) => {
            let number = BookingNumber::parse(number);
            let number = number.map_err(|no| Refusal { field: Some(NUMBER.into()), ..no })?;
            Ok(Wanted::Booked { number, among: Among::Born(birth_date) })
        }
        _ => Err(Refusal::field(NAME, Detail::OneWayToFind)),
    }
}

fn table(t: Texts, found: &[Found]) -> Table {
    let words = [t.person_name(), t.person_birth(), t.clinics_phone(), t.region_column()];
    let mut table = Table::new("found", t.person_found(), &words, &[t.person_live()]);
    table.rows = found
        .iter()
        .map(|Found { record, bookings }| {
            let live = i64::try_from(bookings.len()).unwrap_or(i64::MAX);
            vec![
                Cell::Link(path(record.person_id), record.name.clone()),
                Cell::Text(birth(record.birth_date)),
                Cell::Text(masked(&record.phone)),
                Cell::Text(t.name(&record.region_name).to_owned()),
                Cell::Number(t.count(live)),
            ]
        })
        .collect();
    table
}

/// As much of a date of birth as is known.
fn birth(date: BirthDate) -> String {
    let text = date.date().to_string();
    let length = match date.precision() {
        Precision::Year => 4,
        Precision::Month => 7,
        Precision::Day => 10,
    };
    text.chars().take(length).collect()
}

/// One person. The look is written down.
///
/// # Errors
/// `not_found`.
pub async fn get_person(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfPerson { person_id }): Path<OfPerson>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let seen = flows::person_record::open(&app.db, person_id, visitor.user.staff_user_id).await?;
    let record = &seen.record;
    let mut page = Page::new(record.name.clone(), "/admin/persons");
    page.add(Block::Rows(rows(t, record)));
    match record.merged_into {
        Some(into) => page.add(Block::Links(vec![(path(into), t.person_to_other().to_owned())])),
        None => {
            let link = |press: Press| (press_path(person_id, press), press.title(t).to_owned());
            page.add(Block::Links([Press::Correct, Press::Merge, Press::Mark].map(link).into()))
        }
    };
    bookings(&visitor, &mut page, &seen);
    exclusion::show(&visitor, &mut page, person_id).await?;
    changes(&visitor, &mut page, &seen.changes);
    page.show(&visitor)
}

/// What is known of a person.
fn rows(t: Texts, record: &Record) -> Vec<Row> {
    let mut rows = vec![
        Row::new(t.person_name(), record.name.clone()),
        Row::new(t.clinics_name_ko(), record.name_ko.clone().unwrap_or_default()),
        Row::new(t.clinics_name_en(), record.name_en.clone().unwrap_or_default()),
        Row::new(t.person_birth(), birth(record.birth_date)),
        Row::phone(t.clinics_phone(), &record.phone),
        Row::new(t.person_email(), record.email.clone().unwrap_or_default()),
        Row::new(t.region_column(), t.name(&record.region_name)),
        Row::new(t.person_mark(), mark_word(t, record.mark)),
        Row::new(t.person_id(), record.person_id.to_string()),
    ];
    if let Some(into) = record.merged_into {
        rows.push(Row::new(t.person_is_now(), into.to_string()));
    }
    rows.retain(|row| !row.value.is_empty());
    rows
}

fn press_path(person_id: PersonId, press: Press) -> String {
    format!("{}/{}", path(person_id), press.word())
}

fn bookings(visitor: &StaffVisitor, page: &mut Page, seen: &Seen) {
    let t = visitor.t();
    if seen.bookings.is_empty() {
        page.text(t.person_no_bookings());
        return;
    }
    let snapshot = visitor.visit.app.board.now();
    let words = [t.booking_number(), t.closures_hit_when(), t.clinics_name(), t.state_column()];
    let mut table = Table::new("bookings", t.person_bookings(), &words, &[]);
    table.rows = seen
        .bookings
        .iter()
        .map(|one: &Booking| {
            let clinic = snapshot.catalogue.clinic(one.clinic_id);
            let zone = clinic.map_or(chrono_tz::UTC, |clinic| clinic.zone);
            let name = clinic.map_or("", |clinic| t.name(&clinic.name)).to_owned();
            let keys = &visitor.visit.app.keys.booking_number;
            vec![
                Cell::Text(BookingNumber::of(keys, one.booking_id).to_string()),
                Cell::Text(t.instant(one.starts_at, zone)),
                Cell::Text(name),
                Cell::Text(state(t, one.state).to_owned()),
            ]
        })
        .collect();
    page.add(Block::Table(table));
}

fn state(t: Texts, state: State) -> &'static str {
    match state {
        State::Booked => t.dose_booked(),
        State::Given => t.dose_given(),
        State::Cancelled => t.closures_cancelled(),
        State::NoShow => t.person_no_show(),
        State::Held => t.dose_held(),
        State::NotVaccinated => t.person_not_vaccinated(),
    }
}

fn changes(visitor: &StaffVisitor, page: &mut Page, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    let (t, zone) = (visitor.t(), zone(visitor));
    let words = [t.pool_when(), t.pool_what(), t.admin_reason(), t.person_by(), t.person_fields()];
    let caption = t.person_changes(&t.admin_times_in(zone.name()));
    let mut table = Table::new("changes", caption, &words, &[]);
    table.rows = changes
        .iter()
        .map(|one| {
            let what = match (change(t, one.kind), one.other_person_id) {
                (what, Some(other)) => format!("{what}: {other}"),
                (what, None) => what.to_owned(),
            };
            vec![
                Cell::Text(t.instant(one.at, zone)),
                Cell::Text(what),
                Cell::Text(one.reason.clone()),
                Cell::Text(one.username.clone()),
                Cell::Text(one.fields.join(", ")),
            ]
        })
        .collect();
    page.add(Block::Table(table));
}

fn change(t: Texts, kind: Kind) -> &'static str {
    match kind {
        Kind::Corrected => t.person_was_corrected(),
        Kind::MergedInto => t.person_merged_into(),
        Kind::TookIn => t.person_took_in(),
        Kind::MarkedMovedAway => t.person_moved(),
        Kind::MarkedDeceased => t.person_died(),
        Kind::Unmarked => t.person_unmarked(),
        Kind::Registered => t.person_registered(),
        Kind::ExclusionLifted => t.person_exclusion_lifted(),
    }
}

fn mark_word(t: Texts, mark: Option<Mark>) -> &'static str {
    match mark {
        None => t.person_no_mark(),
        Some(Mark::MovedAway) => t.person_moved(),
        Some(Mark::Deceased) => t.person_died(),
    }
}

/// The form of a press.
///
/// # Errors
/// `not_found`.
pub async fn get_press(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(Presses { person_id, press }): Path<Presses>,
) -> Result<HttpResponse, Problem> {
    let app = &visitor.visit.app;
    let seen = flows::person_record::open(&app.db, person_id, visitor.user.staff_user_id).await?;
    let record = &seen.record;
    let mark = record.mark.map_or(NONE, Mark::word);
    let form = Form::of([
        (VERSION, record.version()),
        (NAME, record.name.clone()),
        (KO, record.name_ko.clone().unwrap_or_default()),
        (EN, record.name_en.clone().unwrap_or_default()),
        (BIRTH, birth(record.birth_date)),
        (PHONE, record.phone.clone()),
        (EMAIL, record.email.clone().unwrap_or_default()),
        (REGION, record.region_id.to_string()),
        (MARK, mark.to_owned()),
    ]);
    page(&visitor, record, press, &form).await?.show(&visitor)
}

async fn page(
    visitor: &StaffVisitor,
    record: &Record,
    press: Press,
    form: &Form,
) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let id = record.person_id;
    let mut page = Page::new(press.title(t), path(id));
    page.text(t.person_whom(&record.name, &birth(record.birth_date)));
    let mut asked =
        Asked::new(press_path(id, press), press.title(t)).hidden(VERSION, form.text(VERSION));
    match press {
        Press::Correct => {
            let regions = db::region::list(&app.db.read, RegionId(0), i64::MAX).await?;
            asked = asked
                .field(text(NAME, t.person_name(), form))
                .field(text(KO, t.clinics_name_ko(), form))
                .field(text(EN, t.clinics_name_en(), form))
                .field(text(BIRTH, t.person_birth(), form).hint(t.person_birth_hint()))
                .field(text(PHONE, t.clinics_phone(), form))
                .field(text(EMAIL, t.person_email(), form))
                .field(select(REGION, t.region_column(), choices(t, &regions), form.text(REGION)));
        }
        Press::Merge => {
            page.text(t.person_merge_about());
            let other = text(INTO, t.person_merge_into(), form).hint(t.person_merge_hint());
            asked = asked.field(other);
            asked.buttons = vec![("", t.person_merge().to_owned(), Look::Harm)];
        }
        Press::Mark => {
            page.text(t.person_mark_about());
            let marks = [None, Some(Mark::MovedAway), Some(Mark::Deceased)];
            let marks = marks.map(|one| choice(one.map_or(NONE, Mark::word), mark_word(t, one)));
            asked = asked
                .field(radios(MARK, t.person_mark(), marks.into(), form.text(MARK)))
                .field(Field::Check(CANCEL, t.person_cancel().to_owned(), form.has(CANCEL)));
        }
    }
    page.add(Block::Form(
        asked.field(text(REASON, t.admin_reason(), form).hint(t.admin_reason_kept())),
    ));
    Ok(page)
}

/// Does it.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_press(
    AdministratorVisitor(visitor): AdministratorVisitor,
    replies: Data<ReplyQueue>,
    Path(Presses { person_id, press }): Path<Presses>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let mut typed = Typed::new(&form, visitor.t());
    if let Some(reason) = typed.line::<500>(REASON) {
        let doing = Doing {
            by: visitor.user.staff_user_id,
            reason: &reason,
            version: Some(form.text(VERSION)),
        };
        let done = match press {
            Press::Correct => correct(&visitor, person_id, doing, &mut typed).await?,
            Press::Merge => merge(&visitor, person_id, doing, &mut typed).await?,
            Press::Mark => mark(&visitor, &replies, person_id, doing, &mut typed).await?,
        };
        if let Some((at, said)) = done {
            return visitor.done(&path(at), said);
        }
    }
    let errors = typed.errors;
    let found = db::person_record::find(&visitor.visit.app.db.read, person_id).await?;
    let record = found.ok_or_else(Refusal::not_found)?;
    // What the other one has made of it is shown; what was typed stays, and a further press means
    // it.
    let is_stale = form.text(VERSION) != record.version();
    let form = form.with(VERSION, record.version());
    let mut page = Page { errors, ..page(&visitor, &record, press, &form).await? };
    if is_stale {
        let now = [
            Block::Warning(visitor.t().person_stands_now().to_owned()),
            Block::Rows(rows(visitor.t(), &record)),
        ];
        page.blocks.splice(0..0, now);
    }
    page.show(&visitor)
}

/// The person whose page is shown then, and what is said there.
type Said = Option<(PersonId, Done)>;

async fn correct(
    visitor: &StaffVisitor,
    person_id: PersonId,
    doing: Doing<'_>,
    typed: &mut Typed<'_>,
) -> Result<Said, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let Some(region_id) = typed.value::<RegionId>(REGION) else { return Ok(None) };
    let said = |name: &str| typed.form.text(name).trim().to_owned();
    let or_none = |name: &str| Some(Some(said(name)).filter(|text| !text.is_empty()));
    let correction = Correction {
        name: Some(said(NAME)),
        name_ko: or_none(KO),
        name_en: or_none(EN),
        birth_date: Some(said(BIRTH)),
        phone: Some(said(PHONE)),
        person_code: None,
        email: or_none(EMAIL),
        language: None,
        region_id: Some(region_id),
    };
    let asked = (person_id, correction);
    let done =
        flows::person_record::correct(&app.db, (&app.keys, app.site.zone), asked, doing).await;
    let Some(done) = typed.done(done)? else { return Ok(None) };
    let said = match done.ineligible.len() {
        0 => Done::well(t.person_corrected()),
        n => {
            let count = t.count(i64::try_from(n).unwrap_or(i64::MAX));
            Done::but(t.person_corrected_but(&count))
        }
    };
    Ok(Some((person_id, said)))
}

async fn merge(
    visitor: &StaffVisitor,
    person_id: PersonId,
    doing: Doing<'_>,
    typed: &mut Typed<'_>,
) -> Result<Said, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let Some(into) = typed.value::<PersonId>(INTO) else { return Ok(None) };
    let ends = (&*app.sign_outs, &app.clock);
    let done = flows::merge::merge(&app.db, ends, (person_id, into), doing).await;
    let Some(done) = typed.done(done)? else { return Ok(None) };
    let count = i64::try_from(done.booking_ids.len()).unwrap_or(i64::MAX);
    Ok(Some((into, Done::well(t.person_were_merged(&t.count(count))))))
}

async fn mark(
    visitor: &StaffVisitor,
    replies: &ReplyQueue,
    person_id: PersonId,
    doing: Doing<'_>,
    typed: &mut Typed<'_>,
) -> Result<Said, Problem> {
    let (t, app, by) = (visitor.t(), &visitor.visit.app, doing.by);
    let mark = Mark::named(typed.form.text(MARK));
    if mark.is_none() && typed.form.text(MARK) != NONE {
        return Ok(typed.refused(&Refusal::field(MARK, Detail::ValueImpossible)));
    }
    let ends = (&*app.sign_outs, &app.clock);
    let done = flows::mark::mark(&app.db, ends, (person_id, mark), doing).await;
    let Some(left) = typed.done(done)? else { return Ok(None) };
    if mark.is_some() && typed.form.has(CANCEL) {
        let left = flows::mark::cancel((&app.lanes, replies), left, by).await?;
        let refused = left.iter().filter(|one| one.refused.is_some()).count();
        if refused > 0 {
            let count = t.count(i64::try_from(refused).unwrap_or(i64::MAX));
            return Ok(Some((person_id, Done::but(t.person_marked_but(&count)))));
        }
        return Ok(Some((person_id, Done::well(t.person_marked()))));
    }
    let live = i64::try_from(left.len()).unwrap_or(i64::MAX);
    let said = match (mark, live) {
        (Some(_), 1..) => Done::but(t.person_marked_booked(&words::count(live))),
        _ => Done::well(t.person_marked()),
    };
    Ok(Some((person_id, said)))
}
