//! A request with a key is done once, however often it is sent.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::verified;
use crate::support::{Client, Made, TestApp, World, client::KEY};

async fn world() -> (TestApp, Made, Client) {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).doses(20).make(&app.db).await;
    let admin = app.admin().await;
    (app, made, admin)
}

async fn lines(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from movement where reason <> 'fixture'")
        .fetch_one(&app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn eight_same_receipts_at_once_are_one() {
    let (app, made, admin) = world().await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    let (key, body) = (Uuid::now_v7(), json!({"doses": 50, "reason": "Delivery 7"}));
    let answers = join_all((0..8).map(async |_| admin.post_once(key, &path, &body).await)).await;
    let answers: BTreeSet<_> = answers.into_iter().map(|one| one.ok(200).to_string()).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(lines(&app).await, 1);
    let history: i64 =
        sqlx::query_scalar("select sum(doses) from supply_history where reason = 'Delivery 7'")
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(history, 50);
    // The control: another key is another receipt.
    admin.post(&path, &body).await.ok(200);
    assert_eq!(lines(&app).await, 2);
    verified(&app).await;
}

#[tokio::test]
async fn a_receipt_needs_a_key_and_a_key_is_for_one_request() {
    let (app, made, admin) = world().await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    let body = json!({"doses": 50, "reason": "x"});
    let send = async |key: Option<&str>| {
        let request = admin.request(Method::POST, &path).json(&body);
        match key {
            Some(key) => request.header(KEY, key).send().await,
            None => request.send().await,
        }
    };
    let missing = send(None).await.blames(422, "invalid_field", KEY);
    assert_eq!(missing["cause"], "key_missing");
    for bad in ["7", "\"\"", "00000000-0000-0000-0000-000000000000"] {
        send(Some(bad)).await.blames(422, "invalid_field", KEY);
    }
    assert_eq!(lines(&app).await, 0);
    let key = Uuid::now_v7();
    let first = send(Some(&key.to_string())).await.ok(200);
    let quoted = format!("\"{key}\"");
    assert_eq!(send(Some(&quoted)).await.ok(200), first, "as the draft writes it");
    for other in [json!({"doses": 60, "reason": "x"}), json!({"doses": 50, "reason": "y"})] {
        let refused = admin.post_once(key, &path, &other).await.blames(422, "invalid_field", KEY);
        assert_eq!(refused["cause"], "key_reused");
    }
    let colleague = app.admin().await;
    colleague.post_once(key, &path, &body).await.blames(422, "invalid_field", KEY);
    assert_eq!(lines(&app).await, 1);
}

#[tokio::test]
async fn everything_that_moves_doses_is_done_once() {
    let (app, made, admin) = world().await;
    let nation = format!("/v1/admin/pools/{}", made.nation);
    admin.post(&format!("{nation}/receipts"), &json!({"doses": 500, "reason": "x"})).await.ok(200);
    let pools = format!("/v1/admin/pools?campaign_id={}", made.campaign_id);
    let pools = admin.get(&pools).await.ok(200);
    let province = pools["pools"][1]["pool_id"].clone();
    let allocation = made.allocation(0, 1);
    let id = allocation.allocation_id;
    let receipt: Value = admin.get("/v1/admin/movements?limit=1000").await.ok(200);
    let receipt = receipt["movements"].as_array().unwrap().last().unwrap()["movement_id"].clone();
    let receipt = receipt.as_str().unwrap();
    let (doses, next) = (json!({"doses": 10, "reason": "x"}), "2031-01-01");
    let requests = [
        (
            format!("{nation}/transfers"),
            json!({"doses": 90, "reason": "x", "to_pool_id": province}),
        ),
        (format!("{nation}/losses"), doses.clone()),
        (format!("/v1/admin/allocations/{id}/grants"), doses.clone()),
        (format!("/v1/admin/allocations/{id}/retractions"), doses.clone()),
        (format!("/v1/admin/movements/{receipt}/correction"), doses),
        (
            "/v1/admin/allocations".to_owned(),
            json!({
                "clinic_id": allocation.clinic_id, "campaign_id": made.campaign_id,
                "product_id": made.product_id, "on_date": next, "pool_id": province,
                "doses": 10, "reason": "x",
            }),
        ),
    ];
    let mut before = lines(&app).await;
    for (path, body) in requests {
        let key = Uuid::now_v7();
        let first = admin.post_once(key, &path, &body).await;
        assert!(first.status < 300, "{path}: {}", first.text());
        let again = admin.post_once(key, &path, &body).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
        assert_eq!(lines(&app).await, before + 1, "{path}");
        let mut other = body.clone();
        other["reason"] = json!("another");
        admin.post_once(key, &path, &other).await.blames(422, "invalid_field", KEY);
        // The control: without a key it is done again.
        admin.post(&path, &body).await;
        before = lines(&app).await;
    }
    verified(&app).await;
}

#[tokio::test]
async fn what_was_refused_is_decided_anew_and_old_keys_go() {
    let (app, made, admin) = world().await;
    let nation = format!("/v1/admin/pools/{}", made.nation);
    let (key, body) = (Uuid::now_v7(), json!({"doses": 30, "reason": "x"}));
    let losses = format!("{nation}/losses");
    admin.post_once(key, &losses, &body).await.problem(409, "not_enough_doses");
    admin.post(&format!("{nation}/receipts"), &body).await.ok(200);
    admin.post_once(key, &losses, &body).await.ok(200);
    let count = async || -> i64 {
        let sql = "select count(*) from idempotency_key";
        sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
    };
    let sweep = async || {
        let clock = &app.app.clock;
        dosebook::flows::sweep::sweep(&app.app.db, clock).await.unwrap();
    };
    sweep().await;
    assert_eq!(count().await, 2, "the control: they are young");
    sqlx::query(
        "update idempotency_key set created_at = now() - interval '31 days' where key = $1",
    )
    .bind(key)
    .execute(&app.db)
    .await
    .unwrap();
    sweep().await;
    assert_eq!(count().await, 1);
}
