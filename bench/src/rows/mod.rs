//! The rows of the table, one file for those that are measured together.

pub(crate) mod beside;
pub(crate) mod bookings;
pub(crate) mod clinic_day;
pub(crate) mod crowd;
pub(crate) mod desks;
pub(crate) mod growth;
pub(crate) mod imports;
pub(crate) mod journeys;
pub(crate) mod latency;
pub(crate) mod lists;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod messages;
pub(crate) mod overload;
pub(crate) mod pages;
pub(crate) mod personal;
pub(crate) mod replay;
pub(crate) mod sign_in;
pub(crate) mod stalls;
pub(crate) mod start;
pub(crate) mod supply;
pub(crate) mod tcp;
