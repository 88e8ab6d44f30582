//! One line and one count per answer. Paths are logged as patterns: an id in a path can point at a
//! person.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
    middleware::Next,
    web::Data,
};

use crate::{http::state::App, telemetry::AnswerLabel};

/// Counts the answer, and logs it: failures of ours as warnings, the rest for whoever asks for
/// debug. A 503 is only counted: in a crowd there are thousands a second, and what made the service
/// say it has its own line.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn answer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let app = request.app_data::<Data<App>>().cloned();
    let method = static_method(request.method());
    let response = next.call(request).await?;
    if let Some(app) = app {
        // The pattern is put together anew each time, so only for a line that is written.
        let route = || response.request().match_pattern().unwrap_or_else(|| "(none)".to_owned());
        note(&app, method, response.status(), route);
    }
    Ok(response)
}

/// Counts an answer and logs it; `route` must name nobody.
pub fn note(app: &App, method: &'static str, status: StatusCode, route: impl FnOnce() -> String) {
    let status = status.as_u16();
    app.metrics.answers.get_or_create(&AnswerLabel { method, status }).inc();
    if status >= 500 && status != 503 {
        tracing::warn!(method, route = route(), status, "answered");
    } else {
        tracing::debug!(method, route = route(), status, "answered");
    }
}

fn static_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
