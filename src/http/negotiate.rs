//! Public answers: which coding the client wants, and whether it has the answer already.

use std::borrow::Cow;

use actix_http::Response;
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap,
            HeaderName, HeaderValue, IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    web::Bytes,
};
use serde::Serialize;

use super::problem::Problem;
use crate::board::document::{Coding, Document};

/// Any cache may keep the answer for a second, which is how often the board changes, and may go on
/// giving it while it asks for the next.
pub const PUBLIC: &str = "public, max-age=1, stale-while-revalidate=10";

/// The media type of JSON documents.
pub const JSON: &str = "application/json";

/// What is made for one answer: quickly done, gzip is no larger than Brotli and takes half the time
/// (a page of 17 kB: 4.8 and 4.9 kB, 30 and 70 microseconds), so nobody is sent Brotli, whatever
/// they like best.
const ONCE: Coding = Coding::Gzip;

/// A shorter body fits into one packet as it is.
const ENCODED_BYTES_MIN: usize = 1024;

/// Sends a document of the media type, or says that the client has it.
pub fn send(request: &HttpRequest, document: &Document, kind: &'static str) -> HttpResponse {
    answer(request.headers(), document, kind).map_into_boxed_body().into()
}

/// As `send`, to a request with these headers.
pub fn answer(headers: &HeaderMap, document: &Document, kind: &'static str) -> Response<Bytes> {
    let coding = coding(&values(headers, &ACCEPT_ENCODING));
    let variant = document.variant(coding);
    if knows(headers, &variant.etag) {
        return not_modified(&variant.etag);
    }
    ok((coding, &variant.etag), kind, Bytes::from_owner(variant.bytes.clone()))
}

/// Whether the client has the answer with this tag already.
pub fn has(request: &HttpRequest, etag: &str) -> bool {
    knows(request.headers(), etag)
}

/// The coding of what is made for one answer, as these headers like it.
pub fn coding_once(headers: &HeaderMap) -> Coding {
    liked_once(&values(headers, &ACCEPT_ENCODING))
}

/// Whether who sent these headers has the answer with this tag already.
pub fn knows(headers: &HeaderMap, etag: &str) -> bool {
    is_known(&values(headers, &IF_NONE_MATCH), etag)
}

/// Encodes a body that is made for this one answer, where it is long enough to gain by that.
///
/// # Errors
/// `internal` when it cannot be encoded.
pub fn encode(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    body: String,
) -> Result<HttpResponse, Problem> {
    let coding = coding_once(request.headers());
    response.append_header((VARY, "Accept-Encoding"));
    let Some(name) = coding.name().filter(|_| body.len() >= ENCODED_BYTES_MIN) else {
        return Ok(response.body(body));
    };
    let bytes = coding.encode_once(body.into_bytes()).map_err(Problem::internal)?;
    Ok(response.insert_header((CONTENT_ENCODING, name)).body(bytes))
}

/// Makes and sends an answer that no two requests need alike. The hash stands for its content:
/// where the client has that already, it is not made.
///
/// # Errors
/// Those of `make`; `internal` when the answer cannot be written.
pub fn send_made<T: Serialize>(
    request: &HttpRequest,
    hash: &[u8],
    make: impl FnOnce() -> Result<T, Problem>,
) -> Result<HttpResponse, Problem> {
    let headers = request.headers();
    let coding = coding_once(headers);
    let etag = coding.tag(hash);
    if knows(headers, &etag) {
        return Ok(not_modified(&etag).map_into_boxed_body().into());
    }
    let bytes = serde_json::to_vec(&make()?).map_err(Problem::internal)?;
    let bytes = coding.encode_once(bytes).map_err(Problem::internal)?;
    Ok(ok((coding, &etag), JSON, bytes.into()).map_into_boxed_body().into())
}

/// Says that the client has the answer with this tag.
pub fn not_modified(etag: &str) -> Response<Bytes> {
    about(StatusCode::NOT_MODIFIED, etag, Bytes::new())
}

/// An answer in this coding, with its tag and media type.
pub fn ok((coding, etag): (Coding, &str), kind: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = about(StatusCode::OK, etag, body);
    describe(response.headers_mut(), coding, kind);
    response
}

/// Says what the body is, and that another client may get another coding.
pub fn describe(headers: &mut HeaderMap, coding: Coding, kind: &'static str) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(name) = coding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
}

fn about(status: StatusCode, etag: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::with_body(status, body);
    let headers = response.headers_mut();
    // A tag is letters between quotes, which any header may hold.
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The lists in all lines of a header as one list.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    let mut values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    let first = values.next().unwrap_or_default();
    values.fold(first.into(), |list, next| format!("{list},{next}").into())
}

/// The coding that the client likes best; among equals Brotli (RFC 9110, 12.5.3).
fn coding(accepted: &str) -> Coding {
    liked(accepted, &[Coding::Gzip, Coding::Brotli])
}

/// The one of these that the client likes best; among equals the last.
fn liked<'a>(accepted: &'a str, offered: &[Coding]) -> Coding {
    let weight = |name: &str| {
        let mut any = None;
        for item in accepted.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            // Thousandths; what cannot be read counts as not wanted.
            let q = |part: &'a str| {
                let (name, value) = part.split_at_checked(2)?;
                name.eq_ignore_ascii_case("q=").then_some(value)
            };
            let weight = match parts.find_map(q) {
                None => 1000.0,
                Some(q) => q.parse::<f32>().map_or(0.0, |q| q.clamp(0.0, 1.0) * 1000.0),
            };
            if coding.eq_ignore_ascii_case(name) {
                return Some(weight);
            }
            if coding == "*" {
                any = Some(weight);
            }
        }
        any
    };
    // Without being named, only bytes as they are can be sent, and are liked least.
    let identity = weight("identity").unwrap_or(0.0);
    let weights = offered.iter().map(|coding| {
        let weight = match coding {
            Coding::Gzip => weight("gzip").or_else(|| weight("x-gzip")),
            Coding::Brotli => weight("br"),
            Coding::Identity => None,
        };
        (weight.unwrap_or(0.0), *coding)
    });
    weights
        .filter(|(weight, _)| *weight > 0.0 && *weight >= identity)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(Coding::Identity, |(_, coding)| coding)
}

fn liked_once(accepted: &str) -> Coding {
    liked(accepted, &[ONCE])
}

/// Whether If-None-Match names the tag; weak forms count, as RFC 9110, 13.1.2 asks.
fn is_known(listed: &str, etag: &str) -> bool {
    if listed.trim() == "*" {
        return true;
    }
    // Between two quotes a tag may contain commas, so that quotes and not commas separate.
    listed.split('"').skip(1).step_by(2).any(|tag| tag == etag.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_the_coding_that_it_likes_best() {
        for (accepted, expected) in [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br;q=0.5, gzip;q=0.9", Coding::Gzip),
            ("br; q=0.001, gzip;q=0", Coding::Brotli),
            ("br;q=0, gzip;q=0", Coding::Identity),
            ("br;Q=0, gzip;Q=0", Coding::Identity),
            ("br;Q=0.5, gzip;q=0.6", Coding::Gzip),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0.5, gzip", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*;q=0.5, br;q=0", Coding::Gzip),
            ("br;q=yes", Coding::Identity),
            ("deflate", Coding::Identity),
        ] {
            assert_eq!(coding(accepted), expected, "{accepted:?}");
        }
        for (accepted, expected) in [
            ("gzip, br", Coding::Gzip),
            ("gzip;q=0.9, br", Coding::Gzip),
            ("br", Coding::Identity),
            ("gzip;q=0, br", Coding::Identity),
        ] {
            assert_eq!(liked_once(accepted), expected, "{accepted}");
        }
    }

    #[test]
    fn a_tag_is_found_in_lists_and_in_its_weak_form() {
        let etag = "\"abc-br\"";
        for listed in
            ["\"abc-br\"", "W/\"abc-br\"", "*", "\"x\", W/\"y\" ,\"abc-br\"", "\"a,b\",\"abc-br\""]
        {
            assert!(is_known(listed, etag), "{listed}");
        }
        for listed in ["", "\"abc\"", "\"abc-gzip\"", "abc-br", "\"x,abc-br\"", "\"x\"abc-br\"y\""]
        {
            assert!(!is_known(listed, etag), "{listed}");
        }
    }
}
