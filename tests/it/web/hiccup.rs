//! What pages say where a statement of theirs is refused, or the answer to a commit is lost: nobody
//! is told what is not known, and everybody how to go on.

use dosebook::flows::staff_user::{self, Post};
use serde_json::json;

use super::{
    LANGUAGES,
    booking::{book, signed_in},
};
use crate::support::{
    Made, Page, TestApp, World,
    database::TestDatabase,
    fault::{Fault, Faults, Plan},
};

const PASSWORD: &str = "quiet river carries stones";
/// The statement was cancelled: it is not tried again by itself.
const REFUSED: Fault = Fault::Refused("57014");
/// More than any of these requests has statements.
const STATEMENTS_MAX: usize = 60;

async fn service(world: World) -> (TestApp, Made, Faults) {
    let mut database = TestDatabase::new().await;
    let faults = Faults::before(&mut database).await;
    let app = TestApp::with().start_on(database.into()).await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made, faults)
}

/// What the nth statement meets.
pub(super) fn plan(application: &'static str, fault: Fault, nth: usize) -> Plan {
    Plan { application, fault, of_lanes: None, commits: 0, nth, lasts: false, keeps_out: false }
}

#[track_caller]
fn says_when(page: &Page) {
    let seconds = page.header("retry-after").parse::<u64>();
    assert!(seconds.is_ok_and(|seconds| seconds > 0), "{}: {:?}", page.at, page.headers);
}

#[tokio::test]
async fn who_cannot_be_looked_up_is_not_taken_for_nobody() {
    let (app, made, faults) = service(World::new()).await;
    for language in LANGUAGES {
        let mut browser = app.staff_browser(2, Some(made.clinics[0])).await;
        for (path, of_nobody) in
            [("/sign-in/staff", 200), ("/sign-in/staff/done", 403), ("/sign-out/staff", 200)]
        {
            let path = format!("/{language}{path}");
            app.browser().get(&path).await.ok(of_nobody);
            let control = browser.get(&path).await;
            assert!(control.status < 400, "{path}: {}", control.status);
            faults.plant(Plan { lasts: true, ..plan("dosebook read", REFUSED, 1) });
            let page = browser.get(&path).await.ok(503);
            assert!(!faults.call_off().is_empty(), "{path}");
            says_when(&page);
            assert!(
                page.text.contains("<body class=\"staff\">"),
                "a page for staff: {}",
                page.text
            );
            assert!(browser.cookies.contains_key("__Host-staff"), "{path}");
        }
        // Whoever was looked up is signed in still, and can sign out.
        let page = browser.get(&format!("/{language}/sign-out/staff")).await.ok(200);
        let form = page.form(&format!("/{language}/sign-out/staff"));
        faults.plant(Plan { lasts: true, ..plan("dosebook write", REFUSED, 1) });
        let failed = browser.submit(&form).await.ok(503);
        assert!(!faults.call_off().is_empty());
        assert!(failed.text.contains("<body class=\"staff\">"), "{}", failed.text);
        assert!(browser.cookies.contains_key("__Host-staff"), "the session lives on");
        browser.submit(&form).await.ok(303);
        assert!(!browser.cookies.contains_key("__Host-staff"));
    }
}

#[tokio::test]
async fn a_sign_in_at_a_shared_desk_that_fails_anywhere_is_told_on_its_own_page() {
    let (app, made, faults) = service(World::new()).await;
    let desk = Post::At(made.clinics[0]);
    staff_user::add(&app.app.db, "desk", PASSWORD, desk).await.expect("a user");
    let page = app.browser().open("/en/sign-in/staff").await.ok(200);
    let form = page.form("/en/sign-in/staff");
    let form = form.with(&[("username", "desk"), ("password", PASSWORD)]);
    let mut refused = Vec::new();
    for nth in 1..STATEMENTS_MAX {
        let mut browser = app.staff_browser(2, Some(made.clinics[0])).await;
        let former = browser.cookies["__Host-staff"].clone();
        faults.plant(Plan { lasts: true, ..plan("dosebook write", REFUSED, nth) });
        let page = browser.submit(&form).await;
        let Some(statement) = faults.call_off().into_iter().next() else {
            assert_eq!(page.status, 303, "the control: {}", page.main());
            break;
        };
        let page = page.ok(503);
        says_when(&page);
        let kept = page.form("/en/sign-in/staff");
        assert_eq!((kept.value("username"), kept.value("password")), ("desk", ""));
        assert_eq!(browser.cookies["__Host-staff"], former, "nobody else is signed in");
        refused.push(statement);
    }
    let is_there = |name: &str| refused.iter().any(|statement| statement.contains(name));
    assert!(is_there("revoke_session"), "the former session is not ended: {refused:?}");
    assert!(is_there("find_credentials"), "{refused:?}");
}

#[tokio::test]
async fn a_password_that_may_have_been_set_is_told_as_one_that_may() {
    let (app, made, faults) = service(World::new()).await;
    let admin = app.admin().await;
    for (language, not_known) in LANGUAGES.into_iter().zip([
        "비밀번호가 정해졌는지 확인하지 못했습니다",
        "It is not known whether your password was set",
    ]) {
        let (mut browser, mut lost) = (app.browser(), false);
        for nth in 1..STATEMENTS_MAX {
            let name = format!("desk-{language}-{nth}");
            let body = json!({ "username": name, "role": "staff", "clinic_id": made.clinics[0] });
            let invited = admin.post("/v1/admin/users", &body).await.ok(201);
            let token = invited["invitation"]["token"].as_str().expect("a token");
            let path = format!("/{language}/invitation");
            let form = browser.open(&path).await.ok(200).form(&path);
            let form = form.with(&[("token", token), ("password", PASSWORD)]);
            faults.plant(plan("dosebook write", Fault::CutAfter, nth));
            let page = browser.submit(&form).await;
            let met = faults.call_off();
            // A connection that is lost before anything was asked for is replaced.
            if page.status == 303 {
                assert!(!met.is_empty(), "no commit was lost");
                continue;
            }
            let page = page.ok(503);
            says_when(&page);
            assert!(page.main().contains(not_known), "{met:?}: {}", page.main());
            let again = page.form(&path).with(&[("password", PASSWORD)]);
            if met == ["commit"] {
                // As it was told: the invitation is used, and the password is set.
                browser.submit(&again).await.ok(422);
                let path = format!("/{language}/sign-in/staff");
                let form = browser.open(&path).await.ok(200).form(&path);
                let form = form.with(&[("username", &name), ("password", PASSWORD)]);
                app.browser().submit(&form).await.ok(303);
                lost = true;
                break;
            }
            browser.submit(&again).await.ok(303);
        }
        assert!(lost, "the control: the commit was met");
    }
}

#[tokio::test]
async fn an_appointment_that_is_lost_is_never_told_as_one_that_stands() {
    let (app, made, faults) = service(World::new().people(1)).await;
    let slot = made.slot(0, 2, 0);
    book(&app, &made, 0, slot).await;
    let closure = format!("/v1/admin/clinics/{}/closures/{}", slot.clinic_id, slot.on_date);
    app.admin().await.put(&closure, &json!({ "reason": "Snow" })).await.ok(200);
    app.refresh().await;
    let (mut browser, mut refused) = (signed_in(&app, &made.people[0]), Vec::new());
    for nth in 1..STATEMENTS_MAX {
        faults.plant(plan("dosebook read", REFUSED, nth));
        let page = browser.get("/en/me").await;
        let met = faults.call_off();
        if page.status == 503 {
            says_when(&page);
        } else {
            let page = page.ok(200);
            assert!(page.main().contains("Cannot take place"), "{met:?}: {}", page.main());
        }
        if met.is_empty() {
            break;
        }
        refused.extend(met);
    }
    assert!(refused.iter().any(|one| one.contains("closure::find")), "the control: {refused:?}");
}
