//! Bookings per second with PostgreSQL behind TCP, as in most installations, beside its unix
//! socket. Loopback shows what waiting for acknowledgements costs; it has no network's round trip.

use crate::{
    bench::Bench,
    booking_load::{BookingLoad, ClosedLoop, Targets},
    report::{Goal, Run},
    service::{Service, Setup},
    world::World,
};

/// Clients that each book one after the other.
const CLIENTS: [usize; 2] = [32, 256];
/// Seconds until connections are made and plans are.
const SETTLE_SECONDS: f64 = 1.0;

pub(crate) async fn measure(bench: &mut Bench) {
    let span = bench.seconds as f64;
    let (tcp, unix) = bench.over_tcp().await;
    for clients in CLIENTS {
        let mut runs = Vec::new();
        for run in 1..=bench.runs {
            let by_socket = booked(bench.world().await, &unix, (clients, span)).await;
            let by_tcp = booked(bench.world().await, &tcp, (clients, span)).await;
            println!("run {run}: {clients} clients: TCP {by_tcp:.0}/s, unix {by_socket:.0}/s");
            runs.push(Run::beside(by_tcp, by_socket));
        }
        let name = format!("spread, over TCP beside the unix socket, {clients} clients");
        bench.report.row(&name, "bookings/s", Goal::Times(0.85), &runs);
    }
}

/// Bookings per second of a service that reaches the world's database by this URL.
async fn booked(world: &mut World, url: &str, (clients, span): (usize, f64)) -> f64 {
    let before = world.sums().await;
    let service = Service::start_as(world.data_dir(), &Setup::default().on(url));
    let closed_loop = ClosedLoop { clients, settle: SETTLE_SECONDS, span };
    let targets = Targets::Spread(world.shape);
    let load = BookingLoad::closed_loop(world.citizens.clone(), targets, 0, closed_loop);
    let finished = load.run(service.address, clients).await;
    service.stop();
    world.check(before, &finished.tally.acknowledged).await;
    finished.tally.phases[1].booked_within as f64 / span
}
