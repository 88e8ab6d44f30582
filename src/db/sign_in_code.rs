//! One-time codes that are done with. Those in use are `sign_in`'s.

use sqlx::{PgConnection, query};
use uuid::Uuid;

/// Deletes up to `limit` codes whose challenges come before this one, oldest first, and says how
/// many those were.
pub async fn delete_before(
    conn: &mut PgConnection,
    challenge_id: Uuid,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* sign_in_code::delete_before */
         delete from sign_in_code where challenge_id = any(array(
             select challenge_id from sign_in_code where challenge_id < $1
             order by challenge_id limit $2 for update skip locked))",
        challenge_id,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
