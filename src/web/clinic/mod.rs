//! Pages of a clinic's staff. This file is their route table.

pub mod today;

use actix_web::web::{ServiceConfig, get};

use super::route::both;

/// Every page of a clinic.
pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(both("/clinic/{clinic_id}").route(get().to(today::get_today)))
        .service(both("/clinic/{clinic_id}/now").route(get().to(today::get_now)));
}
