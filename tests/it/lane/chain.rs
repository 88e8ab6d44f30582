//! The commit of a busy lane begins its next transaction, and nothing is left open behind it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use dosebook::flows::lane::{
    chain::{Chain, Ending},
    transaction::Locks,
};
use sqlx::{Connection, Executor, PgConnection};

use super::book;
use crate::support::{TestApp, World, database::TestDatabase, until, wire::Wire};

const BUSY: usize = 16;
const IN_VAIN: Locks = Locks::Skip { batch_max: 9 };

async fn connected() -> (TestDatabase, Wire, PgConnection) {
    let mut database = TestDatabase::new().await;
    database.pool.execute("create table t (n int)").await.unwrap();
    let wire = Wire::before(&mut database).await;
    let conn = PgConnection::connect_with(&database.options).await.unwrap();
    wire.take();
    (database, wire, conn)
}

async fn rows(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("select count(*) from t").fetch_one(&database.pool).await.unwrap()
}

#[tokio::test]
async fn a_busy_lane_spares_the_begin_and_commits_each_batch_for_itself() {
    let (database, wire, mut conn) = connected().await;
    let mut chain = Chain::default();
    for (requests, ending) in
        [(BUSY, Ending::Commit), (BUSY, Ending::Rollback), (1, Ending::Commit), (1, Ending::Commit)]
    {
        chain.expect(requests);
        chain.begin(&mut conn, Locks::Wait).await.unwrap();
        conn.execute("insert into t values (1)").await.unwrap();
        chain.end(&mut conn, ending).await.unwrap();
    }
    let insert = "insert into t values (1)";
    let told = [
        "begin",
        insert,
        "commit and chain",
        insert,
        "rollback and chain",
        insert,
        "commit",
        "begin",
        insert,
        "commit",
    ];
    assert_eq!(wire.take(), told);
    assert_eq!(rows(&database).await, 3);
    conn.close().await.unwrap();
}

#[tokio::test]
async fn what_has_begun_in_vain_is_given_up() {
    let (database, wire, mut conn) = connected().await;
    let mut chain = Chain::default();
    chain.expect(BUSY);
    chain.begin(&mut conn, Locks::Wait).await.unwrap();
    chain.end(&mut conn, Ending::Commit).await.unwrap();
    conn.execute("insert into t values (1)").await.unwrap();
    assert_eq!(rows(&database).await, 0, "the control: a transaction has begun");
    assert!(chain.give_up(&mut conn).await);
    conn.execute("insert into t values (2)").await.unwrap();
    assert_eq!(rows(&database).await, 1, "only what came after it");
    wire.take();
    assert!(chain.give_up(&mut conn).await, "and where none has begun, nothing is asked");
    assert_eq!(wire.take(), [""; 0]);
    conn.close().await.unwrap();
}

/// What is wrong in a transaction is the end of its chain: what comes next is not done by halves.
#[tokio::test]
async fn after_a_fault_nothing_is_done_outside_a_transaction() {
    let (database, wire, mut conn) = connected().await;
    let mut chain = Chain::default();
    for is_wrong in [false, true, false] {
        chain.expect(BUSY);
        chain.begin(&mut conn, Locks::Wait).await.unwrap();
        conn.execute("insert into t values (1)").await.unwrap();
        if is_wrong {
            conn.execute("insert into t values ('no number')").await.unwrap_err();
            conn.execute("rollback").await.unwrap();
        } else {
            chain.end(&mut conn, Ending::Commit).await.unwrap();
        }
    }
    assert_eq!(rows(&database).await, 2);
    let begun = wire.take().iter().filter(|told| *told == "begin").count();
    assert_eq!(begun, 2, "the chain's first, and the one after the fault");
    assert!(chain.give_up(&mut conn).await);
    conn.close().await.unwrap();
}

/// Who quiesces a server before it is switched over has a lane that never rests stop too.
#[tokio::test]
async fn a_chain_is_broken_every_second_and_learns_what_has_changed() {
    let (database, wire, mut conn) = connected().await;
    let mut chain = Chain::default();
    // As a reload does, in this session only: a default does not reach what has begun.
    let read_only = "set default_transaction_read_only = on";
    let began = Instant::now();
    let mut chained = 0;
    let refused = loop {
        chain.expect(BUSY);
        chain.begin(&mut conn, Locks::Wait).await.unwrap();
        if let Err(error) = conn.execute("insert into t values (1)").await {
            break error;
        }
        conn.execute(read_only).await.unwrap();
        chain.end(&mut conn, Ending::Commit).await.unwrap();
        chained += 1;
        assert!(began.elapsed() < Duration::from_secs(30), "a chain without an end");
    };
    let code = refused.as_database_error().and_then(|error| error.code());
    assert_eq!(code.as_deref(), Some("25006"), "{refused}");
    assert!(chained > 1, "the control: a chain goes on with what was at its beginning");
    assert!(began.elapsed() >= Duration::from_secs(1) && wire.take().iter().any(|t| t == "commit"));
    assert_eq!(rows(&database).await, chained);
    conn.close().await.unwrap();
}

/// A limit that one transaction sets for itself is not that of the next.
#[tokio::test]
async fn only_a_transaction_that_waits_for_nobody_is_impatient() {
    let (_database, _, mut conn) = connected().await;
    let mut chain = Chain::default();
    chain.expect(BUSY);
    for (locks, limit) in [(Locks::Wait, "0"), (IN_VAIN, "20ms"), (Locks::Wait, "0")] {
        chain.begin(&mut conn, locks).await.unwrap();
        let sql = "show lock_timeout";
        let set: String = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
        assert_eq!(set, limit);
        chain.end(&mut conn, Ending::Commit).await.unwrap();
    }
    conn.close().await.unwrap();
}

/// How many sessions of lanes have a transaction open.
async fn open(app: &TestApp) -> i64 {
    let sql = "select count(*) from pg_stat_activity where datname = current_database()
               and application_name like 'dosebook lane%' and xact_start is not null";
    sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
}

#[tokio::test]
async fn a_lane_that_nobody_asks_any_more_has_no_transaction_open() {
    let mut database = TestDatabase::new().await;
    let wire = Wire::before(&mut database).await;
    let app = TestApp::with().lanes(1).start_on(Arc::new(database)).await;
    let made = World::new().people(100).seats(200).doses(200).make(&app.db).await;
    let slot = made.slot(0, 1, 0);
    let mut holder = app.db.begin().await.unwrap();
    let sql = "select from slot where slot_id = $1 for no key update";
    sqlx::query(sql).bind(slot.slot_id.0).execute(&mut *holder).await.unwrap();
    let all: Vec<_> = (0..64).map(|person| book(&app, &made, person, slot)).collect();
    until(|| app.app.metrics.lanes.blocked.get() == 64).await;
    holder.rollback().await.unwrap();
    for one in all {
        one.await.unwrap().ok(201);
    }
    let told = wire.take();
    assert!(told.iter().any(|one| one == "commit and chain"), "the control: {told:#?}");
    while open(&app).await > 0 {
        tokio::task::yield_now().await;
    }
    // Who comes now begins anew.
    wire.take();
    book(&app, &made, 64, slot).await.unwrap().ok(201);
    let told = wire.take();
    let has = |text: &str| told.iter().any(|one| one == text);
    assert!(has("begin") && has("commit"), "{told:#?}");
}
