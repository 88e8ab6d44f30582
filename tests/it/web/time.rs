//! "Choose a time": a clinic's day as the API has it, what of it runs out first, and where else
//! there is something when there is nothing.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::booking::{LANGUAGES, link, links, plain, said, signed_in};
use crate::support::{Made, Page, TestApp, World};

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

/// The page of a clinic's day (1 is tomorrow).
fn path(made: &Made, language: &str, clinic: usize, day: usize) -> String {
    let day = made.allocation(clinic, day);
    let (campaign, clinic) = (made.campaign_id, day.clinic_id);
    format!("/{language}/campaigns/{campaign}/clinics/{clinic}?date={}", day.on_date)
}

/// The times of a page: slot (none where it cannot be chosen), time and what is left.
fn times(page: &Page) -> Vec<(Option<i64>, String, String)> {
    let lists = page.main().split("<h3>").skip(1);
    let lists = lists.map(|list| list.split_once("</ul>").expect("its end").0);
    let items = lists.flat_map(|list| list.split("<li>").skip(1));
    items
        .map(|item| {
            let item = item.split_once("</li>").expect("its end").0;
            let slot = item.split_once("slot=").map(|(_, rest)| {
                rest.split("&#38;").next().and_then(|id| id.parse().ok()).expect("a slot")
            });
            let part = |tag: &str| {
                let rest = item.split_once(&format!("<{tag}>")).expect("a part").1;
                plain(rest.split_once(&format!("</{tag}>")).expect("its end").0)
            };
            (slot, part("b"), part("small"))
        })
        .collect()
}

async fn by_api(app: &TestApp, made: &Made, clinic: usize, day: usize) -> Value {
    let day = made.allocation(clinic, day);
    let path = format!(
        "/v1/clinics/{}/slots?campaign_id={}&date={}",
        day.clinic_id, made.campaign_id, day.on_date
    );
    app.public().get(&path).await.ok(200)
}

async fn change(app: &TestApp, sql: &str) {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
    let sql = "update catalogue set revision = revision + 1";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    app.refresh().await;
}

#[tokio::test]
async fn a_day_shows_the_seats_and_doses_of_the_api() {
    let (app, made) = service(World::new().people(3).seats(2).doses(30).slots_per_day(4)).await;
    for (person, slot) in [(0, 0), (1, 0), (2, 2)] {
        let body = made.booking(made.slot(0, 1, slot));
        let client = app.citizen(&made.people[person]);
        client.put_booking(uuid::Uuid::now_v7(), &body).await.ok(201);
    }
    app.tick().await;
    let day = by_api(&app, &made, 0, 1).await;
    let mut browser = app.browser();
    let page = browser.open(&path(&made, "en", 0, 1)).await.ok(200);
    let shown = times(&page);
    let slots = day["slots"].as_array().expect("slots");
    assert_eq!(shown.len(), slots.len());
    for ((slot, _, left), of_api) in shown.iter().zip(slots) {
        let seats = of_api["seats_left"].as_i64().expect("seats");
        let expected = match seats {
            0 => "full".to_owned(),
            1 => "1 place".to_owned(),
            n => format!("{n} places"),
        };
        assert_eq!(left, &expected);
        assert_eq!(*slot, (seats > 0).then(|| of_api["slot_id"].as_i64().expect("an id")));
    }
    let labels: Vec<_> = shown.iter().map(|(_, label, _)| label.as_str()).collect();
    assert_eq!(labels, ["09:00", "10:00", "11:00", "12:00"]);
    assert_eq!(
        (day["bookable"].as_i64(), day["doses_open"][0]["open"].as_i64()),
        (Some(5), Some(27))
    );
    assert!(said(&page).contains("5 doses can be booked on this day"), "{}", said(&page));
    assert!(said(&page).contains("27 doses and 5 places left: the places run out first"));
    let korean = browser.open(&path(&made, "ko", 0, 1)).await.ok(200);
    assert!(said(&korean).contains("이날 예약할 수 있는 백신: 5회분"), "{}", said(&korean));
    assert_eq!(times(&korean)[2].1, "오전 11시");
    assert!(
        said(&korean)
            .contains("남은 백신은 27회분, 남은 자리는 5자리입니다. 자리가 먼저 마감됩니다.")
    );
}

#[tokio::test]
async fn what_runs_out_first_is_named() {
    let world = World::new().people(1).clinics(2).seats(10).doses(3).slots_per_day(2);
    let (app, made) = service(world).await;
    let mut browser = app.browser();
    let doses = ["3 doses and 20 places left: the doses run out first", "백신이 먼저 마감됩니다."];
    for (language, words) in LANGUAGES.into_iter().zip(doses) {
        let page = browser.open(&path(&made, language, 0, 1)).await.ok(200);
        assert!(said(&page).contains(words), "{}", said(&page));
    }
    change(&app, "update slot set seats = case when slot_id % 2 = 1 then 2 else 1 end").await;
    let page = browser.open(&path(&made, "en", 0, 1)).await.ok(200);
    assert!(said(&page).contains("There are 3 doses and 3 places left. "), "{}", said(&page));
    assert!(!said(&page).contains("run out first"));
}

#[tokio::test]
async fn the_days_before_and_after_are_those_with_something() {
    let (app, made) = service(World::new().people(1).days(4)).await;
    let second = made.allocation(0, 2).on_date;
    change(&app, &format!("update slot set seats = 0 where on_date = '{second}'")).await;
    let mut browser = app.browser();
    let first = browser.open(&path(&made, "en", 0, 1)).await.ok(200);
    assert!(!first.text.contains("rel=\"prev\""), "{}", first.main());
    let next = browser.open(&link(&first, "date=")).await.ok(200);
    assert_eq!(next.at, path(&made, "en", 0, 3), "over the day that is full");
    assert!(next.text.contains("rel=\"prev\"") && next.text.contains("rel=\"next\""));
    // Without a day, the first with something.
    let clinic = path(&made, "en", 0, 1).split('?').next().expect("a path").to_owned();
    let page = browser.open(&clinic).await.ok(200);
    assert_eq!(times(&page), times(&first));
}

#[tokio::test]
async fn where_there_is_nothing_the_page_says_why_and_where_else() {
    let (app, made) = service(World::new().people(3).clinics(3).days(3).doses(2)).await;
    let mut browser = app.browser();
    let (first, clinic) = (made.allocation(0, 1).on_date, made.clinics[0]);
    let on = |date: &str| {
        let page = format!("/campaigns/{}/clinics/{clinic}?date={date}", made.campaign_id);
        LANGUAGES.map(|language| format!("/{language}{page}"))
    };
    let mut check = async |date: &str, words: [&str; 2]| {
        for (path, words) in on(date).into_iter().zip(words) {
            let page = browser.open(&path).await.ok(200);
            assert!(said(&page).contains(words), "{words}: {}", said(&page));
            assert!(!page.text.contains("/check?"), "{path}");
            // Another day here, and another clinic.
            let links = links(&page);
            let to = |part: &str| links.iter().any(|(href, _)| href.contains(part));
            assert!(to(&format!("/clinics/{clinic}?date=")), "{}", page.main());
            assert!(to(&format!("/clinics/{}?date=", made.clinics[1])), "{}", page.main());
        }
    };
    let past = (first - TimeDelta::days(30)).to_string();
    check(&past, ["is over.", "지난 날짜입니다."]).await;
    let later = (first + TimeDelta::days(30)).to_string();
    check(&later, ["gives no appointments on", "예약을 받지 않습니다."]).await;
    for person in 0..2 {
        let body = made.booking(made.slot(0, 1, person));
        let client = app.citizen(&made.people[person]);
        client.put_booking(uuid::Uuid::now_v7(), &body).await.ok(201);
    }
    app.tick().await;
    let no_doses = ["still has time on", "시간은 있지만 남은 백신이 없습니다."];
    check(&first.to_string(), no_doses).await;
    change(&app, &format!("update slot set seats = taken where on_date = '{first}'")).await;
    check(&first.to_string(), ["has no time left on", "예약 시간은 모두 마감되었습니다."]).await;
    let second = made.allocation(0, 2).on_date;
    let closure = format!("/v1/admin/clinics/{clinic}/closures/{second}");
    app.admin().await.put(&closure, &json!({"reason": "Repairs"})).await.ok(200);
    app.refresh().await;
    check(&second.to_string(), ["This clinic is closed on", "운영하지 않습니다."]).await;
}

#[tokio::test]
async fn doses_that_wait_for_a_later_group_are_not_offered() {
    let (app, made) = service(World::new().people(1)).await;
    let mut browser = app.browser();
    let before = browser.open(&path(&made, "en", 0, 1)).await.ok(200);
    assert!(before.text.contains("/check?"), "the control");
    let tranches = format!("/v1/admin/campaigns/{}/tranches", made.campaign_id);
    let opens_at = (chrono::Utc::now() + TimeDelta::days(1)).to_rfc3339();
    let digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let body = json!({"name": "Later", "birth_day_digits": digits, "opens_at": opens_at});
    app.admin().await.post(&tranches, &body).await.ok(201);
    app.refresh().await;
    let words = ["for groups whose turn is yet to come", "아직 차례가 되지 않은 분들의 백신입니다"];
    for (language, words) in LANGUAGES.into_iter().zip(words) {
        let page = browser.open(&path(&made, language, 0, 1)).await.ok(200);
        assert!(said(&page).contains(words), "{}", said(&page));
        assert!(!page.text.contains("/check?"));
    }
}

#[tokio::test]
async fn before_booking_opens_times_can_be_seen_and_not_chosen() {
    let world = World::new().people(1).opens_in(TimeDelta::days(2)).state(2);
    let (app, made) = service(world).await;
    for (language, words) in LANGUAGES.into_iter().zip(["Booking opens on", "시작합니다."]) {
        let page = app.browser().open(&path(&made, language, 0, 1)).await.ok(200);
        assert!(said(&page).contains(words), "{}", said(&page));
        assert!(!times(&page).is_empty());
        assert!(
            times(&page).iter().all(|(slot, _, _)| slot.is_none()),
            "a link would lead nowhere"
        );
    }
}

#[tokio::test]
async fn every_vaccine_of_the_day_can_be_chosen() {
    let (app, made) = service(World::new().people(1).doses(2)).await;
    let admin = app.admin().await;
    let product = json!({"code": "208", "name": "Pfizer", "name_ko": "화이자", "doses_per_vial": 6,
        "age_months_min": 216, "doses_in_series": 2, "interval_days_min": 21});
    let added = admin.post("/v1/admin/products", &product).await.ok(201);
    let products = format!("/v1/admin/campaigns/{}/products", made.campaign_id);
    let ids = json!({"product_ids": [made.product_id, added["product_id"]]});
    admin.put(&products, &ids).await.ok(200);
    let id = &added["product_id"];
    let pool = async |parent: Value, region: Value| {
        let pool = json!({"campaign_id": made.campaign_id, "product_id": id, "parent_id": parent,
            "region_id": region});
        admin.post("/v1/admin/pools", &pool).await.ok(201)["pool_id"].clone()
    };
    let nation = pool(Value::Null, Value::Null).await;
    let province = pool(nation.clone(), json!(made.provinces[0])).await;
    let pool = format!("/v1/admin/pools/{nation}");
    let receipt = json!({"doses": 60, "reason": "Delivery"});
    admin.post(&format!("{pool}/receipts"), &receipt).await.ok(200);
    let transfer = json!({"to_pool_id": province, "doses": 60, "reason": "Delivery"});
    admin.post(&format!("{pool}/transfers"), &transfer).await.ok(200);
    let day = made.allocation(0, 1);
    let allocation = json!({"pool_id": province, "clinic_id": day.clinic_id, "product_id": id,
        "campaign_id": made.campaign_id, "on_date": day.on_date, "doses": 12,
        "reason": "Delivery"});
    admin.post("/v1/admin/allocations", &allocation).await.ok(201);
    app.refresh().await;
    let mut browser = signed_in(&app, &made.people[0]);
    // That of which most is left, and a way to the other.
    let page = browser.open(&path(&made, "en", 0, 1)).await.ok(200);
    assert!(said(&page).contains("Vaccine: Pfizer") && said(&page).contains("Moderna"));
    assert!(said(&page).contains("12 doses can be booked"), "{}", said(&page));
    let other = browser.open(&link(&page, &format!("&product={}", made.product_id))).await.ok(200);
    assert!(said(&other).contains("Vaccine: Moderna"), "{}", said(&other));
    assert!(said(&other).contains("2 doses can be booked"), "{}", said(&other));
    let check = browser.open(&link(&other, "/check?")).await.ok(200);
    assert!(said(&check).contains("Moderna, dose 1"), "{}", said(&check));
    let booked = browser.press(&check.form(&check.at)).await.ok(200);
    assert!(said(&booked).contains("Moderna, dose 1"), "{}", said(&booked));
    let of: i32 =
        sqlx::query_scalar("select product_id from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(of, made.product_id.0);
}

#[tokio::test]
async fn what_there_is_not_is_not_found() {
    let (app, made) = service(World::new().people(1)).await;
    let mut browser = app.browser();
    for path in ["/1/clinics/999", "/99/clinics/1", "/1/clinics/x", "/x/clinics/1"] {
        for language in LANGUAGES {
            browser.open(&format!("/{language}/campaigns{path}")).await.ok(404);
        }
    }
    let known = path(&made, "en", 0, 1);
    browser.open(&known).await.ok(200);
    // What cannot be read is not chosen.
    for query in ["date=x&product=y", "date=2021-02-30", "product=99"] {
        let clinic = known.split('?').next().expect("a path");
        let page = browser.open(&format!("{clinic}?{query}")).await.ok(200);
        assert!(page.text.contains("/check?"), "{query}");
    }
}
