//! Background jobs, beside the requests.

pub mod board;
pub mod outbox;
pub mod session;
pub mod sweep;
