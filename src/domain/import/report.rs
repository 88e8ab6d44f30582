//! What became of a file.

use serde::{Deserialize, Serialize};

use super::{counts::Counts, fault::Fault, kind::Kind, read_as::ReadAs};
use crate::domain::{Code, Detail, ImportId, Refusal, slot_plan::Changes, staff_user::Invitation};

/// So many rejected rows are listed, the first of the file; all are counted.
pub const LISTED_MAX: usize = 1_000;

/// A row that was not loaded, and why. Serialised as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Reject {
    /// The header is line 1; a row of several lines has the number of its first.
    pub line: u64,
    /// The column to blame, several separated by commas; empty where it is the row as a whole.
    pub column: String,
    pub code: Code,
    #[serde(flatten)]
    pub detail: Detail,
}

/// A reject as it was written down: of old, an English sentence in place of the cause.
#[derive(Deserialize)]
struct Kept {
    line: u64,
    column: String,
    code: Code,
    #[serde(flatten)]
    why: Why,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Why {
    Cause(Detail),
    Text {
        text: String,
    },
    /// By a later version.
    Unknown {},
}

impl From<Kept> for Reject {
    fn from(Kept { line, column, code, why }: Kept) -> Self {
        let detail = match why {
            Why::Cause(detail) => detail,
            Why::Text { text } => Detail::Written { text },
            Why::Unknown {} => Detail::General,
        };
        Self { line, column, code, detail }
    }
}

/// The rejected rows so far, and what is warned of in those that are taken.
#[derive(Clone, Debug, Default)]
pub struct Rejects {
    listed: Vec<Reject>,
    counted: u64,
    warnings: Warnings,
}

/// What was warned of: the first of the file, and how many there are.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    listed: Vec<Reject>,
    pub counted: u64,
}

impl Warnings {
    /// Sources come in the order of lines.
    fn push(&mut self, line: u64, Fault { column, code, detail }: Fault) {
        self.counted += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(Reject { line, column: column.into_owned(), code, detail });
        }
    }

    /// The first, in the order of the file.
    pub fn into_listed(self) -> Vec<Reject> {
        self.listed
    }
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

    /// A row that is taken although something about it looks wrong. In the order of lines.
    pub fn warn(&mut self, line: u64, fault: Fault) {
        self.warnings.push(line, fault);
    }

    pub fn take_warnings(&mut self) -> Warnings {
        std::mem::take(&mut self.warnings)
    }

    fn list(&mut self, line: u64, Fault { column, code, detail }: Fault) {
        self.listed.push(Reject { line, column: column.into_owned(), code, detail });
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

/// What became of a file. `rows_read` is the sum of the rows accepted, changed, unchanged and
/// rejected, except where nothing was loaded: then only rejected rows are counted, or what was seen
/// before it was taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Under which it is remembered; of a dry run too. None where nothing was loaded.
    pub import_id: Option<ImportId>,
    pub kind: Kind,
    /// Of the file, in hexadecimal.
    pub sha256: String,
    /// None where it could not be read as anything.
    pub read_as: Option<ReadAs>,
    /// Everything was done and taken back.
    pub dry_run: bool,
    /// An earlier import of a part of this file; what it loaded is unchanged here.
    pub continues: Option<ImportId>,
    /// Without the header and empty lines.
    pub rows_read: u64,
    /// Rows that said something new.
    pub rows_accepted: u64,
    /// Rows that changed what was known.
    pub rows_changed: u64,
    /// Rows that said what was already so.
    pub rows_unchanged: u64,
    pub rows_rejected: u64,
    /// What is known and not in the file, where it is a list of all there is.
    pub rows_missing: Option<u64>,
    /// The first 1,000.
    pub rejects: Vec<Reject>,
    /// Of the users whom the file added: told this once, and kept nowhere.
    pub invitations: Vec<Invitation>,
    /// What looks wrong in rows that are taken; a row may have several.
    pub warnings_counted: u64,
    /// The first 1,000.
    pub warnings: Vec<Reject>,
    /// What became of slots, where the file is about them.
    pub slots: Option<Box<Changes>>,
}

impl Report {
    pub fn counts(&self) -> Counts {
        Counts {
            rows_accepted: self.rows_accepted,
            rows_changed: self.rows_changed,
            rows_unchanged: self.rows_unchanged,
            rows_rejected: self.rows_rejected,
        }
    }

    /// The refusal of a file because of its rejected rows; their list is not in it.
    pub fn refusal(&self) -> Refusal {
        let detail = match self.rows_read {
            0 => Detail::FileUnreadable,
            read => Detail::RowsRejected { rejected: self.rows_rejected, read },
        };
        Refusal::new(Code::RowsRejected, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fact::Expected;

    #[test]
    fn the_first_thousand_rejects_are_listed_and_all_are_counted() {
        let mut rejects = Rejects::default();
        for line in 0..5_000 {
            rejects.push(2 * line + 10_000, Fault::malformed(Detail::NotUtf8));
        }
        rejects.extend(
            7_000,
            (0..1_000).map(|line| (2 * line + 9_001, Fault::malformed(Detail::QuoteOpen))),
        );
        assert_eq!(rejects.counted(), 12_000);
        let listed = rejects.into_listed();
        assert_eq!(listed.len(), LISTED_MAX);
        assert_eq!(listed.first().unwrap().line, 9_001);
        assert!(listed.is_sorted_by_key(|reject| reject.line));
        assert_eq!(listed.last().unwrap().line, 10_499, "both sources, merged");
    }

    #[test]
    fn a_reject_is_read_as_it_was_kept() {
        let mut rejects = Rejects::default();
        rejects.push(2, Fault::field("phone", Detail::PhoneCharacters));
        rejects.push(3, Fault::expected("seats", Expected::WholeNumberBetween { min: 0, max: 5 }));
        rejects.push(4, Fault::malformed(Detail::RowWidth { fields: 3, columns: 4 }));
        let rejects = rejects.into_listed();
        let kept = serde_json::to_value(&rejects).unwrap();
        let second = serde_json::json!({
            "line": 3,
            "column": "seats",
            "code": "invalid_field",
            "cause": "must_be",
            "facts": { "expected": "whole_number_between", "min": 0, "max": 5 },
        });
        assert_eq!(kept[1], second);
        assert_eq!(serde_json::from_value::<Vec<Reject>>(kept).unwrap(), rejects);
    }

    #[test]
    fn a_reject_of_an_earlier_version_is_still_read() {
        // Word for word as version 0.1.0 wrote it.
        let kept = r#"[
            {"line":7,"column":"phone","code":"invalid_field",
             "text":"A phone number has 7 to 15 digits."},
            {"line":12,"column":"","code":"malformed_row","text":"The row is not UTF-8."}
        ]"#;
        let rejects: Vec<Reject> = serde_json::from_str(kept).unwrap();
        let text = "A phone number has 7 to 15 digits.".to_owned();
        let first = Reject {
            line: 7,
            column: "phone".into(),
            code: Code::InvalidField,
            detail: Detail::Written { text },
        };
        assert_eq!(rejects[0], first);
        assert_eq!(rejects[1].code, Code::MalformedRow);
        // Kept once more, it stays what it was.
        let again = serde_json::from_value(serde_json::to_value(&first).unwrap());
        assert_eq!(again.ok(), Some(first));
    }

    #[test]
    fn a_cause_of_a_later_version_is_no_fault() {
        let kept = r#"{"line":7,"column":"","code":"malformed_row","cause":"x","facts":{"y":1}}"#;
        let reject: Reject = serde_json::from_str(kept).unwrap();
        assert_eq!((reject.line, reject.detail), (7, Detail::General));
    }
}
