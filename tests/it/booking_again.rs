//! The way back to a booking from another device: its number, the birth date, and a code to the
//! phone. Nobody learns from it who has a booking.

use chrono::{TimeDelta, Utc};
use dosebook::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use crate::support::{Answer, Made, TestApp, World};

/// A service behind a proxy on this machine, with one booking, whose clock stands still.
struct Stage {
    app: TestApp,
    made: Made,
    clock: Clock,
    booking_id: Uuid,
}

const HOME: &str = "203.0.113.9";

impl Stage {
    async fn set() -> Self {
        let clock = Clock::fixed(Utc::now());
        let app = TestApp::with().clock(clock.clone()).trusted_proxy("127.0.0.1").start().await;
        let made = World::new().make(&app.db).await;
        app.refresh().await;
        let booking_id = Uuid::now_v7();
        let body = made.booking(made.slot(0, 4, 0));
        app.citizen(&made.people[0]).put_booking(booking_id, &body).await.ok(201);
        Self { app, made, clock, booking_id }
    }

    fn number(&self) -> String {
        self.app.number(self.booking_id).to_string()
    }

    fn born(&self) -> String {
        self.made.people[0].birth_date.to_string()
    }

    async fn ask(&self, number: &str, birth_date: &str, from: &str) -> Answer {
        let claim = json!({ "number": number, "birth_date": birth_date });
        let request = self.app.public().request(Method::POST, "/v1/auth/booking-codes");
        request.json(&claim).header("x-forwarded-for", from).send().await
    }

    /// The code that was sent for this challenge, if any was, and to which phone.
    async fn sent(&self, challenge: &Value) -> Option<(String, String)> {
        let shown = self.app.shown_codes().await;
        let found = shown.iter().find(|code| code["challenge_id"] == *challenge)?;
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        Some((text("code"), text("phone")))
    }

    /// Signs in by the number of the booking; gives what the person then sees of it.
    async fn find_again(&self, language: &str) -> Value {
        let asked = self.ask(&self.number(), &self.born(), HOME).await.ok(202);
        let (code, _) = self.sent(&asked["challenge_id"]).await.expect("a code was sent");
        let answer = json!({ "challenge_id": asked["challenge_id"], "code": code });
        let session = self.app.public().post("/v1/auth/sessions", &answer).await.ok(201);
        assert_eq!(session["person_id"], json!(self.made.people[0].person_id));
        let found = self.app.holder_of(session["token"].as_str().unwrap());
        let request = found.request(Method::GET, "/v1/bookings");
        let list = request.header("accept-language", language).send().await;
        assert_eq!(list.header("content-language"), language);
        let digits = self.number().replace(' ', "");
        let list = list.ok(200);
        let bookings = list["bookings"].as_array().unwrap();
        bookings.iter().find(|one| one["number"] == *digits).expect("the booking").clone()
    }

    async fn set_sql(&self, sql: &'static str) {
        query(sql).execute(&self.app.db).await.expect("set");
    }
}

#[tokio::test]
async fn a_booking_is_found_again_by_number_birth_date_and_a_code() {
    let stage = Stage::set().await;
    let found = stage.find_again("en").await;
    assert_eq!(found["booking_id"], json!(stage.booking_id));
    assert_eq!(found["standing"]["code"], "ahead");
    assert_eq!(found["standing"]["next"], json!({ "code": "come" }));
    assert!(found["standing"]["text"].as_str().unwrap().starts_with("Your appointment is on"));
    assert_eq!(found["clinic"]["name"], "Clinic 1");
    assert_eq!(found["clinic"]["amenities"]["parking"], Value::Null);
}

#[tokio::test]
async fn a_cancelled_booking_says_so_and_how_to_book_again() {
    let stage = Stage::set().await;
    let citizen = stage.app.citizen(&stage.made.people[0]);
    citizen.delete_booking(stage.booking_id).await.ok(200);
    let found = stage.find_again("en").await;
    assert_eq!(found["state"], "cancelled");
    assert_eq!(found["standing"]["code"], "cancelled");
    assert_eq!(found["standing"]["facts"]["cancelled_at"], found["ended_at"]);
    assert_eq!(found["standing"]["next"]["code"], "book_again");
    let text = found["standing"]["text"].as_str().unwrap();
    assert!(text.starts_with("You cancelled this booking on "), "{text}");
    assert!(text.ends_with("You can book again while doses are left."), "{text}");
    let korean = stage.find_again("ko").await;
    let text = korean["standing"]["text"].as_str().unwrap();
    assert!(text.ends_with("백신이 남아 있는 동안 다시 예약하실 수 있습니다."), "{text}");

    // What comes next goes by the campaign as it is now.
    for (sql, next) in [
        ("update campaign set state = 4, state_reason = 'pause'", "wait"),
        ("update campaign set state = 3, opens_at = now() + interval '1 day'", "book_later"),
        ("update campaign set state = 5, state_reason = 'over'", "another_campaign"),
    ] {
        stage.set_sql(sql).await;
        stage.set_sql("update catalogue set revision = revision + 1").await;
        stage.app.refresh().await;
        let path = format!("/v1/bookings/{}", stage.booking_id);
        let seen = citizen.get(&path).await.ok(200);
        assert_eq!(seen["standing"]["next"]["code"], next, "{sql}");
        assert_eq!(seen["standing"]["next"]["opens_at"].is_string(), next == "book_later");
    }
}

#[tokio::test]
async fn a_past_booking_says_so_and_whom_to_call() {
    let stage = Stage::set().await;
    let slot = stage.made.slot(0, 4, 0);
    stage.clock.set(slot.starts_at + TimeDelta::hours(2));
    let found = stage.find_again("en").await;
    assert_eq!(found["standing"]["code"], "past");
    assert_eq!(found["standing"]["next"]["code"], "call_clinic");
    assert_eq!(found["clinic"]["phone"], "02-000-0000");
    for (sql, code, next) in [
        ("update booking set state = 2, ended_at = now()", "given", "nothing"),
        ("update booking set state = 4, ended_at = now()", "missed", "book_again"),
    ] {
        stage.set_sql(sql).await;
        let found = stage.find_again("en").await;
        assert_eq!(found["standing"]["code"], code);
        assert_eq!(found["standing"]["next"]["code"], next);
    }
}

/// What a request left behind: rows, and how long they are.
async fn left(stage: &Stage) -> Vec<(i64, i64)> {
    let mut left = Vec::new();
    for sql in [
        "select (count(*), coalesce(sum(pg_column_size(t)), 0))::text from sign_in_code t",
        // Its columns have one width each.
        "select (count(*), coalesce(sum(length(key)), 0))::text from code_cap",
    ] {
        let row: String = query_scalar(sql).fetch_one(&stage.app.db).await.unwrap();
        let (rows, bytes) = row.trim_matches(['(', ')']).split_once(',').unwrap();
        left.push((rows.parse().unwrap(), bytes.parse().unwrap()));
    }
    left
}

#[tokio::test]
async fn nobody_learns_who_has_a_booking() {
    let stage = Stage::set().await;
    let nobodys = stage.app.number(Uuid::from_u128(1)).to_string();
    let (number, born) = (stage.number(), stage.born());
    let other = stage.made.people[1].birth_date.to_string();
    let mut added = Vec::new();
    for (n, (number, born, is_somebodys)) in [
        (&number, &born, true),
        (&nobodys, &born, false),
        (&number, &other, false),
        (&number, &"1999-12-31".to_owned(), false),
    ]
    .into_iter()
    .enumerate()
    {
        let before = left(&stage).await;
        let answer = stage.ask(number, born, &format!("198.51.{n}.1")).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let asked = answer.ok(202);
        let members: Vec<_> = asked.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["challenge_id", "expires_at"]);
        let sent = stage.sent(&asked["challenge_id"]).await;
        assert_eq!(sent.is_some(), is_somebodys, "{number} {born}");
        let after = left(&stage).await;
        let more = before.iter().zip(&after).map(|(a, b)| (b.0 - a.0, b.1 - a.1));
        added.push(more.collect::<Vec<_>>());
        // A code that was sent to nobody is no code, whatever is tried.
        let answer = json!({ "challenge_id": asked["challenge_id"], "code": "000000" });
        let tried = stage.app.public().post("/v1/auth/sessions", &answer).await;
        tried.problem(401, "wrong_credentials");
    }
    assert!(added[0].iter().all(|(rows, _)| *rows > 0), "the control: {added:?}");
    for other in &added {
        assert_eq!(*other, added[0], "as many rows, as long: {added:?}");
    }
}

#[tokio::test]
async fn the_caps_hold_and_do_not_tell_either() {
    let stage = Stage::set().await;
    let nobodys = stage.app.number(Uuid::from_u128(1)).to_string();
    let (number, born) = (stage.number(), stage.born());
    for number in [&number, &nobodys] {
        for _ in 0..3 {
            stage.ask(number, &born, HOME).await.ok(202);
        }
        let refused = stage.ask(number, &born, HOME).await.problem(429, "too_many_requests");
        assert_eq!(refused["cause"], "too_many_codes");
    }
    // Whoever has the number cannot find out by the caps whose it is: codes by name are left.
    let person = &stage.made.people[0];
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    let request = stage.app.public().request(Method::POST, "/v1/auth/codes").json(&claim);
    request.header("x-forwarded-for", HOME).send().await.ok(202);

    // An address asks 60 times, whatever for; then it waits, and others do not.
    for n in 8..60 {
        let number = stage.app.number(Uuid::from_u128(n)).to_string();
        stage.ask(&number, &born, HOME).await.ok(202);
    }
    let fresh = stage.app.number(Uuid::from_u128(1_000)).to_string();
    let refused = stage.ask(&fresh, &born, HOME).await.problem(429, "too_many_requests");
    assert_eq!(refused["retry_after"], 15 * 60);
    stage.ask(&fresh, &born, "198.51.100.1").await.ok(202);
    stage.clock.set(stage.clock.now() + TimeDelta::minutes(15));
    stage.ask(&fresh, &born, HOME).await.ok(202);
}

#[tokio::test]
async fn a_slip_is_said_before_anything_is_looked_for() {
    let stage = Stage::set().await;
    let (digits, born) = (stage.number().replace(' ', ""), stage.born());
    let swapped: String = match digits.as_bytes()[8] == digits.as_bytes()[9] {
        false => digits[..8].chars().chain(digits[8..].chars().rev()).collect(),
        true => format!("{}{}", &digits[..9], if digits.ends_with('0') { 1 } else { 0 }),
    };
    let refused = stage.ask(&swapped, &born, HOME).await.blames(422, "invalid_field", "number");
    assert_eq!(refused["cause"], "wrong_check_digit");
    stage.ask("12", &born, HOME).await.blames(422, "invalid_field", "number");
    stage.ask(&digits, "1962-02-30", HOME).await.blames(422, "invalid_field", "birth_date");
    assert_eq!(left(&stage).await[1].0, 0, "none of them was counted");
    stage.ask(&digits, &born, HOME).await.ok(202);
}

#[tokio::test]
async fn where_two_people_have_the_number_nobody_gets_a_code() {
    let stage = Stage::set().await;
    let twins = super::booking_number::namesakes();
    let made = &stage.made;
    let (number, born) = (stage.app.number(twins[0]).to_string(), stage.born());
    for (person, id) in [1, 2].into_iter().zip(twins) {
        let body = made.booking(made.slot(0, 4, 0));
        stage.app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
    }
    let sql = "update person set birth_date = $1 where person_id = $2";
    let mut sent = Vec::new();
    for person in [1, 2] {
        let id = made.people[person].person_id.0;
        let done = query(sql).bind(made.people[0].birth_date).bind(id);
        done.execute(&stage.app.db).await.unwrap();
        let asked = stage.ask(&number, &born, HOME).await.ok(202);
        sent.push(stage.sent(&asked["challenge_id"]).await.is_some());
    }
    assert_eq!(sent, [true, false], "to one, while only one was born on that day");
}
