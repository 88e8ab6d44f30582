//! Asking for a one-time code.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        Code, Detail,
        birth_date::BirthDate,
        code_cap::Caller,
        person::{match_key, parse_name, parse_phone},
        sign_in_code::Challenge,
    },
    flows::{self, sign_in_code::Claim},
    http::{
        admission::{self, Admitted},
        caller::CalledFrom,
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
/// `invalid_field`; `too_many_requests`; `unavailable` where codes have no way out.
pub async fn post_code(
    _: Admitted<admission::SignIn>,
    app: Data<App>,
    CalledFrom(caller): CalledFrom,
    Json(claim): Json<CodeRequest>,
) -> Result<HttpResponse, Problem> {
    let name = parse_name(&claim.name)?;
    let birth_date = BirthDate::parse(&claim.birth_date, app.clock.now().date_naive())?;
    let phone = parse_phone(&claim.phone)?;
    let Challenge { challenge_id, expires_at } =
        send_code(&app, &caller, Claimed { name: &name, birth_date, phone: &phone }).await?;
    Ok(HttpResponse::Accepted()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ChallengeView { challenge_id, expires_at }))
}

/// Who somebody says they are, as it is kept.
#[derive(Clone, Copy)]
pub struct Claimed<'a> {
    pub name: &'a str,
    pub birth_date: BirthDate,
    /// Digits only.
    pub phone: &'a str,
}

/// Sends a code to whoever this is, or nobody; for pages too.
///
/// # Errors
/// `too_many_requests`; `unavailable` where codes have no way out.
pub async fn send_code(
    app: &App,
    caller: &Caller,
    claimed: Claimed<'_>,
) -> Result<Challenge, Problem> {
    if app.shown_codes.is_none() {
        return Err(Problem::new(Code::Unavailable, Detail::CodesNotSent));
    }
    let Claimed { name, birth_date, phone } = claimed;
    let match_key = &match_key(&app.keys.matching, name, birth_date, phone);
    let now = app.clock.now();
    app.take_code(now).map_err(|until| flows::sign_in_code::too_many(until, now))?;
    let claim = Claim { match_key, phone, caller };
    let asked = flows::sign_in_code::request(&app.db, &app.keys, &app.clock, claim).await;
    if asked.is_err() {
        app.give_code_back();
    }
    let challenge = asked?;
    app.outbox.notify_one();
    Ok(challenge)
}
