//! Verbs: one business transaction per file. A flow reads, lets the domain decide, and writes.

pub mod add_course;
pub mod add_pool;
pub mod add_product;
pub mod add_region;
pub mod add_roster;
pub mod add_slots;
pub mod add_user;
pub mod change_campaign;
pub mod change_clinic;
pub mod change_slot;
pub mod close_clinic_day;
pub mod demo;
pub mod disable_user;
pub mod draft_campaign;
pub mod empty_outbox;
pub mod grant;
pub mod import;
pub mod lane;
pub mod open_clinic;
pub mod pass_on;
pub mod receive_doses;
pub mod register_person;
pub mod request_code;
pub mod retract;
pub mod set_rules;
pub mod sign_in;
pub mod staff_sign_in;
pub mod staff_sign_out;
pub mod step_campaign;
pub mod verify;

mod conflict;

use crate::domain::Refusal;

/// Why a flow did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A lawful no, to be shown to whoever asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed or is away; the cause is logged, never shown.
    #[error("database: {0}")]
    Db(#[from] sqlx::Error),
    /// A file or stream failed.
    #[error("input or output: {0}")]
    Io(#[from] std::io::Error),
}

pub type Result<T> = std::result::Result<T, Error>;
