//! What became of a file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fault, Kind};
use crate::domain::{Code, Refusal};

/// So many rejected rows are listed, the first of the file; all are counted.
pub const LISTED_MAX: usize = 1_000;

/// A row that was not loaded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The header is line 1; a row of several lines has the number of its first.
    pub line: u64,
    /// The column to blame, several separated by commas; empty where it is the row as a whole.
    pub column: String,
    pub code: Cow<'static, str>,
    pub text: String,
}

/// The rejected rows so far.
#[derive(Clone, Debug, Default)]
pub struct Rejects {
    listed: Vec<Reject>,
    counted: u64,
}

impl Rejects {
    pub fn push(&mut self, line: u64, fault: Fault) {
        self.counted += 1;
        self.list(line, fault);
    }

    /// Rows of which there are `counted`, and the first of them listed.
    pub fn extend(&mut self, counted: u64, listed: impl IntoIterator<Item = (u64, Fault)>) {
        self.counted += counted;
        for (line, fault) in listed {
            self.list(line, fault);
        }
    }

    fn list(&mut self, line: u64, Fault { column, code, text }: Fault) {
        let code = Cow::Borrowed(code.slug());
        let reject = Reject { line, column: column.into_owned(), code, text: text.into_owned() };
        self.listed.push(reject);
        // Each source comes in the order of lines; twice the limit holds the first of any two.
        if self.listed.len() > 2 * LISTED_MAX {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        self.listed.sort_by_key(|reject| reject.line);
        self.listed.truncate(LISTED_MAX);
    }

    pub fn counted(&self) -> u64 {
        self.counted
    }

    /// The first rejected rows, in the order of the file.
    pub fn into_listed(mut self) -> Vec<Reject> {
        self.shorten();
        self.listed
    }
}

/// What became of a file. `rows_read = rows_accepted + rows_unchanged + rows_rejected`, except
/// where rejected rows kept all of it out: then nothing was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub kind: Kind,
    /// Of the file, in hexadecimal.
    pub sha256: String,
    /// Everything was done and taken back.
    pub dry_run: bool,
    /// The file was loaded before; this is what became of it then.
    pub already_imported: bool,
    /// Without the header and empty lines.
    pub rows_read: u64,
    /// Rows that changed something.
    pub rows_accepted: u64,
    /// Rows that said what was already so.
    pub rows_unchanged: u64,
    pub rows_rejected: u64,
    /// The first 1,000.
    pub rejects: Vec<Reject>,
}

impl Report {
    /// The refusal of a file because of its rejected rows, with the report's members.
    pub fn into_refusal(self) -> Refusal {
        let detail = match self.rows_read {
            0 => "The file has no header as such files have, so no row was read.".to_owned(),
            rows => format!("{} of {rows} rows cannot be loaded, so none was.", self.rows_rejected),
        };
        let mut refusal = Refusal::new(Code::RowsRejected, detail);
        if let Ok(Value::Object(members)) = serde_json::to_value(self) {
            refusal.more = members;
        }
        refusal
    }

    /// The report inside a refusal because of rejected rows.
    pub fn of_refusal(refusal: &Refusal) -> Option<Self> {
        let is_ours = refusal.code == Code::RowsRejected;
        is_ours.then(|| serde_json::from_value(Value::Object(refusal.more.clone())).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thousand_rejects_are_listed_and_all_are_counted() {
        let mut rejects = Rejects::default();
        for line in 0..5_000 {
            rejects.push(2 * line + 10_000, Fault::malformed("x"));
        }
        rejects.extend(7_000, (0..1_000).map(|line| (2 * line + 9_001, Fault::malformed("y"))));
        assert_eq!(rejects.counted(), 12_000);
        let listed = rejects.into_listed();
        assert_eq!(listed.len(), LISTED_MAX);
        assert_eq!(listed.first().unwrap().line, 9_001);
        assert!(listed.is_sorted_by_key(|reject| reject.line));
        assert_eq!(listed.last().unwrap().line, 10_499, "both sources, merged");
    }

    #[test]
    fn a_report_survives_being_a_refusal() {
        let mut rejects = Rejects::default();
        rejects.push(2, Fault::field("phone", "no"));
        let report = Report {
            kind: Kind::Register,
            sha256: "ab".into(),
            dry_run: false,
            already_imported: false,
            rows_read: 3,
            rows_accepted: 0,
            rows_unchanged: 0,
            rows_rejected: 1,
            rejects: rejects.into_listed(),
        };
        let refusal = report.clone().into_refusal();
        assert_eq!(refusal.detail, "1 of 3 rows cannot be loaded, so none was.");
        assert_eq!(Report::of_refusal(&refusal), Some(report));
        assert_eq!(Report::of_refusal(&Refusal::not_found()), None);
    }
}
