//! Pages of a clinic's staff. This file is their route table.

pub mod call_centre;
pub mod close;
pub mod find;
pub mod name;
pub mod person;
pub mod proposed;
pub mod register;
pub mod today;
pub mod vial;
pub mod visit;
pub mod visit_form;
pub mod visit_page;
pub mod walk_in;
pub mod week;

use actix_web::web::ServiceConfig;

use super::route::both;
use crate::http::route::{get, post};

/// Every page of a clinic.
pub fn routes(pages: &mut ServiceConfig) {
    let at = |path: &str| both(&format!("/clinic/{{clinic_id}}{path}"));
    pages
        .service(at("").route(get().to(today::get_today)))
        .service(both("/call-centre").route(get().to(call_centre::get_call_centre)))
        .service(at("/now").route(get().to(today::get_now)))
        .service(at("/find").route(get().to(find::get_find)).route(post().to(find::post_find)))
        .service(
            at("/bookings/{booking_id}")
                .route(get().to(visit::get_visit))
                .route(post().to(visit::post_step)),
        )
        .service(
            at("/walk-in")
                .route(get().to(walk_in::get_walk_in))
                .route(post().to(walk_in::post_walk_in)),
        )
        .service(
            at("/register")
                .route(get().to(register::get_register))
                .route(post().to(register::post_register)),
        )
        .service(
            at("/persons/{person_id}")
                .route(get().to(person::get_person))
                .route(post().to(person::post_person)),
        )
        .service(at("/close").route(get().to(close::get_close)).route(post().to(close::post_close)))
        .service(at("/week").route(get().to(week::get_week)));
}
