//! Refusals and failures as `application/problem+json` (RFC 9457). What the client may read stands
//! in the body; what the operator must read goes to the log, once, here.
//!
//! A handler answers with a `Problem`; the body is written by `in_language`, which has the request
//! and so knows in which language. Where a page was asked for, it is a page, as `web` makes them.

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::ServiceResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
    web::Data,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::{Uuid, fmt::Urn};

use super::{
    language::{accepted, mark, of_path},
    named::named,
    page::{self, Asked, RefusalPages, SentForm},
    reason::{WrittenVerdict, facts},
};
use crate::{
    db,
    domain::{Code, Detail, Refusal, language::Language},
    flows, words,
};

/// After how many seconds a 503 or 429 may be tried again that does not say so itself.
const RETRY_AFTER_SECONDS: u64 = 2;

/// The answer to a request that was not done.
#[derive(Debug)]
pub struct Problem {
    pub refusal: Refusal,
    /// What the operator must read; logged once, where the request is known.
    cause: Option<Box<Cause>>,
}

/// Why a request was not done that is none of its client's business.
#[derive(Debug)]
enum Cause {
    /// A fault of ours.
    Fault(String),
    /// It may pass: the database cannot be reached, or is busy.
    Unavailable(String),
}

/// The members of a problem document.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    /// The id of the request, as in the header and in the log.
    instance: Urn,
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
        Refusal::new(code, detail).into()
    }

    /// Our fault: the cause is logged, the client learns nothing but that.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let cause = Some(Box::new(Cause::Fault(cause.to_string())));
        Self { refusal: Code::Internal.into(), cause }
    }

    /// Tells the operator what the client is not told. A handler that answers with a page of its
    /// own does so without the id.
    pub fn log(&self, request_id: Option<Uuid>) {
        let request_id = request_id.map(tracing::field::display);
        match self.cause.as_deref() {
            Some(Cause::Fault(cause)) => tracing::error!(request_id, cause, "internal error"),
            Some(Cause::Unavailable(cause)) => {
                tracing::warn!(request_id, cause, "database unavailable");
            }
            None => {}
        }
    }

    /// The document of a request that could not be read, so that no language of it is known.
    pub(super) fn of_unreadable(id: Uuid) -> Option<String> {
        let problem = Self::from(Refusal::from(Code::MalformedRequest));
        problem.body(&problem.refusal, (Language::default(), id), None).ok()
    }

    /// Whether something failed, and nobody was refused.
    pub fn has_cause(&self) -> bool {
        self.cause.is_some()
    }

    /// After how many seconds the same request should be sent again, where that is known.
    pub fn retry_after(&self) -> Option<u64> {
        match self.refusal.detail {
            Detail::Crowded { retry_after }
            | Detail::TooManyCodes { retry_after }
            | Detail::TooManyTries { retry_after }
            | Detail::TooManyPasswords { retry_after }
            | Detail::TooManyFinds { retry_after }
            | Detail::BookingsOfDay { retry_after, .. } => Some(retry_after),
            _ => None,
        }
    }

    fn body(
        &self,
        refusal: &Refusal,
        (language, id): (Language, Uuid),
        retry_after: Option<u64>,
    ) -> serde_json::Result<String> {
        let Refusal { code, detail, field, more } = refusal;
        let sentence = words::refusal(language, refusal);
        let (cause, facts) = (detail.cause(), &facts(detail)?);
        let blame = |field| [Blamed { field, detail: &sentence, cause, facts }];
        serde_json::to_string(&Document {
            r#type: format!("/docs#{}", code.slug()),
            title: words::title(language, *code),
            status: code.status(),
            detail: &sentence,
            instance: id.urn(),
            code: *code,
            cause,
            facts,
            errors: field.as_deref().map(blame),
            retry_after,
            verdict: match detail {
                Detail::Unmet(verdict) => Some(WrittenVerdict::new(language, verdict)),
                _ => None,
            },
            more,
        })
    }
}

/// The page that answers a request for a page.
fn page<B>(
    problem: &Problem,
    response: &ServiceResponse<B>,
    retry_after: Option<u64>,
) -> Option<(String, Language)> {
    let request = response.request();
    let (language, path) = match of_path(request.path()) {
        Some(asked) => asked,
        None if request.path() == "/" => (accepted(request.headers()), ""),
        None => return None,
    };
    let pages = request.app_data::<Data<RefusalPages>>()?;
    let is_press = request.method() == Method::POST;
    let extensions = request.extensions();
    let asked = Asked {
        site: &pages.site,
        language,
        path,
        is_press,
        retry_after,
        whole: request.uri().path_and_query().map_or("", |whole| whole.as_str()),
        headers: request.headers(),
        sent: extensions.get::<SentForm>().map(|sent| &*sent.0),
    };
    Some(((pages.make)(&problem.refusal, asked)?, language))
}

/// The response with the body of its problem document, in the language of its request; any other
/// as it is. Logs the cause. `again` says when to come again where the problem itself does not.
pub(super) fn in_language<B: MessageBody>(
    response: ServiceResponse<B>,
    id: Uuid,
    again: impl FnOnce() -> u64,
) -> Result<ServiceResponse<EitherBody<B, String>>, Error> {
    let Some(problem) = response.response().error().and_then(|error| error.as_error::<Problem>())
    else {
        return Ok(response.map_body(|_, body| EitherBody::left(body)));
    };
    problem.log(Some(id));
    let retry_after = match problem.status_code() {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            Some(problem.retry_after().unwrap_or_else(again))
        }
        _ => None,
    };
    if let Some((page, language)) = page(problem, &response, retry_after) {
        return Ok(as_page(told_when(response, retry_after), page, language));
    }
    let language = accepted(response.request().headers());
    let refusal = named(&problem.refusal, response.request());
    let body = problem.body(&refusal, (language, id), retry_after)?;
    let response = told_when(response, retry_after);
    let mut response = response.map_body(|_, _| EitherBody::right(body));
    mark(response.headers_mut(), language);
    Ok(response)
}

fn told_when<B>(mut response: ServiceResponse<B>, retry_after: Option<u64>) -> ServiceResponse<B> {
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn as_page<B: MessageBody>(
    response: ServiceResponse<B>,
    page: String,
    language: Language,
) -> ServiceResponse<EitherBody<B, String>> {
    let pages = response.request().app_data::<Data<RefusalPages>>().cloned();
    let mut response = response.map_body(|_, _| EitherBody::right(page));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page::HTML));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    // Browsers have no bearer tokens to be asked for.
    headers.remove(header::WWW_AUTHENTICATE);
    if let Some(pages) = pages {
        page::guard(headers, &pages.site);
    }
    response
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.refusal.fmt(f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.refusal.code.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
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
        Self { refusal, cause: None }
    }
}

impl From<flows::Error> for Problem {
    fn from(error: flows::Error) -> Self {
        match error {
            flows::Error::Refused(refusal) => refusal.into(),
            flows::Error::Db(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        if error.failure().may_pass() {
            let cause = Some(Box::new(Cause::Unavailable(error.to_string())));
            return Self { refusal: Code::Unavailable.into(), cause };
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
