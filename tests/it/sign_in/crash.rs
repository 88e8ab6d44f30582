//! `kill -9` of the service and of its PostgreSQL while people sign in: what was acknowledged is
//! there afterwards, once, and nothing is half done.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use dosebook::postgres::{Durability, Private};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::tempdir;
use tokio::time::{interval, timeout};
use uuid::Uuid;

use super::{Stage, claim, half_done, note_messages, place, said, statuses};
use crate::{
    crash::kill_postmaster,
    support::{Answer, Client, TestApp, World, process::Service, until},
};

const PEOPLE: usize = 400;
/// Each does what its share of the people do, one after the other.
const CLIENTS: usize = 20;
/// The kill comes when this many requests have been acknowledged.
const DONE_BEFORE_KILL: usize = 100;
/// Everybody is served within this time, or the test fails.
const SECONDS_MAX: Duration = Duration::from_secs(90);

/// What was acknowledged: whose, by their numbers, and with what.
type Acknowledged = RefCell<Vec<(usize, Value)>>;

/// A request from a place of its own for each number; none where the service hung up.
async fn send(at: &Client, (path, body): (&str, &Value), number: usize) -> Option<Answer> {
    let request = at.request(Method::POST, path).json(body);
    request.header("x-forwarded-for", &place(number)).try_send().await.ok()
}

/// Has all people send theirs, some at a time, until the service hangs up.
async fn all_send(at: &Client, path: &str, bodies: &[Value], done: (&Acknowledged, u16, &str)) {
    let (acknowledged, status, field) = done;
    let clients = (0..CLIENTS).map(async |first| {
        for number in (first..bodies.len()).step_by(CLIENTS) {
            let Some(answer) = send(at, (path, &bodies[number]), number).await else { return };
            let told = answer.ok(status)[field].clone();
            acknowledged.borrow_mut().push((number, told));
        }
    });
    join_all(clients).await;
}

async fn stage() -> Stage {
    let stage = Stage::set(1, u32::try_from(PEOPLE).unwrap(), TestApp::with()).await;
    note_messages(stage.db()).await;
    stage
}

/// Challenges of which this is so.
async fn challenges(db: &PgPool, sql: &'static str) -> BTreeSet<Uuid> {
    sqlx::query_scalar(sql).fetch_all(db).await.unwrap().into_iter().collect()
}

fn id(challenge: &Value) -> Uuid {
    challenge.as_str().unwrap().parse().unwrap()
}

const MADE: &str = "select challenge_id from sign_in_code";
const OPENED: &str = "select challenge_id from sign_in_code where signed_in_at is not null";

#[tokio::test]
async fn codes_that_were_acknowledged_before_a_kill_are_there_and_nothing_is_half_done() {
    let stage = stage().await;
    let folder = tempdir().unwrap();
    let mut process = Service::showing_codes(Some(&stage.services[0].database), folder.path());
    let claims: Vec<_> = stage.made.people.iter().map(claim).collect();
    let acknowledged = Acknowledged::default();
    let at = Client::new(&process.url, None, reqwest::Client::new());
    let kill = async {
        until(|| acknowledged.borrow().len() >= DONE_BEFORE_KILL).await;
        process.kill();
    };
    let done = (&acknowledged, 202, "challenge_id");
    tokio::join!(all_send(&at, "/v1/auth/codes", &claims, done), kill);
    let acknowledged = acknowledged.into_inner();
    assert!(acknowledged.len() < PEOPLE, "the kill came under load");
    assert_eq!(half_done(stage.db(), 0).await, [""; 0]);
    let made = challenges(stage.db(), MADE).await;
    assert!(acknowledged.iter().all(|(_, challenge)| made.contains(&id(challenge))));
    // Nobody has their turn any more, and who was told has a code that opens.
    let (number, challenge) = &acknowledged[0];
    let code = said(stage.db(), challenge).await;
    stage.answer(0, challenge, &code, &place(*number)).await.ok(201);
    let again = stage.made.people.iter().enumerate();
    let again = again.map(async |(number, person)| stage.ask(0, person, &place(number)).await);
    assert_eq!(statuses(&join_all(again).await, 202), PEOPLE);
    assert_eq!(half_done(stage.db(), 0).await, [""; 0]);
}

/// A code for everybody, as it is typed.
async fn codes(stage: &Stage) -> Vec<Value> {
    let people = stage.made.people.iter().enumerate();
    let asked = people.map(async |(number, person)| {
        let asked = stage.ask(0, person, &place(number)).await;
        let challenge = asked.ok(202)["challenge_id"].clone();
        let code = said(stage.db(), &challenge).await;
        json!({ "challenge_id": challenge, "code": code })
    });
    join_all(asked).await
}

#[tokio::test]
async fn sessions_that_were_acknowledged_before_a_kill_are_there_and_each_code_opens_one() {
    let stage = stage().await;
    let typed = codes(&stage).await;
    let folder = tempdir().unwrap();
    let mut process = Service::showing_codes(Some(&stage.services[0].database), folder.path());
    let acknowledged = Acknowledged::default();
    let at = Client::new(&process.url, None, reqwest::Client::new());
    let kill = async {
        until(|| acknowledged.borrow().len() >= DONE_BEFORE_KILL).await;
        process.kill();
    };
    let done = (&acknowledged, 201, "token");
    tokio::join!(all_send(&at, "/v1/auth/sessions", &typed, done), kill);
    let acknowledged = acknowledged.into_inner();
    assert!(acknowledged.len() < PEOPLE, "the kill came under load");
    assert_eq!(half_done(stage.db(), 0).await, [""; 0]);
    let opened = challenges(stage.db(), OPENED).await;
    for (number, token) in &acknowledged {
        assert!(opened.contains(&id(&typed[*number]["challenge_id"])), "{number}");
        stage.services[0].holder_of(token.as_str().unwrap()).get("/v1/me").await.ok(200);
    }
    // Sent again, what was not done is done, and nothing twice.
    let again = typed.iter().enumerate().map(async |(number, typed)| {
        let path = "/v1/auth/sessions";
        stage.post(0, (path, typed), &place(number)).await.status
    });
    let again = join_all(again).await;
    let is_opened = |typed: &Value| opened.contains(&id(&typed["challenge_id"]));
    let expected = typed.iter().map(|typed| if is_opened(typed) { 401 } else { 201 });
    assert_eq!(again, expected.collect::<Vec<_>>());
    assert!(again.contains(&201), "the control");
    let once = "select count(*) from sign_in_code where signed_in_at is not null and attempts = 1";
    assert_eq!(stage.count(once).await, i64::try_from(PEOPLE).unwrap());
    let over = i64::try_from(opened.len()).unwrap();
    assert_eq!(half_done(stage.db(), over).await, [""; 0]);
}

/// Sends it until it is answered. Gives the answer, and how often it was sent in vain.
async fn insist(at: &Client, what: (&str, &Value), number: usize) -> (Answer, i64) {
    let mut pace = interval(Duration::from_millis(250));
    let mut in_vain = 0;
    loop {
        pace.tick().await;
        match send(at, what, number).await {
            Some(answer) if answer.status != 503 => return (answer, in_vain),
            _ => in_vain += 1,
        }
    }
}

/// Has everybody insist, some at a time, and PostgreSQL be killed when the first of them are done.
async fn beside_a_kill(
    (at, db): (&Client, &PgPool),
    (path, bodies): (&str, &[Value]),
) -> Vec<(usize, Answer, i64)> {
    let done = RefCell::new(Vec::new());
    let clients = (0..CLIENTS).map(async |first| {
        for number in (first..bodies.len()).step_by(CLIENTS) {
            let (answer, in_vain) = insist(at, (path, &bodies[number]), number).await;
            done.borrow_mut().push((number, answer, in_vain));
        }
    });
    let kill = async {
        until(|| done.borrow().len() >= DONE_BEFORE_KILL).await;
        kill_postmaster(db).await;
        done.borrow().len()
    };
    let all = async { tokio::join!(join_all(clients), kill).1 };
    let before = timeout(SECONDS_MAX, all).await.expect("everybody is served in time");
    assert!(before < bodies.len(), "the kill came under load");
    let mut done = done.into_inner();
    done.sort_unstable_by_key(|(number, ..)| *number);
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_its_postgresql() {
    let folder = tempdir().unwrap();
    let service = Service::showing_codes(None, folder.path());
    let postgres = Private::start(folder.path(), None, Durability::Durable).await.unwrap();
    let db = PgPool::connect_with(postgres.superuser_options("dosebook")).await.unwrap();
    let made = World::new().people(u32::try_from(PEOPLE).unwrap()).make(&db).await;
    note_messages(&db).await;
    let claims: Vec<_> = made.people.iter().map(claim).collect();
    let at = Client::new(&service.url, None, reqwest::Client::new());
    let asked = beside_a_kill((&at, &db), ("/v1/auth/codes", &claims)).await;
    assert_eq!(half_done(&db, 0).await, [""; 0]);
    let mut typed = Vec::new();
    for (_, answer, _) in asked {
        let challenge = answer.ok(202)["challenge_id"].clone();
        let code = said(&db, &challenge).await;
        typed.push(json!({ "challenge_id": challenge, "code": code }));
    }
    let tried = beside_a_kill((&at, &db), ("/v1/auth/sessions", &typed)).await;
    let mut over = 0;
    for (number, answer, in_vain) in tried {
        // Who was told that nobody knows finds a code that has opened a session.
        if answer.status == 401 && in_vain > 0 {
            over += 1;
        } else {
            answer.ok(201);
        }
        assert!(number < PEOPLE);
    }
    let once = "select count(*) from sign_in_code where signed_in_at is not null and attempts = 1";
    let once: i64 = sqlx::query_scalar(once).fetch_one(&db).await.unwrap();
    assert_eq!(once, i64::try_from(PEOPLE).unwrap(), "each code opened one session");
    assert_eq!(half_done(&db, over).await, [""; 0]);
    drop(service);
    db.close().await;
    postgres.stop().await.unwrap();
}
