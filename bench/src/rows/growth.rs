//! A large register and a long ledger, beside a small and an empty one, measured in turns.

use super::bookings::{self, SETTLE_SECONDS};
use crate::{
    bench::Bench,
    booking_load::Targets,
    dataset,
    report::{Goal, Run, number},
    service::Service,
    shape::Shape,
    world::World,
};

const SMALL: Shape = Shape {
    clinics: 725,
    slots_per_clinic: 276,
    slots_per_day: 20,
    doses: 10_000,
    people: 1_000_000,
    signed_in: 950_000,
};
const LARGE: Shape = Shape { clinics: 14_500, people: 20_000_000, ..SMALL };

/// Bookings in the long ledger: number of the first arrival, and how many. They come after all
/// arrivals that are measured.
const LONG: (i64, i64) = (10_000_000, 5_000_000);

/// A world with a service on it.
struct Subject {
    world: World,
    service: Service,
    first: i64,
    microseconds: Vec<f64>,
    wal: Vec<f64>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    bench.close().await;
    let small = World::build(SMALL).await;
    let (large, mut long) = World::build(LARGE).await.split().await;
    println!("loading {} bookings …", LONG.1);
    let superuser = long.superuser();
    dataset::bookings(&mut long.root, &superuser, &LARGE, LONG).await;
    let mut subjects = Vec::new();
    for world in [small, large, long] {
        let data_dir = world.data_dir().to_owned();
        let start = tokio::task::spawn_blocking(move || Service::start(&data_dir));
        subjects.push((world, start));
    }
    let mut started = Vec::new();
    for (world, start) in subjects {
        let service = start.await.expect("started");
        let (microseconds, wal) = (Vec::new(), Vec::new());
        started.push(Subject { world, service, first: 0, microseconds, wal });
    }
    for run in 1..=bench.runs {
        for subject in &mut started {
            subject.run(bench.seconds as f64).await;
        }
        let microseconds =
            started.iter().map(|subject| number(subject.microseconds[run as usize - 1]));
        println!("run {run}: {} µs a booking", microseconds.collect::<Vec<_>>().join(", "));
    }
    report(bench, &started);
    for Subject { mut world, service, .. } in started {
        service.stop();
        world.verify().await;
        world.close().await;
    }
}

fn report(bench: &mut Bench, subjects: &[Subject]) {
    let [small, large, long] = subjects else { panic!("three subjects") };
    let beside = |of: &Subject, than: &Subject| {
        let pairs = of.microseconds.iter().zip(&than.microseconds);
        pairs.map(|(of, than)| Run::beside(*of, *than)).collect::<Vec<_>>()
    };
    let report = &mut bench.report;
    let name = "a booking among 20M people and 4M slots, beside 1M and 200k";
    report.row(name, "µs", Goal::TimesMax(1.3), &beside(large, small));
    let name = "a booking after 5M bookings, beside an empty ledger";
    report.row(name, "µs", Goal::TimesMax(1.2), &beside(long, large));
    let memory = [large, long].map(|subject| Run::alone(subject.service.memory_mb()));
    let name = "memory of the service at full scale, at most";
    report.row(name, "MB", Goal::Most(600.0), &memory);
    let wal = |subject: &Subject| number(crate::report::median(subject.wal.clone()));
    report.note(format!(
        "A booking's time is a second by the bookings made in it, at the peak, over all slots of \
         the nation at random; the ledger after 5M bookings is that of the large world. WAL per \
         booking, page images included: {} B small, {} B large, {} B after 5M bookings.",
        wal(small),
        wal(large),
        wal(long),
    ));
}

impl Subject {
    async fn run(&mut self, span: f64) {
        let world = &mut self.world;
        let before = world.sums().await;
        let targets = (Targets::Spread(world.shape), self.first);
        let result =
            bookings::saturate(world, &self.service, targets, (SETTLE_SECONDS, span)).await;
        let end = world.written().await;
        world.count(before, &result.acknowledged).await;
        self.first = result.next;
        self.microseconds.push(1e6 / result.bookings_per_second);
        self.wal.push((end.0 - result.settled.0) / (end.1 - result.settled.1));
    }
}
