//! The code that came to the phone. The page has an address of its own, so that it can be opened
//! again and gone back to; what it is about is in the browser (`sent.rs`), and in its forms.

use std::net::SocketAddr;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HOST, RETRY_AFTER},
    },
    web::Data,
};
use askama::Template;

use super::{
    form::{CODE, FieldError, Form, NUMBER, Reader},
    guard::{self, SignedIn},
    home,
    next::Next,
    page::{Frame, Visit},
    part::{Input, TextField},
    sent::{self, CHALLENGE, SEALED, Sent, Way},
    text::Texts,
};
use crate::{
    db,
    domain::{Code, PersonId, booking_number::BookingNumber, outbox::masked},
    flows::{
        session::{Answer, Tried, try_code},
        sign_in::SignInReplies,
    },
    http::{
        admission::{self, admit},
        caller::CalledFrom,
        problem::Problem,
        state::App,
    },
    words,
};

/// Bookings among which a number is looked for; nobody has more than a few.
const BOOKINGS_MAX: i64 = 50;

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    said: Said,
    /// What was sent, and to where.
    sent: String,
    code: TextField,
    /// Names and values of what goes along unseen.
    kept: [(&'static str, String); 2],
    /// Where a new code is asked for.
    again: String,
    trial: Trial,
}

/// What the page says beside its usual.
#[derive(Debug, Default)]
pub struct Said {
    pub errors: Vec<FieldError>,
    /// Sentence by sentence.
    pub warnings: Vec<String>,
    /// The code is of no more use: a new one is the main thing to do.
    pub is_over: bool,
    /// What was typed as the code.
    pub code: String,
    /// In so many seconds the script presses again by itself.
    pub seconds: Option<u64>,
}

/// Where codes are shown while the service is tried out.
enum Trial {
    /// They are sent.
    No,
    Here(SocketAddr),
    OnItsMachine,
}

/// Leads to the page for a code that was sent.
///
/// # Errors
/// `internal` when the machine gives no random bytes.
pub fn ask(visit: &Visit, sent: &Sent) -> Result<HttpResponse, Problem> {
    go(visit, sent, &sent.next.with_next("/sign-in/code"))
}

/// Leads to a page, and has the browser keep what was sent.
///
/// # Errors
/// As `ask`.
pub fn go(visit: &Visit, sent: &Sent, path: &str) -> Result<HttpResponse, Problem> {
    let sealed = sent.seal(&visit.app.keys.seal)?;
    let mut response = visit.see_other(path);
    response.add_cookie(&sent::keep(sealed)).map_err(Problem::internal)?;
    Ok(response)
}

/// The page for a code that was sent.
///
/// # Errors
/// `internal` if the page cannot be written.
pub fn show(
    visit: &Visit,
    sent: &Sent,
    (status, said): (StatusCode, Said),
) -> Result<HttpResponse, Problem> {
    let t = visit.t;
    let here = sent.next.with_next("/sign-in/code");
    let frame = Frame::new(t, &visit.app.site, &here);
    let sealed = sent.seal(&visit.app.keys.seal)?;
    let time = sent.time(t, visit.app.clock.now()).filter(|_| !said.is_over);
    let page = Page {
        t,
        frame,
        sent: what_was_sent(t, sent, time),
        code: TextField {
            // What is said above it must not be passed over.
            is_focused: said.errors.is_empty() && said.warnings.is_empty(),
            about: "sent",
            ..TextField::new(CODE, t.code_label(), Input::OneTimeCode, &said.code)
        }
        .hint(t.code_hint()),
        kept: [(CHALLENGE, sent.challenge_id.to_string()), (SEALED, sealed)],
        again: frame.to(sent.way.path()),
        trial: trial(visit),
        said,
    };
    visit.show_as(status, &page)
}

/// How long the code works is said while it does. The phone is shown as it was typed, and masked;
/// who did not type it learns nothing of it.
fn what_was_sent(t: Texts, sent: &Sent, time: Option<String>) -> String {
    let phone = Reader::new(&sent.typed, t).phone().map(|phone| grouped(&masked(&phone)));
    let phone = phone.unwrap_or_default();
    match (sent.way, time) {
        (Way::Person, Some(time)) => t.code_on_its_way(&phone, &time),
        (Way::Person, None) => t.code_was_sent(&phone),
        (Way::Booking, Some(time)) => t.number_sent(&time),
        (Way::Booking, None) => t.number_was_sent().to_owned(),
    }
}

/// The address is of use only to a browser on the service's own machine.
fn trial(visit: &Visit) -> Trial {
    let app = &visit.app;
    let host = visit.request.headers().get(HOST).and_then(|host| host.to_str().ok());
    match (&app.shown_codes, app.codes_page.get()) {
        (None, _) => Trial::No,
        (Some(_), Some(at)) if host.is_some_and(guard::is_own_machine) => Trial::Here(*at),
        (Some(_), _) => Trial::OnItsMachine,
    }
}

/// In groups as people read it (010-\*\*\*\*-\*\*78), which stay on one line.
fn grouped(masked: &str) -> String {
    let middle_end = masked.len().saturating_sub(4);
    let parts = masked.split_at_checked(middle_end).and_then(|(rest, last)| {
        let (first, middle) = rest.split_at_checked(3)?;
        (middle.len() >= 3).then(|| format!("{first}\u{2011}{middle}\u{2011}{last}"))
    });
    parts.unwrap_or_else(|| masked.to_owned())
}

/// The page for the code that was asked for with this browser. Who has signed in since goes on;
/// where nothing is known, the page says so, also to a browser that keeps nothing.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_code(visit: Visit, signed_in: Option<SignedIn>) -> Result<HttpResponse, Problem> {
    let app = &visit.app;
    if let Some(sent) = Sent::of_cookie(&visit.request, &app.keys.seal, app.clock.now()) {
        return show(&visit, &sent, (StatusCode::OK, Said::default()));
    }
    let next = Next::of_query(visit.request.query_string());
    if signed_in.is_some() {
        return Ok(visit.see_other(next.as_str()));
    }
    let here = next.with_next("/sign-in/code");
    let page = NotKept::new(&visit, &here, &next);
    let (title, why) = (visit.t.asked_title(), visit.t.asked_why());
    visit.show_as(StatusCode::FORBIDDEN, &NotKept { title, why, ..page })
}

/// Tries the code. A right one is kept as a session in the browser; the same form once more is the
/// same session.
///
/// # Errors
/// `forbidden` for a form of another site; `unavailable`.
pub async fn post_code(
    visit: Visit,
    CalledFrom(caller): CalledFrom,
    replies: Data<SignInReplies>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visit.t, &visit.app);
    let Some(sent) = Sent::of_form(&form, &app.keys.seal, app.clock.now()) else {
        return Ok(visit.see_other("/sign-in"));
    };
    let typed = Said { code: form.text(CODE).to_owned(), ..Said::default() };
    let mut reader = Reader::new(&form, t);
    let Some(code) = reader.code() else {
        let said = Said { errors: reader.errors, ..typed };
        return show(&visit, &sent, (StatusCode::UNPROCESSABLE_ENTITY, said));
    };
    let answer = Answer {
        challenge_id: sent.challenge_id,
        code: code.as_str(),
        caller: &caller,
        sign_outs: &app.sign_outs,
        language: Some(t.language()),
    };
    let tried = match admit::<admission::TryCode>(app) {
        Ok(_admitted) => {
            let lane = (&app.sign_ins, &**replies);
            try_code(lane, &app.keys, &app.clock, answer).await.map_err(Problem::from)
        }
        Err(crowded) => Err(crowded),
    };
    let (is_over, error) = match tried {
        Ok(Tried::SignedIn(session)) => {
            let next = next(app, &sent, session.person_id).await;
            let mut response = visit.see_other(&next.with_next("/sign-in/done"));
            let now = app.clock.now();
            let home = session.home.and_then(|region_id| {
                let whose = (session.person_id, region_id);
                home::keep(&app.keys.seal, whose, (session.expires_at, now)).ok()
            });
            for cookie in [guard::keep(&session, now), sent::forget()].into_iter().chain(home) {
                response.add_cookie(&cookie).map_err(Problem::internal)?;
            }
            return Ok(response);
        }
        Ok(Tried::Wrong { tries_left }) => (false, t.code_wrong(tries_left)),
        Ok(Tried::Over) if sent.has_expired(app.clock.now()) => (true, t.code_expired().to_owned()),
        Ok(Tried::Over) => (true, t.code_over().to_owned()),
        Err(problem) => return refused(&visit, (&sent, typed), problem),
    };
    let errors = vec![FieldError { field: CODE, text: error }];
    show(&visit, &sent, (StatusCode::UNPROCESSABLE_ENTITY, Said { errors, is_over, ..typed }))
}

/// Where somebody goes on: to the page that they asked for; or to the booking whose number they
/// have typed, if that can be told at once.
async fn next(app: &App, sent: &Sent, person_id: PersonId) -> Next {
    let number = BookingNumber::parse(sent.typed.text(NUMBER));
    let (None, Ok(number)) = (sent.next.asked_for(), number) else { return sent.next.clone() };
    let booked = db::booking::list_own(&app.db.read, person_id, None, BOOKINGS_MAX).await;
    let is_it = |id| BookingNumber::of(&app.keys.booking_number, id) == number;
    let mut ids = booked.unwrap_or_default().into_iter().map(|booking| booking.booking_id);
    let found = ids.find(|id| is_it(*id)).and_then(|id| Next::parse(&format!("/bookings/{id}")));
    found.unwrap_or_default()
}

/// Caps and crowds are said on the page that keeps what was typed. For the rest nobody knows
/// whether the code was used.
fn refused(
    visit: &Visit,
    (sent, typed): (&Sent, Said),
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    let t = visit.t;
    let seconds = problem.retry_after().unwrap_or_else(|| visit.app.seconds_until_again());
    let warnings = match problem.refusal.code {
        Code::TooManyRequests => {
            let said = words::refusal(t.language(), &problem.refusal);
            vec![said, t.code_helps().to_owned()]
        }
        Code::Overloaded => vec![t.code_busy(&words::wait(t.language(), seconds))],
        Code::Unavailable => {
            vec![t.code_unavailable_until(&words::wait(t.language(), seconds))]
        }
        Code::Internal => vec![t.code_unavailable().to_owned()],
        _ => return Err(problem),
    };
    problem.log(None);
    let status = StatusCode::from_u16(problem.refusal.code.status()).map_err(Problem::internal)?;
    let again = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(seconds);
    let said = Said { warnings, seconds: again, ..typed };
    let mut response = show(visit, sent, (status, said))?;
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
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

impl<'a> NotKept<'a> {
    fn new(visit: &'a Visit, here: &'a str, next: &Next) -> Self {
        let (t, frame) = (visit.t, Frame::new(visit.t, &visit.app.site, here));
        let sign_in = frame.to(&next.with_next("/sign-in"));
        Self { t, frame, title: t.kept_title(), why: t.kept_why(), sign_in }
    }
}

/// Where a right code leads to: on, or, where the browser has not kept the session, to a page that
/// says so. Without this the next page would only ask to sign in again.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_done(visit: Visit, signed_in: Option<SignedIn>) -> Result<HttpResponse, Problem> {
    let next = Next::of_query(visit.request.query_string());
    if signed_in.is_some() {
        return Ok(visit.see_other(next.as_str()));
    }
    let here = next.with_next("/sign-in");
    visit.show_as(StatusCode::FORBIDDEN, &NotKept::new(&visit, &here, &next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_is_read_in_groups() {
        for (phone, expected) in [
            ("01012345678", "010-****-**78"),
            ("0212345678", "021-***-**78"),
            ("14155550100", "141-****-**00"),
            ("1234567", "123**67"),
        ] {
            assert_eq!(grouped(&masked(phone)), expected.replace('-', "\u{2011}"));
        }
    }
}
