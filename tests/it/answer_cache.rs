//! Answers that are kept while the board stays the same: nobody can tell one from an answer that
//! was made for them, and none outlives what it says.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use dosebook::{
    board::document::Coding,
    clock::Clock,
    domain::session::citizen_token,
    http::answer_cache::{Answer, BYTES_MAX},
};
use reqwest::{Method, header::HeaderMap};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Made, TestApp, World};

/// Status, headers and body as they come, without the second in which they came.
#[derive(Debug, PartialEq)]
struct Raw {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Only what the routes answer has a request's id.
    is_kept: bool,
}

async fn raw(app: &TestApp, path: &str, headers: &[(&'static str, &str)]) -> Raw {
    let client =
        reqwest::Client::builder().no_proxy().no_gzip().pool_max_idle_per_host(0).build().unwrap();
    let mut request = client.get(format!("{}{path}", app.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    headers.remove("date");
    let is_kept = headers.remove("x-request-id").is_none();
    Raw { status, headers, body: response.bytes().await.unwrap().to_vec(), is_kept }
}

/// What is made for the first who asks, and what is kept of it for the second.
async fn both(app: &TestApp, path: &str, headers: &[(&'static str, &str)]) -> (Raw, Raw) {
    for _ in 0..100 {
        app.refresh().await;
        let (made, kept) = (raw(app, path, headers).await, raw(app, path, headers).await);
        // The board may have changed between the two.
        if !made.is_kept && kept.is_kept {
            return (made, kept);
        }
    }
    panic!("{path} is not kept");
}

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

/// Lists and times, as JSON and as pages.
fn paths(made: &Made) -> Vec<String> {
    let (campaign, clinic, day) =
        (made.campaign_id, made.clinics[0], made.allocation(0, 2).on_date);
    let district = made.districts[0];
    vec![
        format!("/v1/campaigns/{campaign}/clinics"),
        format!("/v1/campaigns/{campaign}/clinics?region={district}&limit=20"),
        format!("/v1/campaigns/{campaign}/clinics?near=37.51,127.01"),
        format!("/v1/clinics/{clinic}/slots?campaign_id={campaign}&date={day}"),
        format!("/ko/campaigns/{campaign}/clinics?region={district}"),
        format!("/en/campaigns/{campaign}/clinics?near=37.51,127.01&date={day}"),
        format!("/en/campaigns/{campaign}/clinics/{clinic}?date={day}"),
        format!("/ko/campaigns/{campaign}/clinics/{clinic}"),
    ]
}

#[tokio::test]
async fn a_kept_answer_is_like_the_one_that_was_made() {
    let (app, made) = service(World::new()).await;
    for path in paths(&made) {
        let mut sizes = Vec::new();
        for coding in ["", "gzip", "gzip, deflate, br", "br", "gzip;q=0"] {
            let (first, second) = both(&app, &path, &[("accept-encoding", coding)]).await;
            assert_eq!(first.status, 200, "{path}");
            assert_eq!((&first.headers, &first.body), (&second.headers, &second.body), "{path}");
            let encoded = second.headers.get("content-encoding").map(|name| name.as_bytes());
            assert_eq!(
                encoded == Some(b"gzip".as_slice()),
                coding.starts_with("gzip") && !coding.ends_with('0')
            );
            assert_eq!(second.headers["vary"], "Accept-Encoding", "{path}");
            sizes.push(second.body.len());
        }
        assert!(sizes[0] != sizes[1], "each coding has its own: {sizes:?}");
        let is_page = !path.starts_with("/v1/");
        let (_, kept) = both(&app, &path, &[]).await;
        let cached = if is_page { "no-store" } else { "public" };
        assert!(kept.headers["cache-control"].to_str().unwrap().starts_with(cached), "{path}");
        if is_page {
            assert!(
                !kept.headers.contains_key("etag") && kept.headers.contains_key("content-language")
            );
            assert!(kept.headers.contains_key("content-security-policy"), "{path}");
            continue;
        }
        let etag = kept.headers["etag"].to_str().unwrap().to_owned();
        let (first, second) = loop {
            // The tag of what is there now.
            let etag = raw(&app, &path, &[]).await.headers["etag"].to_str().unwrap().to_owned();
            let known = raw(&app, &path, &[("if-none-match", &etag)]).await;
            if known.status == 304 {
                break (known, raw(&app, &path, &[("if-none-match", "*")]).await);
            }
        };
        assert_eq!((first.status, second.status), (304, 304), "{path} {etag}");
        assert!(first.body.is_empty() && first.headers["vary"] == "Accept-Encoding");
    }
    let bytes = app.app.kept.bytes();
    assert!((1..BYTES_MAX / 100).contains(&bytes), "a few pages: {bytes}");
}

/// A question that only one person asks, or that cannot be answered, is not kept.
#[tokio::test]
async fn what_is_about_somebody_or_wrong_is_not_kept() {
    let (app, made) = service(World::new()).await;
    let campaign = made.campaign_id;
    for (path, status) in [
        (format!("/v1/campaigns/{campaign}/clinics?region=999"), 422),
        (format!("/v1/campaigns/{campaign}/clinics?page=2"), 422),
        ("/v1/campaigns/999/clinics".to_owned(), 404),
    ] {
        for _ in 0..3 {
            let answer = raw(&app, &path, &[]).await;
            assert!(!answer.is_kept, "{path}");
            assert_eq!(answer.status / 100, status / 100, "{path}");
        }
    }
    let question = format!("/ko/campaigns/{campaign}/eligibility");
    let (_, kept) = both(&app, &question, &[]).await;
    assert_eq!(kept.status, 200);
    // Who brings a cookie may be signed in.
    for path in [question, format!("/ko/campaigns/{campaign}/clinics")] {
        let with = [("cookie", "__Host-citizen=x")];
        assert!(
            raw(&app, &path, &[]).await.status == 200 && !raw(&app, &path, &with).await.is_kept
        );
    }
    // Who has chosen no place and is signed in sees where they live, whoever asked before.
    let path = format!("/en/campaigns/{campaign}/clinics");
    let strangers = raw(&app, &path, &[]).await;
    let until = Utc::now() + TimeDelta::hours(1);
    let token = citizen_token(&app.app.keys, made.people[0].person_id, until);
    let own = raw(&app, &path, &[("cookie", &format!("__Host-citizen={token}"))]).await;
    let has_list = |answer: &Raw| String::from_utf8_lossy(&answer.body).contains("Clinic 1");
    assert!(has_list(&own) && !has_list(&strangers));
    assert!(!has_list(&raw(&app, &path, &[]).await), "and nobody else sees it");
}

/// What is kept for this path and query, compressed.
fn kept(app: &TestApp, target: &str) -> Option<Arc<Answer>> {
    app.app.kept.find(&app.app.board.now(), (target, Coding::Gzip), app.app.clock.now())
}

/// The answers to whom these cookies belong and who ask for this path, if they were given what was
/// kept under that name before; none where the board has changed meanwhile.
async fn given(app: &TestApp, path: &str, cookies: &[&str], name: &str) -> Option<Vec<Raw>> {
    let before = kept(app, name)?;
    let mut answers = Vec::new();
    for cookie in cookies {
        let headers = [("accept-encoding", "gzip"), ("cookie", *cookie)];
        answers.push(raw(app, path, &headers).await);
    }
    kept(app, name).is_some_and(|after| Arc::ptr_eq(&before, &after)).then_some(answers)
}

#[tokio::test]
async fn who_is_signed_in_is_given_what_is_kept_for_their_district() {
    let (app, made) = service(World::new().people(8)).await;
    let person = &made.people[0];
    let neighbour = made.people[1..].iter().find(|other| other.region_id == person.region_id);
    let until = Utc::now() + TimeDelta::hours(1);
    let cookies = [person, neighbour.expect("a neighbour")].map(|person| {
        let token = citizen_token(&app.app.keys, person.person_id, until);
        format!("__Host-citizen={token}")
    });
    let cookies = [cookies[0].as_str(), &cookies[1]];
    let path = format!("/ko/campaigns/{}/clinics", made.campaign_id);
    let name = format!("{path}?region={}", person.region_id);
    let mut tries = 0..100;
    let (everybody, answers) = loop {
        tries.next().expect("it is kept");
        let (_, everybody) = both(&app, &name, &[("accept-encoding", "gzip")]).await;
        if let Some(answers) = given(&app, &path, &cookies, &name).await {
            break (everybody, answers);
        }
    };
    for mut own in answers {
        let home = own.headers.remove("set-cookie").expect("where they live");
        assert!(home.to_str().unwrap().starts_with("__Host-home="), "{home:?}");
        assert_eq!((own.status, &own.headers), (200, &everybody.headers));
        assert_eq!(own.body, everybody.body, "byte for byte");
        assert_eq!(own.headers["content-encoding"], "gzip");
        assert_eq!(own.headers["cache-control"], "no-store");
    }
    // The control: what is made anew is kept anew.
    let before = kept(&app, &name);
    let (_, _) = both(&app, &name, &[("accept-encoding", "gzip")]).await;
    let after = kept(&app, &name);
    assert!(!before.zip(after).is_some_and(|(before, after)| Arc::ptr_eq(&before, &after)));
    // Whoever has no session is given what strangers are, from what is kept, and so is everybody
    // who is to sign in.
    for (path, name) in [
        (path.clone(), path.clone()),
        ("/ko/sign-in?next=%2Fme".to_owned(), "/ko/sign-in".to_owned()),
    ] {
        let mut tries = 0..100;
        loop {
            tries.next().expect("it is kept");
            let made = raw(&app, &path, &[("accept-encoding", "gzip")]).await;
            if let Some(given) = given(&app, &path, &["__Host-citizen=x", "a=b"], &name).await {
                assert!(given.iter().all(|own| own.body == made.body), "{path}");
                break;
            }
        }
    }
}

/// The same question in other words, which is answered anew.
fn otherwise(path: &str) -> String {
    let more = if path.contains('?') { "&" } else { "?" };
    match path.split_once('?') {
        Some((path, query)) if query.contains('&') => {
            let mut parts: Vec<_> = query.split('&').collect();
            parts.reverse();
            format!("{path}?{}", parts.join("&"))
        }
        _ if path.starts_with("/v1/") => format!("{path}{more}limit=50"),
        _ => path.to_owned(),
    }
}

/// Whether every kept answer says what one that is made now says.
async fn all_are_fresh(app: &TestApp, made: &Made) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for path in paths(made) {
        let (_, kept) = both(app, &path, &[]).await;
        let other = otherwise(&path);
        if path.starts_with("/v1/") {
            let same = async || {
                for _ in 0..100 {
                    let (kept, other) = (raw(app, &path, &[]).await, raw(app, &other, &[]).await);
                    if kept.body == other.body {
                        return true;
                    }
                }
                false
            };
            assert!(same().await, "{path} and {other}");
        }
        bodies.push(kept.body);
    }
    bodies
}

#[tokio::test]
async fn nothing_that_is_kept_outlives_what_it_says() {
    let (app, made) = service(World::new()).await;
    let admin = app.admin().await;
    let slot = made.slot(0, 2, 0);
    let clinic = format!("/v1/admin/clinics/{}", slot.clinic_id);
    let text = |bodies: &[Vec<u8>]| {
        bodies.iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect::<Vec<_>>()
    };
    let first = text(&all_are_fresh(&app, &made).await);
    assert!(first.iter().all(|body| body.contains("Clinic 1")), "the control");

    // A booking takes a seat and a dose.
    let id = Uuid::now_v7();
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(id, &made.booking(slot)).await.ok(201);
    app.tick().await;
    let booked = text(&all_are_fresh(&app, &made).await);
    assert!(first[3].contains("\"seats_left\":10") && booked[3].contains("\"seats_left\":9"));
    assert!(booked[1].contains("\"open\":6") && !first[1].contains("\"open\":6"));
    assert!(first[6].contains("7 doses") && booked[6].contains("6 doses"), "{}", booked[6]);

    // A clinic is called otherwise.
    let named = json!({ "name": "Renamed", "address": "Elsewhere 7" });
    let change = admin.request(Method::PATCH, &clinic).header("if-match", "*").json(&named);
    change.send().await.ok(200);
    let named = text(&all_are_fresh(&app, &made).await);
    assert!(named.iter().all(|body| body.contains("Renamed")), "{named:?}");

    // A slot has other seats.
    let seats = format!("/v1/admin/slots/{}", slot.slot_id);
    let change = admin.request(Method::PATCH, &seats).header("if-match", "*");
    change.json(&json!({ "seats": 4 })).send().await.ok(200);
    let fewer = text(&all_are_fresh(&app, &made).await);
    assert!(fewer[3].contains("\"seats_left\":3"), "{}", fewer[3]);

    // The day is closed.
    let closure = format!("{clinic}/closures/{}", slot.on_date);
    admin.put(&closure, &json!({ "reason": "Snow" })).await.ok(200);
    let closed = text(&all_are_fresh(&app, &made).await);
    assert!(closed[3].contains("\"is_closed\":true") && !fewer[3].contains("\"is_closed\":true"));
    assert!(!closed[6].contains("6 doses"), "{}", closed[6]);

    // Booking is paused.
    let pause = format!("/v1/admin/campaigns/{}/pause", made.campaign_id);
    admin.post(&pause, &json!({ "reason": "Out of order" })).await.ok(200);
    let paused = text(&all_are_fresh(&app, &made).await);
    for page in &paused[4..8] {
        assert!(page.contains("Out of order"), "{page}");
    }
}

/// Pages say when booking begins, and stop saying so at that very moment, whatever the board does.
#[tokio::test]
async fn a_page_that_waits_for_the_opening_opens_with_it() {
    let clock = Clock::fixed(Utc::now());
    let app = TestApp::with().clock(clock.clone()).start().await;
    let made = World::new().opens_in(TimeDelta::hours(2)).make(&app.db).await;
    let (clinic, day) = (made.clinics[0], made.allocation(0, 2).on_date);
    let path = format!("/en/campaigns/{}/clinics/{clinic}?date={day}", made.campaign_id);
    let (_, waiting) = both(&app, &path, &[]).await;
    let says = |answer: &Raw| String::from_utf8_lossy(&answer.body).contains("Booking opens");
    assert!(says(&waiting), "{}", String::from_utf8_lossy(&waiting.body));
    clock.set(clock.now() + TimeDelta::hours(3));
    let open = raw(&app, &path, &[]).await;
    assert!(!says(&open) && !open.is_kept, "made anew");
    let (_, kept) = both(&app, &path, &[]).await;
    assert!(!says(&kept));
}
