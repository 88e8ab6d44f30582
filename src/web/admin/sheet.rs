//! Tables as files for spreadsheets, in which no cell is ever a formula.

use std::borrow::Cow;

use crate::http::problem::Problem;

/// Spreadsheet programs take a text for UTF-8 only where this is before it.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A cell as text: what a spreadsheet would compute or run gets a mark before it, by which it stays
/// what it is.
pub fn inert(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// One line of a file, with its end.
///
/// # Errors
/// `internal` where it cannot be written.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>, Problem> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let cells: Vec<_> = cells.into_iter().map(inert).collect();
    writer.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(Problem::internal)?;
    writer.into_inner().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for bad in ["=1+1", "+1", "-1", "@sum(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A0"] {
            assert!(inert(bad).starts_with('\''), "{bad}");
        }
        for fine in ["", "a=b", "1", "가", "'=1", " =1"] {
            assert_eq!(inert(fine), fine, "the control");
        }
        let written = String::from_utf8(line(["a,b", "=1", "\"q\""]).expect("a line")).unwrap();
        assert_eq!(written, "\"a,b\",'=1,\"\"\"q\"\"\"\r\n");
    }
}
