//! `dosebook migrate`: applies the migrations that are missing.

use std::process::ExitCode;

use crate::{config::Storage, store::Store};

/// Opens the store, which applies them.
///
/// # Errors
/// A sentence for the operator: the store cannot be opened.
pub async fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 1).await?;
    println!("The schema is up to date.");
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
