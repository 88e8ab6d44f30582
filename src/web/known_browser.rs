//! The cookie by which a browser is known as one in which staff have signed in. It outlives
//! their sessions and opens none.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};

use super::host_cookie;
use crate::domain::known_browser::KnownBrowser;

const COOKIE: &str = "__Host-known";
/// Longer than a holiday; each sign-in begins it anew.
const KEPT_DAYS: i64 = 180;

/// What the browser says of itself.
pub fn of(request: &HttpRequest) -> Option<KnownBrowser> {
    KnownBrowser::parse(request.cookie(COOKIE)?.value())
}

/// Has the browser keep it.
pub fn keep(browser: &KnownBrowser) -> Cookie<'static> {
    host_cookie::strict(COOKIE, browser.to_string(), Duration::days(KEPT_DAYS))
}
