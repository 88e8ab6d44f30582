//! Providers that fail, hang, refuse and come back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::query_scalar;

use crate::support::{Person, TestApp, World, gateway::Gateway};

async fn ask_for_code(app: &TestApp, person: &Person) {
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    app.public().post("/v1/auth/codes", &claim).await.ok(202);
}

/// How the providers are, by `/readyz`.
async fn providers(app: &TestApp) -> Vec<(String, String)> {
    let ready = app.public().get("/readyz").await.ok(200);
    let all = ready["messages"]["providers"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    all.iter().map(|one| (text(&one["name"]), text(&one["condition"]))).collect()
}

async fn until_condition(app: &TestApp, name: &str, condition: &str) {
    let looking = async {
        let expected = (name.to_owned(), condition.to_owned());
        while !providers(app).await.contains(&expected) {}
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), looking).await;
    assert!(waited.is_ok(), "{name} never was {condition}");
}

#[tokio::test]
async fn a_code_leaves_by_the_gateway_and_ends_with_the_line_for_telephones() {
    let gateway = Gateway::start().await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    let made = World::new().people(1).make(&app.db).await;
    ask_for_code(&app, &made.people[0]).await;
    let accepted = gateway.until_accepted(1).await;
    let text = accepted[0].text();
    assert_eq!(accepted[0].to(), made.people[0].phone);
    let (_, last) = text.rsplit_once('\n').expect("two lines");
    let code = last.strip_prefix("@book.example.kr #").expect("the last line");
    assert_eq!(text.matches(code).count(), 2, "{text}");
    assert!(text.starts_with("[질병관리청] 인증번호"), "{text}");
    let challenge: uuid::Uuid = query_scalar("select challenge_id from sign_in_code")
        .fetch_one(&app.db)
        .await
        .expect("a challenge");
    let answer = json!({ "challenge_id": challenge, "code": code });
    app.public().post("/v1/auth/sessions", &answer).await.ok(201);
}

#[tokio::test]
async fn the_second_provider_is_asked_when_the_first_is_not_there() {
    let gone = Gateway::start().await;
    let first = gone.provider("first");
    drop(gone);
    let second = Gateway::start().await;
    let settings = format!("{first}{}", second.provider("second"));
    let app = TestApp::with().messages(&settings).start().await;
    let made = World::new().people(8).make(&app.db).await;
    for person in &made.people {
        ask_for_code(&app, person).await;
    }
    second.until_accepted(8).await;
    until_condition(&app, "first", "down").await;
    assert!(providers(&app).await.contains(&("second".into(), "working".into())));
    let metrics = app.public().get("/metrics").await.text();
    let tried = "dosebook_provider_attempts_total{provider=\"first\",channel=\"sms\",\
                 verdict=\"try_again\"} ";
    let tried: u64 = metrics
        .lines()
        .find_map(|line| line.strip_prefix(tried)?.parse().ok())
        .expect("it was tried");
    assert!((5..8).contains(&tried), "and then left alone: {tried} of 8");
}

#[tokio::test]
async fn a_provider_that_is_down_delays_and_is_seen_and_loses_nothing() {
    let works = Arc::new(AtomicBool::new(false));
    let is_well = works.clone();
    let answer = move |_: usize, _: &_| Some(if is_well.load(Relaxed) { 200 } else { 503 });
    let gateway = Gateway::answering(answer).await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    let made = World::new().people(10).make(&app.db).await;
    for person in &made.people {
        ask_for_code(&app, person).await;
    }
    until_condition(&app, "gateway", "down").await;
    let ready = app.public().get("/readyz").await.ok(200);
    assert_eq!(ready["status"], "ready", "the service itself is");
    works.store(true, Relaxed);
    let accepted = gateway.until_accepted(10).await;
    let mut phones: Vec<_> = accepted.iter().map(|got| got.to().to_owned()).collect();
    phones.sort_unstable();
    assert_eq!(phones, made.people.iter().map(|person| person.phone.clone()).collect::<Vec<_>>());
    until_condition(&app, "gateway", "working").await;
}

#[tokio::test]
async fn a_provider_that_hangs_is_given_up_in_time() {
    let gateway = Gateway::answering(|nth, _| (nth > 0).then_some(200)).await;
    let settings = gateway.settings().replace("[sms.http]", "timeout_seconds = 1\n[sms.http]");
    let app = TestApp::with().messages(&settings).start().await;
    let made = World::new().people(1).make(&app.db).await;
    ask_for_code(&app, &made.people[0]).await;
    gateway.until_accepted(1).await;
    let got = gateway.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].id(), got[1].id(), "it may have been accepted: the id tells");
    let metrics = app.public().get("/metrics").await.text();
    assert!(metrics.contains("verdict=\"unsure\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_gateway_that_refuses_everybody_loses_nothing() {
    let works = Arc::new(AtomicBool::new(false));
    let is_well = works.clone();
    let answer = move |_: usize, _: &_| Some(if is_well.load(Relaxed) { 200 } else { 400 });
    let gateway = Gateway::answering(answer).await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    let made = World::new().people(60).make(&app.db).await;
    for person in &made.people {
        ask_for_code(&app, person).await;
    }
    gateway.until(|got| got.len() >= 60).await;
    works.store(true, Relaxed);
    let accepted = gateway.until_accepted(40).await;
    assert!(accepted.len() >= 40, "20 in a row are believed, no more");
}
