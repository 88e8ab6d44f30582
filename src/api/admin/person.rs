//! The register: one person at a time goes in, and nothing lists who is in it.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use serde_json::json;

use super::{ByAdministrator, created};
use crate::{
    domain::{Detail, Refusal, RegionId, RosterId, birth_date::BirthDate, fact::Counted},
    flows::{self, person::Entry},
    http::{extract::Json, problem::Problem, state::App},
};

/// Nobody is on more rosters than this.
const ROSTERS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
    birth_date: String,
    phone: Option<String>,
    person_code: Option<String>,
    #[serde(default)]
    distinct: bool,
    email: Option<String>,
    language: Option<String>,
    region_id: RegionId,
    roster_ids: Option<Vec<RosterId>>,
}

/// # Errors
/// Those of `flows::person::register`.
pub async fn post_person(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<PersonRequest>>,
) -> Result<HttpResponse, Problem> {
    let roster_ids = new.roster_ids.unwrap_or_default();
    if roster_ids.len() > ROSTERS_MAX {
        let max = i64::try_from(ROSTERS_MAX).unwrap_or(i64::MAX);
        let detail = Detail::HowMany { of: Counted::Rosters, min: 0, max };
        return Err(Refusal::field("roster_ids", detail).into());
    }
    let entry = Entry {
        birth_date: BirthDate::parse_partial(&new.birth_date, app.today())?,
        name: new.name,
        name_ko: new.name_ko,
        name_en: new.name_en,
        phone: new.phone.unwrap_or_default(),
        person_code: new.person_code,
        is_distinct: new.distinct,
        email: new.email,
        language: new.language,
        region_id: new.region_id,
        roster_ids,
    };
    let id = flows::person::register(&app.db, &app.keys, entry).await?;
    Ok(created(&json!({ "person_id": id })))
}
