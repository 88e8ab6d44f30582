//! Overload: admission control, load shedding by priority, and requests whose caller has gone. A
//! proxy before the database stalls the lanes.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use dosebook::{domain::session, rehearsal::load::connection::Connection};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::support::{
    Answer, Made, TestApp, World,
    proxy::{LANES, Proxy},
    until,
};

/// Each of these people requests the same slot; the answers arrive when the lanes continue.
pub(crate) fn ask_all(
    app: &TestApp,
    made: &Made,
    people: std::ops::Range<usize>,
) -> Vec<JoinHandle<Answer>> {
    let body = made.booking(made.slot(0, 1, 0));
    people
        .map(|n| {
            let (client, body) = (app.citizen(&made.people[n]), body.clone());
            tokio::spawn(async move { client.put_booking(Uuid::now_v7(), &body).await })
        })
        .collect()
}

/// The request of the first person, which the lane has taken and cannot end for now. On a busy
/// machine one may have waited too long before it was taken: then the next is tried.
pub(crate) async fn hold_lane(
    app: &TestApp,
    proxy: &Proxy,
    made: &Made,
) -> Vec<JoinHandle<Answer>> {
    proxy.stall(LANES);
    loop {
        let asked = ask_all(app, made, 0..1);
        until(|| proxy.holds_back() || asked[0].is_finished()).await;
        if proxy.holds_back() {
            return asked;
        }
    }
}

pub(crate) async fn answers(asked: Vec<JoinHandle<Answer>>) -> Vec<Answer> {
    join_all(asked).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_full_lane_says_so_at_once() {
    let (app, proxy) = TestApp::with().lanes(1).queue(1).batch(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..60));
    // The lane holds one and its queue another: with 58 refused, all 60 have arrived.
    until(|| app.app.metrics.lanes.overflows.get() >= 58).await;
    proxy.resume();
    let answers = answers(asked).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert_eq!(refused.len(), 58);
    assert!(refused.iter().all(|answer| answer.code() == "overloaded"));
    assert!(refused.iter().all(|answer| answer.header("retry-after") == "1"));
    assert!(refused.iter().all(|answer| answer.body["retry_after"] == 1));
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
}

#[tokio::test]
async fn a_request_that_would_wait_too_long_is_refused_before_the_queue_is_full() {
    // A lane estimates 20 microseconds per request until its first sample: 50 make a millisecond.
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..60));
    // The lane holds one, and its queue takes fifty.
    until(|| app.app.metrics.lanes.overflows.get() >= 9).await;
    until(|| app.app.metrics.lanes.callers.get() <= 51).await;
    assert_eq!(
        (app.app.metrics.lanes.queued.get(), app.app.metrics.lanes.overflows.get()),
        (50, 9)
    );
    proxy.resume();
    answers(asked).await;
}

/// The status of one request of each priority: export, sign-in, read, and two without one.
async fn statuses(app: &TestApp, made: &Made) -> [u16; 6] {
    let admin = app.admin().await;
    let citizen = app.citizen(&made.people[59]);
    let nobody = json!({"challenge_id": Uuid::now_v7(), "code": "000000"});
    let unnamed = json!({"name": "", "birth_date": "1964-05-06", "phone": "01012345678"});
    let pause = format!("/v1/admin/campaigns/{}", made.campaign_id);
    [
        admin.get("/v1/admin/movements").await.status,
        app.public().post("/v1/auth/codes", &unnamed).await.status,
        app.public().post("/v1/auth/sessions", &nobody).await.status,
        citizen.get("/v1/me").await.status,
        // Without a priority: a public read from memory, and an administrator's command.
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
async fn requests_of_a_lower_priority_are_refused_first() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    app.refresh().await;
    assert_eq!(statuses(&app, &made).await, [200, 422, 401, 200, 200, 200], "the control");
    let booked = Uuid::now_v7();
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[58]).put_booking(booked, &body).await.ok(201);
    // Each that waits behind the first adds 2 % of a millisecond to the load.
    let mut asked = hold_lane(&app, &proxy, &made).await;
    let mut waiting = 0;
    for (upto, expected) in [
        (21, [503, 422, 401, 200, 200, 200]),
        (36, [503, 422, 401, 503, 200, 200]),
        (41, [503, 503, 401, 503, 200, 200]),
        (46, [503, 503, 503, 503, 200, 200]),
    ] {
        asked.extend(ask_all(&app, &made, 1 + waiting..1 + upto));
        waiting = upto;
        until(|| app.app.metrics.lanes.queued.get() == i64::try_from(upto).unwrap()).await;
        assert_eq!(statuses(&app, &made).await, expected, "{upto} wait");
    }
    assert_eq!(app.app.metrics.lanes.callers.get(), 47, "no booking was refused");
    // Who signs in comes back before who reads, and nobody with all the others.
    let retries = async |path: &'static str| {
        let client = app.citizen(&made.people[59]);
        let nobody = json!({"challenge_id": Uuid::now_v7(), "code": "000000"});
        let mut told = BTreeSet::new();
        for _ in 0..30 {
            let answer = match path {
                "/v1/me" => client.get(path).await,
                _ => app.public().post(path, &nobody).await,
            };
            let seconds = answer.retry_after();
            let problem = answer.problem(503, "overloaded");
            let both = (&problem["retry_after"], &problem["facts"]["retry_after"]);
            assert_eq!(both, (&json!(seconds), &json!(seconds)));
            told.insert(seconds);
        }
        told
    };
    assert_eq!(retries("/v1/auth/sessions").await, (1..=3).collect());
    assert_eq!(retries("/v1/me").await, (1..=10).collect());
    // A cancellation is let in for longer, and a booking longest.
    let cancel = |id: Uuid| {
        let client = app.citizen(&made.people[58]);
        tokio::spawn(async move {
            client.request(reqwest::Method::DELETE, &format!("/v1/bookings/{id}")).send().await
        })
    };
    let waits = cancel(booked);
    until(|| app.app.metrics.lanes.queued.get() == 47).await;
    asked.extend(ask_all(&app, &made, 47..49));
    until(|| app.app.metrics.lanes.queued.get() == 49).await;
    cancel(booked).await.unwrap().problem(503, "overloaded");
    asked.extend(ask_all(&app, &made, 49..50));
    until(|| app.app.metrics.lanes.queued.get() == 50).await;
    assert_eq!(app.app.metrics.lanes.callers.get(), 51, "no booking was refused");
    assert!(!waits.is_finished(), "the control: the database stands still");
    proxy.resume();
    answers(asked).await;
    waits.await.unwrap();
}

#[tokio::test]
async fn whoever_reads_holds_no_place_of_whoever_cancels_or_books() {
    let (app, proxy) = TestApp::with().lanes(1).start_behind_proxy().await;
    let made = World::new().people(40).seats(100).doses(100).make(&app.db).await;
    let (id, body) = (Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let booker = app.citizen(&made.people[0]);
    booker.put_booking(id, &body).await.ok(201);
    proxy.stall("dosebook look-ups");
    let reading: Vec<_> = made.people[1..20]
        .iter()
        .map(|person| {
            let client = app.citizen(person);
            tokio::spawn(async move { client.get("/v1/me").await })
        })
        .collect();
    until(|| proxy.holds_back()).await;
    app.citizen(&made.people[20]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let path = format!("/v1/bookings/{id}");
    let cancelled = booker.request(reqwest::Method::DELETE, &path).send().await.ok(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert!(proxy.holds_back(), "the control: readers wait");
    proxy.resume();
    for one in reading {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn a_request_whose_caller_has_hung_up_is_not_done() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    proxy.stall(LANES);
    let stayed = ask_all(&app, &made, 0..2);
    until(|| app.app.metrics.lanes.callers.get() == 2).await;
    let gone = hang_on(&app, &made, 2).await;
    until(|| app.app.metrics.lanes.callers.get() == 3).await;
    // Cut off; a client that only ends its side may still read (RFC 9112, 9.6).
    gone.set_zero_linger().unwrap();
    drop(gone);
    until(|| app.app.metrics.lanes.callers.get() == 2).await;
    proxy.resume();
    let answers = answers(stayed).await;
    assert!(
        answers.iter().all(|answer| answer.status == 201),
        "the control: those who stayed are booked"
    );
    // When a later request has been answered, the lane is past the one whose caller has gone.
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[3]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let sql = "select count(*) from booking where person_id = $1";
    let count: i64 =
        sqlx::query_scalar(sql).bind(made.people[2].person_id.0).fetch_one(&app.db).await.unwrap();
    assert_eq!(count, 0);
    assert_eq!(app.app.metrics.lanes.abandoned.get(), 1);
}

/// While a lane waits for its database, its batch gets smaller.
#[tokio::test]
async fn a_request_whose_caller_hangs_up_while_the_database_is_away_is_not_done() {
    let (app, proxy) = TestApp::with().lanes(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let metrics = &app.app.metrics.lanes;
    proxy.go_away();
    let gone = hang_on(&app, &made, 2).await;
    // The second time the lane says that it is cut off.
    until(|| metrics.retries.get() > 1).await;
    assert_eq!(app.public().get("/readyz").await.status, 503, "the control");
    gone.set_zero_linger().unwrap();
    drop(gone);
    until(|| metrics.callers.get() == 0 && metrics.abandoned.get() == 1).await;
    proxy.come_back();
    // A balancer sends nobody until then: whether it is over is found out without a booking.
    let ready = async { while app.public().get("/readyz").await.status != 200 {} };
    timeout(Duration::from_secs(20), ready).await.expect("ready, though nobody books");
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[3]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let sql = "select person_id from booking";
    let booked: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&app.db).await.unwrap();
    assert_eq!(booked, [made.people[3].person_id.0], "the control alone");
    assert_eq!(metrics.abandoned.get(), 1);
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
async fn a_refused_caller_can_try_again_on_the_same_connection() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..55));
    until(|| app.app.metrics.lanes.overflows.get() >= 4).await;
    let address = app.url.trim_start_matches("http://").parse().unwrap();
    let mut connection = Connection::open(address).await.unwrap();
    for _ in 0..3 {
        let answer = connection.ask(&put_booking(&app, &made, 55)).await.unwrap();
        assert_eq!((answer.status, answer.retry_after), (503, Some(1)));
    }
    // The same after a refusal for another reason before the body was read.
    let request = String::from_utf8(put_booking(&app, &made, 55)).unwrap();
    let elsewhere = request.replacen("/v1/bookings/", "/v1/nothing/", 1);
    for _ in 0..2 {
        assert_eq!(connection.ask(elsewhere.as_bytes()).await.unwrap().status, 404);
    }
    proxy.resume();
    answers(asked).await;
}

#[tokio::test]
async fn a_request_that_expired_while_the_lane_was_stopped_is_not_done_later() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(10).seats(100).doses(100).make(&app.db).await;
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..5));
    until(|| app.app.metrics.lanes.queued.get() == 4).await;
    // Ten times the longest wait, and a second.
    let waited = Instant::now();
    until(|| waited.elapsed() > Duration::from_millis(1_010)).await;
    proxy.resume();
    let answers = answers(asked).await;
    assert_eq!(answers[0].status, 201, "the control: the one that the lane held is booked");
    assert!(answers[1..].iter().all(|answer| answer.code() == "overloaded"), "{answers:?}");
    let booked: i64 =
        sqlx::query_scalar("select count(*) from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(booked, 1);
}
