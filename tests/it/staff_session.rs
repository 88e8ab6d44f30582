//! Passwords and sessions of staff and administrators.

use chrono::{TimeDelta, Utc};
use dosebook::{
    clock::Clock,
    domain::session::{self, StaffRole},
    flows::{
        staff_token::StaffTokens,
        staff_user::{self, Post},
    },
};
use futures_util::future::{join_all, poll_immediate};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, query_scalar};

use crate::support::{Client, Made, TestApp, make::world};

const PASSWORD: &str = "correct horse battery staple";

async fn user(app: &TestApp, username: &str, post: Post<'_>) {
    staff_user::add(&app.app.db, username, PASSWORD, post).await.expect("a user");
}

async fn staff_session(app: &TestApp, username: &str) -> (Client, Value) {
    let body = json!({ "username": username, "password": PASSWORD });
    let session = app.public().post("/v1/auth/staff-sessions", &body).await.ok(201);
    (app.holder_of(session["token"].as_str().expect("a token")), session)
}

async fn schedule(client: &Client, made: &Made, clinic: usize) -> u16 {
    let path = format!("/v1/clinics/{}/schedule?date=2021-07-26", made.clinics[clinic]);
    client.get(&path).await.status
}

async fn clinic_code(app: &TestApp, made: &Made, clinic: usize) -> String {
    query_scalar("select code from clinic where clinic_id = $1")
        .bind(made.clinics[clinic].0)
        .fetch_one(&app.db)
        .await
        .expect("a clinic")
}

#[tokio::test]
async fn staff_and_administrators_sign_in_and_out() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let code = clinic_code(&app, &made, 1).await;
    user(&app, "desk", Post::Clinic(&code)).await;
    user(&app, "boss", Post::Administrator).await;

    let (desk, session) = staff_session(&app, " DESK ").await;
    assert_eq!(
        (&session["role"], &session["clinic_id"]),
        (&json!("staff"), &json!(made.clinics[1]))
    );
    assert_eq!(session["token"].as_str().map(str::len), Some(3 + 43 + 1 + 22), "256 bits, tag");
    let (boss, session) = staff_session(&app, "boss").await;
    assert_eq!((&session["role"], &session["clinic_id"]), (&json!("administrator"), &json!(null)));

    assert_eq!((schedule(&desk, &made, 1).await, schedule(&boss, &made, 1).await), (200, 200));
    assert_eq!(desk.delete("/v1/auth/staff-sessions").await.ok(204), json!(null));
    assert_eq!((schedule(&desk, &made, 1).await, schedule(&boss, &made, 1).await), (401, 200));
    desk.delete("/v1/auth/staff-sessions").await.problem(401, "unauthenticated");

    let kept: Vec<Vec<u8>> =
        query_scalar("select token_hash from staff_session").fetch_all(&app.db).await.expect("two");
    let token = session["token"].as_str().expect("a token");
    assert!(kept.contains(&session::token_hash(token).to_vec()));
    assert!(!kept.contains(&token.as_bytes().to_vec()));
}

async fn disable(app: &TestApp, username: &str) {
    let id = staff_user::named(&app.app.db, username).await.expect("a user");
    staff_user::disable(&app.app.db, id).await.expect("disabled");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let app = TestApp::start().await;
    user(&app, "boss", Post::Administrator).await;
    user(&app, "gone", Post::Administrator).await;
    disable(&app, "gone").await;
    let mut problems = Vec::new();
    let long = "x".repeat(2000);
    for (username, password) in [
        ("boss", "wrong horse battery staple"),
        ("boss", ""),
        ("boss", &long),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("' or 1=1 --", PASSWORD),
    ] {
        let body = json!({ "username": username, "password": password });
        let refused = app.public().post("/v1/auth/staff-sessions", &body).await;
        problems.push(refused.problem(401, "wrong_credentials"));
    }
    assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
    staff_session(&app, "boss").await;
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    user(&app, "boss", Post::Administrator).await;
    user(&app, "second", Post::Administrator).await;
    let (boss, _) = staff_session(&app, "boss").await;
    assert_eq!(schedule(&boss, &made, 0).await, 200);
    disable(&app, "boss").await;
    assert_eq!(schedule(&boss, &made, 0).await, 401);
}

#[tokio::test]
async fn a_staff_session_ends_with_the_working_day() {
    let clock = Clock::fixed(Utc::now());
    let app = TestApp::with().clock(clock.clone()).start().await;
    let made = world(&app.db).await;
    user(&app, "boss", Post::Administrator).await;
    let (boss, _) = staff_session(&app, "boss").await;
    let hours = TimeDelta::hours(session::STAFF_SESSION_HOURS);
    clock.set(clock.now() + hours - TimeDelta::seconds(2));
    assert_eq!(schedule(&boss, &made, 0).await, 200);
    clock.set(clock.now() + TimeDelta::seconds(3));
    assert_eq!(schedule(&boss, &made, 0).await, 401);
}

#[tokio::test]
async fn one_role_s_token_is_nothing_in_another() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let (citizen, staff) = (app.citizen(&made.people[0]), app.staff(made.clinics[0]).await);
    citizen.get("/v1/me").await.ok(200);
    staff.get("/v1/me").await.problem(401, "unauthenticated");
    assert_eq!(schedule(&staff, &made, 0).await, 200);
    assert_eq!(schedule(&citizen, &made, 0).await, 401);
    citizen.delete("/v1/auth/staff-sessions").await.problem(401, "unauthenticated");
    for token in ["", "c1.", "c1.AAAA", "Bearer", "null", "c1.\u{fffd}"] {
        let header = format!("Bearer {token}");
        for path in ["/v1/me", "/v1/clinics/1/schedule?date=2021-07-26"] {
            let request = app.public().request(Method::GET, path);
            request.header("authorization", &header).send().await.problem(401, "unauthenticated");
        }
    }
    let refused = app.public().get("/v1/me").await;
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    refused.problem(401, "unauthenticated");
}

/// How often a connection of the operators' pool was asked for.
async fn operators_asked(app: &TestApp) -> u64 {
    let label = "dosebook_connection_wait_seconds_count{pool=\"operators\"} ";
    let text = app.public().get("/metrics").await.text();
    text.lines().find_map(|line| line.strip_prefix(label)?.parse().ok()).unwrap_or(0)
}

async fn sessions(app: &TestApp, made: &Made) -> Vec<([u8; 32], StaffRole)> {
    let mut sessions = Vec::new();
    for (nth, clinic_id) in made.clinics.iter().copied().enumerate() {
        let name = format!("desk{nth}");
        user(app, &name, Post::Clinic(&clinic_code(app, made, nth).await)).await;
        let (_, session) = staff_session(app, &name).await;
        let hash = session::token_hash(session["token"].as_str().expect("a token"));
        sessions.push((hash, StaffRole::Staff(clinic_id)));
    }
    sessions
}

#[tokio::test]
async fn tokens_asked_for_at_once_are_looked_up_together_and_each_gets_its_own() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let sessions = sessions(&app, &made).await;
    let tokens = StaffTokens::new(app.app.db.operators.clone());
    let (now, expired) = (Utc::now(), Utc::now() + TimeDelta::days(7));
    let before = operators_asked(&app).await;
    let asked = (0..200).map(|nth| {
        let (hash, role) = sessions[nth % sessions.len()];
        let (tokens, nth) = (tokens.clone(), nth % 4);
        async move {
            match nth {
                0 => assert_eq!(tokens.find([7; 32], now).await.expect("asked"), None),
                1 => assert_eq!(tokens.find(hash, expired).await.expect("asked"), None),
                _ => {
                    let found = tokens.find(hash, now).await.expect("asked");
                    assert_eq!(found.map(|user| user.role), Some(role));
                }
            }
        }
    });
    join_all(asked).await;
    assert_eq!(operators_asked(&app).await - before, 1, "one statement for 200");
    for _ in 0..3 {
        tokens.find(sessions[0].0, now).await.expect("asked").expect("a user");
    }
    assert_eq!(
        operators_asked(&app).await - before,
        4,
        "the control: one for each who comes alone"
    );
}

#[tokio::test]
async fn who_asks_for_a_token_and_hangs_up_or_fails_strands_nobody() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let (hash, _) = sessions(&app, &made).await[0];
    let tokens = StaffTokens::new(app.app.db.look_ups.clone());
    let now = Utc::now();
    let first = tokens.find(hash, now);
    let second = tokens.find(hash, now);
    let mut first = Box::pin(first);
    assert!(poll_immediate(&mut first).await.is_none(), "the statement is under way");
    drop(first);
    second.await.expect("asked").expect("a user");

    rename(&app, "staff_session", "gone").await;
    for failed in join_all((0..20).map(|_| tokens.find(hash, now))).await {
        failed.expect_err("no such table");
    }
    rename(&app, "gone", "staff_session").await;
    tokens.find(hash, now).await.expect("asked").expect("a user");
}

async fn rename(app: &TestApp, from: &str, to: &str) {
    let sql = format!("alter table {from} rename to {to}");
    sqlx::query(AssertSqlSafe(sql)).execute(&app.db).await.expect("renamed");
}
