//! How many rows the background jobs read beside a large ledger. PostgreSQL has looked at the
//! tables when the outbox was empty and nobody had booked today: what grows within minutes is
//! unknown to its planner. Rows are counted, nothing is timed.

use dosebook::db::{
    merge,
    notice::{self, Cursor, Ways},
    outbox,
};
use dosebook::domain::outbox::Queue;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::plan::{Grown, grown};

const WAYS: Ways = Ways { texts: true, mails: false };
const DUE: i64 = 1_000;

/// Rows of a table that this session has read of late, by scans and by indexes: those of the open
/// transaction, and of the ones before it that PostgreSQL has not added up yet.
async fn rows_read(conn: &mut PgConnection, table: &str) -> i64 {
    sqlx::query_scalar(
        "select (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint
         from pg_stat_xact_user_tables where relid = $1::regclass",
    )
    .bind(table)
    .fetch_one(conn)
    .await
    .unwrap()
}

async fn put_in_outbox(conn: &mut PgConnection, (kind, queue): (&str, Queue)) {
    let sql = format!(
        "insert into outbox (kind, recipient, body, person_id, queue, booking_id, happened_at,
                 expires_at)
             select '{kind}', '', '', person_id, {}, {}, now(), now() + interval '1 day'
             from booking limit {DUE}",
        queue.number(),
        if queue == Queue::Codes { "null" } else { "booking_id" },
    );
    conn.execute(AssertSqlSafe(sql)).await.unwrap();
}

/// As many bookings of one transaction in the journal.
async fn book(conn: &mut PgConnection, count: i64) {
    let sql = format!(
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
                 booking_id, actor_role)
             select 1, 1, 3, 1, allocation_id, slot_id, booking_id, 1 from booking limit {count}"
    );
    conn.execute(AssertSqlSafe(sql)).await.unwrap();
}

#[tokio::test]
async fn jobs_read_no_more_rows_than_they_need() {
    let Grown { postgres, db, lane, _folder, .. } = grown().await;
    lane.close().await.unwrap();
    let mut conn =
        PgConnection::connect_with(&postgres.superuser_options("dosebook")).await.unwrap();
    claims(&mut conn).await;
    seals(&mut conn).await;
    spans(&mut conn).await;
    conn.close().await.unwrap();
    db.close().await;
    postgres.stop().await.unwrap();
}

async fn claims(conn: &mut PgConnection) {
    put_in_outbox(conn, ("sign_in_code", Queue::Codes)).await;
    put_in_outbox(conn, ("booked", Queue::Texts)).await;
    let mut tx = conn.begin().await.unwrap();
    outbox::need_not_last(&mut tx).await.unwrap();
    let before = rows_read(&mut tx, "outbox").await;
    let claimed = outbox::claim_codes(&mut tx, 20).await.unwrap();
    assert_eq!(claimed.len(), 20);
    let rows = rows_read(&mut tx, "outbox").await - before;
    assert!(rows <= 5 * 20, "{rows} rows of the outbox for 20 of {DUE} codes");
    let (outbox, booking) =
        (rows_read(&mut tx, "outbox").await, rows_read(&mut tx, "booking").await);
    let claimed = outbox::claim_notices(&mut tx, Queue::Texts, 20).await.unwrap();
    assert_eq!(claimed.len(), 20);
    let rows = rows_read(&mut tx, "outbox").await - outbox;
    assert!(rows <= 5 * 20, "{rows} rows of the outbox for 20 of {DUE} messages");
    let rows = rows_read(&mut tx, "booking").await - booking;
    assert!(rows <= 100, "{rows} bookings for 20 messages");
    tx.rollback().await.unwrap();

    // The control: planned as if the outbox were empty, each message is held against all others.
    let mut tx = conn.begin().await.unwrap();
    tx.execute("set local enable_indexscan = off; set local enable_bitmapscan = off")
        .await
        .unwrap();
    tx.execute("set local enable_hashjoin = off; set local enable_mergejoin = off").await.unwrap();
    outbox::claim_notices(&mut tx, Queue::Texts, 20).await.unwrap();
    let rows = rows_read(&mut tx, "outbox").await;
    assert!(rows > 100 * DUE, "only {rows} rows where each is held against all");
    tx.rollback().await.unwrap();
}

async fn seals(conn: &mut PgConnection) {
    let mut tx = conn.begin().await.unwrap();
    let before = rows_read(&mut tx, "person").await;
    assert_eq!(merge::lift_old(&mut tx, 60, 500).await.unwrap(), 0);
    let rows = rows_read(&mut tx, "person").await - before;
    assert!(rows <= 10, "{rows} persons, none of whom is sealed");
    // A control: an old seal is found, and its person alone is read.
    tx.execute("update person set sealed_at = now() - interval '2 min' where person_id = 400")
        .await
        .unwrap();
    assert_eq!(merge::lift_old(&mut tx, 60, 500).await.unwrap(), 1);
    let rows = rows_read(&mut tx, "person").await - before;
    assert!((1..=10).contains(&rows), "{rows} persons, one of whom is sealed");
    tx.rollback().await.unwrap();
}

/// However much is new, a step reads the span up to the next snapshot that was taken.
async fn spans(conn: &mut PgConnection) {
    conn.execute("update notice_cursor set seen = pg_current_snapshot()").await.unwrap();
    book(conn, 200).await;
    let (cursor, mark) = notice::mark(&mut *conn).await.unwrap().unwrap();
    book(conn, 20_000).await;

    let mut tx = conn.begin().await.unwrap();
    let before = rows_read(&mut tx, "movement").await;
    let ahead = notice::look_ahead(&mut tx, Some(&mark)).await.unwrap();
    let told = notice::tell_lines(&mut tx, (&cursor, &ahead), (None, WAYS), 1_000).await.unwrap();
    assert_eq!((told.lines, told.messages), (200, 200));
    let rows = rows_read(&mut tx, "movement").await - before;
    assert!(rows <= 2 * 200 + 10, "{rows} lines read of a span of 200");
    notice::arrive(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    // The rest, and nothing twice: without a snapshot in between, it is one span.
    let mut tx = conn.begin().await.unwrap();
    let cursor = Cursor { seen: mark, ahead: None, done_id: 0 };
    let ahead = notice::look_ahead(&mut tx, None).await.unwrap();
    let told = notice::tell_lines(&mut tx, (&cursor, &ahead), (None, WAYS), 50_000).await.unwrap();
    assert_eq!(told.lines, 20_000);
    // The control: such a span is read whole.
    assert!(rows_read(&mut tx, "movement").await >= 20_000);
    tx.rollback().await.unwrap();
}
