//! Journeys by the pages, as a browser without JavaScript makes them: it keeps cookies, follows
//! redirects and links, and sends forms with what they carry unseen.

use std::{borrow::Cow, io::Write, time::Duration};

use chrono::Datelike;
use form_urlencoded::Serializer;
use uuid::Uuid;

use super::{
    decoded::decoded,
    heard::{self, Heard, News},
    html::{address, field, links},
    plan::JourneyPlan,
    visit::{End, Then, Visit},
};
use crate::{
    domain::{Code, session},
    rehearsal::{
        load::Response,
        tally::{Reply, RequestKind, Stage},
    },
};

const CITIZEN: &str = "__Host-citizen";
const SENT: &str = "__Host-code";
const BOOKINGS: &str = "/bookings/";

/// Where somebody goes on after signing in.
fn clinics(plan: &JourneyPlan) -> String {
    format!("/campaigns/{}/clinics", plan.campaign_id)
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
        RequestKind::SignIn => {
            let next = Serializer::new(String::new()).append_pair("next", &clinics(plan)).finish();
            (page(&format!("/sign-in?{next}")), None)
        }
        RequestKind::Code => (page("/sign-in"), Some(person(plan, visit, true))),
        RequestKind::WrongCode | RequestKind::Session | RequestKind::UsedCode => {
            let form = format!("{}&code={}", visit.form, visit.typed_code());
            (page("/sign-in/code"), Some(form))
        }
        RequestKind::Book => (Cow::Borrowed(&*visit.path), Some(visit.form.to_string())),
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
    let token = if is_other { "" } else { &*visit.token };
    let cookies = [(CITIZEN, token), (SENT, &*visit.cookie)];
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
                .append_pair("next", &clinics(plan))
        }
        false => form.append_pair("region", &comer.region_id.to_string()),
    };
    form.finish()
}

/// What a page's status says: pages have sentences for people, and no codes.
pub(super) fn reply(step: RequestKind, response: Option<Response<'_>>) -> Reply {
    let Some(response) = response else { return Reply::Missing };
    let is_code =
        matches!(step, RequestKind::WrongCode | RequestKind::Session | RequestKind::UsedCode);
    let is_booking = matches!(step, RequestKind::Check | RequestKind::Book);
    // Elsewhere no seat and no dose is asked for that could be gone.
    let is_place = is_booking || matches!(step, RequestKind::Clinics | RequestKind::Slots);
    match response.status {
        200..=299 | 303 | 304 => Reply::Done,
        422 if is_code => Reply::Refused(Code::WrongCredentials),
        403 if is_booking => Reply::Refused(Code::NotEligible),
        403 => Reply::Refused(Code::Forbidden),
        404 => Reply::Refused(Code::NotFound),
        409 if is_place => Reply::Gone,
        429 => Reply::Refused(Code::TooManyRequests),
        500 => Reply::Refused(Code::Internal),
        503 if response.retry_after.is_some() => Reply::Refused(Code::Overloaded),
        503 => Reply::Refused(Code::Unavailable),
        status => Reply::Unexpected(status),
    }
}

/// What an answer means.
pub(super) fn read(
    plan: &JourneyPlan,
    visit: &mut Visit,
    (response, reply): (Response<'_>, Reply),
    now: Duration,
) -> Heard {
    let body = if is_read(visit.step, reply) { decoded(&response) } else { Cow::Borrowed(&[][..]) };
    // A page that cannot be read is none that anybody can go on from.
    let html = std::str::from_utf8(&body).unwrap_or_default();
    match (reply, visit.step) {
        (Reply::Done, _) => {
            let to = response.headers("location").next().map(local);
            let page = Page { response: &response, html, to };
            page.done(plan, visit, now).unwrap_or_else(|| Heard::end(End::Refused))
        }
        (Reply::Gone, _) => elsewhere(plan, visit, html),
        (Reply::Refused(Code::NotFound), RequestKind::Slots | RequestKind::Check) => {
            elsewhere(plan, visit, html)
        }
        (Reply::Refused(Code::WrongCredentials), RequestKind::WrongCode) => {
            keep_code_form(visit, html);
            Then::Go(RequestKind::Session).into()
        }
        (Reply::Refused(Code::WrongCredentials), RequestKind::Session) => heard::wrong_code(visit),
        (Reply::Refused(_), RequestKind::UsedCode) => Then::Follow(RequestKind::SignedIn).into(),
        (Reply::Refused(Code::NotEligible), _) => Heard::end(End::NotEligible),
        (_, RequestKind::Booking) => Heard::news(Then::End(End::Refused), News::NotShown),
        _ => Heard::end(End::Refused),
    }
}

/// Whether somebody looks for something on the page: decoding costs the generator more than all
/// else that it does.
fn is_read(step: RequestKind, reply: Reply) -> bool {
    match reply {
        Reply::Done => matches!(
            step,
            RequestKind::Question
                | RequestKind::CodePage
                | RequestKind::Clinics
                | RequestKind::Slots
                | RequestKind::Check
        ),
        _ => step != RequestKind::Session,
    }
}

/// Path and query of an address of ours.
fn local(location: &str) -> &str {
    let after_scheme = location.split_once("://").map_or(location, |(_, rest)| rest);
    match after_scheme.find('/') {
        Some(at) if location.contains("://") => after_scheme.get(at..).unwrap_or_default(),
        _ => location,
    }
}

struct Page<'a> {
    response: &'a Response<'a>,
    html: &'a str,
    /// Where it redirects to.
    to: Option<&'a str>,
}

impl Page<'_> {
    /// None where it is not what somebody on this way would see.
    fn done(&self, plan: &JourneyPlan, visit: &mut Visit, now: Duration) -> Option<Heard> {
        let heard = match visit.step {
            RequestKind::Landing => Then::Follow(RequestKind::Asset).into(),
            RequestKind::Asset if plan.asks(visit.citizen) => {
                Then::Go(RequestKind::QuestionForm).into()
            }
            RequestKind::Asset => heard::onwards(plan, visit, RequestKind::SignIn).into(),
            RequestKind::QuestionForm => Then::Go(RequestKind::Question).into(),
            RequestKind::Question => self.answered(plan, visit, now),
            RequestKind::SignIn => Then::Go(RequestKind::Code).into(),
            RequestKind::Code => {
                visit.path = self.to?.into();
                visit.cookie = self.cookie(SENT)?.into();
                Heard::news(Then::Follow(RequestKind::CodePage), News::Stage(Stage::CodeSent))
            }
            RequestKind::CodePage => {
                keep_code_form(visit, self.html);
                Then::Sms.into()
            }
            RequestKind::WrongCode => Heard::news(Then::End(End::Refused), News::SignedInWrongly),
            RequestKind::Session => self.signed_in(plan, visit)?,
            RequestKind::UsedCode => self.signed_in_again(visit),
            RequestKind::SignedIn => {
                visit.path = self.to?.into();
                Then::Follow(RequestKind::Clinics).into()
            }
            RequestKind::Clinics => self.choose_day(plan, visit),
            RequestKind::Slots => self.choose_slot(plan, visit),
            RequestKind::Check => self.checked(visit),
            RequestKind::Book => self.booked(visit)?,
            _ if self.to.is_none() => Heard::end(End::Booked),
            _ => Heard::news(Then::End(End::Refused), News::NotShown),
        };
        Some(heard)
    }

    /// A yes shows the way to sign in.
    fn answered(&self, plan: &JourneyPlan, visit: &Visit, now: Duration) -> Heard {
        let sign_in = format!("/{}/sign-in?", plan.language(visit.citizen));
        if links(self.html, &sign_in).next().is_none() {
            return heard::not_eligible(plan, now);
        }
        let then = heard::onwards(plan, visit, RequestKind::SignIn);
        Heard::news(then, News::Stage(Stage::Asked))
    }

    fn signed_in(&self, plan: &JourneyPlan, visit: &mut Visit) -> Option<Heard> {
        let token = self.cookie(CITIZEN)?;
        let person_id = session::claimed_person(token)?;
        visit.path = self.to?.into();
        visit.token = token.into();
        visit.cookie = "".into();
        let next = heard::signed_in(plan, visit, Then::Follow(RequestKind::SignedIn));
        Some(Heard::news(next, News::SignedIn(person_id)))
    }

    /// A form that is sent once more within seconds is the same session, as if an answer had been
    /// lost: another one would be a second session by one code.
    fn signed_in_again(&self, visit: &Visit) -> Heard {
        let then = Then::Follow(RequestKind::SignedIn);
        match self.cookie(CITIZEN) == Some(&*visit.token) {
            true => then.into(),
            false => Heard::news(then, News::SignedInTwice),
        }
    }

    fn choose_day(&self, plan: &JourneyPlan, visit: &mut Visit) -> Heard {
        match self.choose(plan, visit, "clinics/") {
            true => Then::Go(RequestKind::Slots).into(),
            false => other_district(plan, visit),
        }
    }

    fn choose_slot(&self, plan: &JourneyPlan, visit: &mut Visit) -> Heard {
        match self.choose(plan, visit, "check?slot=") {
            true => Heard::news(Then::Go(RequestKind::Check), News::Stage(Stage::TimeChosen)),
            false => elsewhere(plan, visit, self.html),
        }
    }

    /// Any of the links of the campaign that go on like this.
    fn choose(&self, plan: &JourneyPlan, visit: &mut Visit, path: &str) -> bool {
        choose(plan, visit, self.html, path)
    }

    /// The page has the form only while the campaign can be booked.
    fn checked(&self, visit: &mut Visit) -> Heard {
        if self.to.is_some_and(|to| to.contains(BOOKINGS)) {
            return Heard::end(End::BookedBefore);
        }
        let id = field(self.html, "booking_id");
        let Some(booking_id) = id.and_then(|id| id.parse::<Uuid>().ok()) else {
            return Then::Opening(RequestKind::Check).into();
        };
        visit.booking_id = Some(booking_id);
        visit.form = format!("booking_id={booking_id}").into();
        visit.slot_id = number_after(&visit.path, "slot=").unwrap_or(0);
        Then::Turn(RequestKind::Book).into()
    }

    fn booked(&self, visit: &mut Visit) -> Option<Heard> {
        let to = self.to?;
        let (_, id) = to.split_once(BOOKINGS)?;
        let is_other = id.parse::<Uuid>().ok() != visit.booking_id;
        if is_other {
            return Some(Heard::end(End::BookedBefore));
        }
        visit.path = to.into();
        Some(Heard::news(Then::Follow(RequestKind::Booking), News::Booked))
    }

    /// The value that the browser is to keep.
    fn cookie(&self, name: &str) -> Option<&str> {
        let mut set = self.response.headers("set-cookie");
        let value = set.find_map(|set| set.strip_prefix(name)?.strip_prefix('='))?;
        let value = value.split(';').next()?;
        Some(value).filter(|value| !value.is_empty())
    }
}

fn choose(plan: &JourneyPlan, visit: &mut Visit, html: &str, path: &str) -> bool {
    let language = plan.language(visit.citizen);
    let begin = format!("/{language}/campaigns/{}/{path}", plan.campaign_id);
    let chosen = visit.choose(links(html, &begin));
    if let Some(href) = chosen {
        visit.path = address(href).into();
    }
    chosen.is_some()
}

/// Where a page that has nothing sends people: another time, another day or clinic, or the list.
fn elsewhere(plan: &JourneyPlan, visit: &mut Visit, html: &str) -> Heard {
    if choose(plan, visit, html, "check?slot=") {
        return Then::Look(RequestKind::Check).into();
    }
    if choose(plan, visit, html, "clinics/") {
        return Then::Look(RequestKind::Slots).into();
    }
    visit.path = format!("/{}{}", plan.language(visit.citizen), clinics(plan)).into();
    Then::Look(RequestKind::Clinics).into()
}

/// Where neither the district nor its neighbours have anything, people look where others live.
fn other_district(plan: &JourneyPlan, visit: &mut Visit) -> Heard {
    let other = visit.random.below(plan.curve.citizens());
    let region = plan.people.get(other).map(|comer| comer.region_id);
    let query = region.map_or_else(String::new, |region| format!("?region={region}"));
    visit.path = format!("/{}{}{query}", plan.language(visit.citizen), clinics(plan)).into();
    Then::Look(RequestKind::Clinics).into()
}

/// What the page for the code carries unseen.
fn keep_code_form(visit: &mut Visit, html: &str) {
    let value = |name| field(html, name).unwrap_or_default();
    visit.form = format!("challenge={}&sent={}", value("challenge"), value("sent")).into();
}

fn number_after(path: &str, mark: &str) -> Option<i64> {
    let (_, after) = path.split_once(mark)?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PersonId;

    #[test]
    fn a_location_is_read_with_and_without_its_host() {
        assert_eq!(local("/ko/me?a=1"), "/ko/me?a=1");
        assert_eq!(local("http://127.0.0.1:8080/ko/me"), "/ko/me");
        assert_eq!(number_after("/ko/campaigns/1/check?slot=201&product=2", "slot="), Some(201));
    }

    #[test]
    fn the_status_of_a_page_is_what_it_says() {
        let of = |step, status, retry_after| {
            reply(step, Some(Response { status, retry_after, head: b"", body: b"" }))
        };
        assert_eq!(of(RequestKind::Book, 303, None), Reply::Done);
        assert_eq!(of(RequestKind::Book, 409, None), Reply::Gone);
        for step in [RequestKind::Code, RequestKind::Session, RequestKind::WrongCode] {
            assert_eq!(of(step, 409, None), Reply::Unexpected(409), "no seat and no dose");
        }
        let wrong = Reply::Refused(Code::WrongCredentials);
        assert_eq!(of(RequestKind::Session, 422, None), wrong);
        assert_eq!(of(RequestKind::Code, 422, None), Reply::Unexpected(422));
        assert_eq!(of(RequestKind::Slots, 503, Some(2)), Reply::Refused(Code::Overloaded));
        assert_eq!(reply(RequestKind::Book, None), Reply::Missing);
    }

    #[test]
    fn the_person_of_a_session_is_the_one_that_it_was_made_for() {
        let keys = crate::domain::keys::Keys::new(&[7; 32]);
        let token = session::citizen_token(&keys, PersonId(42), chrono::DateTime::UNIX_EPOCH);
        assert_eq!(session::claimed_person(&token), Some(PersonId(42)));
        assert_eq!(session::claimed_person("c1.x"), None);
    }
}
