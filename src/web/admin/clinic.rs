//! Clinics: found by name, code or address; one with its days.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    block::{Block, Cell, Form as Asked, Page, Table},
    typed::text,
};
use crate::{
    db::{self, slot::DaySum},
    domain::{ClinicId, Refusal, amenity::Amenity, calendar::local_date, clinic::Clinic, fold},
    http::{
        extract::{Path, Query},
        problem::Problem,
    },
    web::{
        form::Form,
        part::{Row, Step, Tone},
        staff_guard::AdministratorVisitor,
        staff_page::StaffVisitor,
        text::Texts,
    },
    words,
};

/// Clinics of one page.
const PAGE: usize = 50;
/// Days of a clinic on its page.
const DAYS: i64 = 60;

/// A path that names one of them.
#[derive(Deserialize)]
pub struct OfClinic {
    pub clinic_id: ClinicId,
}

#[derive(Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: usize,
}

pub(super) fn path(clinic_id: ClinicId) -> String {
    format!("/admin/clinics/{clinic_id}")
}

/// The clinics that are looked for, by code.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_clinics(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(Wanted { q, page: number }): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let snapshot = visitor.visit.app.board.now();
    let wanted = fold::name(&q);
    let is_wanted = |clinic: &&Clinic| {
        let all = [Some(&clinic.code), Some(&clinic.name.main), Some(&clinic.address)];
        let all = all.into_iter().chain([clinic.name.ko.as_ref(), clinic.name.en.as_ref()]);
        wanted.is_empty() || all.flatten().any(|text| fold::name(text).contains(&wanted))
    };
    let sites = snapshot.catalogue.clinics.iter().map(|site| &site.clinic);
    let found: Vec<&Clinic> = sites.filter(is_wanted).collect();
    let mut page = Page::new(t.nav_clinics(), "");
    let form = Form::of([("q", q.clone())]);
    let mut asked = Asked::new("/admin/clinics", t.clinics_find());
    asked.asks = true;
    page.add(Block::Form(asked.field(text("q", t.clinics_by(), &form))));
    let count = t.count(i64::try_from(found.len()).unwrap_or(i64::MAX));
    page.text(t.clinics_found(&count));
    let words = [t.clinics_name(), t.clinics_code(), t.region_column(), t.clinics_address()];
    let mut table = Table::new("clinics", t.clinics_table(), &words, &[]);
    for clinic in found.iter().skip(number * PAGE).take(PAGE) {
        let region = snapshot.catalogue.regions.get(&clinic.region_id);
        table.rows.push(vec![
            Cell::Link(path(clinic.clinic_id), t.name(&clinic.name).to_owned()),
            Cell::Text(clinic.code.clone()),
            Cell::Text(region.map_or("", |region| t.name(&region.name)).to_owned()),
            Cell::Text(clinic.address.clone()),
        ]);
    }
    if !table.rows.is_empty() {
        page.add(Block::Table(table));
    }
    let query: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let step = |number: usize| Step {
        href: format!("/{}/admin/clinics?q={query}&page={number}", t.tag()),
        label: (number + 1).to_string(),
    };
    let previous = number.checked_sub(1).map(step);
    let next = (found.len() > (number + 1) * PAGE).then(|| step(number + 1));
    page.add(Block::Steps(previous, next));
    let to = |path: &str, label: &str| (format!("/admin{path}"), label.to_owned());
    let load = to("/imports/clinics", t.clinics_load());
    page.add(Block::Links(vec![to("/clinics/new", t.clinics_new()), load]));
    page.show(&visitor)
}

pub(super) async fn find(visitor: &StaffVisitor, id: ClinicId) -> Result<Clinic, Problem> {
    let found = db::clinic::find(&visitor.visit.app.db.read, id).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}

/// A clinic with its days.
///
/// # Errors
/// `not_found`.
pub async fn get_clinic(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let clinic = find(&visitor, clinic_id).await?;
    let region = db::region::find(&app.db.read, clinic.region_id).await?;
    let mut page = Page::new(t.name(&clinic.name), "/admin/clinics");
    let place = clinic.latitude.zip(clinic.longitude);
    let has = |one: &&Amenity| clinic.amenities.get(**one) == Some(true);
    let has = Amenity::ALL.iter().filter(has);
    let has: Vec<_> = has.map(|&one| words::amenity_name(t.language(), one)).collect();
    let directions = clinic.directions.in_language(t.language()).unwrap_or_default();
    let mut rows = vec![
        Row::new(t.clinics_code(), clinic.code.clone()),
        Row::new(
            t.region_column(),
            region.map_or_else(String::new, |one| t.name(&one.name).into()),
        ),
        Row::new(t.clinics_address(), clinic.address.clone()),
        Row::phone(t.clinics_phone(), &clinic.phone),
        Row::new(t.clinics_zone(), clinic.zone.name()),
        Row::new(
            t.clinics_place(),
            place.map_or_else(String::new, |(lat, lon)| format!("{lat}, {lon}")),
        ),
        Row::new(t.way_there(), directions),
        Row::new(t.clinics_amenities(), has.join(", ")),
    ];
    rows.retain(|row| !row.value.is_empty());
    page.add(Block::Rows(rows));
    let to = |rest: &str, label: &str| (format!("{}{rest}", path(clinic_id)), label.to_owned());
    let ways = vec![
        to("/hours", t.hours_title()),
        to("/closures", t.closures_title()),
        to("/correct", t.clinics_correct()),
        (format!("/clinic/{clinic_id}"), t.clinics_desk().to_owned()),
    ];
    let today = local_date(app.clock.now(), clinic.zone);
    let days = db::slot::list_days(&app.db.read, clinic_id, today, DAYS).await?;
    let is_over = db::day::is_closed(&app.db.read, clinic_id, today).await?;
    let over = is_over.then_some(today);
    match days.is_empty() {
        true => page.add(Block::Links(ways)).text(t.clinics_no_days()),
        false => page.add(Block::Ways(ways)).add(Block::Table(table(t, clinic_id, &days, over))),
    };
    page.show(&visitor)
}

/// A day that has lost times leads to those who are hit; one that is `over`, to its account: its
/// times are closed because it is, and nobody is hit.
fn table(t: Texts, clinic_id: ClinicId, days: &[DaySum], over: Option<NaiveDate>) -> Table {
    let numbers = [t.hours_slots(), t.hours_seats(), t.clinics_taken()];
    let words = [t.day_column(), t.state_column()];
    let mut table = Table::new("days", t.clinics_days(), &words, &numbers);
    for day in days {
        let is_over = over == Some(day.on_date);
        let state = match day.closed {
            _ if is_over => Cell::Tag(t.clinics_accounted().to_owned(), Tone::Plain),
            0 => Cell::Tag(t.clinics_open().to_owned(), Tone::Good),
            all if all == day.slots => Cell::Tag(t.clinics_closed().to_owned(), Tone::Bad),
            _ => Cell::Tag(t.clinics_partly().to_owned(), Tone::Wait),
        };
        let date = words::short_date(t.language(), day.on_date);
        let day_path = match is_over {
            true => format!("/clinic/{clinic_id}/close?date={}", day.on_date),
            false => format!("{}/closures/{}", path(clinic_id), day.on_date),
        };
        table.rows.push(vec![
            if is_over || day.closed > 0 { Cell::Link(day_path, date) } else { Cell::Text(date) },
            state,
            Cell::Number(t.count(day.slots)),
            Cell::Number(t.count(day.seats)),
            Cell::Number(t.count(day.taken)),
        ]);
    }
    table
}
