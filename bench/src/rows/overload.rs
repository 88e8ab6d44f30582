//! Twice as many requests as can be served, for a minute, and then fewer again.

use std::fs;

use super::latency::NORMAL_SHARE;
use crate::{
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    report::{Goal, Run, median, number},
    service::Service,
    tally::{Tally, ms},
};

const OVERLOAD: f64 = 2.0;
/// More than the service queues: otherwise requests would wait in the generator.
const CONNECTIONS_MAX: usize = 8_192;
/// Files that this process needs besides connections.
const OTHER_FILES: usize = 512;
const BEFORE_SECONDS: f64 = 2.0;
const AFTER_SECONDS: f64 = 5.0;
/// Step in which recovery is looked for, in microseconds.
const STEP_MICROS: u64 = 100_000;
/// The normal latency, unless it was measured in this run of the bench: the goal for p99.
const NORMAL_MS: f64 = 60.0;
/// A generator that lags more than this did not keep up.
const MISSED_MS: f64 = 10.0;

#[derive(Default)]
struct Runs {
    goodput: Vec<Run>,
    accepted: Vec<Run>,
    refused: Vec<Run>,
    recovery: Vec<Run>,
    accepted_from_sent: Vec<f64>,
    refused_from_sent: Vec<f64>,
    refused_share: Vec<f64>,
    lag: Vec<f64>,
    sent_again: u64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let peak = bench.peak().await;
    let normal = bench.normal_ms.unwrap_or(NORMAL_MS);
    let connections = connections();
    let span = bench.overload_seconds as f64;
    let mut runs = Runs::default();
    for _ in 0..bench.runs {
        let world = bench.world().await;
        let before = world.sums().await;
        let service = Service::start(world.data_dir());
        let phases = vec![
            Phase { span: BEFORE_SECONDS, rate: NORMAL_SHARE * peak },
            Phase { span, rate: OVERLOAD * peak },
            Phase { span: AFTER_SECONDS, rate: NORMAL_SHARE * peak },
        ];
        let targets = Targets::Spread(world.shape);
        let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
        let tally = bookings.run(service.address, connections).await.tally;
        service.stop();
        world.check(before, &tally.acknowledged).await;
        runs.take(&tally, peak, (span, normal));
    }
    runs.report(bench, (peak, normal), connections);
}

impl Runs {
    fn take(&mut self, tally: &Tally, peak: f64, (span, normal): (f64, f64)) {
        let phase = &tally.phases[1];
        let accepted = ms(&phase.booked, 99.0);
        // If nothing was refused, the requests that should have been took as long as the others.
        let nobody = phase.refused.is_empty();
        let refused = |p99| if nobody { accepted } else { p99 };
        let count = (phase.refused.len() + phase.booked.len()) as f64;
        self.goodput.push(Run::beside(phase.booked_within as f64 / span, peak));
        self.accepted.push(Run::alone(accepted));
        self.refused.push(Run::alone(refused(ms(&phase.refused, 99.0))));
        self.accepted_from_sent.push(ms(&phase.booked_from_sent, 99.0));
        self.refused_from_sent.push(refused(ms(&phase.refused_from_sent, 99.0)));
        self.refused_share.push(100.0 * phase.refused.len() as f64 / count);
        self.recovery.push(Run::alone(recovery(tally, BEFORE_SECONDS + span, normal)));
        self.lag.push(ms(&phase.lag, 99.0));
        self.sent_again += tally.sent_again;
    }

    fn report(self, bench: &mut Bench, (peak, normal): (f64, f64), connections: usize) {
        let seconds = bench.overload_seconds;
        let report = &mut bench.report;
        let name = format!("bookings/s at 2x the peak for {seconds} s, beside the peak");
        report.row(&name, "bookings/s", Goal::Times(0.9), &self.goodput);
        let name = "accepted at 2x the peak, p99";
        report.row(name, "ms", Goal::Most(300.0), &self.accepted);
        report.row("refused at 2x the peak, p99", "ms", Goal::Most(10.0), &self.refused);
        report.row("recovery after the overload", "s", Goal::Most(2.0), &self.recovery);
        let lag = median(self.lag);
        report.note(format!(
            "Twice the peak is {}/s on {connections} connections; {} % were refused and did not \
             come again. Times run from when a request was due; counted from when it was sent, a \
             booking takes {} ms and a refusal {} ms (p99). Recovered is a tenth of a second in \
             which nine of ten were accepted within {} ms.",
            number(OVERLOAD * peak),
            number(median(self.refused_share)),
            number(median(self.accepted_from_sent)),
            number(median(self.refused_from_sent)),
            number(normal),
        ));
        let verdict = if lag > MISSED_MS { "it did not keep up" } else { "it kept up" };
        report.note(format!(
            "At twice the peak the generator sent {} ms late (p99): {verdict}; {} requests \
             were sent again because a connection broke.",
            number(lag),
            self.sent_again,
        ));
    }
}

/// Seconds from the end of the overload until latency is normal again; at most the seconds that
/// were measured after it.
fn recovery(tally: &Tally, overload_ended: f64, normal_ms: f64) -> f64 {
    let ended = (overload_ended * 1e6) as u64;
    let steps = (AFTER_SECONDS * 1e6) as u64 / STEP_MICROS;
    let is_usual = |step: u64| {
        let from = ended + step * STEP_MICROS;
        let due = tally.last.iter().filter(|(due, _)| (from..from + STEP_MICROS).contains(due));
        let (mut all, mut soon) = (0, 0);
        for (_, took) in due {
            all += 1;
            soon += usize::from(took.is_some_and(|took| took as f64 <= normal_ms * 1000.0));
        }
        all > 0 && soon * 10 >= all * 9
    };
    let step = (0..steps).find(|step| is_usual(*step)).unwrap_or(steps);
    (step + 1) as f64 * STEP_MICROS as f64 / 1e6
}

/// As many connections as this process may open.
pub(super) fn connections() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    soft.map_or(CONNECTIONS_MAX, |soft| CONNECTIONS_MAX.min(soft.saturating_sub(OTHER_FILES)))
}
