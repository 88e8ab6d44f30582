//! Pages of administrators, a file or a folder a family. This file is their route table.

pub mod block;
pub mod campaign;
pub mod clinic;
pub mod clinic_form;
pub mod closure;
pub mod exclusion;
pub mod field;
pub mod hours;
pub mod import;
pub mod journal;
pub mod look;
pub mod moment;
pub mod person;
pub mod pool;
pub mod pool_press;
pub mod sheet;
pub mod split;
pub mod supply;
pub mod typed;
pub mod user;

use actix_web::web::ServiceConfig;

use super::route::both;
use crate::http::route::{get, post};

/// Every page of administrators.
pub fn routes(pages: &mut ServiceConfig) {
    pages
        .configure(campaign::routes)
        .configure(import::routes)
        .configure(journal::routes)
        .configure(user::routes)
        .configure(look::routes)
        .configure(dose_routes)
        .configure(place_routes)
        .configure(person_routes);
}

/// Doses above the clinic, and their split.
fn dose_routes(pages: &mut ServiceConfig) {
    let one = |path: &str| both(&format!("/admin/pools/{{pool_id}}{path}"));
    pages
        .service(both("/admin/pools").route(get().to(pool::get_pools)))
        .service(
            both("/admin/pools/new")
                .route(get().to(pool_press::get_new))
                .route(post().to(pool_press::post_new)),
        )
        .service(one("").route(get().to(pool::get_pool)))
        .service(
            one("/split").route(get().to(split::get_split)).route(post().to(split::post_split)),
        )
        .service(
            one("/lines/{movement_id}")
                .route(get().to(pool_press::get_line))
                .route(post().to(pool_press::post_line)),
        )
        .service(
            one("/{press}")
                .route(get().to(pool_press::get_press))
                .route(post().to(pool_press::post_press)),
        );
}

/// How the doses stand, and the clinics.
fn place_routes(pages: &mut ServiceConfig) {
    let one = |path: &str| both(&format!("/admin/clinics/{{clinic_id}}{path}"));
    pages
        .service(both("/admin/supply").route(get().to(supply::get_supply)))
        .service(both("/admin/supply/{campaign_id}/{file}").route(get().to(supply::get_file)))
        .service(both("/admin/clinics").route(get().to(clinic::get_clinics)))
        .service(
            both("/admin/clinics/new")
                .route(get().to(clinic_form::get_new))
                .route(post().to(clinic_form::post_new)),
        )
        .service(one("").route(get().to(clinic::get_clinic)))
        .service(
            one("/correct")
                .route(get().to(clinic_form::get_correct))
                .route(post().to(clinic_form::post_correct)),
        )
        .service(
            one("/hours").route(get().to(hours::get_hours)).route(post().to(hours::post_hours)),
        )
        .service(
            one("/closures")
                .route(get().to(closure::get_closures))
                .route(post().to(closure::post_closures)),
        )
        .service(one("/closures/{date}").route(get().to(closure::get_day)))
        .service(one("/closures/{date}/{press}").route(post().to(closure::post_day)));
}

/// Persons of the register.
fn person_routes(pages: &mut ServiceConfig) {
    let one = |path: &str| both(&format!("/admin/persons/{{person_id}}{path}"));
    pages
        .service(
            both("/admin/persons")
                .route(get().to(person::get_find))
                .route(post().to(person::post_find)),
        )
        .service(one("").route(get().to(person::get_person)))
        .service(
            one("/exclusions/{exclusion_id}/lift")
                .route(get().to(exclusion::get_lift))
                .route(post().to(exclusion::post_lift)),
        )
        .service(
            one("/{press}").route(get().to(person::get_press)).route(post().to(person::post_press)),
        );
}
