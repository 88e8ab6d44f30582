//! Pages for what went wrong. The API keeps its problem documents.

use actix_web::{App, HttpResponse, middleware, test, web};
use dosebook::{
    domain::{Code, Detail, Refusal},
    http::{page::RefusalPages, problem::Problem},
    web::error,
};
use reqwest::Method;

use super::{faults, header_faults};
use crate::support::TestApp;

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_the_language_of_the_path() {
    let app = TestApp::with().helpline("02-1339-0000").start().await;
    for (path, heading, safe) in [
        ("/ko/nothing", "이 주소에는 페이지가 없습니다", "예약은 그대로 유지됩니다"),
        ("/ko/campaigns/999", "이 주소에는 페이지가 없습니다", "예약은 그대로 유지됩니다"),
        ("/en/campaigns/x", "There is no such page", "it stays as it is"),
    ] {
        let page = app.public().get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("content-language"), &path[1..3]);
        assert!(page.headers.contains_key("x-request-id"), "for whoever calls the helpline");
        assert_eq!(header_faults(&page), [""; 0], "{path}");
        let html = page.text();
        assert_eq!(faults(&html), [""; 0], "{path}");
        let helpline = "<a href=\"tel:0213390000\">02-1339-0000</a>";
        for said in [heading, safe, helpline] {
            assert!(html.contains(said), "{path}: {said}: {html}");
        }
    }
    let wrong = app.public().request(Method::POST, "/en/style").send().await;
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.header("content-type"), "text/html; charset=utf-8");
    let wrong =
        app.public().request(Method::POST, "/").header("accept-language", "ko").send().await;
    assert_eq!((wrong.status, wrong.header("content-language")), (405, "ko"));
    for path in ["/v1/nothing", "/docs/nothing", "/kor"] {
        app.public().get(path).await.problem(404, "not_found");
    }
}

/// Status, headers and page of a handler that answers with this problem.
async fn page(app: &TestApp, method: Method, refusal: Refusal) -> (u16, Option<String>, String) {
    page_at(app, "/en/fails", method, refusal).await
}

async fn page_at(
    app: &TestApp,
    path: &str,
    method: Method,
    refusal: Refusal,
) -> (u16, Option<String>, String) {
    let fails = move || {
        let problem = Problem::from(refusal.clone());
        async move { Err::<HttpResponse, _>(problem) }
    };
    let service = App::new()
        .app_data(app.app.clone())
        .app_data(web::Data::new(RefusalPages { site: app.app.site.clone(), make: error::render }))
        .route(path, web::to(fails.clone()))
        .route("/v1/fails", web::to(fails))
        .wrap(middleware::from_fn(dosebook::http::access_log::answer));
    let service = test::init_service(service).await;
    let method: actix_web::http::Method = method.as_str().parse().unwrap();
    let request = |path: &str| {
        let request = test::TestRequest::default().method(method.clone()).uri(path);
        request.to_request()
    };
    let api = test::call_service(&service, request("/v1/fails")).await;
    assert_eq!(api.headers().get("content-type").unwrap(), "application/problem+json");
    let answer = test::call_service(&service, request(path)).await;
    assert_eq!(answer.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
    assert_eq!(answer.status(), api.status());
    let status = answer.status().as_u16();
    let retry = answer.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
    let body = test::read_body(answer).await;
    (status, retry, String::from_utf8(body.to_vec()).unwrap())
}

#[actix_web::test]
async fn whoever_is_turned_away_learns_what_it_means_and_when_to_come_again() {
    let app = TestApp::start().await;
    let busy = Refusal::new(Code::Overloaded, Detail::Crowded { retry_after: 7 });
    let (status, retry, html) = page(&app, Method::POST, busy.clone()).await;
    assert_eq!((status, retry.as_deref()), (503, Some("7")));
    for said in ["Nothing has been booked or changed by this press.", "in 7 seconds"] {
        assert!(html.contains(said), "{said}: {html}");
    }
    assert!(!html.contains(">Look again</a>"), "a press is not repeated by a link: {html}");
    let (.., html) = page(&app, Method::GET, busy).await;
    assert!(html.contains("<a class=\"button\" href=\"\">Look again</a>"), "{html}");
    for code in [Code::Unavailable, Code::Internal] {
        // Whether it went through is not known: it is never said that it did not.
        let (.., html) = page(&app, Method::POST, code.into()).await;
        assert!(html.contains("We do not know yet whether it went through"), "{html}");
        assert!(!html.contains("Nothing has been booked"), "{html}");
        let (.., html) = page(&app, Method::GET, code.into()).await;
        assert!(html.contains("This page cannot be shown right now"), "{html}");
        assert!(html.contains("If you have a booking, it stays as it is."), "{html}");
    }
    // Every other no says its own sentence.
    let (status, _, html) = page(&app, Method::POST, Code::Forbidden.into()).await;
    assert_eq!(status, 403);
    let title =
        dosebook::words::title(dosebook::domain::language::Language::English, Code::Forbidden);
    assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
}

#[actix_web::test]
async fn whoever_is_at_work_learns_what_became_of_the_press_and_how_to_go_on() {
    let app = TestApp::start().await;
    for (path, way) in [
        ("/en/clinic/7/bookings/1", "href=\"/en/clinic/7/close\""),
        ("/en/admin/pools", "href=\"/en/admin/journal\""),
        ("/en/call-centre", "href=\"/en/call-centre\""),
    ] {
        for code in [Code::Unavailable, Code::Internal] {
            let (status, _, html) = page_at(&app, path, Method::POST, code.into()).await;
            assert_eq!(status, code.status());
            assert!(html.contains("written down at most once"), "{html}");
            assert!(html.contains(way), "their own pages are around it: {html}");
            assert!(
                !html.contains("your booking") && !html.contains("Book a vaccination"),
                "{html}"
            );
            assert_eq!(faults(&html), [""; 0]);
        }
        let busy = Refusal::new(Code::Overloaded, Detail::Crowded { retry_after: 7 });
        let (.., html) = page_at(&app, path, Method::POST, busy.clone()).await;
        assert!(html.contains("Nothing was written down by this press"), "{html}");
        let (.., html) = page_at(&app, path, Method::GET, busy).await;
        assert!(html.contains(">Look again</a>") && html.contains("in 7 seconds"), "{html}");
    }
}
