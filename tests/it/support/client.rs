//! A client that checks every answer against openapi.yaml before a test sees it.

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use uuid::Uuid;

use super::openapi;

/// The header that makes a request of an administrator be done once.
pub const KEY: &str = "Idempotency-Key";

/// An HTTP client with or without a token.
#[derive(Clone)]
pub struct Client {
    url: String,
    token: Option<String>,
    http: reqwest::Client,
}

impl Client {
    pub fn new(url: &str, token: Option<String>, http: reqwest::Client) -> Self {
        Self { url: url.to_owned(), token, http }
    }

    /// The same client at another service.
    pub fn at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    /// A receipt comes with a key of its own, which it needs.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).json(body);
        match path.ends_with("/receipts") {
            true => request.header(KEY, &Uuid::now_v7().to_string()).send().await,
            false => request.send().await,
        }
    }

    /// The same request with this key is done once.
    pub async fn post_once(&self, key: Uuid, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header(KEY, &key.to_string());
        request.json(body).send().await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path).json(body).send().await
    }

    pub async fn put_booking(&self, id: Uuid, body: &Value) -> Answer {
        self.put(&format!("/v1/bookings/{id}"), body).await
    }

    pub async fn delete_booking(&self, id: Uuid) -> Answer {
        self.delete(&format!("/v1/bookings/{id}")).await
    }

    /// For requests with headers or bodies of their own.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.url);
        let request = self.http.request(method.clone(), url);
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Request { method, path: path.to_owned(), request }
    }
}

/// A request that is not sent yet.
pub struct Request {
    method: Method,
    path: String,
    request: reqwest::RequestBuilder,
}

impl Request {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// A body of any kind.
    pub fn body(mut self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", kind).body(body);
        self
    }

    /// Sends it, and checks the answer against openapi.yaml.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// Sends it, and gives status, headers and body as they came.
    pub async fn receive(self) -> reqwest::Result<(u16, HeaderMap, Vec<u8>)> {
        let request = self.request;
        // In the background runtime, so that the connection outlives this test's own.
        let answer = super::RUNTIME.spawn(async move {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok((status, headers, response.bytes().await?.to_vec()))
        });
        answer.await.expect("the client does not fall over")
    }

    /// As `send`, for services that may have been killed.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let (method, path) = (self.method.clone(), self.path.clone());
        let (status, headers, bytes) = self.receive().await?;
        let what = format!("{method} {path}");
        let path = path.split('?').next().unwrap_or_default();
        let mut body = openapi::check(&method, path, (status, &headers, &bytes));
        take_instance(&what, &headers, &mut body);
        Ok(Answer { what, status, headers, bytes, body })
    }
}

/// A problem document names its request, as the header does. What is left can be compared with
/// another one.
fn take_instance(what: &str, headers: &HeaderMap, body: &mut Value) {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
    if let (Some("application/problem+json"), Some(problem)) = (kind, body.as_object_mut()) {
        let id = headers["x-request-id"].to_str().unwrap();
        let instance = problem.remove("instance");
        assert_eq!(instance, Some(format!("urn:uuid:{id}").into()), "{what}");
    }
}

/// An answer as openapi.yaml describes it.
#[derive(Debug)]
pub struct Answer {
    what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The JSON in it; null when the answer is of another kind.
    pub body: Value,
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        self.body
    }

    /// After how many seconds to come again.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        let said = self.header("retry-after").parse();
        said.unwrap_or_else(|_| panic!("{}: no Retry-After", self.what))
    }

    /// The problem document of a refusal that must have this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code()), (status, code), "{}: {}", self.what, self.text());
        self.body
    }

    /// As `problem`, with the field that must be to blame.
    #[track_caller]
    pub fn blames(self, status: u16, code: &str, field: &str) -> Value {
        let what = self.what.clone();
        let problem = self.problem(status, code);
        let fields: Vec<&str> = problem["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["field"].as_str())
            .collect();
        assert!(fields.contains(&field), "{what} blames {fields:?}, not {field}: {problem}");
        problem
    }

    /// The code of a problem document, empty for anything else.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
