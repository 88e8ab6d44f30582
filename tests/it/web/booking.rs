//! From the list of clinics to the page of the booking, by links and forms alone; and what that
//! page says in every state of a booking. What the tests of this family share is here too.

use chrono::{DateTime, TimeDelta, Utc};
use dosebook::domain::session::citizen_token;
use icalendar::{Calendar, CalendarDateTime, Component, DatePerhapsTime, Event, EventLike};
use serde_json::Value;
use uuid::Uuid;

use super::{claim, code_of};
use crate::support::{Browser, Made, Page, Person, TestApp, World, browser::Form, make::Slot};

pub(super) const LANGUAGES: [&str; 2] = ["en", "ko"];

/// A browser in which this person is signed in.
pub(super) fn signed_in(app: &TestApp, person: &Person) -> Browser {
    let expires_at = app.app.clock.now() + TimeDelta::hours(12);
    let token = citizen_token(&app.app.keys, person.person_id, expires_at);
    let mut browser = app.browser();
    browser.cookies.insert("__Host-citizen".to_owned(), token);
    browser
}

/// The page on which a slot is checked and booked.
pub(super) fn check_path(made: &Made, language: &str, slot: Slot) -> String {
    let (campaign, product, slot) = (made.campaign_id, made.product_id, slot.slot_id);
    format!("/{language}/campaigns/{campaign}/check?slot={slot}&product={product}")
}

/// The form of the check page of a slot.
pub(super) async fn check_form(browser: &mut Browser, path: &str) -> Form {
    browser.open(path).await.ok(200).form(path)
}

/// Books the slot on its page; gives the path of the booking, after the language.
pub(super) async fn book(app: &TestApp, made: &Made, person: usize, slot: Slot) -> String {
    let mut browser = signed_in(app, &made.people[person]);
    let form = check_form(&mut browser, &check_path(made, "en", slot)).await;
    let page = browser.submit(&form).await.ok(303);
    page.header("location").trim_start_matches("/en").to_owned()
}

/// Links in the main part of a page: address and what it says.
pub(super) fn links(page: &Page) -> Vec<(String, String)> {
    let anchors = page.main().split("<a ").skip(1);
    let anchors = anchors.map(|rest| rest.split_once("</a>").expect("its end").0);
    anchors
        .map(|anchor| {
            let (tag, text) = anchor.split_once('>').expect("a tag");
            let href = tag.split_once("href=\"").expect("an address").1;
            (href.split_once('"').expect("its end").0.replace("&#38;", "&"), plain(text))
        })
        .collect()
}

/// The first link whose address holds this.
#[track_caller]
pub(super) fn link(page: &Page, part: &str) -> String {
    let found = links(page).into_iter().find(|(href, _)| href.contains(part));
    found.unwrap_or_else(|| panic!("no link to {part} in {}", page.main())).0
}

/// What is said: without tags, and with white space as people see it.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in html.chars() {
        match c {
            '<' => is_tag = true,
            '>' if is_tag => {
                is_tag = false;
                text.push(' ');
            }
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let entities =
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    let text = entities.iter().fold(text, |text, (entity, c)| text.replace(entity, c));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything said in the main part.
pub(super) fn said(page: &Page) -> String {
    plain(page.main())
}

/// The bookings of a person that have not ended.
pub(super) async fn live(app: &TestApp, person: &Person) -> i64 {
    let sql = "select count(*) from booking where person_id = $1 and state in (1, 2, 5)";
    sqlx::query_scalar(sql).bind(person.person_id.0).fetch_one(&app.db).await.unwrap()
}

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

fn id_of(path: &str) -> Uuid {
    path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a booking's id")
}

/// What the API says of it.
async fn by_api(app: &TestApp, person: &Person, path: &str) -> Value {
    app.citizen(person).get(&format!("/v1/bookings/{}", id_of(path))).await.ok(200)
}

#[tokio::test]
async fn somebody_books_and_cancels_by_links_and_forms_alone() {
    let (app, made) = service(World::new().people(2)).await;
    for (person, (language, booked, cancelled)) in [
        ("en", "You are booked", "This booking is cancelled"),
        ("ko", "예약되었습니다", "취소된 예약입니다"),
    ]
    .into_iter()
    .enumerate()
    {
        let person = &made.people[person];
        let mut browser = app.browser();
        let region = made.districts[0];
        let start = format!("/{language}/campaigns/{}/clinics?region={region}", made.campaign_id);
        let clinics = browser.open(&start).await.ok(200);
        let times = browser.open(&link(&clinics, "/clinics/")).await.ok(200);
        // Who is not signed in does so now, and comes back to the time that they chose.
        let wanted = link(&times, "/check?");
        let page = browser.open(&wanted).await.ok(200);
        assert!(page.at.starts_with(&format!("/{language}/sign-in?next=")), "{}", page.at);
        let page = browser.press(&claim(&page, person)).await.ok(200);
        let code = code_of(&app, &page).await;
        let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &code)]);
        let check = browser.press(&form).await.ok(200);
        assert_eq!(check.at, wanted);
        assert!(said(&check).contains(&person.name), "{}", said(&check));
        let page = browser.press(&check.form(&wanted)).await.ok(200);
        assert_eq!(page.heading(), booked);
        assert_eq!(live(&app, person).await, 1);
        let cancel = browser.open(&link(&page, "/cancel")).await.ok(200);
        let page = browser.press(&cancel.form(&cancel.at)).await.ok(200);
        assert_eq!(page.heading(), cancelled);
        assert_eq!(live(&app, person).await, 0);
        let again = browser.open(&link(&page, "/clinics")).await.ok(200);
        assert!(!links(&again).is_empty());
        let date = person.birth_date.to_string();
        let visited = browser.visited.join("\n");
        for secret in [&person.name[..], &person.phone, &date, &code, "Citizen"] {
            assert!(!visited.contains(secret), "{secret} in {visited}");
        }
    }
}

#[tokio::test]
async fn a_booking_says_all_that_its_person_must_know() {
    let (app, made) = service(World::new().people(1)).await;
    let sql =
        "update clinic set name_ko = '하나의원', directions = 'Exit 3', directions_ko = '3번 출구',
                   amenities = '{\"parking\": true, \"step_free\": false}' where clinic_id = $1";
    sqlx::query(sql).bind(made.clinics[0].0).execute(&app.db).await.unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    app.refresh().await;
    let person = &made.people[0];
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let number = by_api(&app, person, &path).await["number"].as_str().expect("digits").to_owned();
    let grouped = format!("{} {} {}", &number[..3], &number[3..6], &number[6..]);
    let mut browser = signed_in(&app, person);
    for (language, words) in [
        ("en", ["You are booked", "09:00 (Asia/Seoul)", "Clinic 1", "Exit 3", "There is parking."]),
        ("ko", ["예약되었습니다", "오전 9시", "하나의원", "3번 출구", "주차장이 있습니다."]),
    ] {
        let page = browser.open(&format!("/{language}{path}")).await.ok(200);
        let all = said(&page);
        for word in words.into_iter().chain(["Citizen 1", "1 Main Street", "Moderna", &grouped]) {
            assert!(all.contains(word), "{word} in {all}");
        }
        assert!(all.contains(if language == "en" { "identity card" } else { "신분증" }));
        assert_eq!(scanned(&page).as_deref(), Some(number.as_str()));
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.text.contains("noindex"));
        assert!(page.text.contains("href=\"tel:020000000\""), "{all}");
    }
    let page = browser.open(&format!("/en{path}?again=1")).await.ok(200);
    let have_it = "You already have this booking. Pressing again changed nothing.";
    assert!(said(&page).contains(have_it));
    let page = browser.open(&format!("/en{path}")).await.ok(200);
    assert!(!said(&page).contains(have_it), "the control");
}

/// The QR code of a page, as a scanner reads it.
fn scanned(page: &Page) -> Option<String> {
    const SCALE: usize = 5;
    let (_, svg) = page.text.split_once("<svg class=\"qr\" viewBox=\"0 0 ")?;
    let size: usize = svg.split(' ').next()?.parse().ok()?;
    let path = svg.split_once(" d=\"")?.1.split_once('"')?.0;
    let mut dark = vec![false; size * size];
    for run in path.split('M').skip(1) {
        let mut numbers = run.split([' ', 'h', 'v']).map(|number| number.parse::<usize>().unwrap());
        let (x, y, length) = (numbers.next()?, numbers.next()?, numbers.next()?);
        dark[y * size + x..y * size + x + length].fill(true);
    }
    let side = size * SCALE;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        if dark[y / SCALE * size + x / SCALE] { 0 } else { 255 }
    });
    Some(image.detect_grids().first()?.decode().ok()?.1)
}

fn start(event: &Event) -> DateTime<Utc> {
    match event.get_start() {
        Some(DatePerhapsTime::DateTime(CalendarDateTime::Utc(at))) => at,
        other => panic!("no instant: {other:?}"),
    }
}

#[tokio::test]
async fn a_calendar_takes_the_appointment_in_and_out_again() {
    let (app, made) = service(World::new().people(2)).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let page = browser.open(&format!("/ko{path}")).await.ok(200);
    let file = browser.open(&link(&page, "/calendar.ics")).await.ok(200);
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8; method=PUBLISH");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"vaccination.ics\"");
    assert_eq!(file.header("cache-control"), "no-store");
    let read = |text: &str| {
        let calendar: Calendar = text.parse().expect("a calendar");
        let event = calendar.events().next().expect("an event").clone();
        (calendar, event)
    };
    let (calendar, event) = read(&file.text);
    let number = app.number(id_of(&path)).to_string();
    assert_eq!(calendar.property_value("METHOD"), Some("PUBLISH"));
    assert_eq!(event.get_uid(), Some(id_of(&path).to_string().as_str()));
    assert_eq!(start(&event), made.slot(0, 1, 0).starts_at);
    assert!(event.get_description().unwrap().contains(&number), "{event:?}");
    assert!(event.get_location().unwrap().contains("1 Main Street"), "{event:?}");
    assert!(!file.text.contains("Citizen"), "a calendar is shared more easily than a page");
    let cancel = browser.open(&format!("/ko{path}/cancel")).await.ok(200);
    browser.press(&cancel.form(&cancel.at)).await.ok(200);
    let file = browser.open(&format!("/ko{path}/calendar.ics")).await.ok(200);
    let (calendar, after) = read(&file.text);
    assert_eq!(calendar.property_value("METHOD"), Some("CANCEL"));
    assert_eq!(after.get_uid(), event.get_uid());
    assert!(after.get_sequence() > event.get_sequence(), "{after:?}");
    let mut other = signed_in(&app, &made.people[1]);
    other.open(&format!("/ko{path}/calendar.ics")).await.ok(404);
}

#[tokio::test]
async fn anothers_booking_looks_like_none() {
    let (app, made) = service(World::new().people(2)).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let nobodys = format!("/bookings/{}", Uuid::now_v7());
    let mut other = signed_in(&app, &made.people[1]);
    for language in LANGUAGES {
        for part in ["", "/cancel", "/calendar.ics"] {
            let found = other.open(&format!("/{language}{path}{part}")).await.ok(404);
            let none = other.open(&format!("/{language}{nobodys}{part}")).await.ok(404);
            let without = |page: &Page, path: &str| page.text.replace(path, "");
            assert_eq!(without(&found, &path), without(&none, &nobodys), "{part}");
        }
        let form = Form { action: format!("/{language}{path}/cancel"), fields: Vec::new() };
        other.submit(&form).await.ok(404);
        // Nobody is asked to sign in first, and comes back.
        let page = app.browser().get(&format!("/{language}{path}")).await.ok(303);
        let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(page.header("location"), format!("/{language}/sign-in?next={next}"));
    }
    assert_eq!(live(&app, &made.people[0]).await, 1);
    let mut own = signed_in(&app, &made.people[0]);
    own.open(&format!("/en{path}")).await.ok(200);
}

/// Sets the state of a booking, as staff will.
async fn set_state(app: &TestApp, path: &str, state: i16) {
    let sql = "update booking set state = $2, ended_at = case when $2 in (2, 3, 4)
                   then clock_timestamp() end where booking_id = $1";
    sqlx::query(sql).bind(id_of(path)).bind(state).execute(&app.db).await.unwrap();
}

#[tokio::test]
async fn a_booking_that_is_over_says_so_and_how_to_go_on() {
    let (app, made) = service(World::new().people(1)).await;
    let person = &made.people[0];
    let path = book(&app, &made, 0, made.slot(0, 3, 0)).await;
    let mut browser = signed_in(&app, person);
    let begins = "update slot set starts_at = starts_at - interval '9 days',
                      ends_at = ends_at - interval '9 days'";
    let past = |mut browser: Browser, language: &'static str, path: String| async move {
        said(&browser.open(&format!("/{language}{path}")).await.ok(200))
    };
    for (state, english, korean, books_again) in [
        (2, "You got this dose", "접종을 받으셨습니다", false),
        (3, "You cancelled this booking", "예약을 취소하셨습니다", true),
        (4, "you did not come", "오지 않으신 것으로 기록되어 있습니다", true),
    ] {
        set_state(&app, &path, state).await;
        for (language, words) in [("en", english), ("ko", korean)] {
            let page = browser.open(&format!("/{language}{path}")).await.ok(200);
            assert!(said(&page).contains(words), "{state}: {}", said(&page));
            let clinics = format!("/{language}/campaigns/{}/clinics", made.campaign_id);
            assert_eq!(page.text.contains(&clinics), books_again, "{state}: {}", page.main());
            assert!(!page.text.contains("class=\"qr\""), "{state}: it opens no door any more");
            assert!(!page.text.contains("/cancel\""), "{state}");
        }
    }
    set_state(&app, &path, 1).await;
    sqlx::query(begins).execute(&app.db).await.unwrap();
    let over = past(browser.clone(), "en", path.clone()).await;
    assert!(over.contains("no dose is on record") && over.contains("call the clinic"), "{over}");
    let over = past(browser.clone(), "ko", path.clone()).await;
    assert!(over.contains("접종 기록이 없습니다") && over.contains("전화해 주십시오"), "{over}");
}

#[tokio::test]
async fn a_clinic_that_closes_the_day_is_seen_on_the_booking() {
    let (app, made) = service(World::new().people(1)).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let before = browser.open(&format!("/en{path}")).await.ok(200);
    assert!(!said(&before).contains("closed"), "the control");
    let day = made.allocation(0, 1);
    let closure = format!("/v1/admin/clinics/{}/closures/{}", day.clinic_id, day.on_date);
    let reason = serde_json::json!({"reason": "Burst pipe", "reason_ko": "수도관 파열"});
    app.admin().await.put(&closure, &reason).await.ok(200);
    app.refresh().await;
    let page = browser.open(&format!("/en{path}")).await.ok(200);
    let english = said(&page);
    assert!(english.contains("cannot take place") && english.contains("The reason: Burst pipe."));
    let page = browser.open(&format!("/ko{path}")).await.ok(200);
    assert!(said(&page).contains("사유: 수도관 파열"), "{}", said(&page));
    let file = browser.open(&format!("/ko{path}/calendar.ics")).await.ok(200);
    assert!(file.text.contains("METHOD:CANCEL"), "{}", file.text);
}

#[tokio::test]
async fn one_press_moves_a_lost_appointment_to_where_there_is_one() {
    let (app, made) = service(World::new().people(2)).await;
    let path = book(&app, &made, 0, made.slot(0, 2, 0)).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let day = made.allocation(0, 2);
    let closure = format!("/v1/admin/clinics/{}/closures/{}", day.clinic_id, day.on_date);
    app.admin().await.put(&closure, &serde_json::json!({"reason": "Burst pipe"})).await.ok(200);
    app.refresh().await;
    let page = browser.open(&format!("/en{path}")).await.ok(200);
    let seen = said(&page);
    assert!(seen.contains("Where you can go instead") && seen.contains("Clinic 2"), "{seen}");
    let form = page.form(&format!("/en{path}/move"));
    // While they are being merged with somebody it has to wait, and the press is kept.
    let seal = "update person set sealed_at = clock_timestamp() where person_id = $1";
    sqlx::query(seal).bind(made.people[0].person_id.0).execute(&app.db).await.unwrap();
    let page = browser.submit(&form).await.ok(503);
    assert!(!page.header("retry-after").is_empty(), "{:?}", page.headers);
    let kept = page.form(&form.action);
    assert_eq!(kept.value("booking_id"), form.value("booking_id"));
    let lift = "update person set sealed_at = null";
    sqlx::query(lift).execute(&app.db).await.unwrap();
    let moved = browser.press(&kept).await;
    assert!(said(&moved).contains("You are booked"), "{}", said(&moved));
    // The old page says so, and pressing its form again ends on the new booking.
    let old = browser.open(&format!("/en{path}")).await.ok(200);
    assert!(said(&old).contains("You cancelled this booking"), "{}", said(&old));
    let again = browser.press(&form).await;
    assert!(said(&again).contains("You are booked"), "{}", said(&again));
}

#[tokio::test]
async fn who_was_cancelled_by_the_administration_reads_why_and_how_to_book_again() {
    let (app, made) = service(World::new().people(1)).await;
    let path = book(&app, &made, 0, made.slot(0, 1, 0)).await;
    let day = made.allocation(0, 1);
    let closure = format!("/v1/admin/clinics/{}/closures/{}", day.clinic_id, day.on_date);
    let admin = app.admin().await;
    let reason = serde_json::json!({"reason": "Burst pipe", "reason_ko": "수도관 파열"});
    admin.put(&closure, &reason).await.ok(200);
    admin.post(&format!("{closure}/cancellations"), &reason).await.ok(200);
    let mut browser = signed_in(&app, &made.people[0]);
    let page = browser.open(&format!("/en{path}")).await.ok(200);
    let seen = said(&page);
    assert!(seen.contains("was cancelled for you") && seen.contains("Burst pipe."), "{seen}");
    assert!(!seen.contains("You cancelled") && seen.contains("Book again"), "{seen}");
    let page = browser.open(&format!("/ko{path}")).await.ok(200);
    let seen = said(&page);
    assert!(seen.contains("접종기관 사정으로") && seen.contains("수도관 파열"), "{seen}");
}
