//! Choosing a password by an invitation. Its address carries the token behind the `#`, which
//! browsers send to nobody: it stands in no log and no `Referer`. A script moves it into the form;
//! without script it is typed.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    done::Done,
    form::{FieldError, Form},
    page::{Frame, Visit},
    part::{Input, TextField},
    text::Texts,
};
use crate::{
    domain::Code,
    flows::staff_invitation::accept,
    http::{
        admission::{self, admit},
        problem::Problem,
    },
    words,
};

const TOKEN: &str = "token";
const PASSWORD: &str = "password";
const PATH: &str = "/invitation";

#[derive(Template)]
#[template(path = "invitation.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    script: &'static str,
    errors: Vec<FieldError>,
    warnings: Vec<String>,
    token: TextField,
    password: TextField,
}

fn page<'a>(visit: &'a Visit, typed: &Form) -> Page<'a> {
    let t = visit.t;
    let token = TextField::new(TOKEN, t.invitation_token(), Input::Text, typed.text(TOKEN));
    let password = TextField::new(PASSWORD, t.invitation_password(), Input::NewPassword, "");
    Page {
        t,
        frame: Frame::new(t, &visit.app.site, PATH),
        script: super::asset::staff_script(),
        errors: Vec::new(),
        warnings: Vec::new(),
        token: token.hint(t.invitation_token_hint()),
        password: password.hint(t.invitation_password_hint()),
    }
}

/// The address that an invitation names has no language: each browser has its own.
pub async fn get_in_own_language(visit: Visit) -> HttpResponse {
    visit.see_other(PATH)
}

/// Asks for the invitation and a password.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_invitation(visit: Visit) -> Result<HttpResponse, Problem> {
    visit.show(&page(&visit, &Form::default()))
}

/// Makes the password that of the user who is invited, and leads to the sign-in.
///
/// # Errors
/// `forbidden` for a form of another site; what else stands in the way is said on the page.
pub async fn post_invitation(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let (t, app) = (visit.t, &visit.app);
    let mut page = page(&visit, &form);
    let token = form.text(TOKEN).trim();
    if token.is_empty() {
        let text = t.invitation_token_missing().to_owned();
        page.errors.push(FieldError { field: TOKEN, text });
        return visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let tried = match admit::<admission::SignIn>(app) {
        Ok(_admitted) => {
            let (key, password) = (&app.keys.invitation, form.text(PASSWORD));
            let accepted = accept(&app.db, key, &app.desk_door.passwords, token, password).await;
            accepted.map_err(Problem::from)
        }
        Err(crowded) => Err(crowded),
    };
    let problem = match tried {
        Ok(accepted) => return chosen(&visit, &accepted.username),
        Err(problem) => problem,
    };
    problem.log(None);
    let said = words::refusal(t.language(), &problem.refusal);
    let field = match problem.refusal.code {
        Code::WrongCredentials => TOKEN,
        Code::InvalidField => PASSWORD,
        // It may be the commit that was not heard of: then the invitation is used.
        Code::Unavailable => {
            let wait = words::wait(t.language(), app.seconds_until_again());
            page.warnings.push(t.invitation_not_known(&wait));
            return visit.show_refused(&problem, &page);
        }
        _ => {
            page.warnings.push(said);
            return visit.show_refused(&problem, &page);
        }
    };
    page.errors.push(FieldError { field, text: said });
    visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn chosen(visit: &Visit, username: &str) -> Result<HttpResponse, Problem> {
    let (app, to) = (&visit.app, "/sign-in/staff");
    let done = Done::well(visit.t.invitation_done(username));
    let path = format!("/{}{to}", visit.t.tag());
    let cookie = done.keep(&app.keys.seal, &path, app.clock.now())?;
    let mut response = visit.see_other(to);
    response.add_cookie(&cookie).map_err(Problem::internal)?;
    Ok(response)
}
