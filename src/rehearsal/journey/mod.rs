//! Whole journeys: people come to the landing page, ask whether they may book, sign in by a code
//! that is sent to their phone, choose a place and a time, and book. Some think better of it and
//! cancel.
//!
//! `shares` says what people do, as a part of the scenario; `people` draws them from the register,
//! and `plan` holds all that is known before the start. `crowd` is the workload: it decides when
//! each `visit` makes its next request, `retry` when that is after a 503 or no answer. `way` is
//! how: by the `api`, or by the `pages`, which a `browser` asks for and of which `html` reads what
//! a browser would; `decoded` gives bodies as they were before they were compressed, and `heard` is
//! what an answer comes to. Codes come as messages (`sms`) to a gateway that the replay is itself.
//! `notes` keeps what everybody was told, and `run` does it all from the preparation to the check.

pub mod api;
pub mod browser;
pub mod crowd;
pub mod decoded;
pub mod heard;
pub mod html;
pub mod notes;
pub mod pages;
pub mod people;
pub mod plan;
pub mod retry;
pub mod run;
pub mod shares;
pub mod sms;
#[cfg(test)]
mod tests;
pub mod visit;
pub mod way;

pub use self::{
    notes::Faults,
    plan::Way,
    run::{FinishedJourneys, JourneyConfig, PreparedJourneys, prepare},
    shares::Shares,
};
