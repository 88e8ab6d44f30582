//! JSON over HTTP, one file per resource. This file is the route table: the whole surface on one
//! screen, the same as in openapi.yaml (a test compares them).

pub mod admin;

pub mod booking;
pub mod clinic;
pub mod closure;
pub mod day;
pub mod day_close;
pub mod day_dose;
pub mod eligibility;
pub mod health;
pub mod import;
pub mod localized;
pub mod openapi;
pub mod person;
pub mod person_find;
pub mod proposal;
pub mod schedule;
pub mod session;
pub mod sign_in_code;
pub mod slot;
pub mod staff_booking;
pub mod supply_history;
pub mod template;
pub mod visit;
pub mod walk_in;

use actix_web::web::ServiceConfig;

use crate::http::{
    prerendered,
    route::{at, delete, get, patch, post, put},
};

/// Every route of the service. The router tries them in this order, a pattern each: what everybody
/// asks for at the opening comes first.
pub fn routes(api: &mut ServiceConfig) {
    api.configure(opening_routes)
        .configure(citizen_routes)
        .configure(campaign_routes)
        .configure(place_routes)
        .configure(day_routes)
        .configure(person_routes)
        .configure(hours_routes)
        .configure(dose_routes)
        .configure(user_routes)
        .configure(desk_routes);
}

/// What answers at an address of its own.
pub fn metrics_routes(api: &mut ServiceConfig) {
    api.service(at("/metrics").route(get().to(health::get_metrics_here)));
}

/// What the crowd of an opening asks for.
fn opening_routes(api: &mut ServiceConfig) {
    api.service(
        at("/v1/bookings/{booking_id}")
            .route(put().to(booking::put_booking))
            .route(get().to(booking::get_booking))
            .route(delete().to(booking::delete_booking)),
    )
    .service(at("/v1/eligibility").route(post().to(eligibility::post_eligibility)))
    .service(at("/v1/campaigns/{campaign_id}/supply").route(get().to(prerendered::get_document)))
    .service(at("/v1/campaigns/{campaign_id}/clinics").route(get().to(clinic::list_clinics)))
    .service(at("/v1/clinics/{clinic_id}/slots").route(get().to(slot::list_slots)));
}

/// For everybody else, citizens and clinics.
fn citizen_routes(api: &mut ServiceConfig) {
    api.service(at("/healthz").route(get().to(health::get_health)))
        .service(at("/readyz").route(get().to(health::get_readiness)))
        .service(at("/metrics").route(get().to(health::get_metrics)))
        .service(at("/openapi.yaml").route(get().to(openapi::get_openapi)))
        .service(at("/v1/regions").route(get().to(prerendered::get_document)))
        .service(at("/v1/campaigns").route(get().to(prerendered::get_document)))
        .service(at("/v1/campaigns/{campaign_id}").route(get().to(prerendered::get_document)))
        .service(
            at("/v1/campaigns/{campaign_id}/supply/history")
                .route(get().to(supply_history::list_history)),
        )
        .service(at("/v1/auth/codes").route(post().to(sign_in_code::post_code)))
        .service(at("/v1/auth/booking-codes").route(post().to(sign_in_code::post_booking_code)))
        .service(
            at("/v1/auth/sessions")
                .route(post().to(session::post_session))
                .route(delete().to(session::delete_session)),
        )
        .service(at("/v1/me/sessions").route(delete().to(session::delete_all_sessions)))
        .service(
            at("/v1/auth/staff-sessions")
                .route(post().to(session::post_staff_session))
                .route(delete().to(session::delete_staff_session)),
        )
        .service(at("/v1/auth/invitations").route(post().to(session::post_invitation)))
        .service(at("/v1/me").route(get().to(person::get_me)))
        .service(at("/v1/clinics/{clinic_id}/schedule").route(get().to(schedule::get_schedule)))
        .service(
            at("/v1/clinics/{clinic_id}/bookings/find").route(post().to(schedule::find_bookings)),
        )
        .service(
            at("/v1/clinics/{clinic_id}/bookings/{booking_id}").route(get().to(visit::get_visit)),
        )
        .service(
            at("/v1/clinics/{clinic_id}/bookings/{booking_id}/steps/{step_id}")
                .route(put().to(visit::put_step)),
        )
        .service(at("/v1/bookings").route(get().to(booking::list_bookings)))
        .service(
            at("/v1/bookings/{booking_id}/alternatives")
                .route(get().to(closure::list_alternatives)),
        )
        .service(at("/v1/bookings/{booking_id}/move").route(post().to(closure::post_move)))
        .service(at("/v1/admin/imports/{kind}").route(post().to(import::post_import)))
        .service(at("/v1/admin/imports/{kind}/template").route(get().to(template::get_template)))
        .service(
            at("/v1/admin/imports/{kind}/{import_id}").route(get().to(admin::import::get_import)),
        )
        .service(at("/v1/admin/imports").route(get().to(admin::import::list_imports)));
}

/// For clinics: their days, and what becomes of the doses of each.
fn day_routes(api: &mut ServiceConfig) {
    let one = |path: &str| at(&format!("/v1/clinics/{{clinic_id}}/days/{{date}}{path}"));
    api.service(one("").route(get().to(day::get_day)))
        .service(one("/doses").route(post().to(day_dose::post_doses)))
        .service(one("/close").route(post().to(day_close::post_close)))
        .service(one("/reopen").route(post().to(day_close::post_reopen)));
}

/// For administrators: campaigns and their rules.
fn campaign_routes(api: &mut ServiceConfig) {
    use admin::{campaign, campaign_draft, check, cohort, product, tranche};
    let one = |path: &str| at(&format!("/v1/admin/campaigns/{{campaign_id}}{path}"));
    api.service(
        at("/v1/admin/campaigns")
            .route(get().to(campaign::list_campaigns))
            .route(post().to(campaign::post_campaign)),
    )
    .service(at("/v1/admin/campaign-drafts").route(post().to(campaign_draft::post_campaign_draft)))
    .service(
        one("").route(get().to(campaign::get_campaign)).route(patch().to(campaign::patch_campaign)),
    )
    .service(one("/check").route(get().to(check::get_check)))
    .service(one("/publish").route(post().to(campaign::publish)))
    .service(one("/open").route(post().to(campaign::open)))
    .service(one("/pause").route(post().to(campaign::pause)))
    .service(one("/close").route(post().to(campaign::close)))
    .service(
        one("/cohorts").route(get().to(cohort::list_cohorts)).route(post().to(cohort::post_cohort)),
    )
    .service(
        one("/cohorts/{cohort_id}")
            .route(patch().to(cohort::patch_cohort))
            .route(delete().to(cohort::delete_cohort)),
    )
    .service(
        one("/tranches")
            .route(get().to(tranche::list_tranches))
            .route(post().to(tranche::post_tranche)),
    )
    .service(
        one("/tranches/{tranche_id}")
            .route(patch().to(tranche::patch_tranche))
            .route(delete().to(tranche::delete_tranche)),
    )
    .service(
        one("/products")
            .route(get().to(product::get_campaign_products))
            .route(put().to(product::put_campaign_products)),
    );
}

/// For administrators: places, people and what is given.
fn place_routes(api: &mut ServiceConfig) {
    use admin::{clinic, course, person, product, region, roster, slot};
    let admin = |path: &str| at(&format!("/v1/admin{path}"));
    let one = |path: &str| at(&format!("/v1/admin/clinics/{{clinic_id}}{path}"));
    api.service(
        admin("/regions")
            .route(get().to(region::list_regions))
            .route(post().to(region::post_region)),
    )
    .service(admin("/regions/{region_id}").route(patch().to(region::patch_region)))
    .service(
        admin("/courses")
            .route(get().to(course::list_courses))
            .route(post().to(course::post_course)),
    )
    .service(admin("/courses/{course_id}").route(patch().to(course::patch_course)))
    .service(
        admin("/products")
            .route(get().to(product::list_products))
            .route(post().to(product::post_product)),
    )
    .service(admin("/products/{product_id}").route(patch().to(product::patch_product)))
    .service(
        admin("/clinics")
            .route(get().to(clinic::list_clinics))
            .route(post().to(clinic::post_clinic)),
    )
    .service(one("").route(patch().to(clinic::patch_clinic)))
    .service(one("/slots").route(get().to(slot::list_slots)).route(post().to(slot::post_slots)))
    .service(admin("/slots/{slot_id}").route(patch().to(slot::patch_slot)))
    .service(
        admin("/rosters")
            .route(get().to(roster::list_rosters))
            .route(post().to(roster::post_roster)),
    )
    .service(admin("/rosters/{roster_id}").route(patch().to(roster::patch_roster)))
    .service(admin("/persons").route(post().to(person::post_person)));
}

/// For administrators: persons of the register. Nothing lists them.
fn person_routes(api: &mut ServiceConfig) {
    use admin::{exclusion, mark, merge, person_record};
    let persons = |path: &str| at(&format!("/v1/admin/persons{path}"));
    api.service(persons("/find").route(post().to(person_record::find_persons)))
        .service(
            persons("/{person_id}")
                .route(get().to(person_record::get_person))
                .route(patch().to(person_record::patch_person)),
        )
        .service(persons("/{person_id}/changes").route(get().to(person_record::list_changes)))
        .service(persons("/{person_id}/exclusions").route(get().to(exclusion::list_exclusions)))
        .service(
            persons("/{person_id}/exclusions/{exclusion_id}/lift")
                .route(post().to(exclusion::lift_exclusion)),
        )
        .service(persons("/{person_id}/merge").route(post().to(merge::merge_person)))
        .service(persons("/{person_id}/mark").route(post().to(mark::mark_person)));
}

/// For administrators: opening hours, closed days, and those who are booked then.
fn hours_routes(api: &mut ServiceConfig) {
    use admin::{closure, opening_hours};
    let one = |path: &str| at(&format!("/v1/admin/clinics/{{clinic_id}}{path}"));
    api.service(one("/closures").route(get().to(closure::list_closures)))
        .service(
            one("/closures/{date}")
                .route(put().to(closure::put_closure))
                .route(delete().to(closure::delete_closure)),
        )
        .service(
            one("/closures/{date}/cancellations").route(post().to(closure::post_cancellations)),
        )
        .service(one("/unreached").route(get().to(closure::list_unreached)))
        .service(
            one("/unreached/{booking_id}")
                .route(put().to(closure::put_unreached))
                .route(delete().to(closure::delete_unreached)),
        )
        .service(
            one("/hours")
                .route(get().to(opening_hours::list_hours))
                .route(post().to(opening_hours::post_hours)),
        )
        .service(
            one("/hours/{date}")
                .route(put().to(opening_hours::put_day_hours))
                .route(delete().to(opening_hours::delete_day_hours)),
        )
        .service(at("/v1/admin/hours").route(post().to(opening_hours::post_hours_of_many)));
}

/// For administrators: what moves doses, and the journal of it.
fn dose_routes(api: &mut ServiceConfig) {
    use admin::{allocation, movement, pool, split};
    let admin = |path: &str| at(&format!("/v1/admin{path}"));
    api.service(
        admin("/pools").route(get().to(pool::list_pools)).route(post().to(pool::post_pool)),
    )
    .service(admin("/pools/{pool_id}/receipts").route(post().to(pool::post_receipt)))
    .service(admin("/pools/{pool_id}/transfers").route(post().to(pool::post_transfer)))
    .service(admin("/pools/{pool_id}/losses").route(post().to(pool::post_loss)))
    .service(admin("/pools/{pool_id}/splits").route(post().to(split::post_split)))
    .service(admin("/pools/{pool_id}/splits/file").route(post().to(split::post_split_file)))
    .service(
        admin("/allocations")
            .route(get().to(allocation::list_allocations))
            .route(post().to(allocation::post_allocation)),
    )
    .service(admin("/allocations/{allocation_id}/grants").route(post().to(allocation::post_grant)))
    .service(
        admin("/allocations/{allocation_id}/retractions")
            .route(post().to(allocation::post_retraction)),
    )
    .service(admin("/movements").route(get().to(movement::list_movements)))
    .service(
        admin("/movements/{movement_id}/correction").route(post().to(movement::post_correction)),
    );
}

/// For administrators: who signs in by a password.
fn user_routes(api: &mut ServiceConfig) {
    use admin::staff_user;
    let one = |path: &str| at(&format!("/v1/admin/users/{{user_id}}{path}"));
    api.service(
        at("/v1/admin/users")
            .route(get().to(staff_user::list_users))
            .route(post().to(staff_user::post_user)),
    )
    .service(one("/reset").route(post().to(staff_user::post_reset)))
    .service(one("/disable").route(post().to(staff_user::post_disable)))
    .service(one("/enable").route(post().to(staff_user::post_enable)));
}

/// For staff of clinics and the call centre: somebody without a booking, or one for somebody.
fn desk_routes(api: &mut ServiceConfig) {
    let clinic = |path: &str| at(&format!("/v1/clinics/{{clinic_id}}{path}"));
    api.service(clinic("/persons/find").route(post().to(person_find::find_at_clinic)))
        .service(clinic("/persons").route(post().to(person_find::post_at_clinic)))
        .service(clinic("/persons/{person_id}").route(get().to(person_find::get_at_clinic)))
        .service(clinic("/persons/{person_id}/proposals").route(get().to(proposal::list_at_clinic)))
        .service(clinic("/bookings/{booking_id}/next-dose").route(get().to(proposal::list_after)))
        .service(clinic("/walk-ins/{booking_id}").route(put().to(walk_in::put_walk_in)))
        .service(
            clinic("/assisted-bookings/{booking_id}").route(put().to(staff_booking::put_at_clinic)),
        )
        .service(
            at("/v1/assisted-bookings/{booking_id}").route(put().to(staff_booking::put_anywhere)),
        )
        .service(at("/v1/persons/find").route(post().to(person_find::find_anywhere)))
        .service(at("/v1/persons/{person_id}/proposals").route(get().to(proposal::list_anywhere)));
}
