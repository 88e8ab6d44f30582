//! Transactions are bounded and counted, and a database that cannot answer for now is not a fault
//! of the service.

use std::time::Duration;

use actix_web::ResponseError;
use dosebook::{
    db::{self, Failure, error::classify, in_long_tx, in_tx, in_tx_once},
    http::problem::Problem,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, query, query_scalar};

use crate::support::TestApp;

/// How many transactions of this name ended so.
pub async fn counted(app: &TestApp, name: &str, outcome: &str) -> u64 {
    let label = format!("dosebook_transactions_total{{name=\"{name}\",outcome=\"{outcome}\"}} ");
    let text = app.public().get("/metrics").await.text();
    text.lines().find_map(|line| line.strip_prefix(&label)?.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn transactions_are_counted_by_name_and_outcome() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let region = json!({ "code": "N", "name": "North" });
    admin.post("/v1/admin/regions", &region).await.ok(201);
    admin.post("/v1/admin/regions", &region).await.problem(409, "already_exists");
    assert_eq!(counted(&app, "add region", "committed").await, 1);
    assert_eq!(counted(&app, "add region", "rolled_back").await, 1);
    let text = app.public().get("/metrics").await.text();
    for line in [
        "dosebook_transaction_seconds_count{name=\"add region\"} 2",
        "dosebook_connection_wait_seconds_count{pool=\"write\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(text.contains("dosebook_connection_wait_seconds_bucket{le=\"0.0001\",pool=\"read\"}"));
}

#[tokio::test]
async fn a_transaction_that_outlives_its_limit_is_ours_and_unavailable() {
    let app = TestApp::start().await;
    let limit = Duration::from_millis(1);
    let pending = async |_: &mut _| std::future::pending::<Result<(), db::Error>>().await;
    let error = in_long_tx(&app.app.db.write, "slow", limit, pending).await.unwrap_err();
    assert!(matches!(error, db::Error::TransactionTimeout { name: "slow", .. }), "{error}");
    assert_eq!(Problem::from(error).status_code(), 503);
    assert_eq!(counted(&app, "slow", "timed_out").await, 1);
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_ours_and_unavailable() {
    let app = TestApp::with().connections(1).start().await;
    let db = &app.app.db;
    let _held = db.write.acquire().await.expect("the only connection");
    let none = async |_: &mut _| Ok::<_, db::Error>(());
    let error = in_long_tx(&db.write, "crowded", Duration::MAX, none).await.unwrap_err();
    assert!(matches!(error, db::Error::AcquireTimeout { name: "crowded", .. }), "{error}");
    assert_eq!(Problem::from(error).status_code(), 503);
    assert_eq!(counted(&app, "crowded", "no_connection").await, 1);
}

/// An operator ends a statement that waits for a lock.
#[tokio::test]
async fn a_cancelled_statement_is_unavailable_and_no_fault() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut holder = app.db.begin().await.unwrap();
    holder.execute("lock table region in access exclusive mode").await.unwrap();
    let adding = tokio::spawn(async move {
        admin.post("/v1/admin/regions", &json!({ "code": "N", "name": "North" })).await
    });
    let cancel = "select pg_cancel_backend(pid) from pg_stat_activity
                  where datname = current_database() and application_name = 'dosebook write'
                      and wait_event_type = 'Lock'";
    while query_scalar::<_, bool>(cancel).fetch_optional(&app.db).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    adding.await.unwrap().problem(503, "unavailable");
    holder.rollback().await.unwrap();
    assert_eq!(counted(&app, "add region", "failed").await, 1);
}

/// A person at a form does not wait for the same lock again and again.
#[tokio::test]
async fn who_waited_for_a_lock_in_vain_is_told_after_one_wait() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut holder = app.db.begin().await.unwrap();
    holder.execute("lock table region in access exclusive mode").await.unwrap();
    let add =
        async || admin.post("/v1/admin/regions", &json!({ "code": "N", "name": "North" })).await;
    add().await.problem(503, "unavailable");
    assert_eq!(counted(&app, "add region", "failed").await, 1, "one wait");
    holder.rollback().await.unwrap();
    add().await.ok(201);
}

#[tokio::test]
async fn what_the_server_says_is_understood() {
    let app = TestApp::start().await;
    for (state, failure) in [
        ("57014", Failure::Canceled),
        ("40001", Failure::Conflict),
        ("55P03", Failure::LockTimeout),
        ("53300", Failure::Unavailable),
        ("XX000", Failure::Bug),
    ] {
        let raise = format!("do $$ begin raise exception using errcode = '{state}'; end $$");
        let error = app.db.execute(AssertSqlSafe(raise)).await.unwrap_err();
        assert_eq!(classify(&error), failure, "{state}");
    }
    let twice = "insert into region (code, name) values ('N', 'North'), ('N', 'North')";
    let error = query(twice).execute(&app.db).await.unwrap_err();
    assert_eq!(classify(&error), Failure::Unique("region_code_key"));
    let bad = query("insert into region (code, name) values ('a b', 'x')");
    let error = bad.execute(&app.db).await.unwrap_err();
    assert_eq!(classify(&error), Failure::Constraint("region_code_check"));
}

/// The handler of a client that hangs up is dropped where it stands.
#[tokio::test]
async fn a_transaction_dropped_half_way_leaves_nothing_to_whoever_comes_next() {
    let app = TestApp::with().connections(1).local(false).start().await;
    let db = &app.app.db;
    let (told, tells) = tokio::sync::oneshot::channel();
    let abandoned = in_tx_once(&db.write, "abandoned", async |conn| {
        conn.execute("update catalogue set revision = revision + 1000").await?;
        told.send(()).expect("somebody waits");
        std::future::pending::<Result<(), db::Error>>().await
    });
    tokio::select! {
        _ = abandoned => panic!("it never ends by itself"),
        reached = tells => reached.expect("half way"),
    }
    in_tx(&db.write, "next", async |conn| {
        let sql = "update catalogue set revision = revision + 1";
        conn.execute(sql).await.map_err(db::Error::from)
    })
    .await
    .expect("the next transaction");
    let revision: i64 =
        query_scalar("select revision from catalogue").fetch_one(&app.db).await.expect("one row");
    assert!(revision < 1000, "half of the abandoned work was kept: {revision}");
}
