//! Pages for people. This file is their route table; docs/pages.md says how a page is built.

pub mod admin;
pub mod asset;
pub mod birth_field;
pub mod booking;
pub mod clinic;
pub mod cut_off;
pub mod day;
pub mod dev;
pub mod docs;
pub mod done;
pub mod draw;
pub mod eligibility;
pub mod error;
mod error_summary;
pub mod form;
pub mod guard;
pub mod home;
pub mod host_cookie;
pub mod invitation;
pub mod known_browser;
pub mod landing;
pub mod me;
pub mod next;
pub mod page;
pub mod part;
pub mod polled;
pub mod region_field;
pub mod round;
pub mod route;
pub mod seal;
pub mod sent;
pub mod shelf;
pub mod sign_in;
pub mod sign_in_code;
pub mod sign_out;
pub mod staff_guard;
pub mod staff_next;
pub mod staff_page;
pub mod staff_sign_in;
pub mod style;
pub mod supply;
pub mod text;

use actix_web::web::ServiceConfig;

use crate::http::{
    prerendered,
    route::{at, get, post},
};
use route::both;

/// Every page for the public.
pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(at("/").route(get().to(prerendered::get_page)))
        .service(at("/docs").route(get().to(docs::get_docs)))
        .configure(public_routes)
        .configure(citizen_routes)
        .configure(booking_routes)
        .configure(staff_routes)
        .configure(clinic::routes)
        .configure(admin::routes);
}

/// What lies on the shelf, for HEAD and for whoever adds a query.
fn public_routes(pages: &mut ServiceConfig) {
    pages
        .service(at("/assets/{file}").route(get().to(prerendered::get_page)))
        .service(both("").route(get().to(prerendered::get_page)))
        .service(both("/").route(get().to(page::get_slash)))
        .service(both("/now").route(get().to(prerendered::get_page)))
        .service(both("/campaigns/{campaign_id}").route(get().to(prerendered::get_page)))
        .service(both("/campaigns/{campaign_id}/now").route(get().to(prerendered::get_page)))
        .service(both("/style").route(get().to(prerendered::get_page)));
}

/// What citizens do with a session of their own, and how they come by one.
fn citizen_routes(pages: &mut ServiceConfig) {
    pages
        .service(
            both("/campaigns/{campaign_id}/eligibility")
                .route(get().to(eligibility::get_eligibility))
                .route(post().to(eligibility::post_eligibility)),
        )
        .service(
            both("/sign-in")
                .route(get().to(sign_in::get_sign_in))
                .route(post().to(sign_in::post_sign_in)),
        )
        .service(
            both("/sign-in/number")
                .route(get().to(sign_in::get_by_number))
                .route(post().to(sign_in::post_by_number)),
        )
        .service(
            both("/sign-in/code")
                .route(get().to(sign_in_code::get_code))
                .route(post().to(sign_in_code::post_code)),
        )
        .service(both("/sign-in/done").route(get().to(sign_in_code::get_done)))
        .service(both("/me").route(get().to(me::get_me)))
        .service(
            both("/sign-out")
                .route(get().to(sign_out::get_sign_out))
                .route(post().to(sign_out::post_sign_out)),
        )
        .service(both("/sign-out/forget").route(get().to(sign_out::get_forget)))
        .service(both("/sign-out/everywhere").route(post().to(sign_out::post_sign_out_everywhere)));
}

/// From choosing a place to the booking and its end.
fn booking_routes(pages: &mut ServiceConfig) {
    use booking::{booked, cancel, check, place, relocate, time};
    pages
        .service(
            both("/campaigns/{campaign_id}/check")
                .route(get().to(check::get_check))
                .route(post().to(check::post_check)),
        )
        .service(both("/campaigns/{campaign_id}/clinics").route(get().to(place::get_clinics)))
        .service(
            both("/campaigns/{campaign_id}/clinics/{clinic_id}").route(get().to(time::get_times)),
        )
        .service(both("/bookings/{booking_id}").route(get().to(booked::get_booking)))
        .service(both("/bookings/{booking_id}/calendar.ics").route(get().to(booked::get_calendar)))
        .service(both("/bookings/{booking_id}/move").route(post().to(relocate::post_move)))
        .service(
            both("/bookings/{booking_id}/cancel")
                .route(get().to(cancel::get_cancel))
                .route(post().to(cancel::post_cancel)),
        );
}

/// How staff and administrators come in and go out.
fn staff_routes(pages: &mut ServiceConfig) {
    pages
        .service(
            both("/sign-in/staff")
                .route(get().to(staff_sign_in::get_sign_in))
                .route(post().to(staff_sign_in::post_sign_in)),
        )
        .service(both("/sign-in/staff/done").route(get().to(staff_sign_in::get_done)))
        .service(
            both("/sign-out/staff")
                .route(get().to(staff_sign_in::get_sign_out))
                .route(post().to(staff_sign_in::post_sign_out)),
        )
        .service(both("/staff").route(get().to(staff_sign_in::get_home)))
        .service(at("/invitation").route(get().to(invitation::get_in_own_language)))
        .service(
            both("/invitation")
                .route(get().to(invitation::get_invitation))
                .route(post().to(invitation::post_invitation)),
        );
}

/// What answers only on this machine, at an address of its own.
pub fn local_routes(pages: &mut ServiceConfig) {
    pages.service(at("/dev/codes").route(get().to(dev::get_codes)));
}
