//! What the register says about whoever is signed in; nobody sees anybody else here.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    domain::{PersonId, Refusal, RegionId, language::Language, person::Person},
    flows::personal::Personal,
    http::{
        admission::{self, Admitted},
        principal::Citizen,
        problem::Problem,
    },
};

/// A person as they are shown to themselves.
#[derive(Serialize)]
struct PersonView<'a> {
    person_id: PersonId,
    name: &'a str,
    name_ko: Option<&'a str>,
    name_en: Option<&'a str>,
    birth_date: NaiveDate,
    birth_precision: &'static str,
    region_id: RegionId,
    region_name: &'a str,
    region_name_ko: Option<&'a str>,
    region_name_en: Option<&'a str>,
    language: Option<&'static str>,
}

impl<'a> From<&'a Person> for PersonView<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            person_id: person.person_id,
            name: &person.name,
            name_ko: person.name_ko.as_deref(),
            name_en: person.name_en.as_deref(),
            birth_date: person.birth_date.date(),
            birth_precision: person.birth_date.precision().word(),
            region_id: person.region_id,
            region_name: &person.region_name.main,
            region_name_ko: person.region_name.ko.as_deref(),
            region_name_en: person.region_name.en.as_deref(),
            language: person.language.map(Language::tag),
        }
    }
}

/// The session's own person.
///
/// # Errors
/// `unauthenticated`.
pub async fn get_me(
    _: Admitted<admission::Read>,
    personal: Data<Personal>,
    Citizen(id): Citizen,
) -> Result<HttpResponse, Problem> {
    let person = personal.person(id).await?.ok_or_else(Refusal::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(PersonView::from(&person)))
}
