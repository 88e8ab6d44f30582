//! Verbs, one file a noun, one business transaction a function. A flow reads, lets the domain
//! decide, and writes.

pub mod allocation;
pub mod assisted_booking;
pub mod barrier;
pub mod batched_lookup;
pub mod booking_number;
pub mod campaign;
pub mod campaign_draft;
pub mod check;
pub mod clinic;
pub mod closure;
pub mod correction;
pub mod course;
pub mod day_close;
pub mod day_dose;
pub mod discrepancy;
pub mod eligibility;
pub mod exclusion;
pub mod idempotency;
pub mod import;
pub mod journal_seal;
pub mod lane;
pub mod mark;
pub mod merge;
pub mod next_dose;
pub mod notice;
pub mod opening_hours;
pub mod outbox;
pub mod password;
mod password_memory;
pub mod person;
pub mod person_find;
pub mod person_key;
pub mod person_record;
pub mod personal;
pub mod pool;
pub mod product;
pub mod readiness;
pub mod region;
pub mod roster;
pub mod rules;
pub mod session;
pub mod session_key;
pub mod sign_in;
pub mod sign_in_code;
pub mod slot;
pub mod split;
pub mod staff_booking;
pub mod staff_invitation;
pub mod staff_session;
pub mod staff_token;
pub mod staff_user;
pub mod sweep;
pub mod visit;
pub mod walk_in;

mod constraint;

use crate::{db, domain::Refusal};

/// Why a flow did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A lawful no, to be shown to whoever asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed or cannot be reached; the cause is logged, never shown.
    #[error("database: {0}")]
    Db(#[from] db::Error),
    /// A file or stream failed.
    #[error("input or output: {0}")]
    Io(#[from] std::io::Error),
    /// A password could not be hashed, whoever's it is.
    #[error("password hash: {0}")]
    Password(#[from] argon2::password_hash::Error),
    /// The machine gives no random bytes.
    #[error("random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Work on another thread fell over, or was stopped with the service.
    #[error("work on another thread: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// What a flow answers: done, refused, or failed.
pub type Result<T> = std::result::Result<T, Error>;
