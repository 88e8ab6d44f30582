//! Signing in by user name and password, for staff and administrators, and what follows it.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HeaderValue, RETRY_AFTER},
    },
};
use askama::Template;

use super::{
    done::Done,
    form::{FieldError, Form},
    guard::{self, Keeping},
    known_browser,
    page::{Frame, Visit},
    part::{Input, TextField},
    staff_guard::{self, IfSignedIn},
    staff_next::StaffNext,
    staff_page::{StaffVisitor, home},
    text::Texts,
};
use crate::{
    domain::{Code, session::token_hash},
    flows::staff_session::{self, StaffSession, Typed},
    http::{
        admission::{self, admit},
        caller::CalledFrom,
        problem::Problem,
    },
    words,
};

const USERNAME: &str = "username";
const PASSWORD: &str = "password";
const PATH: &str = "/sign-in/staff";

#[derive(Template)]
#[template(path = "staff_sign_in.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    errors: Vec<FieldError>,
    /// What stands in the way, sentence by sentence.
    warnings: Vec<String>,
    done: Option<Done>,
    username: TextField,
    password: TextField,
    next: &'a str,
}

fn page<'a>(visit: &'a Visit, here: &'a str, (typed, next): (&Form, &'a StaffNext)) -> Page<'a> {
    let t = visit.t;
    let username = typed.text(USERNAME);
    Page {
        t,
        frame: Frame::new(t, &visit.app.site, here),
        errors: Vec::new(),
        warnings: Vec::new(),
        done: None,
        username: TextField::new(USERNAME, t.staff_username(), Input::UserName, username),
        // A password is never sent back.
        password: TextField::new(PASSWORD, t.staff_password(), Input::Password, ""),
        next: next.asked_for().unwrap_or_default(),
    }
}

/// Asks for user name and password; who has signed in already goes on.
///
/// # Errors
/// `unavailable` where it is not known who has; `internal` if the page cannot be written.
pub async fn get_sign_in(
    visit: Visit,
    IfSignedIn(signed_in): IfSignedIn,
) -> Result<HttpResponse, Problem> {
    let next = StaffNext::of_query(visit.request.query_string());
    if signed_in.is_some() {
        return Ok(visit.see_other(next.as_str()));
    }
    let here = next.with_next(PATH);
    let mut page = page(&visit, &here, (&Form::default(), &next));
    let (app, request) = (&visit.app, &visit.request);
    page.done = Done::of(request, &app.keys.seal, app.clock.now());
    if guard::keeping(request.headers(), &app.site) != Keeping::Likely {
        page.warnings.push(visit.t.not_kept_doubtful().to_owned());
        page.warnings.push(visit.t.not_kept_https().to_owned());
    }
    // What is said above it must not be passed over.
    page.username.is_focused = page.warnings.is_empty();
    let has_said = page.done.is_some();
    let mut response = visit.show(&page)?;
    if has_said {
        response.add_cookie(&Done::forget()).map_err(Problem::internal)?;
    }
    Ok(response)
}

/// Opens a session, and ends the one that this browser had.
///
/// # Errors
/// `forbidden` for a form of another site.
pub async fn post_sign_in(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let (t, app) = (visit.t, &visit.app);
    let next = StaffNext::parse(form.text("next")).unwrap_or_default();
    let here = next.with_next(PATH);
    let mut page = page(&visit, &here, (&form, &next));
    if guard::keeping(visit.request.headers(), &app.site) == Keeping::Impossible {
        page.warnings = vec![t.staff_not_kept().to_owned(), t.not_kept_https().to_owned()];
        return visit.show_as(StatusCode::FORBIDDEN, &page);
    }
    let (username, password) = (form.text(USERNAME), form.text(PASSWORD));
    for (field, typed, missing) in [
        (USERNAME, username.trim(), t.staff_username_missing()),
        (PASSWORD, password, t.staff_password_missing()),
    ] {
        if typed.is_empty() {
            page.errors.push(FieldError { field, text: missing.to_owned() });
        }
    }
    if !page.errors.is_empty() {
        return visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    match sign_in(&visit, username, password).await {
        Ok(session) => signed_in(&visit, (&session, username), &next),
        Err(problem) if problem.refusal.code == Code::WrongCredentials => {
            let text = t.staff_wrong().to_owned();
            page.errors.push(FieldError { field: USERNAME, text });
            visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(problem) => refused(&visit, page, &problem),
    }
}

async fn sign_in(visit: &Visit, username: &str, password: &str) -> Result<StaffSession, Problem> {
    let app = &visit.app;
    let _admitted = admit::<admission::SignIn>(app)?;
    let CalledFrom(caller) = CalledFrom::of(&visit.request);
    let browser = known_browser::of(&visit.request);
    let typed = Typed { username, password, caller: &caller, browser: browser.as_ref() };
    let opened = staff_session::sign_in(&app.db, &app.desk_door, (&app.keys, &app.clock), typed);
    let session = opened.await?;
    // At a shared desk, whoever sat there before is signed out by it. Where that fails, nobody is
    // signed in: the new session is in no browser.
    end_session(visit).await?;
    Ok(session)
}

/// Ends the session that this browser has, if it has one.
async fn end_session(visit: &Visit) -> Result<(), Problem> {
    let Some(token) = staff_guard::token(&visit.request) else { return Ok(()) };
    let (db, clock) = (&visit.app.db, &visit.app.clock);
    Ok(staff_session::sign_out(db, clock, &token_hash(&token)).await?)
}

fn signed_in(
    visit: &Visit,
    (session, username): (&StaffSession, &str),
    next: &StaffNext,
) -> Result<HttpResponse, Problem> {
    let app = &visit.app;
    let browser = known_browser::of(&visit.request);
    let browser = staff_session::remember(&app.keys, browser, username)?;
    let mut response = visit.see_other(&next.with_next("/sign-in/staff/done"));
    let session = staff_guard::keep(session, app.clock.now());
    for cookie in [session, known_browser::keep(&browser)] {
        response.add_cookie(&cookie).map_err(Problem::internal)?;
    }
    Ok(response)
}

/// What stood in the way, on the page that keeps the user name.
fn refused(visit: &Visit, mut page: Page<'_>, problem: &Problem) -> Result<HttpResponse, Problem> {
    problem.log(None);
    let (t, refusal) = (visit.t, &problem.refusal);
    let seconds = problem.retry_after().unwrap_or_else(|| visit.app.seconds_until_again());
    let wait = words::wait(t.language(), seconds);
    page.warnings = match refusal.code {
        Code::Overloaded => vec![t.staff_busy(&wait)],
        Code::Unavailable | Code::Internal => vec![t.staff_unavailable(&wait)],
        _ => vec![words::refusal(t.language(), refusal)],
    };
    let status = StatusCode::from_u16(refusal.code.status()).map_err(Problem::internal)?;
    let mut response = visit.show_as(status, &page)?;
    if matches!(refusal.code.status(), 503 | 429) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "sign_in_done.html")]
struct NotKept<'a> {
    t: Texts,
    frame: Frame<'a>,
    title: &'static str,
    why: &'static str,
    sign_in: String,
}

/// Where a right password leads to: on, or, where the browser has not kept the session, to a page
/// that says so.
///
/// # Errors
/// `unavailable` where it is not known who has signed in; `internal` if the page cannot be written.
pub async fn get_done(
    visit: Visit,
    IfSignedIn(signed_in): IfSignedIn,
) -> Result<HttpResponse, Problem> {
    let next = StaffNext::of_query(visit.request.query_string());
    if signed_in.is_some() {
        return Ok(visit.see_other(next.as_str()));
    }
    let here = next.with_next(PATH);
    let (t, frame) = (visit.t, Frame::new(visit.t, &visit.app.site, &here));
    let (title, why, sign_in) = (t.kept_title(), t.kept_why(), frame.to(&here));
    visit.show_as(StatusCode::FORBIDDEN, &NotKept { t, frame, title, why, sign_in })
}

/// The first page of whoever asks.
pub async fn get_home(visitor: StaffVisitor) -> HttpResponse {
    visitor.see_other(&home(visitor.user.role))
}

#[derive(Template)]
#[template(path = "staff_sign_out.html")]
struct SignOut<'a> {
    t: Texts,
    frame: Frame<'a>,
    is_signed_in: bool,
}

/// Offers to sign out; for who is not signed in, says so.
///
/// # Errors
/// `unavailable` where it is not known who is; `internal` if the page cannot be written.
pub async fn get_sign_out(
    visit: Visit,
    IfSignedIn(signed_in): IfSignedIn,
) -> Result<HttpResponse, Problem> {
    let (t, frame) = (visit.t, visit.frame());
    visit.show(&SignOut { t, frame, is_signed_in: signed_in.is_some() })
}

/// Ends the session of this browser, and has it forget the pages that it keeps for Back.
///
/// # Errors
/// `forbidden` for a form of another site; `unavailable`: then the session lives on, and the cookie
/// stays with it.
pub async fn post_sign_out(visit: Visit, _form: Form) -> Result<HttpResponse, Problem> {
    end_session(&visit).await?;
    let mut response = visit.see_other("/sign-out/staff");
    for cookie in [staff_guard::forget(), Done::forget()] {
        response.add_cookie(&cookie).map_err(Problem::internal)?;
    }
    Ok(response)
}
