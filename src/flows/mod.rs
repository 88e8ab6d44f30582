//! Verbs: one business transaction per file. A flow reads, lets the domain decide, and writes.

pub mod add_user;
pub mod demo;
pub mod disable_user;
pub mod empty_outbox;
pub mod import;
pub mod lane;
pub mod request_code;
pub mod sign_in;
pub mod staff_sign_in;
pub mod staff_sign_out;
pub mod verify;

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
