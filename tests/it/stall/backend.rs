//! Backends that stand still or are gone, and a balancer without a server.

use std::time::Duration;

use chrono::{DateTime, Utc};
use dosebook::db::{Failure, error::classify};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, Executor, postgres::PgSslMode};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Stopped, pause};
use crate::support::{
    Made, TestApp, World, database::TestDatabase, pair::Balancer, process::Service, proxy::LANES,
    until,
};

/// Longer than anything here may take, on the slowest machine.
const SECONDS_MAX: Duration = Duration::from_secs(30);

async fn world(app: &TestApp) -> Made {
    World::new().people(40).seats(100).doses(100).make(&app.db).await
}

/// Has each pool make the connections that it may have.
async fn fill_pools(app: &TestApp) {
    let db = &app.app.db;
    for pool in [&db.read, &db.look_ups, &db.write, &db.operators] {
        let mut leases = Vec::new();
        for _ in 0..4 {
            leases.push(pool.acquire().await.unwrap());
        }
    }
}

/// How many there are of those that the pools had then: a pool may connect anew at any time.
async fn backends(app: &TestApp, then: DateTime<Utc>) -> i64 {
    let sql = "select count(*) from pg_stat_activity where datname = current_database()
               and application_name in ('dosebook read', 'dosebook look-ups', 'dosebook write',
                   'dosebook operators') and backend_start < $1";
    sqlx::query_scalar(sql).bind(then).fetch_one(&app.db).await.unwrap()
}

#[tokio::test]
async fn backends_that_stand_still_keep_nobody_from_pausing_or_reading() {
    let app = TestApp::start().await;
    let made = world(&app).await;
    let admin = app.admin().await;
    fill_pools(&app).await;
    let mut stopped = Vec::new();
    for pool in ["dosebook read", "dosebook look-ups", "dosebook write", "dosebook operators"] {
        stopped.push(Stopped::of(&app.db, pool).await);
    }
    pause(&admin, made.campaign_id).await.ok(200);
    for person in &made.people[..8] {
        app.citizen(person).get("/v1/me").await.ok(200);
    }
    let region = serde_json::json!({ "code": "N", "name": "North" });
    admin.post("/v1/admin/regions", &region).await.ok(201);
    let still: usize = stopped.iter().map(Stopped::count).sum();
    assert_eq!(still, 16, "the control: all of them stand still");
}

#[tokio::test]
async fn whoever_stops_a_campaign_waits_for_nobody_elses_connections() {
    let app = TestApp::with().connections(1).start().await;
    let made = world(&app).await;
    let admin = app.admin().await;
    let db = &app.app.db;
    let held = [db.read.acquire().await.unwrap(), db.write.acquire().await.unwrap()];
    pause(&admin, made.campaign_id).await.ok(200);
    let region = serde_json::json!({ "code": "N", "name": "North" });
    let other = admin.post("/v1/admin/regions", &region).await;
    other.problem(503, "unavailable");
    drop(held);
    admin.post("/v1/admin/regions", &region).await.ok(201);
}

#[tokio::test]
async fn a_restart_costs_nobody_a_request() {
    let app = TestApp::start().await;
    let made = world(&app).await;
    let admin = app.admin().await;
    app.citizen(&made.people[0])
        .put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0)))
        .await
        .ok(201);
    fill_pools(&app).await;
    let then = "select clock_timestamp()";
    let then: DateTime<Utc> = sqlx::query_scalar(then).fetch_one(&app.db).await.unwrap();
    assert_eq!(backends(&app, then).await, 16, "the control");
    app.db
        .execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity
             where datname = current_database() and starts_with(application_name, 'dosebook')",
        )
        .await
        .unwrap();
    assert_eq!(backends(&app, then).await, 0, "the control: every connection is dead");
    let reading = made.people[..8].iter().map(|person| {
        let client = app.citizen(person);
        async move { client.get("/v1/me").await.ok(200) }
    });
    join_all(reading).await;
    app.public().get("/readyz").await.ok(200);
    app.citizen(&made.people[1])
        .put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0)))
        .await
        .ok(201);
    let region = serde_json::json!({ "code": "N", "name": "North" });
    admin.post("/v1/admin/regions", &region).await.ok(201);
    pause(&admin, made.campaign_id).await.ok(200);
}

#[tokio::test]
async fn a_statement_that_does_not_end_is_given_up_with_its_connection() {
    let app = TestApp::with().connections(1).start().await;
    let db = &app.app.db;
    let asked = timeout(SECONDS_MAX, db.operators.execute("select pg_sleep(300)")).await;
    let error = asked.expect("it is given up").unwrap_err();
    assert_eq!(classify(&error), Failure::Unavailable, "{error}");
    db.operators.execute("select 1").await.expect("the control: its place is free");
    // Nobody waits for the statement: the server ends it.
    let is_there = async || {
        let sql = "select exists (select from pg_stat_activity where state = 'active'
                   and datname = current_database() and query = 'select pg_sleep(300)')";
        sqlx::query_scalar::<_, bool>(sql).fetch_one(&app.db).await.unwrap()
    };
    timeout(SECONDS_MAX, async { while is_there().await {} }).await.expect("it is ended");
}

/// Everything else works, so that only the lane itself can tell.
#[tokio::test]
async fn a_service_whose_lane_is_cut_off_is_not_ready() {
    let (app, proxy) = TestApp::with().lanes(1).start_behind_proxy().await;
    let made = world(&app).await;
    app.public().get("/readyz").await.ok(200);
    // The lane has no connection yet, and gets none.
    proxy.stall(LANES);
    let (client, body) = (app.citizen(&made.people[0]), made.booking(made.slot(0, 1, 0)));
    let booking = tokio::spawn(async move { client.put_booking(Uuid::now_v7(), &body).await });
    until(|| app.app.lanes.is_any_cut_off()).await;
    let told = app.public().get("/readyz").await;
    assert_eq!(told.body["cause"], "bookings_not_taken", "{}", told.text());
    told.problem(503, "unavailable");
    proxy.resume();
    booking.await.unwrap().ok(201);
    app.public().get("/readyz").await.ok(200);
}

/// What is said of a server that may lose what it has acknowledged.
#[tokio::test]
async fn a_server_that_commits_early_is_not_accepted_in_silence() {
    let database = TestDatabase::new().await;
    let said = async |value: &str| {
        let sql = format!("alter database {} set synchronous_commit = {value}", database.name);
        database.pool.execute(AssertSqlSafe(sql)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut service = Service::logging(&database, folder.path());
        let mut log = service.log.take().expect("its log");
        service.kill();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut log, &mut text).unwrap();
        text.contains("synchronous_commit = off")
    };
    assert!(said("off").await);
    assert!(!said("on").await, "the control");
}

#[tokio::test]
async fn a_service_stops_whatever_its_backends_do() {
    let app = TestApp::with().connections(1).start().await;
    let db = app.app.db.clone();
    db.read.execute("select 1").await.unwrap();
    let stopped = Stopped::of(&app.db, "dosebook read").await;
    let held = db.read.acquire().await.unwrap();
    timeout(SECONDS_MAX, db.close()).await.expect("it does not wait for what is under way");
    assert_eq!(stopped.count(), 1, "the control");
    assert!(db.read.acquire().await.is_err(), "it is closed");
    held.give_up();
}

#[tokio::test]
async fn a_balancer_without_a_server_is_unavailable_and_healed_in_one_step() {
    let mut database = TestDatabase::new().await;
    let server = database.options.clone();
    let socket =
        server.get_socket().map(|folder| folder.join(format!(".s.PGSQL.{}", server.get_port())));
    let Some(socket) = socket else { return };
    let balancer = Balancer::start(Some(socket.clone())).await;
    // As everybody has it who does not say otherwise: whether the server encrypts is asked first.
    let options = balancer.options(server.get_username(), server.get_database().unwrap());
    database.options = options.ssl_mode(PgSslMode::Prefer);
    let app = TestApp::with().start_on(database.into()).await;
    let made = world(&app).await;
    let admin = app.admin().await;
    fill_pools(&app).await;
    balancer.lead(None);
    until(|| app.app.lanes.are_open()).await;
    let client = app.citizen(&made.people[0]);
    client.get("/v1/me").await.problem(503, "unavailable");
    app.public().get("/readyz").await.problem(503, "unavailable");
    pause(&admin, made.campaign_id).await.problem(503, "unavailable");
    balancer.lead(Some(socket));
    for person in &made.people[..8] {
        app.citizen(person).get("/v1/me").await.ok(200);
    }
    pause(&admin, made.campaign_id).await.ok(200);
    // What balancers hear is a second old at most.
    let ready = async { while app.public().get("/readyz").await.status != 200 {} };
    timeout(SECONDS_MAX, ready).await.expect("it is ready again");
}
