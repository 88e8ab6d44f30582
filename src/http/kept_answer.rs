//! How kept answers are found and kept: by path and query, word for word.

use std::sync::Arc;

use actix_http::{Request, Response};
use actix_web::{
    HttpMessage, HttpRequest,
    http::{Method, Uri, header::COOKIE},
    web::Bytes,
};

use super::{
    answer_cache::{Answer, Whom},
    negotiate,
    state::App,
};
use crate::board::snapshot::Snapshot;

/// Paths of which an answer may be kept.
const PATHS: [&str; 4] = ["/v1/campaigns/", "/v1/clinics/", "/en/campaigns/", "/ko/campaigns/"];

/// The kept answer to a plain GET, whatever its query.
pub fn find(app: &App, request: &Request) -> Option<Response<Bytes>> {
    if !PATHS.iter().any(|path| request.path().starts_with(path)) {
        return None;
    }
    let headers = request.headers();
    let asked = (target(request.uri())?, negotiate::coding_once(headers));
    let found = app.kept.find(&app.board.now(), asked, app.clock.now())?;
    if found.whom == Whom::Strangers && headers.contains_key(COOKIE) {
        return None;
    }
    Some(found.response(headers, &app.site))
}

/// The answer that is kept for this path and query, whoever it is kept for: for a handler that has
/// seen that whoever asks may have it, and whatever they have asked for.
pub fn find_other(app: &App, request: &HttpRequest, target: &str) -> Option<Response<Bytes>> {
    let asked = (target, negotiate::coding_once(request.headers()));
    let found = app.kept.find(&app.board.now(), asked, app.clock.now())?;
    Some(found.response(request.headers(), &app.site))
}

/// Answers, and keeps the answer if it is of the snapshot that the board has.
pub fn send(
    app: &App,
    request: &HttpRequest,
    of: &Arc<Snapshot>,
    answer: Answer,
) -> Response<Bytes> {
    match target(request.uri()) {
        Some(target) => send_at(app, request, (of, target), answer),
        None => answer.response(request.headers(), &app.site),
    }
}

/// The same, and keeps it for those who ask for this path and query.
pub fn send_at(
    app: &App,
    request: &HttpRequest,
    (of, target): (&Arc<Snapshot>, &str),
    answer: Answer,
) -> Response<Bytes> {
    let response = answer.response(request.headers(), &app.site);
    if request.method() == Method::GET && Arc::ptr_eq(of, &app.board.now()) {
        app.kept.keep(of, target, Arc::new(answer));
    }
    response
}

fn target(uri: &Uri) -> Option<&str> {
    uri.path_and_query().map(|whole| whole.as_str())
}
