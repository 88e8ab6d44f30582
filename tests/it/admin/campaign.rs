//! Campaigns: their fields, their window, the steps of their life.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{db_now, patch};
use crate::support::{
    TestApp, World,
    make::{self, confirming},
};

#[tokio::test]
async fn only_administrators_may_and_the_others_learn_nothing() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let citizen = app.citizen(&made.people[0]);
    let path = format!("/v1/admin/campaigns/{}", made.campaign_id);
    for path in [path.clone(), "/v1/admin/clinics".to_owned(), "/v1/admin/movements".to_owned()] {
        staff.get(&path).await.problem(403, "forbidden");
        citizen.get(&path).await.problem(401, "unauthenticated");
        app.public().get(&path).await.problem(401, "unauthenticated");
        app.admin().await.get(&path).await.ok(200);
    }
    // Whatever the body is: it is not looked at.
    for body in [json!({ "reason": "x" }), json!({ "nonsense": 1 })] {
        staff.post(&format!("{path}/pause"), &body).await.problem(403, "forbidden");
        app.public().post(&format!("{path}/pause"), &body).await.problem(401, "unauthenticated");
    }
    let pool = format!("/v1/admin/pools/{}/receipts", made.nation);
    let body = json!({ "doses": 10, "reason": "mine" });
    staff.post(&pool, &body).await.problem(403, "forbidden");
    app.admin().await.post(&pool, &body).await.ok(200);
}

#[tokio::test]
async fn a_bad_draft_names_the_field() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let good = json!({
        "code": "next", "name": "Next", "course_id": made.course_id, "dose_number": 2,
        "opens_at": "2030-07-12T00:00:00+09:00", "closes_at": "2030-07-18T00:00:00+09:00",
        "cancel_until_hours": 24, "zone": "Asia/Seoul",
    });
    let long = "x".repeat(201);
    for (field, value) in [
        ("code", json!("Über")),
        ("name", json!("")),
        ("name", json!(long)),
        ("name", json!("a\u{0}b")),
        ("name", json!(7)),
        ("course_id", json!(999)),
        ("course_id", json!(99_999_999_999_i64)),
        ("dose_number", json!(0)),
        ("opens_at", json!("2030-02-30T00:00:00Z")),
        ("opens_at", json!("2030-07-12")),
        ("closes_at", json!("2030-07-11T15:00:00Z")),
        ("cancel_until_hours", json!(-1)),
        ("zone", json!("Asia/Atlantis")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        admin.post("/v1/admin/campaigns", &bad).await.blames(422, "invalid_field", field);
    }
    let mut unknown = good.clone();
    unknown["price"] = json!(1);
    admin.post("/v1/admin/campaigns", &unknown).await.blames(422, "unknown_field", "price");
    let drafted = admin.post("/v1/admin/campaigns", &good).await.ok(201);
    assert_eq!(drafted["opens_at"], "2030-07-11T15:00:00Z");
    assert_eq!(drafted["published_quota"], Value::Null);
    admin.post("/v1/admin/campaigns", &good).await.blames(409, "already_exists", "code");
    let path = format!("/v1/admin/campaigns/{}", drafted["campaign_id"]);
    assert_eq!(admin.get(&path).await.ok(200), drafted);
    assert_eq!(admin.get("/v1/admin/campaigns").await.ok(200)["campaigns"][1], drafted);
    for path in ["/v1/admin/campaigns/999", "/v1/admin/campaigns/x", "/v1/admin/campaigns/-1"] {
        admin.get(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_change_of_the_window_is_a_new_version_of_the_rules() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let version =
        async |body: Value| patch(&admin, &path, &body).await.ok(200)["rule_version"].clone();
    assert_eq!(version(json!({ "name": "Another name" })).await, 1);
    assert_eq!(version(json!({})).await, 1);
    assert_eq!(version(json!({ "cancel_until_hours": 12 })).await, 2);
    let later = db_now(&app).await + TimeDelta::hours(2);
    assert_eq!(version(json!({ "opens_at": later })).await, 3);
    // The booking transaction goes by the new window at once.
    let body = made.booking(made.slot(0, 1, 0));
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(403, "window_not_open");
    let earlier = db_now(&app).await - TimeDelta::hours(2);
    assert_eq!(version(json!({ "opens_at": earlier })).await, 4);
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);

    let bad = json!({ "closes_at": earlier - TimeDelta::hours(1) });
    patch(&admin, &path, &bad).await.blames(422, "invalid_field", "closes_at");
    assert_eq!(admin.get(&path).await.ok(200)["rule_version"], 4, "nothing half done");
    patch(&admin, "/v1/admin/campaigns/999", &json!({})).await.problem(404, "not_found");
}

#[tokio::test]
async fn every_step_is_public_with_its_reason() {
    let app = TestApp::start().await;
    let made = World::new().state(2).make(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let step = async |step: &str, body: Value| admin.post(&format!("{path}/{step}"), &body).await;
    let body = made.booking(made.slot(0, 1, 0));
    let citizen = app.citizen(&made.people[0]);

    step("pause", json!({ "reason": "early" })).await.problem(409, "wrong_state");
    step("publish", json!({ "reason": "again" })).await.problem(409, "wrong_state");
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(403, "window_not_open");
    assert_eq!(
        step("open", confirming(json!({ "reason": "It is time" }))).await.ok(200)["state"],
        "open"
    );
    step("open", json!({})).await.problem(409, "wrong_state");
    let paused = step("pause", json!({ "reason": "More doses are on their way" })).await.ok(200);
    assert_eq!(paused["state_reason"], "More doses are on their way");
    citizen.put_booking(Uuid::now_v7(), &body).await.problem(403, "campaign_paused");
    let resumed = step("open", json!({})).await.ok(200);
    assert_eq!((&resumed["state"], &resumed["state_reason"]), (&json!("open"), &Value::Null));
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
    step("close", json!({})).await.blames(422, "invalid_field", "reason");
    step("close", json!({ "reason": "Everybody is served" })).await.ok(200);
    step("open", json!({})).await.problem(409, "wrong_state");
    patch(&admin, &path, &json!({ "name": "x" })).await.problem(409, "wrong_state");
    let second = app.citizen(&made.people[1]);
    second.put_booking(Uuid::now_v7(), &body).await.problem(403, "window_closed");

    let history: Vec<(String, String)> = sqlx::query_as(
        "select event, reason from supply_history where reason <> 'fixture'
         order by supply_history_id",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let events: Vec<_> = history.iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(events, ["opened", "paused", "resumed", "closed"]);
    assert_eq!(history[1].1, "More doses are on their way");
    assert_eq!(history[3].1, "Everybody is served");
}

#[tokio::test]
async fn of_two_openings_at_once_one_is_refused() {
    let app = TestApp::start().await;
    let made = World::new().state(2).make(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}/open", made.campaign_id);
    let body = confirming(json!({}));
    let open = || async { admin.post(&path, &body).await.status };
    let mut statuses = Vec::from(<[u16; 4]>::from(tokio::join!(open(), open(), open(), open())));
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}
