//! How many rows the background jobs, the lane of sign-ins and what administrators see first read
//! beside a large ledger. PostgreSQL has planned their statements when nobody had a code, a message
//! or a booking of today, and keeps its plans: what grows within minutes is unknown to it. Rows are
//! counted, nothing is timed.

use std::ops::Range;

use chrono::{TimeDelta, Utc};
use dosebook::db::{
    self, campaign_sum, closure, merge,
    notice::{self, Cursor, Ways},
    outbox::{self, PutBack},
    sign_in::{self, Wanted},
};
use dosebook::domain::{
    outbox::{Claimed, Queue},
    sign_in::{Count, KeptCode, NewCode, Owner, Writes},
    sign_in_code::SignInCode,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::plan::{Grown, grown};

const WAYS: Ways = Ways { texts: true, mails: false };
const DUE: i64 = 1_000;
/// As many that an index with all of them has a hundred pages.
const MANY: i64 = 20_000;

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

/// Pages of a table's indexes that were read until now. An index can be read from end to end for a
/// row, and no row is counted.
async fn index_pages_read(conn: &mut PgConnection, table: &str) -> i64 {
    conn.execute("select pg_stat_force_next_flush()").await.unwrap();
    sqlx::query_scalar(
        "select sum(idx_blks_hit + idx_blks_read)::bigint from pg_statio_user_indexes
         where relname = $1",
    )
    .bind(table)
    .fetch_one(conn)
    .await
    .unwrap()
}

async fn put_in_outbox(conn: &mut PgConnection, due: i64, (kind, queue): (&str, Queue)) {
    let sql = format!(
        "insert into outbox (kind, recipient, body, person_id, queue, booking_id, happened_at,
                 expires_at)
             select '{kind}', '', '', person_id, {}, {}, now(), now() + interval '1 day'
             from booking limit {due}",
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
    // As after a handful of runs: plans are kept.
    conn.execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    claims(&mut conn).await;
    sign_ins(&mut conn).await;
    seals(&mut conn).await;
    spans(&mut conn).await;
    unheard(&mut conn).await;
    conn.close().await.unwrap();
    db.close().await;
    postgres.stop().await.unwrap();
}

/// What a queue's job does in a transaction: claims, puts some back, and deletes the others.
async fn work(conn: &mut PgConnection, queue: Queue) -> Vec<Claimed> {
    let claimed = match queue {
        Queue::Codes => outbox::claim_codes(conn, 20).await.unwrap(),
        queue => outbox::claim_notices(conn, queue, 20).await.unwrap(),
    };
    let ids: Vec<_> = claimed.iter().map(|message| message.outbox_id).collect();
    let (back, sent) = ids.split_at(ids.len() / 2);
    let back = claimed.iter().filter(|message| back.contains(&message.outbox_id));
    let back = back.map(|message| PutBack {
        outbox_id: message.outbox_id,
        claimed_until: message.claimed_until,
        pause: TimeDelta::seconds(1),
        attempts: 1,
    });
    outbox::put_back(conn, &Vec::from_iter(back)).await.unwrap();
    closure::note_sent(conn, sent).await.unwrap();
    outbox::delete(conn, sent).await.unwrap();
    claimed
}

async fn claims(conn: &mut PgConnection) {
    const QUEUES: [Queue; 2] = [Queue::Codes, Queue::Texts];
    let mut tx = conn.begin().await.unwrap();
    outbox::need_not_last(&mut tx).await.unwrap();
    for queue in QUEUES {
        assert!(work(&mut tx, queue).await.is_empty());
    }
    tx.execute(JOINED).await.unwrap();
    tx.execute("execute joined").await.unwrap();
    tx.commit().await.unwrap();
    put_in_outbox(conn, DUE, ("sign_in_code", Queue::Codes)).await;
    put_in_outbox(conn, DUE, ("booked", Queue::Texts)).await;
    let mut tx = conn.begin().await.unwrap();
    outbox::need_not_last(&mut tx).await.unwrap();
    for queue in QUEUES {
        let (outbox, booking) =
            (rows_read(&mut tx, "outbox").await, rows_read(&mut tx, "booking").await);
        assert_eq!(work(&mut tx, queue).await.len(), 20);
        let rows = rows_read(&mut tx, "outbox").await - outbox;
        assert!(rows <= 8 * 20, "{rows} rows of the outbox for 20 of {DUE} messages: {queue:?}");
        let rows = rows_read(&mut tx, "booking").await - booking;
        assert!(rows <= 20, "{rows} bookings for 20 messages: {queue:?}");
    }
    // The control: what is joined to a table that was empty then reads all of it.
    let before = rows_read(&mut tx, "outbox").await;
    tx.execute("execute joined").await.unwrap();
    let rows = rows_read(&mut tx, "outbox").await - before;
    assert!(rows >= DUE, "only {rows} rows by a join");
    tx.rollback().await.unwrap();
    claims_of_many(conn).await;
    control(conn).await;
}

async fn claims_of_many(conn: &mut PgConnection) {
    put_in_outbox(conn, MANY, ("sign_in_code", Queue::Codes)).await;
    put_in_outbox(conn, MANY, ("booked", Queue::Texts)).await;
    for queue in [Queue::Codes, Queue::Texts] {
        let before = index_pages_read(conn, "outbox").await;
        let mut tx = conn.begin().await.unwrap();
        outbox::need_not_last(&mut tx).await.unwrap();
        assert_eq!(work(&mut tx, queue).await.len(), 20);
        tx.commit().await.unwrap();
        let pages = index_pages_read(conn, "outbox").await - before;
        assert!(pages <= 60 * 20, "{pages} pages of indexes for 20 messages: {queue:?}");
    }
    // The control: an index that is read from end to end is seen.
    let before = index_pages_read(conn, "outbox").await;
    let mut tx = conn.begin().await.unwrap();
    tx.execute("set local enable_seqscan = off; set local enable_sort = off").await.unwrap();
    tx.execute("select count(*) from (select from outbox order by outbox_id offset 0) all_of_it")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let pages = index_pages_read(conn, "outbox").await - before;
    assert!(pages >= 100, "only {pages} pages");
    conn.execute(AssertSqlSafe(format!("delete from outbox where outbox_id > {}", 2 * DUE)))
        .await
        .unwrap();
}

/// The oldest of each person, as a join.
const JOINED: &str = "prepare joined as select o.outbox_id from outbox o
    where o.queue = 1 and not exists (
        select from outbox e
        where e.person_id > 0 and e.person_id = o.person_id and e.queue + 0 = 1
            and e.outbox_id + 0 < o.outbox_id)
    order by o.due_at limit 20";

async fn control(conn: &mut PgConnection) {
    // Without indexes each message is held against all others.
    let mut tx = conn.begin().await.unwrap();
    tx.execute("discard plans; set local enable_indexscan = off").await.unwrap();
    tx.execute("set local enable_bitmapscan = off").await.unwrap();
    outbox::claim_notices(&mut tx, Queue::Texts, 20).await.unwrap();
    let rows = rows_read(&mut tx, "outbox").await;
    assert!(rows > 100 * DUE, "only {rows} rows where each is held against all");
    tx.rollback().await.unwrap();
}

fn codes(numbers: Range<u8>) -> Vec<NewCode> {
    let now = Utc::now();
    let code = |number: u8| NewCode {
        challenge_id: Uuid::from_bytes([number; 16]),
        code: SignInCode::from_random(u64::from(number)),
        phone: "01012345678".into(),
        kept: KeptCode {
            owner: Owner { person: [number; 16], origin: [number; 16] },
            person_id: None,
            may_sign_in: false,
            home: None,
            code_hash: [number; 32],
            created_at: now,
            expires_at: now + TimeDelta::minutes(5),
            attempts: 0,
            used_at: None,
            signed_in_at: None,
        },
    };
    numbers.map(code).collect()
}

/// What the lane of sign-ins does in a transaction, about twenty people whose codes are `new` and
/// twenty whose codes are `known`.
async fn sign_in(conn: &mut PgConnection, (new, known): (Range<u8>, Range<u8>)) -> usize {
    let (new, known, now) = (codes(new), codes(known), Utc::now());
    let tried: Vec<_> = known.iter().map(|code| code.challenge_id).collect();
    let asked: Vec<_> = new.iter().map(|code| code.challenge_id).collect();
    let people: Vec<_> = new.iter().map(|code| code.kept.owner.person).collect();
    sign_in::owners(conn, &tried).await.unwrap();
    sign_in::counts(conn, &people, now).await.unwrap();
    let since = sign_in::since(now);
    let wanted = Wanted { tried, asked, people: people.clone(), since };
    let found = sign_in::codes(conn, &wanted).await.unwrap().len();
    let used = |code: NewCode| (code.challenge_id, KeptCode { used_at: Some(now), ..code.kept });
    let count = Count { used: 1, ends_at: now + TimeDelta::minutes(15) };
    let writes = Writes {
        codes: new,
        changed: known.into_iter().map(used).collect(),
        counted: people.into_iter().map(|key| (key, count)).collect(),
        languages: Default::default(),
    };
    sign_in::write(conn, &writes, now).await.unwrap();
    found
}

async fn sign_ins(conn: &mut PgConnection) {
    conn.execute(db::PLANNER_SETTINGS).await.unwrap();
    conn.execute("delete from outbox").await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    assert_eq!(sign_in(&mut tx, (0..0, 0..0)).await, 0);
    tx.commit().await.unwrap();
    let sql = format!(
        "insert into sign_in_code (challenge_id, person_id, code_hash, person_key, origin_key,
                 expires_at)
             select gen_random_uuid(), 0, decode(repeat('ee', 32), 'hex'),
                 decode(md5('p' || n), 'hex'), decode(md5('o' || n), 'hex'),
                 now() + interval '5 min'
             from generate_series(1, {DUE}) n;
         insert into code_cap (key, used, ends_at)
             select decode(md5('p' || n), 'hex'), 1, now() + interval '5 min'
             from generate_series(1, {DUE}) n"
    );
    conn.execute(AssertSqlSafe(sql)).await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    sign_in(&mut tx, (0..20, 0..0)).await;
    for table in ["sign_in_code", "code_cap"] {
        let rows = rows_read(&mut tx, table).await;
        assert!(rows <= 20, "{rows} rows of {table} for twenty who ask");
    }
    assert_eq!(sign_in(&mut tx, (20..40, 0..20)).await, 20);
    for table in ["sign_in_code", "code_cap"] {
        let rows = rows_read(&mut tx, table).await;
        assert!(rows <= 6 * 20, "{rows} rows of {table} for twenty who ask and twenty who try");
    }
    let used = "select count(*) from sign_in_code where used_at is not null";
    let used: i64 = sqlx::query_scalar(used).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(used, 20, "the control: they were found");
    tx.rollback().await.unwrap();
    conn.execute("reset all; set plan_cache_mode = force_generic_plan").await.unwrap();
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
