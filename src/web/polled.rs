//! Small documents that open pages ask for again and again. The browser says which one it has, and
//! gets a few bytes where that is still so.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
    },
};
use serde_json::{Map, Value, json};

use super::text::Texts;

/// Kept by this browser alone, and asked for each time.
const OWN: &str = "private, no-cache";

/// The texts of a page by their keys, and its `turn`: another turn is another page.
pub fn send(
    request: &HttpRequest,
    t: Texts,
    turn: &str,
    texts: impl FnOnce() -> Vec<(&'static str, String)>,
) -> HttpResponse {
    let tag = format!("\"{turn}.{}\"", t.tag());
    let has = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_same = has.is_some_and(|has| has.split(',').any(|one| one.trim() == tag));
    let status = if is_same { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, OWN));
    if is_same {
        return response.finish();
    }
    let mut document: Map<String, Value> =
        texts().into_iter().map(|(key, text)| (key.to_owned(), json!(text))).collect();
    document.insert("turn".to_owned(), json!(turn));
    response.json(Value::Object(document))
}
