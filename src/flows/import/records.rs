//! Cuts a text into records, in memory that does not grow with the file or with what is wrong in
//! it.

use std::io::{self, BufRead, Read};

use crate::domain::{
    Detail,
    import::{
        Fault, Separator,
        csv::{self, Record},
    },
};

/// More than any lawful row has.
pub(super) const RECORD_BYTES_MAX: usize = 64 * 1024;
/// A quoted value has at most so many lines. A quote that is still open then is a mistake of the
/// line where it stands, and the lines below it are rows of their own.
const RECORD_LINES_MAX: u64 = 20;

/// The records of a file, one after the other.
pub(super) struct Records<R> {
    from: R,
    /// None while it is not known.
    separator: Option<Separator>,
    record: Vec<u8>,
    /// Lines that were looked at for the end of a quote and are still to be read, the last first.
    ahead: Vec<Vec<u8>>,
    lines: u64,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(from: R, separator: Option<Separator>) -> Self {
        Self { from, separator, record: Vec::new(), ahead: Vec::new(), lines: 0 }
    }

    /// Where the text comes from.
    pub(super) fn source(&self) -> &R {
        &self.from
    }

    /// The next record that is not empty, with the number of its first line; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Result<&str, Fault>)>> {
        loop {
            self.record.clear();
            let before = self.lines;
            let Some(fault) = self.read_record()? else { return Ok(None) };
            if fault.is_none() && self.record.trim_ascii().is_empty() {
                continue;
            }
            let text = match fault {
                Some(fault) => Err(fault),
                None => std::str::from_utf8(line(&self.record)).map_err(|_invalid| not_utf8()),
            };
            return Ok(Some((before + 1, text)));
        }
    }

    /// Reads one record; none at the end of the file, else whether it is at fault.
    fn read_record(&mut self) -> io::Result<Option<Option<Fault>>> {
        let first_line = self.lines + 1;
        // Where each line of the record ends.
        let mut ends = Vec::new();
        loop {
            let is_whole = match self.read_line()? {
                Line::End if self.record.is_empty() => return Ok(None),
                Line::End => return Ok(Some(Some(self.never_closed(&ends)))),
                Line::Whole => true,
                Line::Cut => false,
            };
            ends.push(self.record.len());
            let is_too_long = !is_whole || self.record.len() > RECORD_BYTES_MAX;
            if is_too_long && ends.len() == 1 {
                let bytes_max = RECORD_BYTES_MAX;
                let cut = Detail::RowTooLong { bytes_max, first_line, last_line: self.lines };
                return Ok(Some(Some(Fault::malformed(cut))));
            }
            if !is_too_long && !self.is_open() {
                let is_meant = ends.len() == 1 || self.is_in_order();
                return Ok(Some((!is_meant).then(|| self.never_closed(&ends))));
            }
            if is_too_long || self.lines - first_line + 1 >= RECORD_LINES_MAX {
                return Ok(Some(Some(self.never_closed(&ends))));
            }
        }
    }

    /// Gives the lines after the first back, to be read as rows.
    fn never_closed(&mut self, ends: &[usize]) -> Fault {
        for pair in ends.windows(2).rev() {
            if let [from, to] = pair
                && let Some(line) = self.record.get(*from..*to)
            {
                self.ahead.push(line.to_vec());
                self.lines -= 1;
            }
        }
        Fault::malformed(Detail::QuoteNeverClosed { lines_max: RECORD_LINES_MAX })
    }

    /// Whether the record goes on in the next line.
    fn is_open(&self) -> bool {
        match self.separator {
            Some(separator) => std::str::from_utf8(&self.record)
                .is_ok_and(|text| csv::record(text, separator) == Record::Open),
            None => self.record.iter().filter(|&&byte| byte == b'"').count() % 2 == 1,
        }
    }

    /// Whether a record of several lines is one: else a quote of a lower line has closed it.
    fn is_in_order(&self) -> bool {
        let Some(separator) = self.separator else { return true };
        std::str::from_utf8(line(&self.record))
            .is_ok_and(|text| csv::fields(text, separator).is_ok())
    }

    /// Appends a line to the record; of one that is too long, the rest is passed over.
    fn read_line(&mut self) -> io::Result<Line> {
        if let Some(line) = self.ahead.pop() {
            self.record.extend_from_slice(&line);
            self.lines += 1;
            return Ok(if line.len() < RECORD_BYTES_MAX || line.ends_with(b"\n") {
                Line::Whole
            } else {
                Line::Cut
            });
        }
        let limit = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX);
        let read = (&mut self.from).take(limit).read_until(b'\n', &mut self.record)?;
        if read == 0 {
            return Ok(Line::End);
        }
        self.lines += 1;
        if self.record.ends_with(b"\n") || read < RECORD_BYTES_MAX {
            return Ok(Line::Whole);
        }
        let rest = self.from.skip_until(b'\n')?;
        Ok(if rest == 0 { Line::Whole } else { Line::Cut })
    }
}

enum Line {
    Whole,
    Cut,
    End,
}

/// Without the line's end.
fn line(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

fn not_utf8() -> Fault {
    Fault::malformed(Detail::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each record as (line, text), a fault as its cause and facts.
    fn records(file: &[u8]) -> Vec<(u64, String)> {
        let mut records = Records::new(file, Some(Separator::Comma));
        let mut found = Vec::new();
        while let Some((line, record)) = records.next().unwrap() {
            found.push((line, record.map_or_else(written, str::to_owned)));
        }
        found
    }

    fn written(fault: Fault) -> String {
        serde_json::to_string(&fault.detail).unwrap()
    }

    #[test]
    fn the_line_ends_and_empty_lines_do_not_count_as_text() {
        let plain = records(b"a,b\n1,2\n\n3,4");
        assert_eq!(plain, [(1, "a,b".into()), (2, "1,2".into()), (4, "3,4".into())]);
        assert_eq!(records(b"a,b\r\n1,2\r\n\r\n3,4\r\n"), plain);
    }

    #[test]
    fn a_quoted_field_may_have_lines() {
        let found = records(b"a,b\n1,\"x\r\ny\"\r\n3,4\n");
        assert_eq!(found, [(1, "a,b".into()), (2, "1,\"x\r\ny\"".into()), (4, "3,4".into())]);
    }

    #[test]
    fn a_quote_that_stays_open_is_a_fault_of_its_line_alone() {
        let open = || written(Fault::malformed(Detail::QuoteNeverClosed { lines_max: 20 }));
        for lines in [0, 1, 2, 18, 19, 20, 21, 1_000] {
            let file = format!("a,b\n1,\"x\n{}", "3,4\n".repeat(lines));
            let found = records(file.as_bytes());
            assert_eq!(found.get(1), Some(&(2, open())), "{lines}");
            assert_eq!(found.len(), lines + 2);
            for (at, (line, text)) in (3..).zip(found.iter().skip(2)) {
                assert_eq!((*line, text.as_str()), (at, "3,4"), "{lines}");
            }
        }
        // Each line of its own, however many are open; and one with another end is still one value.
        let found = records("\"x\n".repeat(101).as_bytes());
        assert_eq!(found.len(), 101);
        let nineteen = format!("a\n\"x{}\"\nb\n", "\n".repeat(19));
        assert_eq!(records(nineteen.as_bytes()).len(), 3, "twenty lines are lawful");
        let twenty = format!("a\n\"x{}\"\nb\n", "\n".repeat(20));
        assert_eq!(records(twenty.as_bytes())[1], (2, open()), "and one more is not");
        let long = format!("a\n\"x\n{}\nb\n", "y".repeat(70_000));
        let found = records(long.as_bytes());
        assert_eq!((found.len(), &found[1]), (4, &(2, open())));
        assert!(found[2].1.contains("row_too_long"), "{found:?}");
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut file = b"a,b\n".to_vec();
        file.resize(file.len() + 300_000, b'x');
        file.extend_from_slice(b"\n3,4\n");
        let found = records(&file);
        assert_eq!(found[1].0, 2);
        let cut = Detail::RowTooLong { bytes_max: 65_536, first_line: 2, last_line: 2 };
        assert_eq!(found[1].1, written(Fault::malformed(cut)));
        assert_eq!(found[2], (3, "3,4".into()));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_a_fault_of_their_row() {
        let found = records(b"a,b\n\xb1\xe8,2\n3,4\n");
        assert_eq!(found[1], (2, written(Fault::malformed(Detail::NotUtf8))));
        assert_eq!(found[2], (3, "3,4".into()));
    }

    #[test]
    fn a_heading_may_have_lines_before_the_separator_is_known() {
        let file = b"\"a\nb\";c\n1;2\n";
        let mut records = Records::new(&file[..], None);
        let (line, first) = records.next().unwrap().unwrap();
        assert_eq!((line, first.unwrap()), (1, "\"a\nb\";c"));
        assert_eq!(records.next().unwrap().unwrap().0, 3);
    }

    #[test]
    fn an_empty_file_has_no_records() {
        assert!(records(b"").is_empty());
        assert!(records(b"\n \n").is_empty());
    }
}
