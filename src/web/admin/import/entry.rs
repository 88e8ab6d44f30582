//! Earlier files: who loaded or tried which, what became of it, and the rows that were rejected.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION},
};
use askama::Template;
use serde::Deserialize;

use super::{
    job,
    order::IN_ORDER,
    outcome::outcome,
    reject::{RejectLine, reject_lines, rejects_file},
};
use crate::{
    api::import::CSV,
    db::{self, import::entry::Filter},
    domain::{
        ImportId, Refusal,
        import::{Kind, Reject, entry::Entry},
    },
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        import_job::ImportJob,
        problem::Problem,
    },
    web::{
        admin::moment::{when, zone},
        part::{Row, Step, Tone},
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

const PAGE_ROWS: i64 = 50;
/// So much of a file's SHA-256 tells it from all others of an installation.
const FINGERPRINT_CHARS: usize = 12;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ImportsQuery {
    #[serde(default, deserialize_with = "empty_is_none")]
    kind: Option<Kind>,
    after: Option<ImportId>,
}

/// A list to choose from sends an empty text for "all".
fn empty_is_none<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Kind>, D::Error> {
    let text = String::deserialize(from)?;
    match text.as_str() {
        "" => Ok(None),
        word => word.parse().map(Some).map_err(|_refusal| serde::de::Error::custom("kind")),
    }
}

#[derive(Template)]
#[template(path = "admin/import/list.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    /// The word, the name, whether the list is of it.
    kinds: Vec<(&'static str, &'static str, &'static str, bool)>,
    jobs: Vec<JobLine>,
    lines: Vec<Line>,
    next: Option<Step>,
    /// By whose clock times are told.
    zone: String,
}

struct JobLine {
    href: String,
    name: String,
    kind: &'static str,
    tag: (&'static str, Tone),
}

struct Line {
    href: String,
    when: String,
    kind: &'static str,
    by: String,
    file_name: String,
    outcome: String,
}

#[derive(Clone, Copy, Deserialize)]
pub struct OneImport {
    kind: Kind,
    import_id: ImportId,
}

#[derive(Template)]
#[template(path = "admin/import/entry.html")]
struct EntryPage<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: String,
    path: String,
    rows: Vec<Row>,
    rejects: Vec<RejectLine>,
}

/// The latest first, with those that are at work.
///
/// # Errors
/// `overloaded`.
pub async fn get_imports(
    _: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(wanted): Query<ImportsQuery>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let ImportsQuery { kind, after } = wanted;
    let filter = Filter { kind, after, ..Filter::default() };
    let entries = db::import::entry::list(&app.db.read, filter, PAGE_ROWS).await?;
    let is_full = i64::try_from(entries.len()) == Ok(PAGE_ROWS);
    let last = entries.last().filter(|_| is_full);
    let next = last.map(|entry| {
        let of_kind = kind.map(|kind| format!("kind={kind}&")).unwrap_or_default();
        let query = format!("?{of_kind}after={}", entry.import_id.0);
        let href = visitor.visit.frame().to(&format!("/admin/imports{query}"));
        Step { href, label: t.admin_older().to_owned() }
    });
    let jobs = app.import_jobs.list(app.clock.now());
    let kinds =
        IN_ORDER.map(|one| (one.word(), t.import_kind(one), t.import_why(one), Some(one) == kind));
    let page = Page {
        t,
        staff: visitor.frame(),
        kinds: kinds.into(),
        jobs: jobs.iter().map(|one| job_line(&visitor, one)).collect(),
        lines: entries.iter().map(|entry| line(&visitor, entry)).collect(),
        next,
        zone: t.admin_times_in(zone(&visitor).name()),
    };
    visitor.show(&page)
}

fn job_line(visitor: &StaffVisitor, one: &ImportJob) -> JobLine {
    let t = visitor.t();
    let tag = job::tag(t, &one.look());
    let name = one.file_name.clone().unwrap_or_else(|| t.import_without_name().to_owned());
    let href = job::address(&visitor.visit.app, one.id, one.kind);
    JobLine { href, name, kind: t.import_kind(one.kind), tag }
}

fn line(visitor: &StaffVisitor, entry: &Entry) -> Line {
    let t = visitor.t();
    Line {
        href: format!("/admin/imports/{}/{}", entry.kind, entry.import_id.0),
        when: when(visitor, entry.at),
        kind: t.import_kind(entry.kind),
        by: by(t, entry),
        file_name: entry.file_name.clone().unwrap_or_default(),
        outcome: outcome(t, entry.is_dry_run, &entry.counts),
    }
}

fn by(t: Texts, entry: &Entry) -> String {
    entry.username.clone().unwrap_or_else(|| t.admin_by_command().to_owned())
}

/// One of them, with its rejected rows.
///
/// # Errors
/// `not_found` where there is none of this kind with this id.
pub async fn get_import(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneImport>,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let (entry, rejects) = find(&visitor, at).await?;
    let count = |rows: u64| words::count(rows);
    let fingerprint = entry.sha256.get(..FINGERPRINT_CHARS).unwrap_or(&entry.sha256);
    let what = if entry.is_dry_run { t.import_tried() } else { t.import_loaded() };
    let page = EntryPage {
        t,
        staff: visitor.frame(),
        heading: t.import_file_of(t.import_kind(entry.kind)),
        path: format!("/admin/imports/{}/{}", at.kind, at.import_id.0),
        rows: vec![
            Row::new(t.state_column(), what),
            Row::new(t.admin_when(), when(&visitor, entry.at)),
            Row::new(t.admin_who(), by(t, &entry)),
            Row::new(t.import_file_name(), entry.file_name.clone().unwrap_or_default()),
            Row::new(t.import_fingerprint(), fingerprint),
            Row::new(t.import_rows_new(), count(entry.counts.rows_accepted)),
            Row::new(t.import_rows_changed(), count(entry.counts.rows_changed)),
            Row::new(t.import_rows_same(), count(entry.counts.rows_unchanged)),
            Row::new(t.import_rows_rejected(), count(entry.counts.rows_rejected)),
        ],
        rejects: reject_lines(t, &rejects),
    };
    visitor.show(&page)
}

/// Its rejected rows as a file.
///
/// # Errors
/// `not_found` where there is none of this kind with this id.
pub async fn get_rejects(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneImport>,
) -> Result<HttpResponse, Problem> {
    let (_, rejects) = find(&visitor, at).await?;
    let name = format!("attachment; filename=\"{}-{}-rejects.csv\"", at.kind, at.import_id.0);
    Ok(HttpResponse::Ok()
        .content_type(CSV)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(rejects_file(visitor.t(), &rejects)?))
}

async fn find(visitor: &StaffVisitor, at: OneImport) -> Result<(Entry, Vec<Reject>), Problem> {
    let db = &visitor.visit.app.db.read;
    let filter = Filter { kind: Some(at.kind), import_id: Some(at.import_id), after: None };
    let entry = db::import::entry::list(db, filter, 1).await?.pop();
    let rejects = db::import::entry::rejects(db, at.kind, at.import_id).await?;
    Ok(entry.zip(rejects).ok_or_else(Refusal::not_found)?)
}
