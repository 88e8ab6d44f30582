//! Refusals and failures as `application/problem+json` (RFC 9457). What the client may read stands
//! in the body; what the operator must read goes to the log, once, here.
//!
//! A handler answers with a `Problem`; the body is written by `in_language`, which has the request
//! and so knows in which language.

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::{Uuid, fmt::Urn};

use super::{
    language::{accepted, mark},
    reason::{WrittenVerdict, facts},
    request_id,
};
use crate::{
    db,
    domain::{Code, Detail, Refusal, language::Language},
    flows, words,
};

/// After how many seconds a 503 or 429 may be tried again that does not say so itself.
const RETRY_AFTER_SECONDS: u64 = 1;

/// The answer to a request that was not done.
#[derive(Debug)]
pub struct Problem(pub Refusal);

/// The members of a problem document.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    /// The id of the request, as in the header and in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<Urn>,
    code: Code,
    cause: &'static str,
    facts: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[Blamed<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(flatten)]
    verdict: Option<WrittenVerdict<'a>>,
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

/// A field that is to blame.
#[derive(Serialize)]
struct Blamed<'a> {
    field: &'a str,
    detail: &'a str,
    cause: &'static str,
    facts: &'a Value,
}

impl Problem {
    /// A refusal for this request.
    pub fn new(code: Code, detail: Detail) -> Self {
        Self(Refusal::new(code, detail))
    }

    /// Our fault: the cause is logged, the client learns nothing but that.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self(Code::Internal.into())
    }

    /// After how many seconds the same request should be sent again, where that is known.
    fn retry_after(&self) -> Option<u64> {
        match self.0.detail {
            Detail::Crowded { retry_after }
            | Detail::TooManyCodes { retry_after }
            | Detail::TooManyTries { retry_after } => Some(retry_after),
            _ => None,
        }
    }

    fn body(&self, language: Language, id: Option<Uuid>) -> serde_json::Result<String> {
        let Refusal { code, detail, field, more } = &self.0;
        let sentence = words::refusal(language, &self.0);
        let (cause, facts) = (detail.cause(), &facts(detail)?);
        let blame = |field| [Blamed { field, detail: &sentence, cause, facts }];
        serde_json::to_string(&Document {
            r#type: format!("/docs#{}", code.slug()),
            title: words::title(language, *code),
            status: code.status(),
            detail: &sentence,
            instance: id.map(Uuid::urn),
            code: *code,
            cause,
            facts,
            errors: field.as_deref().map(blame),
            retry_after: self.retry_after(),
            verdict: match detail {
                Detail::Unmet(verdict) => Some(WrittenVerdict::new(language, verdict)),
                _ => None,
            },
            more,
        })
    }
}

/// Writes the bodies of problem documents, in the language of the request.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn in_language<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, String>>, Error> {
    let response = next.call(request).await?;
    let Some(problem) = response.response().error().and_then(|error| error.as_error::<Problem>())
    else {
        return Ok(response.map_body(|_, body| EitherBody::left(body)));
    };
    let language = accepted(response.request().headers());
    let body = problem.body(language, request_id::of(response.request()))?;
    let mut response = response.map_body(|_, _| EitherBody::right(body));
    mark(response.headers_mut(), language);
    Ok(response)
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// All but the body, which `in_language` writes.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match self.status_code() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                let seconds = self.retry_after().unwrap_or(RETRY_AFTER_SECONDS);
                response.insert_header((header::RETRY_AFTER, seconds));
            }
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            _ => {}
        }
        response.finish()
    }
}
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl From<flows::Error> for Problem {
    fn from(error: flows::Error) -> Self {
        match error {
            flows::Error::Refused(refusal) => Self(refusal),
            flows::Error::Db(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        if error.failure().may_pass() {
            tracing::warn!(%error, "database unavailable");
            return Self(Code::Unavailable.into());
        }
        Self::internal(error)
    }
}

/// For handlers that read by a single statement.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        db::Error::from(error).into()
    }
}
