//! Persons of the register for administrators: found, seen and corrected. What somebody looks for
//! stands in the body, never in the address.

use actix_web::{
    HttpResponse,
    http::header::{ETAG, HeaderValue},
    web::Data,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, Reason, ok};
use crate::{
    api::person_find::PersonView,
    domain::{
        BookingId, ClinicId, Detail, PersonId, Refusal, RegionId,
        birth_date::BirthDate,
        booking_number::BookingNumber,
        keys::Keys,
        language::Language,
        person::{parse_name, parse_person_code},
        person_change::Change,
        person_record::{Correction, OnRoster, Record},
    },
    flows::{
        self,
        booking_number::Among,
        person_record::{CorrectedPerson, Doing, Found, Seen, Wanted},
    },
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Limit, nullable},
        if_match::IfMatch,
        language::{Accepted, mark},
        problem::Problem,
        reason::WrittenVerdict,
        state::App,
    },
};

/// Whom an administrator looks for: by name and birth date, by a booking number beside the clinic
/// or the birth date, or by the register's own code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindRequest {
    name: Option<String>,
    birth_date: Option<String>,
    booking_number: Option<String>,
    person_code: Option<String>,
    clinic_id: Option<ClinicId>,
    reason: Reason,
}

impl FindRequest {
    fn wanted(&self, today: NaiveDate) -> Result<Wanted, Refusal> {
        let birth_date =
            self.birth_date.as_deref().map(|text| BirthDate::parse_partial(text, today));
        let birth_date = birth_date.transpose()?;
        let one_way = || Refusal::field("(all)", Detail::OneWayToFind);
        let number = self.booking_number.as_deref().map(BookingNumber::parse).transpose();
        let number = number.map_err(|no| Refusal { field: Some("booking_number".into()), ..no })?;
        if let Some(code) = &self.person_code {
            let is_alone = self.name.is_none() && birth_date.is_none() && number.is_none();
            let is_alone = is_alone && self.clinic_id.is_none();
            let code = is_alone.then(|| parse_person_code(code)).ok_or_else(one_way)??;
            return Ok(Wanted::Coded(code));
        }
        match (&self.name, birth_date, number, self.clinic_id) {
            (Some(name), Some(birth_date), None, None) => {
                Ok(Wanted::Named { name: parse_name(name)?, birth_date })
            }
            (None, Some(birth_date), Some(number), None) => {
                Ok(Wanted::Booked { number, among: Among::Born(birth_date) })
            }
            (None, None, Some(number), Some(clinic_id)) => {
                Ok(Wanted::Booked { number, among: Among::Clinic(clinic_id) })
            }
            (None, None, Some(_), None) => {
                Err(Refusal::field("booking_number", Detail::NumberAlone))
            }
            (Some(_), None, None, None) => Err(Refusal::field("birth_date", Detail::FieldMissing)),
            _ => Err(one_way()),
        }
    }
}

/// What is to be corrected; null removes what may be missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    name_ko: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    name_en: Option<Option<String>>,
    birth_date: Option<String>,
    phone: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    person_code: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    language: Option<Option<String>>,
    region_id: Option<RegionId>,
    reason: Reason,
}

/// Which changes are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePage {
    #[serde(default)]
    limit: Limit,
    /// Goes on after the change with this id, to older ones.
    after: Option<i64>,
}

/// A person as administrators see them, in a list and opened.
#[derive(Serialize)]
struct RecordView<'a> {
    #[serde(flatten)]
    person: PersonView<'a>,
    has_person_code: bool,
    took_in: &'a [PersonId],
    rosters: &'a [OnRoster],
}

impl<'a> RecordView<'a> {
    fn new(person: PersonView<'a>, record: &'a Record) -> Self {
        Self {
            person,
            has_person_code: record.code_key.is_some(),
            took_in: &record.took_in,
            rosters: &record.rosters,
        }
    }
}

/// A person who was opened.
#[derive(Serialize)]
struct SeenView<'a> {
    #[serde(flatten)]
    record: RecordView<'a>,
    email: Option<&'a str>,
    language: Option<&'static str>,
    changes: &'a [Change],
}

impl<'a> SeenView<'a> {
    fn new(keys: &Keys, seen: &'a Seen) -> Self {
        let Seen { record, bookings, changes } = seen;
        Self {
            record: RecordView::new(PersonView::opened(keys, (record, bookings)), record),
            email: record.email.as_deref(),
            language: record.language.map(Language::tag),
            changes,
        }
    }
}

/// A person as they are after a correction.
#[derive(Serialize)]
struct CorrectedView<'a> {
    #[serde(flatten)]
    seen: SeenView<'a>,
    ineligible_bookings: Vec<IneligibleView<'a>>,
}

#[derive(Serialize)]
struct IneligibleView<'a> {
    booking_id: BookingId,
    number: BookingNumber,
    #[serde(flatten)]
    verdict: WrittenVerdict<'a>,
}

/// Persons by name and birth date, by a booking number or by the register's code. Who looked, why
/// and at whom is written down.
///
/// # Errors
/// `invalid_field`, also where it says too little or too much.
pub async fn find_persons(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { by, what: Json(request) }: ByAdministrator<Json<FindRequest>>,
) -> Result<HttpResponse, Problem> {
    let wanted = request.wanted(app.today())?;
    let because = (by, request.reason.0.as_str());
    let found = flows::person_record::find(&app.db, &app.keys, wanted, because).await?;
    let view = |one: &'_ Found| {
        let Found { record, bookings } = one;
        let person = PersonView::found(&app.keys, (record, bookings));
        serde_json::to_value(RecordView::new(person, record))
    };
    let persons = found.iter().map(view).collect::<serde_json::Result<Vec<_>>>();
    Ok(ok(&json!({ "persons": persons.map_err(Problem::internal)? })))
}

/// One person, with bookings and changes. The look is written down.
///
/// # Errors
/// `not_found`.
pub async fn get_person(
    app: Data<App>,
    ByAdministrator { by, what: Path(person_id) }: ByAdministrator<Path<PersonId>>,
) -> Result<HttpResponse, Problem> {
    let seen = flows::person_record::open(&app.db, person_id, by).await?;
    Ok(versioned(ok(&SeenView::new(&app.keys, &seen)), &seen.record))
}

/// Corrects a person. Bookings that this makes impossible stay, and are named.
///
/// # Errors
/// Those of `flows::person_record::correct`; `precondition_required`.
pub async fn patch_person(
    app: Data<App>,
    Accepted(language): Accepted,
    request: ByAdministrator<(Path<PersonId>, IfMatch, Json<PersonChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(person_id), if_match, Json(change)) = request.what;
    let doing = Doing { by: request.by, reason: &change.reason.0, version: if_match.required()? };
    let correction = Correction {
        name: change.name,
        name_ko: change.name_ko,
        name_en: change.name_en,
        birth_date: change.birth_date,
        phone: change.phone,
        person_code: change.person_code,
        email: change.email,
        language: change.language,
        region_id: change.region_id,
    };
    let done = (person_id, correction);
    let done =
        flows::person_record::correct(&app.db, (&app.keys, app.site.zone), done, doing).await?;
    let CorrectedPerson { seen, ineligible } = &done;
    let ineligible = ineligible.iter().map(|(booking, verdict)| IneligibleView {
        booking_id: booking.booking_id,
        number: BookingNumber::of(&app.keys.booking_number, booking.booking_id),
        verdict: WrittenVerdict::new(language, verdict),
    });
    let view = CorrectedView {
        seen: SeenView::new(&app.keys, seen),
        ineligible_bookings: ineligible.collect(),
    };
    let mut response = versioned(ok(&view), &seen.record);
    mark(response.headers_mut(), language);
    Ok(response)
}

/// The journal of changes of a person, and who looked at them last.
///
/// # Errors
/// `not_found`.
pub async fn list_changes(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<(Path<PersonId>, Query<ChangePage>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(person_id), Query(ChangePage { limit, after })) = request.what;
    let page = (after, limit.0);
    let (changes, looks) =
        flows::person_record::list_changes(&app.db, person_id, page, request.by).await?;
    let is_full = i64::try_from(changes.len()) == Ok(limit.0);
    let next_after = changes.last().filter(|_| is_full).map(|last| last.person_change_id);
    Ok(ok(&json!({ "changes": changes, "next_after": next_after, "looks": looks })))
}

/// The answer with the version to be sent back with a change.
fn versioned(mut response: HttpResponse, record: &Record) -> HttpResponse {
    if let Ok(etag) = HeaderValue::try_from(format!("\"{}\"", record.version())) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}
