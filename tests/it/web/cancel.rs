//! Cancelling on the page: it says beforehand what is lost and what becomes of the dose, and that
//! comes true; pressed twice it changes nothing.

use serde_json::json;

use super::booking::{LANGUAGES, book, live, said, signed_in};
use crate::{
    overload::{answers, ask_all, hold_lane},
    support::{Browser, Made, Page, TestApp, World, browser::Form, until},
};

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

/// Open, booked and spare doses of the first clinic tomorrow, and the seats taken there.
async fn doses(app: &TestApp, made: &Made) -> (i32, i32, i32, i64) {
    let id = made.allocation(0, 1).allocation_id.0;
    let sql = "select open, booked, spare, (select sum(taken) from slot)
               from allocation where allocation_id = $1";
    sqlx::query_as(sql).bind(id).fetch_one(&app.db).await.unwrap()
}

async fn form(browser: &mut Browser, path: &str) -> (Page, Form) {
    let page = browser.open(path).await.ok(200);
    let form = page.form(path);
    (page, form)
}

#[tokio::test]
async fn a_dose_given_back_in_time_is_open_to_everybody() {
    let (app, made) = service(World::new().people(2).cancel_until_hours(1)).await;
    let before = doses(&app, &made).await;
    let said_before =
        ["The dose is then open to everybody again", "취소하시면 백신은 다시 모두에게"];
    let said_after = ["The dose is open to everybody again.", "백신은 다시 모두에게 열렸습니다."];
    for (person, language) in LANGUAGES.into_iter().enumerate() {
        let path = book(&app, &made, person, made.slot(0, 1, 0)).await;
        assert_ne!(doses(&app, &made).await, before, "the control");
        let mut browser = signed_in(&app, &made.people[person]);
        let (page, form) = form(&mut browser, &format!("/{language}{path}/cancel")).await;
        assert!(said(&page).contains(said_before[person]), "{}", said(&page));
        let page = browser.press(&form).await.ok(200);
        assert!(said(&page).contains(said_after[person]), "{}", said(&page));
        assert_eq!(doses(&app, &made).await, before);
    }
}

#[tokio::test]
async fn a_dose_given_back_late_stays_at_the_clinic() {
    let (app, made) = service(World::new().people(2).cancel_until_hours(200)).await;
    let (open, _, spare, taken) = doses(&app, &made).await;
    let said_before = ["It is too late for the dose", "새로 예약하기에는 늦은 시각이므로"];
    let said_after = ["The dose stays at the clinic", "그날 그 접종기관에서 다른 분께 드립니다."];
    for (person, language) in LANGUAGES.into_iter().enumerate() {
        let path = book(&app, &made, person, made.slot(0, 1, 0)).await;
        let mut browser = signed_in(&app, &made.people[person]);
        let (page, form) = form(&mut browser, &format!("/{language}{path}/cancel")).await;
        assert!(said(&page).contains(said_before[person]), "{}", said(&page));
        let page = browser.press(&form).await.ok(200);
        assert!(said(&page).contains(said_after[person]), "{}", said(&page));
    }
    assert_eq!(doses(&app, &made).await, (open - 2, 0, spare + 2, taken));
}

#[tokio::test]
async fn what_became_of_a_dose_does_not_change_with_the_limit() {
    for (hours, then, said_after) in
        [(1, 200, "The dose is open to everybody again."), (200, 1, "The dose stays at the clinic")]
    {
        let (app, made) = service(World::new().people(2).cancel_until_hours(hours)).await;
        let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
        let mut browser = signed_in(&app, &made.people[0]);
        let (_, form) = form(&mut browser, &format!("/en{path}/cancel")).await;
        browser.press(&form).await.ok(200);
        let set = "update campaign set cancel_until_hours = $1";
        sqlx::query(set).bind(then).execute(&app.db).await.unwrap();
        sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
        app.refresh().await;
        // Others cancel in the meantime, and the journal goes on.
        let other = book(&app, &made, 1, made.slot(0, 1, 0)).await;
        let mut neighbour = signed_in(&app, &made.people[1]);
        let page = neighbour.open(&format!("/en{other}")).await.ok(200);
        assert!(!said(&page).contains("dose stays"), "{}", said(&page));
        assert!(!said(&page).contains("everybody again"), "{}", said(&page));
        let page = browser.open(&format!("/en{path}")).await.ok(200);
        assert!(said(&page).contains(said_after), "{}", said(&page));
        // The control: where the journal cannot tell, the page says nothing of it.
        let id = path.rsplit('/').next().unwrap();
        let touch = "update booking set ended_at = ended_at where booking_id = $1::uuid";
        sqlx::query(touch).bind(id).execute(&app.db).await.unwrap();
        let page = browser.open(&format!("/en{path}")).await.ok(200);
        assert_eq!(page.heading(), "This booking is cancelled");
        assert!(!said(&page).contains(said_after), "{}", said(&page));
    }
}

#[tokio::test]
async fn cancelling_at_once_and_again_is_one_cancellation() {
    let (app, made) = service(World::new().people(1).cancel_until_hours(1)).await;
    let before = doses(&app, &made).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let (_, form) = form(&mut browser, &format!("/en{path}/cancel")).await;
    let presses = (0..8).map(|_| {
        let (mut browser, form) = (browser.clone(), form.clone());
        tokio::spawn(async move { browser.press(&form).await })
    });
    for press in presses.collect::<Vec<_>>() {
        let page = press.await.unwrap().ok(200);
        assert_eq!(page.heading(), "This booking is cancelled");
    }
    assert_eq!(doses(&app, &made).await, before, "given back once");
    let movements: i64 = sqlx::query_scalar("select count(*) from movement where kind in (2, 3)")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(movements, 1);
    // The page that asks is for what can be cancelled.
    let page = browser.get(&format!("/en{path}/cancel")).await.ok(303);
    assert_eq!(page.header("location"), format!("/en{path}"));
}

#[tokio::test]
async fn what_was_cancelled_can_be_booked_again() {
    let (app, made) = service(World::new().people(1).cancel_until_hours(1)).await;
    for _ in 0..2 {
        let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
        let mut browser = signed_in(&app, &made.people[0]);
        let (_, form) = form(&mut browser, &format!("/en{path}/cancel")).await;
        browser.press(&form).await.ok(200);
    }
    assert_eq!(live(&app, &made.people[0]).await, 0);
}

#[tokio::test]
async fn an_appointment_that_has_begun_is_for_the_clinic_to_cancel() {
    let (app, made) = service(World::new().people(1)).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let (_, form) = form(&mut browser, &format!("/en{path}/cancel")).await;
    sqlx::query("update slot set starts_at = clock_timestamp()").execute(&app.db).await.unwrap();
    for (language, words) in LANGUAGES
        .into_iter()
        .zip(["Call the clinic: 02_000_0000", "접종기관에 전화하기: 02_000_0000"])
    {
        let action = form.action.replace("/en", &format!("/{language}"));
        let page = browser.submit(&Form { action, ..form.clone() }).await.ok(409);
        let words = words.replace('_', "\u{2011}");
        assert!(said(&page).contains(&words), "{}", said(&page));
        assert!(page.text.contains("href=\"tel:020000000\""), "{}", page.main());
    }
    assert_eq!(live(&app, &made.people[0]).await, 1);
    let page = browser.get(&format!("/en{path}/cancel")).await.ok(303);
    assert_eq!(page.header("location"), format!("/en{path}"));
}

#[tokio::test]
async fn a_paused_campaign_keeps_nobody_from_cancelling() {
    let (app, made) = service(World::new().people(1)).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let pause = format!("/v1/admin/campaigns/{}/pause", made.campaign_id);
    app.admin().await.post(&pause, &json!({"reason": "Too hot"})).await.ok(200);
    app.refresh().await;
    let mut browser = signed_in(&app, &made.people[0]);
    let (_, form) = form(&mut browser, &format!("/en{path}/cancel")).await;
    let page = browser.press(&form).await.ok(200);
    assert_eq!(page.heading(), "This booking is cancelled");
    assert!(said(&page).contains("when it goes on"), "{}", said(&page));
    assert!(!page.text.contains("class=\"button\""), "nothing can be booked now: {}", page.main());
}

/// How often a connection for writing was asked for.
async fn asked_for(app: &TestApp) -> u64 {
    let label = "dosebook_connection_wait_seconds_count{pool=\"write\"} ";
    let text = app.public().get("/metrics").await.text();
    text.lines().find_map(|line| line.strip_prefix(label)?.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_press_that_is_not_let_in_takes_no_connection_from_those_who_are() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    app.refresh().await;
    let path = format!("/en{}/cancel", book(&app, &made, 58, made.slot(0, 1, 0)).await);
    let mut browser = signed_in(&app, &made.people[58]);
    let (_, form) = form(&mut browser, &path).await;
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..50));
    until(|| app.app.metrics.lanes.queued.get() == 49).await;
    let before = asked_for(&app).await;
    let page = browser.submit(&form).await.ok(503);
    assert!(said(&page).contains("Your booking still stands."), "{}", said(&page));
    assert_eq!(asked_for(&app).await, before);
    proxy.resume();
    answers(asked).await;
    browser.submit(&form).await.ok(303);
    assert_eq!(asked_for(&app).await, before + 1, "the control: who is let in has one");
}
