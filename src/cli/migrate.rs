//! `dosebook migrate`: brings the schema up to date.

use std::process::ExitCode;

use crate::{config::Storage, store::Store};

/// Opening the store is what migrates.
///
/// # Errors
/// In words for an operator.
pub async fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 1).await?;
    println!("The schema is up to date.");
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
