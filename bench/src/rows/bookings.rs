//! Bookings per second, on many slots and on one, and what PostgreSQL writes for them.

use std::time::Duration;

use crate::{
    baseline::{self, Aim, Batch},
    bench::Bench,
    booking_load::{BookingLoad, ClosedLoop, Targets},
    report::{Goal, Run, median, number},
    service::Service,
    tally::Acknowledged,
    world::World,
};

/// Client counts of one transaction per booking. On many rows the best of the first run is used, on
/// one row the last.
const BASELINE_CLIENTS: [usize; 3] = [8, 16, 32];
/// Connections that the generator holds open.
pub(crate) const CONNECTIONS: usize = 512;
/// After a checkpoint the first change of each page writes the whole page to the WAL. After this
/// time that is over for most pages.
pub(crate) const SETTLE_SECONDS: f64 = 5.0;

/// The result of a run over HTTP.
pub(crate) struct Peak {
    pub(crate) bookings_per_second: f64,
    /// Per booking, from the checkpoint on.
    pub(crate) wal_at_first: f64,
    /// Per booking, once settled.
    pub(crate) wal_settled: f64,
    /// Share of the counters' updates, in per cent.
    pub(crate) in_place: f64,
}

#[derive(Default)]
struct Runs {
    single: Vec<Run>,
    ceiling: Vec<Run>,
    /// Measured once, because it only explains the others.
    blind: f64,
    /// Clients of one transaction per booking.
    best: Option<usize>,
    hot_single: Vec<Run>,
    hot_spread: Vec<Run>,
    wal: Vec<Run>,
    wal_at_first: Vec<f64>,
    in_place: Vec<Run>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let mut runs = Runs::default();
    for run in 1..=bench.runs {
        one_run(bench, run, &mut runs).await;
    }
    let report = &mut bench.report;
    let unit = "bookings/s";
    let name = "spread over 20,000 slots, beside one transaction per booking";
    report.row(name, unit, Goal::Times(3.0), &runs.single);
    let name = "spread over 20,000 slots, beside the batch without HTTP";
    report.row(name, unit, Goal::Times(0.6), &runs.ceiling);
    let name = "one slot, beside one transaction per booking, 32 clients";
    report.row(name, unit, Goal::Times(30.0), &runs.hot_single);
    report.row("one slot, beside spread", unit, Goal::Times(1.0), &runs.hot_spread);
    report.row("WAL per booking", "B", Goal::Most(960.0), &runs.wal);
    report.row("counter updates in place (HOT)", "%", Goal::Least(99.0), &runs.in_place);
    let (best, blind) = (runs.best.expect("one run at least"), number(runs.blind));
    report.note(format!(
        "One transaction per booking is pgbench -M prepared with {best} clients, the best of 8, 16 \
         and 32 in the first run; it checks seats and doses only. The batch without HTTP is every \
         statement of a lane's transaction, driven by pgbench for 256 bookings at a time on two \
         connections; with locks and writes alone, nothing read about campaign, people and their \
         bookings, it is {blind}/s (once)."
    ));
    let at_first = number(median(runs.wal_at_first));
    report.note(format!(
        "WAL per booking is that of the spread run from its sixth second on; counted from the \
         checkpoint before it, page images included, it is {at_first} B."
    ));
    bench.peak = Some(median(runs.single.iter().map(|run| run.figure).collect()));
}

async fn one_run(bench: &mut Bench, run: u64, runs: &mut Runs) {
    let seconds = bench.seconds;
    let span = seconds as f64;
    let world = bench.world().await;
    let single = single(world, seconds, runs).await;
    world.verify().await;
    world.reset().await;
    if run == 1 {
        runs.blind = baseline::ceiling(world, Batch::Blind, seconds).await.bookings_per_second;
        world.verify().await;
        world.reset().await;
    }
    let ceiling = baseline::ceiling(world, Batch::Whole, seconds).await.bookings_per_second;
    world.verify().await;
    world.reset().await;
    let spread = peak(world, Targets::Spread(world.shape), SETTLE_SECONDS, span).await;
    world.reset().await;
    let hot_clients = BASELINE_CLIENTS[BASELINE_CLIENTS.len() - 1];
    let hot_single = baseline::single(world, Aim::Hot, hot_clients, seconds).await;
    world.verify().await;
    world.reset().await;
    let hot = peak(world, Targets::Hot(world.shape), 1.0, span).await.bookings_per_second;
    let (figure, hot_single) = (spread.bookings_per_second, hot_single.bookings_per_second);
    println!(
        "run {run}: spread {figure:.0}/s, one transaction each {single:.0}/s, \
         ceiling {ceiling:.0}/s; one slot {hot:.0}/s, one transaction each {hot_single:.0}/s"
    );
    runs.single.push(Run::beside(figure, single));
    runs.ceiling.push(Run::beside(figure, ceiling));
    runs.hot_single.push(Run::beside(hot, hot_single));
    runs.hot_spread.push(Run::beside(hot, figure));
    runs.wal.push(Run::alone(spread.wal_settled));
    runs.wal_at_first.push(spread.wal_at_first);
    runs.in_place.push(Run::alone(spread.in_place));
}

/// Bookings per second in one transaction each, at the best count of clients.
async fn single(world: &mut World, seconds: u64, runs: &mut Runs) -> f64 {
    let counts = runs.best.map_or(BASELINE_CLIENTS.to_vec(), |best| vec![best]);
    let mut most: f64 = 0.0;
    for clients in counts {
        let single = baseline::single(world, Aim::Spread, clients, seconds).await;
        println!("{clients} clients {:.0}/s", single.bookings_per_second);
        if single.bookings_per_second > most {
            (most, runs.best) = (single.bookings_per_second, Some(clients));
        }
    }
    most
}

impl Bench {
    /// The most bookings per second, spread: the median of this run of the bench.
    pub(crate) async fn peak(&mut self) -> f64 {
        if let Some(peak) = self.peak {
            return peak;
        }
        let mut peaks = Vec::new();
        for _ in 0..self.runs {
            let span = self.seconds as f64;
            let world = self.world().await;
            let targets = Targets::Spread(world.shape);
            peaks.push(peak(world, targets, SETTLE_SECONDS, span).await.bookings_per_second);
        }
        let peak = median(peaks);
        println!("peak: {peak:.0} bookings/s");
        *self.peak.insert(peak)
    }
}

/// As many bookings as the service takes on an empty ledger; the database is checked.
pub(crate) async fn peak(world: &mut World, targets: Targets, settle: f64, span: f64) -> Peak {
    let before = world.sums().await;
    let updates = world.updates().await;
    let written = world.written().await;
    let service = Service::start(world.data_dir());
    let result = saturate(world, &service, (targets, 0), (settle, span)).await;
    service.stop();
    let end = world.written().await;
    let (all, in_place) = world.updates().await;
    world.check(before, &result.acknowledged).await;
    let per_booking = |from: (f64, f64)| (end.0 - from.0) / (end.1 - from.1);
    Peak {
        bookings_per_second: result.bookings_per_second,
        wal_at_first: per_booking(written),
        wal_settled: per_booking(result.settled),
        in_place: 100.0 * (in_place - updates.1) as f64 / (all - updates.0) as f64,
    }
}

/// The result of a load at the peak.
pub(crate) struct Saturated {
    pub(crate) acknowledged: Acknowledged,
    /// Once settled.
    pub(crate) bookings_per_second: f64,
    /// What had been written when it was settled.
    pub(crate) settled: (f64, f64),
    /// The number of the next arrival.
    pub(crate) next: i64,
}

/// As many bookings as the service takes; the first arrival has the number `first`.
pub(crate) async fn saturate(
    world: &mut World,
    service: &Service,
    (targets, first): (Targets, i64),
    (settle, span): (f64, f64),
) -> Saturated {
    let closed_loop = ClosedLoop { clients: CONNECTIONS, settle, span };
    let bookings = BookingLoad::closed_loop(world.citizens.clone(), targets, first, closed_loop);
    let running = tokio::spawn(bookings.run(service.address, CONNECTIONS));
    tokio::time::sleep(Duration::from_secs_f64(settle)).await;
    let settled = world.written().await;
    let finished = running.await.expect("the generator");
    Saturated {
        acknowledged: finished.tally.acknowledged,
        bookings_per_second: finished.tally.phases[1].booked_within as f64 / span,
        settled,
        next: finished.next(),
    }
}
