//! Background jobs, beside the requests.

pub mod board;
pub mod notice;
pub mod outbox;
pub mod sweep;
