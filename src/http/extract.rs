//! What comes in from outside: body, path and query, each refused as a problem document that names
//! the field when it cannot be read.

use std::{borrow::Cow, future::Ready, io};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::CONTENT_TYPE,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::{DeserializeOwned, value::MapDeserializer};
use uuid::Uuid;

use super::{
    field::Wrong,
    object::ByName,
    problem::Problem,
    query::Written,
    unread_body::{BODY_BYTES_MAX, BODY_SECONDS_MAX},
};
use crate::domain::{
    Code, Detail, Refusal,
    fact::{Expected, Sent},
};

/// Names the input as a whole where no single field is at fault.
const ALL: &str = "(all)";
/// Characters of a name that a client sent and is told of; our own are shorter.
const NAME_CHARS_MAX: usize = 100;

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
                let (sent, media_type) = (Sent::Body, "application/json".into());
                let detail = Detail::WrongMediaType { sent, media_type };
                return Err(Problem::new(Code::UnsupportedMediaType, detail));
            }
            parse(&body(payload).await?).map(Json)
        })
    }
}

/// The media type of the request's body, without its parameters.
pub fn media_type(request: &HttpRequest) -> &str {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim()
}

/// A whole body: not too long, and not waited for longer than any.
///
/// # Errors
/// `malformed_request` for one that breaks off or comes too slowly; `body_too_large`.
pub async fn body(payload: Payload) -> Result<Bytes, Problem> {
    let body = tokio::time::timeout(BODY_SECONDS_MAX, read(payload)).await;
    body.unwrap_or_else(|_| Err(malformed(Detail::TooSlow { sent: Sent::Body })))
}

async fn read(mut payload: Payload) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            tracing::debug!(%error, "a body broke off");
            malformed(broken_off(&error, Sent::Body))
        })?;
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            let bytes_max = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
            let detail = Detail::TooLarge { sent: Sent::Body, bytes_max };
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What keeps a body from being whole.
pub(super) fn broken_off(error: &PayloadError, sent: Sent) -> Detail {
    match error {
        PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            Detail::TooSlow { sent }
        }
        _ => Detail::BrokenOff { sent },
    }
}

fn malformed(detail: Detail) -> Problem {
    Problem::new(Code::MalformedRequest, detail)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let not_json = |error: &serde_json::Error| {
        let place = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
        malformed(Detail::NotJson { line: place(error.line()), column: place(error.column()) })
    };
    let value = serde_path_to_error::deserialize(ByName(&mut json)).map_err(|error| {
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
    let member = |name: String| shortened(member_of(&path, &name));
    if let Some(name) = quoted_after(message, "unknown field") {
        let refusal = Refusal::field(member(name), Detail::FieldUnknown);
        return Refusal { code: Code::UnknownField, ..refusal }.into();
    }
    if let Some(name) = quoted_after(message, "missing field") {
        return Refusal::field(member(name), Detail::FieldMissing).into();
    }
    if let Some(name) = quoted_after(message, "duplicate field") {
        return Refusal::field(member(name), Detail::FieldTwice).into();
    }
    let field = if path == "." { ALL.into() } else { Cow::Owned(shortened(path)) };
    let expected = message.rsplit_once("expected ").map(|(_, rest)| rest).unwrap_or_default();
    let expected = expected.split(" at line").next().and_then(kind);
    let impossible = || Refusal::field(field.clone(), Detail::ValueImpossible);
    expected.map_or_else(impossible, |kind| Refusal::expected(field.clone(), kind)).into()
}

/// The path of a member, where serde says at which object it stopped or at which of its members.
fn member_of(path: &str, name: &str) -> String {
    match path {
        "." | "" => name.to_owned(),
        _ if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

/// What serde expected, or one of our own types (`field::Wrong`).
fn kind(expected: &str) -> Option<Expected> {
    Some(match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => Expected::WholeNumber,
        "f64" => Expected::Number,
        "a string" => Expected::Text,
        "a sequence" => Expected::List,
        "a boolean" => Expected::Boolean,
        kind if kind.starts_with("struct ") => Expected::Object,
        kind if kind.contains("UUID") => Expected::Uuid,
        ours => return Wrong::read(ours),
    })
}

/// A name that was sent comes back as far as one who reads it may want it.
fn shortened(name: String) -> String {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        None => name,
        Some((at, _)) => format!("{}…", name.split_at(at).0),
    }
}

/// The first name in backticks of a message that begins with these words; what was sent is quoted
/// further on in serde's messages, so it cannot pass for one.
fn quoted_after(message: &str, words: &str) -> Option<String> {
    let rest = message.strip_prefix(words)?;
    rest.split('`').nth(1).map(str::to_owned)
}

/// The parameters in the path. What cannot be an id is the same as an id that does not exist.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parameters = request.match_info();
        let is_canonical = parameters.iter().all(|(_, value)| is_canonical(value));
        let path = parameters.load().ok().filter(|_| is_canonical).map(Path);
        std::future::ready(path.ok_or_else(|| Refusal::not_found().into()))
    }
}

/// Whether what stands for an id is written as ids are: one thing has one address, and no booking
/// has the id of nothing.
fn is_canonical(value: &str) -> bool {
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd = digits.len() != value.len() || (digits.len() > 1 && digits.starts_with('0'));
    let is_nil = || value.parse::<Uuid>().is_ok_and(|id| id.is_nil());
    // Nothing that names a thing needs to be escaped.
    let is_escaped = value.contains('%');
    !(is_escaped || is_number && is_odd || is_nil())
}

/// The parameters in the query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        // No database keeps it, and nobody has typed it.
        if let Some((name, _)) =
            pairs.clone().find(|(name, value)| name.contains('\0') || value.contains('\0'))
        {
            let refusal =
                Refusal::field(shortened(name.replace('\0', "")), Detail::ValueImpossible);
            return std::future::ready(Err(refusal.into()));
        }
        let pairs = MapDeserializer::<_, serde::de::value::Error>::new(
            pairs.map(|(name, value)| (name, Written(value))),
        );
        let query = serde_path_to_error::deserialize(pairs);
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
    use crate::{domain::language::Language, words};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its parsing is of interest")]
        doses: u8,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its parsing is of interest")]
    struct Kinds {
        degrees: Option<f64>,
        places: Option<Vec<Body>>,
        is_open: Option<bool>,
        name: Option<String>,
    }

    fn problem(body: &str) -> (Code, Option<Cow<'static, str>>, String) {
        let Problem { refusal, .. } = parse::<Body>(body.as_bytes()).expect_err("refused");
        let detail = words::refusal(Language::English, &refusal);
        (refusal.code, refusal.field, detail)
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
    fn a_member_of_a_member_is_named_with_its_path() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Outer {
            #[serde(rename = "inner")]
            _inner: Vec<Body>,
        }
        let blamed = |body: &str| {
            let Problem { refusal, .. } = parse::<Outer>(body.as_bytes()).expect_err("refused");
            refusal.field.expect("a field")
        };
        assert_eq!(blamed(r#"{"inner": [{"doses": 1}, {}]}"#), "inner[1].doses");
        assert_eq!(blamed(r#"{"inner": [{"doses": 1, "price": 2}]}"#), "inner[0].price");
        assert_eq!(blamed(r#"{"inner": [{"doses": 1, "doses": 2}]}"#), "inner[0].doses");
        assert_eq!(blamed(r#"{"inner": [{"doses": "x"}]}"#), "inner[0].doses");
        assert_eq!(blamed(r#"{"inner": [], "price": 1}"#), "price");
        assert_eq!(blamed("{}"), "inner");
    }

    #[test]
    fn a_long_name_comes_back_short() {
        let (code, field, detail) = problem(&format!(r#"{{"{}": 1}}"#, "x".repeat(60_000)));
        assert_eq!(code, Code::UnknownField);
        assert_eq!(field.expect("a name").chars().count(), NAME_CHARS_MAX + 1);
        assert!(detail.len() < 300, "{detail}");
    }

    #[test]
    fn an_id_is_written_in_one_way() {
        for id in ["1", "0", "7301", "2021-07-12", "01978f5e-0000-7000-8000-000000000001", "x"] {
            assert!(is_canonical(id), "{id}");
        }
        let nil = Uuid::nil().to_string();
        for id in ["01", "+1", "-1", "007", "00", "%2B1", "%31", &nil] {
            assert!(!is_canonical(id), "{id}");
        }
    }

    #[test]
    fn a_number_in_a_query_is_written_in_one_way() {
        let query = |query: &str| {
            let request = actix_web::test::TestRequest::with_uri(&format!("/?{query}"));
            let read = Query::<Body>::from_request(&request.to_http_request(), &mut Payload::None);
            read.into_inner().map(drop).map_err(|Problem { refusal, .. }| refusal)
        };
        assert_eq!(query("doses=3"), Ok(()), "the control");
        for odd in ["doses=03", "doses=%2B3", "doses=3.0", "doses=-0", "doses=", "doses=+3"] {
            let refused = query(odd).expect_err(odd);
            assert_eq!(refused.field.as_deref(), Some("doses"), "{odd}");
        }
    }

    #[test]
    fn a_list_is_not_read_by_position() {
        for body in ["[3]", " \n\t[]", r#"["Hong Gildong"]"#, "3"] {
            let detail = "The value of (all) must be an object.".to_owned();
            assert_eq!(problem(body), (Code::InvalidField, Some("(all)".into()), detail));
        }
    }

    #[test]
    fn a_field_that_is_there_twice_is_named() {
        let detail = "The field doses is there twice.".to_owned();
        let twice = (Code::InvalidField, Some("doses".into()), detail);
        assert_eq!(problem(r#"{"doses": 3, "doses": 4}"#), twice);
        let query = |query: &str| {
            let request = actix_web::test::TestRequest::with_uri(&format!("/?{query}"));
            Query::<Body>::from_request(&request.to_http_request(), &mut Payload::None).into_inner()
        };
        query("doses=3").map(drop).expect("the control");
        let Problem { refusal: refused, .. } =
            query("doses=3&doses=4").map(drop).expect_err("twice");
        assert_eq!(refused, Refusal::field("doses", Detail::FieldTwice));
    }

    #[test]
    fn what_belongs_there_is_said_in_plain_words() {
        let said = |body: &str| {
            let Problem { refusal, .. } =
                parse::<Kinds>(body.as_bytes()).map(drop).expect_err("refused");
            let said = words::refusal(Language::English, &refusal);
            said.rsplit_once(" must be ").expect("what it must be").1.to_owned()
        };
        for (body, kind) in [
            (r#"{"degrees": "x"}"#, "a number."),
            (r#"{"places": 1}"#, "a list."),
            (r#"{"places": [1]}"#, "an object."),
            (r#"{"places": [{"doses": -1}]}"#, "a whole number."),
            (r#"{"places": [{"doses": 256}]}"#, "a whole number."),
            (r#"{"is_open": 1}"#, "true or false."),
            (r#"{"name": 1}"#, "a string."),
        ] {
            assert_eq!(said(body), kind, "{body}");
        }
    }

    #[test]
    fn a_value_cannot_pass_for_a_message() {
        let (code, field, _) = problem(r#"{"doses": "unknown field `x`, duplicate field `x`"}"#);
        assert_eq!((code, field.as_deref()), (Code::InvalidField, Some("doses")));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", r#"{"doses": 3} x"#, "\u{0}"] {
            assert_eq!(problem(body).0, Code::MalformedRequest, "{body:?}");
        }
    }
}
