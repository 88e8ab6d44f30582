//! The headers that every page carries, pre-rendered or not: nothing foreign is loaded, no other
//! site may frame it, and script cannot write markup.

use actix_web::{
    http::header::{
        CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
        STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    },
    web::Bytes,
};

use crate::{
    config::Site,
    domain::{Refusal, language::Language},
};

/// The media type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Only our own files, and no markup out of strings.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Browsers that have once come by TLS come by TLS for a year.
const ONLY_TLS: &str = "max-age=31536000";

/// A page that was asked for, and could not be answered with.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub site: &'a Site,
    pub language: Language,
    /// What was asked for, after its language.
    pub path: &'a str,
    /// A form was sent.
    pub is_press: bool,
    /// After how many seconds to come again, where that is known.
    pub retry_after: Option<u64>,
    /// The same with its language, and with what stands after a question mark.
    pub whole: &'a str,
    pub headers: &'a HeaderMap,
    /// What a form has sent; none where that was too much, or no form.
    pub sent: Option<&'a [u8]>,
}

/// The media type of forms, but for those that send files.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The body of a form, kept with its request: where the press is not taken, the page that says so
/// sends the same again.
pub struct SentForm(pub Bytes);

/// How refusals are said to those who asked for a page.
pub struct RefusalPages {
    pub site: Site,
    /// Makes the page; none where it cannot.
    pub make: fn(&Refusal, Asked<'_>) -> Option<String>,
}

/// Puts them on an answer. `no-referrer` would make browsers send `Origin: null` with our own
/// forms, so that they could not be told from a stranger's.
pub fn guard(headers: &mut HeaderMap, site: &Site) {
    let fixed = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(self)",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if site.is_behind_tls() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
}
