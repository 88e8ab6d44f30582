//! Signing out: on this device, and on all.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use dosebook::{
    clock::Clock,
    domain::{PersonId, session::citizen_token},
};
use sqlx::query_scalar;
use uuid::Uuid;

use crate::support::{Client, Made, TestApp, World};

/// A service whose clock stands still, and two people of its register.
async fn two_people() -> (TestApp, Made, Clock) {
    let clock = Clock::fixed(Utc::now().trunc_subsecs(0));
    let app = TestApp::with().clock(clock.clone()).start().await;
    let made = World::new().people(2).make(&app.db).await;
    (app, made, clock)
}

/// The session that a person opened so many seconds ago.
fn device(app: &TestApp, person: impl Into<PersonId>, seconds_ago: i64) -> Client {
    let opened_at = app.app.clock.now() - TimeDelta::seconds(seconds_ago);
    let expires_at = opened_at + TimeDelta::hours(12);
    app.holder_of(&citizen_token(&app.app.keys, person.into(), expires_at))
}

async fn is_in(client: &Client) -> bool {
    let answer = client.get("/v1/me").await;
    if answer.status == 200 {
        return true;
    }
    answer.problem(401, "unauthenticated");
    false
}

async fn rows(app: &TestApp) -> i64 {
    query_scalar("select count(*) from ended_session").fetch_one(&app.db).await.expect("a count")
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let (app, made, _) = two_people().await;
    let person = &made.people[0];
    let (phone, tablet) = (device(&app, person, 60), device(&app, person, 30));
    let neighbour = device(&app, &made.people[1], 60);
    assert!(is_in(&phone).await, "the control");
    phone.delete("/v1/auth/sessions").await.ok(204);
    assert!(!is_in(&phone).await);
    let booking = made.booking(made.slot(0, 2, 0));
    phone.put_booking(Uuid::now_v7(), &booking).await.problem(401, "unauthenticated");
    phone.delete("/v1/auth/sessions").await.problem(401, "unauthenticated");
    assert!(is_in(&tablet).await && is_in(&neighbour).await);
    tablet.put_booking(Uuid::now_v7(), &booking).await.ok(201);
}

#[tokio::test]
async fn signing_out_everywhere_ends_what_was_opened_until_then() {
    let (app, made, clock) = two_people().await;
    let person = &made.people[0];
    let (phone, tablet) = (device(&app, person, 60), device(&app, person, 0));
    let neighbour = device(&app, &made.people[1], 60);
    phone.delete("/v1/me/sessions").await.ok(204);
    assert!(!is_in(&phone).await && !is_in(&tablet).await);
    assert!(is_in(&neighbour).await, "somebody else");
    clock.set(clock.now() + TimeDelta::seconds(1));
    assert!(is_in(&device(&app, person, 0)).await, "who signs in again is in");
    assert!(!is_in(&tablet).await);
}

#[tokio::test]
async fn other_processes_hear_of_it_and_none_forgets() {
    let (app, made, _) = two_people().await;
    let other = app.another().await;
    let person = &made.people[0];
    let (phone, tablet) = (device(&app, person, 60), device(&app, person, 30));
    let (phone_there, tablet_there) = (phone.clone().at(&other.url), tablet.clone().at(&other.url));
    assert!(is_in(&phone_there).await, "the control");
    phone.delete("/v1/auth/sessions").await.ok(204);
    let heard = async { while is_in(&phone_there).await {} };
    tokio::time::timeout(Duration::from_secs(30), heard).await.expect("the others hear of it");
    assert!(is_in(&tablet_there).await);
    tablet.delete("/v1/me/sessions").await.ok(204);
    let third = app.another().await;
    assert!(!is_in(&phone.at(&third.url)).await, "one that starts later");
    assert!(!is_in(&tablet.at(&third.url)).await);
}

#[tokio::test]
async fn signing_out_twice_at_once_is_signing_out() {
    let (app, made, _) = two_people().await;
    let phone = device(&app, &made.people[0], 60);
    let press = |path: &'static str| {
        let phone = phone.clone();
        async move { phone.delete(path).await.status }
    };
    let presses = ["/v1/auth/sessions", "/v1/me/sessions", "/v1/auth/sessions", "/v1/me/sessions"];
    let answers = futures_util::future::join_all(presses.map(press)).await;
    assert!(answers.iter().all(|status| [204, 401].contains(status)), "{answers:?}");
    assert!(answers.contains(&204));
    assert!(!is_in(&phone).await);
}

#[tokio::test]
async fn what_would_have_expired_is_swept() {
    let (app, made, clock) = two_people().await;
    let (early, late) = (device(&app, &made.people[0], 60), device(&app, &made.people[0], 0));
    early.delete("/v1/auth/sessions").await.ok(204);
    late.delete("/v1/auth/sessions").await.ok(204);
    let sweep = || dosebook::flows::sweep::sweep(&app.app.db, &app.app.clock);
    sweep().await.expect("swept");
    assert_eq!(rows(&app).await, 2, "the control");
    clock.set(clock.now() + TimeDelta::hours(12) - TimeDelta::seconds(30));
    sweep().await.expect("swept");
    assert_eq!(rows(&app).await, 1);
    assert!(!is_in(&late).await);
    clock.set(clock.now() + TimeDelta::seconds(31));
    sweep().await.expect("swept");
    assert_eq!(rows(&app).await, 0);
    assert!(!is_in(&late).await, "expired by itself");
}

#[tokio::test]
async fn nobody_signs_out_whom_they_are_not() {
    let (app, made, _) = two_people().await;
    for path in ["/v1/auth/sessions", "/v1/me/sessions"] {
        app.public().delete(path).await.problem(401, "unauthenticated");
        let staff = app.staff(made.clinics[0]).await;
        staff.delete(path).await.problem(401, "unauthenticated");
        let far: DateTime<Utc> = app.app.clock.now() + TimeDelta::hours(12);
        let token = citizen_token(&dosebook::domain::keys::Keys::new(&[8; 32]), PersonId(1), far);
        app.holder_of(&token).delete(path).await.problem(401, "unauthenticated");
    }
    assert_eq!(rows(&app).await, 0);
}
