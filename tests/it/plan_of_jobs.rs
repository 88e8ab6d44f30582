//! How many rows background jobs, and what administrators see first, read beside a large ledger. PostgreSQL has looked at the
//! tables when the outbox was empty and nobody had booked today: what grows within minutes is
//! unknown to its planner. Rows are counted, nothing is timed.

use dosebook::db::{
    campaign_sum, merge,
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
    unheard(&mut conn).await;
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

/// Who has not heard of a closed day is looked for on closed days to come.
async fn unheard(conn: &mut PgConnection) {
    let mut tx = conn.begin().await.unwrap();
    // As many slots of days that are over: closed, as all of them.
    tx.execute(
        "insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats, taken, is_closed)
             select slot_id + 1000, clinic_id, on_date - 200, starts_at - interval '200 days',
                 ends_at - interval '200 days', seats, 15, true
             from slot where clinic_id > 3;
         analyze slot;
         update slot set is_closed = true, taken = 15 where slot_id in (
             select distinct slot_id from booking where slot_id >> 24 in (10, 11))",
    )
    .await
    .unwrap();
    let of_them = "select count(*) from booking b join slot s using (slot_id)
                   where s.is_closed and b.state in (1, 5)";
    let hit: i64 = sqlx::query_scalar(of_them).fetch_one(&mut *tx).await.unwrap();
    let (slots, bookings) = (rows_read(&mut tx, "slot").await, rows_read(&mut tx, "booking").await);
    let days = campaign_sum::unheard(&mut *tx, 100).await.unwrap();
    assert_eq!(days.iter().map(|day| day.people).sum::<i64>(), hit);
    assert!(hit > 0 && days.len() == 2, "{days:?}");
    let rows = rows_read(&mut tx, "slot").await - slots;
    assert!(rows <= 100, "{rows} slots where twenty to come are closed");
    let rows = rows_read(&mut tx, "booking").await - bookings;
    assert!(rows <= hit + 100, "{rows} bookings, {hit} of which are hit");

    // The control: without the index all slots are read, again and again.
    tx.execute("drop index slot_closed_idx").await.unwrap();
    let slots = rows_read(&mut tx, "slot").await;
    assert_eq!(campaign_sum::unheard(&mut *tx, 100).await.unwrap().len(), 2);
    let rows = rows_read(&mut tx, "slot").await - slots;
    assert!(rows >= 20_000, "only {rows} slots without the index");
    tx.rollback().await.unwrap();
}
