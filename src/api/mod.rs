//! JSON over HTTP, one file per resource. This file is the route table: the whole surface on one
//! screen, the same as in openapi.yaml (a test compares them).

pub mod booking;
pub mod campaign;
pub mod clinic;
pub mod eligibility;
pub mod extract;
pub mod health;
pub mod log;
pub mod negotiate;
pub mod person;
pub mod principal;
pub mod problem;
pub mod region;
pub mod schedule;
pub mod session;
pub mod sign_in_code;
pub mod slot;
pub mod supply;

use actix_web::{
    Resource,
    web::{self, ServiceConfig, delete, get, post, put},
};

use crate::domain::{Code, Refusal};
use problem::Problem;

/// Every route of the service.
pub fn routes(api: &mut ServiceConfig) {
    api.service(at("/healthz").route(get().to(health::get_health)))
        .service(at("/readyz").route(get().to(health::get_readiness)))
        .service(at("/metrics").route(get().to(health::get_metrics)))
        .service(at("/v1/regions").route(get().to(region::list_regions)))
        .service(at("/v1/campaigns").route(get().to(campaign::list_campaigns)))
        .service(at("/v1/campaigns/{campaign_id}").route(get().to(campaign::get_campaign)))
        .service(at("/v1/campaigns/{campaign_id}/supply").route(get().to(supply::get_supply)))
        .service(
            at("/v1/campaigns/{campaign_id}/supply/history").route(get().to(supply::list_history)),
        )
        .service(at("/v1/campaigns/{campaign_id}/clinics").route(get().to(clinic::list_clinics)))
        .service(at("/v1/clinics/{clinic_id}/slots").route(get().to(slot::list_slots)))
        .service(at("/v1/auth/codes").route(post().to(sign_in_code::post_code)))
        .service(at("/v1/auth/sessions").route(post().to(session::post_session)))
        .service(
            at("/v1/auth/staff-sessions")
                .route(post().to(session::post_staff_session))
                .route(delete().to(session::delete_staff_session)),
        )
        .service(at("/v1/eligibility").route(post().to(eligibility::post_eligibility)))
        .service(at("/v1/me").route(get().to(person::get_me)))
        .service(at("/v1/clinics/{clinic_id}/schedule").route(get().to(schedule::get_schedule)))
        .service(at("/v1/bookings").route(get().to(booking::list_bookings)))
        .service(
            at("/v1/bookings/{booking_id}")
                .route(get().to(booking::get_booking))
                .route(put().to(booking::put_booking))
                .route(delete().to(booking::delete_booking)),
        );
}

/// A resource that answers unknown methods with a problem document.
pub fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(method_not_allowed))
}

/// For paths that lead nowhere.
///
/// # Errors
/// Always: there is nothing here.
pub async fn not_found() -> Result<String, Problem> {
    Err(Refusal::not_found().into())
}

async fn method_not_allowed() -> Result<String, Problem> {
    Err(Problem::new(Code::MethodNotAllowed, "See /docs for what this resource can do."))
}
