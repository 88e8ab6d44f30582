//! Nobody books before the opening instant, which goes by the database's clock.

use chrono::{TimeDelta, Utc};
use dosebook::clock::Clock;
use reqwest::Method;
use uuid::Uuid;

use super::Aftermath;
use crate::support::{TestApp, World, unguarded};

const LATER: &str = "Mon, 12 Jul 2027 11:00:00 GMT";
const HEADERS: [(&str, &str); 5] = [
    ("date", LATER),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-original-url", "/v1/admin"),
    ("if-unmodified-since", LATER),
    ("x-dosebook-now", "2027-07-12T11:00:00Z"),
];
/// A version 7 id that claims another time, and an id that claims none.
const IDS: [Uuid; 2] = [
    Uuid::from_u128(0x01ff_ffff_ffff_7fff_bfff_ffff_ffff_ffff),
    Uuid::from_u128(0x4000_8000_0000_0000_0001),
];

/// An hour before the opening, each attempt by somebody else.
async fn eight_attempts(app: &TestApp) -> Aftermath {
    let world = World::new().seats(20).doses(20).opens_in(TimeDelta::hours(1));
    let made = world.make(&app.db).await;
    let body = made.booking(made.slot(0, 1, 0));
    let mut citizens = made.people.iter().map(|person| app.citizen(person));
    let mut answers = Vec::new();
    for (name, value) in HEADERS {
        let path = format!("/v1/bookings/{}", Uuid::now_v7());
        let put = citizens.next().unwrap().request(Method::PUT, &path);
        answers.push(put.json(&body).header(name, value).send().await);
    }
    for id in IDS {
        answers.push(citizens.next().unwrap().put_booking(id, &body).await);
    }
    // Steps in another order: cancelling first, then looking, then asking.
    let (citizen, id) = (citizens.next().unwrap(), Uuid::now_v7());
    citizen.delete_booking(id).await.problem(404, "not_found");
    citizen.get(&format!("/v1/bookings/{id}")).await.problem(404, "not_found");
    answers.push(citizen.put_booking(id, &body).await);
    Aftermath::of(&answers, app).await
}

fn nobody() -> Aftermath {
    Aftermath::sound(0, &[(403, "window_not_open", 8)])
}

#[tokio::test]
async fn nobody_books_before_the_databases_clock_says_so() {
    assert_eq!(eight_attempts(&TestApp::start().await).await, nobody());
}

#[tokio::test]
async fn a_service_whose_clock_is_ahead_opens_no_earlier() {
    let clock = Clock::fixed(Utc::now() + TimeDelta::hours(2));
    assert_eq!(eight_attempts(&TestApp::with().clock(clock).start().await).await, nobody());
}

#[tokio::test]
async fn control_without_the_guard_on_the_opening_all_eight_book() {
    let app = TestApp::with().decide(unguarded::opening).start().await;
    let harm = Aftermath { early: 8, ..Aftermath::sound(8, &[]) };
    assert_eq!(eight_attempts(&app).await, harm);
}
