//! Files of administrators by pages: sent, tried, loaded, and found again.

pub mod entry;
pub mod job;
mod order;
pub mod outcome;
pub mod reject;
pub mod send;

use crate::web::route::both;
use actix_web::web::ServiceConfig;

use crate::http::route::{get, post};

pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(both("/admin/imports").route(get().to(entry::get_imports)))
        .service(
            both("/admin/imports/jobs/{job_id}")
                .route(get().to(job::get_job))
                .route(post().to(job::post_job)),
        )
        .service(both("/admin/imports/jobs/{job_id}/now").route(get().to(job::get_now)))
        .service(both("/admin/imports/jobs/{job_id}/rejects.csv").route(get().to(job::get_rejects)))
        .service(both("/admin/imports/{kind}/template").route(get().to(send::get_template)))
        .service(
            both("/admin/imports/{kind}")
                .route(get().to(send::get_form))
                .route(post().to(send::post_file)),
        )
        .service(both("/admin/imports/{kind}/{import_id}").route(get().to(entry::get_import)))
        .service(
            both("/admin/imports/{kind}/{import_id}/rejects.csv")
                .route(get().to(entry::get_rejects)),
        );
}
