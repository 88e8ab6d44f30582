//! How a page is answered: its frame, its headers, its language. Every handler of a page takes a
//! [`Visit`] and ends with one of its answers.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    web::Data,
};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{asset, error_summary, text::Texts};
use crate::{
    board::snapshot::Snapshot,
    config::Site,
    domain::language::Language,
    http::{
        answer_cache::{self, Whom},
        kept_answer, language, negotiate, page,
        problem::Problem,
        state::App,
    },
};

/// Someone asks for a page: in which language, and where. The language is that of the path, and of
/// the browser where the path has none.
pub struct Visit {
    pub app: Data<App>,
    pub request: HttpRequest,
    pub t: Texts,
}

/// What the layout shows, as `frame` in templates.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub t: Texts,
    pub site: &'a Site,
    /// Path and query of this page after its language: "" for the landing page, or "/sign-in".
    pub here: &'a str,
}

impl<'a> Frame<'a> {
    pub fn new(t: Texts, site: &'a Site, here: &'a str) -> Self {
        Self { t, site, here }
    }

    /// The path of a page in this language: `to("/sign-in")`.
    pub fn to(&self, path: &str) -> String {
        format!("/{}{path}", self.t.tag())
    }

    /// This page in the other language.
    pub fn other(&self) -> String {
        format!("/{}{}", self.other_tag(), self.here)
    }

    pub fn other_tag(&self) -> &'static str {
        self.t.language().other().tag()
    }

    /// Who answers for the service, by the name in this language.
    pub fn issuer(&self) -> &'a str {
        let korean = self.site.issuer_ko.as_deref().filter(|_| self.t.is_korean());
        korean.unwrap_or(&self.site.issuer)
    }

    /// The helpline's number, where there is one.
    pub fn helpline(&self) -> Option<&'a str> {
        self.site.helpline.as_deref()
    }

    /// What a telephone dials for the helpline.
    pub fn dial(&self) -> String {
        let number = self.helpline().unwrap_or_default();
        number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    pub fn style(&self) -> &'static str {
        asset::style()
    }

    pub fn script(&self) -> &'static str {
        asset::script()
    }

    pub fn icon(&self) -> &'static str {
        asset::icon()
    }
}

impl Visit {
    /// The frame of a page at this path.
    pub fn frame(&self) -> Frame<'_> {
        let path = self.request.uri().path_and_query().map_or("", |whole| whole.as_str());
        let here = language::of_path(path).map_or("", |(_, here)| here);
        Frame::new(self.t, &self.app.site, here)
    }

    /// Answers with a page that is about somebody, or made for this one request: no cache keeps it.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show(&self, page: &impl Template) -> Result<HttpResponse, Problem> {
        self.show_as(StatusCode::OK, page)
    }

    /// The page that is kept for whoever asks for this path and query after the language, whatever
    /// was asked for here. For whoever may have it: also what is kept for strangers is given away.
    pub fn kept(&self, here: &str) -> Option<HttpResponse> {
        let kept = kept_answer::find_other(&self.app, &self.request, &self.frame().to(here))?;
        Some(kept.map_into_boxed_body().into())
    }

    /// Answers with a page that is the same for all of these who ask for it as this was asked for,
    /// as long as the board does not change. `until` is when it says something else all the same.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show_to_all(
        &self,
        page: &impl Template,
        of: (&Arc<Snapshot>, Whom),
        until: Option<DateTime<Utc>>,
    ) -> Result<HttpResponse, Problem> {
        self.show_to_all_at(self.frame().here, page, of, until)
    }

    /// The same with the page of another path and query after the language, which is kept for those
    /// who ask for it.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show_to_all_at(
        &self,
        here: &str,
        page: &impl Template,
        (of, whom): (&Arc<Snapshot>, Whom),
        until: Option<DateTime<Utc>>,
    ) -> Result<HttpResponse, Problem> {
        let body = written(page)?;
        let coding = negotiate::coding_once(self.request.headers());
        let body = coding.encode_once(body.into_bytes()).map_err(Problem::internal)?.into();
        let kind = answer_cache::Kind::Page(self.t.language());
        let answer = answer_cache::Answer { kind, coding, body, whom, until };
        let target = self.frame().to(here);
        let sent = kept_answer::send_at(&self.app, &self.request, (of, &target), answer);
        Ok(sent.map_into_boxed_body().into())
    }

    /// As `show`, with another status: 422 for a form with errors, 409 for a refusal.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show_as(
        &self,
        status: StatusCode,
        page: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        let body = written(page)?;
        let mut response = HttpResponse::build(status);
        response
            .insert_header((CONTENT_TYPE, page::HTML))
            .insert_header((CONTENT_LANGUAGE, self.t.tag()))
            .insert_header((CACHE_CONTROL, "no-store"));
        let mut response = negotiate::encode(&self.request, response, body)?;
        page::guard(response.headers_mut(), &self.app.site);
        Ok(response)
    }

    /// As `show_as`, with the status of what stood in the way, and when to come again where that
    /// may help.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show_refused(
        &self,
        problem: &Problem,
        page: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        self.refuse(problem, |status| self.show_as(status, page))
    }

    /// What is `shown` with the status of what stood in the way, and when to come again.
    ///
    /// # Errors
    /// Those of `shown`.
    pub fn refuse(
        &self,
        problem: &Problem,
        shown: impl FnOnce(StatusCode) -> Result<HttpResponse, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let status = StatusCode::from_u16(problem.refusal.code.status());
        let mut response = shown(status.map_err(Problem::internal)?)?;
        self.say_when(problem, &mut response);
        Ok(response)
    }

    /// When to come again, where that may help.
    pub fn say_when(&self, problem: &Problem, response: &mut HttpResponse) {
        let may_pass = matches!(response.status().as_u16(), 429 | 503);
        let again = || may_pass.then(|| self.app.seconds_until_again());
        if let Some(seconds) = problem.retry_after().or_else(again) {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
    }

    /// After a change: sends the browser to a page of ours in this language, which it may reload.
    pub fn see_other(&self, path: &str) -> HttpResponse {
        let mut response = HttpResponse::SeeOther()
            .insert_header((LOCATION, self.frame().to(path)))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish();
        page::guard(response.headers_mut(), &self.app.site);
        response
    }
}

/// What was made to tell of `problem`, and the problem. Where it could not be made, the problem
/// alone is the answer: what became of a press is to be heard, and not what became of its page.
///
/// # Errors
/// The problem.
pub fn to_tell<T>(
    problem: Problem,
    made: Result<T, impl Into<Problem>>,
) -> Result<(T, Problem), Problem> {
    match made {
        Ok(made) => Ok((made, problem)),
        Err(other) => {
            other.into().log(None);
            Err(problem)
        }
    }
}

fn written(page: &impl Template) -> Result<String, Problem> {
    page.render().map(error_summary::named).map_err(Problem::internal)
}

/// `/ko/` is `/ko`.
pub async fn get_slash(visit: Visit) -> HttpResponse {
    visit.see_other("")
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Data<App>>() {
            Some(app) => {
                let t = Texts(language_of(request));
                Ok(Self { app: app.clone(), request: request.clone(), t })
            }
            None => Err(Problem::internal("the handler has no App")),
        })
    }
}

fn language_of(request: &HttpRequest) -> Language {
    match language::of_path(request.path()) {
        Some((language, _)) => language,
        None => language::accepted(request.headers()),
    }
}
