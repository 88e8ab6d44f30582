//! Every figure that the project has a goal for, measured beside its baseline in the same run: the
//! machine's speed drifts, the ratio holds.
//!
//! `make bench ARGS="[--only NAME] [--seconds 5] [--runs 3]"`, which builds the service too: it is
//! the released program in a process of its own on a durable PostgreSQL; after every scenario the
//! ledger is verified and compared with what was acknowledged.
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
mod bytes;
mod citizens;
mod generator;
mod load;
mod machine;
mod readers;
mod report;
mod rows;
mod service;
mod world;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::{Parser, ValueEnum};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    report::Report,
    world::{Shape, World},
};

#[derive(Parser)]
struct Args {
    /// Only these rows
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Family>,
    /// Seconds per measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Seconds of overload
    #[arg(long, default_value_t = 60)]
    overload_seconds: u64,
    /// Measurements of each kind; the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
}

/// Rows that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Family {
    /// Bookings a second, spread and hot; WAL and updates in place
    Bookings,
    /// At 80 % of the peak
    Latency,
    /// One at a time
    Idle,
    /// At twice the peak
    Overload,
    /// Reads of what is left, while others book
    Supply,
    /// At the scale of the demonstration
    Memory,
    /// From start to first answer
    Start,
    /// The evening of 14 July 2021 anew, at full scale
    Replay,
    /// Large registers and long ledgers; memory at full scale
    Growth,
}

/// What the families share.
pub(crate) struct Bench {
    seconds: u64,
    overload_seconds: u64,
    runs: u64,
    report: Report,
    world: Option<World>,
    demonstration: Option<Arc<TempDir>>,
    /// Bookings a second, spread; measured when first asked for.
    peak: Option<f64>,
    /// Percentile 99 at 80 % of the peak, in ms.
    normal_ms: Option<f64>,
}

/// 2,000 clinics, 20,000 slots.
const SPREAD: Shape = Shape {
    clinics: 2_000,
    slots_per_clinic: 10,
    slots_per_day: 10,
    doses: 1_000_000,
    people: 5_200_000,
    signed_in: 5_000_000,
};

impl Bench {
    /// The world of most rows, with an empty ledger.
    async fn world(&mut self) -> &mut World {
        match &mut self.world {
            Some(world) => world.reset().await,
            None => self.world = Some(World::build(SPREAD).await),
        }
        self.world.as_mut().expect("built")
    }

    async fn run(&mut self, family: Family) {
        match family {
            Family::Bookings => rows::bookings::measure(self).await,
            Family::Latency => rows::latency::measure(self).await,
            Family::Idle => rows::latency::measure_idle(self).await,
            Family::Overload => rows::overload::measure(self).await,
            Family::Supply => rows::supply::measure(self).await,
            Family::Memory => rows::memory::measure(self).await,
            Family::Start => rows::start::measure(self).await,
            Family::Replay => rows::replay::measure(self).await,
            Family::Growth => {
                self.close().await;
                Box::pin(rows::growth::measure(self)).await;
            }
        }
    }

    /// A folder with the demonstration in it; nothing runs on it.
    async fn demonstration(&mut self) -> Arc<TempDir> {
        self.close().await;
        let folder = self.demonstration.get_or_insert_with(|| {
            println!("loading the demonstration …");
            let folder = world::folder();
            service::demo(folder.path(), &[]);
            Arc::new(folder)
        });
        folder.clone()
    }

    pub(crate) async fn close(&mut self) {
        if let Some(world) = self.world.take() {
            world.close().await;
        }
    }
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the bench is in a folder of it")
}

/// Where cargo puts what it builds: this program stands beside the service.
pub(crate) fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    program.ancestors().nth(2).expect("target/release").to_owned()
}

#[tokio::main(worker_threads = 1)]
async fn main() {
    // An interrupted bench must not leave servers behind.
    let mut terminate = signal(SignalKind::terminate()).expect("a signal");
    tokio::select! {
        () = measure(Args::parse()) => {}
        _ = tokio::signal::ctrl_c() => println!("interrupted"),
        _ = terminate.recv() => println!("terminated"),
    }
}

async fn measure(args: Args) {
    let mut bench = Bench {
        seconds: args.seconds,
        overload_seconds: args.overload_seconds,
        runs: args.runs,
        report: Report::default(),
        world: None,
        demonstration: None,
        peak: None,
        normal_ms: None,
    };
    let began = Instant::now();
    for family in Family::value_variants() {
        if args.only.is_empty() || args.only.contains(family) {
            bench.run(*family).await;
        }
    }
    bench.close().await;
    let took = began.elapsed().as_secs();
    bench.report.note(format!("All this took {} min {} s.", took / 60, took % 60));
    if args.only.is_empty() {
        bench.report.write_docs();
    }
}
