//! Lanes that heal: rows that others have locked, panics, and a database that stalls, hangs up or
//! falls silent. A proxy between service and database does the latter three.

mod chain;
mod lock;
mod network;
mod panic;

use dosebook::domain::session;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::{Answer, Made, TestApp, make::Slot};

/// Books the slot for the person with this number, beside what the test does.
fn book(app: &TestApp, made: &Made, person: usize, slot: Slot) -> JoinHandle<Answer> {
    book_as(app, made, person, (Uuid::now_v7(), slot))
}

/// The same, under an id that can be used again.
fn book_as(
    app: &TestApp,
    made: &Made,
    person: usize,
    (id, slot): (Uuid, Slot),
) -> JoinHandle<Answer> {
    let (client, body) = (app.citizen(&made.people[person]), made.booking(slot));
    tokio::spawn(async move { client.put_booking(id, &body).await })
}

/// The status of the answer, where the contract does not document it.
async fn status(app: &TestApp, made: &Made, person: usize, slot: Slot) -> u16 {
    let expires_at = app.app.clock.now() + chrono::TimeDelta::hours(1);
    let person_id = made.people[person].person_id;
    let token = session::citizen_token(&app.app.keys, person_id, expires_at);
    let url = format!("{}/v1/bookings/{}", app.url, Uuid::now_v7());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.put(url).bearer_auth(token).json(&made.booking(slot));
    request.send().await.unwrap().status().as_u16()
}
