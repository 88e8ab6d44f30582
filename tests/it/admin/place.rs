//! Regions, clinics, their closed days and slots, vaccines, rosters and the register.

use serde_json::{Value, json};
use uuid::Uuid;

use super::patch;
use crate::support::{TestApp, make};

#[tokio::test]
async fn bad_places_name_the_field() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let clinic = json!({
        "region_id": made.districts[0], "code": "N-1", "name": "New", "zone": "Asia/Seoul",
        "address": "1 Main Street", "phone": "02-000-0000",
    });
    let product = json!({ "code": "210", "name": "AstraZeneca", "doses_per_vial": 10 });
    let with = |base: &Value, field: &str, value: Value| {
        let mut bad = base.clone();
        bad[field] = value;
        bad
    };
    for (path, body, field) in [
        ("regions", json!({ "code": "a b", "name": "x" }), "code"),
        ("regions", json!({ "code": "x", "name": "x", "parent_id": 999 }), "parent_id"),
        (
            "regions",
            json!({ "code": "x", "name": "x", "parent_id": made.districts[0] }),
            "parent_id",
        ),
        ("courses", json!({ "code": "COVID", "name": "x" }), "code"),
        ("rosters", json!({ "code": "", "name": "x" }), "code"),
        ("clinics", with(&clinic, "region_id", json!(999)), "region_id"),
        ("clinics", with(&clinic, "zone", json!("Mars")), "zone"),
        ("clinics", with(&clinic, "latitude", json!(37.5)), "latitude"),
        ("clinics", with(&clinic, "code", json!("C/1")), "code"),
        ("products", with(&product, "doses_per_vial", json!(0)), "doses_per_vial"),
        ("products", with(&product, "doses_per_vial", json!(70_000)), "doses_per_vial"),
        ("products", with(&product, "age_months_max", json!(-1)), "age_months_max"),
        ("products", with(&product, "interval_days_min", json!(-1)), "interval_days_min"),
    ] {
        let answer = admin.post(&format!("/v1/admin/{path}"), &body).await;
        answer.blames(422, "invalid_field", field);
    }
    for (path, body) in [
        ("regions", json!({ "code": "N", "name": "x", "parent_id": made.provinces[0] })),
        ("courses", json!({ "code": "flu", "name": "x" })),
        ("rosters", json!({ "code": "teachers", "name": "x" })),
        ("clinics", clinic),
        ("products", product),
    ] {
        let path = format!("/v1/admin/{path}");
        admin.post(&path, &body).await.ok(201);
        admin.post(&path, &body).await.blames(409, "already_exists", "code");
    }
}

#[tokio::test]
async fn lists_go_on_where_they_stopped() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let first = admin.get("/v1/admin/regions?limit=4").await.ok(200);
    assert_eq!(first["regions"].as_array().unwrap().len(), 4);
    let path = format!("/v1/admin/regions?limit=4&after={}", first["next_after"]);
    let rest = admin.get(&path).await.ok(200);
    assert_eq!((rest["regions"].as_array().unwrap().len(), &rest["next_after"]), (2, &Value::Null));
    let all = admin.get("/v1/admin/regions").await.ok(200);
    assert_eq!(all["regions"].as_array().unwrap().len(), 6);
    for (query, field) in [("limit=0", "limit"), ("limit=1001", "limit"), ("after=x", "after")] {
        let answer = admin.get(&format!("/v1/admin/regions?{query}")).await;
        answer.blames(422, "invalid_field", field);
    }
    let answer = admin.get("/v1/admin/regions?page=2").await;
    answer.blames(422, "unknown_field", "page");
}

#[tokio::test]
async fn a_clinic_changes_and_its_zone_while_nothing_is_booked() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/clinics/{}", made.clinics[0]);
    let changed = patch(&admin, &path, &json!({ "name": "Moved", "latitude": 35.1 })).await.ok(200);
    assert_eq!((&changed["name"], &changed["latitude"]), (&json!("Moved"), &json!(35.1)));
    assert_eq!(changed["code"], "C1");
    let slot = made.slot(0, 2, 0);
    let slots = format!("{path}/slots?date={}", slot.on_date);
    // An hour behind Seoul: each slot moves to where the next one was.
    patch(&admin, &path, &json!({ "zone": "Asia/Manila" })).await.ok(200);
    let moved = admin.get(&slots).await.ok(200)["slots"].clone();
    let later = slot.starts_at + chrono::TimeDelta::hours(1);
    assert_eq!(moved[0]["starts_at"], json!(later), "nine o'clock stays nine o'clock");
    assert_eq!(moved[0]["slot_id"], json!(slot.slot_id));
    assert_eq!(moved.as_array().map(Vec::len), Some(2));
    patch(&admin, &path, &json!({ "zone": "Asia/Seoul" })).await.ok(200);
    assert_eq!(admin.get(&slots).await.ok(200)["slots"][0]["starts_at"], json!(slot.starts_at));
    let body = made.booking(slot);
    app.citizen(&made.people[0]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let zone = patch(&admin, &path, &json!({ "zone": "Europe/Paris" })).await;
    let refused = zone.blames(422, "invalid_field", "zone");
    assert_eq!(refused["cause"], "zone_booked");
    assert_eq!(refused["facts"]["bookings"], 1);
    patch(&admin, &path, &json!({ "zone": "Asia/Seoul" })).await.ok(200);
    let nowhere = patch(&admin, &path, &json!({ "region_id": 999 })).await;
    nowhere.blames(422, "invalid_field", "region_id");
    patch(&admin, "/v1/admin/clinics/999", &json!({})).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_closed_day_takes_no_more_bookings_and_says_whom_it_meets() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let slot = made.slot(0, 2, 0);
    let body = made.booking(slot);
    app.citizen(&made.people[0]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let clinic = format!("/v1/admin/clinics/{}", slot.clinic_id);
    let path = format!("{clinic}/closures/{}", slot.on_date);

    let closed = admin.put(&path, &json!({ "reason": "Typhoon" })).await.ok(200);
    assert_eq!((&closed["slots"], &closed["live_bookings"]), (&json!(2), &json!(1)));
    let refused = app.citizen(&made.people[1]).put_booking(Uuid::now_v7(), &body).await;
    refused.problem(409, "slot_closed");
    // Slots that come later on that day are closed as well.
    let late = json!({ "starts_at": slot.starts_at + chrono::TimeDelta::hours(8),
        "ends_at": slot.starts_at + chrono::TimeDelta::hours(9), "seats": 3 });
    let added = admin.post(&format!("{clinic}/slots"), &json!({ "slots": [late] })).await.ok(201);
    assert_eq!(added["slots"][0]["is_closed"], true);
    let again = admin.put(&path, &json!({ "reason": "Still a typhoon" })).await.ok(200);
    assert_eq!(again["slots"], 3);
    let listed = admin.get(&format!("{clinic}/closures")).await.ok(200);
    assert_eq!(listed["closures"][0]["reason"], "Still a typhoon");

    assert_eq!(admin.delete(&path).await.status, 204);
    admin.delete(&path).await.problem(404, "not_found");
    app.citizen(&made.people[1]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    admin
        .put(&format!("{clinic}/closures/2021-02-29"), &json!({ "reason": "x" }))
        .await
        .problem(404, "not_found");
    let foreign = format!("/v1/admin/clinics/999/closures/{}", slot.on_date);
    admin.put(&foreign, &json!({ "reason": "x" })).await.problem(404, "not_found");
}

#[tokio::test]
async fn slots_are_added_together_or_not_at_all() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/clinics/{}/slots", made.clinics[0]);
    let at = |from: &str, to: &str, seats: i32| {
        json!({ "starts_at": format!("2030-03-04T{from}:00Z"),
            "ends_at": format!("2030-03-04T{to}:00Z"), "seats": seats })
    };
    let good = at("00:00", "01:00", 5);
    for (bad, status, code, field) in [
        (at("02:00", "02:00", 5), 422, "invalid_field", "slots[1].ends_at"),
        (at("02:00", "01:00", 5), 422, "invalid_field", "slots[1].ends_at"),
        (at("02:00", "03:00", -1), 422, "invalid_field", "slots[1].seats"),
        (at("00:00", "03:00", 5), 409, "already_exists", "slots[1].starts_at"),
    ] {
        let answer = admin.post(&path, &json!({ "slots": [good, bad] })).await;
        answer.blames(status, code, field);
    }
    let known = json!({ "starts_at": made.slot(0, 1, 0).starts_at,
        "ends_at": made.slot(0, 1, 1).starts_at, "seats": 5 });
    let answer = admin.post(&path, &json!({ "slots": [known] })).await;
    answer.blames(409, "already_exists", "slots[0].starts_at");
    admin.post(&path, &json!({ "slots": [] })).await.blames(422, "invalid_field", "slots");
    assert_eq!(admin.get(&path).await.ok(200)["slots"].as_array().unwrap().len(), 8);

    let two = json!({ "slots": [good, at("16:00", "17:00", 5)] });
    let added = admin.post(&path, &two).await.ok(201);
    assert_eq!(added["slots"][0]["on_date"], "2030-03-04");
    assert_eq!(added["slots"][1]["on_date"], "2030-03-05", "after midnight at the clinic");
    let day = admin.get(&format!("{path}?date=2030-03-05")).await.ok(200);
    assert_eq!(day["slots"], json!([added["slots"][1]]));
    admin.get("/v1/admin/clinics/999/slots").await.problem(404, "not_found");
}

#[tokio::test]
async fn seats_never_fall_below_those_taken() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let slot = made.slot(0, 1, 0);
    for person in &made.people[..3] {
        app.citizen(person).put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
    }
    let path = format!("/v1/admin/slots/{}", slot.slot_id);
    let refused = patch(&admin, &path, &json!({ "seats": 2 })).await;
    assert_eq!(refused.blames(422, "invalid_field", "seats")["taken"], 3);
    assert_eq!(patch(&admin, &path, &json!({ "seats": 3 })).await.ok(200)["seats"], 3);
    let late = app.citizen(&made.people[3]).put_booking(Uuid::now_v7(), &made.booking(slot)).await;
    late.problem(409, "seat_taken");
    patch(&admin, &path, &json!({ "seats": 4 })).await.ok(200);
    app.citizen(&made.people[3]).put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
    patch(&admin, "/v1/admin/slots/1", &json!({ "seats": 4 })).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_person_is_registered_once_and_nobody_is_listed() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let roster = json!({ "code": "nurses", "name": "Nurses" });
    let roster = admin.post("/v1/admin/rosters", &roster).await.ok(201)["roster_id"].clone();
    let good = json!({
        "name": "Kim Minji", "birth_date": "1990-02-28", "phone": "+82 10-9999-0001",
        "region_id": made.districts[0], "roster_ids": [roster, roster],
    });
    for (field, at, value) in [
        ("name", "name", json!("")),
        ("birth_date", "birth_date", json!("1990-02-29")),
        ("birth_date", "birth_date", json!("2999-01-01")),
        ("phone", "phone", json!("call me")),
        ("region_id", "region_id", json!(999)),
        ("roster_ids", "roster_ids[0]", json!([999])),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        admin.post("/v1/admin/persons", &bad).await.blames(422, "invalid_field", at);
    }
    let person = admin.post("/v1/admin/persons", &good).await.ok(201)["person_id"].clone();
    let mut same = good.clone();
    same["phone"] = json!("01099990001");
    let twice = admin.post("/v1/admin/persons", &same).await;
    assert!(!twice.text().contains("Minji"), "{}", twice.text());
    twice.problem(409, "already_exists");
    let rosters: Vec<i64> =
        sqlx::query_scalar("select person_id from roster_member").fetch_all(&app.db).await.unwrap();
    assert_eq!(json!(rosters), json!([person]));
    admin.get("/v1/admin/persons").await.problem(405, "method_not_allowed");
}
