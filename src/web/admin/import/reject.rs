//! Rejected rows, as pages and files show them.

use crate::{
    domain::import::Reject,
    http::problem::Problem,
    web::{admin::sheet, text::Texts},
    words,
};

/// A row that was rejected, as pages show it.
pub struct RejectLine {
    pub line: String,
    pub column: String,
    pub text: String,
}

/// For a table.
pub fn reject_lines(t: Texts, rejects: &[Reject]) -> Vec<RejectLine> {
    let line = |reject: &Reject| RejectLine {
        line: words::count(reject.line),
        column: reject.column.clone(),
        text: words::reject(t.language(), reject),
    };
    rejects.iter().map(line).collect()
}

/// Rejected rows as a file: line, column, code, what is wrong.
///
/// # Errors
/// `internal` where it cannot be written.
pub fn rejects_file(t: Texts, rejects: &[Reject]) -> Result<Vec<u8>, Problem> {
    let mut file = sheet::BYTE_ORDER_MARK.as_bytes().to_vec();
    let head = [t.import_line(), t.import_column(), t.import_code(), t.import_fault_column()];
    file.extend(sheet::line(head)?);
    for reject in rejects {
        let (line, text) = (reject.line.to_string(), words::reject(t.language(), reject));
        file.extend(sheet::line([line.as_str(), &reject.column, reject.code.slug(), &text])?);
    }
    Ok(file)
}
