//! Every request has an id, which its answer and its log lines share.

use std::io::{BufRead, BufReader};

use reqwest::Method;
use serde_json::Value;
use sqlx::Executor;
use uuid::Uuid;

use crate::support::{Answer, TestApp, database::TestDatabase, make, process::Service};

fn id(answer: &Answer) -> Uuid {
    let text = answer.header("x-request-id");
    text.parse().unwrap_or_else(|_none| panic!("{text:?} is no id"))
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let app = TestApp::start().await;
    let client = app.public();
    let mut ids = Vec::new();
    for path in ["/healthz", "/healthz", "/v1/nothing", "/v1/bookings", "/docs"] {
        ids.push(id(&client.get(path).await));
    }
    ids.push(id(&client.request(Method::HEAD, "/healthz").send().await));
    ids.push(id(&client.request(Method::DELETE, "/healthz").send().await));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
}

#[tokio::test]
async fn an_id_that_a_client_sends_is_not_taken_over() {
    let app = TestApp::start().await;
    let sent = Uuid::now_v7();
    let request = app.public().request(Method::GET, "/healthz");
    let answer = request.header("x-request-id", &sent.to_string()).send().await;
    assert_ne!(id(&answer), sent);
}

#[tokio::test]
async fn documents_that_caches_share_have_none() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    app.refresh().await;
    let shared = app.public().get("/v1/campaigns").await;
    assert!(!shared.headers.contains_key("x-request-id"));
    id(&app.public().get("/v1/campaigns?by=route").await);
}

#[tokio::test]
async fn the_log_line_of_a_fault_has_the_id_that_its_client_was_told() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = Service::logging(&database, folder.path());
    let rename = "alter table catalogue rename column revision to gone";
    database.pool.execute(rename).await.expect("broken");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.get(format!("{}/readyz", service.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 500);
    let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
    let log = service.log.take().expect("its log");
    let lines = tokio::task::spawn_blocking(move || {
        let lines = BufReader::new(log).lines().map(|line| line.expect("text"));
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter(|line| line["fields"]["request_id"] == *id).take(2).collect::<Vec<_>>()
    });
    let lines = tokio::time::timeout(std::time::Duration::from_secs(20), lines).await;
    let lines = lines.expect("in time").expect("read");
    let said: Vec<_> = lines.iter().map(|line| &line["fields"]["message"]).collect();
    assert_eq!(said, ["internal error", "answered"]);
    assert_eq!(lines[1]["fields"]["method"], "GET");
    assert_eq!(lines[1]["fields"]["route"], "/readyz");
}
