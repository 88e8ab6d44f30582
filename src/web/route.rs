//! Resources of pages as the route tables write them down.

use crate::http::route::{At, at};

/// A page in both languages.
pub fn both(path: &str) -> At {
    at(&format!("/{{language:ko|en}}{path}"))
}
