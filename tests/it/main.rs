//! Tests from outside: the real server, over HTTP, each test on its own PostgreSQL database.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that falls over has said what it had to say; its helpers are read by all"
)]

mod admin;
mod administrator;
mod amenity;
mod answer_cache;
mod auth;
mod availability;
mod board;
mod booking;
mod booking_again;
mod booking_limit;
mod booking_number;
mod browser;
mod budget;
mod campaign;
mod clinic;
mod clinic_day;
mod clinic_zone;
mod closure;
mod code_caps;
mod contract;
mod crash;
mod crash_day;
mod day;
mod decoy;
mod demo;
mod docs;
mod doors;
mod eligibility;
mod errors;
mod evening;
mod fold;
mod fuzz;
mod guard;
mod health;
mod hours;
mod import;
mod journal_seal;
mod lane;
mod language;
mod ledger;
mod localized;
mod messages;
mod model;
mod output;
mod overload;
mod overtaken;
mod personal;
mod plan;
mod plan_of_jobs;
mod postgres;
mod prerendered;
mod question;
mod readme;
mod replay;
mod replay_cancel;
mod replay_crowd;
mod replay_journey;
mod request_id;
mod schedule;
mod sign_in;
mod sign_out;
mod slot;
mod spelling;
mod staff_session;
mod stall;
mod stampede;
mod supply;
mod support;
mod transaction;
mod user;
mod visit;
mod walk_in;
mod web;
