//! Messages per second through a gateway that takes 5 ms to answer, and what bookings lose beside
//! them.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::bookings::{CONNECTIONS, SETTLE_SECONDS};
use crate::{
    bench::Bench,
    booking_load::{BookingLoad, ClosedLoop, Phase, Targets},
    gateway::Gateway,
    report::{Goal, Run, median, number},
    service::{Service, Setup},
    tally::{Acknowledged, ms},
    world::World,
};

/// The gateway takes as long to answer.
const ANSWER: Duration = Duration::from_millis(5);
/// Bookings of which the people are still to be told; every tenth was cancelled again.
const UNTOLD: i64 = 60_000;
/// The share of the peak at which bookings come when they do not come as fast as they can.
const SHARE: f64 = 0.5;
const WAIT_MAX: Duration = Duration::from_secs(120);

pub(crate) async fn measure(bench: &mut Bench) {
    let span = bench.seconds as f64;
    let (mut rates, mut most, mut half, mut meanwhile) = (vec![], vec![], vec![], vec![]);
    let rate = bench.peak().await * SHARE;
    for run in 1..=bench.runs {
        let told = told(bench.world().await).await;
        println!("run {run}: {told:.0} messages/s");
        rates.push(Run::alone(told));
        let (without, _) = booked(bench.world().await, None, span).await;
        let (with, sent) = booked(bench.world().await, Some(ANSWER), span).await;
        println!("run {run}: {with:.0} bookings/s beside {sent:.0} messages/s, alone {without:.0}");
        most.push(Run::beside(with, without));
        let (without_ms, _) = steady(bench.world().await, None, (rate, span)).await;
        let (with_ms, sent) = steady(bench.world().await, Some(ANSWER), (rate, span)).await;
        println!(
            "run {run}: p99 {with_ms:.1} ms beside {sent:.0} messages/s, alone {without_ms:.1}"
        );
        half.push(Run::beside(with_ms, without_ms));
        meanwhile.push(sent);
    }
    let report = &mut bench.report;
    let name = "messages through a gateway that answers in 5 ms, in order per person";
    report.row(name, "messages/s", Goal::Least(2_000.0), &rates);
    let name = "bookings as many as can be, with messages, beside none";
    report.row(name, "bookings/s", Goal::Times(0.95), &most);
    let name = "booking at half the peak, with messages, beside none, p99";
    report.row(name, "ms", Goal::TimesMax(1.2), &half);
    report.note(format!(
        "The messages are confirmations and cancellations out of the journal, to be told when the \
         service starts; gateway, service and PostgreSQL share the cores. At half the peak ({} \
         bookings/s) {} messages/s left meanwhile.",
        number(rate),
        number(median(meanwhile)),
    ));
}

/// Messages per second until everything is told that has happened to the bookings of a journal.
async fn told(world: &mut World) -> f64 {
    world.add_bookings(UNTOLD).await;
    let messages = world.cancel_every_tenth().await + UNTOLD as u64;
    let gateway = Gateway::start(ANSWER);
    let service = Service::start_as(world.data_dir(), &sending(&gateway));
    let began = Instant::now();
    // Connections are made and plans are.
    while gateway.messages() < messages / 10 {
        assert!(began.elapsed() < WAIT_MAX, "{} of {messages} messages", gateway.messages());
        sleep(Duration::from_millis(5)).await;
    }
    let (since, first) = (Instant::now(), gateway.messages());
    while gateway.messages() < messages {
        assert!(since.elapsed() < WAIT_MAX, "{} of {messages} messages", gateway.messages());
        sleep(Duration::from_millis(5)).await;
    }
    let rate = (messages - first) as f64 / since.elapsed().as_secs_f64();
    assert_eq!(gateway.seen.out_of_order.load(Relaxed), 0, "cancelled before booked");
    service.stop();
    assert_eq!(gateway.messages(), messages, "each once");
    gateway.stop().await;
    rate
}

fn sending(gateway: &Gateway) -> Setup<'static> {
    Setup::default().sending(&gateway.settings())
}

/// Starts the service with or without messages.
fn start(world: &World, answer: Option<Duration>) -> (Service, Option<Gateway>) {
    match answer.map(Gateway::start) {
        None => (Service::start_as(world.data_dir(), &Setup::default().silent()), None),
        Some(gateway) => (Service::start_as(world.data_dir(), &sending(&gateway)), Some(gateway)),
    }
}

/// Messages per second in the measured part.
fn sent(gateway: Option<&Gateway>, before: u64, span: f64) -> f64 {
    gateway.map_or(0.0, |gateway| (gateway.messages() - before) as f64 / span)
}

/// As many bookings per second as the service takes, and the messages that left meanwhile.
async fn booked(world: &mut World, answer: Option<Duration>, span: f64) -> (f64, f64) {
    let closed_loop = ClosedLoop { clients: CONNECTIONS, settle: SETTLE_SECONDS, span };
    let targets = Targets::Spread(world.shape);
    let load = BookingLoad::closed_loop(world.citizens.clone(), targets, 0, closed_loop);
    let (finished, sent) = beside(world, answer, load, span).await;
    (finished.tally.phases[1].booked_within as f64 / span, sent)
}

/// The 99th percentile in ms of bookings that come at a rate, and the messages that left meanwhile.
async fn steady(
    world: &mut World,
    answer: Option<Duration>,
    (rate, span): (f64, f64),
) -> (f64, f64) {
    let phases = vec![Phase { span: SETTLE_SECONDS, rate }, Phase { span, rate }];
    let targets = Targets::Spread(world.shape);
    let load = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
    let (finished, sent) = beside(world, answer, load, span).await;
    (ms(&finished.tally.phases[1].booked, 99.0), sent)
}

async fn beside(
    world: &mut World,
    answer: Option<Duration>,
    load: BookingLoad,
    span: f64,
) -> (BookingLoad, f64) {
    let before = world.sums().await;
    let (service, gateway) = start(world, answer);
    let counting = async {
        sleep(Duration::from_secs_f64(SETTLE_SECONDS)).await;
        let settled = gateway.as_ref().map_or(0, Gateway::messages);
        sleep(Duration::from_secs_f64(span)).await;
        sent(gateway.as_ref(), settled, span)
    };
    let (finished, sent) = tokio::join!(load.run(service.address, CONNECTIONS), counting);
    service.stop();
    if let Some(gateway) = gateway {
        assert_eq!(gateway.seen.out_of_order.load(Relaxed), 0, "cancelled before booked");
        gateway.stop().await;
    }
    let acknowledged: &Acknowledged = &finished.tally.acknowledged;
    world.check(before, acknowledged).await;
    (finished, sent)
}
