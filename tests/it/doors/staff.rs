//! Guessing at passwords and tokens of staff.

use chrono::{TimeDelta, Utc};
use dosebook::{
    clock::Clock,
    db::sign_in_delay::{count, was_not_looked_at},
    domain::{code_cap::Caller, session::staff_token, sign_in_delay::Try},
    flows::{
        staff_user::{self, Post},
        sweep::sweep,
    },
};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Browser, Page, TestApp, make::world};

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
    let mut looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert!((1..=5).contains(&looked_at), "{statuses:?}");
    // Where the machine was too busy for all of them, the rest comes one by one.
    loop {
        match sign_in(&app, "192.0.2.1", "boss", "one guess more").await.status {
            401 => looked_at += 1,
            429 => break,
            _ => {}
        }
        assert!(looked_at <= 5);
    }
    assert_eq!(looked_at, 5);
    sign_in(&app, "198.51.100.1", "boss", PASSWORD).await.ok(201);
}

#[tokio::test]
async fn guesses_count_in_all_processes_and_after_a_restart() {
    let clock = Clock::fixed(Utc::now());
    let one = office(&clock).await;
    let other = one.another().await;
    for username in ["boss", "nobody"] {
        for n in 0..5 {
            let app = [&one, &other][n % 2];
            let wrong = sign_in(app, "192.0.2.1", username, "wrong horse battery staple").await;
            wrong.problem(401, "wrong_credentials");
        }
        let restarted = one.another().await;
        for app in [&one, &other, &restarted] {
            let refused = sign_in(app, "192.0.2.1", username, PASSWORD).await;
            assert_eq!(refused.header("retry-after"), "1");
            refused.problem(429, "too_many_requests");
        }
    }
    // Each further one doubles the delay of all.
    clock.set(clock.now() + TimeDelta::seconds(1));
    sign_in(&other, "192.0.2.1", "boss", "one guess more").await.problem(401, "wrong_credentials");
    let refused = sign_in(&one, "192.0.2.1", "boss", PASSWORD).await;
    assert_eq!(refused.header("retry-after"), "2");
    // The controls: the owner elsewhere, and here after the delay; then all is forgotten.
    sign_in(&other, "198.51.100.1", "boss", PASSWORD).await.ok(201);
    clock.set(clock.now() + TimeDelta::seconds(2));
    sign_in(&one, "192.0.2.1", "boss", PASSWORD).await.ok(201);
    for _ in 0..5 {
        let wrong = sign_in(&other, "192.0.2.1", "boss", "wrong horse battery staple").await;
        wrong.problem(401, "wrong_credentials");
    }
}

#[tokio::test]
async fn an_address_that_tries_many_names_waits_and_what_was_right_does_not_count() {
    let clock = Clock::fixed(Utc::now());
    let app = office(&clock).await;
    for n in 0..19 {
        let wrong = sign_in(&app, "192.0.2.1", &format!("user{n}"), PASSWORD).await;
        wrong.problem(401, "wrong_credentials");
    }
    for _ in 0..3 {
        sign_in(&app, "192.0.2.1", "clerk", PASSWORD).await.ok(201);
    }
    sign_in(&app, "192.0.2.1", "user19", PASSWORD).await.problem(401, "wrong_credentials");
    let refused = sign_in(&app, "192.0.2.1", "clerk", PASSWORD).await;
    refused.problem(429, "too_many_requests");
    // The control: another address of the same network.
    sign_in(&app, "192.0.2.2", "clerk", PASSWORD).await.ok(201);
}

#[tokio::test]
async fn what_was_right_lets_the_others_of_its_address_wait_no_longer() {
    let clock = Clock::fixed(Utc::now());
    let app = office(&clock).await;
    for n in 0..20 {
        let wrong = sign_in(&app, "192.0.2.1", &format!("user{n}"), PASSWORD).await;
        wrong.problem(401, "wrong_credentials");
    }
    sign_in(&app, "192.0.2.1", "clerk", PASSWORD).await.problem(429, "too_many_requests");
    clock.set(clock.now() + TimeDelta::seconds(1));
    for _ in 0..3 {
        sign_in(&app, "192.0.2.1", "clerk", PASSWORD).await.ok(201);
    }
    sign_in(&app, "192.0.2.1", "user20", PASSWORD).await.problem(401, "wrong_credentials");
    // The control: what was wrong does.
    let refused = sign_in(&app, "192.0.2.1", "clerk", PASSWORD).await;
    assert_eq!(refused.header("retry-after"), "2");
}

#[tokio::test]
async fn who_was_let_in_and_found_no_room_may_try_again_at_once() {
    let app = TestApp::start().await;
    let (db, now) = (&app.app.db.write, Utc::now());
    let caller = Caller { address: vec![192, 0, 2, 1], network: vec![192, 0, 2] };
    for (one, seconds) in [
        (Try::new(&app.app.keys.cap, "boss", &caller), 1),
        (Try::of_known(&app.app.keys.cap, "boss", "browser"), 1),
    ] {
        for _ in 0..5 {
            assert_eq!(count(db, one, now).await.expect("counted"), None);
        }
        let must_wait = count(db, one, now).await.expect("asked").expect("the control").1;
        let later = now + TimeDelta::seconds(seconds);
        assert!((must_wait - later).abs() < TimeDelta::milliseconds(1), "{must_wait}");
        for _ in 0..3 {
            assert_eq!(count(db, one, later).await.expect("counted"), None);
            was_not_looked_at(db, one).await.expect("taken back");
        }
        assert_eq!(count(db, one, later).await.expect("counted"), None);
        let next = count(db, one, later).await.expect("asked").expect("the control").1;
        assert!(next > later + TimeDelta::milliseconds(1_900), "the delay has doubled: {next}");
    }
}

#[tokio::test]
async fn a_flood_of_guesses_leaves_few_rows() {
    let clock = Clock::fixed(Utc::now());
    let app = office(&clock).await;
    let rows = async || -> i64 {
        let rows = sqlx::query_scalar("select count(*) from code_cap").fetch_one(&app.db).await;
        rows.expect("a number")
    };
    // What cannot be a password is not counted: it costs no hash that would slow it down.
    let long = "x".repeat(4_000);
    sign_in(&app, "192.0.2.1", "boss", &long).await.problem(401, "wrong_credentials");
    assert_eq!(rows().await, 0);
    // A name in a network, and an address; both for everybody.
    for (from, username) in [("192.0.2.1", "boss"), ("192.0.2.1", "boss"), ("192.0.2.9", "who")] {
        sign_in(&app, from, username, "a guess, and wrong").await.problem(401, "wrong_credentials");
    }
    assert_eq!(rows().await, 4);
    // Who is refused writes nothing.
    for _ in 0..3 {
        sign_in(&app, "192.0.2.1", "boss", "a guess, and wrong").await;
    }
    let before: String = count_rows(&app).await;
    for _ in 0..20 {
        let refused = sign_in(&app, "192.0.2.1", "boss", "a guess, and wrong").await;
        refused.problem(429, "too_many_requests");
    }
    assert_eq!(count_rows(&app).await, before);
    clock.set(clock.now() + TimeDelta::minutes(61));
    sweep(&app.app.db, &clock).await.expect("swept");
    assert_eq!(rows().await, 0);
}

/// All counts, with the versions of their rows.
async fn count_rows(app: &TestApp) -> String {
    let sql = "select string_agg(format('%s %s %s', key, used, xmin), ', ' order by key)
               from code_cap";
    sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("the counts")
}

/// The page for signing in, filled in by a browser behind a proxy for this address.
async fn press(browser: &mut Browser, from: &str, username: &str, password: &str) -> Page {
    let page = browser.open("/en/sign-in/staff").await.ok(200);
    let form = page.form(&page.form_action("/sign-in/staff"));
    let form = form.with(&[("username", username), ("password", password)]);
    let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", from)];
    browser.submit_with(&form, &headers).await
}

#[tokio::test]
async fn whoever_has_signed_in_before_does_not_wait_for_a_guesser_beside_them() {
    let clock = Clock::fixed(Utc::now());
    let app = office(&clock).await;
    let (mut owner, mut guesser) = (app.browser(), app.browser());
    press(&mut owner, "192.0.2.1", "boss", PASSWORD).await.ok(303);
    owner.cookies.remove("__Host-staff").expect("signed in");
    for _ in 0..5 {
        press(&mut guesser, "192.0.2.1", "boss", "wrong horse battery staple").await.ok(422);
    }
    press(&mut guesser, "192.0.2.1", "boss", PASSWORD).await.ok(429);
    press(&mut owner, "192.0.2.1", "boss", PASSWORD).await.ok(303);
    // The controls: a colleague's browser is none of theirs, and they have no more tries in their
    // own than others.
    let mut colleague = app.browser();
    press(&mut colleague, "192.0.2.1", "clerk", PASSWORD).await.ok(303);
    colleague.cookies.remove("__Host-staff").expect("signed in");
    press(&mut colleague, "192.0.2.1", "boss", PASSWORD).await.ok(429);
    owner.cookies.remove("__Host-staff").expect("signed in");
    for _ in 0..5 {
        press(&mut owner, "192.0.2.1", "boss", "wrong horse battery staple").await.ok(422);
    }
    press(&mut owner, "192.0.2.1", "boss", PASSWORD).await.ok(429);
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
