//! `dosebook verify`: derives the ledger anew and says where it differs.

use std::process::ExitCode;

use crate::{config::Storage, flows, store::Store};

/// Prints `0 discrepancies`, or each one; the exit code says which.
///
/// # Errors
/// In words for an operator.
pub async fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let store = Store::look_into(storage).await?;
    let found = flows::discrepancy::verify(&store.db).await;
    store.close().await;
    let found = found?;
    for discrepancy in &found {
        println!("{discrepancy}");
    }
    println!("{} discrepancies", found.len());
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
