//! The arrival curve: how many citizens arrive, and when each of them does.

use std::time::Duration;

use super::scenario::Scenario;
use crate::random::apportion;

/// Shares are counted in millionths.
const SHARE_PARTS: f64 = 1e6;

/// When citizens arrive, counted from the opening.
#[derive(Clone, Debug)]
pub struct ArrivalCurve {
    phases: Vec<Phase>,
    citizens: u32,
}

#[derive(Clone, Debug)]
struct Phase {
    /// Number of the first citizen in it.
    first: u32,
    citizens: u32,
    from: Duration,
    span: Duration,
}

impl ArrivalCurve {
    /// The scenario's curve for a share of its citizens (of its rates), more than 0.
    pub fn new(scenario: &Scenario, share: f64) -> Self {
        let counts = if scenario.are_rates() {
            let rates = scenario.arrivals.iter();
            rates.map(|p| whole(p.seconds * p.per_second.unwrap_or(0.0) * share)).collect()
        } else {
            let all = whole(f64::from(scenario.citizens.unwrap_or(0)) * share);
            let parts = |share: f64| u64::from(whole(share * SHARE_PARTS));
            let shares = scenario.arrivals.iter().map(|p| parts(p.share.unwrap_or(0.0)));
            apportion(all, &shares.collect::<Vec<_>>())
        };
        let (mut first, mut from) = (0_u32, Duration::ZERO);
        let mut phases = Vec::new();
        for (phase, citizens) in scenario.arrivals.iter().zip(counts) {
            let span = Duration::from_secs_f64(phase.seconds);
            phases.push(Phase { first, citizens, from, span });
            first = first.saturating_add(citizens);
            from += span;
        }
        Self { phases, citizens: first }
    }

    /// How many arrive.
    pub fn citizens(&self) -> u32 {
        self.citizens
    }

    /// When the curve ends.
    pub fn end(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |last| last.from + last.span)
    }

    /// When the `n`-th citizen (from 0) arrives: in order, evenly within each phase.
    pub fn arrival(&self, n: u32) -> Duration {
        let after = self.phases.partition_point(|phase| phase.first <= n);
        // If several phases begin with the same citizen, all but the last are empty.
        let Some(phase) = self.phases.get(after.saturating_sub(1)) else { return Duration::ZERO };
        let within = u128::from(n - phase.first) * phase.span.as_nanos();
        let nanos = within.checked_div(u128::from(phase.citizens)).unwrap_or(0);
        phase.from + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The nearest whole number, within 32 bits.
pub(super) fn whole(number: f64) -> u32 {
    // By way of text: a cast could truncate silently, and floats have no checked conversion.
    format!("{:.0}", number.clamp(0.0, f64::from(u32::MAX))).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(arrivals: &str, citizens: &str, share: f64) -> ArrivalCurve {
        let text = format!("title: t\nseed: 1\n{citizens}\narrivals: [{arrivals}]");
        ArrivalCurve::new(&Scenario::parse(&text).unwrap(), share)
    }

    fn in_second(curve: &ArrivalCurve, second: u64) -> usize {
        (0..curve.citizens()).filter(|&n| curve.arrival(n).as_secs() == second).count()
    }

    #[test]
    fn shares_come_in_order_and_in_their_time() {
        let arrivals = "{seconds: 2, share: 0.6}, {seconds: 1, share: 0}, {seconds: 4, share: 0.4}";
        let curve = curve(arrivals, "citizens: 1000", 1.0);
        assert_eq!((curve.citizens(), curve.end()), (1_000, Duration::from_secs(7)));
        let counts: Vec<_> = (0..8).map(|second| in_second(&curve, second)).collect();
        assert_eq!(counts, [300, 300, 0, 100, 100, 100, 100, 0]);
        assert!((1..1_000).all(|n| curve.arrival(n - 1) <= curve.arrival(n)));
    }

    #[test]
    fn rates_say_how_many_come() {
        let curve = curve("{seconds: 2, per_second: 50}, {seconds: 1, per_second: 10}", "", 1.0);
        assert_eq!((curve.citizens(), in_second(&curve, 1), in_second(&curve, 2)), (110, 50, 10));
    }

    #[test]
    fn a_share_of_the_people_comes_in_the_same_time() {
        let curve = curve("{seconds: 10, share: 1}", "citizens: 397876", 0.1);
        assert_eq!((curve.citizens(), curve.end()), (39_788, Duration::from_secs(10)));
        let rate = self::curve("{seconds: 10, per_second: 556}", "", 0.5);
        assert_eq!((rate.citizens(), rate.end()), (2_780, Duration::from_secs(10)));
    }
}
