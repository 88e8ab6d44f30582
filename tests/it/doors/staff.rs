//! Guessing at passwords and tokens of staff.

use chrono::{TimeDelta, Utc};
use dosebook::{
    clock::Clock,
    domain::session::staff_token,
    flows::staff_user::{self, Post},
};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestApp, make::world};

const PASSWORD: &str = "correct horse battery staple";

/// A sign-in by a proxy for this address.
async fn sign_in(app: &TestApp, from: &str, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    let request = app.public().request(Method::POST, "/v1/auth/staff-sessions").json(&body);
    request.header("x-forwarded-for", from).send().await
}

async fn office(clock: &Clock) -> TestApp {
    let app = TestApp::with().clock(clock.clone()).trusted_proxy("127.0.0.1").start().await;
    for username in ["boss", "clerk"] {
        let added = staff_user::add(&app.app.db, username, PASSWORD, Post::Administrator).await;
        added.expect("a user");
    }
    app
}

#[tokio::test]
async fn a_guesser_waits_and_the_owner_elsewhere_does_not() {
    let clock = Clock::fixed(Utc::now());
    let app = office(&clock).await;
    for _ in 0..5 {
        let wrong = sign_in(&app, "192.0.2.1", "boss", "wrong horse battery staple").await;
        wrong.problem(401, "wrong_credentials");
    }
    // From there not even the right one is looked at.
    let refused = sign_in(&app, "192.0.2.1", "boss", PASSWORD).await;
    assert_eq!(refused.header("retry-after"), "1");
    let problem = refused.problem(429, "too_many_requests");
    assert_eq!(problem["cause"], "too_many_passwords");
    // Neither an unknown name nor a disabled user is told by it.
    for _ in 0..5 {
        sign_in(&app, "192.0.2.1", "nobody", PASSWORD).await.problem(401, "wrong_credentials");
    }
    sign_in(&app, "192.0.2.1", "nobody", PASSWORD).await.problem(429, "too_many_requests");
    // The controls: another network, another user of the same one, and the same after the delay.
    sign_in(&app, "198.51.100.1", "boss", PASSWORD).await.ok(201);
    sign_in(&app, "192.0.2.1", "clerk", PASSWORD).await.ok(201);
    clock.set(clock.now() + TimeDelta::seconds(1));
    sign_in(&app, "192.0.2.1", "boss", PASSWORD).await.ok(201);
}

#[tokio::test]
async fn two_hundred_guesses_at_once_get_no_further() {
    let clock = Clock::fixed(Utc::now());
    let app = office(&clock).await;
    let guesses =
        (0..200).map(|n| {
            let app = &app;
            async move {
                sign_in(app, "192.0.2.1", "boss", &format!("guess number {n:09}")).await.status
            }
        });
    let statuses = futures_util::future::join_all(guesses).await;
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(looked_at, 5, "{statuses:?}");
    sign_in(&app, "198.51.100.1", "boss", PASSWORD).await.ok(201);
}

#[tokio::test]
async fn a_made_up_token_costs_no_query() {
    let app = TestApp::start().await;
    world(&app.db).await;
    let path = "/v1/admin/movements";
    let ours = staff_token(&app.app.keys, "nobody's");
    app.holder_of(&ours).get(path).await.problem(401, "unauthenticated");
    app.app.db.close().await;
    for junk in ["junk", "s1.junk.junk", &"x".repeat(43), &ours[..ours.len() - 1]] {
        app.holder_of(junk).get(path).await.problem(401, "unauthenticated");
        let mut browser = app.browser();
        browser.cookies.insert("__Host-staff".to_owned(), junk.to_owned());
        assert_eq!(browser.get("/en/admin").await.status, 303, "to sign in");
    }
    // The control: one that the service has made is looked up.
    assert!(app.holder_of(&ours).get(path).await.status >= 500);
}
