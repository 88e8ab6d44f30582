//! Administrators' work on doses beside bookings: rows that bookings need come last, and what
//! cannot be had in time is answered 503.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::verified;
use crate::{
    import::lock::until_it_waits,
    support::{Client, Made, Person, TestApp, World},
};

/// A grant waits for its pool for five seconds.
const PATIENCE: Duration = Duration::from_secs(4);
const ROUNDS_MAX: usize = 5;

async fn world() -> (TestApp, Made, Client) {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().clinics(1).doses(20).seats(50).make(&app.db).await;
    let admin = app.admin().await;
    (app, made, admin)
}

async fn hold_pools(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut holder = app.db.begin().await.unwrap();
    sqlx::query("select from pool order by pool_id for no key update")
        .execute(&mut *holder)
        .await
        .unwrap();
    holder
}

/// Whether it was still waiting when somebody else had booked; false where the machine is so slow
/// that it may have given up by then. Told to try again it is in any case.
async fn waits_while_somebody_books(
    (app, made, admin): &(TestApp, Made, Client),
    verb: &str,
    person: &Person,
) -> bool {
    let allocation = made.allocation(0, 1).allocation_id;
    let path = format!("/v1/admin/allocations/{allocation}/{verb}");
    let since = Instant::now();
    let asked = tokio::spawn({
        let (admin, body) = (admin.clone(), json!({"doses": 10, "reason": "x"}));
        async move { admin.post(&path, &body).await }
    });
    until_it_waits(&app.db, "pool::lock").await;
    let free = "select allocation_id from allocation where allocation_id = $1
                for no key update skip locked";
    let free: Option<i64> =
        sqlx::query_scalar(free).bind(allocation.0).fetch_optional(&app.db).await.unwrap();
    assert_eq!(free, Some(allocation.0), "{verb}: it holds no allocation");
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let is_waiting = !asked.is_finished();
    let is_late = since.elapsed() > PATIENCE;
    assert!(is_waiting || is_late, "the control: it waits for its pool");
    let told = asked.await.unwrap();
    assert!((2..=10).contains(&told.retry_after()));
    told.problem(503, "unavailable");
    is_waiting
}

#[tokio::test]
async fn a_grant_that_waits_for_its_pool_holds_no_allocation_and_is_told_to_try_again() {
    let world = world().await;
    let (app, made, admin) = &world;
    let holder = hold_pools(app).await;
    // Nobody books twice.
    let mut people = made.people.iter();
    for verb in ["retractions", "grants"] {
        let mut rounds = people.by_ref().take(ROUNDS_MAX);
        loop {
            let person = rounds.next().expect("a machine that is fast enough");
            if waits_while_somebody_books(&world, verb, person).await {
                break;
            }
        }
    }
    holder.rollback().await.unwrap();
    let allocation = made.allocation(0, 1).allocation_id;
    let path = format!("/v1/admin/allocations/{allocation}/retractions");
    admin.post(&path, &json!({"doses": 10, "reason": "x"})).await.ok(200);
    verified(app).await;
}

/// False where the machine is so slow that the grant may have given up before the campaign was
/// paused.
async fn is_paused_meanwhile() -> bool {
    let (app, made, admin) = world().await;
    let allocation = made.allocation(0, 1).allocation_id;
    let holder = hold_pools(&app).await;
    let since = Instant::now();
    let asked = tokio::spawn({
        let admin = admin.clone();
        let path = format!("/v1/admin/allocations/{allocation}/retractions");
        async move { admin.post(&path, &json!({"doses": 10, "reason": "x"})).await }
    });
    until_it_waits(&app.db, "pool::lock").await;
    let path = format!("/v1/admin/campaigns/{}/pause", made.campaign_id);
    admin.post(&path, &json!({"reason": "A fault"})).await.ok(200);
    let is_waiting = !asked.is_finished();
    holder.rollback().await.unwrap();
    let is_late = since.elapsed() > PATIENCE;
    let answer = asked.await.unwrap();
    if is_late {
        return false;
    }
    assert!(is_waiting, "the control: it waits for its pool");
    answer.ok(200);
    verified(&app).await;
    true
}

/// The emergency brake does not wait for somebody's grant.
#[tokio::test]
async fn a_campaign_is_paused_while_a_grant_waits_for_its_pool() {
    let mut rounds = 1;
    while !is_paused_meanwhile().await {
        assert!(rounds < ROUNDS_MAX, "this machine is too slow");
        rounds += 1;
    }
}
