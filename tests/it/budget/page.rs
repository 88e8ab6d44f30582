//! Round trips of pages on the way to a booking: none for whoever is not signed in.

use chrono::{TimeDelta, Utc};
use dosebook::domain::session::citizen_token;
use reqwest::Client;
use uuid::Uuid;

use crate::support::{TestApp, World, database::TestDatabase, wire::Wire};

/// A page, whether somebody is signed in who asks for it, and its round trips.
type Budget = (String, bool, usize);

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
    let pages: [Budget; 11] = [
        ("/en".to_owned(), false, 0),
        (round.clone(), false, 0),
        (format!("{round}/eligibility"), false, 0),
        (format!("{round}/clinics"), false, 0),
        (clinics.clone(), false, 0),
        (times.clone(), false, 0),
        (clinics, true, 0),
        (times, true, 0),
        (format!("{round}/eligibility"), true, 1),
        (check, true, 1),
        (format!("/en/bookings/{id}"), true, 1),
    ];
    let ask = async |path: &str, is_signed_in: bool| {
        let mut request = client.get(format!("{}{path}", app.url));
        if is_signed_in {
            let whose = if path.contains("/bookings/") { &booked } else { &about_to };
            request = request.header("cookie", whose);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    };
    for (path, is_signed_in, trips) in &pages {
        // Statements are prepared on their first use; pages without any are made, not kept.
        if *trips > 0 {
            ask(path, *is_signed_in).await;
        }
        wire.take();
        ask(path, *is_signed_in).await;
        let told = wire.take();
        assert_eq!(told.len(), *trips, "{path}, signed in: {is_signed_in}: {told:#?}");
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
