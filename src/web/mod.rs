//! Pages for people, one file per audience. This file is their route table.

pub mod dev;

use actix_web::web::{ServiceConfig, get};

use crate::api::at;

/// Every page of the service.
pub fn routes(pages: &mut ServiceConfig) {
    pages.service(at("/dev/codes").route(get().to(dev::get_codes)));
}
