//! Background jobs, beside the requests.

pub mod board;
pub mod day_close;
pub mod journal_seal;
pub mod notice;
pub mod outbox;
mod pace;
pub mod page;
pub mod person_key;
pub mod session;
pub mod sweep;
