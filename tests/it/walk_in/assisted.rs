//! Bookings that staff and the call centre make for a named person.

use dosebook::{domain::channel::Channel, flows::discrepancy::verify};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{add_doses, assist, assisted, buckets, call_centre};
use crate::support::{TestApp, World, make};

#[tokio::test]
async fn the_phone_channels_doses_go_first_then_those_of_everybody() {
    let app = TestApp::start().await;
    let made = World::new().cancel_until_hours(0).make(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let web = made.allocation(0, 1).allocation_id;
    let phone = add_doses(&app.db, web, (Channel::Phone, 1)).await;
    let (id, body) = (Uuid::now_v7(), assisted(&made, 0, 1));
    let booked = assist(&staff, &made, id, &body).await.ok(201);
    assert_eq!((&booked["state"], &booked["channel"]), (&json!("booked"), &json!("phone")));
    assert_eq!(buckets(&app.db, phone).await, [0, 1, 0, 0]);
    assert_eq!(assist(&staff, &made, id, &body).await.ok(200), booked, "the same again");
    let mut other = body.clone();
    other["reason"] = json!("Another");
    assist(&staff, &made, id, &other).await.problem(422, "booking_id_reused");
    assist(&staff, &made, Uuid::now_v7(), &assisted(&made, 1, 1)).await.ok(201);
    assert_eq!(buckets(&app.db, web).await, [6, 1, 0, 0]);

    // Citizens never get the phone channel's doses, and a citizen cancels what was booked for them.
    let me = app.citizen(&made.people[0]);
    me.delete_booking(id).await.ok(200);
    assert_eq!(buckets(&app.db, phone).await, [1, 0, 0, 0]);
    for person in 2..8 {
        let body = made.booking(made.slot(0, 1, 0));
        app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    }
    let body = made.booking(made.slot(0, 1, 0));
    let late = app.citizen(&made.people[8]).put_booking(Uuid::now_v7(), &body).await;
    late.problem(409, "doses_exhausted");
    assist(&staff, &made, Uuid::now_v7(), &assisted(&made, 8, 1)).await.ok(201);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn reason_consent_and_actor_are_kept() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (agent, agent_id) = app.staff_user(5, None).await;
    let id = Uuid::now_v7();
    let mut body = assisted(&made, 0, 1);
    body["consent"] = json!("representative");
    agent.put(&format!("/v1/assisted-bookings/{id}"), &body).await.ok(201);
    let step: (i16, Option<i32>, Vec<i16>, Option<String>) = sqlx::query_as(
        "select kind, staff_user_id, answers, note from visit_step where step_id = $1",
    )
    .bind(id)
    .fetch_one(&app.db)
    .await
    .unwrap();
    let note = Some("Called; has no internet".to_owned());
    assert_eq!(step, (8, Some(agent_id.0), vec![102], note));
    let line: (i16, Option<i32>) =
        sqlx::query_as("select actor_role, staff_user_id from movement where booking_id = $1")
            .bind(id)
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(line, (5, Some(agent_id.0)));
    let mine = app.citizen(&made.people[0]).get("/v1/bookings").await.ok(200);
    assert_eq!(mine["bookings"][0]["booking_id"], json!(id), "the person sees it");
}

#[tokio::test]
async fn the_same_rules_hold_as_for_citizens() {
    let app = TestApp::start().await;
    let made = World::new().seats(1).make(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let body = assisted(&made, 0, 1);
    let with = |member: &str, value: Value| {
        let mut body = body.clone();
        body[member] = value;
        body
    };
    let new = Uuid::now_v7;
    for (body, field) in [
        (with("consent", Value::Null), "consent"),
        (with("consent", json!("nobody")), "consent"),
        (with("reason", json!(" ")), "reason"),
        (with("slot_id", json!(made.slot(1, 1, 0).slot_id)), "slot_id"),
        (with("campaign_id", json!(99)), "campaign_id"),
    ] {
        assist(&staff, &made, new(), &body).await.blames(422, "invalid_field", field);
    }
    assist(&staff, &made, new(), &with("product_id", json!(99))).await.problem(403, "not_eligible");
    assist(&staff, &made, new(), &body).await.ok(201);
    assist(&staff, &made, new(), &body).await.problem(409, "already_booked");
    assist(&staff, &made, new(), &assisted(&made, 1, 1)).await.problem(409, "seat_taken");
    sqlx::query("update campaign set state = 4").execute(&app.db).await.unwrap();
    let paused = assist(&staff, &made, new(), &assisted(&made, 1, 2)).await;
    paused.problem(403, "campaign_paused");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn free_times_are_proposed_from_the_earliest_lawful_day() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let agent = call_centre(&app).await;
    let person = &made.people[0];
    let path = format!("/v1/clinics/{}/persons/{}/proposals", made.clinics[0], person.person_id);
    let found = staff.get(&path).await.ok(200);
    let proposal = &found["proposals"][0];
    assert_eq!((&proposal["eligible"], &proposal["dose_number"]), (&json!(true), &json!(1)));
    let first = &proposal["slots"][0];
    assert_eq!(first["slot_id"], json!(made.slot(0, 1, 0).slot_id), "{proposal}");
    let anywhere =
        format!("/v1/persons/{}/proposals?clinic_id={}", person.person_id, made.clinics[0]);
    assert_eq!(agent.get(&anywhere).await.ok(200), found);
    agent
        .get(&format!("/v1/persons/{}/proposals?clinic_id=99", person.person_id))
        .await
        .problem(404, "not_found");

    assist(&staff, &made, Uuid::now_v7(), &assisted(&made, 0, 1)).await.ok(201);
    let found = staff.get(&path).await.ok(200);
    let proposal = &found["proposals"][0];
    assert_eq!(proposal["reasons"][0]["code"], "already_booked", "{proposal}");
    assert_eq!(proposal["slots"], json!([]));
}
