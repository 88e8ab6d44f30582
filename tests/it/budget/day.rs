//! A clinic's days: accounted for, closed and opened again, with few people and with several.

use reqwest::Method;
use serde_json::json;
use sqlx::query;
use uuid::Uuid;

use super::{Body, Recorder};
use crate::support::Client;

pub async fn tell(recorder: &mut Recorder, admin: &Client) {
    let made = recorder.made.clone();
    for (day, people) in [(3, 30..31), (4, 31..36)] {
        for person in people {
            let body = made.booking(made.slot(1, day, 0));
            let citizen = recorder.app.citizen(&made.people[person]);
            citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
        }
        let allocation = made.allocation(1, day);
        let to = format!("(now() at time zone 'Asia/Seoul')::date - {day}");
        for sql in [
            format!(
                "update slot set on_date = {to}, starts_at = starts_at - interval '40 days',
                     ends_at = ends_at - interval '40 days' where on_date = $1 and clinic_id = $2"
            ),
            format!("update allocation set on_date = {to} where on_date = $1 and clinic_id = $2"),
        ] {
            let moved = query(sqlx::AssertSqlSafe(sql)).bind(allocation.on_date);
            moved.bind(made.clinics[1].0).execute(&recorder.app.db).await.unwrap();
        }
        let date: chrono::NaiveDate =
            sqlx::query_scalar("select on_date from allocation where allocation_id = $1")
                .bind(allocation.allocation_id.0)
                .fetch_one(&recorder.app.db)
                .await
                .unwrap();
        let path = |rest: &str| format!("/v1/clinics/{}/days/{date}{rest}", made.clinics[1]);
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
