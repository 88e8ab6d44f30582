//! What runs by itself beside the requests.

pub mod outbox;
