//! The keys of citizens' sessions.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval, query, query_as};

/// A key as it is kept: what it is made of, beside the secret.
#[derive(Clone, Debug)]
pub struct KeptKey {
    pub key_id: i16,
    pub salt: Option<Vec<u8>>,
    pub made_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    /// It was made so long ago that every process has read it since.
    pub is_known: bool,
}

/// All that have not ended, the latest first; also those that have when `with_ended`. A key counts
/// as known once it is so old.
pub async fn list(
    db: impl PgExecutor<'_>,
    known_after: TimeDelta,
    with_ended: bool,
) -> sqlx::Result<Vec<KeptKey>> {
    query_as!(
        KeptKey,
        r#"/* session_key::list */
         select key_id, salt, made_at, ends_at,
             made_at + $1::interval <= clock_timestamp() as "is_known!"
         from session_key where $2 or ends_at is null or ends_at > clock_timestamp()
         order by key_id desc"#,
        interval(known_after),
        with_ended,
    )
    .fetch_all(db)
    .await
}

/// Adds a key, and ends all others so long after now. Two at once wait for each other.
pub async fn rotate(
    conn: &mut PgConnection,
    salt: &[u8],
    others_end_after: TimeDelta,
) -> sqlx::Result<i16> {
    query!(
        "/* session_key::rotate */
         update session_key
         set ends_at = least(ends_at, clock_timestamp() + $1::interval)
         where ends_at is null or ends_at > clock_timestamp()",
        interval(others_end_after),
    )
    .execute(&mut *conn)
    .await?;
    let made = query!(
        r#"/* session_key::rotate */
         insert into session_key (key_id, salt)
         select max(key_id) + 1, $1 from session_key returning key_id"#,
        salt,
    );
    made.fetch_one(conn).await.map(|row| row.key_id)
}

fn interval(delta: TimeDelta) -> PgInterval {
    let microseconds = delta.num_microseconds().unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
