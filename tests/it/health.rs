//! Health, readiness and metrics, and a first booking as a check of all the rest.

use std::time::Duration;

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use crate::support::{TestApp, make};

#[tokio::test]
async fn the_service_lives_and_is_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.public().get("/healthz").await.ok(200)["status"], "ok");
    assert_eq!(app.public().get("/readyz").await.ok(200)["status"], "ready");
    let metrics = app.public().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("dosebook_answers_total"), "{}", metrics.text());
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/openapi.yaml", "/docs", "/v1/campaigns"] {
        let (got, head) =
            (app.public().get(path).await, app.public().request(Method::HEAD, path).send().await);
        assert_eq!((got.status, head.status), (200, 200), "{path}");
        assert!(!got.bytes.is_empty() && head.bytes.is_empty(), "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(got.header(name), head.header(name), "{path}");
        }
    }
    let no_get = app.public().request(Method::HEAD, "/v1/eligibility").send().await;
    assert_eq!(no_get.status, 405, "the control");
}

#[tokio::test]
async fn head_tells_the_length_and_the_connection_goes_on() {
    let app = TestApp::start().await;
    let address = app.url.strip_prefix("http://").expect("an address");
    let mut wire = TcpStream::connect(address).await.expect("connected");
    let ask = |method, more| format!("{method} /healthz HTTP/1.1\r\nHost: {address}\r\n{more}\r\n");
    let asked = [ask("HEAD", ""), ask("GET", "Connection: close\r\n")].concat();
    wire.write_all(asked.as_bytes()).await.expect("sent");
    let mut answers = String::new();
    let read = tokio::time::timeout(Duration::from_secs(10), wire.read_to_string(&mut answers));
    read.await.expect("in time").expect("text");
    // Were the body sent to HEAD, it would stand where the second answer begins.
    let (head, get) = answers.split_once("\r\n\r\n").expect("the end of the first head");
    let (get, body) = get.split_once("\r\n\r\n").expect("the end of the second head");
    let length = format!("content-length: {}", body.len());
    for answer in [head, get] {
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
        assert!(answer.lines().any(|line| line.eq_ignore_ascii_case(&length)), "{answers}");
    }
    assert!(body.contains("ok"), "{answers}");
}

#[tokio::test]
async fn two_services_on_one_database_see_the_same_booking() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let other = app.another().await;
    let (person, id) = (&made.people[0], Uuid::now_v7());
    let body = made.booking(made.slot(0, 3, 0));
    let booked = app.citizen(person).put_booking(id, &body).await.ok(201);
    let again = other.citizen(person).put_booking(id, &body).await.ok(200);
    assert_eq!(booked, again);
    let nobodys = app.citizen(&made.people[1]).get(&format!("/v1/bookings/{id}")).await;
    nobodys.problem(404, "not_found");
}

/// The lanes have connections that still write, and nothing to do: only a try tells.
#[tokio::test]
async fn readiness_writes_where_no_lane_has_noticed() {
    let app = TestApp::start().await;
    app.public().get("/readyz").await.ok(200);
    let is_read_only = |is: bool| {
        let sql = format!(
            "do $$ begin
                 execute format('alter database %I set default_transaction_read_only = {is}',
                     current_database());
             end $$"
        );
        let db = app.db.clone();
        async move { sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&db).await.unwrap() }
    };
    is_read_only(true).await;
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity
               where datname = current_database() and application_name = 'dosebook operators'";
    let ended: i64 = sqlx::query_scalar(end).fetch_one(&app.db).await.unwrap();
    assert!(ended > 0, "the control: readiness had a connection");
    let app = &app;
    let until = |status: u16| {
        let asked = async move { while app.public().get("/readyz").await.status != status {} };
        tokio::time::timeout(Duration::from_secs(30), asked)
    };
    until(503).await.expect("it cannot write");
    is_read_only(false).await;
    until(200).await.expect("it can");
}
