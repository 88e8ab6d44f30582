//! Signing in and out: citizens by a code sent to their phone, staff by password.

use actix_web::{HttpRequest, HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        ClinicId, PersonId,
        session::{StaffRole, token_hash},
    },
    flows::{
        self,
        session::{Answer, CitizenSession},
        sign_in::SignInReplies,
        staff_session::Typed,
    },
    http::{
        admission::{self, Admitted},
        caller::CalledFrom,
        extract::Json,
        principal::{self, Staff, bearer},
        problem::Problem,
        state::App,
    },
};

/// A code and the challenge that it answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRequest {
    challenge_id: Uuid,
    code: String,
}

#[derive(Serialize)]
struct SessionView {
    token: String,
    expires_at: DateTime<Utc>,
    person_id: PersonId,
}

/// Opens a citizen's session.
///
/// # Errors
/// `wrong_credentials`, whatever is wrong; `too_many_requests`; `overloaded`.
pub async fn post_session(
    _: Admitted<admission::TryCode>,
    app: Data<App>,
    replies: Data<SignInReplies>,
    CalledFrom(caller): CalledFrom,
    Json(SessionRequest { challenge_id, code }): Json<SessionRequest>,
) -> Result<HttpResponse, Problem> {
    let answer = Answer {
        challenge_id,
        code: &code,
        caller: &caller,
        sign_outs: &app.sign_outs,
        language: None,
    };
    let CitizenSession { token, expires_at, person_id, home: _ } =
        flows::session::sign_in((&app.sign_ins, &replies), &app.keys, &app.clock, answer).await?;
    let session = SessionView { token, expires_at, person_id };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(session))
}

/// Ends the citizen's session whose token came with the request.
///
/// # Errors
/// `unauthenticated` when it has ended already.
pub async fn delete_session(
    app: Data<App>,
    principal::CitizenSession(session): principal::CitizenSession,
) -> Result<HttpResponse, Problem> {
    flows::session::sign_out(&app.db, &app.sign_outs, session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all sessions of the citizen, on every device.
///
/// # Errors
/// `unauthenticated` when this one has ended already.
pub async fn delete_all_sessions(
    app: Data<App>,
    principal::CitizenSession(session): principal::CitizenSession,
) -> Result<HttpResponse, Problem> {
    flows::session::sign_out_everywhere(&app.db, &app.sign_outs, &app.clock, session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Username and password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffSessionRequest {
    username: String,
    password: String,
}

#[derive(Serialize)]
struct StaffSessionView {
    token: String,
    expires_at: DateTime<Utc>,
    role: &'static str,
    clinic_id: Option<ClinicId>,
}

/// Opens a session of staff or an administrator.
///
/// # Errors
/// `wrong_credentials`; `too_many_requests`; `overloaded`.
pub async fn post_staff_session(
    _: Admitted<admission::SignIn>,
    app: Data<App>,
    CalledFrom(caller): CalledFrom,
    Json(StaffSessionRequest { username, password }): Json<StaffSessionRequest>,
) -> Result<HttpResponse, Problem> {
    let typed = Typed { username: &username, password: &password, caller: &caller, browser: None };
    let session =
        flows::staff_session::sign_in(&app.db, &app.desk_door, (&app.keys, &app.clock), typed)
            .await?;
    let (role, clinic_id) = role(session.role);
    let (token, expires_at) = (session.token, session.expires_at);
    let session = StaffSessionView { token, expires_at, role, clinic_id };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(session))
}

/// The token of an invitation, and the password that its holder chooses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    token: String,
    password: String,
}

#[derive(Serialize)]
struct AcceptedView<'a> {
    username: &'a str,
    role: &'static str,
    clinic_id: Option<ClinicId>,
}

/// Makes a password that of the user whom the token invites.
///
/// # Errors
/// Those of `flows::staff_invitation::accept`.
pub async fn post_invitation(
    _: Admitted<admission::SignIn>,
    app: Data<App>,
    Json(InvitationRequest { token, password }): Json<InvitationRequest>,
) -> Result<HttpResponse, Problem> {
    let key = &app.keys.invitation;
    let accepted =
        flows::staff_invitation::accept(&app.db, key, &app.desk_door.passwords, &token, &password)
            .await?;
    let (role, clinic_id) = role(accepted.role);
    let accepted = AcceptedView { username: &accepted.username, role, clinic_id };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(accepted))
}

/// A role as it is written, and the clinic that goes with it.
pub fn role(role: StaffRole) -> (&'static str, Option<ClinicId>) {
    match role {
        StaffRole::Staff(clinic_id) => ("staff", Some(clinic_id)),
        StaffRole::Administrator => ("administrator", None),
        StaffRole::CallCentre => ("call_centre", None),
    }
}

/// Ends the staff session whose token came with the request.
///
/// # Errors
/// `unauthenticated` when it has ended already.
pub async fn delete_staff_session(
    app: Data<App>,
    _staff: Staff,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let hash = token_hash(bearer(&request)?);
    flows::staff_session::sign_out(&app.db, &app.clock, &hash).await?;
    Ok(HttpResponse::NoContent().finish())
}
