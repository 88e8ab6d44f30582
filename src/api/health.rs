//! For machines that watch the service: does it live, can it work, how busy is it.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    web::Data,
};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    db,
    domain::{Code, Detail, Refusal},
    http::{caller::is_local, problem::Problem, state::App},
    messaging::Condition,
};

/// The board looks at the journal every second. Figures older than this are not shown to more
/// people: a balancer takes the service out.
const SNAPSHOT_AGE_MAX: Duration = Duration::from_secs(10);

/// The process answers.
pub async fn get_health() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": "ok" }))
}

/// The database answers with the schema that this program knows and takes what is written, the
/// lanes work, and the public figures are fresh.
///
/// # Errors
/// `unavailable` while one of these is not so.
pub async fn get_readiness(app: Data<App>) -> Result<HttpResponse, Problem> {
    db::catalogue::revision(&app.db.read).await?;
    app.readiness.can_write(&app.db).await?;
    if let Some(detail) = not_ready(&app, Instant::now()) {
        return Err(Problem::new(Code::Unavailable, detail));
    }
    let providers = app.providers.as_ref().map(|providers| {
        let providers = providers.health().into_iter().map(|one| ProviderView {
            name: one.name,
            channel: one.channel.name(),
            condition: match one.condition {
                Condition::Working => "working",
                Condition::Down => "down",
                Condition::Trying => "trying",
            },
        });
        MessagesView { providers: providers.collect() }
    });
    let body = ReadyView { status: "ready", messages: providers };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// What a service that is ready says of itself.
#[derive(Serialize)]
struct ReadyView {
    status: &'static str,
    /// Null where no message leaves.
    messages: Option<MessagesView>,
}

#[derive(Serialize)]
struct MessagesView {
    providers: Vec<ProviderView>,
}

/// A provider of messages. One that does not work makes the service no less ready: messages wait.
#[derive(Serialize)]
struct ProviderView {
    name: String,
    channel: &'static str,
    condition: &'static str,
}

/// What keeps the service itself from being ready at that moment.
pub fn not_ready(app: &App, now: Instant) -> Option<Detail> {
    if !app.lanes.are_open() || app.lanes.is_any_cut_off() {
        return Some(Detail::BookingsNotTaken);
    }
    if !app.sign_ins.are_open() || app.sign_ins.is_any_cut_off() {
        return Some(Detail::SignInsNotTaken);
    }
    let is_stale = app.board.age(now) > SNAPSHOT_AGE_MAX;
    is_stale.then_some(Detail::SnapshotStale { seconds_max: SNAPSHOT_AGE_MAX.as_secs() })
}

/// OpenMetrics text for Prometheus, for whoever asks on this machine and through no proxy. Others
/// ask at `--metrics-listen`, which the public does not reach.
///
/// # Errors
/// `not_found` for others.
pub async fn get_metrics(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !is_local(&request) {
        return Err(Refusal::not_found().into());
    }
    Ok(get_metrics_here(app).await)
}

/// The same for whoever reaches the address of its own.
pub async fn get_metrics_here(app: Data<App>) -> HttpResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(app.metrics.text())
}
