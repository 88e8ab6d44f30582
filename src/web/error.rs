//! Pages for what went wrong, in the language of the path: what it means for somebody's booking,
//! when to come again, and whom to call. Under the pages' paths they take the place of problem
//! documents.

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::ServiceResponse,
    http::{
        Method,
        header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    },
    middleware::Next,
    web::Data,
};
use askama::Template;

use super::{page::Frame, text::Texts};
use crate::{
    domain::{Code, language::Language},
    http::{
        language::{self, of_path},
        page,
        problem::Problem,
        state::App,
    },
    words,
};

/// From so many seconds on, minutes are named.
const SECONDS_SHOWN_MAX: u64 = 90;

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    heading: &'static str,
    sentences: Vec<String>,
    /// Whether asking for the same address again may help.
    is_worth_another_look: bool,
}

/// Answers requests for pages with a page where the answer would be a problem document. The problem
/// stays with the answer, so that it is logged like any other.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn as_page<B: MessageBody>(
    request: actix_web::dev::ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, String>>, Error> {
    let response = next.call(request).await?;
    let asked = response.request();
    let language = match of_path(asked.path()) {
        Some((language, _)) => Some(language),
        None => (asked.path() == "/").then(|| language::accepted(asked.headers())),
    };
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let (Some(language), Some(problem), Some(app)) =
        (language, problem, asked.app_data::<Data<App>>().cloned())
    else {
        return Ok(response.map_body(|_, body| EitherBody::left(body)));
    };
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
    let body = write(&app, language, asked.method(), (problem, retry_after))?;
    let mut response = response.map_body(|_, _| EitherBody::right(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page::HTML));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page::guard(headers, &app.site);
    Ok(response)
}

fn write(
    app: &App,
    language: Language,
    method: &Method,
    (problem, retry_after): (&Problem, Option<u64>),
) -> Result<String, Error> {
    let t = Texts(language);
    let (code, is_change) = (problem.refusal.code, method == Method::POST);
    let safe = t.booking_is_safe().to_owned();
    let again = again(t, retry_after);
    let (heading, sentences) = match code {
        Code::NotFound => (t.no_page(), vec![t.no_page_why().to_owned(), safe]),
        Code::Overloaded => (t.busy(), vec![t.busy_nothing_booked().to_owned(), again, safe]),
        Code::Unavailable | Code::Internal if is_change => {
            (t.not_known(), vec![t.not_known_press().to_owned()])
        }
        Code::Unavailable | Code::Internal => (t.no_answer(), vec![again, safe]),
        code if code.status() == 429 => (t.too_many(), vec![again, safe]),
        code => {
            (words::title(language, code), vec![words::refusal(language, &problem.refusal), safe])
        }
    };
    let is_worth_another_look = !is_change && code.status() >= 429;
    let frame = Frame::new(t, &app.site, "");
    let page = Page { t, frame, heading, sentences, is_worth_another_look };
    page.render().map_err(|error| Problem::internal(error).into())
}

/// When to come again.
fn again(t: Texts, retry_after: Option<u64>) -> String {
    match retry_after {
        None | Some(0 | 1) => t.again_soon().to_owned(),
        Some(seconds @ ..=SECONDS_SHOWN_MAX) => t.again_in_seconds(seconds),
        Some(seconds) => t.again_in_minutes(seconds.div_ceil(60)),
    }
}
