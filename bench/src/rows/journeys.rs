//! Whole journeys a second, sign-in included: landing page, question, code, session, clinics,
//! times, check, booking and its page, beside bookings alone in the same run.

use std::{net::TcpListener, path::Path, sync::Arc};

use serde_json::Value;

use crate::{
    bench::Bench,
    paths,
    report::{Goal, Run, number},
    service::{self, Service, Setup},
    world::{self, World},
};

/// A way with the share of the bookings' rate that it has to reach.
const WAYS: [(&str, &str, f64); 2] = [("api", "the API", 0.22), ("pages", "the pages", 0.15)];
/// The median of more would take more than it tells.
const RUNS_MAX: u64 = 2;

pub(crate) async fn measure(bench: &mut Bench) {
    let peak = bench.peak().await;
    let loaded = bench.demonstration().await;
    let scenario = paths::root().join("bench/journeys.yaml");
    let scenario = scenario.to_str().expect("a path").to_owned();
    let mut steps = Vec::new();
    for (way, by, goal) in WAYS {
        let mut runs = Vec::new();
        let mut median_ms = 0.0;
        for _ in 0..bench.runs.min(RUNS_MAX) {
            let folder = Arc::new(world::folder());
            world::copy(loaded.path(), folder.path());
            let report = play(folder.path(), &[&scenario, "--journey", way]);
            assert_eq!(report["booked"], report["arrived"], "everybody books: {report}");
            let rate = report["journey"]["journeys_per_second"].as_f64().expect("a rate");
            median_ms = report["until_booked_ms"]["p50"].as_f64().expect("a time");
            println!("by {by}: {rate:.0} journeys/s");
            runs.push(Run::beside(rate, peak));
            let mut world = World::adopt(folder).await;
            world.verify().await;
            world.close().await;
        }
        let name = format!("whole journeys a second by {by}, sign-in included");
        bench.report.row(&name, "/s", Goal::Times(goal), &runs);
        steps.push(format!("by {by} half of the people had booked {} ms after", number(median_ms)));
    }
    bench.report.note(format!(
        "30,000 people come within a second to the demonstration and hardly pause, and each makes \
         the whole way: the rate is of those who have booked, from the opening to the last. The \
         generator, which is also the SMS gateway, takes its share of the same cores. They came \
         {}.",
        steps.join(", and "),
    ));
}

/// Plays a scenario against a service of its own whose codes it reads itself; returns the report.
pub(crate) fn play(data_dir: &Path, args: &[&str]) -> Value {
    // Free a moment ago, and nobody else is at it on a machine that is measured.
    let gateway = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let gateway = gateway.expect("a port");
    let setup = Setup::default().sending_to(gateway).for_crowd(10_000_000);
    let service = Service::start_as(data_dir, &setup);
    let gateway = gateway.to_string();
    play_on(service, data_dir, &[args, &["--gateway", &gateway]].concat())
}

/// Plays a scenario against this service, and stops it; returns the report.
pub(crate) fn play_on(service: Service, data_dir: &Path, args: &[&str]) -> Value {
    let json = data_dir.join("replay.json");
    let mut program = service::program(data_dir);
    program.arg("replay").args(args).args(["--url", &format!("http://{}", service.address)]);
    program.arg("--json");
    let output = program.arg(&json).output().expect("the program");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "the replay is not sound: {said}{complained}");
    service.stop();
    let text = std::fs::read(&json).expect("its report");
    let report: Value = serde_json::from_slice(&text).expect("json");
    for name in ["lost", "untold", "twice", "oversold", "discrepancies"] {
        assert_eq!(report["check"][name], 0, "{name}: {said}");
    }
    report
}
