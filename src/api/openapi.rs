//! The contract, served as it is written. Tests hold the service to it.

use std::{io, sync::LazyLock};

use actix_web::{HttpRequest, HttpResponse};

use crate::{
    board::document::Document,
    http::{negotiate, problem::Problem},
};

/// openapi.yaml, as in the repository.
pub const TEXT: &str = include_str!("../../openapi.yaml");

static DOCUMENT: LazyLock<io::Result<Document>> =
    LazyLock::new(|| Document::from_bytes(TEXT.as_bytes().to_vec()));

/// OpenAPI 3.1 for machines; `/docs` is the same for people.
///
/// # Errors
/// `internal` when it could not be encoded.
pub async fn get_openapi(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let document = DOCUMENT.as_ref().map_err(Problem::internal)?;
    Ok(negotiate::send(&request, document, "application/yaml"))
}
