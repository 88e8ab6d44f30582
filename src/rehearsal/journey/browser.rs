//! Journeys by the pages, as a browser without JavaScript makes them: it keeps cookies, follows
//! redirects and links, and sends forms with what they carry unseen.

use std::{borrow::Cow, io::Write};

use chrono::Datelike;
use form_urlencoded::Serializer;

use super::{plan::JourneyPlan, visit::Visit};
use crate::rehearsal::step::RequestKind;

/// Cookies: of whoever is signed in, where they live, and of whoever waits for a code.
pub(super) const CITIZEN: &str = "__Host-citizen";
pub(super) const HOME: &str = "__Host-home";
pub(super) const SENT: &str = "__Host-code";

/// The list of clinics, after the language.
pub(super) fn clinics(plan: &JourneyPlan) -> String {
    format!("/campaigns/{}/clinics", plan.campaign_id)
}

/// Where the sign-in that the visit is at leads afterwards, after the language: its pages carry it
/// in their addresses, and their forms unseen.
fn next(plan: &JourneyPlan, visit: &Visit) -> String {
    let query = visit.path.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let next = pairs.find(|(name, _)| name == "next");
    next.map_or_else(|| clinics(plan), |(_, next)| next.into_owned())
}

/// The request that is due. Writing to memory cannot fail.
pub(super) fn write(plan: &JourneyPlan, visit: &Visit, into: &mut Vec<u8>) {
    let language = plan.language(visit.citizen);
    let page = |path: &str| Cow::Owned(format!("/{language}{path}"));
    let question = || page(&format!("/campaigns/{}/eligibility", plan.campaign_id));
    let (path, form): (Cow<'_, str>, _) = match visit.step {
        RequestKind::Landing => (page(""), None),
        RequestKind::Asset => (Cow::Borrowed(plan.style.as_str()), None),
        RequestKind::QuestionForm => (question(), None),
        RequestKind::Question => (question(), Some(person(plan, visit, false))),
        // Whoever has asked the question follows the link of its answer.
        RequestKind::SignIn if visit.path.is_empty() => {
            let next = Serializer::new(String::new()).append_pair("next", &clinics(plan)).finish();
            (page(&format!("/sign-in?{next}")), None)
        }
        RequestKind::Code => (page("/sign-in"), Some(person(plan, visit, true))),
        RequestKind::WrongCode | RequestKind::Session | RequestKind::UsedCode => {
            let form = format!("{}&code={}", visit.form, visit.typed_code());
            (page("/sign-in/code"), Some(form))
        }
        RequestKind::Book => (Cow::Borrowed(&*visit.path), Some(visit.form.to_string())),
        // This form carries nothing.
        RequestKind::Cancel => (Cow::Borrowed(&*visit.path), Some(String::new())),
        _ => (Cow::Borrowed(&*visit.path), None),
    };
    let (host, from) = (&plan.host, plan.address(visit.citizen));
    let method = if form.is_some() { "POST" } else { "GET" };
    let _ = write!(
        into,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {from}\r\n\
         Accept: text/html,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n\
         Accept-Language: {language}\r\n",
    );
    // A used code is tried as by somebody who has seen it, in a browser of their own.
    let is_other = visit.step == RequestKind::UsedCode;
    let (token, home) = if is_other { ("", "") } else { (&*visit.token, &*visit.home) };
    let cookies = [(CITIZEN, token), (HOME, home), (SENT, &*visit.cookie)];
    let mut cookies = cookies.into_iter().filter(|(_, value)| !value.is_empty());
    if let Some((name, value)) = cookies.next() {
        let _ = write!(into, "Cookie: {name}={value}");
        cookies.for_each(|(name, value)| {
            let _ = write!(into, "; {name}={value}");
        });
        into.extend_from_slice(b"\r\n");
    }
    if let Some(form) = &form {
        let length = form.len();
        let _ = write!(
            into,
            "Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n",
        );
    }
    let _ = write!(into, "\r\n{}", form.unwrap_or_default());
}

/// The fields of the question, or of signing in. Who is in no register has somebody's name with
/// another syllable.
fn person(plan: &JourneyPlan, visit: &Visit, is_claim: bool) -> String {
    let Some(comer) = plan.people.get(visit.citizen) else { return String::new() };
    let mut form = Serializer::new(String::new());
    let date = comer.birth_date;
    form.append_pair("birth-year", &date.year().to_string())
        .append_pair("birth-month", &date.month().to_string())
        .append_pair("birth-day", &date.day().to_string());
    match is_claim {
        true => {
            let other = if plan.is_stranger(visit.citizen) { "現" } else { "" };
            form.append_pair("name", &format!("{}{other}", comer.name))
                .append_pair("phone", &comer.phone)
                .append_pair("next", &next(plan, visit))
        }
        false => form.append_pair("region", &comer.region_id.to_string()),
    };
    form.finish()
}
