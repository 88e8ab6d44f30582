//! The journal is sealed block by block: a start and a look at the present read what is not sealed,
//! and whatever is tampered with is found.

use std::sync::Arc;

use dosebook::{
    domain::discrepancy::Discrepancy,
    flows::{
        discrepancy::{Extent, verify, verify_to},
        journal_seal::{seal_next, sealed_lines},
    },
};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::support::{Made, TestApp, World, database::TestDatabase};

/// Bookings and cancellations, with the journal sealed in blocks of seven lines, but for the last
/// booking.
async fn world() -> (TestApp, Made) {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().people(12).seats(20).doses(20).make(&app.db).await;
    for n in 0..10 {
        book(&app, &made, n).await;
    }
    let citizen = app.citizen(&made.people[0]);
    let id: Uuid = sqlx::query_scalar("select booking_id from booking where person_id = $1")
        .bind(made.people[0].person_id.0)
        .fetch_one(&app.db)
        .await
        .unwrap();
    citizen.delete_booking(id).await.ok(200);
    seal(&app).await;
    book(&app, &made, 10).await;
    (app, made)
}

async fn book(app: &TestApp, made: &Made, n: usize) {
    let body = made.booking(made.slot(n % 2, 1, 0));
    app.citizen(&made.people[n]).put_booking(Uuid::now_v7(), &body).await.ok(201);
}

/// Seals all lines that are there. A transaction of another test, in any database, keeps lines from
/// being sealed until it ends.
async fn seal(app: &TestApp) {
    let all = lines(app).await;
    let sealing = async {
        while sealed_lines(&app.app.db).await.unwrap() < all {
            seal_next(&app.app.db, 7).await.unwrap();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), sealing).await.expect("all is sealed");
}

async fn lines(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from movement").fetch_one(&app.db).await.unwrap()
}

async fn tamper(app: &TestApp, sql: &str) {
    let mut owner = app.db.acquire().await.unwrap();
    for statement in ["set session_replication_role = replica", sql] {
        let done = sqlx::query(AssertSqlSafe(statement)).execute(&mut *owner).await.unwrap();
        assert!(statement.starts_with("set") || done.rows_affected() > 0, "the control: {sql}");
    }
    sqlx::query("reset session_replication_role").execute(&mut *owner).await.unwrap();
}

async fn found(app: &TestApp, extent: Extent) -> Vec<Discrepancy> {
    verify_to(&app.app.db, extent).await.unwrap()
}

#[tokio::test]
async fn what_is_sealed_and_what_came_since_are_the_whole_ledger() {
    let (app, made) = world().await;
    let (seals, sealed): (i64, i64) =
        sqlx::query_as("select count(*), sum(lines)::bigint from journal_seal")
            .fetch_one(&app.db)
            .await
            .unwrap();
    let all = lines(&app).await;
    assert!(seals > 3);
    assert_eq!(sealed, all - 1, "all but the last booking");
    for extent in [Extent::Present, Extent::Full] {
        assert_eq!(found(&app, extent).await, []);
    }
    // A further block goes on where the last one ended.
    book(&app, &made, 11).await;
    seal(&app).await;
    assert_eq!(found(&app, Extent::Full).await, []);
    app.refresh().await;
    assert_eq!(app.app.board.now().version, all + 1);
}

/// A transaction that has written lines and is not over keeps back what comes after it.
#[tokio::test]
async fn a_line_of_a_transaction_that_commits_late_is_sealed_too() {
    let (app, made) = world().await;
    seal(&app).await;
    let before = lines(&app).await;
    let mut late = app.db.begin().await.unwrap();
    let receive =
        "insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
        values (20, 0, 7, 10, $1, 4)";
    sqlx::query(receive).bind(made.nation.0).execute(&mut *late).await.unwrap();
    book(&app, &made, 11).await;
    assert_eq!(seal_next(&app.app.db, 7).await.unwrap(), None, "the booking came after it");
    assert_eq!(sealed_lines(&app.app.db).await.unwrap(), before);
    sqlx::query("update pool set received = received + 10, open = open + 10 where pool_id = $1")
        .bind(made.nation.0)
        .execute(&mut *late)
        .await
        .unwrap();
    late.commit().await.unwrap();
    seal(&app).await;
    assert_eq!(sealed_lines(&app.app.db).await.unwrap(), before + 2, "both");
    assert_eq!(found(&app, Extent::Full).await, []);
}

#[tokio::test]
async fn a_sealed_line_that_was_tampered_with_is_found_by_a_full_look() {
    for (sql, what) in [
        ("update movement set doses = doses + 1 where kind = 22", "seal.digest"),
        ("update movement set reason = 'another' where kind = 20", "seal.digest"),
        ("delete from movement where kind in (2, 3)", "seal.lines"),
        (
            "update movement set booking_id = (select booking_id from booking where state = 3)
             where (tx, id) = (select tx, id from movement where kind = 1
                 order by tx, id offset 1 limit 1)",
            "seal.digest",
        ),
    ] {
        let (app, _) = world().await;
        tamper(&app, sql).await;
        let full = found(&app, Extent::Full).await;
        assert!(full.iter().any(|one| one.of == what), "{sql}: {full:?}");
        // The sums stand for what is sealed: who looks at the present alone does not see it.
        assert_eq!(found(&app, Extent::Present).await, [], "the control");
    }
}

#[tokio::test]
async fn a_seal_or_a_sum_that_was_tampered_with_is_found_by_both() {
    for (sql, what) in [
        ("update journal_seal set lines = lines + 1 where number = 2", "seal.hash"),
        ("update journal_seal set digest = hash where number = 2", "seal.hash"),
        ("update journal_seal set hash = digest where number = 2", "seal.hash"),
        (
            "update journal_seal set lines_total = lines_total + 1 where number = 2",
            "seal.lines_total",
        ),
        ("delete from journal_seal where number = 2", "seal.number"),
        (
            "update journal_sum set open = open + 1, booked = booked - 1
             where allocation_id = (select min(allocation_id) from journal_sum)",
            "seal.totals",
        ),
        ("update journal_pool_sum set open = open + 1", "pool.open"),
    ] {
        let (app, _) = world().await;
        tamper(&app, sql).await;
        for extent in [Extent::Present, Extent::Full] {
            let found = found(&app, extent).await;
            assert!(found.iter().any(|one| one.of == what), "{sql}, {extent:?}: {found:?}");
        }
    }
}

/// As many, but others: the sums of doses do not show it.
#[tokio::test]
async fn a_booking_that_stands_for_another_is_found_and_named() {
    let (app, _) = world().await;
    let of_clinic = "select booking_id from booking where allocation_id =
        (select allocation_id from booking where state = 3)";
    let sql = format!(
        "update booking set state = case state when 3 then 1 else 3 end,
             ended_at = case state when 3 then null else now() end
         where booking_id in (({of_clinic} and state = 3), ({of_clinic} and state = 1 limit 1))"
    );
    tamper(&app, &sql).await;
    for extent in [Extent::Present, Extent::Full] {
        let found = found(&app, extent).await;
        let named = found.iter().filter(|one| one.of == "booking.booked").count();
        assert_eq!(named, 2, "{extent:?}: {found:?}");
        assert!(found.iter().all(|one| !one.of.starts_with("allocation.")), "the control");
    }
}

#[tokio::test]
async fn nobody_can_take_a_seal_back() {
    let (app, _) = world().await;
    for sql in ["update journal_seal set lines = 1", "delete from journal_seal"] {
        let mut owner = app.db.acquire().await.unwrap();
        let error = sqlx::query(sql).execute(&mut *owner).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

/// Rows of the journal that were ever read, by PostgreSQL's own count: sessions report theirs
/// before they end, and this one when it is told to.
async fn rows_read(db: &PgPool) -> i64 {
    let mut conn = db.acquire().await.unwrap();
    let ended = async {
        let others = "select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()";
        while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut *conn).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), ended).await.expect("they end");
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *conn).await.unwrap();
    sqlx::query_scalar(
        "select (select seq_tup_read + idx_tup_fetch from pg_stat_user_tables
                 where relname = 'movement')
             + (select sum(idx_tup_read)::bigint from pg_stat_user_indexes
                 where relname = 'movement')",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap()
}

/// Starts a service and ends it; answers with the rows of the journal that it has read, where it
/// knows how many lines there are.
async fn start(database: &Arc<TestDatabase>, lines: i64) -> i64 {
    let before = rows_read(&database.pool).await;
    let app = TestApp::with().start_on(database.clone()).await;
    assert_eq!(app.app.board.now().version, lines);
    drop(app);
    rows_read(&database.pool).await - before
}

#[tokio::test]
async fn a_start_reads_no_sealed_line() {
    let (app, made) = world().await;
    let many = "insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
        select 20, 0, 7, 1, $1, 4 from generate_series(1, 20000)";
    sqlx::query(many).bind(made.nation.0).execute(&app.db).await.unwrap();
    let received =
        "update pool set received = received + 20000, open = open + 20000 where pool_id = $1";
    sqlx::query(received).bind(made.nation.0).execute(&app.db).await.unwrap();
    let all = lines(&app).await;
    let database = app.database.clone();
    drop(app);
    let unsealed = start(&database, all).await;
    assert!(unsealed >= 20_000, "the control: {unsealed} rows");
    let app = TestApp::with().start_on(database.clone()).await;
    let sealing = async {
        while sealed_lines(&app.app.db).await.unwrap() < all {
            seal_next(&app.app.db, 50_000).await.unwrap();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), sealing).await.expect("it is sealed");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
    drop(app);
    // What is not told yet is read by whoever tells it.
    let told = "update notice_cursor set seen = pg_current_snapshot(), ahead = null, done_id = 0";
    sqlx::query(told).execute(&database.pool).await.unwrap();
    // As autovacuum does with a journal that has grown.
    sqlx::query("vacuum analyze movement").execute(&database.pool).await.unwrap();
    let sealed = start(&database, all).await;
    assert!(sealed < 100, "{sealed} rows");
}
