//! What answers give away, and what is taken for what.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use crate::support::{TestApp, make::world, openapi::valid};

#[tokio::test]
async fn every_answer_is_what_it_says_it_is() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    app.refresh().await;
    let citizen = app.citizen(&made.people[0]);
    for path in [
        "/v1/campaigns",
        "/v1/campaigns?x=1",
        "/v1/me",
        "/v1/bookings",
        "/v1/nothing",
        "/openapi.yaml",
        "/healthz",
        "/metrics",
        "/en",
        "/en/nothing",
        "/docs",
    ] {
        let answer = citizen.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    let clinics = format!("/v1/campaigns/{}/clinics", made.campaign_id);
    assert_eq!(citizen.get(&clinics).await.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_refused_method_is_told_which_there_are() {
    let app = TestApp::start().await;
    for (method, path, allowed) in [
        (Method::POST, "/v1/bookings", "GET, HEAD"),
        (
            Method::PATCH,
            "/v1/bookings/01978f5e-0000-7000-8000-000000000001",
            "DELETE, GET, HEAD, PUT",
        ),
        (Method::GET, "/v1/auth/codes", "POST"),
        (Method::DELETE, "/en/sign-in", "GET, HEAD, POST"),
    ] {
        let refused = app.public().request(method, path).send().await;
        assert_eq!((refused.status, refused.header("allow")), (405, allowed), "{path}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine() {
    let app = TestApp::start().await;
    app.public().get("/metrics").await.text();
    let handed_on = app.public().request(Method::GET, "/metrics");
    handed_on.header("x-forwarded-for", "127.0.0.1").send().await.problem(404, "not_found");
    assert_eq!(app.public().get("/metrics").await.status, 200, "the control");
}

#[tokio::test]
async fn a_long_name_does_not_come_back() {
    let app = TestApp::start().await;
    let body = json!({ "x".repeat(60_000): 1 });
    let refused = app.public().post("/v1/auth/sessions", &body).await;
    let problem = refused.problem(422, "unknown_field");
    assert!(problem.to_string().len() < 1_000, "{problem}");
}

#[tokio::test]
async fn dates_and_ids_are_written_in_one_way() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    app.refresh().await;
    let campaign = made.campaign_id;
    let clinics = |query: &str| format!("/v1/campaigns/{campaign}/clinics?{query}");
    app.public().get(&clinics("date=2021-07-26&limit=5")).await.ok(200);
    for (query, field) in [
        ("date=2021-7-26", "date"),
        ("date=%2B2021-07-26", "date"),
        ("date=%202021-07-26", "date"),
        ("limit=05", "limit"),
        ("limit=%2B5", "limit"),
    ] {
        app.public().get(&clinics(query)).await.blames(422, "invalid_field", field);
    }
    let slots = |date: &str| {
        format!("/v1/clinics/{}/slots?campaign_id={campaign}&date={date}", made.clinics[0])
    };
    app.public().get(&slots("2021-07-26")).await.ok(200);
    app.public().get(&slots("2021-7-26")).await.blames(422, "invalid_field", "date");
    app.public().get(&format!("/v1/campaigns/{campaign}/clinics")).await.ok(200);
    for odd in [format!("0{campaign}"), format!("+{campaign}"), format!("%2B{campaign}")] {
        app.public().get(&format!("/v1/campaigns/{odd}/clinics")).await.problem(404, "not_found");
    }
    let citizen = app.citizen(&made.people[0]);
    let body = made.booking(made.slot(0, 1, 0));
    citizen.put_booking(Uuid::nil(), &body).await.problem(404, "not_found");
    citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
}

#[tokio::test]
async fn a_draft_looks_like_no_campaign_to_who_wants_to_book() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let booking = made.booking(made.slot(0, 1, 0));
    let refused = |body: serde_json::Value| {
        let citizen = &citizen;
        async move {
            let mut problem = citizen.put_booking(Uuid::now_v7(), &body).await.body;
            problem["instance"] = json!(null);
            problem
        }
    };
    sqlx::query("update campaign set state = 1 where campaign_id = $1")
        .bind(made.campaign_id.0)
        .execute(&app.db)
        .await
        .expect("a draft again");
    let draft = refused(booking.clone()).await;
    let mut none = booking.clone();
    none["campaign_id"] = json!(made.campaign_id.0 + 1_000);
    assert_eq!(draft, refused(none).await);
    sqlx::query("update campaign set state = 3 where campaign_id = $1")
        .bind(made.campaign_id.0)
        .execute(&app.db)
        .await
        .expect("open again");
    citizen.put_booking(Uuid::now_v7(), &booking).await.ok(201);
}

#[tokio::test]
async fn places_are_asked_for_by_the_kilometre() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    app.refresh().await;
    let at = |near: &str| format!("/v1/campaigns/{}/clinics?near={near}", made.campaign_id);
    let here = app.public().get(&at("37.5665,126.9780")).await;
    let there = app.public().get(&at("37.5701,126.9829")).await;
    assert_eq!(here.header("etag"), there.header("etag"), "the same kilometre");
    let elsewhere = app.public().get(&at("37.5801,126.9829")).await;
    assert_ne!(here.header("etag"), elsewhere.header("etag"), "the control");
    let brotli = app.public().request(Method::GET, &at("37.5,127")).header("accept-encoding", "br");
    assert_eq!(
        brotli.send().await.header("content-encoding"),
        "",
        "made for one, and not packed long"
    );
}

/// All that is answered to these bytes, on a connection of their own.
async fn told(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = super::slow::connect(app).await;
    stream.write_all(bytes).await.expect("open");
    let mut read = Vec::new();
    // A connection that is cut has said what it had to say.
    let _ = stream.read_to_end(&mut read).await;
    String::from_utf8_lossy(&read).to_lowercase()
}

#[tokio::test]
async fn what_is_no_request_is_answered_as_everything_is() {
    let app = TestApp::start().await;
    let good = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";
    let large = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let unread = [
        ("a word", "hello\r\n\r\n".to_owned(), 400),
        ("a control character", "GET /\u{1} HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("a bad header", "GET / HTTP/1.1\r\nx\0y: 1\r\n\r\n".to_owned(), 400),
        ("a bad length", "POST /v1/auth/codes HTTP/1.1\r\ncontent-length: x\r\n\r\n".into(), 400),
        ("after another request", format!("{good}hello\r\n\r\n"), 400),
        ("a large head", large, 431),
    ];
    for (what, bytes, status) in unread {
        let text = told(&app, bytes.as_bytes()).await;
        let at = text.rfind("http/1.1 ").unwrap_or_else(|| panic!("{what}: {text}"));
        let last = &text[at..];
        assert!(last.starts_with(&format!("http/1.1 {status} ")), "{what}: {text}");
        let (head, body) = last.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("\r\nx-content-type-options: nosniff"), "{what}: {text}");
        assert!(head.contains("\r\ncache-control: no-store"), "{what}: {text}");
        assert!(
            head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())),
            "{what}: {text}"
        );
        if status == 400 {
            assert!(head.contains("\r\ncontent-type: application/problem+json"), "{what}: {text}");
            let problem: serde_json::Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(problem["code"], "malformed_request", "{what}");
            valid(what, "/components/schemas/Problem", &problem);
        }
    }
    assert_eq!(app.public().get("/healthz").await.status, 200, "the control");
}
