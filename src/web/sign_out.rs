//! Signing out, here or everywhere, and the page that says it is done.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderName},
    },
};
use askama::Template;

use super::{
    form::Form,
    guard::{self, SignedIn},
    home,
    page::{Frame, Visit},
    sent,
    text::Texts,
};
use crate::{
    flows::{self, session},
    http::problem::Problem,
};

#[derive(Template)]
#[template(path = "sign_out.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    is_signed_in: bool,
    /// It could not be done.
    has_failed: bool,
}

/// Offers to sign out; for who is not signed in, says so.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_sign_out(
    visit: Visit,
    signed_in: Option<SignedIn>,
) -> Result<HttpResponse, Problem> {
    let (t, frame) = (visit.t, visit.frame());
    visit.show(&Page { t, frame, is_signed_in: signed_in.is_some(), has_failed: false })
}

/// Ends the session of this browser.
///
/// # Errors
/// `forbidden` for a form of another site.
pub async fn post_sign_out(
    visit: Visit,
    signed_in: Option<SignedIn>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let (db, sign_outs) = (&visit.app.db, &visit.app.sign_outs);
    let ended = match signed_in {
        Some(SignedIn(session)) => session::sign_out(db, sign_outs, session).await,
        None => Ok(()),
    };
    done(&visit, ended)
}

/// Ends all sessions of whoever is signed in.
///
/// # Errors
/// `forbidden` for a form of another site.
pub async fn post_sign_out_everywhere(
    visit: Visit,
    signed_in: Option<SignedIn>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let (db, sign_outs, clock) = (&visit.app.db, &visit.app.sign_outs, &visit.app.clock);
    let ended = match signed_in {
        Some(SignedIn(session)) => {
            session::sign_out_everywhere(db, sign_outs, clock, session).await
        }
        None => Ok(()),
    };
    done(&visit, ended)
}

/// Has the browser forget the pages that it keeps for Back: it keeps some although they say
/// `no-store`. The page that says that somebody is signed out asks for this as for a picture: a
/// browser may take long to clear what it keeps, and nobody should wait for that.
pub async fn get_forget(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.insert_header((CACHE_CONTROL, "no-store"));
    let from = request.headers().get(HeaderName::from_static("sec-fetch-site"));
    if from.is_some_and(|from| from == "same-origin") {
        response.insert_header((HeaderName::from_static("clear-site-data"), "\"cache\""));
    }
    response.finish()
}

/// Takes the cookies away only with the session: else it would live on where nobody can end it.
fn done(visit: &Visit, ended: flows::Result<()>) -> Result<HttpResponse, Problem> {
    if let Err(error) = ended {
        let problem = Problem::from(error);
        problem.log(None);
        let (t, frame) = (visit.t, Frame::new(visit.t, &visit.app.site, "/sign-out"));
        let page = Page { t, frame, is_signed_in: true, has_failed: true };
        let mut response = visit.show_as(StatusCode::SERVICE_UNAVAILABLE, &page)?;
        visit.say_when(&problem, &mut response);
        return Ok(response);
    }
    let mut response = visit.see_other("/sign-out");
    for cookie in [guard::forget(), home::forget(), sent::forget()] {
        response.add_cookie(&cookie).map_err(Problem::internal)?;
    }
    Ok(response)
}
