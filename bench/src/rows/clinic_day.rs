//! A clinic's day at 1,450 clinics: doses given a second, through the interface, beside bookings
//! a second; and how long a press takes beside 5,000 bookings a second.

use super::bookings::{CONNECTIONS, SETTLE_SECONDS, peak};
use crate::{
    bench::Bench,
    booking_load::{BookingLoad, ClosedLoop, Phase, Targets},
    dataset::DAY_CLINICS,
    report::{Goal, Run, median, number},
    service::Service,
    tally::ms,
    visit_load::{VisitLoad, VisitTally},
    world::World,
};

/// Booked at each of the clinics on the day.
const VISITS_PER_CLINIC: i64 = 130;
const VISITS: i64 = VISITS_PER_CLINIC * DAY_CLINICS;
/// Bookings a second, as in the goal.
const BOOKINGS: f64 = 5_000.0;
/// People who come a second meanwhile: a day of 80,000 doses within a quarter of an hour.
const COMING: f64 = 90.0;
/// The first second has no doses yet: people are checked in before.
const CALM_SECONDS: f64 = 3.0;
const BESIDE_SECONDS: f64 = 15.0;

pub(crate) async fn measure(bench: &mut Bench) {
    let span = bench.seconds as f64;
    let (mut rates, mut arrived, mut given) = (vec![], vec![], vec![]);
    let (mut booked, mut refused) = (vec![], vec![]);
    for run in 1..=bench.runs {
        let world = bench.world().await;
        let targets = Targets::Spread(world.shape);
        let bookings = peak(world, targets, SETTLE_SECONDS, span).await.bookings_per_second;
        let doses = saturated(bench.world().await, span).await;
        println!("run {run}: {doses:.0} doses/s, {bookings:.0} bookings/s");
        rates.push(Run::beside(doses, bookings));
        let (tally, booked_ms) = beside(bench.world().await).await;
        let times = (ms(&tally.arrived, 99.0), ms(&tally.given, 99.0));
        println!(
            "run {run}: p99 check-in {:.1} ms, dose {:.1} ms, booking {booked_ms:.1} ms; {} \
             presses made again",
            times.0, times.1, tally.refused
        );
        arrived.push(Run::alone(times.0));
        given.push(Run::alone(times.1));
        booked.push(booked_ms);
        refused.push(tally.refused as f64);
    }
    let report = &mut bench.report;
    let name = "doses given at 1,450 clinics, check-in and dose, beside bookings";
    report.row(name, "doses/s", Goal::Times(0.3), &rates);
    let name = "check-in beside 5,000 bookings a second, p99";
    report.row(name, "ms", Goal::Most(150.0), &arrived);
    let name = "dose given beside 5,000 bookings a second, p99";
    report.row(name, "ms", Goal::Most(150.0), &given);
    report.note(format!(
        "Each dose is two presses, the check-in and the dose, of a user of the person's clinic; \
         the baseline is what the service books a second, spread, in the same run. Beside {} \
         bookings a second, whose p99 was {} ms, {} people a second came and were given their \
         dose; {} presses were refused for want of room and made again, the time counted from the \
         first.",
        number(BOOKINGS),
        number(median(booked)),
        number(COMING),
        number(median(refused)),
    ));
}

/// As many doses per second as the service takes.
async fn saturated(world: &mut World, span: f64) -> f64 {
    world.begin_day(VISITS).await;
    let service = Service::start(world.data_dir());
    let closed_loop = ClosedLoop { clients: CONNECTIONS, settle: SETTLE_SECONDS, span };
    let load = VisitLoad::closed_loop(world.keys(), VISITS, closed_loop);
    let tally = load.run(service.address, CONNECTIONS).await;
    service.stop();
    world.check_day(tally.presses).await;
    world.verify().await;
    tally.given_within as f64 / span
}

/// How presses went beside bookings, and the 99th percentile of those in ms.
async fn beside(world: &mut World) -> (VisitTally, f64) {
    world.begin_day(VISITS).await;
    let before = world.sums().await;
    let service = Service::start(world.data_dir());
    let phases = |rate| {
        let phase = |span| Phase { span, rate };
        vec![phase(CALM_SECONDS), phase(BESIDE_SECONDS)]
    };
    let targets = Targets::Spread(world.shape);
    let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases(BOOKINGS));
    let visits = VisitLoad::open_loop(world.keys(), VISITS, phases(COMING));
    let (bookings, tally) = tokio::join!(
        bookings.run(service.address, CONNECTIONS),
        visits.run(service.address, CONNECTIONS)
    );
    service.stop();
    world.check_day(tally.presses).await;
    world.verify().await;
    let expected = before.bookings + bookings.tally.acknowledged.bookings - tally.presses.1;
    assert_eq!(world.sums().await.bookings, expected, "bookings that stand, and acknowledged");
    (tally, ms(&bookings.tally.phases[1].booked, 99.0))
}
