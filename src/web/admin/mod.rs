//! Pages of administrators, one file a page. This file is their route table.

pub mod start;

use actix_web::web::{ServiceConfig, get};

use super::route::both;

/// Every page of administrators.
pub fn routes(pages: &mut ServiceConfig) {
    pages.service(both("/admin").route(get().to(start::get_start)));
}
