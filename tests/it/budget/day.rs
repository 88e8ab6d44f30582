//! A clinic's days: accounted for, closed and opened again, with few people and with several.

use reqwest::Method;
use serde_json::json;
use sqlx::query;

use super::{Body, Recorder};
use crate::support::Client;

pub async fn tell(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    // Nineteen are booked at the first, and one at the other.
    for (clinic, day) in [(0, 3), (1, 4)] {
        let allocation = made.allocation(clinic, day);
        let to = format!("(now() at time zone 'Asia/Seoul')::date - {day}");
        for sql in [
            format!(
                "update slot set on_date = {to}, starts_at = starts_at - interval '40 days',
                     ends_at = ends_at - interval '40 days' where on_date = $1 and clinic_id = $2"
            ),
            format!("update allocation set on_date = {to} where on_date = $1 and clinic_id = $2"),
        ] {
            let moved = query(sqlx::AssertSqlSafe(sql)).bind(allocation.on_date);
            moved.bind(made.clinics[clinic].0).execute(&recorder.app.db).await.unwrap();
        }
        let date: chrono::NaiveDate =
            sqlx::query_scalar("select on_date from allocation where allocation_id = $1")
                .bind(allocation.allocation_id.0)
                .fetch_one(&recorder.app.db)
                .await
                .unwrap();
        let path = |rest: &str| format!("/v1/clinics/{}/days/{date}{rest}", made.clinics[clinic]);
        recorder.get(admin, &path("")).await;
        let waste = json!({
            "action": "waste", "allocation_id": allocation.allocation_id, "doses": 1, "reason": "x",
        });
        recorder.post(admin, &path("/doses"), waste).await;
        let body = json!({});
        let close = path("/close");
        recorder.send(admin, (Method::POST, &close), Body::Correction(&body)).await;
        recorder.post(admin, &path("/reopen"), json!({ "reason": "x" })).await;
    }
}
