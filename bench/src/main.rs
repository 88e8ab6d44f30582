//! The figures that the project has goals for, each measured beside its baseline in the same run:
//! the speed of a machine drifts, the ratio does not. What needs root is in `make test-stall`.
//!
//! `make bench ARGS="[--only NAME] [--seconds 5] [--runs N]"`, which builds the service too: it is
//! the released program in a process of its own on a durable PostgreSQL; after every scenario the
//! ledger is verified and compared with what was acknowledged. What is not as it should be stops
//! the family of rows that it is met in; the others are measured, and the bench fails.
//! What an operator asks about is a table of its own: `make bench-operations`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement may stop at the first surprise"
)]

mod administrator;
mod baseline;
mod bench;
mod booking_load;
mod citizens;
mod cpu;
mod dataset;
mod desk_load;
mod flood;
mod gateway;
mod machine;
mod paths;
mod read_load;
mod report;
mod rows;
mod service;
mod shape;
mod sign_in_load;
mod slow_clients;
mod static_server;
mod tally;
mod visit_load;
mod world;

use std::{panic::AssertUnwindSafe, process::ExitCode, time::Instant};

use clap::{Parser, ValueEnum};
use futures_util::FutureExt;
use tokio::signal::unix::{SignalKind, signal};

use crate::bench::Bench;

#[derive(Parser)]
struct Args {
    /// Only these rows
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Family>,
    /// Which rows, where none are named
    #[arg(long, value_enum, default_value_t = Table::Evening)]
    table: Table,
    /// Seconds per measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Seconds of overload
    #[arg(long, default_value_t = 60)]
    overload_seconds: u64,
    /// Measurements of each kind, of which the median is shown [default: 3, of long ones 1]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,
}

/// Rows that stand together in docs/performance.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Table {
    /// What a crowd meets at 20:00
    Evening,
    /// What goes on beside bookings, stalls, and what grows over months
    Operations,
}

impl Table {
    /// The target that measures it.
    fn target(self) -> &'static str {
        match self {
            Self::Evening => "bench",
            Self::Operations => "bench-operations",
        }
    }
}

/// Rows that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Family {
    /// Bookings a second, spread and hot; WAL and updates in place
    Bookings,
    /// Bookings a second where PostgreSQL is reached by TCP, beside its unix socket
    Tcp,
    /// At 80 % of the peak
    Latency,
    /// One at a time
    Idle,
    /// Beside a slot that another transaction has locked
    Lock,
    /// At twice the peak
    Overload,
    /// Reads of what is left, while others book
    Supply,
    /// Bookings beside a file of allocations
    Imports,
    /// Check-ins and doses at the clinics, as many as can be, and beside bookings
    ClinicDay,
    /// The pages that stay open at the clinics
    Desks,
    /// Codes and sessions a second
    SignIn,
    /// Messages a second, and bookings beside them
    Messages,
    /// Reads of the public pages, and of those that are made for one person
    Pages,
    /// May I, which clinics, which times: at the scale of a nation, what is kept included
    Lists,
    /// Until everybody is served again after a lock, stopped backends, a restart of PostgreSQL
    Stalls,
    /// Bookings, and pausing, beside files, grants, migrations, floods and slow clients
    Beside,
    /// At the scale of the demonstration
    Memory,
    /// From start to first answer
    Start,
    /// Whole journeys, from the landing page to the booking, by the API and by the pages
    Journeys,
    /// As many people as came in 2021, at the rate of 1.67 million within ten minutes
    Crowd,
    /// The evening of 14 July 2021 anew, at full scale
    Replay,
    /// Large registers and long ledgers; memory at full scale
    Growth,
}

impl Family {
    fn table(self) -> Table {
        match self {
            Self::Imports
            | Self::ClinicDay
            | Self::Desks
            | Self::Stalls
            | Self::Beside
            | Self::Start
            | Self::Growth => Table::Operations,
            Self::Bookings
            | Self::Tcp
            | Self::Latency
            | Self::Idle
            | Self::Lock
            | Self::Overload
            | Self::Supply
            | Self::SignIn
            | Self::Messages
            | Self::Pages
            | Self::Lists
            | Self::Memory
            | Self::Journeys
            | Self::Crowd
            | Self::Replay => Table::Evening,
        }
    }

    /// How often it is measured, so that all of an evening take forty minutes at most: three times
    /// where the next run often says something else, and little time is lost by it.
    fn runs(self) -> u64 {
        match self {
            Self::Bookings
            | Self::Latency
            | Self::Idle
            | Self::Supply
            | Self::SignIn
            | Self::Pages => 3,
            Self::Tcp
            | Self::Lock
            | Self::Overload
            | Self::Imports
            | Self::ClinicDay
            | Self::Desks
            | Self::Messages
            | Self::Lists
            | Self::Stalls
            | Self::Beside
            | Self::Memory
            | Self::Start
            | Self::Journeys
            | Self::Crowd
            | Self::Replay
            | Self::Growth => 1,
        }
    }
}

async fn run(bench: &mut Bench, family: Family) {
    match family {
        Family::Bookings => rows::bookings::measure(bench).await,
        Family::Tcp => rows::tcp::measure(bench).await,
        Family::Latency => rows::latency::measure(bench).await,
        Family::Idle => rows::latency::measure_idle(bench).await,
        Family::Lock => rows::lock::measure(bench).await,
        Family::Overload => rows::overload::measure(bench).await,
        Family::Supply => rows::supply::measure(bench).await,
        Family::Imports => rows::imports::measure(bench).await,
        Family::ClinicDay => rows::clinic_day::measure(bench).await,
        Family::Desks => rows::desks::measure(bench).await,
        Family::SignIn => rows::sign_in::measure(bench).await,
        Family::Messages => rows::messages::measure(bench).await,
        Family::Pages => {
            rows::pages::measure(bench).await;
            rows::personal::measure(bench).await;
        }
        Family::Lists => Box::pin(rows::lists::measure(bench)).await,
        Family::Stalls => Box::pin(rows::stalls::measure(bench)).await,
        Family::Beside => Box::pin(rows::beside::measure(bench)).await,
        Family::Memory => rows::memory::measure(bench).await,
        Family::Start => rows::start::measure(bench).await,
        Family::Journeys => rows::journeys::measure(bench).await,
        Family::Crowd => rows::crowd::measure(bench).await,
        Family::Replay => rows::replay::measure(bench).await,
        Family::Growth => {
            bench.close().await;
            Box::pin(rows::growth::measure(bench)).await;
        }
    }
}

#[tokio::main(worker_threads = 1)]
async fn main() -> ExitCode {
    // An interrupted bench must not leave servers behind.
    let mut terminate = signal(SignalKind::terminate()).expect("a signal");
    let stopped_by = tokio::select! {
        exit = measure(Args::parse()) => return exit,
        _ = tokio::signal::ctrl_c() => "interrupted",
        _ = terminate.recv() => "terminated",
    };
    println!("{stopped_by}");
    ExitCode::FAILURE
}

async fn measure(args: Args) -> ExitCode {
    let mut bench = Bench::new(args.seconds, args.overload_seconds);
    let began = Instant::now();
    let (mut took, mut stopped) = (Vec::new(), Vec::new());
    for family in Family::value_variants() {
        let is_of_table = args.only.is_empty() && family.table() == args.table;
        if is_of_table || args.only.contains(family) {
            bench.runs = args.runs.unwrap_or(family.runs());
            let began = Instant::now();
            let run = AssertUnwindSafe(Box::pin(run(&mut bench, *family)));
            let is_whole = run.catch_unwind().await.is_ok();
            let value = family.to_possible_value().expect("a name");
            took.push(format!("{} {} s", value.get_name(), began.elapsed().as_secs()));
            if !is_whole {
                // What has stopped one family is in its world; the next gets another.
                bench.close().await;
                stopped.push(value.get_name().to_owned());
            }
        }
    }
    bench.close().await;
    let (all, of_each) = (began.elapsed().as_secs(), took.join(", "));
    bench.report.note(format!("All this took {} min {} s: {of_each}.", all / 60, all % 60));
    if !stopped.is_empty() {
        println!("\nstopped on the way, as said above: {}", stopped.join(", "));
        return ExitCode::FAILURE;
    }
    if args.only.is_empty() {
        bench.report.write_docs(args.table.target());
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise it would be found missing after forty minutes.
    #[test]
    fn every_table_has_its_place_and_its_target() {
        let read = |name| std::fs::read_to_string(paths::root().join(name)).expect("a file");
        let (page, makefile) = (read("docs/performance.md"), read("Makefile"));
        for table in Table::value_variants() {
            let target = table.target();
            for side in ["begin", "end"] {
                let mark = format!("<!-- {side}: written by make {target} -->\n");
                assert_eq!(page.matches(&mark).count(), 1, "{mark}");
            }
            assert!(makefile.contains(&format!("\n{target}: ")), "{target}");
        }
    }
}
