//! Who may see pages for staff, as arguments of their handlers: a handler cannot forget to ask. The
//! cookie holds the same token as the bearer header of a program, and the two are never mixed.
//!
//! What is sent by a form must come from a page of ours; that is asked before anything is looked
//! up.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    cookie::{Cookie, time::Duration},
    dev::Payload,
    error::InternalError,
    http::{Method, StatusCode, header::AUTHORIZATION},
};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;

use super::{
    done::Done,
    guard, host_cookie,
    page::Visit,
    staff_next::StaffNext,
    staff_page::{Desk, StaffFrame, StaffVisitor, home},
    text::Texts,
};
use crate::{
    db,
    domain::{
        ClinicId,
        session::{StaffRole, is_staff_token, token_hash},
    },
    flows::staff_session::StaffSession,
    http::{extract::Path, language, problem::Problem},
};

/// Browsers keep a cookie of this prefix only from a page that came encrypted, or from their own
/// machine, and send it to no other host.
const STAFF: &str = "__Host-staff";

/// Somebody at the clinic of the path: one of its staff, or an administrator.
pub struct AtDesk {
    pub clinic_id: ClinicId,
    pub desk: Desk,
    pub visitor: StaffVisitor,
}

/// Somebody who books for people at the clinic of the path: as `AtDesk`, or the call centre.
pub struct AtCounter(pub AtDesk);

impl AtDesk {
    /// Whether they stand where doses are given.
    pub fn gives_doses(&self) -> bool {
        self.visitor.user.role != StaffRole::CallCentre
    }
}

/// Somebody of the call centre, or an administrator.
pub struct CallCentreVisitor(pub StaffVisitor);

/// The parameter of every path at a clinic.
#[derive(Deserialize)]
struct OfClinic {
    clinic_id: ClinicId,
}

/// An administrator.
pub struct AdministratorVisitor(pub StaffVisitor);

/// Somebody of the staff, or none where nobody has signed in with this browser: for the pages by
/// which they come and go. Where it is not known whether somebody has, there is no such page: an
/// `Option<StaffVisitor>` would take whoever could not be looked up for nobody.
pub struct IfSignedIn(pub Option<StaffVisitor>);

/// The page for those who may not see one.
#[derive(Template)]
#[template(path = "staff/refused.html")]
struct Refused<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: &'static str,
    why: &'static str,
    home: String,
}

impl FromRequest for StaffVisitor {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { signed_in(&request).await })
    }
}

impl FromRequest for IfSignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(look_up(&request).await?.ok())) })
    }
}

impl FromRequest for AtDesk {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { at_clinic(&request, false).await })
    }
}

impl FromRequest for AtCounter {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { at_clinic(&request, true).await.map(Self) })
    }
}

/// Whoever may see the clinic of the path; the call centre only where it books for people.
async fn at_clinic(request: &HttpRequest, is_counter: bool) -> Result<AtDesk, actix_web::Error> {
    let mut visitor = signed_in(request).await?;
    let Ok(Path(OfClinic { clinic_id })) = Path::<OfClinic>::extract(request).await else {
        return Err(no_such_page(&visitor));
    };
    let is_theirs = match visitor.user.role {
        StaffRole::Staff(own) => own == clinic_id,
        StaffRole::Administrator => true,
        StaffRole::CallCentre => is_counter,
    };
    // Another clinic looks to staff as if it did not exist.
    let Some(desk) = desk(&visitor, clinic_id).filter(|_| is_theirs) else {
        return Err(no_such_page(&visitor));
    };
    visitor.desk = Some(desk.clone());
    Ok(AtDesk { clinic_id, desk, visitor })
}

impl FromRequest for AdministratorVisitor {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visitor = signed_in(&request).await?;
            match visitor.user.role {
                StaffRole::Administrator => Ok(Self(visitor)),
                StaffRole::Staff(_) | StaffRole::CallCentre => Err(only_administrators(&visitor)),
            }
        })
    }
}

impl FromRequest for CallCentreVisitor {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let visitor = signed_in(&request).await?;
            match visitor.user.role {
                StaffRole::CallCentre | StaffRole::Administrator => Ok(Self(visitor)),
                StaffRole::Staff(_) => Err(no_such_page(&visitor)),
            }
        })
    }
}

/// Who has signed in with this browser; others are sent to sign in, and come back.
async fn signed_in(request: &HttpRequest) -> Result<StaffVisitor, actix_web::Error> {
    look_up(request).await?.map_err(|visit| instead(sign_in_first(&visit)))
}

/// Who has signed in with this browser; the visit alone where nobody has.
async fn look_up(request: &HttpRequest) -> Result<Result<StaffVisitor, Visit>, Problem> {
    let visit = Visit::extract(request).await?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        guard::from_our_page(request.headers(), &visit.app.site)?;
    }
    let app = visit.app.clone();
    let found = match token(request) {
        Some(token) if is_staff_token(&app.keys, &token) => {
            let (hash, now) = (token_hash(&token), app.clock.now());
            let asked = language::of_path(request.path()).map_or("", |(_, path)| path);
            let is_operator = asked.starts_with("/admin");
            let way = if is_operator { &app.db.operators } else { &app.db.read };
            db::staff_user::find_signed_in(way, &hash, now).await?
        }
        _ => None,
    };
    let Some((user, username)) = found else { return Ok(Err(visit)) };
    let done = Done::of(request, &app.keys.seal, app.clock.now());
    Ok(Ok(StaffVisitor { visit, user, username, desk: None, done }))
}

/// The token that the browser keeps; none beside a program's.
pub fn token(request: &HttpRequest) -> Option<String> {
    if request.headers().contains_key(AUTHORIZATION) {
        return None;
    }
    request.cookie(STAFF).map(|cookie| cookie.value().to_owned())
}

/// A press is not repeated after signing in: it is pressed again by whoever has read the page.
fn sign_in_first(visit: &Visit) -> HttpResponse {
    let asked = visit.request.uri().path_and_query().map_or("", |asked| asked.as_str());
    let (_, path) = language::of_path(asked).unwrap_or_default();
    let next = StaffNext::parse(path).filter(|_| visit.request.method() == Method::GET);
    visit.see_other(&next.unwrap_or_default().with_next("/sign-in/staff"))
}

/// The clinic, as the board knows it.
fn desk(visitor: &StaffVisitor, clinic_id: ClinicId) -> Option<Desk> {
    let snapshot = visitor.visit.app.board.now();
    let catalogue = &snapshot.catalogue;
    let site = catalogue.place_of(clinic_id).and_then(|at| catalogue.clinics.get(at))?;
    let name = visitor.t().name(&site.clinic.name).to_owned();
    Some(Desk { clinic_id, name, zone: site.clinic.zone })
}

fn no_such_page(visitor: &StaffVisitor) -> actix_web::Error {
    let t = visitor.t();
    refused(visitor, StatusCode::NOT_FOUND, (t.no_page(), t.staff_no_page_why()))
}

fn only_administrators(visitor: &StaffVisitor) -> actix_web::Error {
    let t = visitor.t();
    let said = (t.staff_forbidden(), t.staff_only_administrators());
    refused(visitor, StatusCode::FORBIDDEN, said)
}

fn refused(
    visitor: &StaffVisitor,
    status: StatusCode,
    (heading, why): (&'static str, &'static str),
) -> actix_web::Error {
    let staff = visitor.frame();
    let home = staff.to(&home(visitor.user.role));
    let page = Refused { t: visitor.t(), staff, heading, why, home };
    match visitor.show_as(status, &page) {
        Ok(response) => instead(response),
        Err(problem) => problem.into(),
    }
}

/// Ends the request with this answer.
fn instead(response: HttpResponse) -> actix_web::Error {
    InternalError::from_response("not for them", response).into()
}

/// The cookie that keeps a session in the browser, for as long as it lasts.
pub fn keep(session: &StaffSession, now: DateTime<Utc>) -> Cookie<'static> {
    let seconds = (session.expires_at - now).num_seconds().max(0);
    host_cookie::strict(STAFF, session.token.clone(), Duration::seconds(seconds))
}

/// Takes the cookie away.
pub fn forget() -> Cookie<'static> {
    host_cookie::strict(STAFF, String::new(), Duration::ZERO)
}
