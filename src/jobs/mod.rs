//! What runs by itself beside the requests.

pub mod board;
pub mod outbox;
pub mod sweep;
