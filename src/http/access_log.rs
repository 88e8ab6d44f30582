//! One count per answer, a line where it matters, and one span per request with its id. Paths are
//! logged as patterns: an id in a path can point at a person.

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{HeaderValue, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    web::Data,
};
use tracing::Instrument;
use uuid::Uuid;

use super::{problem, request_id};
use crate::{http::state::App, telemetry::AnswerLabel};

/// Gives the request an id, a span around all that it causes, and the header that tells the id.
/// Then writes the problem document, if the answer is one, counts the answer, and logs it: failures
/// of ours as warnings, the rest as debug. A 503 is only counted: under load there are thousands a
/// second, and what caused them has its own line.
///
/// The span has no route, because putting the pattern together costs more than the span; the line
/// "answered" of the same id has it.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn answer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, String>>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        let response = next.call(request).await?;
        return Ok(response.map_body(|_, body| EitherBody::left(body)));
    };
    let method = static_method(request.method());
    let id = app.request_ids.next();
    // For who follows a request through its flows: at debug, because a span of each booking would
    // cost more than anything else that is done here. What must be read at any time has the id.
    let span = tracing::debug_span!("request", %id, method);
    let response = next.call(request).instrument(span).await?;
    let mut response = problem::in_language(response, id, || app.seconds_until_again())?;
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, header_value(id));
    // Nothing is taken for something else than it is said to be.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let route = || response.request().match_pattern().unwrap_or_else(|| "(none)".to_owned());
    note(&app, (method, Some(id)), response.status(), route);
    Ok(response)
}

/// Counts an answer and logs it; `route` must name nobody.
pub fn note(
    app: &App,
    (method, id): (&'static str, Option<Uuid>),
    status: StatusCode,
    route: impl FnOnce() -> String,
) {
    let status = status.as_u16();
    app.metrics.answers.get_or_create(&AnswerLabel { method, status }).inc();
    // The pattern of a route is put together anew each time, so only for a line that is written.
    let request_id = id.map(tracing::field::display);
    if status >= 500 && status != 503 {
        tracing::warn!(request_id, method, route = route(), status, "answered");
    } else {
        tracing::debug!(request_id, method, route = route(), status, "answered");
    }
}

fn header_value(id: Uuid) -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let text = id.hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).unwrap_or_else(|_impossible| HeaderValue::from_static(""))
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
