//! What a press has done, said once on the page to which it leads. It lies in a sealed cookie until
//! then, because what was done may name a person, and addresses must not.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{host_cookie, seal};
use crate::{domain::keys::SealKey, http::problem::Problem};

/// Kept as the session is: from an encrypted page, or by the machine itself.
const COOKIE: &str = "__Host-done";
/// What is sealed means nothing in another place.
const PURPOSE: &[u8] = b"done";
/// A page that does not come within a minute is another visit.
const KEPT_SECONDS: i64 = 60;
/// Browsers keep no cookie above 4,096 bytes; a character has up to four.
const CHARS_MAX: usize = 600;

/// A sentence about what was done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Done {
    /// In the language of the page that shows it.
    pub text: String,
    /// Something was not as expected, and should be read.
    pub is_warning: bool,
}

/// When, for which path (language included, query not), and what.
#[derive(Deserialize, Serialize)]
struct Content(i64, String, Done);

impl Done {
    /// It went as it should.
    pub fn well(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_warning: false }
    }

    /// It went, but there is something to know.
    pub fn but(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_warning: true }
    }

    /// The cookie that carries it to the page at this path.
    ///
    /// # Errors
    /// `internal` when the machine gives no random bytes.
    pub fn keep(
        self,
        key: &SealKey,
        path: &str,
        now: DateTime<Utc>,
    ) -> Result<Cookie<'static>, Problem> {
        let text = self.text.chars().take(CHARS_MAX).collect();
        let content = Content(now.timestamp(), bare(path), Self { text, ..self });
        let text = serde_json::to_vec(&content).map_err(Problem::internal)?;
        Ok(host_cookie::strict(
            COOKIE,
            seal::close(key, PURPOSE, text)?,
            Duration::seconds(KEPT_SECONDS),
        ))
    }

    /// What the browser has for this page.
    pub fn of(request: &HttpRequest, key: &SealKey, now: DateTime<Utc>) -> Option<Self> {
        let text = seal::open(key, PURPOSE, request.cookie(COOKIE)?.value())?;
        let Content(at, path, done) = serde_json::from_slice(&text).ok()?;
        let at = DateTime::from_timestamp(at, 0)?;
        let is_new = now < at.checked_add_signed(TimeDelta::seconds(KEPT_SECONDS))?;
        (is_new && path == request.path()).then_some(done)
    }

    /// Takes the cookie away: it was said.
    pub fn forget() -> Cookie<'static> {
        host_cookie::strict(COOKIE, String::new(), Duration::ZERO)
    }
}

/// Where it is shown does not depend on what is chosen there.
fn bare(path: &str) -> String {
    path.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::domain::keys::Keys;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_626_087_600, 0).unwrap()
    }

    #[test]
    fn what_was_done_is_said_on_its_page_within_a_minute() {
        let key = Keys::new(&[1; 32]).seal;
        let kept = Done::well("Kim is checked in").keep(&key, "/ko/clinic/1?date=x", now());
        let kept = kept.unwrap();
        assert!(!kept.value().contains("Kim"));
        let said = |path: &str, seconds| {
            let request = TestRequest::with_uri(path).cookie(kept.clone()).to_http_request();
            Done::of(&request, &key, now() + TimeDelta::seconds(seconds)).map(|done| done.text)
        };
        assert_eq!(said("/ko/clinic/1", 59).as_deref(), Some("Kim is checked in"));
        assert_eq!(said("/ko/clinic/1?x=1", 0).as_deref(), Some("Kim is checked in"));
        assert_eq!(said("/ko/clinic/1", 60), None);
        assert_eq!(said("/ko/clinic/2", 0), None);
    }

    #[test]
    fn a_browser_can_keep_the_longest() {
        let key = Keys::new(&[1; 32]).seal;
        let path = format!("/ko/clinic/{}", "1".repeat(100));
        let kept = Done::but("백".repeat(2_000)).keep(&key, &path, now()).unwrap();
        assert!(kept.to_string().len() < 4_000, "{}", kept.to_string().len());
    }
}
