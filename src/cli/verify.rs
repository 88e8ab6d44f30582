//! `dosebook verify`: derives the counters again from journal and bookings, and prints where they
//! differ.

use std::process::ExitCode;

use super::output::print;
use crate::{config::Storage, flows, store::Store};

/// Prints each discrepancy and their number; the exit code is 1 if there are any.
///
/// # Errors
/// A sentence for the operator: the store cannot be opened.
pub async fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let store = Store::look_into(storage).await?;
    let found = flows::discrepancy::verify(&store.db).await;
    store.close().await;
    let found = found?;
    let mut text: String = found.iter().map(|discrepancy| format!("{discrepancy}\n")).collect();
    text.push_str(&format!("{} discrepancies\n", found.len()));
    print(&text)?;
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
