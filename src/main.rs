//! The command line: which command, with which settings. Everything else is in the library.

use std::io::Write;

use clap::{Parser, Subcommand};
use dosebook::{cli, config::Storage, telemetry};

/// Vaccine booking with a dose ledger: the limit is known before anyone queues.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Subcommand)]
enum Verb {
    /// Answer on HTTP until stopped
    Serve(Box<cli::serve::Args>),
    /// Load the demonstration: the opening of 12 July 2021, made up from a seed
    Demo(cli::demo::Args),
    /// Load a file (CSV or .xlsx): regions, users, register, roster, clinics, slots or allocations
    Import(cli::import::Args),
    /// List the files that were loaded or tried, the latest first
    Imports(cli::imports::Args),
    /// Rotate the keys of sessions
    Keys(cli::keys::Args),
    /// Try how messages leave
    Messages(cli::messages::Args),
    /// Bring the schema up to date and exit
    Migrate,
    /// Rehearse: replay a scenario against a running service, and check what clients were told
    ///
    /// It books for people of the register of this store, so the service must work on the same
    /// database with the same secret, and what is booked stays booked: rehearse on a demonstration.
    /// Afterwards every answer is compared with the database; the exit code is 1 if a promise was
    /// not kept. A scenario of your own is a YAML file: those built in are in scenarios/.
    Replay(cli::replay::Args),
    /// Let staff and administrators sign in, or not any more
    User(cli::user::Args),
    /// Derive the ledger anew from journal and bookings, and say where it differs
    Verify(cli::verify::Args),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let Command { verb, storage } = Command::parse();
    telemetry::init(storage.log_format);
    let done = match verb {
        Verb::Serve(args) => cli::serve::run(&storage, *args).await,
        Verb::Demo(args) => cli::demo::run(&storage, args).await,
        Verb::Import(args) => cli::import::run(&storage, args).await,
        Verb::Imports(args) => cli::imports::run(&storage, args).await,
        Verb::Keys(args) => cli::keys::run(&storage, args).await,
        Verb::Messages(args) => cli::messages::run(args).await,
        Verb::Migrate => cli::migrate::run(&storage).await,
        Verb::Replay(args) => cli::replay::run(&storage, args).await,
        Verb::User(args) => cli::user::run(&storage, args).await,
        Verb::Verify(args) => cli::verify::run(&storage, args).await,
    };
    done.unwrap_or_else(|error| {
        // Where nobody reads standard error any more, the exit code says enough.
        let _ = writeln!(std::io::stderr(), "dosebook: {error:#}");
        std::process::ExitCode::FAILURE
    })
}
