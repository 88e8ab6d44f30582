//! Asking for a one-time code.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        Code, Detail,
        birth_date::BirthDate,
        person::{match_key, parse_name, parse_phone},
        sign_in_code::Challenge,
    },
    flows,
    http::{
        admission::{self, Admitted},
        extract::Json,
        problem::Problem,
        state::App,
    },
};

/// Who somebody says they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    name: String,
    birth_date: String,
    phone: String,
}

/// What somebody who asked for a code gets to know.
#[derive(Serialize)]
struct ChallengeView {
    challenge_id: Uuid,
    expires_at: DateTime<Utc>,
}

/// Sends a code to the phone in the register. The answer is the same for a person who is not in it.
///
/// # Errors
/// `invalid_field`; `unavailable` where codes have no way out.
pub async fn post_code(
    _: Admitted<admission::SignIn>,
    app: Data<App>,
    Json(claim): Json<CodeRequest>,
) -> Result<HttpResponse, Problem> {
    if !app.is_local {
        return Err(Problem::new(Code::Unavailable, Detail::CodesNotSent));
    }
    let name = parse_name(&claim.name)?;
    let birth_date = BirthDate::parse(&claim.birth_date, app.clock.now().date_naive())?;
    let phone = parse_phone(&claim.phone)?;
    let key = match_key(&app.keys.matching, &name, birth_date, &phone);
    let Challenge { challenge_id, expires_at } =
        flows::sign_in_code::request(&app.db, &app.keys.code, &app.clock, &key).await?;
    app.outbox.notify_one();
    Ok(HttpResponse::Accepted()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ChallengeView { challenge_id, expires_at }))
}
