//! Connections that are cut and processes that are killed at any moment: what was acknowledged is
//! there, once, and nothing is half done.

use std::cell::{Cell, RefCell};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::task::yield_now;
use uuid::Uuid;

use super::{Stage, claim, statuses};
use crate::support::{Answer, Client, TestApp, World, process::Service, proxy::Proxy, until};

const FROM: &str = "198.51.100.1";
const SIGN_INS: &str = "dosebook sign-in";

/// What codes and their counts differ by: each counts once for its address and once for its
/// network.
const HALF_DONE: &str = "select (select coalesce(sum(used), 0)::bigint from code_cap)
    - 2 * (select count(*) from sign_in_code)";

/// Sends the requests, and cuts the connection of the lane, later from round to round.
async fn cut_during(
    stage: &Stage,
    (proxy, round): (&Proxy, usize),
    requests: Vec<impl Future<Output = Answer>>,
) -> Vec<Answer> {
    let metrics = &stage.services[0].app.metrics.sign_ins;
    let answered = Cell::new(0);
    let requests = requests.into_iter().map(async |request| {
        let answer = request.await;
        answered.set(answered.get() + 1);
        answer
    });
    let cut = async {
        until(|| metrics.callers.get() > 0 || answered.get() > 0).await;
        for _ in 0..round * 40 {
            yield_now().await;
        }
        proxy.cut(SIGN_INS);
    };
    tokio::join!(join_all(requests), cut).0
}

#[tokio::test]
async fn a_batch_whose_connection_is_cut_is_done_once() {
    let options = TestApp::with().trusted_proxy("127.0.0.1");
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(60).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let mut retries = 0;
    for round in 0..6 {
        let people = &stage.made.people[round * 10..][..10];
        let asked = people.iter().map(|person| stage.ask(0, person, FROM)).collect();
        let asked = cut_during(&stage, (&proxy, round), asked).await;
        assert_eq!(statuses(&asked, 202), 10);
        let mut answers = Vec::new();
        for challenge in asked.into_iter().map(|asked| asked.ok(202)["challenge_id"].clone()) {
            let code = shown(&stage, &challenge).await;
            answers.push((challenge, code));
        }
        let tried = answers.iter().map(|(challenge, code)| stage.answer(0, challenge, code, FROM));
        let tried = cut_during(&stage, (&proxy, round), tried.collect()).await;
        assert_eq!(statuses(&tried, 201), 10, "also those whose commit nobody heard of");
        retries = stage.services[0].app.metrics.sign_ins.retries.get();
        assert_eq!(stage.count(HALF_DONE).await, 0);
    }
    assert!(retries > 0, "the control: a batch was cut");
    assert_eq!(stage.count("select count(*) from sign_in_code").await, 60);
    let used = "select count(*) from sign_in_code where signed_in_at is not null and attempts = 1";
    assert_eq!(stage.count(used).await, 60);
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_and_nothing_is_half_done() {
    let stage = Stage::set(1, 300, TestApp::with()).await;
    let folder = tempdir().unwrap();
    let database = &stage.services[0].database;
    let mut process = Service::showing_codes(database, folder.path());
    let client = Client::new(&process.url, None, reqwest::Client::new());
    let acknowledged = RefCell::new(Vec::new());
    let asked = stage.made.people.iter().map(async |person| {
        let request = client.request(Method::POST, "/v1/auth/codes").json(&claim(person));
        if let Ok(answer) = request.try_send().await
            && answer.status == 202
        {
            acknowledged.borrow_mut().push(answer.ok(202)["challenge_id"].clone());
        }
    });
    let kill = async {
        until(|| acknowledged.borrow().len() > 20).await;
        process.kill();
    };
    tokio::join!(join_all(asked), kill);
    assert_eq!(stage.count(HALF_DONE).await, 0);
    let kept: Vec<Uuid> = sqlx::query_scalar("select challenge_id from sign_in_code")
        .fetch_all(stage.db())
        .await
        .unwrap();
    let kept: Vec<_> = kept.into_iter().map(|id| json!(id)).collect();
    let acknowledged = acknowledged.into_inner();
    assert!(acknowledged.iter().all(|challenge| kept.contains(challenge)));
    // Nobody has their turn any more.
    let again = stage.made.people.iter().enumerate().map(|(n, person)| stage.ask(n, person, FROM));
    assert_eq!(statuses(&join_all(again).await, 202), 300);
}

async fn shown(stage: &Stage, challenge: &Value) -> String {
    loop {
        let shown = stage.services[0].shown_codes().await;
        if let Some(shown) = shown.iter().find(|code| code["challenge_id"] == *challenge) {
            return shown["code"].as_str().unwrap().to_owned();
        }
    }
}
