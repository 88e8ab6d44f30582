//! "Choose a place and a day": the same clinics, days and numbers as the API has, and never a dead
//! end.

use serde_json::Value;

use super::booking::{LANGUAGES, link, links, plain, said, signed_in};
use crate::support::{Made, Page, TestApp, World};

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

fn path(made: &Made, language: &str, query: &str) -> String {
    format!("/{language}/campaigns/{}/clinics{query}", made.campaign_id)
}

/// The clinics of a page, each with its days: date and doses as the page says them.
fn places(page: &Page) -> Vec<(String, Vec<(String, String)>)> {
    let cards = page.main().split("<li class=\"card\">").skip(1);
    cards
        .map(|card| {
            let card = card.split_once("<ul class=\"picks\">").map_or((card, ""), |parts| parts);
            let name = card.0.split_once("<h3>").expect("a name").1.split_once("</h3>").unwrap().0;
            let days = card.1.split("<a href=\"").skip(1).filter_map(|link| {
                let date = link.split_once("?date=")?.1.split('"').next()?.to_owned();
                let doses = link.split_once("<small>")?.1.split_once("</small>")?.0;
                Some((date, plain(doses)))
            });
            let name = name.split_once("</span> ").expect("its number").1;
            (plain(name), days.collect())
        })
        .collect()
}

/// The same as the API has it: only clinics and days with something to book.
async fn by_api(app: &TestApp, made: &Made, query: &str) -> Vec<(String, Vec<(String, String)>)> {
    let path = format!("/v1/campaigns/{}/clinics{query}", made.campaign_id);
    let list = app.public().get(&path).await.ok(200);
    let lines = list["clinics"].as_array().expect("clinics").iter();
    let lines = lines.map(|line| {
        let days = line["days"].as_array().expect("days").iter();
        let days = days.filter(|day| day["bookable"].as_i64() > Some(0)).map(|day| {
            let n = day["bookable"].as_i64().expect("doses");
            let doses = if n == 1 { "1 dose".to_owned() } else { format!("{n} doses") };
            (day["date"].as_str().expect("a date").to_owned(), doses)
        });
        (line["name"].as_str().expect("a name").to_owned(), days.collect::<Vec<_>>())
    });
    lines.filter(|(_, days)| !days.is_empty()).collect()
}

/// Books as many doses of the day as there are people from the first on.
async fn book_out(app: &TestApp, made: &Made, clinic: usize, day: usize, people: usize) {
    for person in 0..people {
        let body = made.booking(made.slot(clinic, day, person % 2));
        let client = app.citizen(&made.people[person]);
        client.put_booking(uuid::Uuid::now_v7(), &body).await.ok(201);
    }
    app.tick().await;
}

#[tokio::test]
async fn a_district_shows_what_the_api_has() {
    let (app, made) = service(World::new().clinics(6).days(3).doses(5).people(2)).await;
    let query = format!("?region={}", made.districts[0]);
    let mut browser = app.browser();
    let before = places(&browser.open(&path(&made, "en", &query)).await.ok(200));
    assert_eq!(before, by_api(&app, &made, &query).await);
    assert_eq!(before.len(), 2, "{before:?}");
    assert_eq!(before[0].1.len(), 3);
    book_out(&app, &made, 0, 1, 2).await;
    let after = places(&browser.open(&path(&made, "en", &query)).await.ok(200));
    assert_eq!(after, by_api(&app, &made, &query).await);
    assert_eq!((&before[0].1[0].1[..], &after[0].1[0].1[..]), ("5 doses", "3 doses"));
    let korean = places(&browser.open(&path(&made, "ko", &query)).await.ok(200));
    assert_eq!(korean[0].1[0].1, "3회분");
    // A province has those of all its districts; a day leaves that day.
    let query = format!("?region={}", made.provinces[0]);
    let all = places(&browser.open(&path(&made, "en", &query)).await.ok(200));
    assert_eq!((all.clone(), all.len()), (by_api(&app, &made, &query).await, 4));
    let query = format!("{query}&date={}", made.allocation(0, 2).on_date);
    let day = places(&browser.open(&path(&made, "en", &query)).await.ok(200));
    assert_eq!(day, by_api(&app, &made, &query).await);
    assert!(day.iter().all(|(_, days)| days.len() == 1));
}

#[tokio::test]
async fn the_nearest_come_first_and_no_more_exactly_than_a_kilometre() {
    let (app, made) = service(World::new().clinics(5)).await;
    let mut browser = app.browser();
    let exact = path(&made, "ko", "?near=37.553211,127.049876&date=");
    let page = browser.get(&exact).await.ok(303);
    let rounded = path(&made, "ko", "?near=37.55,127.05");
    assert_eq!(page.header("location"), rounded);
    let english = path(&made, "en", "?near=37.55,127.05");
    let page = browser.open(&english).await.ok(200);
    assert_eq!(places(&page), by_api(&app, &made, "?near=37.55,127.05").await);
    assert_eq!(places(&page)[0].0, "Clinic 5");
    assert!(said(&page).contains("about 0.1 km"), "{}", said(&page));
    assert!(said(&browser.open(&rounded).await.ok(200)).contains("약 1.4km"));
    // The place stays chosen on the way to the other language and to what is full.
    assert!(page.text.contains(&format!("href=\"{rounded}\"")));
    assert!(link(&page, "full=1").contains("near=37.55,127.05"));
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() {
    let (app, made) = service(World::new().clinics(45).days(1).slots_per_day(1)).await;
    let mut browser = app.browser();
    let mut page = browser.open(&path(&made, "en", "?near=37.50,127.00")).await.ok(200);
    let mut all = places(&page);
    while page.text.contains("rel=\"next\"") {
        page = browser.open(&link(&page, "after=")).await.ok(200);
        assert!(links(&page).iter().any(|(_, text)| text.contains("The first ones")));
        all.extend(places(&page));
    }
    let expected = by_api(&app, &made, "?near=37.50,127.00&limit=100").await;
    assert_eq!((all.len(), all), (45, expected));
}

#[tokio::test]
async fn what_is_full_is_shown_on_request_and_the_next_is_always_named() {
    let (app, made) = service(World::new().clinics(2).days(2).doses(2).people(2)).await;
    let mut browser = app.browser();
    let (first, second) = (made.allocation(0, 1).on_date, made.allocation(0, 2).on_date);
    let query = format!("?region={}&date={first}", made.districts[0]);
    let page = browser.open(&path(&made, "en", &query)).await.ok(200);
    assert_eq!(places(&page).len(), 1, "the control");
    book_out(&app, &made, 0, 1, 2).await;
    for (language, nothing, nearest) in [
        ("en", "There is nothing to book here now.", "The nearest clinics with doses"),
        ("ko", "지금 이곳에는 예약할 수 있는 백신이 없습니다.", "백신이 남은 가까운 접종기관"),
    ] {
        let page = browser.open(&path(&made, language, &query)).await.ok(200);
        assert!(said(&page).contains(nothing) && said(&page).contains(nearest), "{}", said(&page));
        assert_eq!(places(&page)[0].0, "Clinic 2", "the next district");
        let any_day = browser.open(&link(&page, "?region=")).await.ok(200);
        assert_eq!(places(&any_day)[0].1[0].0, second.to_string(), "the next day");
        let full = browser.open(&link(&page, "full=1")).await.ok(200);
        assert_eq!(places(&full), [("Clinic 1".to_owned(), Vec::new())]);
    }
    // A district without any clinic, and one where the doses of all clinics are gone.
    let nowhere = format!("?region={}", made.districts[3]);
    let page = browser.open(&path(&made, "en", &nowhere)).await.ok(200);
    assert_eq!(places(&page).len(), 2, "{}", said(&page));
    sqlx::query("update slot set seats = taken").execute(&app.db).await.unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    app.refresh().await;
    let page = browser.open(&path(&made, "en", &nowhere)).await.ok(200);
    assert!(said(&page).contains("nothing else can be booked"), "{}", said(&page));
    assert!(links(&page).iter().any(|(href, _)| href.ends_with("/campaigns/1")));
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_one_with_less_chosen() {
    let (app, made) = service(World::new()).await;
    let mut browser = app.browser();
    for query in [
        "",
        "?",
        "?region=&date=",
        "?region=999999",
        "?region=x&date=y&after=z&near=w&full=v",
        "?near=91.00,0.00",
        "?near=37.5",
        "?region=%3Cscript%3E&date=%22%3E%3Cscript%3E",
        "?region=1e9&region=2",
    ] {
        let page = browser.open(&path(&made, "en", query)).await.ok(200);
        assert!(places(&page).is_empty(), "{query}");
        assert!(!page.main().contains("<script"), "{query}");
        page.form(&path(&made, "en", ""));
    }
    for campaign in ["0", "99", "x", "-1", "2147483648"] {
        browser.open(&format!("/en/campaigns/{campaign}/clinics")).await.ok(404);
    }
    sqlx::query("update campaign set state = 1, published_quota = null, published_at = null")
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    app.refresh().await;
    browser.open(&path(&made, "en", "")).await.ok(404);
}

#[tokio::test]
async fn who_is_signed_in_sees_their_own_district_first() {
    let (app, made) = service(World::new().clinics(4).people(3)).await;
    let person = &made.people[2];
    let page = signed_in(&app, person).open(&path(&made, "en", "")).await.ok(200);
    assert_eq!(places(&page), by_api(&app, &made, &format!("?region={}", person.region_id)).await);
    let form = page.form(&path(&made, "en", ""));
    assert_eq!(form.value("region"), person.region_id.to_string());
    let page = app.browser().open(&path(&made, "en", "")).await.ok(200);
    assert!(places(&page).is_empty(), "the control");
    assert_eq!(page.form(&path(&made, "en", "")).value("region"), "");
}

#[tokio::test]
async fn what_a_clinic_has_is_said_and_hides_no_clinic() {
    let (app, made) = service(World::new().clinics(8)).await;
    let name = "<b>\"Dr's\" & Sons</b>";
    let sql =
        "update clinic set amenities = '{\"step_free\": true, \"parking\": false}', name = $2,
                   address = $2 where clinic_id = $1";
    sqlx::query(sql).bind(made.clinics[0].0).bind(name).execute(&app.db).await.unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    app.refresh().await;
    let query = format!("?region={}", made.districts[0]);
    let page = app.browser().open(&path(&made, "en", &query)).await.ok(200);
    assert_eq!(places(&page).len(), 2);
    assert_eq!(places(&page)[0].0, name);
    assert!(!page.text.contains("<b>\"") && !page.text.contains("<b>&"), "{}", page.text);
    assert!(said(&page).contains("Known to have: Step-free access"), "{}", said(&page));
    assert!(!said(&page).contains("Parking"), "what it has not is said on its own page");
    assert_eq!(said(&page).matches("Known to have").count(), 1, "unknown is no no");
}

#[tokio::test]
async fn a_campaign_in_which_nobody_can_book_says_why() {
    let (app, made) = service(World::new()).await;
    let open = app.browser().open(&path(&made, "en", "")).await.ok(200);
    assert!(!open.main().contains("class=\"note warn\""), "the control");
    let pause = format!("/v1/admin/campaigns/{}/pause", made.campaign_id);
    let reason: Value = serde_json::json!({"reason": "Too hot", "reason_ko": "폭염"});
    app.admin().await.post(&pause, &reason).await.ok(200);
    app.refresh().await;
    let words = ["Booking is paused: Too hot.", "예약을 잠시 멈추었습니다. 사유: 폭염."];
    for (language, words) in LANGUAGES.into_iter().zip(words) {
        let page = app.browser().open(&path(&made, language, "")).await.ok(200);
        assert!(said(&page).contains(words), "{}", said(&page));
    }
}
