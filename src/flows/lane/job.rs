//! One request in a lane, the limits of a lane, and what a caller hears when no answer came.

use std::time::{Duration, Instant};

use super::{
    reply::ReplyTo,
    work::{Bookings, Work},
};
use crate::{
    domain::{Code, Detail, Refusal},
    flows::Error,
};

/// How many lanes there are, how many requests may wait in each and for how long, and how many one
/// transaction decides.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub lanes: usize,
    /// Requests of one kind (bookings, cancellations) that may wait in one lane.
    pub queue: usize,
    /// A request that would wait longer is refused at once. One that did wait ten times as long,
    /// because the lane had stopped, is not served any more.
    pub wait_max: Duration,
    pub batch: usize,
}

/// A request on its way through a lane.
pub(super) struct Job<W: Work = Bookings> {
    pub(super) request: W::Request,
    pub(super) arrived_at: Instant,
    /// Since when another transaction's lock has kept it from being decided.
    pub(super) blocked_since: Option<Instant>,
    pub(super) reply: ReplyTo<W::Outcome>,
}

/// The caller does not learn whether the request was done.
pub(super) fn unavailable() -> Error {
    Refusal::new(Code::Unavailable, Detail::OutcomeUnknown).into()
}
