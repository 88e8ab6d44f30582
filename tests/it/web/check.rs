//! "Check and book": what is about to be booked, and each no of a press as a page: its status, what
//! is true, and the way on.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::booking::{LANGUAGES, check_form, check_path, link, links, live, said, signed_in};
use crate::support::{Browser, Made, Page, Person, TestApp, World, browser::Form, make::Slot};

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

/// The form, as it was when booking it was still possible.
fn form(made: &Made, language: &str, slot: Slot) -> Form {
    let id = ("booking_id".to_owned(), Uuid::now_v7().to_string());
    Form { action: check_path(made, language, slot), fields: vec![id] }
}

async fn press(app: &TestApp, person: &Person, form: &Form) -> Page {
    signed_in(app, person).submit(form).await
}

#[tokio::test]
async fn what_is_about_to_be_booked_can_be_checked_and_changed() {
    let (app, made) = service(World::new().people(1)).await;
    let slot = made.slot(0, 1, 1);
    let mut browser = signed_in(&app, &made.people[0]);
    for (language, words) in [
        (
            "en",
            ["For Citizen 1", "10:00 (Asia/Seoul)", "Moderna, dose 1", "Pressing twice is safe"],
        ),
        ("ko", ["받는 분 Citizen 1", "오전 10시", "Moderna 1차", "두 번 눌러도"]),
    ] {
        let path = check_path(&made, language, slot);
        let page = browser.open(&path).await.ok(200);
        for word in words.into_iter().chain(["Clinic 1", "1 Main Street"]) {
            assert!(said(&page).contains(word), "{word} in {}", said(&page));
        }
        assert_eq!(page.header("cache-control"), "no-store");
        let times = browser.open(&link(&page, "?date=")).await.ok(200);
        assert!(times.text.contains(&path.replace('&', "&#38;")), "{}", times.main());
        let clinics = browser.open(&link(&page, "?region=")).await.ok(200);
        assert!(said(&clinics).contains("Clinic 1"));
        let id = |page: &Page| page.form(&path).value("booking_id").parse::<Uuid>().unwrap();
        let again = browser.open(&path).await.ok(200);
        assert_eq!(id(&page).get_version_num(), 7);
        assert_ne!(id(&page), id(&again), "each form is a booking of its own");
    }
}

#[tokio::test]
async fn who_is_not_signed_in_comes_back_to_the_same_time() {
    let (app, made) = service(World::new().people(1)).await;
    for language in LANGUAGES {
        let path = check_path(&made, language, made.slot(0, 1, 0));
        let asked = app.browser().get(&path).await.ok(303);
        let next: String = form_urlencoded::byte_serialize(&path.as_bytes()[3..]).collect();
        assert_eq!(asked.header("location"), format!("/{language}/sign-in?next={next}"));
        // A press of somebody whose session is over books nothing and leads there too.
        let pressed =
            app.browser().submit(&form(&made, language, made.slot(0, 1, 0))).await.ok(303);
        assert_eq!(pressed.header("location"), asked.header("location"));
    }
    assert_eq!(live(&app, &made.people[0]).await, 0);
}

#[tokio::test]
async fn a_no_that_passes_says_when_to_come_again_and_keeps_the_press() {
    let (app, made) = service(World::new().people(2).cancel_until_hours(0)).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let once = json!({ "bookings_per_day": 1 });
    admin.request(Method::PATCH, &path).json(&once).send().await.ok(200);
    app.refresh().await;
    let (citizen, id) = (app.citizen(&made.people[0]), Uuid::now_v7());
    citizen.put_booking(id, &made.booking(made.slot(0, 1, 0))).await.ok(201);
    citizen.delete_booking(id).await.ok(200);
    let page = press(&app, &made.people[0], &form(&made, "en", made.slot(0, 1, 1))).await.ok(429);
    let seconds: u64 = page.header("retry-after").parse().expect("when to come again");
    assert!((1..=86_401).contains(&seconds), "{seconds}");

    // Somebody is being merged into another: the same press books a moment later.
    let person = &made.people[1];
    let seal = "update person set sealed_at = clock_timestamp() where person_id = $1";
    sqlx::query(seal).bind(person.person_id.0).execute(&app.db).await.unwrap();
    for language in LANGUAGES {
        let sent = form(&made, language, made.slot(0, 1, 1));
        let page = press(&app, person, &sent).await.ok(503);
        assert!(!page.header("retry-after").is_empty(), "{:?}", page.headers);
        let kept = page.form(&sent.action);
        assert_eq!(kept.value("booking_id"), sent.value("booking_id"), "it is the same booking");
        assert_eq!(live(&app, person).await, 0);
    }
    let lift = "update person set sealed_at = null";
    sqlx::query(lift).execute(&app.db).await.unwrap();
    press(&app, person, &form(&made, "en", made.slot(0, 1, 1))).await.ok(303);
    assert_eq!(live(&app, person).await, 1, "the control");
}

/// A press that is refused: in both languages with this status and these words, and with a link to
/// what is left. Nothing is booked by it.
async fn refused(
    app: &TestApp,
    made: &Made,
    (person, slot): (usize, Slot),
    status: u16,
    words: [&str; 2],
    way: &str,
) {
    let person = &made.people[person];
    let nothing = ["You have no booking from this press.", "이 요청으로 예약된 것은 없습니다."];
    for at in 0..2 {
        let page = press(app, person, &form(made, LANGUAGES[at], slot)).await.ok(status);
        let all = said(&page);
        assert!(all.contains(words[at]), "{} in {all}", words[at]);
        assert!(all.contains(nothing[at]), "{all}");
        assert!(links(&page).iter().any(|(href, _)| href.contains(way)), "{way}: {}", page.main());
        assert!(page.header("content-type").starts_with("text/html"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.title().is_empty() && !page.heading().is_empty());
    }
    assert_eq!(live(app, person).await, 0);
}

async fn book_by_api(app: &TestApp, made: &Made, person: usize, slot: Slot) {
    let client = app.citizen(&made.people[person]);
    client.put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
}

#[tokio::test]
async fn a_seat_that_somebody_else_took_leads_to_the_other_times_of_the_day() {
    let (app, made) = service(World::new().people(4).seats(1).clinics(2)).await;
    let slot = made.slot(0, 1, 1);
    let control = form(&made, "en", made.slot(1, 1, 1));
    press(&app, &made.people[3], &control).await.ok(303);
    book_by_api(&app, &made, 0, slot).await;
    // The board has not heard of it yet: that time is not offered all the same.
    let words = ["Somebody booked this time a moment ago", "방금 다른 분이 이 시간을 예약했습니다"];
    refused(&app, &made, (1, slot), 409, words, "/check?slot=").await;
    let page = press(&app, &made.people[1], &form(&made, "en", slot)).await.ok(409);
    let other = link(&page, "/check?slot=");
    assert!(!page.main().contains(&format!("slot={}&", slot.slot_id)), "{}", page.main());
    let mut browser = signed_in(&app, &made.people[1]);
    let form = check_form(&mut browser, &other).await;
    browser.submit(&form).await.ok(303);
    assert_eq!(live(&app, &made.people[1]).await, 1);
}

#[tokio::test]
async fn doses_that_are_gone_lead_to_other_days_and_clinics() {
    let (app, made) = service(World::new().people(3).doses(1).clinics(2).days(2)).await;
    book_by_api(&app, &made, 0, made.slot(0, 1, 0)).await;
    let words = ["still has time on", "시간은 있지만 남은 백신이 없습니다"];
    refused(&app, &made, (1, made.slot(0, 1, 1)), 409, words, "?date=").await;
    // Who only looks is told as soon as the board knows.
    app.tick().await;
    let mut browser = signed_in(&app, &made.people[1]);
    let page = browser.open(&check_path(&made, "en", made.slot(0, 1, 1))).await.ok(409);
    assert!(said(&page).contains("still has time on"), "{}", said(&page));
    let page =
        browser.open(&link(&page, &format!("/clinics/{}?date=", made.clinics[0]))).await.ok(200);
    let form = check_form(&mut browser, &link(&page, "/check?slot=")).await;
    browser.submit(&form).await.ok(303);
}

#[tokio::test]
async fn a_day_that_the_clinic_has_closed_is_named() {
    let (app, made) = service(World::new().people(1).days(2)).await;
    let day = made.allocation(0, 1);
    let closure = format!("/v1/admin/clinics/{}/closures/{}", day.clinic_id, day.on_date);
    app.admin().await.put(&closure, &json!({"reason": "Repairs"})).await.ok(200);
    app.refresh().await;
    let words = ["This clinic is closed on", "운영하지 않습니다"];
    refused(&app, &made, (0, made.slot(0, 1, 0)), 409, words, "?date=").await;
    // A time that has begun, as the database's clock has it.
    sqlx::query("update slot set starts_at = clock_timestamp()").execute(&app.db).await.unwrap();
    let words = ["has already begun", "이미 시작되었거나"];
    refused(&app, &made, (0, made.slot(0, 2, 0)), 409, words, "?date=").await;
}

#[tokio::test]
async fn before_and_after_the_window_and_in_a_pause_the_page_says_when() {
    let (app, made) = service(World::new().people(1).opens_in(TimeDelta::days(2))).await;
    let slot = made.slot(0, 1, 0);
    let way = format!("/campaigns/{}", made.campaign_id);
    let words = ["Booking opens on", "시작합니다."];
    refused(&app, &made, (0, slot), 403, words, &way).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let page = browser.open(&check_path(&made, "en", slot)).await.ok(200);
    assert!(said(&page).contains("Booking opens on") && !page.main().contains("<button"));
    let set = async |sql: &str| {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
        let sql = "update catalogue set revision = revision + 1";
        sqlx::query(sql).execute(&app.db).await.unwrap();
        app.refresh().await;
    };
    set("update campaign set opens_at = opens_at - interval '40 days',
             closes_at = closes_at - interval '40 days', state = 3")
    .await;
    refused(&app, &made, (0, slot), 403, ["Booking closed on", "마감되었습니다."], &way).await;
    set("update campaign set closes_at = closes_at + interval '40 days', state = 4,
             state_reason = 'Too hot', state_reason_ko = '폭염'")
    .await;
    let words = ["Booking is paused: Too hot", "사유: 폭염"];
    refused(&app, &made, (0, slot), 403, words, &way).await;
    set("update campaign set state = 5").await;
    refused(&app, &made, (0, slot), 403, ["closed: Too hot", "사유: 폭염"], &way).await;
}

#[tokio::test]
async fn who_may_not_book_reads_every_reason_and_what_to_do() {
    let (app, made) = service(World::new().people(2)).await;
    let slot = made.slot(0, 1, 0);
    let sql = "update person set birth_date = '2010-05-06' where person_id = $1";
    sqlx::query(sql).bind(made.people[0].person_id.0).execute(&app.db).await.unwrap();
    let way = format!("/campaigns/{}/eligibility", made.campaign_id);
    for (language, age) in LANGUAGES.into_iter().zip(["18 years", "18세"]) {
        let page = press(&app, &made.people[0], &form(&made, language, slot)).await.ok(403);
        assert_eq!(page.main().matches("<li>").count(), 2, "cohort and age: {}", page.main());
        assert!(said(&page).contains(age), "{}", said(&page));
    }
    let words = ["You are in none of its groups: 55 to 59.", "예약 대상: 55 to 59."];
    refused(&app, &made, (0, slot), 403, words, &way).await;
    sqlx::query("delete from person where person_id = $1")
        .bind(made.people[0].person_id.0)
        .execute(&app.db)
        .await
        .unwrap();
    let words = ["register", "명부"];
    refused(&app, &made, (0, slot), 403, words, "/clinics").await;
    press(&app, &made.people[1], &form(&made, "en", slot)).await.ok(303);
}

#[tokio::test]
async fn a_form_without_an_id_that_can_be_used_comes_back_with_another() {
    let (app, made) = service(World::new().people(3)).await;
    let slot = made.slot(0, 1, 0);
    let others = form(&made, "en", made.slot(1, 1, 0));
    press(&app, &made.people[0], &others).await.ok(303);
    let taken = others.value("booking_id").to_owned();
    for (at, language) in LANGUAGES.into_iter().enumerate() {
        let person = &made.people[at + 1];
        let fresh = form(&made, language, slot);
        let without = Form { fields: Vec::new(), ..fresh.clone() };
        for bad in [
            without,
            fresh.clone().with(&[("booking_id", "x")]),
            fresh.with(&[("booking_id", &taken)]),
        ] {
            let page = press(&app, person, &bad).await.ok(422);
            let words = ["Nothing has been booked by this press.", "예약된 것은 없습니다."][at];
            assert!(said(&page).contains(words), "{}", said(&page));
            let again = page.form(&bad.action);
            assert_ne!(again.value("booking_id"), bad.value("booking_id"));
            assert_eq!(live(&app, person).await, 0);
        }
        let reused = form(&made, language, slot).with(&[("booking_id", &taken)]);
        let page = press(&app, person, &reused).await.ok(422);
        let again = page.form(&check_path(&made, language, slot));
        press(&app, person, &again).await.ok(303);
    }
}

#[tokio::test]
async fn a_time_that_is_not_there_is_not_found() {
    let (app, made) = service(World::new().people(1)).await;
    let mut browser: Browser = signed_in(&app, &made.people[0]);
    for query in ["", "?slot=1", "?slot=x", "?slot=-7", "?slot=9223372036854775807", "?product=1"] {
        let path = format!("/en/campaigns/{}/check{query}", made.campaign_id);
        let page = browser.open(&path).await.ok(404);
        assert!(links(&page).iter().any(|(href, _)| href.ends_with("/clinics")), "{query}");
        let form = Form { action: path, fields: form(&made, "en", made.slot(0, 1, 0)).fields };
        browser.submit(&form).await.ok(404);
    }
    browser.open("/en/campaigns/99/check?slot=1").await.ok(404);
    // A vaccine that is not offered is as if none were named.
    let path = format!(
        "/en/campaigns/{}/check?slot={}&product=99",
        made.campaign_id,
        made.slot(0, 1, 0).slot_id
    );
    let page = browser.open(&path).await.ok(200);
    assert!(said(&page).contains("Moderna"));
}
