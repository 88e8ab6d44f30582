//! Rows for COPY, PostgreSQL's bulk load, in its text format.

use std::fmt::Write;

use data_encoding::HEXLOWER;

use crate::domain::person::Match;

/// Rows in the text format of COPY, collected in memory.
#[derive(Debug, Default)]
pub struct CopyText(String);

impl CopyText {
    /// Starts a row with its first value, whose text must need no escaping.
    pub fn row(&mut self, first: impl std::fmt::Display) -> CopyRow<'_> {
        CopyRow(self).value(first)
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As COPY takes it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    // Writing to a String cannot fail.
    fn push(&mut self, value: impl std::fmt::Display) {
        let _ = write!(self.0, "{value}");
    }
}

/// One row; every value ends with a tab, which `end` turns into the line's end.
#[must_use]
pub struct CopyRow<'a>(&'a mut CopyText);

impl CopyRow<'_> {
    /// A value whose text needs no escaping: a number, date or id.
    pub fn value(self, value: impl std::fmt::Display) -> Self {
        self.0.push(value);
        self.0.0.push('\t');
        self
    }

    /// A value of any text, escaped.
    pub fn text(self, text: &str) -> Self {
        for char in text.chars() {
            match char {
                '\\' => self.0.0.push_str("\\\\"),
                '\t' => self.0.0.push_str("\\t"),
                '\n' => self.0.0.push_str("\\n"),
                '\r' => self.0.0.push_str("\\r"),
                other => self.0.0.push(other),
            }
        }
        self.0.0.push('\t');
        self
    }

    /// A match key, staged as uuid: both have 16 bytes, and PostgreSQL sorts and groups uuid in
    /// half the time of bytea.
    pub fn key(self, key: Match) -> Self {
        HEXLOWER.encode_append(&key, &mut self.0.0);
        self.0.0.push('\t');
        self
    }

    /// A match key, or null.
    pub fn optional_key(self, key: Option<Match>) -> Self {
        match key {
            Some(key) => self.key(key),
            None => self.value("\\N"),
        }
    }

    /// A value that needs no escaping, or null.
    pub fn optional(self, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.value(value),
            None => self.value("\\N"),
        }
    }

    /// A text, or null.
    pub fn optional_text(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.value("\\N"),
        }
    }

    /// Ends the row.
    pub fn end(self) {
        self.0.0.pop();
        self.0.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_text_keeps_its_columns_and_lines() {
        let mut copy = CopyText::default();
        copy.row(2).text("a\\b\tc\r\nd").key([255; 16]).optional(None::<i32>).end();
        copy.row(3).text("").optional(Some(4)).end();
        copy.row(4).optional_text(None).optional_text(Some("a\tb")).optional_text(Some("")).end();
        let text = String::from_utf8(copy.into_bytes()).unwrap();
        let key = "f".repeat(32);
        assert_eq!(text, format!("2\ta\\\\b\\tc\\r\\nd\t{key}\t\\N\n3\t\t4\n4\t\\N\ta\\tb\t\n"));
    }
}
