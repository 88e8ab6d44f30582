//! How long a newcomer waits: `make run`, once it is built, until the first response.

use std::{path::Path, time::Instant};

use crate::{
    bench::Bench,
    report::{Goal, Run},
    service::{self, Service},
    shape::{SPREAD, Shape},
    world::{self, World},
};

const FIRST: &str = "GET /v1/campaigns HTTP/1.1\r\nHost: bench\r\n\r\n";

pub(crate) async fn measure(bench: &mut Bench) {
    let demonstration = bench.demonstration().await;
    let (mut warm, mut new) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        let began = Instant::now();
        service::load_demonstration(demonstration.path(), &[]);
        warm.push(first_answer(began, demonstration.path()));
        let folder = world::folder();
        new.push(first_answer(Instant::now(), folder.path()));
    }
    let name = "start to first answer, demonstration loaded before";
    bench.report.row(name, "s", Goal::Most(5.0), &warm);
    let name = "start to first answer, first time, without demonstration";
    bench.report.row(name, "s", Goal::Most(15.0), &new);
    journal(bench).await;
}

/// Lines of a short journal and of a long one.
const SHORT: i64 = 200_000;
const LONG: i64 = 20_000_000;

/// The journal is what grows, not the register.
const SHAPE: Shape = Shape { doses: 10_000, people: 200_000, signed_in: 100_000, ..SPREAD };

/// A start and `dosebook verify` with a long journal, beside a short one of the same ledger.
async fn journal(bench: &mut Bench) {
    bench.close().await;
    let mut world = World::build(SHAPE).await;
    let mut starts = Vec::new();
    let mut looks = Vec::new();
    for lines in [SHORT, LONG - SHORT] {
        println!("adding {lines} lines to the journal …");
        world.lengthen(lines).await;
        let (mut of_start, mut of_look) = (Vec::new(), Vec::new());
        for _ in 0..bench.runs.max(3) {
            let data_dir = world.data_dir().to_owned();
            let start = move || first_answer(Instant::now(), &data_dir);
            of_start.push(tokio::task::spawn_blocking(start).await.expect("started").figure);
            of_look.push(world.verify_present().await);
        }
        starts.push(of_start);
        looks.push(of_look);
    }
    for (name, times) in [
        ("start with 20M lines in the journal, beside 200k", starts),
        ("`dosebook verify` with 20M lines, beside 200k", looks),
    ] {
        let [short, long] = times.as_slice() else { panic!("two journals") };
        let pairs = long.iter().zip(short).map(|(long, short)| Run::beside(*long, *short));
        bench.report.row(name, "s", Goal::TimesMax(1.2), &pairs.collect::<Vec<_>>());
    }
    let began = Instant::now();
    world.verify().await;
    let took = began.elapsed().as_secs();
    bench.report.note(format!("`dosebook verify --full` of the 20M lines took {took} s."));
    world.close().await;
}

/// Starts the service, and stops it after one response.
fn first_answer(began: Instant, data_dir: &Path) -> Run {
    let service = Service::launch(data_dir);
    let answer = service::ask(service.address, FIRST);
    let took = began.elapsed().as_secs_f64();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    service.stop();
    Run::alone(took)
}
