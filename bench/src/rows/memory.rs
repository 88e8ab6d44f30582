//! Memory of the service at the scale of the demonstration, while people read and book.

use std::sync::Arc;

use crate::{
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    read_load,
    report::{Goal, Run},
    service::{SUPPLY, Service},
    world::{self, World},
};

const SECONDS: f64 = 10.0;
const BOOKINGS: f64 = 1_000.0;
const READERS: usize = 16;
const CONNECTIONS: usize = 512;

pub(crate) async fn measure(bench: &mut Bench) {
    let loaded = bench.demonstration().await;
    let folder = Arc::new(world::folder());
    world::copy(loaded.path(), folder.path());
    let (mut world, pairs) = World::demonstration(folder).await;
    let each = SECONDS * BOOKINGS * 1.2;
    assert!(pairs.len() as f64 > each * bench.runs as f64, "more doses than are booked");
    let targets = Targets::Listed(pairs);
    let (mut runs, mut first) = (Vec::new(), 0);
    for _ in 0..bench.runs {
        let before = world.sums().await;
        let service = Service::start(world.data_dir());
        let phases = vec![Phase { span: SECONDS, rate: BOOKINGS }];
        let bookings =
            BookingLoad::open_loop(world.citizens.clone(), targets.clone(), first, phases);
        let (bookings, _) = tokio::join!(
            bookings.run(service.address, CONNECTIONS),
            read_load::run(service.address, SUPPLY, READERS, (0.0, SECONDS)),
        );
        first = bookings.next();
        runs.push(Run::alone(service.memory_mb()));
        service.stop();
        world.check(before, &bookings.tally.acknowledged).await;
    }
    world.close().await;
    let name = "memory of the service at demonstration scale, at most";
    bench.report.row(name, "MB", Goal::Most(150.0), &runs);
    bench.report.note(format!(
        "Memory is the highest resident size of the process (VmHWM); at demonstration scale after \
         {SECONDS} s of {BOOKINGS} bookings/s and as many reads of supply as go."
    ));
}
