//! Pre-rendered documents are answered before the routes are searched: nobody can tell which of
//! the two answered.

use actix_http::{BoxedPayloadStream, Payload, Request, body::MessageBody};
use actix_service::{Service, ServiceFactory};
use actix_web::{
    App,
    dev::AppConfig,
    http::header::{ACCEPT_ENCODING, HeaderValue},
    web::Bytes,
};
use dosebook::{http::prerendered, rehearsal::load::connection::Connection, web::asset};
use futures_util::stream;
use reqwest::{Method, header::HeaderMap};

use crate::support::{TestApp, make};

async fn paths(app: &TestApp) -> Vec<String> {
    let made = make::world(&app.db).await;
    app.refresh_pages().await;
    let id = made.campaign_id;
    let mut paths: Vec<String> =
        ["/v1/regions", "/v1/campaigns", "/", "/ko", "/en", "/ko/now", "/en/style"]
            .map(str::to_owned)
            .into();
    let campaign = ["/v1", "/ko", "/en"].map(|root| format!("{root}/campaigns/{id}"));
    paths.extend(campaign);
    paths.extend([format!("/v1/campaigns/{id}/supply"), format!("/ko/campaigns/{id}/now")]);
    paths.extend([asset::style(), asset::script(), asset::icon()].map(str::to_owned));
    paths
}

/// Status, headers and body as they come, without the second in which they came and the request's
/// id, which only the routes give.
type Raw = (u16, HeaderMap, Vec<u8>);

async fn raw(app: &TestApp, path: &str, headers: &[(&'static str, &str)]) -> Raw {
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let mut request = client.get(format!("{}{path}", app.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    headers.remove("date");
    headers.remove("x-request-id");
    (status, headers, response.bytes().await.unwrap().to_vec())
}

/// What is pre-rendered and what the routes answer while the snapshot stays the same.
async fn both(app: &TestApp, path: &str, headers: &[(&'static str, &str)]) -> (Raw, Raw) {
    loop {
        let ready = raw(app, path, headers).await;
        let made = raw(app, &format!("{path}?by=route"), headers).await;
        if raw(app, path, headers).await == ready {
            return (ready, made);
        }
    }
}

/// How many reads were answered with 200, or 304.
async fn counted(app: &TestApp, status: &str) -> u64 {
    let text = app.public().get("/metrics").await.text();
    let label = format!("dosebook_answers_total{{method=\"GET\",status=\"{status}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&label)?.parse().ok()).unwrap_or(0)
}

/// A query sends the same question to the routes.
#[tokio::test]
async fn pre_rendered_answers_and_those_of_the_routes_are_alike() {
    let app = TestApp::start().await;
    for path in paths(&app).await {
        for coding in ["", "gzip", "br", "gzip;q=0.1, br;q=0.2"] {
            let (ready, made) = both(&app, &path, &[("accept-encoding", coding)]).await;
            assert_eq!(ready.0, 200, "{path}");
            assert_eq!(ready, made, "{path} {coding}");
        }
        let (ready, made) = both(&app, &path, &[("if-none-match", "*")]).await;
        assert_eq!(ready.0, 304, "{path}");
        assert_eq!(ready, made, "{path}");
    }
    for gone in ["/v1/campaigns/999", "/v1/campaigns/999/supply", "/v1/campaigns/x/supply"] {
        app.public().get(gone).await.problem(404, "not_found");
        app.public().get(&format!("{gone}?by=route")).await.problem(404, "not_found");
    }
}

/// With no routes behind it, pre-rendered documents are answered, and nothing else is.
#[tokio::test]
async fn pre_rendered_answers_need_no_routes() {
    let app = TestApp::start().await;
    let paths = paths(&app).await;
    let alone = prerendered::before(app.app.clone(), App::new()).new_service(AppConfig::default());
    let alone = alone.await.expect("a service");
    let status = async |path: &str, payload: Payload| {
        let (mut request, _) = Request::new().replace_payload(payload);
        request.head_mut().uri = path.parse().unwrap();
        alone.call(request).await.expect("an answer").status().as_u16()
    };
    for path in &paths {
        assert_eq!(status(path, Payload::None).await, 200, "{path}");
        assert_eq!(status(&format!("{path}?by=route"), Payload::None).await, 404, "{path}");
        assert_eq!(status(&format!("{path}/"), Payload::None).await, 404, "{path}");
        let payload: BoxedPayloadStream = Box::pin(stream::empty());
        assert_eq!(status(path, Payload::Stream { payload }).await, 404, "{path}");
    }
}

/// What everybody reads is copied for nobody, and neither is what is kept because many ask for it.
#[tokio::test]
async fn everybody_is_given_the_same_bytes() {
    let app = TestApp::start().await;
    let mut paths = paths(&app).await;
    let round = paths.iter().find(|path| path.starts_with("/en/campaigns/"));
    let round = round.expect("a page").clone();
    paths.extend([format!("{round}/clinics"), round.replace("/en/", "/v1/") + "/clinics"]);
    let alone = prerendered::before(app.app.clone(), App::new()).new_service(AppConfig::default());
    let alone = alone.await.expect("a service");
    let given = async |path: &str, coding: &'static str| {
        let mut request = Request::new();
        request.head_mut().uri = path.parse().unwrap();
        let coding = HeaderValue::from_static(coding);
        request.headers_mut().insert(ACCEPT_ENCODING, coding);
        let answer = alone.call(request).await.expect("an answer");
        (answer.status() == 200).then(|| answer.into_body().try_into_bytes().ok().expect("bytes"))
    };
    for path in &paths {
        for coding in ["identity", "gzip", "br"] {
            // The board may change between two answers, once a second.
            let is_shared = async || {
                let raw = raw(&app, path, &[("accept-encoding", coding)]).await;
                assert_eq!(raw.0, 200, "{path}");
                let (one, other) = (given(path, coding).await, given(path, coding).await);
                let Some((one, other)) = one.zip(other) else { return false };
                let copy = Bytes::copy_from_slice(&one);
                assert_ne!(copy.as_ptr(), one.as_ptr(), "the control");
                one.as_ptr() == other.as_ptr()
            };
            let mut tries = 0;
            while !is_shared().await {
                tries += 1;
                assert!(tries < 20, "{path} {coding}: a copy for each");
            }
        }
    }
}

#[tokio::test]
async fn a_pre_rendered_answer_is_counted_like_any_other() {
    let app = TestApp::start().await;
    let paths = paths(&app).await;
    let (before, known) = (counted(&app, "200").await, counted(&app, "304").await);
    for path in &paths {
        app.public().get(path).await.ok(200);
        let known = app.public().request(Method::GET, path).header("if-none-match", "*");
        assert_eq!(known.send().await.status, 304);
    }
    // The look at the counters is an answer too.
    assert_eq!(counted(&app, "200").await - before, paths.len() as u64 + 2);
    assert_eq!(counted(&app, "304").await - known, paths.len() as u64);
}

/// The body of a read is drained, so that the connection can go on.
#[tokio::test]
async fn a_read_with_a_body_leaves_the_connection_open() {
    let app = TestApp::start().await;
    let address = app.url.strip_prefix("http://").unwrap().parse().unwrap();
    let mut connection = Connection::open(address).await.unwrap();
    for path in paths(&app).await {
        for body in ["", "content-length: 2\r\n\r\n{}"] {
            let end = if body.is_empty() { "\r\n" } else { body };
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{end}");
            let answer = connection.ask(request.as_bytes()).await.unwrap();
            assert_eq!(answer.status, 200, "{path} {body:?}");
            assert!(!connection.is_closed(), "{path} {body:?}");
        }
    }
}
