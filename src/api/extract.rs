//! What comes in from outside: body, path and query, each refused as a problem document that names
//! the field when it cannot be read.

use std::{future::Ready, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::CONTENT_TYPE,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::domain::{Code, Refusal};

/// No JSON body of this API needs more.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// A body that trickles in longer than this is not waited for.
const BODY_SECONDS_MAX: Duration = Duration::from_secs(10);

/// A JSON body. Unknown members are refused if `T` denies them, as all of ours do.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = media_type(request).eq_ignore_ascii_case("application/json");
        let payload = payload.take();
        Box::pin(async move {
            if !is_json {
                let detail = "Send the body as application/json.";
                return Err(Problem::new(Code::UnsupportedMediaType, detail));
            }
            let body = tokio::time::timeout(BODY_SECONDS_MAX, read(payload))
                .await
                .unwrap_or_else(|_| Err(malformed("The body came too slowly.")))?;
            parse(&body).map(Json)
        })
    }
}

/// The media type of the request's body, without its parameters.
pub fn media_type(request: &HttpRequest) -> &str {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

async fn read(mut payload: Payload) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| malformed(format!("The body broke off: {error}.")))?;
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            let detail = format!("A body may have at most {BODY_BYTES_MAX} bytes.");
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::MalformedRequest, detail)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let not_json = |error: &serde_json::Error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        malformed(format!("The body is not one JSON value: {place}."))
    };
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        match error.inner() {
            inner if inner.is_data() => refuse(&inner.to_string(), path),
            inner => not_json(inner),
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// serde's messages can quote the value that was sent: those stay here, and the client is told
/// which field it was and what kind of value belongs there.
fn refuse(message: &str, path: String) -> Problem {
    if let Some(name) = quoted_after(message, "unknown field") {
        let detail = format!("There is no field {name} here.");
        return Refusal { code: Code::UnknownField, ..Refusal::field(name, detail) }.into();
    }
    if let Some(name) = quoted_after(message, "missing field") {
        let detail = format!("The field {name} is missing.");
        return Refusal::field(name, detail).into();
    }
    let field = if path == "." { "(all)".to_owned() } else { path };
    let expected = message.rsplit_once("expected ").map(|(_, rest)| rest).unwrap_or_default();
    let expected = expected.split(" at line").next().unwrap_or_default();
    let detail = match expected {
        "" => format!("The value of {field} is not possible."),
        kind => format!("The value of {field} must be {kind}."),
    };
    Refusal::field(field, detail).into()
}

fn quoted_after(message: &str, words: &str) -> Option<String> {
    let (_, rest) = message.split_once(words)?;
    rest.split('`').nth(1).map(str::to_owned)
}

/// The parameters in the path. What cannot be an id is the same as an id that does not exist.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let path = request.match_info().load().map(Path);
        std::future::ready(path.map_err(|_unparsable| Refusal::not_found().into()))
    }
}

/// The parameters in the query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        let query = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        let query = query.map(Query);
        std::future::ready(query.map_err(|error| {
            let path = error.path().to_string();
            refuse(&error.inner().to_string(), path)
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its parsing is of interest")]
        doses: u8,
    }

    fn problem(body: &str) -> (Code, Option<String>, String) {
        let Problem(refusal) = parse::<Body>(body.as_bytes()).expect_err("refused");
        (refusal.code, refusal.field, refusal.detail)
    }

    #[test]
    fn a_good_body_is_read() {
        parse::<Body>(br#"{"doses": 3}"#).expect("the control");
    }

    #[test]
    fn the_field_is_named_and_its_value_is_not_repeated() {
        let (code, field, detail) = problem(r#"{"doses": "Hong Gildong"}"#);
        assert_eq!((code, field.as_deref()), (Code::InvalidField, Some("doses")));
        assert!(!detail.contains("Hong"), "{detail}");
        let (code, field, _) = problem(r#"{"doses": 3, "price": 1}"#);
        assert_eq!((code, field.as_deref()), (Code::UnknownField, Some("price")));
        let (code, field, _) = problem("{}");
        assert_eq!((code, field.as_deref()), (Code::InvalidField, Some("doses")));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", r#"{"doses": 3} x"#, "\u{0}"] {
            assert_eq!(problem(body).0, Code::MalformedRequest, "{body:?}");
        }
    }
}
