//! What all kinds of files need: how a row is parsed, and how rows that a check took out are
//! rejected.

use crate::{
    db::{copy::CopyText, import::staged::Removed},
    domain::{
        Code, Detail,
        import::{Fault, Rejects, Row},
    },
};

/// Parses the rows of one kind of file. Runs on a thread of its own.
pub(super) trait RowParser: Send {
    /// Appends the row to what is copied into the staging table, or appends nothing.
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault>;

    /// What the rows so far say, of a kind of file that adds; none of the others.
    fn content(&self) -> Option<[u8; 32]> {
        None
    }
}

/// Rejects what a check removed, each row by `fault` of the earlier line that it repeats.
pub(super) fn reject(rejects: &mut Rejects, removed: Removed, fault: impl Fn(u64) -> Fault) {
    let listed = removed.first.into_iter().map(|(line, earlier)| (line, fault(earlier)));
    rejects.extend(removed.rows, listed);
}

/// A row that says again, or otherwise, what an earlier one said.
pub(super) fn repeated(columns: &'static str) -> impl Fn(u64) -> Fault {
    move |line| Fault::new(Code::DuplicateRow, columns, Detail::SameAsLine { line })
}
