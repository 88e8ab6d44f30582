//! Sessions in the browser. A cookie carries the same token as a bearer header does for programs,
//! and the two are never mixed: the API takes no cookies, and a request with `Authorization` has
//! none. Since a browser sends its cookie whoever causes the request, what is sent by a form must
//! come from a page of ours.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    cookie::{Cookie, time::Duration},
    dev::Payload,
    error::InternalError,
    http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, HeaderMap, HeaderName, LOCATION, ORIGIN},
    web::Data,
};
use chrono::{DateTime, Utc};

use super::{host_cookie, next::Next};
use crate::{
    config::Site,
    domain::{Code, Detail, Refusal, session::Session},
    flows::session::CitizenSession,
    http::{language, page, problem::Problem, state::App},
};

/// Browsers keep a cookie of this prefix only from a page that came encrypted, or from their own
/// machine, and send it to no other host.
const CITIZEN: &str = "__Host-citizen";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets through what a page of ours has sent: browsers say so in `Sec-Fetch-Site`, older ones by
/// `Origin`. Who says neither is no browser with a form of ours.
///
/// # Errors
/// `forbidden`.
pub fn from_our_page(headers: &HeaderMap, site: &Site) -> Result<(), Refusal> {
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name);
        let value = values.next().map(|value| value.to_str().unwrap_or_default());
        // Nobody sends two; what would be meant by the second?
        if values.next().is_some() { Some("") } else { value }
    };
    let is_ours = match (one(SEC_FETCH_SITE), one(ORIGIN)) {
        (Some(from), _) => matches!(from, "same-origin" | "none"),
        (None, Some(origin)) => is_our_origin(origin, one(HOST).unwrap_or_default(), site),
        (None, None) => false,
    };
    is_ours.then_some(()).ok_or_else(|| Refusal::new(Code::Forbidden, Detail::FormFromElsewhere))
}

/// A proxy may speak to us under another name than people do: theirs is the public one.
fn is_our_origin(origin: &str, host: &str, site: &Site) -> bool {
    let is_public = |ours: &str| ours.eq_ignore_ascii_case(origin);
    let of_origin = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_asked =
        of_origin.is_some_and(|name| !name.is_empty() && name.eq_ignore_ascii_case(host));
    is_asked || site.public_url.as_ref().is_some_and(|ours| is_public(ours.as_str()))
}

/// Whether the browser will keep a session, as far as its request tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Nothing speaks against it.
    Likely,
    /// It says nothing, and the page seems to have come unencrypted from another machine.
    Doubtful,
    /// The page came unencrypted from another machine.
    Impossible,
}

/// A browser names the scheme of its page only with a form (`Origin`), and sends `Sec-Fetch-Site`
/// only where it trusts the way.
pub fn keeping(headers: &HeaderMap, site: &Site) -> Keeping {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    let is_trusted = headers.contains_key(SEC_FETCH_SITE) || is_own_machine(host);
    if is_trusted {
        return Keeping::Likely;
    }
    if let Some(origin) = text(ORIGIN).filter(|origin| *origin != "null") {
        let is_plain = origin.starts_with("http://");
        return if is_plain { Keeping::Impossible } else { Keeping::Likely };
    }
    let forwarded = text(HeaderName::from_static("x-forwarded-proto"));
    let is_public = site.public_url.as_ref().is_some_and(|ours| ours.host() == host);
    let is_encrypted = forwarded == Some("https") || (is_public && site.is_behind_tls());
    if is_encrypted { Keeping::Likely } else { Keeping::Doubtful }
}

/// Names of the machine that the browser runs on, which it trusts without encryption.
pub fn is_own_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The cookie that keeps a session in the browser, for as long as it lasts.
pub fn keep(session: &CitizenSession, now: DateTime<Utc>) -> Cookie<'static> {
    let seconds = (session.expires_at - now).num_seconds().max(0);
    host_cookie::lax(CITIZEN, session.token.clone(), Duration::seconds(seconds))
}

/// Takes the cookie away.
pub fn forget() -> Cookie<'static> {
    host_cookie::lax(CITIZEN, String::new(), Duration::ZERO)
}

/// A citizen who has signed in with this browser. Who has not is sent to sign in, and comes back to
/// the page that they asked for.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn(pub Session);

impl FromRequest for SignedIn {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(app) = request.app_data::<Data<App>>() else {
            return ready(Err(Problem::internal("the handler has no App").into()));
        };
        let session = session(app, request).map(SignedIn);
        ready(session.ok_or_else(|| {
            let response = sign_in_first(app, request);
            InternalError::from_response("not signed in", response).into()
        }))
    }
}

fn session(app: &App, request: &HttpRequest) -> Option<Session> {
    if request.headers().contains_key(AUTHORIZATION) {
        return None;
    }
    let cookie = request.cookie(CITIZEN)?;
    app.sign_outs.open(&app.keys, cookie.value(), app.clock.now())
}

fn sign_in_first(app: &App, request: &HttpRequest) -> HttpResponse {
    let asked = request.uri().path_and_query().map_or("", |asked| asked.as_str());
    let (language, path) = language::of_path(asked).unwrap_or_default();
    let next = Next::parse(path).unwrap_or_default();
    let mut response = HttpResponse::SeeOther()
        .insert_header((LOCATION, next.sign_in(language)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish();
    page::guard(response.headers_mut(), &app.site);
    response
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
            headers.append(name, value);
        }
        headers
    }

    fn site(public_url: Option<&str>) -> Site {
        let public_url = public_url.map(|url| url.parse().expect("an origin"));
        Site { public_url, ..Site::default() }
    }

    const HOST: (&str, &str) = ("host", "book.example.kr");

    #[test]
    fn only_a_page_of_ours_may_send_a_form() {
        let none = site(None);
        for (lines, is_ours) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
            // The browser knows better than what it sends beside.
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://book.example.kr")], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            // Older browsers.
            (&[("origin", "https://book.example.kr")], true),
            (&[("origin", "http://book.example.kr")], true),
            (&[("origin", "https://BOOK.example.kr")], true),
            (&[("origin", "https://book.example.kr:8443")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://book.example.kr.evil.example")], false),
            (&[("origin", "https://evil.example/book.example.kr")], false),
            (&[("origin", "book.example.kr")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://")], false),
            (&[("origin", "")], false),
            (&[("origin", "https://book.example.kr"), ("origin", "https://evil.example")], false),
            (&[("referer", "https://book.example.kr/ko/sign-in")], false),
            (&[], false),
        ] {
            let lines = headers(&[&[HOST], lines].concat());
            assert_eq!(from_our_page(&lines, &none).is_ok(), is_ours, "{lines:?}");
        }
        let origin = headers(&[("origin", "https://")]);
        from_our_page(&origin, &none).expect_err("no host is not the host of no origin");
    }

    #[test]
    fn behind_a_proxy_the_public_address_is_ours() {
        let lines = headers(&[("host", "10.0.0.7:8080"), ("origin", "https://book.example.kr")]);
        from_our_page(&lines, &site(Some("https://book.example.kr"))).expect("the public address");
        from_our_page(&lines, &site(Some("http://book.example.kr"))).expect_err("not encrypted");
        from_our_page(&lines, &site(None)).expect_err("who is that?");
    }

    #[test]
    fn a_browser_keeps_the_session_where_it_trusts_the_way() {
        let public = Some("https://book.example.kr");
        for (lines, public, expected) in [
            (&[HOST, ("sec-fetch-site", "none")][..], None, Keeping::Likely),
            (&[("host", "127.0.0.1:8080")], None, Keeping::Likely),
            (&[("host", "localhost")], None, Keeping::Likely),
            (&[("host", "[::1]:8080")], None, Keeping::Likely),
            (&[("host", "lan.example:8080")], None, Keeping::Doubtful),
            (&[("host", "lan.example:8080")], public, Keeping::Doubtful),
            (&[HOST], public, Keeping::Likely),
            (&[HOST, ("x-forwarded-proto", "https")], None, Keeping::Likely),
            (&[HOST, ("origin", "https://book.example.kr")], None, Keeping::Likely),
            (&[HOST, ("origin", "http://book.example.kr")], None, Keeping::Impossible),
            (&[HOST, ("origin", "http://book.example.kr")], public, Keeping::Impossible),
            (&[("host", "localhost"), ("origin", "http://localhost")], None, Keeping::Likely),
        ] {
            assert_eq!(keeping(&headers(lines), &site(public)), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_cookie_is_the_browsers_alone() {
        let now = DateTime::UNIX_EPOCH;
        let session = CitizenSession {
            token: "c1.token".into(),
            expires_at: now + chrono::TimeDelta::hours(12),
            person_id: crate::domain::PersonId(7),
            home: None,
        };
        let expected = "__Host-citizen=c1.token; HttpOnly; SameSite=Lax; Secure; Path=/; \
                        Max-Age=43200";
        assert_eq!(keep(&session, now).to_string(), expected);
        assert!(forget().to_string().ends_with("Path=/; Max-Age=0"), "{}", forget());
    }
}
