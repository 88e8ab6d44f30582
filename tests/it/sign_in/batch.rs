//! Hundreds at once, in one batch.

use std::sync::Arc;

use super::{Stage, claim, code_counts, forgetful, known_and_unknown, statuses, try_counts};
use crate::{
    support::{Person, TestApp, World, database::TestDatabase, wire::Wire},
    web,
};

const FROM: &str = "198.51.100.1";

#[tokio::test]
async fn of_five_hundred_who_ask_for_one_person_three_get_a_code() {
    for services in [1, 2] {
        let stage = Stage::set(services, 1, TestApp::with()).await;
        for person in &known_and_unknown(&stage.made) {
            let turn = code_counts(person, FROM).person;
            let asked = (0..500).map(|n| stage.ask(n, person, FROM));
            let asked = stage.together(&turn, asked).await;
            assert_eq!((statuses(&asked, 202), statuses(&asked, 429)), (3, 497));
        }
        assert_eq!(stage.count("select count(*) from sign_in_code").await, 6);
        // Each code ends the one before, also within a batch.
        let open = "select count(*) from sign_in_code where used_at is null";
        assert_eq!(stage.count(open).await, 2);
    }
    // The control.
    let stage = Stage::set(1, 1, TestApp::with().decide_sign_ins(forgetful)).await;
    let person = &stage.made.people[0];
    let asked = (0..500).map(|n| stage.ask(n, person, FROM));
    let asked = stage.together(&code_counts(person, FROM).person, asked).await;
    assert!(statuses(&asked, 202) > 3, "{} codes", statuses(&asked, 202));
}

/// Different persons, half of them in the register.
fn crowd(made: &[Person]) -> Vec<Person> {
    let strangers = made
        .iter()
        .enumerate()
        .map(|(n, person)| Person { name: format!("Nobody {n}"), ..person.clone() });
    made.iter().cloned().zip(strangers).flat_map(|(one, other)| [one, other]).collect()
}

#[tokio::test]
async fn of_five_hundred_who_ask_from_one_address_three_hundred_get_a_code() {
    for services in [1, 2] {
        let stage = Stage::set(services, 250, TestApp::with()).await;
        let crowd = crowd(&stage.made.people);
        let turn = code_counts(&crowd[0], FROM).address;
        let asked = crowd.iter().enumerate().map(|(n, person)| stage.ask(n, person, FROM));
        let asked = stage.together(&turn, asked).await;
        assert_eq!((statuses(&asked, 202), statuses(&asked, 429)), (300, 200));
        assert_eq!(stage.count("select count(*) from sign_in_code").await, 300);
    }
    let stage = Stage::set(1, 250, TestApp::with().decide_sign_ins(forgetful)).await;
    let crowd = crowd(&stage.made.people);
    let asked = crowd.iter().enumerate().map(|(n, person)| stage.ask(n, person, FROM));
    let asked = stage.together(&code_counts(&crowd[0], FROM).address, asked).await;
    assert!(statuses(&asked, 202) > 300, "the control: {} codes", statuses(&asked, 202));
}

#[tokio::test]
async fn of_two_hundred_with_the_right_code_one_is_signed_in() {
    for services in [1, 2] {
        let stage = Stage::set(services, 1, TestApp::with()).await;
        let person = stage.made.people[0].clone();
        let (challenge, code) = stage.challenge(&person, FROM).await;
        let tries = (0..200).map(|n| stage.answer(n, &challenge, &code, FROM));
        let tried = stage.together(&code_counts(&person, FROM).person, tries).await;
        // An address has a hundred tries that come to nothing.
        let found = [201, 401, 429].map(|status| statuses(&tried, status));
        assert_eq!(found, [1, 100, 99]);
    }
    let stage = Stage::set(1, 1, TestApp::with().decide_sign_ins(forgetful)).await;
    let person = stage.made.people[0].clone();
    let (challenge, code) = stage.challenge(&person, FROM).await;
    let tries = (0..200).map(|n| stage.answer(n, &challenge, &code, FROM));
    let tried = stage.together(&code_counts(&person, FROM).person, tries).await;
    assert!(statuses(&tried, 201) > 1, "the control: {} sessions", statuses(&tried, 201));
}

#[tokio::test]
async fn of_two_hundred_wrong_tries_five_count_for_the_code_and_a_hundred_for_the_address() {
    for services in [1, 2] {
        let stage = Stage::set(services, 1, TestApp::with()).await;
        let person = stage.made.people[0].clone();
        let (challenge, code) = stage.challenge(&person, FROM).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let tries = (0..200).map(|n| stage.answer(n, &challenge, wrong, FROM));
        let turn = code_counts(&person, FROM).person;
        let tried = stage.together(&turn, tries).await;
        assert_eq!([401, 429].map(|status| statuses(&tried, status)), [100, 100]);
        let used = async |key: [u8; 16]| -> i32 {
            let sql = "select used from code_cap where key = $1";
            sqlx::query_scalar(sql).bind(key.to_vec()).fetch_one(stage.db()).await.unwrap()
        };
        let attempts = "select attempts::bigint from sign_in_code";
        assert_eq!(stage.count(attempts).await, 5);
        assert_eq!((used(turn).await, used(try_counts(FROM).address).await), (5, 100));
        // The right code does not help any more.
        let elsewhere = "203.0.113.9";
        stage.answer(0, &challenge, &code, elsewhere).await.problem(401, "wrong_credentials");
    }
}

#[tokio::test]
async fn a_code_that_a_newer_one_of_the_same_batch_has_ended_signs_nobody_in() {
    let stage = Stage::set(1, 1, TestApp::with()).await;
    let person = stage.made.people[0].clone();
    let (challenge, code) = stage.challenge(&person, FROM).await;
    let body = serde_json::json!({ "challenge_id": challenge, "code": code });
    let (claim, turn) = (claim(&person), code_counts(&person, FROM).person);
    let holder = stage.hold(&turn).await;
    let (ask, answer) = (("/v1/auth/codes", &claim), ("/v1/auth/sessions", &body));
    let release = async {
        crate::support::until(|| stage.blocked() == 2).await;
        holder.rollback().await.unwrap();
    };
    let second = async {
        crate::support::until(|| stage.blocked() == 1).await;
        stage.post(0, answer, FROM).await
    };
    let (asked, tried, ()) = tokio::join!(stage.post(0, ask, FROM), second, release);
    asked.ok(202);
    tried.problem(401, "wrong_credentials");
    // The control: alone it would have.
    let (challenge, code) = stage.challenge(&person, FROM).await;
    stage.answer(0, &challenge, &code, FROM).await.ok(201);
}

/// The statements of the batch that was decided last, after its begin: a statement of its own, or a
/// part of the commit before it.
fn decided(wire: &Wire) -> Vec<String> {
    let (mut now, mut last) = (Vec::new(), Vec::new());
    for statement in wire.take() {
        let name = statement.split("*/").next().unwrap_or_default().trim();
        let name = name.trim_start_matches("/* ").trim_start_matches("sign_in::");
        match name {
            "commit" | "commit and chain" => {
                now.push("commit".to_owned());
                last = std::mem::take(&mut now);
            }
            _ if name.starts_with("begin") => now.clear(),
            _ if name.starts_with("set local") => {}
            _ => now.push(name.to_owned()),
        }
    }
    last
}

#[tokio::test]
async fn a_batch_takes_as_many_trips_as_one_request_whoever_is_in_the_register() {
    let mut database = TestDatabase::new().await;
    let wire = Wire::before(&mut database).await;
    let app = TestApp::with().trusted_proxy("127.0.0.1").start_on(Arc::new(database)).await;
    let made = World::new().people(140).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let (known, unknown): (Vec<_>, Vec<_>) =
        crowd(&stage.made.people).chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip();
    let turn = code_counts(&known[0], FROM).address;
    for people in [&known, &unknown] {
        for people in [&people[..1], &people[1..]] {
            let asked = people.iter().enumerate().map(|(n, person)| stage.ask(n, person, FROM));
            let asked = stage.together(&turn, asked).await;
            assert_eq!(statuses(&asked, 202), people.len());
            let trips = ["take_free_turns", "codes", "counts", "holders", "write", "commit"];
            assert_eq!(decided(&wire), trips);
        }
    }
}

/// The language of the page is kept for each person who signs in there, by one trip for all.
#[tokio::test]
async fn a_batch_of_tries_takes_as_many_trips_as_one_try() {
    let mut database = TestDatabase::new().await;
    let wire = Wire::before(&mut database).await;
    let app = TestApp::with().trusted_proxy("127.0.0.1").start_on(Arc::new(database)).await;
    let made = World::new().people(40).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let (by_api, at_pages) = stage.made.people.split_at(20);
    let turn = try_counts(FROM).address;
    for people in [&by_api[..1], &by_api[1..]] {
        let mut codes = Vec::new();
        for person in people {
            codes.push(stage.challenge(person, FROM).await);
        }
        let tried = codes.iter().map(|(challenge, code)| stage.answer(0, challenge, code, FROM));
        let tried = stage.together(&turn, tried).await;
        assert_eq!(statuses(&tried, 201), people.len());
        let trips = ["owners", "take_free_turns", "codes", "counts", "write", "commit"];
        assert_eq!(decided(&wire), trips);
    }
    for people in [&at_pages[..1], &at_pages[1..]] {
        let mut presses = Vec::new();
        for person in people {
            let mut browser = stage.services[0].browser();
            let page = browser.open("/en/sign-in").await.ok(200);
            let page = browser.press(&web::claim(&page, person)).await.ok(200);
            let code = web::code_of(&stage.services[0], &page).await;
            let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
            presses.push((browser, form));
        }
        let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", FROM)];
        let tried = presses.iter_mut().map(|(browser, form)| browser.submit_with(form, &headers));
        for page in stage.together(&turn, tried).await {
            page.ok(303);
        }
        let trips =
            ["owners", "take_free_turns", "codes", "counts", "write", "set_languages", "commit"];
        assert_eq!(decided(&wire), trips);
    }
}
