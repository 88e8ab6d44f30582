//! Bookings per second over HTTP, beside the same rows written as one transaction per booking by
//! pgbench, on the same PostgreSQL in the same run: the machine's speed drifts, the ratio holds.
//!
//! `cargo bench --bench bookings -- [--seconds 5] [--runs 3]`. Everything is durable, and
//! generator, service and PostgreSQL share the machine's cores.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a measurement may stop at the first surprise"
)]

mod baseline;
mod generator;
mod world;

use std::time::Duration;

use clap::Parser;
use dosebook::{
    app::{Parts, Serving},
    clock::Clock,
    config::Service,
    domain::{batch, keys::Keys},
    flows,
};

use crate::world::World;

#[derive(Parser)]
struct Args {
    /// Seconds per measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Measurements of each kind; the median is shown
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    service: Service,
}

/// One row of the table that is printed and written for machines.
#[derive(serde::Serialize)]
struct Row {
    row: &'static str,
    figure: f64,
    unit: &'static str,
    baseline: f64,
    ratio: f64,
    goal: f64,
    met: bool,
}

/// Goals: docs of the project's first measurements; a ratio within one run.
const SPREAD_GOAL: f64 = 3.0;
const HOT_GOAL: f64 = 30.0;
/// Clients of the baseline; on many rows the best count is taken, on one row this one.
const BASELINE_CLIENTS: [usize; 3] = [8, 16, 32];
const HOT_BASELINE_CLIENTS: usize = 32;
/// Connections that the generator holds open.
const CONNECTIONS: usize = 512;

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let span = Duration::from_secs(args.seconds);
    let world = World::build().await;
    let mut spread = Vec::new();
    let mut hot = Vec::new();
    for run in 1..=args.runs.max(1) {
        let tps = BASELINE_CLIENTS.map(|clients| world.baseline(world::Aim::Spread, clients, span));
        let best = tps.into_iter().fold(0.0, f64::max);
        let figure = measure(&world, world::Aim::Spread, span).await;
        println!("run {run}: 2,000 clinics {figure:.0}/s, pgbench {best:.0}/s");
        spread.push((figure, best));
        let base = world.baseline(world::Aim::Hot, HOT_BASELINE_CLIENTS, span);
        let figure = measure(&world, world::Aim::Hot, span).await;
        println!("run {run}: one clinic   {figure:.0}/s, pgbench {base:.0}/s");
        hot.push((figure, base));
    }
    let found = flows::verify::verify(&world.db).await.expect("verify");
    let rows = [
        row("bookings/s over HTTP, 2,000 clinics, 20,000 slots", spread, SPREAD_GOAL),
        row("bookings/s over HTTP, one clinic, one slot", hot, HOT_GOAL),
    ];
    print(&rows);
    println!("{} discrepancies after {} runs", found.len(), args.runs);
    write(&rows);
    world.close().await;
    assert!(found.is_empty(), "{found:?}");
}

async fn measure(world: &World, aim: world::Aim, span: Duration) -> f64 {
    let parts = Parts {
        db: world.db.clone(),
        keys: Keys::new(&world::SECRET),
        clock: Clock::System,
        decide: batch::decide,
        is_local: true,
    };
    let service = Defaults::parse_from(["bench", "--listen", "127.0.0.1:0"]).service;
    let serving = Serving::start(parts, &service).await.expect("the service starts");
    let address = serving.address;
    let targets = world.targets(aim, CONNECTIONS);
    let load = std::thread::spawn(move || generator::run(address, targets, span));
    let figure = tokio::task::spawn_blocking(|| load.join().expect("generator")).await.unwrap();
    serving.stop().await;
    figure
}

/// The run whose ratio is the median.
fn row(name: &'static str, mut runs: Vec<(f64, f64)>, goal: f64) -> Row {
    runs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (figure, baseline) = runs[runs.len() / 2];
    let ratio = figure / baseline;
    Row { row: name, figure, unit: "bookings/s", baseline, ratio, goal, met: ratio >= goal }
}

fn print(rows: &[Row]) {
    println!("\n{:<52} {:>10} {:>10} {:>7} {:>6}", "", "figure", "baseline", "ratio", "goal");
    for r in rows {
        let met = if r.met { "met" } else { "missed" };
        println!(
            "{:<52} {:>10.0} {:>10.0} {:>6.1}x {:>5.1}x {met}",
            r.row, r.figure, r.baseline, r.ratio, r.goal
        );
    }
    println!(
        "baseline: the same rows, one transaction per booking, pgbench -M prepared, same server"
    );
}

fn write(rows: &[Row]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    std::fs::create_dir_all(&path).expect("target");
    let json = serde_json::to_string_pretty(rows).expect("json");
    std::fs::write(path.join("bench.json"), json).expect("bench.json");
}
