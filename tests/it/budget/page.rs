//! Round trips of pages on the way to a booking: none for whoever is not signed in, and none to
//! the list on which everybody lands who has.

use chrono::{TimeDelta, Utc};
use dosebook::domain::session::citizen_token;
use reqwest::Client;
use uuid::Uuid;

use crate::{
    support::{Browser, Made, Page, TestApp, World, database::TestDatabase, wire::Wire},
    web::{claim, code_of},
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Nobody,
    /// In a browser that keeps a session, and no more.
    SignedIn,
    /// In one that keeps where they live, as after signing in with it.
    AtHome,
}

/// A page, who asks for it, and its round trips.
type Budget = (String, Who, usize);

#[tokio::test]
async fn each_page_to_a_booking_keeps_to_its_budget() {
    let mut database = TestDatabase::new().await;
    let made = World::new().people(4).make(&database.pool).await;
    let wire = Wire::before(&mut database).await;
    let app = TestApp::with().connections(1).start_on(database.into()).await;
    app.refresh().await;
    let (campaign, clinic, slot) = (made.campaign_id, made.clinics[0], made.slot(0, 4, 0));
    let id = Uuid::now_v7();
    app.citizen(&made.people[0]).put_booking(id, &made.booking(slot)).await.ok(201);
    let until = Utc::now() + TimeDelta::hours(1);
    let cookie = |person: usize| {
        let token = citizen_token(&app.app.keys, made.people[person].person_id, until);
        format!("__Host-citizen={token}")
    };
    let (booked, about_to) = (cookie(0), cookie(1));
    let client = Client::builder().no_proxy().build().unwrap();
    let round = format!("/en/campaigns/{campaign}");
    let day = slot.on_date;
    let times = format!("{round}/clinics/{clinic}?date={day}");
    let clinics = format!("{round}/clinics?region={}", made.districts[0]);
    let check = format!("{round}/check?slot={}&product={}", slot.slot_id, made.product_id);
    let pages: [Budget; 13] = [
        ("/en".to_owned(), Who::Nobody, 0),
        (round.clone(), Who::Nobody, 0),
        (format!("{round}/eligibility"), Who::Nobody, 0),
        (format!("{round}/clinics"), Who::Nobody, 0),
        (clinics.clone(), Who::Nobody, 0),
        (times.clone(), Who::Nobody, 0),
        // The control: where somebody lives that the browser does not know is looked up, once.
        (format!("{round}/clinics"), Who::SignedIn, 1),
        (format!("{round}/clinics"), Who::AtHome, 0),
        (clinics, Who::SignedIn, 0),
        (times, Who::SignedIn, 0),
        (format!("{round}/eligibility"), Who::SignedIn, 1),
        (check, Who::SignedIn, 1),
        (format!("/en/bookings/{id}"), Who::SignedIn, 1),
    ];
    let ask = async |path: &str, who: Who, home: &str| {
        let mut request = client.get(format!("{}{path}", app.url));
        if who != Who::Nobody {
            let whose = if path.contains("/bookings/") { &booked } else { &about_to };
            request = request.header("cookie", format!("{whose}{home}"));
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let kept = answer.headers().get("set-cookie").and_then(|kept| kept.to_str().ok());
        kept.and_then(|kept| kept.split(';').next()).map(|kept| format!("; {kept}"))
    };
    let home = ask(&format!("{round}/clinics"), Who::SignedIn, "").await.expect("where they live");
    for (path, who, trips) in &pages {
        let home = if *who == Who::AtHome { &*home } else { "" };
        // Statements are prepared on their first use; pages without any are made, not kept.
        if *trips > 0 {
            ask(path, *who, home).await;
        }
        wire.take();
        ask(path, *who, home).await;
        let told = wire.take();
        assert_eq!(told.len(), *trips, "{path}, {who:?}: {told:#?}");
    }
    let form = "birth-year=1964&birth-month=5&birth-day=6&region=";
    let asked = client
        .post(format!("{}{round}/eligibility", app.url))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    wire.take();
    assert_eq!(asked.send().await.unwrap().status(), 200);
    assert_eq!(wire.take(), [""; 0], "the answer to the form");
}

/// From the page on which somebody says who they are to their cancelled booking, in order: what is
/// opened or pressed, and its round trips.
const JOURNEY: [(&str, usize); 12] = [
    ("who are you", 0),
    ("send a code", 7),
    ("the page for the code", 0),
    ("the code", 8),
    ("signed in", 0),
    ("the check", 1),
    ("book", 6),
    ("the booking", 1),
    ("my bookings", 3),
    ("cancel?", 1),
    ("cancel", 7),
    ("the cancelled booking", 2),
];

/// One person's way. Gives the statements of each step.
async fn walk((app, made, wire): (&TestApp, &Made, &Wire), person: usize) -> Vec<Vec<String>> {
    let mut browser = app.browser();
    let (mut told, slot) = (Vec::new(), made.slot(0, 4, person % 2));
    let mut note = |page: Page, status: u16| {
        told.push(wire.take());
        page.ok(status)
    };
    let open = async |browser: &mut Browser, path: &str| {
        wire.take();
        browser.get(path).await
    };
    let page = note(open(&mut browser, "/en/sign-in").await, 200);
    let asked = note(browser.submit(&claim(&page, &made.people[person])).await, 303);
    let page = note(open(&mut browser, asked.header("location")).await, 200);
    let code = code_of(app, &page).await;
    let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
    wire.take();
    let tried = note(browser.submit(&form).await, 303);
    note(open(&mut browser, tried.header("location")).await, 303);
    let check = format!(
        "/en/campaigns/{}/check?slot={}&product={}",
        made.campaign_id, slot.slot_id, made.product_id
    );
    let page = note(open(&mut browser, &check).await, 200);
    let booked = note(browser.submit(&page.form(&check)).await, 303);
    let path = booked.header("location").to_owned();
    note(open(&mut browser, &path).await, 200);
    note(open(&mut browser, "/en/me").await, 200);
    let cancel = format!("{path}/cancel");
    let page = note(open(&mut browser, &cancel).await, 200);
    note(browser.submit(&page.form(&cancel)).await, 303);
    note(open(&mut browser, &path).await, 200);
    told
}

#[tokio::test]
async fn each_press_from_the_first_page_to_the_last_keeps_to_its_budget() {
    let mut database = TestDatabase::new().await;
    let made = World::new().people(4).make(&database.pool).await;
    let wire = Wire::before(&mut database).await;
    let app = TestApp::with().connections(1).start_on(database.into()).await;
    app.refresh().await;
    // Connections are made by the first who come, and the rules read.
    walk((&app, &made, &wire), 0).await;
    let told = walk((&app, &made, &wire), 1).await;
    assert_eq!(told.len(), JOURNEY.len());
    let wrong = JOURNEY.into_iter().zip(told).filter(|((_, trips), told)| told.len() != *trips);
    let wrong = wrong.map(|((step, trips), told)| format!("{step}, not {trips}: {told:#?}"));
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}
