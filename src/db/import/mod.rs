//! Files that were loaded, and what a file is checked against.

pub mod allocation;
pub mod clinic;
pub mod entry;
pub mod hours;
pub mod person_key;
pub mod region;
pub mod register;
pub mod roster;
pub mod slot;
pub mod staged;
pub mod user;

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::{Executor, PgConnection, Row, postgres::PgCopyIn, query, query_scalar};

use super::{clinic::zone, slot_plan};
use crate::domain::{ClinicId, RegionId, import::Kind};

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
        Kind::Slots => slot_plan::STAGED,
        Kind::Allocations => allocation::STAGED,
        Kind::Hours => hours::STAGED,
        Kind::Regions => region::STAGED,
        Kind::Users => user::STAGED,
    };
    conn.execute(table).await?;
    conn.copy_in_raw(copy).await
}

/// What is there of what a file of this kind is about, now: all persons, all clinics, the members
/// of its rosters, the slots of its clinics on its days. None of a kind that adds.
pub async fn known(conn: &mut PgConnection, kind: Kind) -> sqlx::Result<Option<u64>> {
    let counting = match kind {
        Kind::Register => "/* import::known */ select count(*) from person",
        Kind::Clinics => "/* import::known */ select count(*) from clinic",
        Kind::Regions => "/* import::known */ select count(*) from region",
        Kind::Users => "/* import::known */ select count(*) from staff_user",
        Kind::Roster => {
            "/* import::known */
             select count(*) from roster_member
             where roster_id in (select distinct roster_id from staged_roster)"
        }
        Kind::Slots | Kind::Hours => {
            "/* import::known */
             select count(*) from slot where removed_at is null
                 and (clinic_id, on_date) in (select clinic_id, on_date from staged_slot)"
        }
        Kind::Allocations => return Ok(None),
    };
    let counted = staged::staged(counting).fetch_one(conn).await?;
    Ok(Some(staged::unsigned(counted.try_get(0)?)))
}
