//! `dosebook migrate`: applies the migrations that are missing.

use std::process::ExitCode;

use super::output::print;
use crate::{config::Storage, store::Store};

/// Opens the store, which applies them.
///
/// # Errors
/// A sentence for the operator: the store cannot be opened.
pub async fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 1).await?;
    store.close().await;
    print("The schema is up to date.\n")?;
    Ok(ExitCode::SUCCESS)
}
