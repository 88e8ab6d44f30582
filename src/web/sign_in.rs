//! "Who are you?": whoever is in the register gets a code on their phone, and nobody learns from
//! the answer who that is.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
};
use askama::Template;

use super::{
    birth_field::birth_field,
    form::{FieldError, Form, NAME, PHONE, Reader},
    guard::{self, Keeping, SignedIn},
    next::Next,
    page::{Frame, Visit},
    part::{DateField, Input, TextField},
    sign_in_code::{self, Said, Sent},
    text::Texts,
};
use crate::{
    api::sign_in_code::send_code,
    config::Site,
    domain::{Code, person_key::Sought, sign_in_code::Challenge},
    flows::sign_in_code::Claim,
    http::{
        admission::{self, admit},
        caller::CalledFrom,
        problem::Problem,
    },
    words,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    errors: Vec<FieldError>,
    /// What stands in the way, sentence by sentence.
    warnings: Vec<String>,
    name: TextField,
    birth: DateField,
    phone: TextField,
    next: &'a str,
}

/// The fields, as they were typed.
fn page<'a>(t: Texts, site: &'a Site, here: &'a str, (form, next): (&Form, &'a Next)) -> Page<'a> {
    let field = |id, label: &'static str, hint: &'static str, input| {
        let value = form.text(id).to_owned();
        TextField { id, label: label.into(), hint: hint.into(), value, input }
    };
    Page {
        t,
        frame: Frame::new(t, site, here),
        errors: Vec::new(),
        warnings: Vec::new(),
        name: field(NAME, t.name_label(), t.name_hint(), Input::Name),
        birth: birth_field(t, form),
        phone: field(PHONE, t.phone_label(), t.phone_hint(), Input::Phone),
        next: next.asked_for().unwrap_or_default(),
    }
}

/// Asks who somebody is; who has signed in already goes on.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_sign_in(
    visit: Visit,
    signed_in: Option<SignedIn>,
) -> Result<HttpResponse, Problem> {
    let next = Next::of_query(visit.request.query_string());
    if signed_in.is_some() {
        return Ok(visit.see_other(next.as_str()));
    }
    let (t, site, here) = (visit.t, &visit.app.site, next.with_next("/sign-in"));
    let form = Form::default();
    let mut page = page(t, site, &here, (&form, &next));
    if guard::keeping(visit.request.headers(), site) != Keeping::Likely {
        page.warnings.push(t.not_kept_doubtful().to_owned());
        page.warnings.push(other_address(t, site));
    }
    visit.show(&page)
}

fn other_address(t: Texts, site: &Site) -> String {
    match &site.public_url {
        Some(url) if site.is_behind_tls() => t.not_kept_go(url.as_str()),
        _ => t.not_kept_https().to_owned(),
    }
}

/// Sends a code, and asks for it. The answer and the way to it are the same for a person who is not
/// in the register.
///
/// # Errors
/// `forbidden` for a form of another site; what fails is logged, and said on the page.
pub async fn post_sign_in(
    visit: Visit,
    CalledFrom(caller): CalledFrom,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let next = Next::parse(form.text("next")).unwrap_or_default();
    let (t, site, here) = (visit.t, &visit.app.site, next.with_next("/sign-in"));
    let mut page = page(t, site, &here, (&form, &next));
    if guard::keeping(visit.request.headers(), site) == Keeping::Impossible {
        page.warnings = vec![t.not_kept().to_owned(), other_address(t, site)];
        return visit.show_as(StatusCode::FORBIDDEN, &page);
    }
    if form.has("change") {
        return visit.show(&page);
    }
    let today = visit.app.clock.now().date_naive();
    let mut reader = Reader::new(&form, t);
    let read = (reader.name(), reader.birth_date(today), reader.phone());
    let (Some(_name), Some(birth_date), Some(phone)) = read else {
        page.errors = reader.errors;
        return visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let sent = match admit::<admission::SignIn>(&visit.app) {
        Ok(_admitted) => {
            let (key, typed) = (&visit.app.keys.matching, |field| form.text(field));
            let sought = &Sought::typed(key, typed(NAME), birth_date, typed(PHONE));
            send_code(&visit.app, Claim { sought, phone: &phone, caller: &caller }).await
        }
        Err(crowded) => Err(crowded),
    };
    match sent {
        Ok(Challenge { challenge_id, .. }) => {
            let sent = Sent { challenge_id, next };
            sign_in_code::show(&visit, &form, &sent, (StatusCode::OK, Said::default()))
        }
        Err(problem) => refused(&visit, &form, page, &problem),
    }
}

/// What stood in the way, on the page that keeps what was typed. Where an earlier code can still be
/// used, that is the page where it is written.
fn refused(
    visit: &Visit,
    form: &Form,
    mut page: Page<'_>,
    problem: &Problem,
) -> Result<HttpResponse, Problem> {
    problem.log(None);
    let (t, refusal) = (visit.t, &problem.refusal);
    let seconds = problem.retry_after().unwrap_or(1);
    let status = StatusCode::from_u16(refusal.code.status()).map_err(Problem::internal)?;
    let said = words::refusal(t.language(), refusal);
    page.warnings = match refusal.code {
        Code::Overloaded => vec![t.sign_in_busy(&words::wait(t.language(), seconds))],
        Code::TooManyRequests => vec![said, t.code_helps().to_owned()],
        Code::Unavailable if problem.has_cause() => vec![t.sign_in_unavailable().to_owned()],
        Code::Internal => vec![t.sign_in_unavailable().to_owned()],
        _ => vec![said],
    };
    let earlier = Sent::of(form).filter(|sent| !sent.has_expired(visit.app.clock.now()));
    let mut response = match earlier.filter(|_| refusal.code == Code::TooManyRequests) {
        Some(sent) => {
            page.warnings.push(t.code_earlier_works().to_owned());
            let said = Said { warnings: page.warnings, ..Said::default() };
            sign_in_code::show(visit, form, &sent, (status, said))?
        }
        None => visit.show_as(status, &page)?,
    };
    if matches!(refusal.code, Code::Overloaded | Code::TooManyRequests) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}
