//! A large register and a long ledger beside a small and an empty one, taken in turns.

use super::bookings::{self, SETTLE_SECONDS};
use crate::{
    Bench,
    generator::Targets,
    load,
    report::{Goal, Run, number},
    service::Service,
    world::{Shape, World},
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

/// Bookings in the long ledger, of people who come after all those that are measured.
const LONG: (i64, i64) = (10_000_000, 5_000_000);

struct Place {
    world: World,
    service: Service,
    first: i64,
    microseconds: Vec<f64>,
    wal: Vec<f64>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let small = World::build(SMALL).await;
    let (large, mut long) = World::build(LARGE).await.split().await;
    println!("loading {} bookings …", LONG.1);
    let superuser = long.superuser();
    load::bookings(&mut long.root, &superuser, &LARGE, LONG).await;
    let mut places = Vec::new();
    for world in [small, large, long] {
        let data_dir = world.data_dir().to_owned();
        let start = tokio::task::spawn_blocking(move || Service::start(&data_dir));
        places.push((world, start));
    }
    let mut started = Vec::new();
    for (world, start) in places {
        let service = start.await.expect("started");
        let (microseconds, wal) = (Vec::new(), Vec::new());
        started.push(Place { world, service, first: 0, microseconds, wal });
    }
    for run in 1..=bench.runs {
        for place in &mut started {
            place.run(bench.seconds as f64).await;
        }
        let microseconds = started.iter().map(|place| number(place.microseconds[run as usize - 1]));
        println!("run {run}: {} µs a booking", microseconds.collect::<Vec<_>>().join(", "));
    }
    report(bench, &started);
    for Place { mut world, service, .. } in started {
        service.stop();
        world.verify().await;
        world.close().await;
    }
}

fn report(bench: &mut Bench, places: &[Place]) {
    let [small, large, long] = places else { panic!("three places") };
    let beside = |of: &Place, than: &Place| {
        let pairs = of.microseconds.iter().zip(&than.microseconds);
        pairs.map(|(of, than)| Run::beside(*of, *than)).collect::<Vec<_>>()
    };
    let report = &mut bench.report;
    let name = "a booking among 20M people and 4M slots, beside 1M and 200k";
    report.row(name, "µs", Goal::TimesMax(1.3), &beside(large, small));
    let name = "a booking after 5M bookings, beside an empty ledger";
    report.row(name, "µs", Goal::TimesMax(1.2), &beside(long, large));
    let memory = [large, long].map(|place| Run::alone(place.service.memory_mb()));
    let name = "memory of the service at full scale, at most";
    report.row(name, "MB", Goal::Most(600.0), &memory);
    let wal = |place: &Place| number(crate::report::median(place.wal.clone()));
    report.note(format!(
        "A booking's time is a second by the bookings made in it, at the peak, over all slots of \
         the nation at random; the ledger after 5M bookings is that of the large world. WAL per \
         booking, page images included: {} B small, {} B large, {} B after 5M bookings.",
        wal(small),
        wal(large),
        wal(long),
    ));
}

impl Place {
    async fn run(&mut self, span: f64) {
        let world = &mut self.world;
        let before = world.sums().await;
        let targets = (Targets::Spread(world.shape), self.first);
        let loaded = bookings::load(world, &self.service, targets, (SETTLE_SECONDS, span)).await;
        let end = world.written().await;
        world.count(before, &loaded.acknowledged).await;
        self.first = loaded.next;
        self.microseconds.push(1e6 / loaded.bookings_per_second);
        self.wal.push((end.0 - loaded.settled.0) / (end.1 - loaded.settled.1));
    }
}
