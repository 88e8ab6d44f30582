//! Files to fill in, one for each kind that can be loaded: the header, and in a workbook beside it
//! what belongs into each column.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, HeaderValue, VARY},
};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde::Deserialize;

use super::{
    admin::ByAdministrator,
    import::{CSV, XLSX},
};
use crate::{
    domain::{
        import::{Kind, column::Column},
        language::Language,
    },
    http::{
        extract::{Path, Query},
        language::{Accepted, mark},
        problem::Problem,
    },
    words,
};

/// Spreadsheet programs take a text for UTF-8 only where this is before it.
const BYTE_ORDER_MARK: &str = "\u{feff}";
const COLUMN_WIDTH: f64 = 18.0;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateQuery {
    /// Before what `Accept` says.
    format: Option<TemplateFormat>,
}

/// How a file to fill in is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateFormat {
    Csv,
    Xlsx,
}

/// The file without a row. CSV, unless a workbook is asked for.
///
/// # Errors
/// `not_found` for another kind.
pub async fn get_template(
    ByAdministrator { what: (Path(kind), Query(query)), .. }: ByAdministrator<(
        Path<Kind>,
        Query<TemplateQuery>,
    )>,
    Accepted(language): Accepted,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let format = query.format.unwrap_or_else(|| accepted(&request));
    let (media_type, name, bytes) = file(kind, format, language)?;
    let name = format!("attachment; filename=\"{name}\"");
    let mut response = HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(bytes);
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    mark(response.headers_mut(), language);
    Ok(response)
}

/// The media type, the name and the bytes of a file to fill in.
///
/// # Errors
/// `internal` where it cannot be written.
pub fn file(
    kind: Kind,
    format: TemplateFormat,
    language: Language,
) -> Result<(&'static str, String, Vec<u8>), Problem> {
    let (media_type, ending, bytes) = match format {
        TemplateFormat::Csv => (CSV, "csv", csv(kind)),
        TemplateFormat::Xlsx => (XLSX, "xlsx", xlsx(kind, language).map_err(Problem::internal)?),
    };
    Ok((media_type, format!("{kind}.{ending}"), bytes))
}

/// A workbook where it is named and CSV is not.
fn accepted(request: &HttpRequest) -> TemplateFormat {
    let values = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let accepted: Vec<_> = values
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .collect();
    let names = |media_type: &str| accepted.iter().any(|range| range == media_type);
    if names(XLSX) && !names(CSV) { TemplateFormat::Xlsx } else { TemplateFormat::Csv }
}

fn csv(kind: Kind) -> Vec<u8> {
    format!("{BYTE_ORDER_MARK}{}\r\n", kind.header_line()).into_bytes()
}

/// The first sheet is to be filled in; the second says how.
fn xlsx(kind: Kind, language: Language) -> Result<Vec<u8>, XlsxError> {
    // As text, what is typed stays what it is: a phone number keeps its zero.
    let text = Format::new().set_num_format("@");
    let mut sheet = Worksheet::new();
    sheet.set_name(kind.word())?;
    let mut about = Worksheet::new();
    about.set_name("columns")?;
    let mut workbook = Workbook::new();
    for (at, column) in (0_u16..).zip(kind.columns()) {
        sheet.set_column_format(at, &text)?.set_column_width(at, COLUMN_WIDTH)?;
        sheet.write_string_with_format(0, at, column.name, &text)?;
        about_column(&mut about, u32::from(at), column, language, &text)?;
    }
    workbook.push_worksheet(sheet);
    workbook.push_worksheet(about);
    workbook.save_to_buffer()
}

fn about_column(
    sheet: &mut Worksheet,
    row: u32,
    column: &Column,
    language: Language,
    text: &Format,
) -> Result<(), XlsxError> {
    let form = words::form(language, column.form);
    let need = words::need(language, column.is_required);
    for (at, value) in (0_u16..).zip([column.name, &need, &form, column.example]) {
        sheet.write_string_with_format(row, at, value, text)?;
    }
    Ok(())
}
