//! Files of administrators by pages: sent, tried, loaded, and found again.

pub mod entry;
pub mod job;
pub mod send;

use actix_web::web::{ServiceConfig, get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    domain::import::{Counts, Kind},
    web::{route::both, staff_page::StaffVisitor, text::Texts},
    words,
};

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

/// A kind of file in a path.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct OfKind {
    pub kind: Kind,
}

/// When something of the administration was: by the clock of its zone.
pub fn when(visitor: &StaffVisitor, at: DateTime<Utc>) -> String {
    words::second(visitor.t().language(), at, crate::web::admin::ZONE)
}

/// What became of a file, in a line.
pub fn outcome(t: Texts, is_dry_run: bool, counts: &Counts) -> String {
    let count = |rows: u64| words::count(rows);
    let (new, changed) = (count(counts.rows_accepted), count(counts.rows_changed));
    let rejected = count(counts.rows_rejected);
    match is_dry_run {
        true => t.import_tried_line(&new, &changed, &rejected),
        false => t.import_loaded_line(&new, &changed, &rejected),
    }
}
