//! Files that were loaded, and what a file is checked against.

pub mod allocation;
pub mod clinic;
pub mod region;
pub mod register;
pub mod roster;
pub mod slot;
pub mod staged;
pub mod user;

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::{Executor, PgConnection, postgres::PgCopyIn, query, query_scalar, types::Json};

use super::clinic::zone;
use staged::unsigned;

use crate::domain::{
    ClinicId, RegionId, StaffUserId,
    import::{Kind, Reject, Report},
};

/// Waits until no other file is being loaded into the database, so that files need not be checked
/// against each other. Held until the end of the transaction.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<()> {
    // Sorting and grouping of millions of rows; the memory is PostgreSQL's.
    conn.execute(
        "set local lock_timeout = '30min';
         /* import::lock */ select pg_advisory_xact_lock(hashtext('import'));
         set local lock_timeout = '30s'; set local work_mem = '64MB'",
    )
    .await
    .map(drop)
}

/// What became of the same file earlier.
pub async fn find(
    conn: &mut PgConnection,
    kind: Kind,
    sha256: &[u8],
) -> sqlx::Result<Option<Report>> {
    let row = query!(
        r#"/* import::find */ select rows_accepted, rows_unchanged, rows_rejected,
               rejects as "rejects: Json<Vec<Reject>>", encode(sha256, 'hex') as "sha256!"
           from import where kind = $1 and sha256 = $2"#,
        kind.word(),
        sha256,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let counts = [row.rows_accepted, row.rows_unchanged, row.rows_rejected].map(unsigned);
        let [rows_accepted, rows_unchanged, rows_rejected] = counts;
        Report {
            kind,
            sha256: row.sha256,
            read_as: None,
            dry_run: false,
            already_imported: true,
            rows_read: rows_accepted + rows_unchanged + rows_rejected,
            rows_accepted,
            rows_unchanged,
            rows_rejected,
            rejects: row.rejects.0,
            invitations: Vec::new(),
        }
    }))
}

/// Remembers a file.
pub async fn insert(
    conn: &mut PgConnection,
    sha256: &[u8],
    report: &Report,
    staff_user_id: Option<StaffUserId>,
) -> sqlx::Result<()> {
    query!(
        "/* import::insert */
         insert into import (kind, sha256, rows_accepted, rows_unchanged, rows_rejected, rejects,
             staff_user_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        report.kind.word(),
        sha256,
        i64::try_from(report.rows_accepted).unwrap_or(i64::MAX),
        i64::try_from(report.rows_unchanged).unwrap_or(i64::MAX),
        i64::try_from(report.rows_rejected).unwrap_or(i64::MAX),
        Json(&report.rejects) as _,
        staff_user_id.map(|id| id.0),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The latest date that it now is anywhere on earth: who was born after it is not born.
pub async fn latest_date(conn: &mut PgConnection) -> sqlx::Result<NaiveDate> {
    query_scalar!(
        r#"/* import::latest_date */
         select (clock_timestamp() at time zone 'Etc/GMT-14')::date as "date!""#
    )
    .fetch_one(conn)
    .await
}

/// The regions by their codes.
pub async fn regions(conn: &mut PgConnection) -> sqlx::Result<HashMap<String, RegionId>> {
    let rows = query!(
        "/* import::regions */
         select region_id, code from region"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, RegionId(row.region_id))).collect())
}

/// What a row of slots or allocations needs to know of its clinic.
#[derive(Clone, Copy, Debug)]
pub struct Clinic {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub zone: Tz,
}

/// The clinics by their codes.
///
/// # Errors
/// The database's, or a zone that is none.
pub async fn clinics(conn: &mut PgConnection) -> sqlx::Result<HashMap<String, Clinic>> {
    let rows = query!(
        "/* import::clinics */
             select clinic_id, code, region_id, zone from clinic"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let zone = zone(&row.zone)?;
            let (clinic_id, region_id) = (ClinicId(row.clinic_id), RegionId(row.region_id));
            Ok((row.code, Clinic { clinic_id, region_id, zone }))
        })
        .collect()
}

/// Makes the table in which rows of this kind wait until all are known to be good, and opens it.
pub async fn copy_in(
    conn: &mut PgConnection,
    kind: Kind,
) -> sqlx::Result<PgCopyIn<&mut PgConnection>> {
    let (table, copy) = match kind {
        Kind::Register => register::STAGED,
        Kind::Roster => roster::STAGED,
        Kind::Clinics => clinic::STAGED,
        Kind::Slots => slot::STAGED,
        Kind::Allocations => allocation::STAGED,
        Kind::Regions => region::STAGED,
        Kind::Users => user::STAGED,
    };
    conn.execute(table).await?;
    conn.copy_in_raw(copy).await
}
