//! The contract as it is served, and the page that explains it.

use crate::support::TestApp;
use dosebook::domain::Code;
use reqwest::Method;

#[tokio::test]
async fn openapi_yaml_is_served_as_it_is_written() {
    let app = TestApp::start().await;
    let first = app.public().get("/openapi.yaml").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("content-type"), "application/yaml");
    assert_eq!(first.text(), include_str!("../../openapi.yaml"));
    let again = app.public().request(Method::GET, "/openapi.yaml");
    let again = again.header("if-none-match", first.header("etag")).send().await;
    assert_eq!(again.status, 304);
    let other = app.public().request(Method::GET, "/openapi.yaml");
    let other = other.header("if-none-match", "\"something else\"").send().await;
    assert_eq!(other.status, 200, "the control");
}

#[tokio::test]
async fn the_page_explains_every_operation_and_every_code_by_itself() {
    let app = TestApp::start().await;
    let page = app.public().get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let html = page.text();
    for code in Code::ALL {
        assert!(html.contains(&format!("<dt id=\"{}\">", code.slug())), "{}", code.slug());
    }
    for (method, path, operation) in crate::support::openapi::operations() {
        let id = operation["operationId"].as_str().expect("an operationId");
        assert!(html.contains(&format!("<article id=\"{id}\">")), "{method} {path}");
    }
    for foreign in ["<script", "http-equiv", "src=", "@import", "url("] {
        assert!(!html.contains(foreign), "{foreign} in the page");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
}

#[tokio::test]
async fn every_link_within_the_page_leads_somewhere() {
    let app = TestApp::start().await;
    let html = app.public().get("/docs").await.text();
    let anchors: Vec<&str> = html.split("href=\"#").skip(1).filter_map(to_quote).collect();
    assert!(anchors.len() > 50, "the control: {}", anchors.len());
    for anchor in anchors {
        assert!(html.contains(&format!("id=\"{anchor}\"")), "#{anchor}");
    }
}

fn to_quote(text: &str) -> Option<&str> {
    text.split('"').next()
}
