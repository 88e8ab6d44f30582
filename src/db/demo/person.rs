//! The demonstration's register, streamed.

use std::fmt::Write;

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::domain::{RegionId, person::Match};

/// Bytes of rows that are gathered before they are sent.
const COPY_CHUNK_BYTES: usize = 256 * 1024;

pub struct NewPerson {
    pub match_key: Match,
    pub birth_date: NaiveDate,
    pub region_id: RegionId,
    /// Without tabs, line breaks and backslashes: it is not escaped.
    pub name: String,
    /// As the name.
    pub phone: String,
}

/// Streams persons into the register; answers how many.
///
/// # Errors
/// The database's; `person_match_key` where somebody is there already.
pub async fn copy_persons(
    conn: &mut PgConnection,
    persons: impl Iterator<Item = NewPerson>,
) -> sqlx::Result<u64> {
    let mut copy = conn
        .copy_in_raw(
            "/* demo::person::copy_persons */
             copy person (match_key, birth_date, region_id, name, phone) from stdin",
        )
        .await?;
    let mut rows = String::with_capacity(COPY_CHUNK_BYTES + 256);
    for person in persons {
        rows.push_str("\\\\x");
        data_encoding::HEXLOWER.encode_append(&person.match_key, &mut rows);
        let NewPerson { birth_date, region_id, name, phone, .. } = person;
        // Writing into a String cannot fail.
        let _ = writeln!(rows, "\t{birth_date}\t{region_id}\t{name}\t{phone}");
        if rows.len() >= COPY_CHUNK_BYTES {
            copy.send(rows.as_bytes()).await?;
            rows.clear();
        }
    }
    copy.send(rows.as_bytes()).await?;
    copy.finish().await
}
