//! Files of administrators: taken in whole before anything is done with them, because a slow sender
//! must not keep a transaction open.

use std::{future::pending, rc::Rc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_LENGTH},
    web::{Data, Payload},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    domain::{
        Code, Detail, ImportId, Refusal,
        fact::Sent,
        import::{Kind, Report},
        language::Language,
    },
    flows::import::{Imported, Options},
    http::{
        admission::{self, admit, admit_in_time},
        connection::Hand,
        extract::{Path, Query, media_type},
        field::Text,
        language::{Accepted, mark},
        principal::Administrator,
        problem::Problem,
        reason::WrittenReport,
        state::App,
        upload::{FILE_BYTES_MAX, spool, too_large},
    },
};

/// The longest name that a spreadsheet program gives a sheet has 31.
const SHEET_CHARS_MAX: usize = 100;
const FILE_NAME_CHARS_MAX: usize = 200;
/// Of text with separators, and of workbooks.
pub const CSV: &str = "text/csv";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The last one is what programs send that do not know.
const MEDIA_TYPES: [&str; 3] = [CSV, XLSX, "application/octet-stream"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Do everything, then take it back.
    #[serde(default)]
    dry_run: bool,
    /// Load the good rows although others are rejected.
    #[serde(default)]
    partial: bool,
    /// Of a file of slots: those of its days that it does not name go.
    #[serde(default)]
    remove_missing: bool,
    /// Load rows that add although the same were loaded before.
    #[serde(default)]
    again: bool,
    /// Only if the file does what this dry run said.
    dry_run_id: Option<ImportId>,
    /// The figure that is far more than usual.
    confirm: Option<u64>,
    /// What the list of imports calls the file.
    file_name: Option<Text<FILE_NAME_CHARS_MAX>>,
    /// The sheet of a workbook; else the first.
    sheet: Option<Text<SHEET_CHARS_MAX>>,
}

/// Loads a file of this kind.
///
/// # Errors
/// `rows_rejected` with the rejected rows; `already_loaded`, `dry_run_differs` and
/// `confirmation_needed`, with what is known of the file; `unsupported_media_type`,
/// `body_too_large`, `malformed_request` for a body that cannot be taken.
pub async fn post_import(
    app: Data<App>,
    Administrator(staff_user_id): Administrator,
    (Path(kind), Query(query)): (Path<Kind>, Query<ImportQuery>),
    (Accepted(language), request): (Accepted, HttpRequest),
    body: Payload,
) -> Result<HttpResponse, Problem> {
    // What a file is, is found in it: of its media type it is only asked that it is one of files.
    let sent = media_type(&request);
    if !MEDIA_TYPES.iter().any(|known| sent.eq_ignore_ascii_case(known)) {
        let media_type = MEDIA_TYPES.join(", ").into();
        let detail = Detail::WrongMediaType { sent: Sent::File, media_type };
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length
        .and_then(|length| length.parse().ok())
        .is_some_and(|bytes: u64| bytes > FILE_BYTES_MAX)
    {
        return Err(too_large());
    }
    let sending = admit::<admission::Upload>(&app)?;
    let file = spool(body, FILE_BYTES_MAX).await?;
    drop(sending);
    let _admitted = admit_in_time::<admission::Export>(&app).await?;
    let options = Options {
        dry_run: query.dry_run,
        partial: query.partial,
        remove_missing: query.remove_missing,
        again: query.again,
        dry_run_id: query.dry_run_id,
        confirm: query.confirm,
        sheet: query.sheet.map(|sheet| sheet.0),
        file_name: query.file_name.map(|name| name.0),
        staff_user_id: Some(staff_user_id),
    };
    let importing = Box::pin(app.imports.load(kind, file, options, |_| {}));
    // What nobody waits for is taken back: its client will send it again.
    let gone = || Problem::new(Code::MalformedRequest, Detail::BrokenOff { sent: Sent::File });
    let imported = tokio::select! {
        imported = importing => imported?,
        () = client_gone(&request) => return Err(gone()),
    };
    match imported {
        Imported::Loaded(report) => loaded(language, &report),
        Imported::Refused(refused) => {
            let (report, refusal) = *refused;
            Err(with_report(language, &report, refusal))
        }
    }
}

/// Comes to its end when the client has hung up.
async fn client_gone(request: &HttpRequest) {
    match request.conn_data::<Rc<Hand>>() {
        Some(hand) => hand.client_gone().await,
        None => pending().await,
    }
}

fn loaded(language: Language, report: &Report) -> Result<HttpResponse, Problem> {
    let written = WrittenReport::new(language, report).map_err(Problem::internal)?;
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(written);
    mark(response.headers_mut(), language);
    Ok(response)
}

/// The refusal of a file, with the members of its report.
fn with_report(language: Language, report: &Report, refusal: Refusal) -> Problem {
    let written = WrittenReport::new(language, report).and_then(serde_json::to_value);
    match written {
        Ok(Value::Object(more)) => Refusal { more, ..refusal }.into(),
        Ok(_) => Problem::internal("a report that is no object"),
        Err(error) => Problem::internal(error),
    }
}
