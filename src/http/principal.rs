//! Who asks: `Citizen`, `Staff` and `Administrator` are handler arguments, so that a handler cannot
//! forget to ask for them.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::AUTHORIZATION, web::Data};
use futures_util::future::LocalBoxFuture;

use super::problem::Problem;
use crate::{
    db,
    domain::{
        ClinicId, Code, Detail, PersonId, Refusal, StaffUserId,
        fact::Role,
        session::{self, Session, StaffRole, StaffUser},
    },
    flows::staff_token::StaffTokens,
    http::state::App,
};

/// A citizen with a session; checked without any I/O.
#[derive(Clone, Copy, Debug)]
pub struct Citizen(pub PersonId);

/// The session itself, for those who end it.
#[derive(Clone, Copy, Debug)]
pub struct CitizenSession(pub Session);

/// A member of staff or an administrator.
#[derive(Clone, Copy, Debug)]
pub struct Staff(pub StaffUser);

/// Somebody who may see the clinic of the path, and then what they ask: nothing of the request is
/// looked at before.
pub struct AtClinic<T> {
    pub clinic_id: ClinicId,
    /// Who asks.
    pub by: StaffUser,
    pub what: T,
}

/// Somebody who books for others at any clinic: of the call centre, or an administrator; and then
/// what they ask.
pub struct AtAnyClinic<T> {
    /// Who asks.
    pub by: StaffUser,
    pub what: T,
}

/// An administrator.
#[derive(Clone, Copy, Debug)]
pub struct Administrator(pub StaffUserId);

impl Staff {
    /// Staff see only their own clinic; another one looks to them as if it did not exist. The call
    /// centre works at none.
    ///
    /// # Errors
    /// `not_found` for a clinic that is not theirs; `forbidden` for the call centre.
    pub fn at(self, clinic_id: ClinicId) -> Result<StaffUser, Refusal> {
        match self.0.role {
            StaffRole::Staff(own) if own != clinic_id => Err(Refusal::not_found()),
            StaffRole::CallCentre => Err(Refusal::new(Code::Forbidden, Detail::OnlyClinics)),
            StaffRole::Staff(_) | StaffRole::Administrator => Ok(self.0),
        }
    }
}

impl FromRequest for Citizen {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(citizen_session(request).map(|session| Citizen(session.person_id)))
    }
}

impl FromRequest for CitizenSession {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(citizen_session(request).map(Self))
    }
}

impl FromRequest for Staff {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = staff_token_hash(request);
        let tokens = request.app_data::<Data<StaffTokens>>().cloned();
        Box::pin(async move {
            let (app, hash) = found?;
            let tokens =
                tokens.ok_or_else(|| Problem::internal("the handler has no StaffTokens"))?;
            let user = tokens.find(hash, app.clock.now()).await?;
            user.map(Staff).ok_or_else(|| unauthenticated(Role::Staff))
        })
    }
}

/// What a staff session is found by.
fn staff_token_hash(request: &HttpRequest) -> Result<(Data<App>, [u8; 32]), Problem> {
    let (app, token) = token(request)?;
    // What the service has not made is told without a look-up.
    let is_ours = session::is_staff_token(&app.keys, token);
    let found = is_ours.then(|| (app.clone(), session::token_hash(token)));
    found.ok_or_else(|| unauthenticated(Role::Staff))
}

impl<T: FromRequest + 'static> FromRequest for AtClinic<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let staff = Staff::from_request(request, &mut Payload::None);
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let staff = staff.await?;
            // Whatever else the path names.
            let clinic_id = request.match_info().get("clinic_id");
            let clinic_id = clinic_id.and_then(|id| id.parse().ok());
            let clinic_id = clinic_id.ok_or_else(Refusal::not_found).map_err(Problem::from)?;
            let by = staff.at(clinic_id).map_err(Problem::from)?;
            let what = T::from_request(&request, &mut payload).await.map_err(Into::into)?;
            Ok(Self { clinic_id, by, what })
        })
    }
}

impl<T: FromRequest + 'static> FromRequest for AtAnyClinic<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let staff = Staff::from_request(request, &mut Payload::None);
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let Staff(by) = staff.await?;
            if let StaffRole::Staff(_) = by.role {
                return Err(Problem::new(Code::Forbidden, Detail::OnlyCallCentre).into());
            }
            let what = T::from_request(&request, &mut payload).await.map_err(Into::into)?;
            Ok(Self { by, what })
        })
    }
}

impl FromRequest for Administrator {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = staff_token_hash(request);
        Box::pin(async move {
            let (app, hash) = found?;
            let now = app.clock.now();
            let found = db::staff_user::find_by_session(&app.db.operators, &hash, now).await?;
            let user = found.ok_or_else(|| unauthenticated(Role::Staff))?;
            match user.role {
                StaffRole::Administrator => Ok(Administrator(user.staff_user_id)),
                StaffRole::Staff(_) | StaffRole::CallCentre => {
                    Err(Problem::new(Code::Forbidden, Detail::OnlyAdministrators))
                }
            }
        })
    }
}

fn citizen_session(request: &HttpRequest) -> Result<Session, Problem> {
    let (app, token) = token(request)?;
    let session = app.sign_outs.open(&app.keys, token, app.clock.now());
    session.ok_or_else(|| unauthenticated(Role::Citizen))
}

fn token(request: &HttpRequest) -> Result<(&Data<App>, &str), Problem> {
    let app = request
        .app_data::<Data<App>>()
        .ok_or_else(|| Problem::internal("the handler has no App"))?;
    bearer(request).map(|token| (app, token))
}

/// The token that came with the request.
///
/// # Errors
/// `unauthenticated` when there is none. The scheme's case does not count (RFC 9110, section 11.1).
pub fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    header
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| Problem::new(Code::Unauthenticated, Detail::TokenMissing))
}

fn unauthenticated(role: Role) -> Problem {
    Problem::new(Code::Unauthenticated, Detail::TokenRefused { role })
}
