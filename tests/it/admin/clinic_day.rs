//! Doses for days that nobody could book, one by one.

use chrono::Days;
use serde_json::{Value, json};

use super::{db_now, verified};
use crate::support::{Client, Made, TestApp, World, make::ZONE};

struct Setting {
    app: TestApp,
    made: Made,
    admin: Client,
}

async fn setting() -> Setting {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).doses(20).seats(20).make(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&path, &json!({"doses": 1_000, "reason": "x"})).await.ok(200);
    Setting { app, made, admin }
}

impl Setting {
    fn body(&self, day: impl ToString) -> Value {
        json!({
            "clinic_id": self.made.clinics[0], "campaign_id": self.made.campaign_id,
            "product_id": self.made.product_id, "on_date": day.to_string(),
            "pool_id": self.made.nation, "doses": 20, "reason": "x", "channel": 2,
        })
    }
}

fn causes(answer: &Value) -> Vec<&str> {
    let warnings = answer["warnings"].as_array().unwrap().iter();
    warnings.map(|warning| warning["cause"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn past_and_closed_days_are_refused_and_seats_are_counted() {
    let setting = setting().await;
    let Setting { app, made, admin } = &setting;
    let path = "/v1/admin/allocations";
    let today = db_now(app).await.with_timezone(&ZONE).date_naive();
    let past = admin.post(path, &setting.body(today - Days::new(1))).await;
    let past = past.blames(422, "invalid_field", "on_date");
    assert_eq!((&past["cause"], &past["facts"]["today"]), (&json!("day_past"), &json!(today)));

    let day = made.allocation(0, 1).on_date;
    let fits = admin.post(path, &setting.body(day)).await.ok(201);
    assert_eq!(causes(&fits), [""; 0], "the control: 40 seats, 40 doses");
    let beyond = admin.post(path, &setting.body(day)).await.ok(200);
    assert_eq!(causes(&beyond), ["doses_beyond_seats"]);
    let warning = &beyond["warnings"][0];
    assert_eq!((&warning["field"], &warning["code"]), (&json!("doses"), &json!("not_bookable")));
    let nowhere = admin.post(path, &setting.body(today + Days::new(20))).await.ok(201);
    assert_eq!(causes(&nowhere), ["day_without_seats"]);

    let grants = format!("{path}/{}/grants", fits["allocation_id"]);
    let more = json!({"doses": 10, "reason": "x"});
    let request = admin.request(reqwest::Method::POST, &grants).header("accept-language", "ko");
    let granted = request.json(&more).send().await;
    assert_eq!(granted.header("content-language"), "ko");
    let granted = granted.ok(200);
    assert!(granted["warnings"][0]["text"].as_str().unwrap().ends_with("됩니다."), "{granted}");
    let closure = format!("/v1/admin/clinics/{}/closures/{day}", made.clinics[0]);
    admin.put(&closure, &json!({"reason": "A storm"})).await.ok(200);
    for (path, body) in [(path, setting.body(day)), (grants.as_str(), more.clone())] {
        let closed = admin.post(path, &body).await.blames(422, "invalid_field", "on_date");
        assert_eq!(closed["cause"], "day_closed");
    }
    let back = format!("{path}/{}/retractions", fits["allocation_id"]);
    admin.post(&back, &more).await.ok(200);
    verified(app).await;
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let setting = setting().await;
    let Setting { made, admin, .. } = &setting;
    let day = made.allocation(0, 1).on_date;
    for (field, noun) in [
        ("clinic_id", "clinic"),
        ("campaign_id", "campaign"),
        ("product_id", "product"),
        ("pool_id", "pool"),
    ] {
        let mut body = setting.body(day);
        body[field] = json!(999);
        let refused = admin.post("/v1/admin/allocations", &body).await;
        let refused = refused.blames(422, "invalid_field", field);
        assert_eq!(refused["detail"], format!("There is no {noun} 999."));
    }
    let more = json!({"doses": 10, "reason": "x"});
    for (path, noun) in [
        ("/v1/admin/allocations/999/grants", "allocation"),
        ("/v1/admin/allocations/999/retractions", "allocation"),
        ("/v1/admin/pools/999/receipts", "pool"),
        ("/v1/admin/pools/999/losses", "pool"),
    ] {
        let refused = admin.post(path, &more).await.problem(404, "not_found");
        assert_eq!(refused["detail"], format!("There is no {noun} 999."));
    }
}
