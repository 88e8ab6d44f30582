//! The slots of a day, as they are now.

use serde_json::json;
use uuid::Uuid;

use crate::support::{TestApp, World, make};

#[tokio::test]
async fn a_day_shows_its_slots_and_its_doses() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let slot = made.slot(0, 4, 1);
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
    let path = format!(
        "/v1/clinics/{}/slots?campaign_id={}&date={}",
        slot.clinic_id, made.campaign_id, slot.on_date
    );
    // From the database: no board is asked, nothing has to be waited for.
    let day = app.public().get(&path).await.ok(200);
    assert_eq!(day["doses_open"], json!([{ "product_id": made.product_id, "open": 6 }]));
    let slots = day["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 2);
    let left: Vec<_> = slots.iter().map(|slot| slot["seats_left"].as_i64().unwrap()).collect();
    assert_eq!(left, [10, 9]);
    assert_eq!(slots[1]["slot_id"], slot.slot_id.0);
    assert_eq!(slots[1]["starts_at"], json!(slot.starts_at));
}

#[tokio::test]
async fn a_closed_slot_has_no_seats_left() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let slot = made.slot(0, 1, 0);
    let sql = "update slot set is_closed = true where slot_id = $1";
    sqlx::query(sql).bind(slot.slot_id.0).execute(&app.db).await.unwrap();
    let path = format!(
        "/v1/clinics/{}/slots?campaign_id={}&date={}",
        slot.clinic_id, made.campaign_id, slot.on_date
    );
    let day = app.public().get(&path).await.ok(200);
    let slots = &day["slots"];
    assert_eq!((&slots[0]["is_closed"], &slots[0]["seats_left"]), (&json!(true), &json!(0)));
    assert_eq!((&slots[1]["is_closed"], &slots[1]["seats_left"]), (&json!(false), &json!(10)));
}

#[tokio::test]
async fn an_unknown_clinic_and_an_unknown_campaign_look_the_same() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (clinic, campaign) = (made.clinics[0].0, made.campaign_id.0);
    let get = async |clinic: i32, campaign: i32| {
        let path = format!("/v1/clinics/{clinic}/slots?campaign_id={campaign}&date=2030-01-01");
        app.public().get(&path).await
    };
    let unknown = get(clinic + 1000, campaign).await.problem(404, "not_found");
    assert_eq!(get(clinic, campaign + 1000).await.problem(404, "not_found"), unknown);
    let empty = get(clinic, campaign).await.ok(200);
    assert_eq!((&empty["slots"], &empty["doses_open"]), (&json!([]), &json!([])), "the control");
}

#[tokio::test]
async fn a_drafts_slots_are_not_shown() {
    let app = TestApp::start().await;
    let made = World::new().state(1).make(&app.db).await;
    let path = format!(
        "/v1/clinics/{}/slots?campaign_id={}&date={}",
        made.clinics[0],
        made.campaign_id,
        made.allocation(0, 1).on_date
    );
    app.public().get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_cannot_be_asked_names_the_field() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let path = format!("/v1/clinics/{}/slots", made.clinics[0]);
    for (query, field) in [
        ("campaign_id=1", "date"),
        ("date=2030-01-01", "campaign_id"),
        ("campaign_id=1&date=2021-02-29", "date"),
        ("campaign_id=1&date=01.02.2021", "date"),
        ("campaign_id=one&date=2030-01-01", "campaign_id"),
    ] {
        let answer = app.public().get(&format!("{path}?{query}")).await;
        answer.blames(422, "invalid_field", field);
    }
    let answer = app.public().get(&format!("{path}?campaign_id=1&date=2030-01-01&hour=9")).await;
    answer.blames(422, "unknown_field", "hour");
}
