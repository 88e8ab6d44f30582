//! Messages between the transaction that causes them and the one that knows them sent.

use sqlx::{PgConnection, PgExecutor, query, query_as};

use crate::domain::outbox::Message;

/// Takes up to `limit` unsent messages, oldest first, for half a minute: nobody else gets them in
/// that time, and no lock is held while they are being sent. A message that
/// was not sent is claimed again when its claim has lapsed: it may be sent twice, but is not lost.
pub async fn claim(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Message>> {
    query_as!(
        Message,
        "/* outbox::claim */ with next as (
             select outbox_id from outbox
             where sent_at is null and (claimed_until is null or claimed_until < clock_timestamp())
             order by outbox_id limit $1 for update skip locked)
         update outbox set claimed_until = clock_timestamp() + interval '30 seconds'
         from next where outbox.outbox_id = next.outbox_id
         returning outbox.outbox_id, recipient, body",
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Notes that these have been sent.
pub async fn set_sent(conn: &mut PgConnection, outbox_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        "/* outbox::set_sent */
         update outbox set sent_at = clock_timestamp() where outbox_id = any($1)",
        outbox_ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The messages of the last ten minutes, sent or not, newest first, a thousand at most.
pub async fn list_recent(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Message>> {
    // The inner limit keeps the cost the same however long the outbox has become.
    query_as!(
        Message,
        "/* outbox::list_recent */ select outbox_id, recipient, body
         from (select * from outbox order by outbox_id desc limit 1000) newest
         where created_at > clock_timestamp() - interval '10 minutes'
         order by outbox_id desc",
    )
    .fetch_all(db)
    .await
}
