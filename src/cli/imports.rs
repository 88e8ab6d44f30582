//! `dosebook imports`: which files were loaded or tried, when and by whom.

use std::{fmt::Write as _, process::ExitCode};

use super::output::print;
use crate::{
    config::Storage,
    db::{self, import::entry::Filter},
    domain::import::{Kind, entry::Entry},
    store::Store,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Only files of this kind
    #[arg(long)]
    kind: Option<Kind>,

    /// How many, the latest first
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 20,
        value_parser = clap::value_parser!(i64).range(1..=1_000)
    )]
    limit: i64,
}

/// Prints one line for each.
///
/// # Errors
/// A sentence for the operator: no database.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 1).await?;
    let filter = Filter { kind: args.kind, ..Filter::default() };
    let entries = db::import::entry::list(&store.db.read, filter, args.limit).await;
    store.close().await;
    print(&table(&entries?))?;
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[Entry]) -> String {
    let mut text = String::new();
    let heads = ["accepted", "changed", "unchanged", "rejected"];
    let heads = heads.map(|head| format!("{head:>9}")).join(" ");
    // Writing to a String cannot fail.
    let _ =
        writeln!(text, "{:>7}  {:<19}  {:<11}  {heads}  by, file", "number", "at (UTC)", "kind");
    for entry in entries {
        let counts = entry.counts;
        let rows = [
            counts.rows_accepted,
            counts.rows_changed,
            counts.rows_unchanged,
            counts.rows_rejected,
        ];
        let rows = rows.map(|rows| format!("{rows:>9}")).join(" ");
        let by = entry.username.as_deref().unwrap_or("the command");
        let file = entry.file_name.as_deref().map(|name| format!(", {name}")).unwrap_or_default();
        let tried = if entry.is_dry_run { ", a dry run" } else { "" };
        let _ = writeln!(
            text,
            "{:>7}  {:<19}  {:<11}  {rows}  {by}{file}{tried}",
            entry.import_id.0,
            entry.at.format("%Y-%m-%d %H:%M:%S"),
            entry.kind.word(),
        );
    }
    text
}
