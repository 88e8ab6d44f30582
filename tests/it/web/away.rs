//! While the database is away: pages answer from memory and say so, and a press that was not taken
//! is kept on the page that says when to press again.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

use super::{
    booking::{LANGUAGES, book, check_path, live, said, signed_in},
    claim, code_of, faults,
};
use crate::support::{
    Made, Page, TestApp, World, browser::Form, database::TestDatabase, proxy::Proxy, until,
};

const AWAY: [&str; 2] =
    ["Nothing can be booked, changed or cancelled", "예약, 변경, 취소를 하실 수 없습니다"];

async fn service() -> (TestApp, Proxy, Made) {
    let (app, proxy) = TestApp::with().start_behind_proxy().await;
    let made = World::new().people(8).seats(20).doses(20).make(&app.db).await;
    app.refresh_pages().await;
    (app, proxy, made)
}

fn is_cut_off(app: &TestApp) -> bool {
    app.app.board.now().cut_off_since.is_some()
}

/// Returns when the service has found out, and its pages tell.
pub(super) async fn lose(app: &TestApp, proxy: &Proxy) {
    proxy.go_away();
    until(|| is_cut_off(app)).await;
    app.pages().await;
}

pub(super) async fn find(app: &TestApp, proxy: &Proxy) {
    proxy.come_back();
    until(|| !is_cut_off(app)).await;
    app.pages().await;
}

/// The way to a booking, as far as memory has it.
fn pages(made: &Made, language: &str) -> [String; 7] {
    let slot = made.slot(0, 1, 0);
    let round = format!("/{language}/campaigns/{}", made.campaign_id);
    let day = slot.on_date;
    [
        format!("/{language}"),
        round.clone(),
        format!("{round}/eligibility"),
        format!("{round}/clinics"),
        format!("{round}/clinics?region={}", made.districts[0]),
        format!("{round}/clinics/{}?date={day}", made.clinics[0]),
        check_path(made, language, slot),
    ]
}

#[tokio::test]
async fn pages_answer_from_memory_and_say_that_nothing_can_be_booked() {
    let (app, proxy, made) = service().await;
    let mut browsers = [app.browser(), signed_in(&app, &made.people[0])];
    // Whoever is not signed in is asked to, where a booking begins.
    let paths = |at: usize, language: &str| {
        let all = pages(&made, language);
        all.into_iter().take(if at == 0 { 6 } else { 7 }).collect::<Vec<_>>()
    };
    for is_away in [false, true, false] {
        if is_away != is_cut_off(&app) {
            if is_away { lose(&app, &proxy).await } else { find(&app, &proxy).await }
        }
        let as_of = app.app.board.now().as_of.with_timezone(&app.app.site.zone);
        let as_of = as_of.format("%H:%M:%S on %a %-d %B").to_string();
        for (at, browser) in browsers.iter_mut().enumerate() {
            for (which, language) in LANGUAGES.into_iter().enumerate() {
                for path in paths(at, language) {
                    let page = browser.open(&path).await.ok(200);
                    let said = said(&page);
                    assert_eq!(said.contains(AWAY[which]), is_away, "{path}: {said}");
                    let tells = said.contains(&format!("as of {as_of}"));
                    assert!(!is_away || which == 1 || tells, "{path} as of {as_of}: {said}");
                    assert_eq!(faults(&page.text), [""; 0], "{path}");
                }
            }
        }
        // Open pages hear of it by the document that they ask for.
        let now: serde_json::Value = app.public().get("/en/now").await.body;
        assert_eq!(now["turn"].as_str().unwrap().ends_with(".cut-off"), is_away, "{now}");
        // The question is answered, page and program alike.
        let round = format!("/en/campaigns/{}/eligibility", made.campaign_id);
        let typed = [("birth-year", "1964"), ("birth-month", "5"), ("birth-day", "6")];
        let form = browsers[0].open(&round).await.ok(200).form(&round).with(&typed);
        browsers[0].submit(&form).await.ok(200);
        let slots = format!("/v1/clinics/{}/slots", made.clinics[0]);
        let day = made.slot(0, 1, 0).on_date;
        let slots = format!("{slots}?campaign_id={}&date={day}", made.campaign_id);
        app.public().get(&slots).await.ok(200);
    }
}

fn seconds(page: &Page) -> u64 {
    page.header("retry-after").parse().expect("when to come again")
}

#[tokio::test]
async fn a_press_that_was_not_taken_is_kept_and_pressed_again() {
    let (app, proxy, made) = service().await;
    let mut kept = Vec::new();
    for (person, language) in LANGUAGES.into_iter().enumerate() {
        let path = book(&app, &made, person, made.slot(0, 1, 0)).await;
        let path = format!("/{language}{path}/cancel");
        let mut browser = signed_in(&app, &made.people[person]);
        let form = browser.open(&path).await.ok(200).form(&path);
        kept.push((browser, form));
    }
    lose(&app, &proxy).await;
    let words = [
        ("We do not know yet whether your booking is cancelled", "Cancel the booking"),
        ("예약이 취소되었는지 확인하지 못했습니다", "예약 취소하기"),
    ];
    for ((browser, form), (heading, button)) in kept.iter_mut().zip(words) {
        let page = browser.submit(form).await.ok(503);
        assert!(page.heading().contains(heading), "{}", page.heading());
        assert!(said(&page).contains(button), "{}", said(&page));
        assert_eq!(faults(&page.text), [""; 0]);
        let again = page.form(&form.action);
        assert_eq!(again.fields, form.fields, "the same is sent");
        assert!((2..=10).contains(&seconds(&page)));
        assert!(!page.main().contains("data-again"), "no cancellation is sent by itself");
        *form = again;
    }
    find(&app, &proxy).await;
    for (person, (browser, form)) in kept.iter_mut().enumerate() {
        assert_eq!(live(&app, &made.people[person]).await, 1, "the control: nothing was done");
        browser.press(form).await.ok(200);
        assert_eq!(live(&app, &made.people[person]).await, 0);
    }
}

#[tokio::test]
async fn what_was_typed_at_a_counter_is_kept_but_never_for_another_site() {
    let (app, proxy, made) = service().await;
    let mut staff = app.staff_browser(2, Some(made.clinics[0])).await;
    let action = format!("/en/clinic/{}/walk-in", made.clinics[0]);
    let mut form = staff.open(&action).await.ok(200).form(&action);
    form = form.with(&[("name", "한 \"새봄\" & <b>"), ("birth-year", "1964")]);
    lose(&app, &proxy).await;
    let page = staff.submit(&form).await.ok(503);
    assert!(said(&page).contains("written down at most once"), "{}", said(&page));
    assert_eq!(page.form(&action).fields, form.fields, "word for word");
    let told = format!("data-again=\"{}\"", seconds(&page));
    assert!(page.main().contains(&told), "{}", page.main());
    let foreign = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let page = staff.submit_with(&form, &foreign).await.ok(403);
    assert!(!page.main().contains("<form"), "it is not sent in our name: {}", page.main());
    // Passwords are typed anew.
    let (username, password) = ("somebody", "a lamp in the window");
    let fields = [("username", username), ("password", password)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut guest = app.browser();
    let page = guest.submit(&Form { action: "/en/sign-in/staff".to_owned(), fields }).await.ok(503);
    assert!(page.text.contains(username) && !page.text.contains(password), "{}", page.main());
    assert!((2..=10).contains(&seconds(&page)));
    let when = format!("Write your password and press again in {} second", seconds(&page));
    assert!(said(&page).contains(&when), "{}", said(&page));
}

/// What somebody has typed, and what their browser sends for it.
const TYPED: [&str; 4] = ["name", "birth-year", "phone", "code"];

#[tokio::test]
async fn who_asks_for_a_code_or_has_written_one_presses_again_when_the_page_says() {
    let (app, proxy, made) = service().await;
    let mut forms = Vec::new();
    for (at, language) in LANGUAGES.into_iter().enumerate() {
        let path = format!("/{language}/sign-in");
        let (mut asking, mut writing) = (app.browser(), app.browser());
        let page = asking.open(&path).await.ok(200);
        forms.push((asking, claim(&page, &made.people[at])));
        let page = writing.open(&path).await.ok(200);
        let page = writing.press(&claim(&page, &made.people[2 + at])).await.ok(200);
        let code = code_of(&app, &page).await;
        let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &code)]);
        forms.push((writing, form));
    }
    lose(&app, &proxy).await;
    let pressed = forms.into_iter().map(|(mut browser, form)| async move {
        let page = browser.submit(&form).await.ok(503);
        (browser, form, page)
    });
    let mut kept = Vec::new();
    for (browser, form, page) in join_all(pressed).await {
        let seconds = seconds(&page);
        let when = [format!("gain in {seconds} second"), format!("{seconds}초 뒤에 다시 눌러")];
        assert!(when.iter().any(|when| said(&page).contains(when)), "{}", said(&page));
        // The right code is good once, however often it is sent. Another code replaces the first.
        let told = format!("data-again=\"{seconds}\"");
        let is_code = !form.value("code").is_empty();
        assert_eq!(page.main().contains(&told), is_code, "{}", page.main());
        assert_eq!(page.main().contains("data-again"), is_code, "{}", page.main());
        let again = page.form(&form.action);
        assert_eq!(TYPED.map(|name| again.value(name)), TYPED.map(|name| form.value(name)));
        kept.push((browser, again));
    }
    find(&app, &proxy).await;
    for (mut browser, form) in kept {
        let page = browser.press(&form).await.ok(200);
        assert!(!page.main().contains("data-again"), "{}", page.main());
    }
}

#[tokio::test]
async fn people_come_back_one_after_the_other() {
    let (app, proxy, made) = service().await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    lose(&app, &proxy).await;
    let ask = |_| {
        let mut browser = signed_in(&app, &made.people[0]);
        let (path, client) = (format!("/en{path}"), app.citizen(&made.people[0]));
        async move {
            let page = browser.open(&path).await.ok(503);
            assert!(page.main().contains(">Look again</a>"), "{}", page.main());
            let told = format!("data-again=\"{}\"", seconds(&page));
            assert!(page.main().contains(&told), "{}", page.main());
            let answer = client.get("/v1/me").await;
            let after = answer.retry_after();
            let problem = answer.problem(503, "unavailable");
            assert_eq!(problem["retry_after"], json!(after));
            [seconds(&page), after]
        }
    };
    let told = join_all((0..18).map(ask)).await.into_iter().flatten();
    let told: BTreeSet<u64> = told.collect();
    assert!(told.iter().all(|seconds| (2..=10).contains(seconds)), "{told:?}");
    assert!(told.len() >= 8, "not all in the same second: {told:?}");
    // Who wants to sign in is told before they type.
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await.ok(200);
    assert!(said(&page).contains(AWAY[0]), "{}", said(&page));
    find(&app, &proxy).await;
    // And who comes back is served.
    let mut browser = signed_in(&app, &made.people[0]);
    browser.open(&format!("/en{path}")).await.ok(200);
}

/// Tables cannot grow, and a commit succeeds: the file of the log that it goes to is there already.
#[tokio::test]
async fn while_bookings_find_no_room_on_the_disk_pages_say_so() {
    let database = TestDatabase::new().await;
    let name = database.name.clone();
    // For sessions that begin from here on: as on a full disk, nothing is written beside tables.
    let full = format!("alter database {name} set temp_file_limit = '64kB'");
    database.pool.execute(AssertSqlSafe(full)).await.unwrap();
    let app = TestApp::with().start_on(database.into()).await;
    let made = World::new().people(8).seats(20).doses(20).make(&app.db).await;
    app.refresh_pages().await;
    app.db
        .execute(
            "create function no_room() returns trigger language plpgsql as $$
             begin raise exception 'no space left on device' using errcode = 'disk_full'; end $$;
             create trigger no_room before insert on booking
                 for each statement execute function no_room()",
        )
        .await
        .unwrap();
    let slot = made.slot(0, 1, 0);
    let failing = tokio::spawn({
        let (citizen, body) = (app.citizen(&made.people[0]), made.booking(slot));
        async move { citizen.put_booking(uuid::Uuid::now_v7(), &body).await.status }
    });
    until(|| is_cut_off(&app)).await;
    app.app.readiness.can_write(&app.app.db).await.expect("the control: a commit succeeds");
    app.pages().await;
    let page = app.browser().open("/en").await.ok(200);
    assert!(said(&page).contains(AWAY[0]), "{}", said(&page));

    let freed = format!(
        "drop trigger no_room on booking; alter database {name} reset temp_file_limit;
         select pg_terminate_backend(pid) from pg_stat_activity
         where datname = '{name}' and application_name = 'dosebook operators'"
    );
    app.db.execute(AssertSqlSafe(freed)).await.unwrap();
    until(|| !is_cut_off(&app)).await;
    assert!([201, 503].contains(&failing.await.unwrap()));
    let body = made.booking(slot);
    let booking = app.citizen(&made.people[1]).put_booking(uuid::Uuid::now_v7(), &body).await;
    booking.ok(201);
}
