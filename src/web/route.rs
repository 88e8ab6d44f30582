//! Resources of pages as the route tables write them down.

use actix_web::Resource;

use crate::http::route::at;

/// A page in both languages.
pub fn both(path: &str) -> Resource {
    at(&format!("/{{language:ko|en}}{path}"))
}
