//! `dosebook migrate`: applies the migrations that are missing, and checks old rows.

use std::process::ExitCode;

use super::output::print;
use crate::{config::Storage, store::Store};

/// Opens the store, which applies them, and has old rows checked against constraints that came
/// after them.
///
/// # Errors
/// A sentence for the operator: the store cannot be opened, or a row breaks a constraint.
pub async fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 1).await?;
    let validated = store.validate().await;
    store.close().await;
    validated?;
    print("The schema is up to date.\n")?;
    Ok(ExitCode::SUCCESS)
}
