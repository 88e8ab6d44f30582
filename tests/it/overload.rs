//! More at once than can be done: who is sent away, who is let in, and that nothing is done for
//! those who have gone. Lanes are stalled by a transaction that holds every slot.

use std::time::{Duration, Instant};

use dosebook::{domain::session, rehearsal::load::connection::Connection};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use uuid::Uuid;

use crate::support::{Answer, Made, TestApp, World};

/// Nothing is decided until this is rolled back.
async fn stall(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut holder = app.db.begin().await.unwrap();
    sqlx::query("select from slot for update").execute(&mut *holder).await.unwrap();
    holder
}

/// Returns when the condition holds.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Each of these people asks for the same slot; answers come when the lanes go on.
fn ask_all(
    app: &TestApp,
    made: &Made,
    people: std::ops::Range<usize>,
) -> Vec<tokio::task::JoinHandle<Answer>> {
    let body = made.booking(made.slot(0, 1, 0));
    people
        .map(|n| {
            let (client, body) = (app.citizen(&made.people[n]), body.clone());
            tokio::spawn(async move { client.put_booking(Uuid::now_v7(), &body).await })
        })
        .collect()
}

async fn answers(asked: Vec<tokio::task::JoinHandle<Answer>>) -> Vec<Answer> {
    join_all(asked).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_full_lane_says_so_at_once() {
    let app = TestApp::with().lanes(1).queue(1).batch(1).start().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let holder = stall(&app).await;
    let asked = ask_all(&app, &made, 0..60);
    // One is in the lane's hands and one in its queue: with 58 refused, all have been heard.
    until(|| app.app.metrics.overflows.get() >= 58).await;
    holder.rollback().await.unwrap();
    let answers = answers(asked).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert_eq!(refused.len(), 58);
    assert!(refused.iter().all(|answer| answer.code() == "overloaded"));
    assert!(refused.iter().all(|answer| answer.header("retry-after") == "1"));
    assert!(refused.iter().all(|answer| answer.body["retry_after"] == 1));
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
}

#[tokio::test]
async fn whoever_would_wait_too_long_is_sent_away_before_the_queue_is_full() {
    // A lane counts 20 microseconds for each until it knows better: 50 of them are a millisecond.
    let app = TestApp::with().lanes(1).batch(1).wait_ms(1).start().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let holder = stall(&app).await;
    let asked = ask_all(&app, &made, 0..60);
    // One in the lane's hands, fifty before the door is shut.
    until(|| app.app.metrics.overflows.get() >= 9).await;
    until(|| app.app.metrics.callers.get() <= 51).await;
    assert_eq!((app.app.metrics.queued.get(), app.app.metrics.overflows.get()), (50, 9));
    holder.rollback().await.unwrap();
    answers(asked).await;
}

/// What is asked, and its status now.
async fn statuses(app: &TestApp, made: &Made) -> [u16; 5] {
    let admin = app.admin().await;
    let citizen = app.citizen(&made.people[59]);
    let nobody = json!({"challenge_id": Uuid::now_v7(), "code": "000000"});
    let pause = format!("/v1/admin/campaigns/{}", made.campaign_id);
    [
        admin.get("/v1/admin/movements").await.status,
        app.public().post("/v1/auth/sessions", &nobody).await.status,
        citizen.get("/v1/me").await.status,
        // What has no class: a public read from memory, and an administrator's command.
        app.public().get("/v1/campaigns").await.status,
        admin
            .request(reqwest::Method::PATCH, &pause)
            .json(&json!({"name": "N"}))
            .send()
            .await
            .status,
    ]
}

#[tokio::test]
async fn what_matters_less_makes_way_first() {
    let app = TestApp::with().lanes(1).batch(1).wait_ms(1).start().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    app.refresh().await;
    assert_eq!(statuses(&app, &made).await, [200, 401, 200, 200, 200], "the control");
    let holder = stall(&app).await;
    let mut asked = ask_all(&app, &made, 0..1);
    // The first is in the lane's hands; those who wait behind it make 2 % of a millisecond each.
    until(|| app.app.metrics.callers.get() == 1 && app.app.metrics.queued.get() == 0).await;
    let mut waiting = 0;
    for (upto, expected) in [
        (21, [503, 401, 200, 200, 200]),
        (36, [503, 503, 200, 200, 200]),
        (46, [503, 503, 503, 200, 200]),
    ] {
        asked.extend(ask_all(&app, &made, 1 + waiting..1 + upto));
        waiting = upto;
        until(|| app.app.metrics.queued.get() == i64::try_from(upto).unwrap()).await;
        assert_eq!(statuses(&app, &made).await, expected, "{upto} wait");
    }
    assert_eq!(app.app.metrics.callers.get(), 47, "bookings made no way");
    holder.rollback().await.unwrap();
    answers(asked).await;
}

#[tokio::test]
async fn nothing_is_done_for_those_who_have_hung_up() {
    let app = TestApp::with().lanes(1).batch(1).start().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let holder = stall(&app).await;
    let stayed = ask_all(&app, &made, 0..2);
    until(|| app.app.metrics.callers.get() == 2).await;
    let gone = hang_on(&app, &made, 2).await;
    until(|| app.app.metrics.callers.get() == 3).await;
    // Cut off; a client that only ends its side may still read (RFC 9112, 9.6).
    gone.set_zero_linger().unwrap();
    drop(gone);
    until(|| app.app.metrics.callers.get() == 2).await;
    holder.rollback().await.unwrap();
    let answers = answers(stayed).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "the control: who stayed is booked");
    // Whoever comes after the one who has gone finds the lane past it.
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[3]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let sql = "select count(*) from booking where person_id = $1";
    let count: i64 =
        sqlx::query_scalar(sql).bind(made.people[2].person_id.0).fetch_one(&app.db).await.unwrap();
    assert_eq!(count, 0);
    assert_eq!(app.app.metrics.abandoned.get(), 1);
}

/// A request on a connection that can be cut.
async fn hang_on(app: &TestApp, made: &Made, person: usize) -> TcpStream {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(&put_booking(app, made, person)).await.unwrap();
    stream
}

/// The bytes of a request to book.
fn put_booking(app: &TestApp, made: &Made, person: usize) -> Vec<u8> {
    let body: Value = made.booking(made.slot(0, 1, 0));
    let body = body.to_string();
    let expires_at = app.app.clock.now() + chrono::TimeDelta::hours(1);
    let person_id = made.people[person].person_id;
    let token = session::citizen_token(&app.app.keys, person_id, expires_at);
    let request = format!(
        "PUT /v1/bookings/{} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        Uuid::now_v7(),
        body.len()
    );
    request.into_bytes()
}

#[tokio::test]
async fn whoever_is_sent_away_can_come_again_on_the_same_connection() {
    let app = TestApp::with().lanes(1).batch(1).wait_ms(1).start().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let holder = stall(&app).await;
    let asked = ask_all(&app, &made, 0..55);
    until(|| app.app.metrics.overflows.get() >= 4).await;
    let address = app.url.trim_start_matches("http://").parse().unwrap();
    let mut connection = Connection::open(address).await.unwrap();
    for _ in 0..3 {
        let answer = connection.ask(&put_booking(&app, &made, 55)).await.unwrap();
        assert_eq!((answer.status, answer.retry_after), (503, Some(1)));
    }
    // The same for whoever is refused for another reason before the body was read.
    let request = String::from_utf8(put_booking(&app, &made, 55)).unwrap();
    let elsewhere = request.replacen("/v1/bookings/", "/v1/nothing/", 1);
    for _ in 0..2 {
        assert_eq!(connection.ask(elsewhere.as_bytes()).await.unwrap().status, 404);
    }
    holder.rollback().await.unwrap();
    answers(asked).await;
}

#[tokio::test]
async fn whoever_waited_for_a_lane_that_stood_still_is_not_booked_behind_their_back() {
    let app = TestApp::with().lanes(1).batch(1).wait_ms(1).start().await;
    let made = World::new().people(10).seats(100).doses(100).make(&app.db).await;
    let holder = stall(&app).await;
    let mut asked = ask_all(&app, &made, 0..1);
    until(|| app.app.metrics.callers.get() == 1 && app.app.metrics.queued.get() == 0).await;
    asked.extend(ask_all(&app, &made, 1..5));
    until(|| app.app.metrics.queued.get() == 4).await;
    // Ten times the longest wait.
    let waited = Instant::now();
    until(|| waited.elapsed() > Duration::from_millis(10)).await;
    holder.rollback().await.unwrap();
    let answers = answers(asked).await;
    assert_eq!(answers[0].status, 201, "the control: the one in the lane's hands is booked");
    assert!(answers[1..].iter().all(|answer| answer.code() == "overloaded"), "{answers:?}");
    let booked: i64 =
        sqlx::query_scalar("select count(*) from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(booked, 1);
}
