//! What the load generator counts and times while people book.

use std::time::Duration;

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

/// A refused request may be sent again after a second.
const RETRY_MICROS: u64 = 1_000_000;

impl Tally {
    /// How long those waited who were due from one of these times until the other; who was refused
    /// has waited the second after which they may come again. Only of the last phase.
    pub(crate) fn waited(&self, spans: &[(Duration, Duration)]) -> Histogram<u64> {
        let mut waited = histogram();
        for (due, took) in &self.last {
            let due = Duration::from_micros(*due);
            if spans.iter().any(|(from, until)| (*from..*until).contains(&due)) {
                waited.record(took.unwrap_or(RETRY_MICROS)).expect("recorded");
            }
        }
        waited
    }
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
