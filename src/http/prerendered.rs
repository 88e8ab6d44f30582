//! Pre-rendered responses: documents that everybody asks for, written and compressed once a second.
//! They are found by their path before the routes are searched, so that a read costs little more
//! than the sending of it.

use actix_http::{
    Payload, Request, Response,
    body::{BoxBody, EitherBody, MessageBody},
};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, apply_fn_factory};
use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    dev::{AppConfig, ServiceResponse},
    http::Method,
    web::{Bytes, Data},
};
use futures_util::{
    TryFutureExt,
    future::{Either, ready},
};

use std::rc::Rc;

use super::{
    access_log, connection::Hand, kept_answer, negotiate, problem::Problem, sliced_body::SlicedBody,
};
use crate::{
    board::{document::Document, snapshot::Snapshot},
    domain::{CampaignId, Refusal},
    http::state::App,
};

/// Answers with pre-rendered documents; every other request goes to `routes`.
pub fn before<I, S, B>(
    app: Data<App>,
    routes: I,
) -> impl ServiceFactory<
    Request,
    Config = AppConfig,
    Response = Response<SlicedBody<EitherBody<Bytes, BoxBody>>>,
    Error = S::Error,
    InitError = S::InitError,
>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>>,
    B: MessageBody + 'static,
{
    apply_fn_factory(routes, move |mut request: Request, routes: &S::Service| {
        let hand = request.conn_data::<Rc<Hand>>().cloned();
        if let Some(hand) = &hand {
            hand.begins();
        }
        match pre_rendered(&app, &mut request) {
            Some(response) => {
                let response = response.map_body(|_, body| SlicedBody::new(EitherBody::left(body)));
                Either::Left(ready(Ok(response)))
            }
            None => {
                let at_work = hand.as_ref().map(Hand::begin);
                Either::Right(routes.call(request).map_ok(move |response| {
                    drop(at_work);
                    let response = Response::from(response).map_into_boxed_body();
                    response.map_body(|_, body| SlicedBody::new(EitherBody::right(body)))
                }))
            }
        }
    })
}

/// The answer to a plain GET of a document. It has no request id, because caches share it. A
/// request with a body goes to the routes, and so does one with a query, unless its answer is kept.
fn pre_rendered(app: &App, request: &mut Request) -> Option<Response<Bytes>> {
    let is_plain = request.method() == Method::GET && matches!(request.payload(), Payload::None);
    if !is_plain {
        return None;
    }
    let response = kept_answer::find(app, request).or_else(|| document(app, request))?;
    access_log::note(app, ("GET", None), response.status(), || request.path().to_owned());
    Some(response)
}

/// The document that everybody is given.
fn document(app: &App, request: &Request) -> Option<Response<Bytes>> {
    let (path, headers) = (request.path(), request.headers());
    if request.uri().query().is_some() {
        return None;
    }
    if path.starts_with("/v1/") {
        Some(negotiate::answer(headers, find(&app.board.now(), path)?, negotiate::JSON))
    } else {
        Some(app.shelf.find(path, headers)?.answer(path, headers, &app.site))
    }
}

/// The document at the path.
fn find<'a>(snapshot: &'a Snapshot, path: &str) -> Option<&'a Document> {
    let id = |text: &str| text.parse().ok().map(CampaignId);
    match path.strip_prefix("/v1/")? {
        "regions" => Some(&snapshot.catalogue.region_list),
        "campaigns" => Some(&snapshot.catalogue.campaign_list),
        path => {
            let path = path.strip_prefix("campaigns/")?;
            match path.strip_suffix("/supply") {
                Some(campaign) => Some(&snapshot.supplies.get(&id(campaign)?)?.document),
                None => Some(&snapshot.catalogue.campaigns.get(&id(path)?)?.document),
            }
        }
    }
}

/// The handler of the shelf's paths, for HEAD and for whoever adds a query.
///
/// # Errors
/// `not_found`: a draft looks as if it did not exist.
pub async fn get_page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (path, headers) = (request.path(), request.headers());
    let leaf = app.shelf.find(path, headers).ok_or_else(Refusal::not_found)?;
    Ok(leaf.answer(path, headers, &app.site).map_into_boxed_body().into())
}

/// The handler of these paths, for HEAD and for whoever adds a query.
///
/// # Errors
/// `not_found`: a draft looks as if it did not exist.
pub async fn get_document(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let snapshot = app.board.now();
    let document = find(&snapshot, request.path()).ok_or_else(Refusal::not_found)?;
    Ok(negotiate::send(&request, document, negotiate::JSON))
}
