//! A file that was sent: how far it is, what it would do or did, and the presses that follow. The
//! page can be left and come back to.

use std::{fs::File, sync::Arc};

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION},
    },
    web::Data,
};
use askama::Template;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::reject::{RejectLine, reject_lines, rejects_file};
use crate::{
    domain::{
        Code, Detail, Refusal,
        import::{Kind, ReadAs, Report},
    },
    flows::import::Options,
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        import_job::{ImportJob, KEPT_MINUTES, Run, Seen, Stage},
        problem::Problem,
        state::App,
    },
    web::{
        admin::moment::when,
        done::Done,
        form::{FieldError, Form},
        part::{Bar, Input, Row, TextField, Tone},
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

/// Most files are tried within this time: their page says at once what they would do.
const WAIT: std::time::Duration = std::time::Duration::from_millis(1_500);
/// So many rows are shown; the file to download has all that are listed.
const SHOWN_MAX: usize = 50;

#[derive(Clone, Copy, Deserialize)]
pub struct OneJob {
    job_id: Uuid,
}

/// What the address says of a file, for a process that does not have it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Kept {
    kind: Option<Kind>,
    /// The process that keeps it.
    at: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "admin/import/job.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    heading: String,
    path: String,
    /// Where forms go: the path with what another process must know.
    action: String,
    again_path: String,
    file: Vec<Row>,
    /// Of a run that is on its way: how far it is, the sentence, and the turn for the script.
    progress: Option<(Bar, String, String)>,
    tag: (&'static str, Tone),
    said: Vec<String>,
    counts: Vec<Row>,
    rejects: Vec<RejectLine>,
    rejects_more: Option<String>,
    warnings: Vec<RejectLine>,
    invitations: Vec<(String, String, String)>,
    entry: Option<String>,
    /// Where to go on after loading.
    next: Option<(String, &'static str)>,
    /// Its headings are not those of its kind.
    is_unreadable: bool,
    ways: Vec<Way>,
    /// So that a press means this page and no later one.
    presses: u64,
    confirm: Option<TextField>,
}

/// What can be pressed next.
struct Way {
    action: &'static str,
    text: String,
    about: &'static str,
    is_main: bool,
}

#[derive(Template)]
#[template(path = "admin/import/gone.html")]
struct Gone<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    why: Vec<String>,
    /// The same address: another process may answer.
    look_again: Option<String>,
    send_again: String,
    entries: String,
}

fn path(id: Uuid) -> String {
    format!("/admin/imports/jobs/{id}")
}

/// Of a job's page, with what a process must know that does not have it.
pub(super) fn address(app: &App, id: Uuid, kind: Kind) -> String {
    format!("{}?kind={kind}&at={}", path(id), app.import_jobs.process())
}

/// Begins a run beside the request; says whether one could begin.
///
/// # Errors
/// `internal` where the file cannot be read.
pub(super) fn run(
    app: &Data<App>,
    job: &Arc<ImportJob>,
    options: Options,
) -> Result<bool, Problem> {
    let begun = job.begin(options.clone(), app.clock.now()).map_err(Problem::internal)?;
    let Some(mut run) = begun else { return Ok(false) };
    let Some(file) = run.take_file() else { return Ok(false) };
    let app = app.clone();
    actix_web::rt::spawn(async move {
        Box::pin(carry_out(&app, run, file, options)).await;
        // Nobody may come back: then the file goes all the same.
        let kept = std::time::Duration::from_secs(KEPT_MINUTES.unsigned_abs() * 60 + 1);
        tokio::time::sleep(kept).await;
        app.import_jobs.sweep(app.clock.now());
    });
    Ok(true)
}

/// Takes the run, so that it is over when this returns, whatever became of it.
async fn carry_out(app: &App, run: Run, file: File, options: Options) {
    let kind = run.job.kind;
    let loading = app.imports.load(kind, file, options, |bytes| run.has_read(bytes));
    match Box::pin(loading).await {
        Ok(done) => run.end(done),
        Err(error) => tracing::error!(%error, %kind, "a file cannot be loaded"),
    }
}

/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_job(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OneJob { job_id }): Path<OneJob>,
    Query(kept): Query<Kept>,
) -> Result<HttpResponse, Problem> {
    let job = find(&visitor, job_id);
    if let Some(job) = &job {
        job.ended(WAIT).await;
    }
    match job {
        Some(job) => visitor.show(&page(&visitor, &job, Vec::new())?),
        None => gone(&visitor, job_id, kept, Asked::ToSee),
    }
}

/// How far it is, for the script.
///
/// # Errors
/// `not_found` for a file that is not kept any more.
pub async fn get_now(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OneJob { job_id }): Path<OneJob>,
) -> Result<HttpResponse, Problem> {
    let job = find(&visitor, job_id).ok_or_else(Refusal::not_found)?;
    let seen = job.look();
    let said = progress(visitor.t(), &job, &seen);
    let body = json!({ "turn": turn(&seen), "progress": said });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// Tries the file again with other options, loads it, or throws it away.
///
/// # Errors
/// `overloaded`; `internal` where the file cannot be read.
pub async fn post_job(
    _: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OneJob { job_id }): Path<OneJob>,
    Query(kept): Query<Kept>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let Some(job) = find(&visitor, job_id) else {
        return gone(&visitor, job_id, kept, Asked::ToDo);
    };
    if form.has("discard") {
        app.import_jobs.forget(job_id);
        let done = Done::well(t.import_discarded());
        return visitor.done(&format!("/admin/imports/{}", job.kind), done);
    }
    let seen = job.look();
    // A page that is older than the last press: what is there now is shown.
    let is_of_this_page = form.value::<u64>("press") == Some(seen.presses);
    if is_of_this_page && !matches!(seen.stage, Stage::Running) {
        match options(&form, &seen) {
            Ok(options) => {
                let staff_user_id = Some(visitor.user.staff_user_id);
                run(app, &job, Options { staff_user_id, ..options })?;
            }
            Err(Unmeant) => {
                let text = t.import_confirm_wrong().to_owned();
                let errors = vec![FieldError { field: "confirm", text }];
                return visitor
                    .show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&visitor, &job, errors)?);
            }
        }
    }
    Ok(visitor.see_other(&address(app, job_id, job.kind)))
}

/// The figure was not repeated as it stands there.
struct Unmeant;

/// What a press asks for, on top of what the last run was made with.
fn options(form: &Form, seen: &Seen) -> Result<Options, Unmeant> {
    let old = seen.options.clone();
    if let (Stage::Loaded(report), true) = (&seen.stage, form.has("load")) {
        if report.dry_run {
            return Ok(Options { dry_run: false, dry_run_id: report.import_id, ..old });
        }
        return Err(Unmeant);
    }
    let mut options = Options { dry_run: true, dry_run_id: None, ..old };
    options.partial |= form.has("partial");
    // One that may have been loaded is not to be loaded once more unseen.
    options.again = (options.again && !may_be_loaded(seen)) || form.has("again");
    if let Some(figure) = asked_figure(seen) {
        let typed: String = form.text("confirm").chars().filter(char::is_ascii_digit).collect();
        if typed.parse() != Ok(figure) {
            return Err(Unmeant);
        }
        options.confirm = Some(figure);
    }
    Ok(options)
}

/// Whether it was to be loaded, and nobody knows whether it was.
fn may_be_loaded(seen: &Seen) -> bool {
    matches!(seen.stage, Stage::Failed) && !seen.options.dry_run
}

/// The figure by which the brake is released.
fn asked_figure(seen: &Seen) -> Option<u64> {
    let Stage::Refused(refused) = &seen.stage else { return None };
    match refused.1.detail {
        Detail::FarMore { confirm, .. } => Some(confirm),
        _ => None,
    }
}

/// The rejected rows of the last run.
///
/// # Errors
/// `not_found` for a file that is not kept any more.
pub async fn get_rejects(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OneJob { job_id }): Path<OneJob>,
) -> Result<HttpResponse, Problem> {
    let job = find(&visitor, job_id).ok_or_else(Refusal::not_found)?;
    let stage = job.look().stage;
    let report = report(&stage).ok_or_else(Refusal::not_found)?;
    let bytes = rejects_file(visitor.t(), &report.rejects)?;
    let name = format!("attachment; filename=\"{}-rejects.csv\"", job.kind);
    Ok(HttpResponse::Ok()
        .content_type(crate::api::import::CSV)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(bytes))
}

fn find(visitor: &StaffVisitor, id: Uuid) -> Option<Arc<ImportJob>> {
    let app = &visitor.visit.app;
    app.import_jobs.find(id, app.clock.now())
}

/// What a file that is not here was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    ToSee,
    ToDo,
}

/// Says whether somebody else may have it, that the press did nothing, and how to go on.
fn gone(
    visitor: &StaffVisitor,
    job_id: Uuid,
    Kept { kind, at }: Kept,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let (t, frame) = (visitor.t(), visitor.visit.frame());
    let own = visitor.visit.app.import_jobs.process();
    let is_elsewhere = at.is_some_and(|at| at != own);
    let mut why = Vec::new();
    if asked == Asked::ToDo {
        why.push(t.import_press_undone().to_owned());
    }
    why.push(match is_elsewhere {
        true => t.import_elsewhere().to_owned(),
        false => t.import_time_over(KEPT_MINUTES),
    });
    why.push(t.import_gone_then().to_owned());
    let of_kind = kind.map(|kind| format!("?kind={kind}")).unwrap_or_default();
    let again = at.zip(kind).filter(|_| is_elsewhere);
    let page = Gone {
        t,
        staff: visitor.frame(),
        why,
        look_again: again
            .map(|(at, kind)| frame.to(&format!("{}?kind={kind}&at={at}", path(job_id)))),
        send_again: match kind {
            Some(kind) => frame.to(&format!("/admin/imports/{kind}")),
            None => frame.to("/admin/imports"),
        },
        entries: frame.to(&format!("/admin/imports{of_kind}")),
    };
    visitor.show_as(StatusCode::NOT_FOUND, &page)
}

fn report(stage: &Stage) -> Option<&Report> {
    match stage {
        Stage::Loaded(report) => Some(report),
        Stage::Refused(refused) => Some(&refused.0),
        Stage::Running | Stage::Failed => None,
    }
}

/// Changes when there is something else to see.
fn turn(seen: &Seen) -> String {
    let stage = match seen.stage {
        Stage::Running => "running",
        Stage::Loaded(_) => "loaded",
        Stage::Refused(_) => "refused",
        Stage::Failed => "failed",
    };
    format!("{}-{stage}", seen.presses)
}

fn progress(t: Texts, job: &ImportJob, seen: &Seen) -> String {
    match seen.stage {
        Stage::Running if seen.bytes_read >= job.bytes => t.import_checking().to_owned(),
        Stage::Running => {
            t.import_reading(&words::count(seen.bytes_read), &words::count(job.bytes))
        }
        _ => t.import_ready().to_owned(),
    }
}

fn page<'a>(
    visitor: &'a StaffVisitor,
    job: &ImportJob,
    errors: Vec<FieldError>,
) -> Result<Page<'a>, Problem> {
    let (t, seen) = (visitor.t(), job.look());
    let found = report(&seen.stage);
    let rejects = found.map(|report| reject_lines(t, &report.rejects)).unwrap_or_default();
    let warnings = found.map(|report| reject_lines(t, &report.warnings)).unwrap_or_default();
    let bar = Bar {
        part: i64::try_from(seen.bytes_read).unwrap_or(i64::MAX),
        whole: i64::try_from(job.bytes).unwrap_or(i64::MAX),
    };
    let is_running = matches!(seen.stage, Stage::Running);
    let shown = rejects.len().min(SHOWN_MAX);
    let rejects_more = (rejects.len() > shown).then(|| {
        t.import_rejects_shown(&words::count(count(shown)), &words::count(count(rejects.len())))
    });
    // Who can use them sees them: tokens of other people's users are nobody's business.
    let is_own = job.by == visitor.user.staff_user_id;
    let invitations = found.filter(|_| is_own).map(|report| &report.invitations);
    let invited = invitations
        .into_iter()
        .flatten()
        .map(|one| (one.username.clone(), one.token.clone(), when(visitor, one.expires_at)));
    let remembered = found.and_then(|report| report.import_id);
    Ok(Page {
        t,
        staff: visitor.frame(),
        errors,
        heading: t.import_file_of(t.import_kind(job.kind)),
        path: path(job.id),
        action: address(&visitor.visit.app, job.id, job.kind),
        again_path: format!("/admin/imports/{}", job.kind),
        file: file_rows(visitor, job, found),
        progress: is_running.then(|| (bar, progress(t, job, &seen), turn(&seen))),
        tag: tag(t, &seen),
        said: said(t, job.kind, &seen),
        counts: found.map(|report| counts(t, report)).unwrap_or_default(),
        rejects: rejects.into_iter().take(SHOWN_MAX).collect(),
        rejects_more,
        warnings: warnings.into_iter().take(SHOWN_MAX).collect(),
        invitations: invited.collect(),
        entry: remembered.map(|id| format!("/admin/imports/{}/{}", job.kind, id.0)),
        next: next(t, job.kind, &seen),
        is_unreadable: is_unreadable(&seen),
        ways: ways(t, &seen),
        presses: seen.presses,
        confirm: asked_figure(&seen).map(|figure| {
            let label = t.import_confirm(&words::count(figure));
            TextField::new("confirm", label, Input::Number, "").hint(t.import_confirm_hint())
        }),
    })
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn file_rows(visitor: &StaffVisitor, job: &ImportJob, found: Option<&Report>) -> Vec<Row> {
    let t = visitor.t();
    let name = job.file_name.clone().unwrap_or_else(|| t.import_without_name().to_owned());
    let mut rows = vec![
        Row::new(t.import_file_name(), name),
        Row::new(t.import_bytes(), words::count(job.bytes)),
        Row::new(t.import_sent_at(), when(visitor, job.sent_at)),
    ];
    let read_as = found.and_then(|report| report.read_as).map(|read_as| match read_as {
        ReadAs::Xlsx => t.import_as_workbook().to_owned(),
        ReadAs::Csv { encoding, .. } => t.import_as_text(encoding.word()),
    });
    rows.extend(read_as.map(|text| Row::new(t.import_read_as(), text)));
    rows
}

/// Where a file stands, in a word or two, and how that is marked.
pub(super) fn tag(t: Texts, seen: &Seen) -> (&'static str, Tone) {
    match &seen.stage {
        Stage::Running => (t.import_running(), Tone::Wait),
        Stage::Loaded(report) if report.dry_run => (t.import_tried(), Tone::Wait),
        Stage::Loaded(_) => (t.import_loaded(), Tone::Good),
        Stage::Refused(_) => (t.import_refused(), Tone::Bad),
        Stage::Failed if may_be_loaded(seen) => (t.import_not_known(), Tone::Bad),
        Stage::Failed => (t.import_failed(), Tone::Bad),
    }
}

/// What the last press came to, in sentences.
fn said(t: Texts, kind: Kind, seen: &Seen) -> Vec<String> {
    match &seen.stage {
        Stage::Running => Vec::new(),
        Stage::Loaded(report) if report.dry_run => vec![t.import_tried_why().to_owned()],
        Stage::Loaded(_) => vec![t.import_loaded_why().to_owned()],
        Stage::Refused(refused) => {
            vec![words::refusal(t.language(), &refused.1), t.import_nothing_changed().to_owned()]
        }
        Stage::Failed if may_be_loaded(seen) => {
            let uninvited = (kind == Kind::Users).then(|| t.import_not_known_users().to_owned());
            [t.import_not_known_why().to_owned()].into_iter().chain(uninvited).collect()
        }
        Stage::Failed => vec![t.import_failed_why().to_owned()],
    }
}

/// What an installation needs after a file of this kind.
fn next(t: Texts, kind: Kind, seen: &Seen) -> Option<(String, &'static str)> {
    let Stage::Loaded(report) = &seen.stage else { return None };
    if report.dry_run {
        return None;
    }
    let (label, href) = match kind {
        Kind::Regions => (t.import_kind(Kind::Clinics), "/admin/imports/clinics"),
        Kind::Clinics => (t.import_kind(Kind::Register), "/admin/imports/register"),
        Kind::Hours | Kind::Slots => (t.nav_doses(), "/admin/pools"),
        Kind::Users => (t.nav_users(), "/admin/users"),
        Kind::Register | Kind::Roster | Kind::Allocations => (t.nav_campaigns(), "/admin"),
    };
    Some((t.import_next(label), href))
}

fn is_unreadable(seen: &Seen) -> bool {
    let Stage::Refused(refused) = &seen.stage else { return false };
    matches!(refused.1.detail, Detail::FileUnreadable)
}

fn counts(t: Texts, report: &Report) -> Vec<Row> {
    let row = |label, rows: u64| Row::new(label, words::count(rows));
    let mut all = vec![
        row(t.import_rows_read(), report.rows_read),
        row(t.import_rows_new(), report.rows_accepted),
        row(t.import_rows_changed(), report.rows_changed),
        row(t.import_rows_same(), report.rows_unchanged),
        row(t.import_rows_rejected(), report.rows_rejected),
    ];
    all.extend(report.rows_missing.map(|rows| row(t.import_rows_missing(), rows)));
    if let Some(slots) = &report.slots {
        all.push(row(t.import_slots_added(), slots.added));
        all.push(row(t.import_slots_removed(), slots.removed));
        all.push(row(t.import_slots_kept(), slots.kept_counted));
        all.push(row(t.import_bookings_hit(), slots.bookings_hit));
    }
    if report.warnings_counted > 0 {
        all.push(row(t.import_warnings(), report.warnings_counted));
    }
    all
}

fn ways(t: Texts, seen: &Seen) -> Vec<Way> {
    let way = |action, text: String, about, is_main| Way { action, text, about, is_main };
    match &seen.stage {
        Stage::Running => Vec::new(),
        Stage::Loaded(report) if report.dry_run => {
            let rows = report.rows_accepted + report.rows_changed;
            vec![way("load", t.import_load(&words::count(rows)), t.import_load_why(), true)]
        }
        Stage::Loaded(_) => Vec::new(),
        Stage::Refused(refused) => match (refused.1.code, &refused.1.detail) {
            (_, Detail::FarMore { .. }) => {
                vec![way("try", t.import_meant().to_owned(), "", true)]
            }
            (Code::RowsRejected, _) if refused.0.rows_read > refused.0.rows_rejected => {
                let text = t.import_partial().to_owned();
                vec![way("partial", text, t.import_partial_why(), false)]
            }
            (Code::AlreadyLoaded, _) => {
                vec![way("again", t.import_again().to_owned(), t.import_again_why(), false)]
            }
            // The same file is no better the second time.
            (_, Detail::FileUnreadable) => Vec::new(),
            _ => vec![way("try", t.import_try_again().to_owned(), "", false)],
        },
        Stage::Failed => vec![way("try", t.import_try_again().to_owned(), "", true)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_loaded_is_not_loaded_once_more_unseen() {
        let next = |stage, dry_run, pressed| {
            let before = Options { dry_run, again: true, ..Options::default() };
            let seen = Seen { options: before, stage, presses: 2, bytes_read: 0 };
            let pressed = Form::of([(pressed, "on".to_owned())]);
            let Ok(next) = options(&pressed, &seen) else { panic!("it was meant") };
            assert!(next.dry_run, "it is tried first");
            next.again
        };
        assert!(!next(Stage::Failed, false, "try"));
        assert!(next(Stage::Failed, false, "again"), "whoever means it");
        assert!(next(Stage::Failed, true, "try"), "the control: a dry run has loaded nothing");
    }
}
