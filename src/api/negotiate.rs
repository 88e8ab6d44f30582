//! Public answers: which coding the client wants, and whether it has the answer already.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName,
        IF_NONE_MATCH, VARY,
    },
    web::Bytes,
};
use serde::Serialize;

use super::problem::Problem;
use crate::board::document::{Coding, Document};

/// Any cache may keep the answer for a second, which is how often the board changes, and may go on
/// giving it while it asks for the next.
pub const PUBLIC: &str = "public, max-age=1, stale-while-revalidate=10";

const JSON: &str = "application/json";

/// Sends a document, or says that the client has it.
pub fn send(request: &HttpRequest, document: &Document) -> HttpResponse {
    send_as(request, document, JSON)
}

/// As `send`, for a document of any media type.
pub fn send_as(request: &HttpRequest, document: &Document, kind: &'static str) -> HttpResponse {
    let coding = coding(&values(request, &ACCEPT_ENCODING));
    let variant = document.variant(coding);
    match is_known(&values(request, &IF_NONE_MATCH), &variant.etag) {
        true => not_modified(&variant.etag),
        false => ok(coding, &variant.etag, kind).body(Bytes::from_owner(variant.bytes.clone())),
    }
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
    let coding = coding(&values(request, &ACCEPT_ENCODING));
    let etag = coding.tag(hash);
    if is_known(&values(request, &IF_NONE_MATCH), &etag) {
        return Ok(not_modified(&etag));
    }
    let bytes = serde_json::to_vec(&make()?).map_err(Problem::internal)?;
    Ok(ok(coding, &etag, JSON).body(coding.encode_once(bytes).map_err(Problem::internal)?))
}

fn not_modified(etag: &str) -> HttpResponse {
    about(HttpResponse::NotModified(), etag).finish()
}

fn ok(coding: Coding, etag: &str, kind: &'static str) -> HttpResponseBuilder {
    let mut response = about(HttpResponse::Ok(), etag);
    response.insert_header((CONTENT_TYPE, kind));
    if let Some(name) = coding.name() {
        response.insert_header((CONTENT_ENCODING, name));
    }
    response
}

fn about(mut response: HttpResponseBuilder, etag: &str) -> HttpResponseBuilder {
    response
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, PUBLIC))
        .insert_header((VARY, "Accept-Encoding"));
    response
}

/// The lists in all lines of a header as one list.
fn values(request: &HttpRequest, name: &HeaderName) -> String {
    let values = request.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// The coding that the client likes best; among equals ours (RFC 9110, 12.5.3).
fn coding(accepted: &str) -> Coding {
    let weight = |name: &str| {
        let mut any = None;
        for item in accepted.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            // Thousandths; what cannot be read counts as not wanted.
            let weight = match parts.find_map(|part| part.strip_prefix("q=")) {
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
    let candidates = [
        (weight("gzip").or_else(|| weight("x-gzip")).unwrap_or(0.0), Coding::Gzip),
        (weight("br").unwrap_or(0.0), Coding::Brotli),
    ];
    let liked = candidates.into_iter().filter(|(weight, _)| *weight > 0.0 && *weight >= identity);
    liked.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(Coding::Identity, |(_, coding)| coding)
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
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0.5, gzip", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*;q=0.5, br;q=0", Coding::Gzip),
            ("br;q=yes", Coding::Identity),
            ("deflate", Coding::Identity),
        ] {
            assert_eq!(coding(accepted), expected, "{accepted:?}");
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
