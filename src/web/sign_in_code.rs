//! The code that came to the phone. Everything but the session is in the form: the challenge, and
//! what was typed before, so that a new code can be asked for without typing it again.

use std::net::SocketAddr;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HOST, RETRY_AFTER},
    },
};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    form::{BIRTH, CODE, FieldError, Form, NAME, PHONE, Reader},
    guard::{self, SignedIn},
    next::Next,
    page::{Frame, Visit},
    part::{Input, TextField},
    text::Texts,
};
use crate::{
    domain::{Code, outbox::masked, sign_in_code::CODE_MINUTES},
    flows::session::{Answer, Tried, try_code},
    http::{
        admission::{self, admit},
        caller::CalledFrom,
        problem::Problem,
    },
    words,
};

const CHALLENGE: &str = "challenge";

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    said: Said,
    /// Masked, as it was typed.
    phone: String,
    /// How long the code works; none where it does not any more.
    time: Option<String>,
    code: TextField,
    /// Names and values of what goes along unseen.
    kept: Vec<(String, String)>,
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
}

/// Where codes are shown while the service is tried out.
enum Trial {
    /// They are sent.
    No,
    Here(SocketAddr),
    OnItsMachine,
}

/// A code that was sent, as the form knows it.
#[derive(Clone, Debug)]
pub struct Sent {
    pub challenge_id: Uuid,
    pub next: Next,
}

impl Sent {
    /// What a form of ours says.
    pub fn of(form: &Form) -> Option<Self> {
        let next = Next::parse(form.text("next")).unwrap_or_default();
        Some(Self { challenge_id: form.value(CHALLENGE)?, next })
    }

    /// When the code is over: its challenge names the time when it was made.
    fn expires_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = self.challenge_id.get_timestamp()?.to_unix();
        let made_at = DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)?;
        made_at.checked_add_signed(TimeDelta::minutes(CODE_MINUTES))
    }

    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at().is_none_or(|at| at <= now)
    }

    /// How long the code works from now on.
    fn time(&self, t: Texts, now: DateTime<Utc>) -> Option<String> {
        let left = self.expires_at().map(|at| (at - now).num_seconds());
        let left = u64::try_from(left?).ok().filter(|seconds| *seconds > 0)?;
        Some(words::wait(t.language(), left))
    }
}

/// The page for a code that was sent.
///
/// # Errors
/// `internal` if the page cannot be written.
pub fn show(
    visit: &Visit,
    form: &Form,
    sent: &Sent,
    (status, said): (StatusCode, Said),
) -> Result<HttpResponse, Problem> {
    let t = visit.t;
    let here = sent.next.with_next("/sign-in");
    let phone = Reader::new(form, t).phone().map(|phone| grouped(&masked(&phone)));
    let birth = ["year", "month", "day"].map(|part| format!("{BIRTH}-{part}"));
    let mut kept: Vec<(String, String)> = [NAME, PHONE]
        .map(str::to_owned)
        .into_iter()
        .chain(birth)
        .map(|name| (name.clone(), form.text(&name).to_owned()))
        .collect();
    kept.push((CHALLENGE.to_owned(), sent.challenge_id.to_string()));
    if let Some(next) = sent.next.asked_for() {
        kept.push(("next".to_owned(), next.to_owned()));
    }
    let page = Page {
        t,
        frame: Frame::new(t, &visit.app.site, &here),
        phone: phone.unwrap_or_default(),
        time: sent.time(t, visit.app.clock.now()).filter(|_| !said.is_over),
        code: TextField {
            id: CODE,
            label: t.code_label().into(),
            hint: t.code_hint().into(),
            value: form.text(CODE).to_owned(),
            input: Input::OneTimeCode,
        },
        kept,
        trial: trial(visit),
        said,
    };
    visit.show_as(status, &page)
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

/// For who comes back to the address of the code by a link or by reloading: the way begins anew.
///
/// # Errors
/// None.
pub async fn get_code(visit: Visit) -> Result<HttpResponse, Problem> {
    Ok(visit.see_other("/sign-in"))
}

/// Tries the code. A right one is kept as a session in the browser; the same form once more is the
/// same session.
///
/// # Errors
/// `forbidden` for a form of another site; `unavailable`.
pub async fn post_code(
    visit: Visit,
    CalledFrom(caller): CalledFrom,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let Some(sent) = Sent::of(&form) else { return Ok(visit.see_other("/sign-in")) };
    let (t, app) = (visit.t, &visit.app);
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let mut reader = Reader::new(&form, t);
    let Some(code) = reader.code() else {
        let said = Said { errors: reader.errors, ..Said::default() };
        return show(&visit, &form, &sent, (unprocessable, said));
    };
    let answer = Answer {
        challenge_id: sent.challenge_id,
        code: code.as_str(),
        caller: &caller,
        language: Some(t.language()),
    };
    let tried = match admit::<admission::SignIn>(app) {
        Ok(_admitted) => {
            try_code(&app.db, &app.keys, &app.clock, answer).await.map_err(Problem::from)
        }
        Err(crowded) => Err(crowded),
    };
    let said = match tried {
        Ok(Tried::SignedIn(session)) => {
            let mut response = visit.see_other(&sent.next.with_next("/sign-in/done"));
            let cookie = guard::keep(&session, app.clock.now());
            response.add_cookie(&cookie).map_err(Problem::internal)?;
            return Ok(response);
        }
        Ok(Tried::Wrong { tries_left }) => Said {
            errors: vec![FieldError { field: CODE, text: t.code_wrong(tries_left) }],
            ..Said::default()
        },
        Ok(Tried::Over) => {
            let has_expired = sent.has_expired(app.clock.now());
            let text = if has_expired { t.code_expired() } else { t.code_over() };
            let errors = vec![FieldError { field: CODE, text: text.to_owned() }];
            Said { errors, is_over: true, ..Said::default() }
        }
        Err(problem) => return refused(&visit, &form, &sent, problem),
    };
    show(&visit, &form, &sent, (unprocessable, said))
}

/// Caps and crowds are said on the page that keeps what was typed. For the rest nobody knows
/// whether the code was used.
fn refused(
    visit: &Visit,
    form: &Form,
    sent: &Sent,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    let t = visit.t;
    let seconds = problem.retry_after().unwrap_or(1);
    let warnings = match problem.refusal.code {
        Code::TooManyRequests => {
            let said = words::refusal(t.language(), &problem.refusal);
            vec![said, t.code_helps().to_owned()]
        }
        Code::Overloaded => vec![t.code_busy(&words::wait(t.language(), seconds))],
        Code::Unavailable => vec![t.code_unavailable().to_owned()],
        _ => return Err(problem),
    };
    problem.log(None);
    let status = StatusCode::from_u16(problem.refusal.code.status()).map_err(Problem::internal)?;
    let said = Said { warnings, ..Said::default() };
    let mut response = show(visit, form, sent, (status, said))?;
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    Ok(response)
}

#[derive(Template)]
#[template(path = "sign_in_done.html")]
struct NotKept<'a> {
    t: Texts,
    frame: Frame<'a>,
    sign_in: String,
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
    let frame = Frame::new(visit.t, &visit.app.site, &here);
    let page = NotKept { t: visit.t, frame, sign_in: frame.to(&here) };
    visit.show_as(StatusCode::FORBIDDEN, &page)
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

    #[test]
    fn a_challenge_tells_how_long_its_code_works() {
        let made_at = DateTime::from_timestamp(1_626_087_600, 0).unwrap();
        let context = uuid::ContextV7::new();
        let challenge_id = Uuid::new_v7(uuid::Timestamp::from_unix(context, 1_626_087_600, 0));
        let sent = Sent { challenge_id, next: Next::default() };
        let at = |seconds| made_at + TimeDelta::seconds(seconds);
        let t = Texts(crate::domain::language::Language::English);
        assert_eq!(sent.time(t, at(0)).as_deref(), Some("5 minutes"));
        assert_eq!(sent.time(t, at(241)).as_deref(), Some("59 seconds"));
        assert!(!sent.has_expired(at(299)));
        assert!(sent.has_expired(at(300)));
        assert_eq!(sent.time(t, at(300)), None);
        let foreign = Sent { challenge_id: Uuid::from_u128(7), next: Next::default() };
        assert!(foreign.has_expired(at(0)), "not one of ours");
    }
}
