//! For machines that watch the service: does it live, can it work, how busy is it.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Data,
};
use serde_json::json;

use crate::{
    db,
    domain::{Code, Detail},
    http::{problem::Problem, state::App},
};

/// The process answers.
pub async fn get_health() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": "ok" }))
}

/// The database answers with the schema that this program knows.
///
/// # Errors
/// `unavailable` while it does not.
pub async fn get_readiness(app: Data<App>) -> Result<HttpResponse, Problem> {
    db::catalogue::revision(&app.db.read).await?;
    if !app.lanes.are_open() {
        return Err(Problem::new(Code::Unavailable, Detail::BookingsNotTaken));
    }
    let body = json!({ "status": "ready" });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// OpenMetrics text for Prometheus.
pub async fn get_metrics(app: Data<App>) -> HttpResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(app.metrics.text())
}
