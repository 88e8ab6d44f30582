//! Sessions in the browser: who may press, where a cookie counts, and that signing out ends it.

use chrono::{SubsecRound, TimeDelta, Utc};
use dosebook::{clock::Clock, domain::session::citizen_token};
use reqwest::Method;
use uuid::Uuid;

use super::sign_in;
use crate::{
    contract::routes_and_pages,
    support::{Browser, Made, Page, Person, TestApp, World, browser::Form},
};

async fn service() -> (TestApp, Made, Clock) {
    let clock = Clock::fixed(Utc::now().trunc_subsecs(0));
    let app = TestApp::with().clock(clock.clone()).start().await;
    let made = World::new().people(3).make(&app.db).await;
    app.refresh().await;
    (app, made, clock)
}

/// A browser in which this person has signed in so many seconds ago, without a code.
fn signed_in(app: &TestApp, person: &Person, seconds_ago: i64) -> Browser {
    let opened_at = app.app.clock.now() - TimeDelta::seconds(seconds_ago);
    let expires_at = opened_at + TimeDelta::hours(12);
    let token = citizen_token(&app.app.keys, person.person_id, expires_at);
    let mut browser = app.browser();
    browser.cookies.insert("__Host-citizen".to_owned(), token);
    browser
}

fn empty(action: &str) -> Form {
    Form { action: action.to_owned(), fields: Vec::new() }
}

/// The path of every page to which forms are sent, in Korean.
async fn presses(made: &Made) -> Vec<String> {
    let routes = routes_and_pages().await.into_iter();
    let pages = routes.filter(|(method, path)| method == "POST" && path.starts_with("/{language"));
    let paths: Vec<String> = pages
        .map(|(_, path)| {
            let path = path.replace("{language:ko|en}", "ko");
            let path = path.replace("{campaign_id}", &made.campaign_id.to_string());
            let path = path.replace("{clinic_id}", &made.clinics[0].to_string());
            let path = path.replace("{booking_id}", &Uuid::now_v7().to_string());
            // Whatever else a page is about: who presses is asked before that is looked up.
            path.split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect::<Vec<_>>()
                .join("/")
        })
        .collect();
    assert!(paths.iter().all(|path| !path.contains('{')), "{paths:?}");
    paths
}

#[tokio::test]
async fn only_pages_of_ours_press_buttons() {
    let (app, made, _) = service().await;
    let presses = presses(&made).await;
    assert!(presses.len() >= 5, "the control: {presses:?}");
    let host = app.url.trim_start_matches("http://").to_owned();
    let (ours, named) = (format!("http://{host}"), format!("https://{host}"));
    let foreign = format!("http://evil.{host}");
    for path in &presses {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", &ours)],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", &foreign)],
            &[("referer", &ours)],
        ] {
            let mut browser = signed_in(&app, &made.people[0], 0);
            let page = browser.submit_with(&empty(path), headers).await.ok(403);
            assert!(page.header("content-type").starts_with("text/html"), "{path}");
            assert_eq!(page.header("set-cookie"), "", "{path}");
            assert!(
                page.main().contains("이 서비스의 화면에서 보낸 요청이 아니어서"),
                "{}",
                page.main()
            );
            assert_eq!(browser.open("/ko/me").await.at, "/ko/me", "still signed in after {path}");
        }
        for headers in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("origin", &ours)],
            &[("origin", &named)],
        ] {
            let mut browser = signed_in(&app, &made.people[1], 0);
            let page = browser.submit_with(&empty(path), headers).await;
            assert_ne!(page.status, 403, "{path} {headers:?}: {}", page.main());
        }
        // Nobody could press in a frame of another site.
        let page = app.browser().submit(&empty(path)).await;
        assert!(
            page.header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_cookie_counts_on_pages_alone_and_never_beside_a_token() {
    let (app, made, _) = service().await;
    let person = &made.people[0];
    let mut browser = signed_in(&app, person, 0);
    let bearer = format!("Bearer {}", browser.cookies["__Host-citizen"]);
    browser.get("/en/me").await.ok(200);
    for authorization in [&bearer, "Bearer nonsense", "Basic dXNlcjpwYXNz", ""] {
        let headers = [("authorization", authorization)];
        let page = browser.send(Method::GET, "/en/me", None, &headers).await.ok(303);
        assert_eq!(page.header("location"), "/en/sign-in", "{authorization}");
    }
    // Nor is the token taken by pages.
    let headers = [("authorization", bearer.as_str())];
    app.browser().send(Method::GET, "/en/me", None, &headers).await.ok(303);
    // The API takes the token and no cookie.
    for path in ["/v1/me", "/v1/bookings"] {
        assert_eq!(browser.get(path).await.status, 401, "{path}");
        let page = browser.send(Method::GET, path, None, &headers).await;
        assert_eq!(page.status, 200, "{path}");
    }
    for (method, path) in
        [(Method::DELETE, "/v1/auth/sessions"), (Method::DELETE, "/v1/me/sessions")]
    {
        let same = [("sec-fetch-site", "same-origin")];
        assert_eq!(browser.send(method, path, None, &same).await.status, 401, "{path}");
    }
    browser.get("/en/me").await.ok(200);
}

#[tokio::test]
async fn a_session_ends_with_its_time() {
    let (app, made, clock) = service().await;
    let mut browser = signed_in(&app, &made.people[0], 0);
    clock.set(clock.now() + TimeDelta::hours(12) - TimeDelta::seconds(1));
    browser.get("/ko/me").await.ok(200);
    clock.set(clock.now() + TimeDelta::seconds(1));
    let page = browser.get("/ko/me").await.ok(303);
    assert_eq!(page.header("location"), "/ko/sign-in");
    for cookie in ["", "c1.", "c1.AAAA", "nonsense", "\"", &"x".repeat(5_000)] {
        browser.cookies.insert("__Host-citizen".to_owned(), cookie.to_owned());
        browser.get("/ko/me").await.ok(303);
    }
}

#[tokio::test]
async fn signing_out_here_ends_this_session_for_good() {
    let (app, made, _) = service().await;
    let (mut phone, mut tablet) =
        (signed_in(&app, &made.people[0], 20), signed_in(&app, &made.people[0], 10));
    let kept = phone.clone();
    let page = phone.open("/ko/me").await.ok(200);
    let page = phone.press(&page.form("/ko/sign-out")).await.ok(200);
    assert_eq!((page.at.as_str(), page.heading()), ("/ko/sign-out", "로그아웃되었습니다"));
    assert!(phone.cookies.is_empty(), "{:?}", phone.cookies);
    for path in ["/ko/me", "/en/me"] {
        // Whoever kept the cookie gets no further than somebody without one.
        kept.clone().get(path).await.ok(303);
        phone.get(path).await.ok(303);
        tablet.get(path).await.ok(200);
    }
    let token = &kept.cookies["__Host-citizen"];
    app.holder_of(token).get("/v1/me").await.problem(401, "unauthenticated");
    // Pressed once more, by Back: nothing is left to end.
    kept.clone().press(&empty("/ko/sign-out")).await.ok(200);
}

#[tokio::test]
async fn signing_out_everywhere_takes_one_press() {
    let (app, made, _) = service().await;
    let (mut phone, mut tablet) =
        (signed_in(&app, &made.people[0], 20), signed_in(&app, &made.people[0], 10));
    let mut neighbour = signed_in(&app, &made.people[1], 10);
    let page = phone.open("/en/sign-out").await.ok(200);
    let page = phone.press(&page.form("/en/sign-out/everywhere")).await.ok(200);
    assert_eq!(page.heading(), "You are signed out");
    assert!(phone.cookies.is_empty());
    tablet.get("/en/me").await.ok(303);
    neighbour.get("/en/me").await.ok(200);
}

#[tokio::test]
async fn after_signing_in_people_go_on_to_our_own_pages_only() {
    let (app, made, _) = service().await;
    let campaign = made.campaign_id;
    let own = format!("/campaigns/{campaign}/eligibility");
    for (asked, expected) in [
        (own.as_str(), own.as_str()),
        ("/sign-out", "/sign-out"),
        ("//evil.example", "/me"),
        ("https://evil.example/me", "/me"),
        ("https:evil.example", "/me"),
        ("/\\evil.example", "/me"),
        ("\\\\evil.example", "/me"),
        ("/%5Cevil.example", "/me"),
        ("%2F%2Fevil.example", "/me"),
        ("/me/../../evil", "/me"),
        ("javascript:alert(1)", "/me"),
        ("/me\r\nLocation: https://evil.example", "/me"),
        ("/v1/me", "/me"),
    ] {
        let query: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        let mut browser = app.browser();
        let page = browser.open(&format!("/en/sign-in?next={query}")).await.ok(200);
        assert!(!page.text.contains("evil") && !page.text.contains("javascript:"), "{}", page.text);
        // In the form too, whoever has written it there.
        let mut form = super::claim(&page, &made.people[0]);
        form.fields.retain(|(name, _)| name != "next");
        form.fields.push(("next".to_owned(), asked.to_owned()));
        let page = browser.press(&form).await;
        // The caps of one person are not what is tried here.
        sqlx::query("delete from code_cap").execute(&app.db).await.unwrap();
        sqlx::query("update sign_in_code set created_at = created_at - interval '1 hour'")
            .execute(&app.db)
            .await
            .unwrap();
        let code = super::code_of(&app, &page.clone().ok(200)).await;
        let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
        let answer = browser.submit(&form).await.ok(303);
        assert!(answer.header("location").starts_with("/en/sign-in/done"), "{asked}");
        let done = browser.get(answer.header("location")).await.ok(303);
        assert_eq!(done.header("location"), format!("/en{expected}"), "{asked}");
        // Who is signed in already is led there too, and nowhere else.
        let page = browser.get(&format!("/ko/sign-in?next={query}")).await.ok(303);
        assert_eq!(page.header("location"), format!("/ko{expected}"), "{asked}");
    }
}

#[tokio::test]
async fn who_asked_for_a_page_comes_back_to_it() {
    let (app, made, _) = service().await;
    let id = Uuid::now_v7();
    let page = app.browser().get("/ko/me?from=mail").await.ok(303);
    assert_eq!(page.header("location"), "/ko/sign-in?next=%2Fme%3Ffrom%3Dmail");
    assert_eq!(page.header("cache-control"), "no-store");
    let mut browser = app.browser();
    let page = sign_in(&app, &mut browser, "/en/me?from=mail", &made.people[0]).await.ok(200);
    assert_eq!(page.at, "/en/me?from=mail");
    let path = format!("/en/sign-in?next=%2Fbookings%2F{id}");
    let page = app.browser().open(&path).await.ok(200);
    assert_eq!(page.form("/en/sign-in").value("next"), format!("/bookings/{id}"));
}

#[tokio::test]
async fn nothing_personal_is_kept_by_caches_or_stands_in_addresses() {
    let (app, made, _) = service().await;
    let person = &made.people[2];
    let mut browser = app.browser();
    let mut pages: Vec<Page> = Vec::new();
    let campaign = made.campaign_id;
    let eligibility = format!("/ko/campaigns/{campaign}/eligibility");
    let page = browser.open(&eligibility).await.ok(200);
    let form = page.form(&eligibility).with(&[("birth-year", "1962"), ("birth-month", "1")]);
    pages.push(browser.press(&form.with(&[("birth-day", "15")])).await.ok(200));
    pages.push(sign_in(&app, &mut browser, "/ko/me", person).await.ok(200));
    pages.push(browser.open("/ko/sign-out").await.ok(200));
    pages.push(browser.open(&eligibility).await.ok(200));
    pages.push(browser.press(&pages[2].form("/ko/sign-out")).await.ok(200));
    pages.push(browser.open("/ko/nothing").await.ok(404));
    for page in &pages {
        assert_eq!(page.header("cache-control"), "no-store", "{}", page.at);
        assert_eq!(page.header("referrer-policy"), "same-origin", "{}", page.at);
        assert_eq!(page.header("etag"), "", "{}", page.at);
    }
    let visited = browser.visited.join("\n");
    assert!(visited.contains("/ko/me"), "the control: {visited}");
    let day = person.birth_date.to_string();
    for secret in [&person.name, &person.phone, &day, "1962", "Citizen", "c1."] {
        assert!(!visited.contains(secret), "{secret}: {visited}");
    }
}

#[tokio::test]
async fn refusals_of_pages_are_pages() {
    let (app, made, _) = service().await;
    let mut browser = signed_in(&app, &made.people[0], 0);
    for (language, path, status) in [
        ("ko", "/nothing", 404),
        ("en", "/nothing", 404),
        ("ko", "/campaigns/999/eligibility", 404),
        ("en", "/campaigns/x/eligibility", 404),
        ("en", "/sign-out/everywhere", 405),
    ] {
        let page = browser.get(&format!("/{language}{path}")).await.ok(status);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(page.header("content-language"), language, "{path}");
        assert!(page.text.contains(&format!("<html lang=\"{language}\"")), "{path}");
        assert!(page.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!page.heading().is_empty(), "{path}");
    }
    let json = browser
        .send(
            Method::POST,
            "/ko/sign-out",
            None,
            &[("sec-fetch-site", "same-origin"), ("content-type", "application/json")],
        )
        .await;
    assert_eq!(json.status, 303, "nothing was sent, so it is of no type: {}", json.main());
    let mut form = empty("/ko/sign-in");
    form.fields.push(("name".to_owned(), "x".repeat(70_000)));
    let page = browser.submit(&form).await.ok(413);
    assert!(page.header("content-type").starts_with("text/html"));
    // The control: the API answers with problem documents.
    let page = browser.get("/v1/nothing").await.ok(404);
    assert_eq!(page.header("content-type"), "application/problem+json");
}
