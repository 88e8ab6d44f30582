//! The pages that stay open at the clinics: what they cost by asking for news, and how long the
//! page of a full day takes.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    bench::Bench,
    cpu::seconds_with_children,
    dataset::DAY_CLINICS,
    desk_load::{Asked, DeskLoad},
    report::{Goal, Run, median, number},
    service::Service,
    tally::ms,
    world::World,
};

/// Booked at each of the clinics on the day; at the first one so many.
const VISITS_PER_CLINIC: i64 = 130;
const FULL_DAY: i64 = 300;
/// Pages a second of the full day: each clinic's page once a minute.
const PAGES: f64 = 24.0;
const SPAN: Duration = Duration::from_secs(30);
const CONNECTIONS: usize = 64;

pub(crate) async fn measure(bench: &mut Bench) {
    let (mut cores, mut times) = (Vec::new(), Vec::new());
    let (mut same, mut bytes) = (Vec::new(), 0);
    for run in 1..=bench.runs {
        let world = bench.world().await;
        world.begin_day(VISITS_PER_CLINIC * DAY_CLINICS).await;
        let on = world.fill_day(FULL_DAY).await;
        let service = Service::start(world.data_dir());
        // Caches and connections are warm on an evening that has begun.
        let news = |span| {
            DeskLoad::new(world.keys(), Asked::News, on, span).run(service.address, CONNECTIONS)
        };
        news(Duration::from_secs(12)).await;
        let cpu =
            || seconds_with_children(service.pid()) + seconds_with_children(world.postmaster());
        let before = cpu();
        sleep(SPAN).await;
        let between = cpu();
        let polled = news(SPAN).await;
        let after = cpu();
        let cost = ((after - between) - (between - before)) / SPAN.as_secs_f64();
        let load = DeskLoad::new(world.keys(), Asked::Page(PAGES), on, SPAN);
        let pages = load.run(service.address, CONNECTIONS).await;
        service.stop();
        let p99 = ms(&pages.took, 99.0);
        let asked = polled.took.len() as f64;
        println!("run {run}: {asked} polls cost {cost:.3} cores; the page, p99: {p99:.1} ms");
        cores.push(Run::alone(cost));
        times.push(Run::alone(p99));
        same.push(polled.same as f64 / asked);
        bytes = pages.bytes;
    }
    let report = &mut bench.report;
    let name = "1,450 pages of clinics that stay open for 30 s, cost";
    report.row(name, "cores", Goal::Most(0.1), &cores);
    let name = "page of a clinic's day with 300 bookings, p99";
    report.row(name, "ms", Goal::Most(50.0), &times);
    report.note(format!(
        "Open pages ask every 10 to 12.5 s as the browser's script does; the cost is processor \
         time of the service and PostgreSQL, beyond that of the same time without pages. {:.0} % \
         of the answers said that nothing is new. The page of the full day is asked for {} times \
         a second, timed from when each was due, and has {} bytes compressed.",
        100.0 * median(same),
        number(PAGES),
        number(bytes as f64),
    ));
}
