//! Pages for staff: signing in, who may see what, and what the browser keeps.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{LANGUAGES, faults};
use crate::{
    overload::{answers, ask_all, hold_lane},
    support::{Browser, Made, Page, TestApp, World, until},
};
use dosebook::flows::staff_user::{self, Post};

const PASSWORD: &str = "quiet river carries stones";

async fn service() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = World::new().people(5).make(&app.db).await;
    app.refresh().await;
    (app, made)
}

async fn user(app: &TestApp, username: &str, post: Post<'_>) {
    staff_user::add(&app.app.db, username, PASSWORD, post).await.expect("a user");
}

/// Signs in on the page at the path; gives the page where that leads.
async fn sign_in(browser: &mut Browser, path: &str, (username, password): (&str, &str)) -> Page {
    let page = browser.open(path).await.ok(200);
    let form = page.form(&page.form_action("/sign-in/staff"));
    browser.press(&form.with(&[("username", username), ("password", password)])).await
}

fn today(made: &Made, language: &str, clinic: usize) -> String {
    format!("/{language}/clinic/{}", made.clinics[clinic])
}

#[tokio::test]
async fn staff_come_to_their_first_page_and_go_again() {
    let (app, made) = service().await;
    user(&app, "desk", Post::At(made.clinics[0])).await;
    user(&app, "boss", Post::Administrator).await;
    for (language, out) in [("ko", "로그아웃되었습니다"), ("en", "You are signed out")] {
        for (name, home) in
            [("desk", today(&made, language, 0)), ("boss", format!("/{language}/admin"))]
        {
            let mut browser = app.browser();
            let start = format!("/{language}/sign-in/staff");
            let page = sign_in(&mut browser, &start, (name, PASSWORD)).await.ok(200);
            assert_eq!(page.at, home);
            assert!(page.text.contains(&format!("<span>{name}</span>")), "{}", page.text);
            assert_eq!(faults(&page.text), [""; 0]);
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(browser.open(&start).await.at, home, "who is signed in goes on");
            let kept = browser.clone();
            let form = page.form(&format!("/{language}/sign-out/staff"));
            let page = browser.press(&form).await.ok(200);
            assert_eq!(page.heading(), out);
            // It is known as one of theirs, and signed in by nothing.
            assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-known"]);
            // Whoever kept the cookie gets no further than somebody without one.
            kept.clone().get(&home).await.ok(303);
        }
    }
}

#[tokio::test]
async fn each_role_sees_its_own_pages() {
    let (app, made) = service().await;
    let (own, other) = (today(&made, "en", 0), today(&made, "en", 1));
    let mut staff = app.staff_browser(2, Some(made.clinics[0])).await;
    let mut boss = app.staff_browser(3, None).await;
    staff.get(&own).await.ok(200);
    boss.get(&own).await.ok(200);
    boss.get(&other).await.ok(200);
    boss.get("/en/admin").await.ok(200);
    let page = staff.get(&other).await.ok(404);
    assert!(page.text.contains("Another clinic"), "{}", page.main());
    assert!(page.text.contains(&format!("href=\"{own}\"")), "the way home");
    let unknown = staff.get("/en/clinic/999999").await.ok(404);
    assert_eq!(page.main(), unknown.main(), "as if it did not exist");
    let page = staff.get("/en/admin").await.ok(403);
    assert_eq!(page.heading(), "Not for your role");
    for path in [&own, "/en/admin", "/en/staff"] {
        let page = app.browser().get(path).await.ok(303);
        let to = page.header("location");
        assert!(to.starts_with("/en/sign-in/staff"), "{path}: {to}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    // Pages at a desk may use the camera, others may not.
    let policy = |page: &Page| page.header("permissions-policy").to_owned();
    assert!(policy(&staff.get(&own).await).starts_with("camera=(self)"));
    assert!(policy(&boss.get("/en/admin").await).starts_with("camera=()"));
}

#[tokio::test]
async fn cookie_and_token_are_never_mixed() {
    let (app, made) = service().await;
    let mut browser = app.staff_browser(2, Some(made.clinics[0])).await;
    let path = today(&made, "en", 0);
    let bearer = format!("Bearer {}", browser.cookies["__Host-staff"]);
    let api = format!("/v1/clinics/{}/schedule?date=2021-07-26", made.clinics[0]);
    browser.get(&path).await.ok(200);
    let headers = [("authorization", bearer.as_str())];
    browser.send(Method::GET, &path, None, &headers).await.ok(303);
    app.browser().send(Method::GET, &path, None, &headers).await.ok(303);
    assert_eq!(browser.get(&api).await.status, 401, "the API takes no cookies");
    assert_eq!(app.browser().send(Method::GET, &api, None, &headers).await.status, 200);
    // A citizen's session is none of staff.
    let token = browser.cookies.remove("__Host-staff").expect("a token");
    browser.cookies.insert("__Host-citizen".to_owned(), token);
    browser.get(&path).await.ok(303);
}

#[tokio::test]
async fn a_wrong_password_is_said_and_who_it_was_is_not() {
    let (app, made) = service().await;
    user(&app, "desk", Post::At(made.clinics[0])).await;
    for language in LANGUAGES {
        let start = format!("/{language}/sign-in/staff");
        let mut browser = app.browser();
        let wrong = sign_in(&mut browser, &start, ("desk", "wrong password 1")).await.ok(422);
        let nobody = sign_in(&mut browser, &start, ("nobody", "wrong password 1")).await.ok(422);
        assert_eq!(wrong.errors(), nobody.errors());
        assert_eq!(wrong.errors()[0].0, "username");
        assert!(!wrong.text.contains("wrong password"), "a password is not sent back");
        assert!(wrong.text.contains("value=\"desk\""), "the name is kept");
        let empty = sign_in(&mut browser, &start, ("", "")).await.ok(422);
        let fields: Vec<_> = empty.errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["username", "password"]);
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn after_signing_in_staff_go_on_to_pages_for_staff_only() {
    let (app, made) = service().await;
    user(&app, "desk", Post::At(made.clinics[0])).await;
    let own = today(&made, "en", 0);
    let week = format!("{own}?date=2021-07-26");
    let page = app.browser().get(&week).await.ok(303);
    let mut browser = app.browser();
    let page = sign_in(&mut browser, page.header("location"), ("desk", PASSWORD)).await.ok(200);
    assert_eq!(page.at, week);
    for asked in ["//evil.example", "/me", "https://evil.example/admin", "/admin/../evil"] {
        let query: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        let path = format!("/en/sign-in/staff?next={query}");
        let page = sign_in(&mut app.browser(), &path, ("desk", PASSWORD)).await.ok(200);
        assert_eq!(page.at, own, "{asked}");
    }
}

#[tokio::test]
async fn whoever_signs_in_signs_out_who_sat_there_before() {
    let (app, made) = service().await;
    user(&app, "desk", Post::At(made.clinics[0])).await;
    let mut first = app.staff_browser(2, Some(made.clinics[0])).await;
    let kept = first.clone();
    let mut form = app.browser().open("/en/sign-in/staff").await.form("/en/sign-in/staff");
    form = form.with(&[("username", "desk"), ("password", PASSWORD)]);
    first.press(&form).await.ok(200);
    kept.clone().get(&today(&made, "en", 0)).await.ok(303);
    first.get(&today(&made, "en", 0)).await.ok(200);
}

#[tokio::test]
async fn a_crowd_at_the_sign_in_is_told_when_to_come_again() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(45).seats(100).doses(100).make(&app.db).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in/staff").await.ok(200);
    let form = page.form("/en/sign-in/staff").with(&[("username", "x"), ("password", "y")]);
    browser.submit(&form).await.ok(422);
    let mut asked = hold_lane(&app, &proxy, &made).await;
    // Each that waits behind the first adds 2 % of a millisecond to the load.
    asked.extend(ask_all(&app, &made, 1..45));
    until(|| app.app.metrics.lanes.queued.get() == 44).await;
    let busy = browser.submit(&form).await.ok(503);
    let said = "You are not signed in yet: write your password and press again in";
    assert!(busy.main().contains(said), "{}", busy.main());
    assert!(!busy.header("retry-after").is_empty());
    assert!(busy.text.contains("value=\"x\""), "the name is kept");
    proxy.resume();
    answers(asked).await;
}

#[tokio::test]
async fn an_invitation_is_used_on_its_page() {
    let (app, made) = service().await;
    let admin = app.admin().await;
    let body = json!({ "username": "desk-9", "role": "staff", "clinic_id": made.clinics[0] });
    let invited: Value = admin.post("/v1/admin/users", &body).await.ok(201);
    let token = invited["invitation"]["token"].as_str().expect("a token");
    assert_eq!(invited["invitation"]["page"], json!(format!("/invitation#{token}")));
    let mut browser = app.browser();
    let page = browser.open("/invitation").await.ok(200);
    assert_eq!(page.at, "/en/invitation");
    let form = page.form("/en/invitation");
    let short = form.clone().with(&[("token", token), ("password", "short")]);
    let page = browser.press(&short).await.ok(422);
    assert_eq!(page.errors()[0].0, "password");
    let empty = browser.press(&form.clone().with(&[("password", PASSWORD)])).await.ok(422);
    assert_eq!(empty.errors()[0].0, "token");
    let chosen = page.form("/en/invitation").with(&[("password", PASSWORD)]);
    let page = browser.press(&chosen).await.ok(200);
    assert_eq!(page.at, "/en/sign-in/staff");
    assert!(page.main().contains("The password is set. Sign in as desk-9."), "{}", page.main());
    let again = browser.open("/en/sign-in/staff").await.ok(200);
    assert!(!again.main().contains("The password is set"), "said once");
    let over = browser.press(&chosen).await.ok(422);
    assert_eq!(over.errors()[0].0, "token");
    let page = sign_in(&mut browser, "/en/sign-in/staff", ("desk-9", PASSWORD)).await.ok(200);
    assert_eq!(page.at, today(&made, "en", 0));
    // The token stood in no address.
    assert!(browser.visited.iter().all(|path| !path.contains(token)));
}

#[tokio::test]
async fn a_day_lists_who_comes_without_telling_who_they_are() {
    let (app, made) = service().await;
    let (id, slot) = (Uuid::now_v7(), made.slot(0, 1, 0));
    let person = &made.people[0];
    let date = made.allocation(0, 1).on_date;
    let mut browser = app.staff_browser(2, Some(made.clinics[0])).await;
    let path = format!("{}?date={date}", today(&made, "ko", 0));
    let live = format!("/ko/clinic/{}/now?date={date}", made.clinics[0]);
    let empty = browser.open(&path).await.ok(200);
    assert!(empty.main().contains("예약한 사람이 없습니다"), "{}", empty.main());
    let before = browser.get(&live).await.ok(200);
    app.citizen(person).put_booking(id, &made.booking(slot)).await.ok(201);
    let page = browser.open(&path).await.ok(200);
    assert_eq!(faults(&page.text), [""; 0]);
    assert!(page.main().contains(&app.number(id).to_string()), "{}", page.main());
    assert!(page.main().contains(&format!("/bookings/{id}\"")), "the way to them");
    for secret in [&person.name, &person.phone, &person.birth_date.to_string()] {
        assert!(!page.text.contains(secret.as_str()), "{secret} on a list: {}", page.main());
    }
    // The small document tells the same, and that it is another turn.
    let after = browser.get(&live).await.ok(200);
    assert_ne!(before.header("etag"), after.header("etag"));
    assert!(after.header("cache-control").starts_with("private"));
    let news: Value = serde_json::from_str(&after.text).expect("JSON");
    assert_eq!(news["awaited"], json!("1"));
    let turn = news["turn"].as_str().expect("a turn");
    assert!(page.text.contains(&format!("data-turn=\"{turn}\"")), "{}", page.main());
    let headers = [("if-none-match", after.header("etag"))];
    let same = browser.send(Method::GET, &live, None, &headers).await.ok(304);
    assert_eq!(same.text, "");
    // And nobody from elsewhere.
    let mut other = app.staff_browser(2, Some(made.clinics[1])).await;
    other.get(&live).await.ok(404);
}

/// Staff find their way in from wherever citizens are; who is in has no use for it.
#[tokio::test]
async fn every_page_of_citizens_leads_staff_to_their_sign_in() {
    let app = TestApp::start().await;
    let made = World::new().people(1).make(&app.db).await;
    app.refresh_pages().await;
    for (tag, words) in [("en", "Staff sign-in"), ("ko", "직원 로그인")] {
        let link = format!("<a href=\"/{tag}/sign-in/staff\">{words}</a>");
        let mut citizen = app.citizen_browser(&made.people[0]);
        let campaign = format!("/campaigns/{}", made.campaign_id);
        let clinics = format!("{campaign}/clinics");
        for path in ["", &campaign, &clinics, "/sign-in", "/sign-in/number", "/me", "/nowhere"] {
            let page = citizen.open(&format!("/{tag}{path}")).await;
            let (_, footer) = page.text.split_once("<footer>").expect("a footer");
            assert!(footer.contains(&link), "{tag}{path}: {footer}");
        }
        let page = app.browser().open(&format!("/{tag}/sign-in/staff")).await.ok(200);
        assert_eq!(page.heading(), words, "where it leads");
        let mut staff = app.staff_browser(3, None).await;
        let page = staff.open(&format!("/{tag}/admin")).await.ok(200);
        assert!(!page.text.contains(&link), "the control: {}", page.text);
    }
}
