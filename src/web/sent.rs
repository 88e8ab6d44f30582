//! A code that was sent, as the browser keeps it until it is used: in a cookie, so that the page
//! which asks for the code has an address that may be opened again, and in the forms of that page.
//! It is sealed, because it says who asked.

use actix_web::cookie::{Cookie, time::Duration};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{form::Form, host_cookie, next::Next, seal, text::Texts};
use crate::{
    domain::{keys::SealKey, sign_in_code::CODE_MINUTES},
    http::problem::Problem,
    words,
};

/// Kept as the session is: from an encrypted page, or by the machine itself.
const COOKIE: &str = "__Host-code";
/// What is sealed means nothing in another place.
const PURPOSE: &[u8] = b"sign-in";
/// How long a new code can be asked for without typing anything again.
const KEPT_MINUTES: i64 = 30;

/// The hidden fields: the challenge, and what is sealed.
pub const CHALLENGE: &str = "challenge";
pub const SEALED: &str = "sent";

/// By what somebody was looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Way {
    /// Name, birth date and phone.
    #[default]
    Person,
    /// The number of a booking, and the birth date.
    Booking,
}

impl Way {
    /// The page that asks, after the language.
    pub fn path(self) -> &'static str {
        match self {
            Self::Person => "/sign-in",
            Self::Booking => "/sign-in/number",
        }
    }
}

/// A code that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub challenge_id: Uuid,
    pub next: Next,
    pub way: Way,
    /// What was typed to get it, as it was understood.
    pub typed: Form,
}

/// What is sealed of it.
#[derive(Deserialize, Serialize)]
struct Content(Uuid, Way, String, Form);

impl Sent {
    /// What a form of the page for the code says. Without its seal it is a challenge alone.
    pub fn of_form(form: &Form, key: &SealKey, now: DateTime<Utc>) -> Option<Self> {
        let challenge_id = form.value(CHALLENGE)?;
        let sealed = Self::open(form.text(SEALED), key, now);
        let rest = sealed.filter(|sent| sent.challenge_id == challenge_id);
        let (next, way, typed) = Default::default();
        Some(rest.unwrap_or(Self { challenge_id, next, way, typed }))
    }

    /// What the browser keeps.
    pub fn of_cookie(
        request: &actix_web::HttpRequest,
        key: &SealKey,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        Self::open(request.cookie(COOKIE)?.value(), key, now)
    }

    /// Has the browser keep it.
    ///
    /// # Errors
    /// `internal` when the machine gives no random bytes.
    pub fn seal(&self, key: &SealKey) -> Result<String, Problem> {
        let next = self.next.as_str().to_owned();
        let content = Content(self.challenge_id, self.way, next, self.typed.clone());
        let text = serde_json::to_vec(&content).map_err(Problem::internal)?;
        seal::close(key, PURPOSE, text)
    }

    /// None for what is not from here, or too old.
    fn open(sealed: &str, key: &SealKey, now: DateTime<Utc>) -> Option<Self> {
        let text = seal::open(key, PURPOSE, sealed)?;
        let Content(challenge_id, way, next, typed) = serde_json::from_slice(&text).ok()?;
        let sent = Self { challenge_id, next: Next::parse(&next).unwrap_or_default(), way, typed };
        let until = sent.made_at()?.checked_add_signed(TimeDelta::minutes(KEPT_MINUTES))?;
        (now < until).then_some(sent)
    }

    /// Its challenge names the time when it was made.
    fn made_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = self.challenge_id.get_timestamp()?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }

    /// When the code is over.
    fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.made_at()?.checked_add_signed(TimeDelta::minutes(CODE_MINUTES))
    }

    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at().is_none_or(|at| at <= now)
    }

    /// How long the code works from now on.
    pub fn time(&self, t: Texts, now: DateTime<Utc>) -> Option<String> {
        let left = self.expires_at().map(|at| (at - now).num_seconds());
        let left = u64::try_from(left?).ok().filter(|seconds| *seconds > 0)?;
        Some(words::wait(t.language(), left))
    }
}

/// The cookie with what is sealed.
pub fn keep(sealed: String) -> Cookie<'static> {
    host_cookie::lax(COOKIE, sealed, Duration::minutes(KEPT_MINUTES))
}

/// Takes the cookie away.
pub fn forget() -> Cookie<'static> {
    host_cookie::lax(COOKIE, String::new(), Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{keys::Keys, language::Language};

    fn made_at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_626_087_600, 0).unwrap()
    }

    fn key(secret: u8) -> SealKey {
        Keys::new(&[secret; 32]).seal
    }

    fn sent() -> Sent {
        let context = uuid::ContextV7::new();
        Sent {
            challenge_id: Uuid::new_v7(uuid::Timestamp::from_unix(context, 1_626_087_600, 0)),
            next: Next::parse("/campaigns/1/clinics?region=18").unwrap(),
            way: Way::Person,
            typed: Form::of([("name", "김민지".into()), ("phone", "01012345678".into())]),
        }
    }

    #[test]
    fn a_challenge_tells_how_long_its_code_works() {
        let at = |seconds| made_at() + TimeDelta::seconds(seconds);
        let (t, sent) = (Texts(Language::English), sent());
        assert_eq!(sent.time(t, at(0)).as_deref(), Some("5 minutes"));
        assert_eq!(sent.time(t, at(241)).as_deref(), Some("59 seconds"));
        assert!(!sent.has_expired(at(299)));
        assert!(sent.has_expired(at(300)));
        assert_eq!(sent.time(t, at(300)), None);
        let foreign = Sent { challenge_id: Uuid::from_u128(7), ..sent };
        assert!(foreign.has_expired(at(0)), "not one of ours");
    }

    #[test]
    fn what_is_sealed_is_read_here_alone_and_for_half_an_hour() {
        let (sent, now) = (sent(), made_at());
        let sealed = sent.seal(&key(1)).unwrap();
        assert!(!sealed.contains("MDEwMTIzNDU2Nzg"), "{sealed}");
        assert_ne!(sealed, sent.seal(&key(1)).unwrap(), "the same twice is not the same");
        let opened = Sent::open(&sealed, &key(1), now).expect("ours");
        assert_eq!(format!("{opened:?}"), format!("{sent:?}"));
        assert!(Sent::open(&sealed, &key(1), now + TimeDelta::minutes(29)).is_some());
        assert!(Sent::open(&sealed, &key(1), now + TimeDelta::minutes(30)).is_none(), "too old");
        assert!(Sent::open(&sealed, &key(2), now).is_none(), "another service");
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert!(Sent::open(&forged, &key(1), now).is_none(), "{at}");
        }
        for text in ["", "AAAA", "not base64!"] {
            assert!(Sent::open(text, &key(1), now).is_none(), "{text}");
        }
    }

    #[test]
    fn a_form_is_believed_its_challenge_and_what_is_sealed_for_it() {
        let (sent, now) = (sent(), made_at());
        let sealed = sent.seal(&key(1)).unwrap();
        let form = |challenge_id: Uuid| {
            let fields = [(CHALLENGE, challenge_id.to_string()), (SEALED, sealed.clone())];
            Sent::of_form(&Form::of(fields), &key(1), now).expect("a challenge")
        };
        assert_eq!(form(sent.challenge_id).typed.text("name"), "김민지");
        let other = form(Uuid::from_u128(7));
        assert_eq!((other.typed.text("name"), other.next), ("", Next::default()));
        assert!(Sent::of_form(&Form::default(), &key(1), now).is_none());
    }
}
