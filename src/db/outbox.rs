//! Messages between the transaction that causes them and the one that knows them sent.

use sqlx::{PgConnection, query, query_as};

use crate::domain::outbox::Message;

/// Takes up to `limit` unsent messages, oldest first, for half a minute: nobody else gets them in
/// that time, and no lock is held while they are being sent. A message that was not sent is claimed
/// again when its claim has lapsed: it may be sent twice, but is not lost.
pub async fn claim(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Message>> {
    query_as!(
        Message,
        "/* outbox::claim */ with next as (
             select outbox_id from outbox
             where sent_at is null and (claimed_until is null or claimed_until < clock_timestamp())
             order by outbox_id limit $1 for update skip locked)
         update outbox set claimed_until = clock_timestamp() + interval '30 seconds'
         from next where outbox.outbox_id = next.outbox_id
         returning outbox.outbox_id, recipient, body, is_decoy",
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Notes that these have been sent, and forgets to whom and what.
pub async fn set_sent(conn: &mut PgConnection, outbox_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* outbox::set_sent */
         update outbox set sent_at = clock_timestamp(), recipient = '', body = ''
         where outbox_id = any($1)",
        outbox_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes up to `limit` messages, oldest first, that were sent, or could not be sent within an
/// hour: the code in them is of no use by then. Says how many those were.
pub async fn delete_done(conn: &mut PgConnection, limit: u64) -> sqlx::Result<u64> {
    let done = query!(
        "/* outbox::delete_done */
         delete from outbox where outbox_id in (
             select outbox_id from outbox
             where sent_at is not null or created_at < clock_timestamp() - interval '1 hour'
             order by outbox_id limit $1 for update skip locked)",
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
