//! For trying dosebook out: the one-time codes that would have been sent, shown on the machine that
//! the service runs on, where its operator asked for that. The page has a listener of its own on a
//! loopback address, because a proxy in front of the service forwards whatever the service answers.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use chrono::SecondsFormat;
use serde_json::json;

use super::guard::is_own_machine;
use crate::{
    domain::{Refusal, outbox::CodeMessage},
    flows::outbox::ShownCode,
    html::escape,
    http::{problem::Problem, state::App},
    messaging::ShownText,
};

/// The codes that have not expired, newest first: a page, or JSON for who accepts only that.
///
/// # Errors
/// `not_found` for requests that come through another machine.
pub async fn get_codes(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let shown = app.shown_codes.as_ref().filter(|_| is_from_this_machine(&request));
    let shown = shown.ok_or_else(Refusal::not_found)?;
    shown.deliver(&app.db, &app.clock).await?;
    let codes = shown.list(app.clock.now());
    let texts = app.providers.as_ref().and_then(|providers| providers.local());
    let texts = texts.map(|local| local.list()).unwrap_or_default();
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if accepts_json(&request) {
        let codes: Vec<_> = codes.iter().map(|code| json!(code.message)).collect();
        return Ok(response.json(codes));
    }
    Ok(response
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .body(page(&codes, &texts)))
}

/// The peer is this machine, it is no proxy for another, and `Host` is a name of this machine: a
/// foreign page could let its own name resolve to this address (DNS rebinding).
fn is_from_this_machine(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let is_proxied = headers.contains_key(header::FORWARDED)
        || headers.contains_key(header::X_FORWARDED_FOR)
        || headers.contains_key(header::VIA);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_peer_here = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    is_peer_here && is_own_machine(host) && !is_proxied
}

fn accepts_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("json") && !accept.contains("html"))
}

fn page(codes: &[ShownCode], texts: &[ShownText]) -> String {
    let mut messages = String::new();
    for ShownText { masked_recipient, text } in texts {
        let (to, text) = (escape(masked_recipient), escape(text));
        messages.push_str(&format!("<tr><td>{to}</td><td>{text}</td></tr>\n"));
    }
    let mut rows = String::new();
    for ShownCode { message, masked_recipient } in codes {
        let CodeMessage { challenge_id, code, expires_at } = message;
        let (to, code) = (escape(masked_recipient), escape(code.as_str()));
        let until = expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let row = format!(
            "<tr><td>{code}</td><td>{to}</td><td>{until}</td><td>{challenge_id}</td></tr>\n"
        );
        rows.push_str(&row);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"refresh\" content=\"5\">\n<title>One-time codes</title>\n\
         <h1>One-time codes</h1>\n\
         <p>The codes of the last five minutes, newest first. They are not sent to anybody: this \
         service shows them on its own machine, for trying it out.</p>\n\
         <table border=\"1\" cellpadding=\"6\">\n<tr><th>Code<th>Phone<th>Valid until (UTC)\
         <th>Challenge</tr>\n{rows}</table>\n\
         <h2>Other text messages</h2>\n\
         <p>The last ones that this service would have sent, newest first.</p>\n\
         <table border=\"1\" cellpadding=\"6\">\n<tr><th>Phone<th>Text</tr>\n{messages}</table>\n\
         </html>\n",
    )
}
