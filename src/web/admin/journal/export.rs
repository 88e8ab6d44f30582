//! The journal as a file: written while it is read, a thousand lines at a time, so that its length
//! takes no memory. A file has an end; where the journal goes on, the last line says from where.

use std::{collections::VecDeque, io};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION},
    web::{Bytes, Data},
};
use futures_util::{Stream, stream};
use serde::Serialize;

use super::filter::Wanted;
use crate::{
    api::import::CSV,
    db::{self, journal::Filter},
    domain::{Detail, Refusal, journal::Position, journal_line::JournalLine},
    http::{
        admission::{self, Admitted},
        extract::Query,
        problem::Problem,
        state::App,
    },
    web::{admin::sheet, staff_guard::AdministratorVisitor, staff_page::StaffVisitor},
};

const CHUNK_ROWS: i64 = 1_000;
/// A spreadsheet holds 1,048,576 rows.
const LINES_MAX: i64 = 1_000_000;
const NDJSON: &str = "application/x-ndjson";
const COLUMNS: [&str; 16] = [
    "movement_id",
    "at",
    "kind",
    "from",
    "to",
    "doses",
    "campaign",
    "clinic",
    "on_date",
    "product",
    "from_pool_id",
    "to_pool_id",
    "actor",
    "username",
    "reason",
    "corrects",
];

/// How lines are written.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    Ndjson,
}

/// As a file for spreadsheets, in which no cell is a formula.
///
/// # Errors
/// `overloaded`; `invalid_field` for a filter that cannot be understood.
pub async fn get_csv(
    admitted: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    send(admitted, &visitor, &wanted, Format::Csv).await
}

/// A line of JSON for each line of the journal.
///
/// # Errors
/// `overloaded`; `invalid_field` for a filter that cannot be understood.
pub async fn get_ndjson(
    admitted: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    send(admitted, &visitor, &wanted, Format::Ndjson).await
}

async fn send(
    admitted: Admitted<admission::Export>,
    visitor: &StaffVisitor,
    wanted: &Wanted,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let (filter, errors) = wanted.filter(visitor, wanted.zone(visitor).await?).await?;
    if let Some(error) = errors.first() {
        let detail = Detail::Written { text: error.text.clone() };
        return Err(Refusal::field(error.field, detail).into());
    }
    let (media_type, ending) = match format {
        Format::Csv => (CSV, "csv"),
        Format::Ndjson => (NDJSON, "ndjson"),
    };
    let name = format!("attachment; filename=\"journal.{ending}\"");
    let export = Export {
        app: visitor.visit.app.clone(),
        filter,
        format,
        lines: 0,
        begun: false,
        over: false,
        waiting: VecDeque::new(),
        _admitted: admitted,
    };
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(Box::pin(chunks(export))))
}

/// An export on its way. It holds its place among the exports until it ends.
struct Export {
    app: Data<App>,
    filter: Filter,
    format: Format,
    lines: i64,
    begun: bool,
    over: bool,
    waiting: VecDeque<Bytes>,
    _admitted: Admitted<admission::Export>,
}

fn chunks(export: Export) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(export, async |mut export| {
        let is_dry = export.waiting.is_empty() && !export.over;
        if is_dry && let Err(problem) = export.read().await {
            export.over = true;
            // The connection breaks off, so that nobody takes a part for the whole.
            tracing::error!(?problem, "an export of the journal broke off");
            return Some((Err(io::Error::other("the journal cannot be read")), export));
        }
        let bytes = export.waiting.pop_front()?;
        Some((Ok(bytes), export))
    })
}

impl Export {
    /// The next lines.
    async fn read(&mut self) -> Result<(), Problem> {
        let mut bytes = Vec::new();
        if !self.begun {
            self.begun = true;
            if let Format::Csv = self.format {
                bytes.extend(sheet::BYTE_ORDER_MARK.as_bytes());
                bytes.extend(sheet::line(COLUMNS)?);
            }
        }
        let lines = db::journal::list(&self.app.db.read, &self.filter, CHUNK_ROWS).await?;
        for line in &lines {
            bytes.extend(written(self.format, line)?);
        }
        self.lines += i64::try_from(lines.len()).unwrap_or(CHUNK_ROWS);
        let last = lines.last().map(|line| line.entry.position);
        let is_full = i64::try_from(lines.len()) == Ok(CHUNK_ROWS);
        self.over = !is_full || self.lines >= LINES_MAX;
        if let (true, true, Some(last)) = (is_full, self.over, last) {
            bytes.extend(goes_on(self.format, last)?);
        }
        self.filter.before = last;
        self.waiting.push_back(bytes.into());
        Ok(())
    }
}

fn goes_on(format: Format, last: Position) -> Result<Vec<u8>, Problem> {
    match format {
        Format::Csv => sheet::line(["goes on before", &last.to_string()]),
        Format::Ndjson => json_line(&serde_json::json!({ "goes_on_before": last.to_string() })),
    }
}

#[derive(Serialize)]
struct Written<'a> {
    movement_id: String,
    at: chrono::DateTime<chrono::Utc>,
    kind: crate::domain::movement::Kind,
    from: crate::domain::movement::Bucket,
    to: crate::domain::movement::Bucket,
    doses: i32,
    campaign: &'a str,
    clinic: Option<&'a str>,
    on_date: Option<chrono::NaiveDate>,
    product: &'a str,
    from_pool_id: Option<i32>,
    to_pool_id: Option<i32>,
    booking_id: Option<uuid::Uuid>,
    actor: &'static str,
    username: Option<&'a str>,
    reason: Option<&'a str>,
    corrects: Option<String>,
}

fn written(format: Format, line: &JournalLine) -> Result<Vec<u8>, Problem> {
    let movement = &line.entry.movement;
    let written = Written {
        movement_id: line.entry.position.to_string(),
        at: line.entry.at,
        kind: movement.kind,
        from: movement.from,
        to: movement.to,
        doses: movement.doses,
        campaign: &line.campaign_code,
        clinic: line.clinic_code.as_deref(),
        on_date: line.on_date,
        product: &line.product.main,
        from_pool_id: movement.from_pool_id.map(|id| id.0),
        to_pool_id: movement.to_pool_id.map(|id| id.0),
        booking_id: movement.booking_id.map(|id| id.0),
        actor: movement.actor.word(),
        username: line.username.as_deref(),
        reason: movement.reason.as_deref(),
        corrects: line.entry.corrects.map(|of| of.to_string()),
    };
    let value = match format {
        Format::Ndjson => return json_line(&written),
        Format::Csv => serde_json::to_value(&written).map_err(Problem::internal)?,
    };
    let cell = |name: &&str| match value.get(*name) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let cells: Vec<_> = COLUMNS.iter().map(cell).collect();
    sheet::line(cells.iter().map(String::as_str))
}

fn json_line(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut bytes = serde_json::to_vec(value).map_err(Problem::internal)?;
    bytes.push(b'\n');
    Ok(bytes)
}
