//! Refusals and failures as `application/problem+json` (RFC 9457). What the client may read stands
//! in the body; what the operator must read goes to the log, once, here.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Map, Value, json};

use crate::{
    db,
    domain::{Code, Refusal, refusal::RETRY_AFTER},
    flows,
};

/// After how many seconds a 503 may be tried again that does not say so itself.
const RETRY_AFTER_SECONDS: u64 = 1;

/// The answer to a request that was not done.
#[derive(Debug)]
pub struct Problem(pub Refusal);

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Refusal::new(code, detail))
    }

    /// Our fault: the cause is logged, the client learns nothing but that.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self(Code::Internal.into())
    }

    fn body(&self) -> Value {
        let Refusal { code, detail, field, more } = &self.0;
        let mut body = Map::new();
        body.insert("type".into(), format!("/docs#{}", code.slug()).into());
        body.insert("title".into(), code.title().into());
        body.insert("status".into(), code.status().into());
        body.insert("detail".into(), detail.as_str().into());
        body.insert("code".into(), code.slug().into());
        if let Some(field) = field {
            body.insert("errors".into(), json!([{ "field": field, "detail": detail }]));
        }
        body.extend(more.clone());
        Value::Object(body)
    }
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

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match self.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = self.0.more.get(RETRY_AFTER).and_then(Value::as_u64);
                let seconds = seconds.unwrap_or(RETRY_AFTER_SECONDS);
                response.insert_header((header::RETRY_AFTER, seconds));
            }
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            _ => {}
        }
        response.body(self.body().to_string())
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
