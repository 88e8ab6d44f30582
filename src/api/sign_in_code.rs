//! Asking for a one-time code.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        Code, Detail,
        birth_date::BirthDate,
        booking_number::BookingNumber,
        code_cap::CodeRoom,
        person::{parse_name, parse_phone},
        person_key::Sought,
        sign_in::too_many_codes,
        sign_in_code::Challenge,
    },
    flows::{self, booking_number::NumberClaim, sign_in::SignInReplies, sign_in_code::Claim},
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

/// Whose booking somebody says it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingCodeRequest {
    number: String,
    birth_date: String,
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
    _: Admitted<admission::AskCode>,
    app: Data<App>,
    replies: Data<SignInReplies>,
    CalledFrom(caller): CalledFrom,
    Json(claim): Json<CodeRequest>,
) -> Result<HttpResponse, Problem> {
    parse_name(&claim.name)?;
    let birth_date = BirthDate::parse(&claim.birth_date, app.today())?;
    let phone = &parse_phone(&claim.phone)?;
    let sought = &Sought::typed(&app.keys.matching, &claim.name, birth_date, &claim.phone);
    Ok(told(send_code((&app, &replies), Claim { sought, phone, caller: &caller }).await?))
}

/// Sends a code to the phone of whoever has the booking. The answer is the same where nobody has.
///
/// # Errors
/// `invalid_field`; `too_many_requests`; `unavailable` where codes have no way out.
pub async fn post_booking_code(
    admitted: Admitted<admission::LookUp>,
    app: Data<App>,
    replies: Data<SignInReplies>,
    CalledFrom(caller): CalledFrom,
    Json(claim): Json<BookingCodeRequest>,
) -> Result<HttpResponse, Problem> {
    has_way_out(&app)?;
    let number = BookingNumber::parse(&claim.number)?;
    let birth_date = BirthDate::parse(&claim.birth_date, app.today())?;
    let claim = NumberClaim { number, birth_date, caller: &caller };
    Ok(told(send_booking_code((&app, &replies), (claim, admitted)).await?))
}

/// # Errors
/// `unavailable` where codes have no way out.
fn has_way_out(app: &App) -> Result<(), Problem> {
    match app.providers {
        Some(_) => Ok(()),
        None => Err(Problem::new(Code::Unavailable, Detail::CodesNotSent)),
    }
}

/// Counts a code that is to be made.
///
/// # Errors
/// `too_many_requests`.
fn take_room(app: &App) -> Result<CodeRoom, Problem> {
    let now = app.clock.now();
    Ok(app.ceiling.take(now).map_err(|until| too_many_codes(until, now))?)
}

/// Lets what was made be sent at once.
fn on_its_way(app: &App, asked: flows::Result<Challenge>) -> Result<Challenge, Problem> {
    let challenge = asked?;
    app.outbox.notify_one();
    Ok(challenge)
}

fn told(challenge: Challenge) -> HttpResponse {
    let Challenge { challenge_id, expires_at } = challenge;
    HttpResponse::Accepted()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ChallengeView { challenge_id, expires_at })
}

/// Sends a code to whoever this is, or nobody; for pages too.
///
/// # Errors
/// `too_many_requests`; `overloaded`; `unavailable` where codes have no way out.
pub async fn send_code(
    (app, replies): (&App, &SignInReplies),
    claim: Claim<'_>,
) -> Result<Challenge, Problem> {
    has_way_out(app)?;
    let asked = (claim, take_room(app)?);
    let lane = (&app.sign_ins, replies);
    on_its_way(app, flows::sign_in_code::request(lane, &app.keys, &app.clock, asked).await)
}

/// Sends a code to whoever has the booking with this number and was born on this day, or to nobody;
/// for pages too.
///
/// # Errors
/// `too_many_requests`; `overloaded`; `unavailable` where codes have no way out.
pub async fn send_booking_code(
    (app, replies): (&App, &SignInReplies),
    (claim, admitted): (NumberClaim<'_>, impl Sized),
) -> Result<Challenge, Problem> {
    has_way_out(app)?;
    let asked = (claim, take_room(app)?, admitted);
    let by = (&app.db, (&app.sign_ins, replies));
    on_its_way(app, flows::booking_number::request_code(by, &app.keys, &app.clock, asked).await)
}
