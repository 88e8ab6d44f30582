//! Citizens' sessions that were ended before their time.
//!
//! A reader knows what it has not seen by the snapshot of its last look, as the board does: the
//! transactions that had not begun then, and those that were under way.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query};

use crate::domain::session::{EndedSession, Session};

/// What a look at the table has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// As PostgreSQL writes it.
    snapshot: String,
    /// Another start is perhaps another history (a standby took over, a backup was restored).
    pub server_started_at: DateTime<Utc>,
}

/// Before the first look.
impl Default for Seen {
    fn default() -> Self {
        // 3 is the first transaction that a database can have.
        Self { snapshot: "3:3:".to_owned(), server_started_at: DateTime::UNIX_EPOCH }
    }
}

/// Ends a session; one that has ended stays so.
pub async fn end(conn: &mut PgConnection, ended: EndedSession) -> sqlx::Result<()> {
    let EndedSession { session: Session { person_id, expires_at }, with_earlier } = ended;
    query!(
        "/* session::end */ insert into ended_session as e (person_id, expires_at, with_earlier)
         values ($1, $2, $3)
         on conflict (person_id, expires_at) do update set
             with_earlier = e.with_earlier or excluded.with_earlier, tx = excluded.tx",
        person_id.0,
        expires_at,
        with_earlier,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The ended sessions that a look before has not seen, and what this one sees. One statement, so
/// that both are of one snapshot.
pub async fn list_ended_since(
    db: impl PgExecutor<'_>,
    seen: &Seen,
) -> sqlx::Result<(Vec<EndedSession>, Seen)> {
    let rows = query!(
        r#"/* session::list_ended_since */ with fresh as (
               select * from ended_session where tx >= pg_snapshot_xmax($1::text::pg_snapshot)
               union all
               select * from ended_session
               where tx = any(array(select pg_snapshot_xip($1::text::pg_snapshot))))
           select snapshot as "snapshot!", server_started_at as "server_started_at!",
               f.person_id as "person_id?", f.expires_at as "expires_at?",
               f.with_earlier as "with_earlier?"
           from (select pg_current_snapshot()::text as snapshot,
                     pg_postmaster_start_time() as server_started_at) look
               left join fresh f on true"#,
        seen.snapshot,
    )
    .fetch_all(db)
    .await?;
    let seen = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (snapshot, server_started_at) = (seen.snapshot.clone(), seen.server_started_at);
    let seen = Seen { snapshot, server_started_at };
    let ended = rows.into_iter().filter_map(|row| {
        let session = Session { person_id: row.person_id?.into(), expires_at: row.expires_at? };
        Some(EndedSession { session, with_earlier: row.with_earlier? })
    });
    Ok((ended.collect(), seen))
}

/// Deletes up to `limit` rows whose sessions have expired, and says how many those were.
pub async fn delete_expired(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* session::delete_expired */
         delete from ended_session where (person_id, expires_at) in (
             select person_id, expires_at from ended_session where expires_at <= $1
             order by expires_at limit $2 for update skip locked)",
        now,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
