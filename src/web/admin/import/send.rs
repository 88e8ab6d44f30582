//! The form by which a file is sent: streamed to disk up to a limit, then tried. Nothing is changed
//! by it.

use std::fs::File;

use actix_multipart::{Field, Multipart};
use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH},
    },
    web::Payload,
};
use askama::Template;
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time::timeout;
use uuid::Uuid;

use super::{job, order::IN_ORDER, outcome::OfKind};
use crate::{
    api::template::{self, TemplateFormat},
    domain::{Detail, fact::Sent, import::Kind},
    flows::import::Options,
    http::{
        admission::{self, admit},
        extract::{Path, Query},
        import_job::{KEPT_MINUTES, NewJob},
        problem::Problem,
        upload::{FILE_BYTES_MAX, SILENCE_SECONDS_MAX, malformed, spool, too_large},
    },
    web::{
        form::FieldError,
        part::{Input, TextField},
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

/// What stands around a file in a form.
const ENVELOPE_BYTES_MAX: u64 = 65_536;
const VALUE_BYTES_MAX: usize = 1_024;
const FIELDS_MAX: usize = 20;
const SHEET_CHARS_MAX: usize = 100;
const FILE_NAME_CHARS_MAX: usize = 200;
/// The longest that a file of 1 GiB is waited for, however steadily it comes.
const SENDING_SECONDS_MAX: std::time::Duration = std::time::Duration::from_mins(30);

#[derive(Template)]
#[template(path = "admin/import/send.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    heading: String,
    path: String,
    why: &'static str,
    /// Name, other headings, whether it must be there, what stands in it, an example.
    columns: Vec<(&'static str, String, String, String, &'static str)>,
    sheet: TextField,
    can_remove: bool,
    /// The press again is the same press.
    job_id: Uuid,
    kept: String,
    kinds: Vec<(String, String, bool)>,
}

/// The form for a kind of file.
///
/// # Errors
/// `not_found` for another kind.
pub async fn get_form(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfKind { kind }): Path<OfKind>,
) -> Result<HttpResponse, Problem> {
    visitor.show(&page(&visitor, kind, Vec::new()))
}

fn page(visitor: &StaffVisitor, kind: Kind, errors: Vec<FieldError>) -> Page<'_> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let language = t.language();
    let columns = kind.columns().iter().map(|column| {
        let need = words::need(language, column.is_required);
        (
            column.name,
            column.also.join(", "),
            need,
            words::form(language, column.form),
            column.example,
        )
    });
    let kinds = IN_ORDER.iter().map(|&other| {
        let path = format!("/admin/imports/{other}");
        (path, t.import_kind(other).to_owned(), other == kind)
    });
    Page {
        t,
        staff: visitor.frame(),
        errors,
        heading: t.import_send_title(t.import_kind(kind)),
        path: format!("/admin/imports/{kind}"),
        why: t.import_why(kind),
        columns: columns.collect(),
        sheet: TextField::new("sheet", t.import_sheet(), Input::Text, "")
            .hint(t.import_sheet_hint()),
        can_remove: kind == Kind::Slots,
        job_id: app.clock.id(),
        kept: t.import_kept(KEPT_MINUTES),
        kinds: kinds.collect(),
    }
}

/// Takes a file and tries it.
///
/// # Errors
/// `forbidden` for a form of another site; `overloaded` where the service has no room. What is
/// wrong with the file is said on the page.
pub async fn post_file(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfKind { kind }): Path<OfKind>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let app = &visitor.visit.app;
    let headers = visitor.visit.request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: Option<u64> = length.and_then(|length| length.parse().ok());
    if length.is_some_and(|bytes| bytes > FILE_BYTES_MAX + ENVELOPE_BYTES_MAX) {
        return fault(&visitor, kind, too_large());
    }
    let sending = admit::<admission::Upload>(app)?;
    let parts = Multipart::new(headers, body);
    let sent = match timeout(SENDING_SECONDS_MAX, read(parts)).await {
        Ok(Ok(sent)) => sent,
        Ok(Err(problem)) => return fault(&visitor, kind, problem),
        Err(_elapsed) => {
            return fault(&visitor, kind, malformed(Detail::TooSlow { sent: Sent::File }));
        }
    };
    drop(sending);
    let Some((file, bytes, file_name)) = sent.file else {
        let text = visitor.t().import_no_file().to_owned();
        let page = page(&visitor, kind, vec![FieldError { field: "file", text }]);
        return visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let by = visitor.user.staff_user_id;
    let id = sent.job_id.unwrap_or_else(|| app.clock.id());
    let new = NewJob { id, kind, by, file_name: file_name.clone(), file, bytes };
    let Some(job) = app.import_jobs.add(new, app.clock.now()) else {
        return Err(app.lanes.overloaded().into());
    };
    let options = Options {
        dry_run: true,
        remove_missing: sent.removes && kind == Kind::Slots,
        sheet: sent.sheet,
        file_name,
        staff_user_id: Some(by),
        ..Options::default()
    };
    // The same press twice is one.
    if job.look().presses == 0 {
        job::run(app, &job, options)?;
    }
    Ok(visitor.see_other(&job::address(app, id, kind)))
}

/// What is wrong with the file is said beside it; a failure of ours is none of the file's.
fn fault(visitor: &StaffVisitor, kind: Kind, problem: Problem) -> Result<HttpResponse, Problem> {
    if problem.refusal.code.status() >= 500 {
        return Err(problem);
    }
    let text = words::refusal(visitor.t().language(), &problem.refusal);
    let page = page(visitor, kind, vec![FieldError { field: "file", text }]);
    visitor.show_refused(&problem, &page)
}

/// What the form has sent.
#[derive(Default)]
struct Parts {
    job_id: Option<Uuid>,
    sheet: Option<String>,
    removes: bool,
    /// With its length and its name.
    file: Option<(File, u64, Option<String>)>,
}

async fn read(mut parts: Multipart) -> Result<Parts, Problem> {
    let mut sent = Parts::default();
    for _ in 0..FIELDS_MAX {
        let next = timeout(SILENCE_SECONDS_MAX, parts.next()).await;
        let next = next.map_err(|_elapsed| malformed(Detail::TooSlow { sent: Sent::File }))?;
        let Some(field) = next else { return Ok(sent) };
        let mut field = field.map_err(broken)?;
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let named = field.content_disposition().and_then(|about| about.get_filename());
            let named = named.map(plain).filter(|name| !name.is_empty());
            let file = spool(&mut field, FILE_BYTES_MAX).await?;
            let bytes = file.metadata().map_err(Problem::internal)?.len();
            // A form without a chosen file sends an empty one without a name.
            if bytes > 0 || named.is_some() {
                sent.file = Some((file, bytes, named));
            }
            continue;
        }
        let value = value(&mut field).await?;
        match name.as_str() {
            "job_id" => sent.job_id = value.parse().ok(),
            "sheet" => {
                let sheet: String = value.trim().chars().take(SHEET_CHARS_MAX).collect();
                sent.sheet = Some(sheet).filter(|sheet| !sheet.is_empty());
            }
            "remove_missing" => sent.removes = true,
            _ => {}
        }
    }
    Err(malformed(Detail::BrokenOff { sent: Sent::File }))
}

async fn value(field: &mut Field) -> Result<String, Problem> {
    let mut value = Vec::new();
    loop {
        let chunk = timeout(SILENCE_SECONDS_MAX, field.next()).await;
        let chunk = chunk.map_err(|_elapsed| malformed(Detail::TooSlow { sent: Sent::File }))?;
        let Some(chunk) = chunk else { break };
        value.extend_from_slice(&chunk.map_err(broken)?);
        if value.len() > VALUE_BYTES_MAX {
            return Err(too_large());
        }
    }
    Ok(String::from_utf8_lossy(&value).into_owned())
}

/// A file's name without its folders and without what no list can show.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(FILE_NAME_CHARS_MAX).collect()
}

fn broken(error: actix_multipart::MultipartError) -> Problem {
    tracing::debug!(%error, "a form with a file broke off");
    malformed(Detail::BrokenOff { sent: Sent::File })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateQuery {
    format: Option<TemplateFormat>,
}

/// The file without a row.
///
/// # Errors
/// `not_found` for another kind.
pub async fn get_template(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfKind { kind }): Path<OfKind>,
    Query(query): Query<TemplateQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.format.unwrap_or(TemplateFormat::Csv);
    let (media_type, name, bytes) = template::file(kind, format, visitor.t().language())?;
    let name = format!("attachment; filename=\"{name}\"");
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_a_name_and_no_path() {
        for (sent, kept) in [
            ("a.csv", "a.csv"),
            ("C:\\files\\명부.xlsx", "명부.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nb.csv", "ab.csv"),
            ("", ""),
        ] {
            assert_eq!(plain(sent), kept);
        }
    }
}
