//! Bookings beside a file of 200,000 allocations: tried (a dry run), and loaded.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    administrator::{self, Administrator},
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    report::{Goal, Run, median, number},
    service::{Service, ask},
    tally::ms,
    world::World,
};

/// Bookings a second, as in the goal.
const RATE: f64 = 5_000.0;
const CONNECTIONS: usize = 512;
const SETTLE_SECONDS: f64 = 2.0;
/// What is measured without a file.
const ALONE_SECONDS: f64 = 10.0;
/// The load ends with the file; longer than any file takes.
const SPAN_SECONDS_MAX: f64 = 300.0;
/// For each of 2,000 clinics.
const DAYS: i64 = 100;
const DOSES: i64 = 10;

/// What is done with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Tried,
    Loaded,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let (mut tried, mut loaded, mut took) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    administrator::add(bench.world().await).await;
    let runs = i64::try_from(bench.runs).expect("few runs");
    let file = file(bench.world().await, runs).await;
    for run in 1..=bench.runs {
        let (alone, _) = booked(bench.world().await, None).await;
        let (dry, dry_seconds) = booked(bench.world().await, Some((Mode::Tried, &file))).await;
        let (wet, seconds) = booked(bench.world().await, Some((Mode::Loaded, &file))).await;
        println!(
            "run {run}: p99 {alone:.1} ms, {dry:.1} beside a dry run of {dry_seconds:.1} s, \
             {wet:.1} beside a run of {seconds:.1} s"
        );
        tried.push(Run::beside(dry, alone));
        loaded.push(Run::beside(wet, alone));
        took.0.push(dry_seconds);
        took.1.push(seconds);
    }
    let report = &mut bench.report;
    let name = "booking beside a dry run of 200,000 allocations, beside none, p99";
    report.row(name, "ms", Goal::TimesMax(1.5), &tried);
    let name = "booking beside an import of 200,000 allocations, beside none, p99";
    report.row(name, "ms", Goal::TimesMax(1.5), &loaded);
    report.note(format!(
        "The file is sent while {} bookings a second come; the dry run took {:.1} s, the run \
         {:.1} s, and the percentile is that of bookings due meanwhile, or within \
         {ALONE_SECONDS:.0} s where there is no file.",
        number(RATE),
        median(took.0),
        median(took.1),
    ));
}

/// The file, for which the pool has the doses of so many loads.
pub(super) async fn file(world: &mut World, loads: i64) -> String {
    let doses = world.shape.clinics * DAYS * DOSES * loads;
    let sql = format!(
        "update pool set received = received + {doses}, open = open + {doses};
         insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             values (20, 0, 7, {doses}, 1, 4)"
    );
    world.root.execute(AssertSqlSafe(sql)).await.expect("doses");
    let first: chrono::NaiveDate = sqlx::query_scalar("select current_date + 2")
        .fetch_one(&mut world.root)
        .await
        .expect("a date");
    let mut file = "campaign_code,clinic_code,product_code,on_date,doses,channel\n".to_owned();
    for clinic in 1..=world.shape.clinics {
        for day in first.iter_days().take(DAYS as usize) {
            writeln!(file, "bench,C{clinic},207,{day},{DOSES},phone").expect("a row");
        }
    }
    file
}

/// The 99th percentile in ms of bookings that were due meanwhile, who was refused having waited a
/// second, and how long the file took in seconds.
async fn booked(world: &mut World, import: Option<(Mode, &str)>) -> (f64, f64) {
    let before = world.sums().await;
    let service = Service::start(world.data_dir());
    let phase = |span| Phase { span, rate: RATE };
    let phases = vec![phase(SETTLE_SECONDS), phase(SPAN_SECONDS_MAX)];
    let targets = Targets::Spread(world.shape);
    let load = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
    let handle = load.handle();
    let importing = async {
        sleep(Duration::from_secs_f64(SETTLE_SECONDS)).await;
        let began = handle.elapsed();
        match import {
            None => sleep(Duration::from_secs_f64(ALONE_SECONDS)).await,
            Some((mode, file)) => {
                let (address, file) = (service.address, file.to_owned());
                spawn_blocking(move || send(address, mode, &file)).await.expect("sent");
            }
        }
        let span = (began, handle.elapsed());
        handle.end();
        span
    };
    let (load, span) = tokio::join!(load.run(service.address, CONNECTIONS), importing);
    service.stop();
    world.check(before, &load.tally.acknowledged).await;
    (ms(&load.tally.waited(&[span]), 99.0), (span.1 - span.0).as_secs_f64())
}

/// Has the file tried or loaded; seconds until it is answered.
pub(super) fn send(address: std::net::SocketAddr, mode: Mode, file: &str) -> f64 {
    let Administrator { token, .. } = Administrator::sign_in(address);
    let how = match mode {
        Mode::Tried => "dry_run=true&again=true",
        Mode::Loaded => "again=true",
    };
    let began = Instant::now();
    let answer = ask(
        address,
        &format!(
            "POST /v1/admin/imports/allocations?{how} HTTP/1.1\r\nHost: bench\r\n\
             Authorization: Bearer {token}\r\nContent-Type: text/csv\r\n\
             Content-Length: {}\r\n\r\n{file}",
            file.len()
        ),
    );
    let took = began.elapsed().as_secs_f64();
    let report = json(&answer);
    assert_eq!(report["rows_rejected"], 0, "{answer:.2000}");
    took
}

fn json(answer: &str) -> Value {
    let (start, end) = (answer.find('{').expect("JSON"), answer.rfind('}').expect("JSON"));
    serde_json::from_str(&answer[start..=end]).expect("JSON")
}
