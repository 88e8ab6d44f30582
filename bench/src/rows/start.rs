//! How long a newcomer waits: `make run`, once it is built, until the first response.

use std::{path::Path, time::Instant};

use crate::{
    bench::Bench,
    report::{Goal, Run},
    service::{self, Service},
    world,
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
