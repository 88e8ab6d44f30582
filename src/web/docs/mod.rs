//! The page at /docs: openapi.yaml for people. It is rendered once, from the text that is served at
//! /openapi.yaml. It loads nothing and runs no script.

mod node;
mod page;
mod prose;
mod schema;

use std::{io, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY},
};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::{
    api::openapi::TEXT,
    board::document::Document,
    http::{negotiate, problem::Problem},
};
use node::Node;

/// The page's style sheet.
const STYLE: &str = include_str!("style.css");

static PAGE: LazyLock<io::Result<Page>> = LazyLock::new(|| {
    let document: Node = serde_saphyr::from_str(TEXT).map_err(io::Error::other)?;
    let text = page::write(&document, STYLE).map_err(io::Error::other)?;
    Ok(Page { document: Document::from_bytes(text.into_bytes())?, policy: policy()? })
});

struct Page {
    document: Document,
    policy: HeaderValue,
}

/// The documentation of the API.
///
/// # Errors
/// `internal` if openapi.yaml cannot be parsed; a test parses it.
pub async fn get_docs(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let page = PAGE.as_ref().map_err(Problem::internal)?;
    let mut response = negotiate::send(&request, &page.document, "text/html; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, page.policy.clone());
    Ok(response)
}

/// Nothing is loaded and nothing runs; the only style sheet is in the page.
fn policy() -> io::Result<HeaderValue> {
    let hash = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    policy.parse().map_err(io::Error::other)
}
