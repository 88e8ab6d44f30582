//! What became of a file, in a line.

use serde::Deserialize;

use crate::{
    domain::import::{Counts, Kind},
    web::text::Texts,
    words,
};

/// A kind of file in a path.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct OfKind {
    pub kind: Kind,
}

/// What became of a file, in a line.
pub fn outcome(t: Texts, is_dry_run: bool, counts: &Counts) -> String {
    let count = |rows: u64| words::count(rows);
    let (new, changed) = (count(counts.rows_accepted), count(counts.rows_changed));
    let rejected = count(counts.rows_rejected);
    match is_dry_run {
        true => t.import_tried_line(&new, &changed, &rejected),
        false => t.import_loaded_line(&new, &changed, &rejected),
    }
}
