//! `dosebook verify`: derives the counters again from journal and bookings, and prints where they
//! differ.

use std::process::ExitCode;

use clap::Parser;

use super::output::print;
use crate::{
    config::Storage,
    flows::discrepancy::{Extent, verify_to},
    store::Store,
};

/// How much is looked at.
#[derive(Parser)]
pub struct Args {
    /// Every line of the journal, every booking and every person, not only what the seals do not
    /// answer for: takes as long as the past is large
    #[arg(long)]
    full: bool,
}

/// Prints each discrepancy and their number; the exit code is 1 if there are any.
///
/// # Errors
/// A sentence for the operator: the store cannot be opened.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    let store = Store::look_into(storage).await?;
    let extent = if args.full { Extent::Full } else { Extent::Present };
    let found = verify_to(&store.db, extent).await;
    store.close().await;
    let found = found?;
    let mut text: String = found.iter().map(|discrepancy| format!("{discrepancy}\n")).collect();
    text.push_str(&format!("{} discrepancies\n", found.len()));
    print(&text)?;
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
