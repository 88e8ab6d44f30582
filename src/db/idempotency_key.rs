//! Requests of administrators that move doses, by the keys that their clients chose.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, query};
use uuid::Uuid;

use crate::domain::StaffUserId;

/// A request as it is recognised again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    pub key: Uuid,
    pub by: StaffUserId,
    /// SHA-256 over what is asked.
    pub fingerprint: [u8; 32],
}

/// A request that came with this key before.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub is_same: bool,
    /// What was done.
    pub answer: Value,
}

/// Takes the key for this transaction; says whether it was free. Waits for another transaction
/// that has taken it and is not done, as long as for any lock.
pub async fn claim(conn: &mut PgConnection, keyed: &Keyed) -> sqlx::Result<bool> {
    let claimed = query!(
        "/* idempotency_key::claim */
         insert into idempotency_key (key, staff_user_id, fingerprint) values ($1, $2, $3)
         on conflict (key) do nothing",
        keyed.key,
        keyed.by.0,
        &keyed.fingerprint,
    );
    Ok(claimed.execute(conn).await?.rows_affected() == 1)
}

/// What came of the request that has the key.
pub async fn find(conn: &mut PgConnection, keyed: &Keyed) -> sqlx::Result<Option<Earlier>> {
    let row = query!(
        r#"/* idempotency_key::find */
           select staff_user_id = $2 and fingerprint = $3 as "is_same!", answer
           from idempotency_key where key = $1"#,
        keyed.key,
        keyed.by.0,
        &keyed.fingerprint,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Earlier { is_same: row.is_same, answer: row.answer.unwrap_or_default() }))
}

/// Keeps what was done.
pub async fn settle(conn: &mut PgConnection, key: Uuid, answer: &Value) -> sqlx::Result<()> {
    query!(
        "/* idempotency_key::settle */
         update idempotency_key set answer = $2 where key = $1",
        key,
        answer,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes some of the keys from before this time, and says how many.
pub async fn delete_before(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let deleted = query!(
        "/* idempotency_key::delete_before */
         delete from idempotency_key where key = any(array(
             select key from idempotency_key where created_at < $1
             order by created_at limit $2 for update skip locked))",
        before,
        limit,
    );
    Ok(deleted.execute(conn).await?.rows_affected())
}
