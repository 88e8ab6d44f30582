//! How long a booking takes: below the peak, and alone.

use crate::{
    baseline::{self, Aim},
    bench::Bench,
    booking_load::{BookingLoad, ClosedLoop, Phase, Targets},
    report::{Goal, Run, median, number},
    service::Service,
    tally::ms,
};

/// Enough that a request hardly ever waits for a connection.
pub(crate) const CONNECTIONS: usize = 2_048;
/// Of the peak.
pub(crate) const NORMAL_SHARE: f64 = 0.8;
/// A refused request may be retried after a second.
const RETRY_MICROS: u64 = 1_000_000;
const SETTLE_SECONDS: f64 = 2.0;
const PERCENTILES: [(&str, f64, f64); 3] =
    [("p50", 50.0, 15.0), ("p99", 99.0, 60.0), ("p99.9", 99.9, 200.0)];

pub(crate) async fn measure(bench: &mut Bench) {
    let rate = bench.peak().await * NORMAL_SHARE;
    let span = 2.0 * bench.seconds as f64;
    let mut runs = [const { Vec::new() }; PERCENTILES.len()];
    let (mut lags, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        let world = bench.world().await;
        let before = world.sums().await;
        let service = Service::start(world.data_dir());
        let phases = vec![Phase { span: SETTLE_SECONDS, rate }, Phase { span, rate }];
        let targets = Targets::Spread(world.shape);
        let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
        let tally = bookings.run(service.address, CONNECTIONS).await.tally;
        service.stop();
        world.check(before, &tally.acknowledged).await;
        let phase = &tally.phases[1];
        lags.push(ms(&phase.lag, 99.0));
        let mut waited = phase.booked.clone();
        waited.record_n(RETRY_MICROS, phase.refused.len()).expect("recorded");
        refused.push(100.0 * phase.refused.len() as f64 / waited.len() as f64);
        for ((_, percentile, _), runs) in PERCENTILES.iter().zip(&mut runs) {
            runs.push(Run::alone(ms(&waited, *percentile)));
        }
    }
    for ((name, _, most), runs) in PERCENTILES.iter().zip(&runs) {
        let name = format!("booking at 80 % of the peak, {name}");
        let run = bench.report.row(&name, "ms", Goal::Most(*most), runs);
        if name.ends_with("p99") {
            bench.normal_ms = Some(run.figure);
        }
    }
    bench.report.note(format!(
        "80 % of the peak is {} a second, at random moments, on {CONNECTIONS} connections; timed \
         from when each was due. {} % were refused, and count as having waited the second after \
         which they may come again. The generator itself was late by {} ms (p99).",
        number(rate),
        number(median(refused)),
        number(median(lags)),
    ));
}

/// One at a time, on one connection.
pub(crate) async fn measure_idle(bench: &mut Bench) {
    let seconds = bench.seconds;
    let mut runs = Vec::new();
    for _ in 0..bench.runs {
        let world = bench.world().await;
        let single = baseline::single(world, Aim::Spread, 1, seconds).await;
        world.reset().await;
        let before = world.sums().await;
        let service = Service::start(world.data_dir());
        let closed_loop = ClosedLoop { clients: 1, settle: 1.0, span: seconds as f64 };
        let targets = Targets::Spread(world.shape);
        let bookings = BookingLoad::closed_loop(world.citizens.clone(), targets, 0, closed_loop);
        let tally = bookings.run(service.address, 1).await.tally;
        service.stop();
        world.check(before, &tally.acknowledged).await;
        runs.push(Run::beside(ms(&tally.phases[1].booked, 50.0), single.latency_ms));
    }
    bench.report.row("one idle booking (a batch of one), p50", "ms", Goal::Most(3.0), &runs);
    let note = "The baseline of one idle booking is one transaction of pgbench -c 1 (mean).";
    bench.report.note(note.to_owned());
}
