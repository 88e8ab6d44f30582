//! What is remembered of files that were loaded, or tried.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_scalar, types::Json};

use super::staged::unsigned;
use crate::domain::{
    ImportId, StaffUserId,
    import::{Counts, Kind, Reject, Report, entry::Entry},
};

/// What is remembered beside the report.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Of the file.
    pub sha256: &'a [u8],
    /// Of a file that adds.
    pub content: Option<&'a [u8]>,
    pub file_name: Option<&'a str>,
    pub staff_user_id: Option<StaffUserId>,
}

/// Remembers a file.
pub async fn insert(
    conn: &mut PgConnection,
    report: &Report,
    sent: Sent<'_>,
) -> sqlx::Result<ImportId> {
    let counted = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    let id = query_scalar!(
        "/* import::entry::insert */
         insert into import (kind, sha256, dry_run_of, content, file_name, rows_accepted,
             rows_changed, rows_unchanged, rows_rejected, rejects, staff_user_id)
         values ($1, case when $2 then '' else $3::bytea end, case when $2 then $3::bytea end, $4,
             $5, $6, $7, $8, $9, $10, $11)
         returning import_id",
        report.kind.word(),
        report.dry_run,
        sent.sha256,
        sent.content,
        sent.file_name,
        counted(report.rows_accepted),
        counted(report.rows_changed),
        counted(report.rows_unchanged),
        counted(report.rows_rejected),
        Json(&report.rejects) as _,
        sent.staff_user_id.map(|id| id.0),
    )
    .fetch_one(conn)
    .await?;
    Ok(ImportId(id))
}

/// An earlier import of the same rows.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub import_id: ImportId,
    pub at: DateTime<Utc>,
    /// Who loaded it; none where the command did.
    pub username: Option<String>,
}

/// The latest import of all the rows of this file, in whatever bytes. Of imports of before rows
/// are not known: the same bytes are.
pub async fn find_loaded(
    conn: &mut PgConnection,
    kind: Kind,
    content: &[u8],
    sha256: &[u8],
) -> sqlx::Result<Option<Earlier>> {
    let row = query!(
        r#"/* import::entry::find_loaded */
           select import_id, at, username as "username?"
           from import left join staff_user using (staff_user_id)
           where kind = $1 and dry_run_of is null
             and ((content = $2 and rows_rejected = 0) or (content is null and sha256 = $3))
           order by import_id desc limit 1"#,
        kind.word(),
        content,
        sha256,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Earlier {
        import_id: ImportId(row.import_id),
        at: row.at,
        username: row.username,
    }))
}

/// What a dry run was made with, and what it said.
#[derive(Clone, Debug)]
pub struct Tried {
    pub kind: String,
    pub sha256: Vec<u8>,
    pub counts: Counts,
    pub rejects: Vec<Reject>,
}

/// The dry run with this number.
pub async fn find_dry_run(
    conn: &mut PgConnection,
    import_id: ImportId,
) -> sqlx::Result<Option<Tried>> {
    let row = query!(
        r#"/* import::entry::find_dry_run */
           select kind, dry_run_of as "sha256!", rows_accepted, rows_changed, rows_unchanged,
               rows_rejected, rejects as "rejects: Json<Vec<Reject>>"
           from import where import_id = $1 and dry_run_of is not null"#,
        import_id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Tried {
        kind: row.kind,
        sha256: row.sha256,
        counts: Counts {
            rows_accepted: unsigned(row.rows_accepted),
            rows_changed: unsigned(row.rows_changed),
            rows_unchanged: unsigned(row.rows_unchanged),
            rows_rejected: unsigned(row.rows_rejected),
        },
        rejects: row.rejects.0,
    }))
}

/// Which files are wanted; none of these means all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub kind: Option<Kind>,
    /// Only this one.
    pub import_id: Option<ImportId>,
    /// Those after it in the list.
    pub after: Option<ImportId>,
}

/// Files that were loaded or tried, the latest first.
///
/// # Errors
/// `ColumnDecode` for a kind that this program does not know.
pub async fn list(db: impl PgExecutor<'_>, filter: Filter, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let rows = query!(
        r#"/* import::entry::list */
           select import_id, kind, at, staff_user_id, username as "username?", file_name,
               encode(coalesce(dry_run_of, sha256), 'hex') as "sha256!",
               dry_run_of is not null as "is_dry_run!", rows_accepted, rows_changed,
               rows_unchanged, rows_rejected
           from import left join staff_user using (staff_user_id)
           where ($1::text is null or kind = $1) and ($2::bigint is null or import_id < $2)
               and ($3::bigint is null or import_id = $3)
           order by import_id desc limit $4"#,
        filter.kind.map(Kind::word),
        filter.after.map(|id| id.0),
        filter.import_id.map(|id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                import_id: ImportId(row.import_id),
                kind: known(&row.kind)?,
                at: row.at,
                staff_user_id: row.staff_user_id.map(StaffUserId),
                username: row.username,
                file_name: row.file_name,
                sha256: row.sha256,
                is_dry_run: row.is_dry_run,
                counts: Counts {
                    rows_accepted: unsigned(row.rows_accepted),
                    rows_changed: unsigned(row.rows_changed),
                    rows_unchanged: unsigned(row.rows_unchanged),
                    rows_rejected: unsigned(row.rows_rejected),
                },
                rejects: Vec::new(),
            })
        })
        .collect()
}

/// The first rejected rows of a file; none where there is no such import of the kind.
pub async fn rejects(
    db: impl PgExecutor<'_>,
    kind: Kind,
    import_id: ImportId,
) -> sqlx::Result<Option<Vec<Reject>>> {
    let found = query_scalar!(
        r#"/* import::entry::rejects */
           select rejects as "rejects: Json<Vec<Reject>>" from import
           where import_id = $1 and kind = $2"#,
        import_id.0,
        kind.word(),
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|rejects| rejects.0))
}

/// Deletes dry runs of before `until`, and says how many those were.
pub async fn delete_dry_runs(
    conn: &mut PgConnection,
    until: DateTime<Utc>,
    rows_max: u64,
) -> sqlx::Result<u64> {
    let deleted = query!(
        "/* import::entry::delete_dry_runs */
         delete from import where import_id in (
             select import_id from import where dry_run_of is not null and at < $1
             limit $2)",
        until,
        i64::try_from(rows_max).unwrap_or(i64::MAX),
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected())
}

fn known(kind: &str) -> sqlx::Result<Kind> {
    kind.parse().map_err(|_refusal| sqlx::Error::ColumnDecode {
        index: "kind".to_owned(),
        source: "a kind that this program does not know".into(),
    })
}
