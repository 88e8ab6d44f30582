//! Resources as the route tables write them down, and the answers where there is none.

use actix_web::{Resource, web};

use super::problem::Problem;
use crate::domain::{Code, Detail, Refusal};

/// A resource that answers unknown methods with a problem document.
pub fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(method_not_allowed))
}

/// For paths that lead nowhere.
///
/// # Errors
/// Always: there is nothing here.
pub async fn not_found() -> Result<String, Problem> {
    Err(Refusal::not_found().into())
}

async fn method_not_allowed() -> Result<String, Problem> {
    Err(Problem::new(Code::MethodNotAllowed, Detail::NoSuchMethod))
}
