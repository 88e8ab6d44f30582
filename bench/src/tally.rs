//! What the load generator counts and times while people book.

use hdrhistogram::Histogram;

/// Significant digits of a latency.
const DIGITS: u8 = 3;

/// Sums over the bookings that were acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acknowledged {
    pub(crate) bookings: i64,
    pub(crate) person_ids: i128,
    pub(crate) slot_ids: i128,
}

/// What came back.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: Acknowledged,
    pub(crate) phases: Vec<PhaseTally>,
    /// The first response that nobody should get.
    pub(crate) fault: Option<String>,
    /// Requests that were sent again because their connection broke.
    pub(crate) sent_again: u64,
    /// When each was due, in microseconds from the start, and how long it took; none: refused. Only
    /// of the last phase, if there are several.
    pub(crate) last: Vec<(u64, Option<u64>)>,
}

/// What happened in a phase. Times are in microseconds.
pub(crate) struct PhaseTally {
    /// Acknowledged within the phase, whenever due.
    pub(crate) booked_within: u64,
    /// Latency of the requests due in the phase, from when they were due.
    pub(crate) booked: Histogram<u64>,
    pub(crate) refused: Histogram<u64>,
    /// The same from when they were sent.
    pub(crate) booked_from_sent: Histogram<u64>,
    pub(crate) refused_from_sent: Histogram<u64>,
    /// How much later than due it was sent.
    pub(crate) lag: Histogram<u64>,
}

impl PhaseTally {
    pub(crate) fn new() -> Self {
        Self {
            booked_within: 0,
            booked: histogram(),
            refused: histogram(),
            booked_from_sent: histogram(),
            refused_from_sent: histogram(),
            lag: histogram(),
        }
    }
}

/// Of times in microseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new(DIGITS).expect("a histogram")
}

/// A percentile in milliseconds.
pub(crate) fn ms(histogram: &Histogram<u64>, percentile: f64) -> f64 {
    histogram.value_at_quantile(percentile / 100.0) as f64 / 1000.0
}
