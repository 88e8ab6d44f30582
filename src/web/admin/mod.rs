//! Pages of administrators, a file or a folder a family. This file is their route table.

pub mod campaign;
pub mod field;
pub mod import;
pub mod journal;
pub mod look;
pub mod moment;
pub mod sheet;
pub mod user;

use actix_web::web::ServiceConfig;

/// Every page of administrators.
pub fn routes(pages: &mut ServiceConfig) {
    pages
        .configure(campaign::routes)
        .configure(import::routes)
        .configure(journal::routes)
        .configure(user::routes)
        .configure(look::routes);
}
