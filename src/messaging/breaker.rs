//! A circuit breaker: a provider that fails again and again is left alone for a while, and then
//! tried with one message at a time.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Failures in a row after which a provider is left alone. One in ten at random does that once in
/// a hundred thousand messages.
const FAILURES_MAX: u32 = 5;
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Refusals in a row after which a refusal is taken for the provider's fault, or the settings', and
/// no message is given up any more.
const REFUSALS_MAX: u32 = 20;

/// Whether a provider is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It works.
    Closed,
    /// It is left alone until then.
    Open(Instant),
    /// The next message tells whether it works again.
    HalfOpen,
}

#[derive(Debug, Default)]
struct Record {
    failures: u32,
    refusals: u32,
    /// Pauses since it last worked.
    pauses: u32,
    open_until: Option<Instant>,
    /// Since when one message has been out to see whether it works again.
    is_probing: bool,
}

#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Record>);

/// The permission for one attempt, which must be told how that went; dropped without, it counts
/// neither way.
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
}

impl Breaker {
    /// The permission to try now, if the provider is not left alone.
    pub(super) fn pass(&self, now: Instant) -> Option<Pass<'_>> {
        let mut record = self.record();
        let is_probe = match record.open_until {
            None => false,
            Some(until) if until > now || record.is_probing => return None,
            Some(_) => true,
        };
        record.is_probing |= is_probe;
        Some(Pass { breaker: self, is_probe })
    }

    pub(super) fn state(&self, now: Instant) -> State {
        let record = self.record();
        match record.open_until {
            None => State::Closed,
            Some(until) if until > now => State::Open(until),
            Some(_) => State::HalfOpen,
        }
    }

    /// Whether one message is out to see whether the provider works again.
    pub(super) fn is_probing(&self) -> bool {
        self.record().is_probing
    }

    /// Whether the provider has refused so many in a row that it is no fault of the messages.
    pub(super) fn refuses_everybody(&self) -> bool {
        self.record().refusals >= REFUSALS_MAX
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// It has taken the message.
    pub(super) fn worked(self) {
        let mut record = self.breaker.record();
        *record = Record { is_probing: record.is_probing, ..Record::default() };
    }

    /// It has refused the message, and so it works.
    pub(super) fn refused(self) {
        let mut record = self.breaker.record();
        let refusals = record.refusals.saturating_add(1);
        *record = Record { is_probing: record.is_probing, refusals, ..Record::default() };
    }

    /// It has failed.
    pub(super) fn failed(self, now: Instant) {
        let mut record = self.breaker.record();
        record.failures = record.failures.saturating_add(1);
        // Those that were under way when it was opened say nothing new.
        let is_open = record.open_until.is_some() && !self.is_probe;
        if !is_open && (self.is_probe || record.failures >= FAILURES_MAX) {
            let factor = 2_u32.saturating_pow(record.pauses);
            record.pauses = record.pauses.saturating_add(1);
            record.open_until = Some(now + PAUSE_MIN.saturating_mul(factor).min(PAUSE_MAX));
        }
    }

    /// It has asked to be left alone until then.
    pub(super) fn must_rest(self, until: Instant) {
        let mut record = self.breaker.record();
        record.open_until = Some(record.open_until.map_or(until, |open| open.max(until)));
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.record().is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, now: Instant, times: u32) {
        for _ in 0..times {
            breaker.pass(now).expect("closed").failed(now);
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_before() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..10 {
            fail(&breaker, now, FAILURES_MAX - 1);
            breaker.pass(now).expect("closed").worked();
        }
        assert_eq!(breaker.state(now), State::Closed, "the control");
        fail(&breaker, now, FAILURES_MAX);
        assert_eq!(breaker.state(now), State::Open(now + PAUSE_MIN));
        assert!(breaker.pass(now).is_none());
    }

    #[test]
    fn one_message_tells_whether_it_works_again() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        fail(&breaker, now, FAILURES_MAX);
        let mut at = now;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(breaker.state(at), State::Open(at + Duration::from_secs(seconds)));
            at += Duration::from_secs(seconds);
            assert_eq!(breaker.state(at), State::HalfOpen);
            let probe = breaker.pass(at).expect("one may try");
            assert!(breaker.pass(at).is_none(), "and only one");
            probe.failed(at);
        }
        at += PAUSE_MAX;
        drop(breaker.pass(at).expect("one may try"));
        breaker.pass(at).expect("the one before was given up").worked();
        assert_eq!(breaker.state(at), State::Closed);
        fail(&breaker, at, FAILURES_MAX);
        assert_eq!(breaker.state(at), State::Open(at + PAUSE_MIN), "pauses are short again");
    }

    #[test]
    fn those_that_were_under_way_do_not_make_the_pause_longer() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let under_way: Vec<_> = (0..50).map(|_| breaker.pass(now).expect("closed")).collect();
        under_way.into_iter().for_each(|pass| pass.failed(now));
        assert_eq!(breaker.state(now), State::Open(now + PAUSE_MIN));
    }

    #[test]
    fn whoever_refuses_everybody_is_not_believed() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..REFUSALS_MAX {
            assert!(!breaker.refuses_everybody());
            breaker.pass(now).expect("closed").refused();
        }
        assert!(breaker.refuses_everybody());
        assert_eq!(breaker.state(now), State::Closed, "it answers");
        breaker.pass(now).expect("closed").worked();
        assert!(!breaker.refuses_everybody(), "one that was taken is enough");
    }

    #[test]
    fn a_provider_is_left_alone_for_as_long_as_it_asks() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        let until = now + Duration::from_secs(7);
        breaker.pass(now).expect("closed").must_rest(until);
        assert!(breaker.pass(now).is_none());
        assert!(breaker.pass(until).is_some());
    }
}
