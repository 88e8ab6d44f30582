//! More people than can be served at once, each on the whole way: nobody's work is lost, pages come
//! within a second, and who is refused is told when to come back.

use std::sync::Arc;

use serde_json::Value;

use super::journeys;
use crate::{
    bench::Bench,
    paths,
    report::{Goal, Run, number},
    world::{self, World},
};

/// People a second on the evening that is played: 1.67 million in ten minutes.
const EVENING: f64 = 1_670_000.0 / 600.0;
/// Ends of people for whom nothing went wrong: they have booked, or somebody was faster ten times.
const WELL: [&str; 3] = ["booked", "booked_on_other_device", "sold_out"];
/// Not a page: how long an SMS takes.
const SMS: &str = "sms";

pub(crate) async fn measure(bench: &mut Bench) {
    let loaded = bench.demonstration().await;
    let scenario = paths::root().join("bench/crowd.yaml");
    let scenario = scenario.to_str().expect("a path").to_owned();
    let (mut pages, mut lost, mut untimed) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = Value::Null;
    for _ in 0..bench.runs {
        let folder = Arc::new(world::folder());
        world::copy(loaded.path(), folder.path());
        let report = journeys::play(folder.path(), &[&scenario, "--journey", "pages"]);
        let slowest = slowest(&report);
        println!("p99 of the slowest page, {}: {:.0} ms", slowest.kind, slowest.from_sent);
        pages.push(Run::alone(slowest.from_sent));
        lost.push(Run::alone(not_well(&report)));
        untimed.push(Run::alone(sum(&report, "without_time")));
        let mut world = World::adopt(folder).await;
        world.verify().await;
        let sums = world.sums().await;
        world.close().await;
        assert_eq!(sums.bookings as f64, figure(&report, "/booked"), "acknowledged");
        last = report;
    }
    let report = &mut bench.report;
    let name = "2,783 people a second come by the pages, p99 of the slowest page, from sent";
    report.row(name, "ms", Goal::Most(1_000.0), &pages);
    let name = "of that crowd, people whose work was lost";
    report.row(name, "people", Goal::Most(0.0), &lost);
    let name = "of that crowd, refusals without a time to come back";
    report.row(name, "refusals", Goal::Most(0.0), &untimed);
    report.note(words(&last));
}

/// The kind of page that takes longest, with its p99 in milliseconds.
struct Slowest<'a> {
    kind: &'a str,
    from_sent: f64,
    from_due: f64,
}

fn slowest(report: &Value) -> Slowest<'_> {
    let of = |request| Slowest {
        kind: text(request, "/kind"),
        from_sent: figure(request, "/from_sent_ms/p99"),
        from_due: figure(request, "/from_due_ms/p99"),
    };
    let kinds = requests(report).iter().map(of).filter(|request| request.kind != SMS);
    kinds.max_by(|a, b| a.from_sent.total_cmp(&b.from_sent)).expect("a page")
}

/// Who came and neither booked nor found that others had been faster.
fn not_well(report: &Value) -> f64 {
    let ends = WELL.iter().map(|end| report["journey"]["ends"][end].as_f64().unwrap_or(0.0));
    figure(report, "/arrived") - ends.sum::<f64>()
}

fn requests(report: &Value) -> &Vec<Value> {
    report["requests"].as_array().expect("requests")
}

fn sum(report: &Value, name: &str) -> f64 {
    requests(report).iter().map(|request| figure(request, &format!("/{name}"))).sum()
}

fn figure(of: &Value, path: &str) -> f64 {
    of.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path}: {of}"))
}

fn text<'a>(of: &'a Value, path: &str) -> &'a str {
    of.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path}: {of}"))
}

fn words(report: &Value) -> String {
    let slowest = slowest(report);
    let crowded = |of: &Value| of["refused"]["overloaded"].as_f64().unwrap_or(0.0);
    let refused: f64 = requests(report).iter().map(crowded).sum();
    let sold_out = report["journey"]["ends"]["sold_out"].as_f64().unwrap_or(0.0);
    let shown = |path: &str| number(figure(report, path));
    format!(
        "The crowd is that of 1.67 million people within ten minutes, at its own rate ({} a \
         second) for a thirtieth of its time: {} people in 20 s, for doses that are enough. They \
         come {} times as fast as they are served ({} whole journeys a second); the last had \
         booked after {} s, half of them {} ms after coming. The slowest page was {}; from when \
         it was due it took {} ms (p99), because the generator, on {} connections, sent {} ms \
         later than due (p99). {refused:.0} requests were refused and came back when they were \
         told to; to {sold_out:.0} people somebody was faster ten times.",
        number(EVENING),
        shown("/arrived"),
        number(EVENING / figure(report, "/journey/journeys_per_second")),
        shown("/journey/journeys_per_second"),
        shown("/opening_to_last_booking_seconds"),
        shown("/until_booked_ms/p50"),
        slowest.kind,
        number(slowest.from_due),
        shown("/connections"),
        shown("/late_ms/p99"),
    )
}
