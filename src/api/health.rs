//! For machines that watch the service: does it live, can it work, how busy is it.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Data,
};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    db,
    domain::{Code, Detail},
    http::{problem::Problem, state::App},
};

/// The board looks at the journal every second. Figures older than this are not shown to more
/// people: a balancer takes the service out.
const SNAPSHOT_AGE_MAX: Duration = Duration::from_secs(10);

/// The process answers.
pub async fn get_health() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": "ok" }))
}

/// The database answers with the schema that this program knows, the lanes work, and the public
/// figures are fresh.
///
/// # Errors
/// `unavailable` while one of these is not so.
pub async fn get_readiness(app: Data<App>) -> Result<HttpResponse, Problem> {
    db::catalogue::revision(&app.db.read).await?;
    if let Some(detail) = not_ready(&app, Instant::now()) {
        return Err(Problem::new(Code::Unavailable, detail));
    }
    let body = json!({ "status": "ready" });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// What keeps the service itself from being ready at that moment.
pub fn not_ready(app: &App, now: Instant) -> Option<Detail> {
    if !app.lanes.are_open() {
        return Some(Detail::BookingsNotTaken);
    }
    let is_stale = app.board.age(now) > SNAPSHOT_AGE_MAX;
    is_stale.then_some(Detail::SnapshotStale { seconds_max: SNAPSHOT_AGE_MAX.as_secs() })
}

/// OpenMetrics text for Prometheus.
pub async fn get_metrics(app: Data<App>) -> HttpResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(app.metrics.text())
}
