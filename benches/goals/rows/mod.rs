//! The rows, a file for those that are measured together.

pub(crate) mod bookings;
pub(crate) mod latency;
