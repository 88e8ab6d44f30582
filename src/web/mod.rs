//! Pages for people, one file per audience. This file is their route table.

pub mod dev;
pub mod docs;
pub mod form;

use actix_web::web::{ServiceConfig, get};

use crate::http::route::at;

/// Every page for the public.
pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(at("/").route(get().to(docs::get_root)))
        .service(at("/docs").route(get().to(docs::get_docs)));
}

/// What answers only on this machine, at an address of its own.
pub fn local_routes(pages: &mut ServiceConfig) {
    pages.service(at("/dev/codes").route(get().to(dev::get_codes)));
}
