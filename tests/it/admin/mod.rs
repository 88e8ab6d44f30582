//! What administrators do, from outside.

mod barrier;
mod campaign;
mod check;
mod clinic_day;
mod correction;
mod dose;
mod idempotency;
mod lock;
mod lock_order;
mod mark;
mod merge;
mod merge_race;
mod movement;
mod name;
mod person;
mod place;
mod rule;
mod split;
mod story;
mod tranche;
mod user;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Client, TestApp};

async fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    client.request(Method::PATCH, path).json(body).send().await
}

async fn db_now(app: &TestApp) -> DateTime<Utc> {
    sqlx::query_scalar("select clock_timestamp()").fetch_one(&app.db).await.expect("the time")
}

/// The ledger proves itself.
async fn verified(app: &TestApp) {
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}
