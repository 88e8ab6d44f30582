//! People of the register as staff of clinics and the call centre find them. What somebody looks
//! for stands in the body, never in the address.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::booking::{BookingView, private},
    domain::{
        CampaignId, ClinicId, Code, Detail, PersonId, ProductId, Refusal, RegionId,
        birth_date::BirthDate,
        booking::Booking,
        booking_number::BookingNumber,
        keys::Keys,
        language::Language,
        mark::Mark,
        person::{parse_name, parse_person_code},
        person_record::{Record, masked},
        visit::Warning,
    },
    flows::{
        self,
        booking_number::Among,
        person::Entry,
        person_record::{Found, Seen, Wanted},
        walk_in::Offer,
    },
    http::{
        admission::{self, Admitted},
        extract::{Json, Path},
        language::{Accepted, mark},
        principal::{AtAnyClinic, AtClinic},
        problem::Problem,
        reason,
        state::App,
    },
    words,
};

/// Whom somebody looks for: by name and birth date, by a booking number, or by the register's code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindRequest {
    name: Option<String>,
    birth_date: Option<String>,
    booking_number: Option<String>,
    person_code: Option<String>,
}

impl FindRequest {
    /// A number alone is one of the clinic's bookings; where there is no clinic, a birth date goes
    /// with it.
    fn wanted(&self, clinic_id: Option<ClinicId>, today: NaiveDate) -> Result<Wanted, Refusal> {
        let birth_date =
            self.birth_date.as_deref().map(|text| BirthDate::parse_partial(text, today));
        let birth_date = birth_date.transpose()?;
        let number = self.booking_number.as_deref().map(BookingNumber::parse).transpose();
        let number = number.map_err(|no| Refusal { field: Some("booking_number".into()), ..no })?;
        match (&self.name, birth_date, number, &self.person_code) {
            (None, None, None, Some(code)) => Ok(Wanted::Coded(parse_person_code(code)?)),
            (Some(name), Some(birth_date), None, None) => {
                Ok(Wanted::Named { name: parse_name(name)?, birth_date })
            }
            (None, Some(birth_date), Some(number), None) => {
                Ok(Wanted::Booked { number, among: Among::Born(birth_date) })
            }
            (None, None, Some(number), None) => match clinic_id {
                Some(clinic_id) => Ok(Wanted::Booked { number, among: Among::Clinic(clinic_id) }),
                None => Err(Refusal::field("birth_date", Detail::FieldMissing)),
            },
            (Some(_), None, None, None) => Err(Refusal::field("birth_date", Detail::FieldMissing)),
            (None, Some(_), None, None) => Err(Refusal::field("name", Detail::FieldMissing)),
            _ => Err(Refusal::field("(all)", Detail::OneWayToFind)),
        }
    }
}

/// A person of the register, with bookings of theirs.
#[derive(Serialize)]
pub struct PersonView<'a> {
    person_id: PersonId,
    name: &'a str,
    name_ko: Option<&'a str>,
    name_en: Option<&'a str>,
    birth_date: NaiveDate,
    birth_precision: &'static str,
    phone: String,
    region_id: RegionId,
    region_name: &'a str,
    mark: Option<Mark>,
    merged_into: Option<PersonId>,
    bookings: Vec<BookingView>,
}

impl<'a> PersonView<'a> {
    /// Who is found: the phone number shows its ends only, enough to ask somebody whether it is
    /// theirs.
    pub fn found(keys: &Keys, (record, bookings): (&'a Record, &[Booking])) -> Self {
        Self { phone: masked(&record.phone), ..Self::opened(keys, (record, bookings)) }
    }

    /// Who is opened, with the whole number.
    pub fn opened(keys: &Keys, (record, bookings): (&'a Record, &[Booking])) -> Self {
        Self {
            person_id: record.person_id,
            name: &record.name,
            name_ko: record.name_ko.as_deref(),
            name_en: record.name_en.as_deref(),
            birth_date: record.birth_date.date(),
            birth_precision: record.birth_date.precision().word(),
            phone: record.phone.clone(),
            region_id: record.region_id,
            region_name: &record.region_name.main,
            mark: record.mark,
            merged_into: record.merged_into,
            bookings: bookings.iter().map(|one| BookingView::new(keys, one)).collect(),
        }
    }
}

/// A person who stands at a clinic, with what it could give them now.
#[derive(Serialize)]
struct VisitorView<'a> {
    #[serde(flatten)]
    person: PersonView<'a>,
    walk_in: Vec<OfferView<'a>>,
}

#[derive(Serialize)]
struct OfferView<'a> {
    campaign_id: CampaignId,
    product_id: ProductId,
    product_name: &'a str,
    dose_number: i16,
    spare: i64,
    open: i64,
    warnings: Vec<WarningView>,
    /// Why the dose cannot be given; null where it can.
    refusal: Option<RefusalView>,
}

#[derive(Serialize)]
struct WarningView {
    code: Warning,
    text: String,
}

#[derive(Serialize)]
struct RefusalView {
    code: Code,
    cause: &'static str,
    text: String,
    facts: Value,
}

impl<'a> OfferView<'a> {
    fn new(language: Language, offer: &'a Offer) -> serde_json::Result<Self> {
        let refusal = offer.refusal.as_ref().map(|refusal| {
            Ok(RefusalView {
                code: refusal.code,
                cause: refusal.detail.cause(),
                text: words::refusal(language, refusal),
                facts: reason::facts(&refusal.detail)?,
            })
        });
        let warning = |&code: &Warning| WarningView { code, text: words::warning(language, code) };
        Ok(Self {
            campaign_id: offer.campaign_id,
            product_id: offer.product.product_id,
            product_name: &offer.product.name.main,
            dose_number: offer.dose_number,
            spare: offer.spare,
            open: offer.open,
            warnings: offer.warnings.iter().map(warning).collect(),
            refusal: refusal.transpose()?,
        })
    }
}

/// Somebody who is added to the register at a clinic.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    campaign_id: CampaignId,
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
    birth_date: String,
    phone: Option<String>,
    email: Option<String>,
    language: Option<String>,
    region_id: RegionId,
    /// Whoever has the same name and birth date is known to be another person.
    #[serde(default)]
    distinct: bool,
}

/// Finds people for a clinic: a number alone is looked for among its own bookings.
///
/// # Errors
/// `invalid_field`, also where it says too little or too much; those of `flows::person_find::find`.
pub async fn find_at_clinic(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    AtClinic { clinic_id, by, what: Json(request) }: AtClinic<Json<FindRequest>>,
) -> Result<HttpResponse, Problem> {
    let wanted = request.wanted(Some(clinic_id), app.today_at(clinic_id))?;
    let found = flows::person_find::find(&app.db, &app.keys, wanted, by.staff_user_id).await?;
    Ok(list(&app.keys, &found))
}

/// As [`find_at_clinic`], for the call centre: a birth date goes with a number.
///
/// # Errors
/// `forbidden` for the staff of a clinic; else the same.
pub async fn find_anywhere(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    AtAnyClinic { by, what: Json(request) }: AtAnyClinic<Json<FindRequest>>,
) -> Result<HttpResponse, Problem> {
    let wanted = request.wanted(None, app.today())?;
    let found = flows::person_find::find(&app.db, &app.keys, wanted, by.staff_user_id).await?;
    Ok(list(&app.keys, &found))
}

/// One person, with what the clinic could give them now. The look is written down.
///
/// # Errors
/// `not_found`; those of `flows::person_find::open`.
pub async fn get_at_clinic(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    Accepted(language): Accepted,
    AtClinic { by, what: Path((clinic_id, person_id)), .. }: AtClinic<Path<(ClinicId, PersonId)>>,
) -> Result<HttpResponse, Problem> {
    let Seen { record, bookings, .. } =
        flows::person_find::open(&app.db, person_id, by.staff_user_id).await?;
    let offers = flows::walk_in::offers(&app.db, clinic_id, person_id).await?;
    let offers = offers.iter().map(|offer| OfferView::new(language, offer));
    let walk_in = offers.collect::<serde_json::Result<_>>().map_err(Problem::internal)?;
    let person = PersonView::found(&app.keys, (&record, &bookings));
    let mut response = private(HttpResponse::Ok()).json(VisitorView { person, walk_in });
    mark(response.headers_mut(), language);
    Ok(response)
}

/// Adds somebody who stands there to the register, where the campaign allows it.
///
/// # Errors
/// Those of `flows::person_find::register`.
pub async fn post_at_clinic(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    AtClinic { clinic_id, by, what: Json(new) }: AtClinic<Json<RegisterRequest>>,
) -> Result<HttpResponse, Problem> {
    let at = (clinic_id, new.campaign_id);
    let entry = Entry {
        birth_date: BirthDate::parse_partial(&new.birth_date, app.today_at(clinic_id))?,
        name: new.name,
        name_ko: new.name_ko,
        name_en: new.name_en,
        phone: new.phone.unwrap_or_default(),
        person_code: None,
        is_distinct: new.distinct,
        email: new.email,
        language: new.language,
        region_id: new.region_id,
        roster_ids: Vec::new(),
    };
    let by = by.staff_user_id;
    let person_id = flows::person_find::register(&app.db, &app.keys, at, entry, by).await?;
    Ok(private(HttpResponse::build(StatusCode::CREATED)).json(json!({ "person_id": person_id })))
}

fn list(keys: &Keys, found: &[Found]) -> HttpResponse {
    let view = |one: &'_ Found| json!(PersonView::found(keys, (&one.record, &one.bookings)));
    let persons: Vec<Value> = found.iter().map(view).collect();
    private(HttpResponse::Ok()).json(json!({ "persons": persons }))
}
