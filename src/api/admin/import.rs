//! What became of files: who loaded or tried which, and when. The files are not kept.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ByAdministrator, found, list};
use crate::{
    db::{self, import::entry::Filter},
    domain::{
        ImportId, StaffUserId,
        import::{Counts, Kind, entry::Entry},
    },
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        field::Limit,
        language::{Accepted, mark},
        problem::Problem,
        reason::{WrittenReject, rejects},
        state::App,
    },
};

/// So much of a file's SHA-256 tells it from all others of an installation.
const FINGERPRINT_CHARS: usize = 12;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportsQuery {
    kind: Option<Kind>,
    #[serde(default)]
    limit: Limit,
    after: Option<ImportId>,
}

#[derive(Serialize)]
struct ImportView<'a> {
    import_id: ImportId,
    kind: Kind,
    at: DateTime<Utc>,
    staff_user_id: Option<StaffUserId>,
    username: Option<&'a str>,
    file_name: Option<&'a str>,
    fingerprint: &'a str,
    dry_run: bool,
    #[serde(flatten)]
    counts: Counts,
}

impl<'a> From<&'a Entry> for ImportView<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            import_id: entry.import_id,
            kind: entry.kind,
            at: entry.at,
            staff_user_id: entry.staff_user_id,
            username: entry.username.as_deref(),
            file_name: entry.file_name.as_deref(),
            fingerprint: entry.sha256.get(..FINGERPRINT_CHARS).unwrap_or(&entry.sha256),
            dry_run: entry.is_dry_run,
            counts: entry.counts,
        }
    }
}

/// With its rejected rows.
#[derive(Serialize)]
struct WithRejects<'a> {
    #[serde(flatten)]
    import: ImportView<'a>,
    rejects: Vec<WrittenReject<'a>>,
}

/// The latest first.
pub async fn list_imports(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { what: Query(wanted), .. }: ByAdministrator<Query<ImportsQuery>>,
) -> Result<HttpResponse, Problem> {
    let ImportsQuery { kind, limit, after } = wanted;
    let filter = Filter { kind, after, ..Filter::default() };
    let entries = db::import::entry::list(&app.db.read, filter, limit.0).await?;
    list("imports", &entries, limit, ImportView::from, |entry| entry.import_id.0)
}

/// One of them, with its rejected rows in the reader's language.
///
/// # Errors
/// `not_found` where there is none of this kind with this id.
pub async fn get_import(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { what: Path((kind, id)), .. }: ByAdministrator<Path<(Kind, ImportId)>>,
    Accepted(language): Accepted,
) -> Result<HttpResponse, Problem> {
    let filter = Filter { kind: Some(kind), import_id: Some(id), after: None };
    let entry = found(db::import::entry::list(&app.db.read, filter, 1).await?.pop())?;
    let kept = found(db::import::entry::rejects(&app.db.read, kind, id).await?)?;
    let rejects = rejects(language, &kept).map_err(Problem::internal)?;
    let body = WithRejects { import: ImportView::from(&entry), rejects };
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body);
    mark(response.headers_mut(), language);
    Ok(response)
}
