//! Pages for people. This file is their route table; docs/pages.md says how a page is built.

pub mod asset;
pub mod dev;
pub mod docs;
pub mod draw;
pub mod form;
pub mod guard;
pub mod next;
pub mod page;
pub mod part;
pub mod shelf;
pub mod style;
pub mod text;

use actix_web::{
    Resource,
    web::{ServiceConfig, get},
};

use crate::http::{prerendered, route::at};

/// Every page for the public.
pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(at("/").route(get().to(docs::get_root)))
        .service(at("/docs").route(get().to(docs::get_docs)))
        .configure(public_routes);
}

/// What answers only on this machine, at an address of its own.
pub fn local_routes(pages: &mut ServiceConfig) {
    pages.service(at("/dev/codes").route(get().to(dev::get_codes)));
}

/// What lies on the shelf, for HEAD and for whoever adds a query.
fn public_routes(pages: &mut ServiceConfig) {
    pages
        .service(at("/assets/{file}").route(get().to(prerendered::get_page)))
        .service(page("/style").route(get().to(prerendered::get_page)));
}

/// A page in both languages.
fn page(path: &str) -> Resource {
    at(&format!("/{{language:ko|en}}{path}"))
}
