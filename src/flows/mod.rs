//! Verbs, one file a noun, one business transaction a function. A flow reads, lets the domain
//! decide, and writes.

pub mod allocation;
pub mod campaign;
pub mod clinic;
pub mod course;
pub mod discrepancy;
pub mod import;
pub mod lane;
pub mod outbox;
pub mod password;
pub mod person;
pub mod pool;
pub mod product;
pub mod region;
pub mod roster;
pub mod rules;
pub mod session;
pub mod sign_in_code;
pub mod slot;
pub mod staff_session;
pub mod staff_user;

mod constraint;

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
