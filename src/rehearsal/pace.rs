//! How many requests of a kind there were a second.

use std::time::Duration;

use serde::Serialize;

use super::figure::float;

/// Width of a bin; a second is several, so that the best one may begin between two seconds.
pub const BIN: Duration = Duration::from_millis(500);
/// Bins of one second.
pub const BINS_PER_SECOND: u32 = 2;
/// Half a day; what is later goes into the last bin.
pub const BINS_MAX: usize = 86_400;

/// Requests a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    /// Over the time in which the kind was in use, a second at least.
    pub mean: f64,
    /// The most within one second.
    pub peak: u64,
}

/// When requests of a kind were sent, and done. Times count from the start.
#[derive(Debug, Default)]
pub struct Pace {
    /// From the first that was sent to the last that was answered.
    used: Option<(Duration, Duration)>,
    sent: Vec<u32>,
    done: Vec<u32>,
}

impl Pace {
    /// A request has ended; `is_done` says whether with what was asked for.
    pub fn ended(&mut self, sent: Duration, ended: Duration, is_done: bool) {
        let (from, until) = self.used.unwrap_or((sent, ended));
        self.used = Some((from.min(sent), until.max(ended)));
        count(&mut self.sent, sent);
        if is_done {
            count(&mut self.done, ended);
        }
    }

    /// Of those that were sent.
    pub fn sent(&self) -> Rate {
        self.rate(&self.sent)
    }

    /// Of those that were done.
    pub fn done(&self) -> Rate {
        self.rate(&self.done)
    }

    fn rate(&self, bins: &[u32]) -> Rate {
        let (from, until) = self.used.unwrap_or_default();
        let all = bins.iter().map(|count| u64::from(*count)).sum();
        let seconds = until.saturating_sub(from).as_secs_f64().max(1.0);
        Rate { mean: float(all) / seconds, peak: peak(bins) }
    }
}

/// Index of the bin of a time.
pub fn bin_of(at: Duration) -> usize {
    let index = at.as_millis() / BIN.as_millis();
    usize::try_from(index).unwrap_or(BINS_MAX).min(BINS_MAX - 1)
}

/// The most within one second.
pub fn peak(bins: &[u32]) -> u64 {
    let width = usize::try_from(BINS_PER_SECOND).unwrap_or(1);
    let seconds = bins.windows(width.min(bins.len().max(1)));
    seconds.map(|second| second.iter().map(|n| u64::from(*n)).sum()).max().unwrap_or(0)
}

fn count(bins: &mut Vec<u32>, at: Duration) {
    let index = bin_of(at);
    if bins.len() <= index {
        bins.resize(index + 1, 0);
    }
    if let Some(bin) = bins.get_mut(index) {
        *bin += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_over_the_time_of_use_and_in_the_best_second() {
        let ms = Duration::from_millis;
        let mut pace = Pace::default();
        // Four in four seconds, three of them within one that begins between two.
        pace.ended(ms(10_000), ms(10_100), true);
        pace.ended(ms(12_600), ms(12_700), false);
        pace.ended(ms(12_900), ms(13_000), true);
        pace.ended(ms(13_400), ms(14_000), true);
        assert_eq!(pace.sent(), Rate { mean: 1.0, peak: 3 });
        assert_eq!(pace.done(), Rate { mean: 0.75, peak: 1 });
    }

    #[test]
    fn what_was_in_use_for_a_moment_has_no_more_a_second_than_there_were() {
        let mut pace = Pace::default();
        assert_eq!(pace.sent(), Rate::default());
        pace.ended(Duration::ZERO, Duration::from_millis(1), true);
        assert_eq!((pace.sent(), pace.done()), (Rate { mean: 1.0, peak: 1 }, pace.sent()));
    }
}
