//! The cookies of the pages: of this host alone, over TLS alone, and out of the reach of scripts.

use actix_web::cookie::{Cookie, SameSite, time::Duration};

/// Comes with a link that stands elsewhere, too: in a message, or in web mail.
pub fn lax(name: &'static str, value: String, max_age: Duration) -> Cookie<'static> {
    kept(name, value, (SameSite::Lax, max_age))
}

/// Comes only from page to page: nothing that stands elsewhere leads in with it.
pub fn strict(name: &'static str, value: String, max_age: Duration) -> Cookie<'static> {
    kept(name, value, (SameSite::Strict, max_age))
}

fn kept(
    name: &'static str,
    value: String,
    (same_site, max_age): (SameSite, Duration),
) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(same_site)
        .max_age(max_age)
        .finish()
}
