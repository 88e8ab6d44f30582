//! Cohorts, tranches and products: every change is a new version, and bookings go by it at once.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::db_now;
use crate::support::{TestApp, make};

#[tokio::test]
async fn a_cohort_ends_and_another_begins_without_an_edit() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}/cohorts", made.campaign_id);
    let body = made.booking(made.slot(0, 1, 0));
    let citizen = app.citizen(&made.people[0]);

    let held = admin.get(&path).await.ok(200);
    let one = format!("{path}/{}", held["cohorts"][0]["cohort_id"]);
    assert_eq!(admin.delete(&one).await.ok(200)["rule_version"], 2);
    admin.delete(&one).await.problem(404, "not_found");
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(403, "not_eligible");
    let new = json!({ "name": "All of 1962", "born_from": "1962-01-01", "born_to": "1962-12-31" });
    let added = admin.post(&path, &new).await.ok(201);
    assert_eq!((&added["rule_version"], &added["region_id"]), (&json!(3), &Value::Null));
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
    let held = admin.get(&path).await.ok(200);
    assert_eq!(held["cohorts"].as_array().unwrap().len(), 1);

    let versions: Vec<(i32, Option<i32>)> =
        sqlx::query_as("select since_version, until_version from cohort order by cohort_id")
            .fetch_all(&app.db)
            .await
            .unwrap();
    assert_eq!(versions, [(1, Some(2)), (3, None)]);
    let explained: i32 =
        sqlx::query_scalar("select rule_version from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(explained, 3);
}

#[tokio::test]
async fn a_bad_cohort_names_the_field_and_makes_no_version() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    for (bad, field) in [
        (json!({ "name": "nobody" }), "born_from"),
        (json!({ "name": "x", "born_from": "1966-01-01", "born_to": "1962-01-01" }), "born_to"),
        (json!({ "name": "x", "born_from": "1961-02-29" }), "born_from"),
        (json!({ "name": "x", "roster_id": 999 }), "roster_id"),
        (json!({ "name": "x", "region_id": 999 }), "region_id"),
        (json!({ "name": " ", "born_from": "1962-01-01" }), "name"),
    ] {
        let answer = admin.post(&format!("{campaign}/cohorts"), &bad).await;
        answer.blames(422, "invalid_field", field);
    }
    assert_eq!(admin.get(&campaign).await.ok(200)["rule_version"], 1);
    let good = json!({ "name": "x", "region_id": made.provinces[0] });
    admin.post(&format!("{campaign}/cohorts"), &good).await.ok(201);
    admin.post("/v1/admin/campaigns/999/cohorts", &good).await.problem(404, "not_found");
    admin.get("/v1/admin/campaigns/999/cohorts").await.problem(404, "not_found");
    let foreign = "/v1/admin/campaigns/999/cohorts/1";
    admin.delete(foreign).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_tranche_opens_on_its_own_day() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}/tranches", made.campaign_id);
    let later = db_now(&app).await + TimeDelta::hours(1);
    let all = json!([9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let new = json!({ "name": "later", "birth_day_digits": all, "opens_at": later });
    let tranche = admin.post(&path, &new).await.ok(201);
    assert_eq!(tranche["birth_day_digits"], json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    let body = made.booking(made.slot(0, 1, 0));
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(403, "window_not_open");
    let one = format!("{path}/{}", tranche["tranche_id"]);
    admin.delete(&one).await.ok(200);
    admin.delete(&one).await.problem(404, "not_found");
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
    assert_eq!(admin.get(&path).await.ok(200)["tranches"], json!([]));
    for (digits, opens_at, field) in [
        (json!([10]), json!(later), "birth_day_digits"),
        (json!([]), json!(later), "birth_day_digits"),
        (json!([1]), json!(later + TimeDelta::days(365)), "opens_at"),
    ] {
        let bad = json!({ "name": "x", "birth_day_digits": digits, "opens_at": opens_at });
        admin.post(&path, &bad).await.blames(422, "invalid_field", field);
    }
}

#[tokio::test]
async fn what_a_campaign_does_not_give_any_more_cannot_be_booked() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}/products", made.campaign_id);
    let other = json!({ "code": "208", "name": "Pfizer", "doses_per_vial": 6 });
    let other = admin.post("/v1/admin/products", &other).await.ok(201)["product_id"].clone();
    let body = made.booking(made.slot(0, 1, 0));
    let citizen = app.citizen(&made.people[0]);
    let set = async |ids: Value| admin.put(&path, &json!({ "product_ids": ids })).await;

    set(json!([other])).await.ok(200);
    assert_eq!(citizen.put_booking(Uuid::now_v7(), &body).await.status, 403);
    let both = set(json!([made.product_id, other, other])).await.ok(200);
    assert_eq!(both, json!({ "product_ids": [made.product_id, other], "rule_version": 3 }));
    assert_eq!(admin.get(&path).await.ok(200), both);
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
    set(json!([])).await.blames(422, "invalid_field", "product_ids");
    set(json!([other, 999])).await.blames(422, "invalid_field", "product_ids[1]");
    assert_eq!(admin.get(&path).await.ok(200), both, "nothing half done");
}
