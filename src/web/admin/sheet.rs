//! Tables as files for spreadsheets, in which no cell is ever a formula.

use std::borrow::Cow;

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
};

use crate::{
    http::{page, problem::Problem},
    web::staff_page::StaffVisitor,
};

/// Spreadsheet programs take a text for UTF-8 only where this is before it.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A file of this name to keep. It answers presses too, and carries what every page carries.
pub fn attachment(visitor: &StaffVisitor, name: &str, body: Vec<u8>) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body);
    page::guard(response.headers_mut(), &visitor.visit.app.site);
    response
}

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
