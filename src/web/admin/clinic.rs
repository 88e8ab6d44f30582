//! Clinics: found by name, code or address; one with its days, and its correction.

use actix_web::HttpResponse;
use serde::Deserialize;

use super::{
    block::{Block, Cell, Form as Asked, Page, Table, choice, select},
    typed::{Typed, text},
};
use crate::{
    db::{self, slot::DaySum},
    domain::{
        ClinicId, Refusal, RegionId,
        amenity::AmenitiesChange,
        calendar::{local_date, zone_named},
        clinic::{Clinic, DirectionsChange, is_phone_line},
        fact::Expected,
        fold,
        localized::LocalizedChange,
        region::Region,
    },
    flows::{self, clinic::Change},
    http::{
        extract::{Path, Query},
        problem::Problem,
    },
    web::{
        done::Done,
        form::Form,
        part::{Choice, Row, Step, Tone},
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

const NAME: &str = "name";
const KO: &str = "name_ko";
const EN: &str = "name_en";
const REGION: &str = "region_id";
const ZONE: &str = "zone";
const ADDRESS: &str = "address";
const PHONE: &str = "phone";
const LATITUDE: &str = "latitude";
const LONGITUDE: &str = "longitude";

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
    let words = [t.clinics_code(), t.clinics_name(), t.region_column(), t.clinics_address()];
    let mut table = Table::new("clinics", t.clinics_table(), &words, &[]);
    for clinic in found.iter().skip(number * PAGE).take(PAGE) {
        let region = snapshot.catalogue.regions.get(&clinic.region_id);
        table.rows.push(vec![
            Cell::Link(path(clinic.clinic_id), clinic.code.clone()),
            Cell::Text(t.name(&clinic.name).to_owned()),
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
    page.add(Block::Rows(vec![
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
    ]));
    let to = |rest: &str, label: &str| (format!("{}{rest}", path(clinic_id)), label.to_owned());
    page.add(Block::Links(vec![
        to("/correct", t.clinics_correct()),
        to("/hours", t.hours_title()),
        to("/closures", t.closures_title()),
        (format!("/clinic/{clinic_id}"), t.clinics_desk().to_owned()),
    ]));
    let today = local_date(app.clock.now(), clinic.zone);
    let days = db::slot::list_days(&app.db.read, clinic_id, today, DAYS).await?;
    page.add(Block::Table(table(t, &days)));
    page.show(&visitor)
}

fn table(t: Texts, days: &[DaySum]) -> Table {
    let numbers = [t.hours_slots(), t.hours_seats(), t.clinics_taken()];
    let words = [t.day_column(), t.state_column()];
    let mut table = Table::new("days", t.clinics_days(), &words, &numbers);
    for day in days {
        let state = match day.closed {
            0 => Cell::Tag(t.clinics_open().to_owned(), Tone::Good),
            all if all == day.slots => Cell::Tag(t.clinics_closed().to_owned(), Tone::Bad),
            _ => Cell::Tag(t.clinics_partly().to_owned(), Tone::Wait),
        };
        table.rows.push(vec![
            Cell::Text(words::short_date(t.language(), day.on_date)),
            state,
            Cell::Number(t.count(day.slots)),
            Cell::Number(t.count(day.seats)),
            Cell::Number(t.count(day.taken)),
        ]);
    }
    table
}

/// The form that corrects a clinic.
///
/// # Errors
/// `not_found`.
pub async fn get_correct(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
) -> Result<HttpResponse, Problem> {
    let clinic = find(&visitor, clinic_id).await?;
    let degrees = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let form = Form::of([
        (NAME, clinic.name.main.clone()),
        (KO, clinic.name.ko.clone().unwrap_or_default()),
        (EN, clinic.name.en.clone().unwrap_or_default()),
        (REGION, clinic.region_id.to_string()),
        (ZONE, clinic.zone.name().to_owned()),
        (ADDRESS, clinic.address.clone()),
        (PHONE, clinic.phone.clone()),
        (LATITUDE, degrees(clinic.latitude)),
        (LONGITUDE, degrees(clinic.longitude)),
    ]);
    asked(&visitor, &clinic, &form).await?.show(&visitor)
}

async fn asked(visitor: &StaffVisitor, clinic: &Clinic, form: &Form) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let regions = db::region::list(&app.db.read, RegionId(0), i64::MAX).await?;
    let mut page = Page::new(t.clinics_correct(), path(clinic.clinic_id));
    page.text(t.name(&clinic.name));
    let asked = Asked::new(format!("{}/correct", path(clinic.clinic_id)), t.admin_save())
        .field(text(NAME, t.clinics_name(), form))
        .field(text(KO, t.clinics_name_ko(), form))
        .field(text(EN, t.clinics_name_en(), form))
        .field(select(REGION, t.region_column(), choices(t, &regions), form.text(REGION)))
        .field(text(ADDRESS, t.clinics_address(), form))
        .field(text(PHONE, t.clinics_phone(), form))
        .field(text(ZONE, t.clinics_zone(), form).hint(t.clinics_zone_hint()))
        .field(text(LATITUDE, t.clinics_latitude(), form))
        .field(text(LONGITUDE, t.clinics_longitude(), form));
    page.add(Block::Form(asked));
    Ok(page)
}

/// Each province, followed by its districts.
pub(super) fn choices(t: Texts, regions: &[Region]) -> Vec<Choice> {
    let mut choices = Vec::new();
    for province in regions.iter().filter(|region| region.parent_id.is_none()) {
        choices.push(choice(province.region_id, t.name(&province.name)));
        let inside = regions.iter().filter(|one| one.parent_id == Some(province.region_id));
        choices.extend(inside.map(|one| {
            let name = format!("{} › {}", t.name(&province.name), t.name(&one.name));
            choice(one.region_id, name)
        }));
    }
    choices
}

/// Corrects the clinic.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_correct(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfClinic { clinic_id }): Path<OfClinic>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let clinic = find(&visitor, clinic_id).await?;
    let mut typed = Typed::new(&form, t);
    if let Some(change) = change(&mut typed, &clinic) {
        let done = flows::clinic::change(&visitor.visit.app.db, clinic_id, change).await;
        if typed.done(done)?.is_some() {
            return visitor.done(&path(clinic_id), Done::well(t.clinics_corrected()));
        }
    }
    let errors = typed.errors;
    let page = asked(&visitor, &clinic, &form).await?;
    Page { errors, ..page }.show(&visitor)
}

fn change(typed: &mut Typed<'_>, clinic: &Clinic) -> Option<Change> {
    let name = typed.line::<200>(NAME);
    let (ko, en) = (typed.line_or_none::<200>(KO), typed.line_or_none::<200>(EN));
    let region_id = typed.value::<RegionId>(REGION);
    let address = typed.line::<500>(ADDRESS);
    let phone = typed.form.text(PHONE).trim().to_owned();
    let phone = match is_phone_line(&phone) {
        true => Some(phone),
        false => {
            let chars_max = crate::domain::clinic::PHONE_CHARS_MAX;
            typed.expected(PHONE, Expected::PhoneLine { chars_max })
        }
    };
    let zone = zone_named(typed.form.text(ZONE).trim());
    let zone = zone.or_else(|| typed.expected(ZONE, Expected::TimeZone));
    let (latitude, longitude) = (degrees(typed, LATITUDE, 90), degrees(typed, LONGITUDE, 180));
    let (latitude, longitude) = (latitude?, longitude?);
    // What says the same as before is no change: a zone may not be said anew where bookings stand.
    Some(Change {
        region_id: Some(region_id?),
        name: LocalizedChange { main: Some(name?), ko: Some(ko?), en: Some(en?) },
        zone: Some(zone?).filter(|zone| *zone != clinic.zone),
        address: Some(address?),
        phone: Some(phone?),
        latitude,
        longitude,
        amenities: AmenitiesChange::default(),
        directions: DirectionsChange::default(),
    })
}

/// Degrees, or nothing; the outer none is a fault.
fn degrees(typed: &mut Typed<'_>, id: &'static str, max: i64) -> Option<Option<f64>> {
    let value = typed.form.text(id).trim().to_owned();
    if value.is_empty() {
        return Some(None);
    }
    let limit = if max == 90 { 90.0 } else { 180.0 };
    let read = value.parse::<f64>().ok().filter(|value| value.abs() <= limit);
    match read {
        Some(value) => Some(Some(value)),
        None => typed.expected(id, Expected::NumberBetween { min: -max, max }),
    }
}
