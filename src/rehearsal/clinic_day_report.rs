//! What a day at the clinics came to.

use std::{collections::BTreeMap, fmt::Write};

use chrono::NaiveDate;
use serde::Serialize;

use super::figure::{float, grouped, rounded};
use crate::db::rehearsal::DayTotals;

/// One request that somebody made.
#[derive(Clone, Debug)]
pub struct Played {
    pub what: &'static str,
    /// Seconds from the start of its phase to the answer.
    pub at: f64,
    /// Milliseconds.
    pub took: f64,
    /// Empty where it was done, else the code and the cause.
    pub code: String,
}

/// Requests of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Press {
    pub what: &'static str,
    pub done: usize,
    /// By code and cause.
    pub refused: BTreeMap<String, usize>,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// What happened in one second of the day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Second {
    pub second: u32,
    pub arrived: usize,
    pub given: usize,
    pub closed: usize,
    /// Of all presses but bookings.
    pub p99_ms: f64,
}

/// The whole report.
#[derive(Clone, Debug, Serialize)]
pub struct ClinicDayReport {
    pub title: String,
    pub campaign: String,
    /// The date that was moved to today.
    pub date: NaiveDate,
    pub clinics: usize,
    /// From the first arrival to the last closing.
    pub seconds: f64,
    pub booked: usize,
    pub gives_per_second: f64,
    pub presses: Vec<Press>,
    pub timeline: Vec<Second>,
    pub totals: DayTotals,
    /// What `verify` found, and accounts that do not add up.
    pub faults: Vec<String>,
    pub is_sound: bool,
}

impl ClinicDayReport {
    pub fn new(
        (campaign, date, clinics): (String, NaiveDate, usize),
        (played, seconds): (Vec<Played>, f64),
        totals: DayTotals,
        mut faults: Vec<String>,
    ) -> Self {
        let done = |what: &str| {
            played.iter().filter(|one| one.what == what && one.code.is_empty()).count()
        };
        faults.extend(unaccounted(&totals, (clinics, done("book"))));
        let gives = float(u64::try_from(done("give")).unwrap_or(0)) / seconds.max(0.001);
        Self {
            title: "A day at the clinics".to_owned(),
            campaign,
            date,
            clinics,
            seconds,
            booked: done("book"),
            gives_per_second: gives,
            presses: presses(&played),
            timeline: timeline(&played),
            totals,
            is_sound: faults.is_empty(),
            faults,
        }
    }

    /// The report as the command prints it.
    pub fn text(&self) -> String {
        let DayTotals { closed, expected, given, walk_ins, granted, lost, returned, kept, .. } =
            self.totals;
        let mut text = format!(
            "{} clinics, {} booked; {} days closed in {} s, {} doses given a second\n\
             people: {} expected = {given} given + {} not vaccinated + {} no-shows + {} cancelled \
             + {} not recorded\n\
             doses: {} granted = {given} given + {walk_ins} to walk-ins + {lost} lost + {returned} \
             returned + {kept} kept\n",
            grouped(self.clinics),
            grouped(self.booked),
            grouped(closed),
            rounded(self.seconds),
            rounded(self.gives_per_second),
            grouped(expected),
            self.totals.not_vaccinated,
            self.totals.no_shows,
            self.totals.cancelled,
            self.totals.not_recorded,
            grouped(granted),
        );
        for press in &self.presses {
            let refused: usize = press.refused.values().sum();
            let _ = writeln!(
                text,
                "  {:<15} {:>9} done {:>7} refused   p50 {} ms, p99 {} ms, at most {} ms",
                press.what,
                grouped(press.done),
                grouped(refused),
                rounded(press.p50_ms),
                rounded(press.p99_ms),
                rounded(press.max_ms),
            );
        }
        for fault in &self.faults {
            let _ = writeln!(text, "  {fault}");
        }
        let words =
            if self.is_sound { "Every dose is accounted for." } else { "Something is wrong." };
        let _ = writeln!(text, "{words}");
        text
    }
}

/// What the accounts do not account for.
fn unaccounted(totals: &DayTotals, (clinics, booked): (usize, usize)) -> Vec<String> {
    let mut faults = Vec::new();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let DayTotals { closed, expected, granted, left_over, .. } = *totals;
    let people = totals.given
        + totals.not_vaccinated
        + totals.no_shows
        + totals.cancelled
        + totals.not_recorded;
    let doses = totals.given + totals.walk_ins + totals.lost + totals.returned + totals.kept;
    for (what, is, should) in [
        ("days are closed", closed, count(clinics)),
        ("people were expected", expected, count(booked)),
        ("people are accounted for", people, expected),
        ("doses are accounted for", doses, granted),
        ("doses are left over", left_over, 0),
    ] {
        if is != should {
            faults.push(format!("{is} {what}, and {should} should be"));
        }
    }
    faults
}

fn presses(played: &[Played]) -> Vec<Press> {
    let mut by_kind: BTreeMap<&'static str, Vec<&Played>> = BTreeMap::new();
    for one in played {
        by_kind.entry(one.what).or_default().push(one);
    }
    let presses = by_kind.into_iter().map(|(what, of_kind)| {
        let mut refused = BTreeMap::new();
        for one in of_kind.iter().filter(|one| !one.code.is_empty()) {
            *refused.entry(one.code.clone()).or_insert(0) += 1;
        }
        let done = of_kind.iter().filter(|one| one.code.is_empty()).count();
        let mut took: Vec<_> = of_kind.iter().map(|one| one.took).collect();
        took.sort_unstable_by(f64::total_cmp);
        let (p50_ms, p99_ms) = (quantile(&took, 50), quantile(&took, 99));
        Press { what, done, refused, p50_ms, p99_ms, max_ms: quantile(&took, 100) }
    });
    presses.collect()
}

/// The value below which so many percent of the sorted ones are; 0 where there are none.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(0.0)
}

fn timeline(played: &[Played]) -> Vec<Second> {
    let mut seconds: BTreeMap<u32, (Second, Vec<f64>)> = BTreeMap::new();
    for one in played.iter().filter(|one| one.what != "book") {
        let second = (0_u32..).find(|n| one.at < f64::from(*n) + 1.0).unwrap_or(0);
        let (of, took) = seconds.entry(second).or_default();
        of.second = second;
        took.push(one.took);
        match (one.what, one.code.is_empty()) {
            ("arrive", true) => of.arrived += 1,
            ("give", true) => of.given += 1,
            ("close", true) => of.closed += 1,
            _ => {}
        }
    }
    let seconds = seconds.into_values().map(|(second, mut took)| {
        took.sort_unstable_by(f64::total_cmp);
        Second { p99_ms: quantile(&took, 99), ..second }
    });
    seconds.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> DayTotals {
        DayTotals {
            closed: 2,
            expected: 10,
            given: 8,
            no_shows: 2,
            granted: 20,
            lost: 2,
            returned: 10,
            ..DayTotals::default()
        }
    }

    #[test]
    fn what_does_not_add_up_is_a_fault() {
        assert_eq!(unaccounted(&totals(), (2, 10)), [""; 0], "the control");
        let faults = |totals: DayTotals| unaccounted(&totals, (2, 10)).len();
        assert_eq!(faults(DayTotals { left_over: 1, ..totals() }), 1);
        assert_eq!(faults(DayTotals { returned: 9, ..totals() }), 1);
        assert_eq!(faults(DayTotals { closed: 1, ..totals() }), 1);
        assert_eq!(unaccounted(&totals(), (2, 11)).len(), 1, "somebody was told nothing");
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let sorted: Vec<_> = (1..=100).map(f64::from).collect();
        assert_eq!([50, 99, 100].map(|percent| quantile(&sorted, percent)), [50.0, 99.0, 100.0]);
        assert_eq!(quantile(&[], 99).to_bits(), 0.0_f64.to_bits());
    }
}
