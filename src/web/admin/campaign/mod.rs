//! Campaigns of administrators: what each needs, its draft as a list of tasks, and its steps.

pub mod cohort;
pub mod end;
pub mod head;
pub mod list;
pub mod list_form;
pub mod product;
pub mod setting;
pub mod step;
pub mod task;
pub mod tranche;
pub mod version;

use actix_web::web::ServiceConfig;

use crate::http::route::{get, post};

use crate::web::route::both;

pub fn routes(pages: &mut ServiceConfig) {
    let one = |path: &str| both(&format!("/admin/campaigns/{{campaign_id}}{path}"));
    pages
        .service(both("/admin").route(get().to(list::get_campaigns)))
        .service(
            both("/admin/campaigns/new")
                .route(get().to(setting::get_new))
                .route(post().to(setting::post_new)),
        )
        .service(one("").route(get().to(task::get_campaign)))
        .service(one("/check").route(get().to(task::get_check)))
        .service(
            one("/settings")
                .route(get().to(setting::get_settings))
                .route(post().to(setting::post_settings)),
        )
        .service(
            one("/products")
                .route(get().to(product::get_products))
                .route(post().to(product::post_products)),
        )
        .service(one("/products/new").route(post().to(product::post_new)))
        .service(
            one("/cohorts")
                .route(get().to(cohort::get_cohorts))
                .route(post().to(cohort::post_cohort)),
        )
        .service(
            one("/cohorts/{cohort_id}/end")
                .route(get().to(cohort::get_end))
                .route(post().to(cohort::post_end)),
        )
        .service(
            one("/tranches")
                .route(get().to(tranche::get_tranches))
                .route(post().to(tranche::post_tranche)),
        )
        .service(
            one("/tranches/{tranche_id}/end")
                .route(get().to(tranche::get_end))
                .route(post().to(tranche::post_end)),
        )
        .service(one("/{step}").route(get().to(step::get_step)).route(post().to(step::post_step)));
}
