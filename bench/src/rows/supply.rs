//! Reads of the supply, as many as possible, while others book; beside the same reads of static
//! bytes.

use super::latency;
use crate::{
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    read_load,
    report::{Goal, Run, median, number},
    service::{self, SUPPLY, Service},
    static_server::{StaticResponse, StaticServer},
    tally::ms,
};

/// Bookings per second beside the reads.
const BOOKINGS: f64 = 5_000.0;
const READERS: usize = 64;
const SETTLE_SECONDS: f64 = 2.0;

/// What answers the reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Service,
    Bytes,
}

struct Side {
    reads: f64,
    booking_ms: f64,
    bookings: f64,
    bytes: usize,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let (mut reads, mut waits) = (Vec::new(), Vec::new());
    let (mut bookings, mut size) = (Vec::new(), 0);
    for _ in 0..bench.runs {
        let bytes = side(bench, Source::Bytes).await;
        let service = side(bench, Source::Service).await;
        reads.push(Run::beside(service.reads, bytes.reads));
        waits.push(Run::beside(service.booking_ms, bytes.booking_ms));
        bookings.push(service.bookings);
        size = bytes.bytes;
    }
    let report = &mut bench.report;
    let name = "reads of supply while 5,000 bookings/s run, beside static bytes";
    report.row(name, "reads/s", Goal::Times(0.9), &reads);
    let name = "booking beside those reads, p99, beside reads of static bytes";
    report.row(name, "ms", Goal::TimesMax(1.2), &waits);
    report.note(format!(
        "Supply is {size} bytes as a browser gets them, read by {READERS} connections as fast as \
         they are answered; {} bookings/s were made meanwhile. The static bytes come from an actix \
         server with as many workers and headers, beside a service that takes the same bookings.",
        number(median(bookings)),
    ));
}

async fn side(bench: &mut Bench, source: Source) -> Side {
    let span = bench.seconds as f64;
    let world = bench.world().await;
    let before = world.sums().await;
    let service = Service::start(world.data_dir());
    let response = StaticResponse::parse(&service::ask_bytes(service.address, SUPPLY));
    let bytes = response.bytes();
    let server = (source == Source::Bytes).then(|| StaticServer::start(response));
    let address = server.as_ref().map_or(service.address, |server| server.address);
    let phase = |span| Phase { span, rate: BOOKINGS };
    let phases = vec![phase(SETTLE_SECONDS), phase(span)];
    let targets = Targets::Spread(world.shape);
    let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
    let (bookings, reads) = tokio::join!(
        bookings.run(service.address, latency::CONNECTIONS),
        read_load::run(address, SUPPLY, READERS, (SETTLE_SECONDS, span)),
    );
    if let Some(server) = server {
        server.stop().await;
    }
    service.stop();
    world.check(before, &bookings.tally.acknowledged).await;
    let phase = &bookings.tally.phases[1];
    let (booking_ms, bookings) = (ms(&phase.booked, 99.0), phase.booked_within as f64 / span);
    Side { reads, booking_ms, bookings, bytes }
}
