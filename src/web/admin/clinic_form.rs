//! The form of a clinic: one that is added, and one that is corrected.

use actix_web::HttpResponse;

use super::{
    block::{Block, Form as Asked, Page, choice, select},
    clinic::{OfClinic, find, path},
    field::{NAME, Pair},
    moment,
    typed::{Typed, text},
};
use crate::{
    db,
    domain::{
        Code, Detail, Refusal, RegionId,
        amenity::{Amenities, AmenitiesChange, Amenity},
        calendar::zone_named,
        clinic::{
            Clinic, DIRECTIONS_CHARS_MAX, Directions, DirectionsChange, NewClinic, PHONE_CHARS_MAX,
            is_phone_line,
        },
        fact::Expected,
        localized::{Localized, LocalizedChange},
        region::Region,
    },
    flows::{self, clinic::Change},
    http::{extract::Path, problem::Problem},
    web::{
        done::Done,
        form::Form,
        part::{Choice, Select},
        staff_guard::AdministratorVisitor,
        staff_page::StaffVisitor,
        text::Texts,
    },
    words,
};

const NEW: &str = "/admin/clinics/new";
const CODE: &str = "code";
const REGION: &str = "region_id";
const ZONE: &str = "zone";
const ADDRESS: &str = "address";
const PHONE: &str = "phone";
const LATITUDE: &str = "latitude";
const LONGITUDE: &str = "longitude";
const DIRECTIONS: Pair = Pair { ko: "directions_ko", en: "directions_en" };
/// The version of the clinic that the form was made of.
const VERSION: &str = "version";
/// What is known of an amenity.
const YES: &str = "yes";
const NO: &str = "no";

/// The form for a clinic that is not known yet.
///
/// # Errors
/// Those of the database.
pub async fn get_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
) -> Result<HttpResponse, Problem> {
    let form = Form::of([(ZONE, moment::zone(&visitor).name().to_owned())]);
    new(&visitor, &form).await?.show(&visitor)
}

async fn new(visitor: &StaffVisitor, form: &Form) -> Result<Page, Problem> {
    let t = visitor.t();
    let regions = regions(visitor).await?;
    let mut page = Page::new(t.clinics_new(), "/admin/clinics");
    if regions.is_empty() {
        page.text(t.clinics_no_region());
        let link = ("/admin/imports/regions".to_owned(), t.clinics_load_regions().to_owned());
        page.add(Block::Links(vec![link]));
        return Ok(page);
    }
    let code = text(CODE, t.clinics_code(), form).hint(t.clinics_code_hint());
    let asked = Asked::new(NEW, t.clinics_add()).field(code);
    page.add(Block::Form(fields(t, asked, &regions, form)));
    Ok(page)
}

/// Adds it. The same press again is the same clinic.
///
/// # Errors
/// Those of the database.
pub async fn post_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, db) = (visitor.t(), &visitor.visit.app.db);
    let mut typed = Typed::new(&form, t);
    let code = typed.line::<32>(CODE);
    if let (Some(code), Some(typed_in)) = (code, TypedIn::read(&mut typed)) {
        let new = typed_in.new_clinic(code);
        let done = Done::well(t.clinics_was_added());
        match flows::clinic::add(db, new.clone()).await {
            Ok(clinic) => return visitor.done(&path(clinic.clinic_id), done),
            Err(flows::Error::Refused(refusal)) => {
                let known = match refusal.code {
                    Code::AlreadyExists => db::clinic::find_by_code(&db.read, &new.code).await?,
                    _ => None,
                };
                if let Some(known) = known.filter(|one| new.with_id(one.clinic_id) == *one) {
                    return visitor.done(&path(known.clinic_id), done);
                }
                typed.done(Err::<(), _>(refusal.into()))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let errors = typed.errors;
    let page = self::new(&visitor, &form).await?;
    Page { errors, ..page }.show(&visitor)
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
    correct(&visitor, &clinic, &shown(&clinic)).await?.show(&visitor)
}

async fn correct(visitor: &StaffVisitor, clinic: &Clinic, form: &Form) -> Result<Page, Problem> {
    let t = visitor.t();
    let mut page = Page::new(t.clinics_correct(), path(clinic.clinic_id));
    page.text(t.clinics_whom(&clinic.code, t.name(&clinic.name)));
    let asked = Asked::new(format!("{}/correct", path(clinic.clinic_id)), t.admin_save())
        .hidden(VERSION, form.text(VERSION));
    page.add(Block::Form(fields(t, asked, &regions(visitor).await?, form)));
    Ok(page)
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
    if let Some(typed_in) = TypedIn::read(&mut typed) {
        let change = typed_in.change(&clinic, form.text(VERSION));
        let done = flows::clinic::change(&visitor.visit.app.db, clinic_id, change).await;
        if typed.done(done)?.is_some() {
            return visitor.done(&path(clinic_id), Done::well(t.clinics_corrected()));
        }
    }
    let errors = typed.errors;
    // What the other one has made of it is shown; what was typed stays, and a further press means
    // it.
    let now = find(&visitor, clinic_id).await?;
    let is_stale = form.text(VERSION) != now.version();
    let form = form.with(VERSION, now.version());
    let mut page = Page { errors, ..correct(&visitor, &now, &form).await? };
    if is_stale {
        page.blocks.insert(0, Block::Warning(changed(t, &now, &form)));
    }
    page.show(&visitor)
}

/// What stands there otherwise than it was typed.
fn changed(t: Texts, now: &Clinic, typed: &Form) -> String {
    let there = shown(now);
    let names = [NAME.ko, NAME.en, ADDRESS, PHONE, ZONE, LATITUDE, LONGITUDE];
    let names = names.into_iter().chain([DIRECTIONS.ko, DIRECTIONS.en]);
    let other = names.filter(|name| there.text(name) != typed.text(name).trim());
    let said: Vec<_> = other.map(|name| format!("“{}”", there.text(name))).collect();
    t.clinics_stands_otherwise(&said.join(", "))
}

async fn regions(visitor: &StaffVisitor) -> Result<Vec<Region>, Problem> {
    Ok(db::region::list(&visitor.visit.app.db.read, RegionId(0), i64::MAX).await?)
}

/// What both forms ask for.
fn fields(t: Texts, asked: Asked, regions: &[Region], form: &Form) -> Asked {
    let names = NAME.fields(t, (t.clinics_name_ko().into(), t.clinics_name_en().into()), form);
    let names = names.map(|field| field.hint(t.clinics_one_name()));
    let mut asked = names.into_iter().fold(asked, Asked::field);
    // Nobody's clinic lies in the first region of the list by mistake.
    let none = form.text(REGION).is_empty().then(|| choice("", t.clinics_choose_region()));
    let places = none.into_iter().chain(choices(t, regions)).collect();
    asked = asked
        .field(select(REGION, t.region_column(), places, form.text(REGION)))
        .field(text(ADDRESS, t.clinics_address(), form))
        .field(text(PHONE, t.clinics_phone(), form).hint(t.clinics_phone_hint()))
        .field(text(ZONE, t.clinics_zone(), form).hint(t.clinics_zone_hint()))
        .field(text(LATITUDE, t.clinics_latitude(), form).hint(t.clinics_latitude_hint()))
        .field(text(LONGITUDE, t.clinics_longitude(), form).hint(t.clinics_longitude_hint()));
    let labels = (t.clinics_directions_ko().into(), t.clinics_directions_en().into());
    let directions = DIRECTIONS.fields(t, labels, form);
    let directions = directions.map(|field| field.hint(t.clinics_directions_hint()));
    asked = directions.into_iter().fold(asked, Asked::field);
    Amenity::ALL.iter().fold(asked, |asked, &one| asked.field(amenity(t, one, form)))
}

fn amenity(t: Texts, amenity: Amenity, form: &Form) -> Select {
    let known = [("", t.clinics_not_known()), (YES, t.clinics_has()), (NO, t.clinics_has_not())];
    let choices = known.map(|(value, label)| choice(value, label)).into();
    let id = amenity.word();
    let select = select(id, "", choices, form.text(id));
    Select { label: words::amenity_name(t.language(), amenity).into(), ..select }
}

/// What the form shows of a clinic that is there.
fn shown(clinic: &Clinic) -> Form {
    let degrees = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let Directions { main, ko, en } = clinic.directions.clone();
    let directions = Localized::new(main.unwrap_or_default(), ko, en);
    let known = Amenity::ALL.iter().filter_map(|one| {
        let has = clinic.amenities.get(*one)?;
        Some((one.word(), if has { YES } else { NO }.to_owned()))
    });
    let lines = [
        (REGION, clinic.region_id.to_string()),
        (ZONE, clinic.zone.name().to_owned()),
        (ADDRESS, clinic.address.clone()),
        (PHONE, clinic.phone.clone()),
        (LATITUDE, degrees(clinic.latitude)),
        (LONGITUDE, degrees(clinic.longitude)),
        (VERSION, clinic.version()),
    ];
    let names = NAME.of(&clinic.name).into_iter().chain(DIRECTIONS.of(&directions));
    Form::of(lines.into_iter().chain(names).chain(known))
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

/// What was typed.
struct TypedIn {
    name: Localized,
    region_id: RegionId,
    zone: chrono_tz::Tz,
    address: String,
    phone: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    amenities: AmenitiesChange,
    directions: (Option<String>, Option<String>),
}

impl TypedIn {
    /// None where something is wrong: then it is noted.
    fn read(typed: &mut Typed<'_>) -> Option<Self> {
        let name = typed.pair::<200>(NAME);
        let region_id = match typed.form.text(REGION) {
            "" => typed.refused(&Refusal::field(REGION, Detail::FieldMissing)),
            _ => typed.value::<RegionId>(REGION),
        };
        let address = typed.line::<500>(ADDRESS);
        let phone = typed.form.text(PHONE).trim().to_owned();
        let phone = match is_phone_line(&phone) {
            true => Some(phone),
            false => {
                let chars_max = PHONE_CHARS_MAX;
                typed.expected(PHONE, Expected::PhoneLine { chars_max })
            }
        };
        let zone = zone_named(typed.form.text(ZONE).trim());
        let zone = zone.or_else(|| typed.expected(ZONE, Expected::TimeZone));
        let place = (degrees(typed, LATITUDE, 90), degrees(typed, LONGITUDE, 180));
        let ko = typed.line_or_none::<DIRECTIONS_CHARS_MAX>(DIRECTIONS.ko);
        let en = typed.line_or_none::<DIRECTIONS_CHARS_MAX>(DIRECTIONS.en);
        let known = |one: &Amenity| match typed.form.text(one.word()) {
            YES => (*one, Some(true)),
            NO => (*one, Some(false)),
            _ => (*one, None),
        };
        let amenities = Amenity::ALL.iter().map(known).collect();
        let (latitude, longitude) = (place.0?, place.1?);
        if latitude.is_some() != longitude.is_some() {
            let missing = if latitude.is_none() { LATITUDE } else { LONGITUDE };
            return typed.refused(&Refusal::field(missing, Detail::FieldMissing));
        }
        Some(Self {
            name: name?,
            region_id: region_id?,
            zone: zone?,
            address: address?,
            phone: phone?,
            latitude,
            longitude,
            amenities,
            directions: (ko?, en?),
        })
    }

    fn new_clinic(self, code: String) -> NewClinic {
        let (ko, en) = self.directions;
        NewClinic {
            region_id: self.region_id,
            code,
            name: self.name,
            zone: self.zone,
            address: self.address,
            phone: self.phone,
            latitude: self.latitude,
            longitude: self.longitude,
            amenities: Amenities::default().changed(&self.amenities),
            directions: Directions { main: ko.clone().or(en.clone()), ko, en },
        }
    }

    /// Of what says the same as before nothing is changed: a zone may not be said anew where
    /// bookings stand.
    fn change(self, clinic: &Clinic, version: &str) -> Change {
        let (ko, en) = self.directions;
        let main = ko.clone().or(en.clone());
        let Localized { main: name, ko: name_ko, en: name_en } = self.name;
        Change {
            region_id: Some(self.region_id),
            name: LocalizedChange { main: Some(name), ko: Some(name_ko), en: Some(name_en) },
            zone: Some(self.zone).filter(|zone| *zone != clinic.zone),
            address: Some(self.address),
            phone: Some(self.phone),
            latitude: self.latitude,
            longitude: self.longitude,
            amenities: self.amenities,
            directions: DirectionsChange { main: Some(main), ko: Some(ko), en: Some(en) },
            version: Some(version.to_owned()),
        }
    }
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
