//! Everybody at once: never a dose, a seat or a booking too many, whoever asks how often and
//! through how many services. What finds an oversell is shown to find one where the guards are
//! gone.

use chrono::{TimeDelta, Utc};
use dosebook::{domain::session, flows::verify::verify};
use futures_util::future::join_all;
use serde_json::Value;
use sqlx::{Executor, PgPool, Row};
use uuid::Uuid;

use crate::support::{Answer, Client, Made, Person, TestApp, World, process::Service};

async fn all_book(clients: Vec<(Client, Value)>) -> Vec<Answer> {
    let requests = clients
        .into_iter()
        .map(|(client, body)| async move { client.put_booking(Uuid::now_v7(), &body).await });
    join_all(requests).await
}

fn count(answers: &[Answer], status: u16, code: &str) -> usize {
    answers.iter().filter(|answer| answer.status == status && answer.code() == code).count()
}

/// Days on which more doses are promised than were granted.
async fn oversold(db: &PgPool) -> i64 {
    let sql = "select count(*) from allocation a where granted <
                   (select count(*) from booking b where b.allocation_id = a.allocation_id
                        and b.state in (1, 2, 5))";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Persons who hold the same dose twice.
async fn double_booked(db: &PgPool) -> i64 {
    let sql = "select count(*) from (select from booking where state in (1, 2, 5)
                   group by person_id, course_id, dose_number having count(*) > 1) twice";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn is_sound(app: &TestApp) {
    assert_eq!(verify(&app.app.db).await.unwrap(), [], "verify");
    assert_eq!((oversold(&app.db).await, double_booked(&app.db).await), (0, 0));
}

fn one_slot(made: &Made, person: &Person, app: &TestApp) -> (Client, Value) {
    (app.citizen(person), made.booking(made.slot(0, 1, 0)))
}

fn small_world() -> World {
    World::new().clinics(1).days(1).slots_per_day(1).seats(10).doses(7).people(500)
}

#[tokio::test]
async fn five_hundred_clients_get_seven_doses_and_the_rest_hear_of_doses() {
    let app = TestApp::start().await;
    let made = small_world().make(&app.db).await;
    let clients = made.people.iter().map(|person| one_slot(&made, person, &app)).collect();
    let answers = all_book(clients).await;
    assert_eq!(count(&answers, 201, ""), 7);
    assert_eq!(count(&answers, 409, "doses_exhausted"), 493);
    is_sound(&app).await;
}

#[tokio::test]
async fn two_services_share_seven_doses() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let made = small_world().make(&app.db).await;
    let services = [&app, &other];
    let clients = made
        .people
        .iter()
        .enumerate()
        .map(|(n, person)| one_slot(&made, person, services[n % 2]))
        .collect();
    let answers = all_book(clients).await;
    assert_eq!(count(&answers, 201, ""), 7);
    assert_eq!(count(&answers, 409, "doses_exhausted"), 493);
    is_sound(&app).await;
}

#[tokio::test]
async fn seats_bind_where_doses_do_not() {
    let app = TestApp::start().await;
    let made = small_world().doses(100).people(50).make(&app.db).await;
    let clients = made.people.iter().map(|person| one_slot(&made, person, &app)).collect();
    let answers = all_book(clients).await;
    assert_eq!(count(&answers, 201, ""), 10);
    assert_eq!(count(&answers, 409, "seat_taken"), 40);
    is_sound(&app).await;
}

async fn one_person_asks_a_hundred_times(services: &[&TestApp]) {
    let app = services[0];
    let made = World::new().clinics(10).days(5).slots_per_day(2).doses(20).make(&app.db).await;
    assert_eq!(made.slots.len(), 100);
    let person = &made.people[0];
    let clients = made
        .slots
        .iter()
        .enumerate()
        .map(|(n, slot)| (services[n % services.len()].citizen(person), made.booking(*slot)));
    let answers = all_book(clients.collect()).await;
    assert_eq!(count(&answers, 201, ""), 1);
    assert_eq!(count(&answers, 409, "already_booked"), 99);
    is_sound(app).await;
}

#[tokio::test]
async fn one_person_at_a_hundred_slots_gets_one() {
    one_person_asks_a_hundred_times(&[&TestApp::start().await]).await;
}

#[tokio::test]
async fn one_person_at_two_services_gets_one() {
    let app = TestApp::start().await;
    one_person_asks_a_hundred_times(&[&app, &app.another().await]).await;
}

/// Two processes that know of each other only through the database.
struct Processes {
    app: TestApp,
    services: [Service; 2],
    _folders: [tempfile::TempDir; 2],
}

impl Processes {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let services = [0, 1].map(|n| Service::on(&app.database, folders[n].path()));
        Self { app, services, _folders: folders }
    }

    /// The person at one of the two.
    fn citizen(&self, person: &Person, which: usize) -> Client {
        let expires_at = Utc::now() + TimeDelta::hours(1);
        let token = session::citizen_token(&self.app.app.keys, person.person_id, expires_at);
        Client::new(&self.services[which % 2].url, Some(token), reqwest::Client::new())
    }
}

#[tokio::test]
async fn two_processes_share_seven_doses() {
    let two = Processes::start().await;
    let made = small_world().make(&two.app.db).await;
    let body = made.booking(made.slot(0, 1, 0));
    let people = made.people.iter().enumerate();
    let clients = people.map(|(n, person)| (two.citizen(person, n), body.clone())).collect();
    let answers = all_book(clients).await;
    assert_eq!(count(&answers, 201, ""), 7);
    assert_eq!(count(&answers, 409, "doses_exhausted"), 493);
    is_sound(&two.app).await;
}

#[tokio::test]
async fn one_person_at_two_processes_gets_one() {
    let two = Processes::start().await;
    let made = World::new().clinics(10).days(5).slots_per_day(2).doses(20).make(&two.app.db).await;
    let person = &made.people[0];
    let slots = made.slots.iter().enumerate();
    let clients = slots.map(|(n, slot)| (two.citizen(person, n), made.booking(*slot))).collect();
    let answers = all_book(clients).await;
    assert_eq!(count(&answers, 201, ""), 1);
    assert_eq!(count(&answers, 409, "already_booked"), 99);
    is_sound(&two.app).await;
}

#[tokio::test]
async fn the_same_request_a_hundred_times_is_one_booking() {
    let app = TestApp::start().await;
    let made = small_world().make(&app.db).await;
    let (client, body) = one_slot(&made, &made.people[0], &app);
    let id = Uuid::now_v7();
    let answers = join_all((0..100).map(|_| client.put_booking(id, &body))).await;
    assert_eq!((count(&answers, 201, ""), count(&answers, 200, "")), (1, 99));
    is_sound(&app).await;
}

/// Two clients that read before either writes, on a table whose guards are gone: what a booking
/// service without locks and constraints would do.
#[tokio::test]
async fn without_the_guards_the_same_checks_find_the_oversell() {
    let app = TestApp::start().await;
    let made = small_world().doses(1).make(&app.db).await;
    app.db
        .execute(
            "alter table allocation drop constraint allocation_no_negative_check;
             drop index booking_one_live_key",
        )
        .await
        .unwrap();
    let allocation = made.allocation(0, 1).allocation_id.0;
    let person = made.people[0].person_id.0;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = app.db.begin().await.unwrap();
        let row = sqlx::query("select open from allocation where allocation_id = $1")
            .bind(allocation)
            .fetch_one(&mut *client)
            .await
            .unwrap();
        assert_eq!(row.get::<i32, _>("open"), 1, "both see the last dose");
        clients.push(client);
    }
    for mut client in clients {
        sqlx::query(
            "with dose as (
                 update allocation set open = open - 1, booked = booked + 1
                 where allocation_id = $1)
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             values (gen_random_uuid(), $2, $3, $4, $5, 1, $6, $1, 1, now())",
        )
        .bind(allocation)
        .bind(person)
        .bind(made.campaign_id.0)
        .bind(made.product_id.0)
        .bind(made.course_id.0)
        .bind(made.slot(0, 1, 0).slot_id.0)
        .execute(&mut *client)
        .await
        .unwrap();
        client.commit().await.unwrap();
    }
    assert_eq!(oversold(&app.db).await, 1);
    assert_eq!(double_booked(&app.db).await, 1);
    assert!(!verify(&app.app.db).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_books_before_the_databases_clock_says_so() {
    let app = TestApp::start().await;
    let made = small_world().opens_in(TimeDelta::hours(1)).make(&app.db).await;
    let (client, body) = one_slot(&made, &made.people[0], &app);
    let later = "Mon, 12 Jul 2027 11:00:00 GMT";
    let put = |path: String| client.request(reqwest::Method::PUT, &path).json(&body);
    for (name, value) in [
        ("date", later),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-original-url", "/v1/admin"),
        ("if-unmodified-since", later),
        ("x-dosebook-now", "2027-07-12T11:00:00Z"),
    ] {
        let path = format!("/v1/bookings/{}", Uuid::now_v7());
        put(path).header(name, value).send().await.problem(403, "window_not_open");
    }
    // A version 7 id that claims another time, and an id that claims none.
    for id in ["01ffffff-ffff-7fff-bfff-ffffffffffff", "00000000-0000-0000-0000-000000000000"] {
        put(format!("/v1/bookings/{id}")).send().await.problem(403, "window_not_open");
    }
    // Steps in another order: cancelling first, asking for the booking, asking again.
    let id = Uuid::now_v7();
    client.delete_booking(id).await.problem(404, "not_found");
    client.get(&format!("/v1/bookings/{id}")).await.problem(404, "not_found");
    client.put_booking(id, &body).await.problem(403, "window_not_open");
    assert_eq!(app.db.fetch_all("select from booking").await.unwrap().len(), 0);

    // The control: the opening passes, nothing else changes, and the same request is booked.
    app.db
        .execute(
            "update campaign set opens_at = clock_timestamp() - interval '1 second',
                 rule_version = 2;
             update cohort set until_version = 2;
             insert into cohort (campaign_id, name, born_from, born_to, since_version)
                 select campaign_id, name, born_from, born_to, 2 from cohort",
        )
        .await
        .unwrap();
    client.put_booking(id, &body).await.ok(201);
    is_sound(&app).await;
}
