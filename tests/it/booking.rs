//! Bookings one by one: made, repeated, read, cancelled.

use serde_json::json;
use uuid::Uuid;

use crate::support::{TestApp, World, make};

#[tokio::test]
async fn a_booking_is_made_seen_and_cancelled() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let id = Uuid::now_v7();
    let slot = made.slot(0, 4, 0);
    let booked = citizen.put_booking(id, &made.booking(slot)).await;
    assert_eq!(booked.header("location"), format!("/v1/bookings/{id}"));
    let booked = booked.ok(201);
    assert_eq!(booked["state"], "booked");
    assert_eq!(booked["starts_at"], json!(slot.starts_at));
    let seen = citizen.get(&format!("/v1/bookings/{id}")).await.ok(200);
    let list = citizen.get("/v1/bookings").await.ok(200);
    assert_eq!(list["bookings"], json!([seen]));
    for (member, value) in booked.as_object().expect("a booking") {
        assert_eq!(seen[member], *value, "{member} is the same when it is looked at again");
    }

    let cancelled = citizen.delete_booking(id).await.ok(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(citizen.delete_booking(id).await.ok(200), cancelled, "twice is once");
    let again = citizen.put_booking(id, &made.booking(slot)).await.ok(200);
    assert_eq!(again["state"], "cancelled", "a used id tells how its booking stands");
    citizen.put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
}

#[tokio::test]
async fn bookings_are_listed_a_page_at_a_time_and_none_is_left_out() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let [citizen, other] = [0, 1].map(|n| app.citizen(&made.people[n]));
    let body = made.booking(made.slot(0, 4, 0));
    let mut ids = Vec::new();
    for _ in 0..5 {
        let id = Uuid::now_v7();
        citizen.put_booking(id, &body).await.ok(201);
        citizen.delete_booking(id).await.ok(200);
        ids.insert(0, id.to_string());
    }
    let (mut listed, mut path) = (Vec::new(), "/v1/bookings?limit=2".to_owned());
    loop {
        let page = citizen.get(&path).await.ok(200);
        let bookings = page["bookings"].as_array().unwrap();
        listed.extend(bookings.iter().map(|one| one["booking_id"].as_str().unwrap().to_owned()));
        let Some(after) = page["next_after"].as_str() else { break };
        path = format!("/v1/bookings?limit=2&after={after}");
    }
    assert_eq!(listed, ids);
    let unknown = format!("/v1/bookings?after={}", Uuid::now_v7());
    citizen.get(&unknown).await.problem(422, "invalid_field");
    let foreign = format!("/v1/bookings?after={}", ids[0]);
    other.get(&foreign).await.problem(422, "invalid_field");
}

#[tokio::test]
async fn a_cancelled_dose_goes_back_to_everybody() {
    let app = TestApp::start().await;
    let made = World::new().doses(1).make(&app.db).await;
    let [first, second] = [0, 1].map(|n| app.citizen(&made.people[n]));
    let body = made.booking(made.slot(0, 4, 0));
    let id = Uuid::now_v7();
    first.put_booking(id, &body).await.ok(201);
    second.put_booking(Uuid::now_v7(), &body).await.problem(409, "doses_exhausted");
    first.delete_booking(id).await.ok(200);
    second.put_booking(Uuid::now_v7(), &body).await.ok(201);
}

#[tokio::test]
async fn a_dose_cancelled_late_is_spare() {
    let app = TestApp::start().await;
    // Tomorrow's slots start within the hours in which a cancelled dose is spare.
    let made = World::new().doses(1).cancel_until_hours(72).make(&app.db).await;
    let [first, second] = [0, 1].map(|n| app.citizen(&made.people[n]));
    let body = made.booking(made.slot(0, 1, 0));
    let id = Uuid::now_v7();
    first.put_booking(id, &body).await.ok(201);
    first.delete_booking(id).await.ok(200);
    second.put_booking(Uuid::now_v7(), &body).await.problem(409, "doses_exhausted");
    let allocation = made.allocation(0, 1).allocation_id.0;
    let buckets: (i32, i32, i32) =
        sqlx::query_as("select open, booked, spare from allocation where allocation_id = $1")
            .bind(allocation)
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(buckets, (0, 0, 1));
}

#[tokio::test]
async fn one_dose_per_person() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0))).await.ok(201);
    let other = made.booking(made.slot(1, 2, 0));
    citizen.put_booking(Uuid::now_v7(), &other).await.problem(409, "already_booked");
}

#[tokio::test]
async fn an_id_belongs_to_one_request() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let [first, second] = [0, 1].map(|n| app.citizen(&made.people[n]));
    let id = Uuid::now_v7();
    let body = made.booking(made.slot(0, 1, 0));
    first.put_booking(id, &body).await.ok(201);
    let other = made.booking(made.slot(0, 1, 1));
    first.put_booking(id, &other).await.problem(422, "booking_id_reused");
    second.put_booking(id, &body).await.problem(422, "booking_id_reused");
    first.put_booking(id, &body).await.ok(200);
}

#[tokio::test]
async fn another_persons_booking_looks_like_none() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let [owner, stranger] = [0, 1].map(|n| app.citizen(&made.people[n]));
    let id = Uuid::now_v7();
    owner.put_booking(id, &made.booking(made.slot(0, 1, 0))).await.ok(201);
    let foreign = stranger.get(&format!("/v1/bookings/{id}")).await.problem(404, "not_found");
    let unknown = format!("/v1/bookings/{}", Uuid::now_v7());
    assert_eq!(foreign, stranger.get(&unknown).await.problem(404, "not_found"));
    stranger.delete_booking(id).await.problem(404, "not_found");
    let bookings = stranger.get("/v1/bookings").await.ok(200);
    assert_eq!(bookings, json!({"bookings": [], "next_after": null}));
    owner.get(&format!("/v1/bookings/{id}")).await.ok(200);
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let good = made.booking(made.slot(0, 1, 0));
    for (field, id) in [("slot_id", i64::MAX), ("slot_id", 0), ("campaign_id", 99)] {
        let mut body = good.clone();
        body[field] = json!(id);
        citizen.put_booking(Uuid::now_v7(), &body).await.blames(422, "invalid_field", field);
    }
    let mut body = good.clone();
    body["product_id"] = json!(99);
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(403, "not_eligible");
    citizen.put_booking(Uuid::now_v7(), &good).await.ok(201);
}

#[tokio::test]
async fn a_closed_or_begun_slot_takes_nobody() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let body = made.booking(made.slot(0, 1, 0));
    let slot = made.slot(0, 1, 0).slot_id.0;
    let set = async |sql: &'static str| {
        sqlx::query(sql).bind(slot).execute(&app.db).await.unwrap();
    };
    set("update slot set is_closed = true where slot_id = $1").await;
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(409, "slot_closed");
    set("update slot set is_closed = false,
             starts_at = clock_timestamp() - interval '1 minute' where slot_id = $1")
    .await;
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(409, "slot_closed");
    set("update slot set starts_at = clock_timestamp() + interval '1 minute'
         where slot_id = $1")
    .await;
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
}
