//! What was written down wrongly above the clinic is taken back, as far as it is still there.

use serde_json::{Value, json};

use super::verified;
use crate::support::{Client, Made, TestApp, World};

async fn world(state: i16) -> (TestApp, Made, Client) {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).doses(20).state(state).make(&app.db).await;
    let admin = app.admin().await;
    (app, made, admin)
}

async fn pool(admin: &Client, made: &Made, at: usize) -> Value {
    let path = format!("/v1/admin/pools?campaign_id={}", made.campaign_id);
    admin.get(&path).await.ok(200)["pools"][at].clone()
}

/// The last line of the journal.
async fn last(admin: &Client) -> Value {
    let lines = admin.get("/v1/admin/movements?limit=1000").await.ok(200);
    lines["movements"].as_array().unwrap().last().unwrap().clone()
}

fn correction(line: &Value) -> String {
    format!("/v1/admin/movements/{}/correction", line["movement_id"].as_str().unwrap())
}

async fn receive(admin: &Client, made: &Made, doses: i32) -> Value {
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&path, &json!({"doses": doses, "reason": "Delivery"})).await.ok(200);
    last(admin).await
}

#[tokio::test]
async fn a_wrong_receipt_is_taken_back_and_everybody_reads_it() {
    let (app, made, admin) = world(3).await;
    let receipt = receive(&admin, &made, 500).await;
    let path = correction(&receipt);
    let body = json!({"doses": 450, "reason": "Counted twice", "reason_ko": "두 번 셌습니다"});
    let corrected = admin.post(&path, &body).await.ok(200);
    assert_eq!((&corrected["doses"], &corrected["left"]), (&json!(450), &json!(50)));
    assert_eq!(corrected["pools"][0]["open"], 50);
    let line = last(&admin).await;
    assert_eq!(line["kind"], "correct_receipt");
    assert_eq!(line["corrects"], receipt["movement_id"]);
    assert_eq!((&line["from"], &line["to"]), (&json!("pool"), &json!("outside")));
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    assert_eq!(admin.get(&campaign).await.ok(200)["published_quota"], 80 + 50);
    let history = format!("/v1/campaigns/{}/supply/history", made.campaign_id);
    let history = app.public().get(&history).await.ok(200);
    let entry = history["entries"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&entry["event"], &entry["doses"]), (&json!("corrected"), &json!(-450)));
    assert_eq!(entry["reason_ko"], "두 번 셌습니다");
    app.refresh().await;
    let supply = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let supply = app.public().get(&supply).await.ok(200);
    assert_eq!(supply["totals"]["granted"], 80, "the board goes on");

    let more = json!({"doses": 60, "reason": "x"});
    let refused = admin.post(&path, &more).await.blames(422, "invalid_field", "doses");
    assert_eq!(refused["facts"]["doses"], 50);
    let rest = json!({"reason": "None came"});
    assert_eq!(admin.post(&path, &rest).await.ok(200)["left"], 0);
    let done = admin.post(&path, &rest).await.problem(409, "wrong_state");
    assert_eq!(done["cause"], "line_corrected");
    let own = admin.post(&correction(&line), &rest).await.problem(409, "wrong_state");
    assert_eq!(own["cause"], "line_not_correctable");
    verified(&app).await;
}

#[tokio::test]
async fn only_what_is_still_there_is_taken_back_and_the_rest_is_told_of() {
    let (app, made, admin) = world(3).await;
    let receipt = receive(&admin, &made, 500).await;
    let province = pool(&admin, &made, 1).await;
    let to = province["pool_id"].clone();
    let nation = format!("/v1/admin/pools/{}", made.nation);
    let body = json!({"doses": 400, "reason": "x", "to_pool_id": to});
    admin.post(&format!("{nation}/transfers"), &body).await.ok(200);
    let transfer = last(&admin).await;
    admin.post(&format!("{nation}/losses"), &json!({"doses": 30, "reason": "x"})).await.ok(200);
    let loss = last(&admin).await;

    let all = json!({"reason": "It never came"});
    let refused = admin.post(&correction(&receipt), &all).await.problem(409, "not_enough_doses");
    assert_eq!(refused["cause"], "doses_gone");
    let facts = &refused["facts"];
    assert_eq!(
        (&facts["open"], &facts["lost"], &facts["granted"]),
        (&json!(70), &json!(30), &json!(0))
    );
    assert_eq!(facts["went"][0]["pool_id"], to);
    assert_eq!(facts["went"][0]["doses"], 480);
    let text = refused["detail"].as_str().unwrap();
    assert!(text.starts_with("The nation's pool (number"), "{text}");
    assert!(text.contains("480 went to the pool of Region P1"), "{text}");

    // Doses of an allocation come back to its pool, then up, then the receipt goes.
    let sent = admin.post(&correction(&transfer), &all).await.ok(200);
    assert_eq!((&sent["doses"], &sent["pools"][1]["open"]), (&json!(400), &json!(470)));
    assert_eq!(last(&admin).await["kind"], "send_back");
    let found = admin.post(&correction(&loss), &all).await.ok(200);
    assert_eq!((&found["pools"][0]["open"], &found["pools"][0]["lost"]), (&json!(500), &json!(0)));
    assert_eq!(last(&admin).await["kind"], "correct_loss");
    let gone = admin.post(&correction(&receipt), &all).await.ok(200);
    assert_eq!((&gone["pools"][0]["received"], &gone["pools"][0]["open"]), (&json!(80), &json!(0)));
    app.refresh().await;
    verified(&app).await;
}

#[tokio::test]
async fn nothing_is_corrected_into_what_is_promised_or_without_a_quota() {
    let (app, made, admin) = world(3).await;
    let lines = admin.get("/v1/admin/movements?limit=1000").await.ok(200);
    let lines = lines["movements"].as_array().unwrap();
    let of = |kind: &str| lines.iter().find(|line| line["kind"] == kind).unwrap();
    let all = json!({"reason": "x"});
    let refused = admin.post(&correction(of("receive")), &all).await;
    assert_eq!(refused.problem(409, "not_enough_doses")["facts"]["went"][0]["doses"], 80);
    let refused = admin.post(&correction(of("pass_on")), &all).await;
    let refused = refused.problem(409, "not_enough_doses");
    assert_eq!((&refused["facts"]["granted"], &refused["facts"]["open"]), (&json!(80), &json!(0)));
    let refused = admin.post(&correction(of("grant")), &all).await.problem(409, "wrong_state");
    assert_eq!(refused["cause"], "line_not_correctable");
    for id in ["1-1", "x"] {
        let path = format!("/v1/admin/movements/{id}/correction");
        let refused = admin.post(&path, &all).await.problem(404, "not_found");
        assert_eq!(refused["detail"], format!("There is no line of the journal {id}."));
    }
    // Everything back, and the first receipt would leave nothing of the published quota.
    for allocation in &made.allocations {
        let path = format!("/v1/admin/allocations/{}/retractions", allocation.allocation_id);
        admin.post(&path, &json!({"doses": 20, "reason": "x"})).await.ok(200);
    }
    admin.post(&correction(of("pass_on")), &all).await.ok(200);
    let refused = admin.post(&correction(of("receive")), &all).await.problem(409, "wrong_state");
    assert_eq!(refused["cause"], "quota_gone");
    let part = json!({"doses": 70, "reason": "x"});
    admin.post(&correction(of("receive")), &part).await.ok(200);
    verified(&app).await;
}

#[tokio::test]
async fn a_receipt_of_a_draft_goes_without_a_word_to_the_public() {
    let (app, made, admin) = world(1).await;
    let receipt = receive(&admin, &made, 500).await;
    admin.post(&correction(&receipt), &json!({"reason": "x"})).await.ok(200);
    let told: i64 =
        sqlx::query_scalar("select count(*) from supply_history").fetch_one(&app.db).await.unwrap();
    assert_eq!(told, 0);
    verified(&app).await;
}

#[tokio::test]
async fn two_corrections_at_once_take_no_more_than_the_line_had() {
    let (app, made, admin) = world(3).await;
    let receipt = receive(&admin, &made, 50).await;
    receive(&admin, &made, 50).await;
    let path = correction(&receipt);
    let all = json!({"doses": 50, "reason": "x"});
    let both = tokio::join!(admin.post(&path, &all), admin.post(&path, &all));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(pool(&admin, &made, 0).await["open"], 50, "the second receipt is untouched");
    verified(&app).await;
}

#[tokio::test]
async fn doses_move_down_up_and_across() {
    let (app, made, admin) = world(3).await;
    receive(&admin, &made, 500).await;
    let id = async |at| pool(&admin, &made, at).await["pool_id"].clone();
    let (nation, one, two) = (id(0).await, id(1).await, id(2).await);
    let transfer = async |from: &Value, to: &Value, doses: i32| {
        let body = json!({"doses": doses, "reason": "x", "to_pool_id": to});
        admin.post(&format!("/v1/admin/pools/{from}/transfers"), &body).await
    };
    transfer(&nation, &one, 100).await.ok(200);
    let across = transfer(&one, &two, 40).await.ok(200);
    assert_eq!((&across["from"]["open"], &across["to"]["open"]), (&json!(60), &json!(40)));
    let up = transfer(&two, &nation, 10).await.ok(200);
    assert_eq!((&up["from"]["received"], &up["to"]["open"]), (&json!(30), &json!(410)));
    let refused = transfer(&one, &two, 70).await.problem(409, "not_enough_doses");
    assert_eq!(refused["facts"]["pools"][0]["pool_id"], one);
    assert_eq!(refused["facts"]["pools"][1]["doses"], 410, "the nation's has some");
    let refused = transfer(&one, &json!(999), 10).await.blames(422, "invalid_field", "to_pool_id");
    assert_eq!(refused["detail"], "There is no pool 999.");
    let refused = transfer(&json!(999), &one, 10).await.problem(404, "not_found");
    assert_eq!(refused["detail"], "There is no pool 999.");
    let itself = transfer(&one, &one, 10).await;
    assert_eq!(itself.blames(422, "invalid_field", "to_pool_id")["cause"], "pool_not_beside");
    app.refresh().await;
    verified(&app).await;
}
