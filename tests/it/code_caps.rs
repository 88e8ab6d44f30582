//! Caps on one-time codes and on guessing them: the same for people who are not in the register.

use chrono::{TimeDelta, Utc};
use dosebook::{clock::Clock, flows::sweep::sweep};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use crate::support::{Answer, Made, Person, TestApp, World};

/// A service behind a proxy on this machine, whose clock stands still until it is moved.
struct Stage {
    app: TestApp,
    made: Made,
    clock: Clock,
}

impl Stage {
    async fn set(people: u32) -> Self {
        let clock = Clock::fixed(Utc::now());
        let app = TestApp::with().clock(clock.clone()).trusted_proxy("127.0.0.1").start().await;
        let made = World::new().people(people).make(&app.db).await;
        Self { app, made, clock }
    }

    fn pass(&self, time: TimeDelta) {
        self.clock.set(self.clock.now() + time);
    }

    /// Somebody of the register, and somebody who is not in it.
    fn known_and_unknown(&self) -> [Person; 2] {
        let known = self.made.people[0].clone();
        [known.clone(), Person { name: "Nobody There".into(), ..known }]
    }

    /// Another process on the same database.
    async fn second(&self) -> TestApp {
        let options = TestApp::with().clock(self.clock.clone()).trusted_proxy("127.0.0.1");
        options.start_on(self.app.database.clone()).await
    }

    async fn ask(&self, person: &Person, from: &str) -> Answer {
        ask_at(&self.app, person, from).await
    }

    async fn challenge(&self, person: &Person, from: &str) -> Value {
        self.ask(person, from).await.ok(202)["challenge_id"].clone()
    }

    async fn answer(&self, challenge: &Value, code: &str, from: &str) -> Answer {
        answer_at(&self.app, challenge, code, from).await
    }

    /// The code that was sent for this challenge, if any was.
    async fn code(&self, challenge: &Value) -> Option<String> {
        let shown = self.app.shown_codes().await;
        let found = shown.iter().find(|code| code["challenge_id"] == *challenge)?;
        found["code"].as_str().map(str::to_owned)
    }

    /// A code that does not belong to this challenge.
    async fn wrong_code(&self, challenge: &Value) -> String {
        let code = self.code(challenge).await;
        if code.as_deref() == Some("000000") { "000001".into() } else { "000000".into() }
    }

    /// Tries a wrong code as often; gives the last answer.
    async fn guess(&self, challenge: &Value, times: u32, from: &str) -> Answer {
        let wrong = self.wrong_code(challenge).await;
        for _ in 1..times {
            self.answer(challenge, &wrong, from).await.problem(401, "wrong_credentials");
        }
        self.answer(challenge, &wrong, from).await
    }

    async fn signs_in(&self, person: &Person, from: &str) -> bool {
        let challenge = self.challenge(person, from).await;
        let code = self.code(&challenge).await.expect("a code was sent");
        self.answer(&challenge, &code, from).await.status == 201
    }

    async fn rows(&self, table: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        query_scalar(sql).fetch_one(&self.app.db).await.expect("a count")
    }

    async fn count_up(&self, used: i32, now: i32) {
        let sql = "update code_cap set used = $1 where used = $2";
        let done = query(sql).bind(used).bind(now).execute(&self.app.db).await.expect("counted");
        assert!(done.rows_affected() > 0, "nothing was counted {now} times");
    }
}

async fn ask_at(app: &TestApp, person: &Person, from: &str) -> Answer {
    let request = app.public().request(Method::POST, "/v1/auth/codes").json(&claim(person));
    request.header("x-forwarded-for", from).send().await
}

async fn answer_at(app: &TestApp, challenge: &Value, code: &str, from: &str) -> Answer {
    let answer = json!({ "challenge_id": challenge, "code": code });
    let request = app.public().request(Method::POST, "/v1/auth/sessions").json(&answer);
    request.header("x-forwarded-for", from).send().await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn claim(person: &Person) -> Value {
    json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone })
}

/// A refusal by a cap: when to come again, in seconds.
#[track_caller]
fn wait(refused: Answer, cause: &str) -> i64 {
    let header: i64 = refused.header("retry-after").parse().expect("Retry-After");
    let problem = refused.problem(429, "too_many_requests");
    assert_eq!(problem["cause"], cause, "{problem}");
    assert_eq!(
        (&problem["retry_after"], &problem["facts"]["retry_after"]),
        (&json!(header), &json!(header))
    );
    header
}

const ATTACKER: &str = "198.51.100.1";
const VICTIM: &str = "203.0.113.9";

#[tokio::test]
async fn a_person_has_three_codes_in_fifteen_minutes_in_the_register_or_not() {
    let stage = Stage::set(2).await;
    for person in stage.known_and_unknown() {
        for _ in 0..3 {
            stage.challenge(&person, ATTACKER).await;
            stage.pass(TimeDelta::minutes(1));
        }
        let before = stage.rows("sign_in_code").await;
        // Another address of the same network is the same origin.
        for from in [ATTACKER, "198.51.100.77"] {
            assert_eq!(wait(stage.ask(&person, from).await, "too_many_codes"), 12 * 60);
        }
        assert_eq!(stage.rows("sign_in_code").await, before, "a refusal keeps nothing");
        stage.challenge(&stage.made.people[1].clone(), ATTACKER).await;
        stage.pass(TimeDelta::minutes(12));
        stage.challenge(&person, ATTACKER).await;
        assert_eq!(wait(stage.ask(&person, ATTACKER).await, "too_many_codes"), 60);
        stage.pass(TimeDelta::hours(1));
    }
}

/// Who stands in the register with the year alone is found by any day of it.
#[tokio::test]
async fn the_days_of_a_year_of_birth_have_one_cap_in_the_register_or_not() {
    let stage = Stage::set(1).await;
    for person in stage.known_and_unknown() {
        let born_on = |day: String| Person { birth_date: day.parse().unwrap(), ..person.clone() };
        let year = person.birth_date.format("%Y").to_string();
        for month in 1..=3 {
            stage.ask(&born_on(format!("{year}-{month:02}-11")), ATTACKER).await.ok(202);
        }
        for day in ["01-01", "06-11", "12-31"] {
            let asked = stage.ask(&born_on(format!("{year}-{day}")), ATTACKER).await;
            wait(asked, "too_many_codes");
        }
        // The control: somebody else.
        stage.ask(&born_on("1931-06-11".to_owned()), ATTACKER).await.ok(202);
    }
}

#[tokio::test]
async fn of_twenty_who_ask_for_one_person_at_once_three_get_a_code() {
    let stage = Stage::set(1).await;
    let second = stage.second().await;
    for person in &stage.known_and_unknown() {
        let asked = (0..20).map(|n| ask_at([&stage.app, &second][n % 2], person, ATTACKER));
        let asked = join_all(asked).await;
        assert_eq!((count(&asked, 202), count(&asked, 429)), (3, 17));
    }
}

#[tokio::test]
async fn of_five_wrong_tries_at_once_the_tenth_of_the_day_is_the_last() {
    let stage = Stage::set(1).await;
    let second = stage.second().await;
    for person in stage.known_and_unknown() {
        for misses in [5, 4] {
            let challenge = stage.challenge(&person, ATTACKER).await;
            stage.guess(&challenge, misses, ATTACKER).await.problem(401, "wrong_credentials");
        }
        let challenge = stage.challenge(&person, ATTACKER).await;
        let wrong = stage.wrong_code(&challenge).await;
        let services = [&stage.app, &second];
        let tries = (0..5).map(|n| answer_at(services[n % 2], &challenge, &wrong, ATTACKER));
        let tried = join_all(tries).await;
        assert_eq!((count(&tried, 401), count(&tried, 429)), (1, 4));
    }
}

#[tokio::test]
async fn a_new_code_ends_the_older_ones() {
    let stage = Stage::set(1).await;
    let person = stage.made.people[0].clone();
    let first = stage.challenge(&person, VICTIM).await;
    let code = stage.code(&first).await.expect("sent");
    let second = stage.challenge(&person, VICTIM).await;
    stage.answer(&first, &code, VICTIM).await.problem(401, "wrong_credentials");
    let code = stage.code(&second).await.expect("sent");
    // Somebody elsewhere cannot end it by asking for one.
    stage.challenge(&person, ATTACKER).await;
    stage.answer(&second, &code, VICTIM).await.ok(201);
}

#[tokio::test]
async fn a_person_has_ten_wrong_tries_a_day_in_the_register_or_not() {
    let stage = Stage::set(1).await;
    for person in stage.known_and_unknown() {
        let mut challenge = json!(null);
        for _ in 0..2 {
            challenge = stage.challenge(&person, ATTACKER).await;
            let answer = stage.guess(&challenge, 5, ATTACKER).await;
            answer.problem(401, "wrong_credentials");
        }
        let day = 24 * 60 * 60;
        assert_eq!(wait(stage.guess(&challenge, 1, ATTACKER).await, "too_many_tries"), day);
        assert_eq!(wait(stage.ask(&person, ATTACKER).await, "too_many_tries"), day);
        stage.pass(TimeDelta::hours(23));
        assert_eq!(wait(stage.ask(&person, ATTACKER).await, "too_many_tries"), 60 * 60);
        stage.pass(TimeDelta::hours(1));
        stage.challenge(&person, ATTACKER).await;
    }
    assert!(stage.signs_in(&stage.made.people[0].clone(), ATTACKER).await, "the control");
}

#[tokio::test]
async fn who_has_no_tries_left_is_not_let_in_with_the_right_code() {
    for (misses, status) in [(4, 201), (5, 429)] {
        let stage = Stage::set(1).await;
        let person = stage.made.people[0].clone();
        let first = stage.challenge(&person, ATTACKER).await;
        stage.guess(&first, 5, ATTACKER).await.problem(401, "wrong_credentials");
        let second = stage.challenge(&person, ATTACKER).await;
        let code = stage.code(&second).await.expect("sent");
        // The last of these comes from a second network, so that a try is left at the code itself.
        stage.guess(&second, 4, ATTACKER).await.problem(401, "wrong_credentials");
        if misses == 5 {
            let other = stage.challenge(&person, "192.0.2.1").await;
            stage.guess(&other, 1, "192.0.2.1").await.problem(401, "wrong_credentials");
        }
        let answer = stage.answer(&second, &code, ATTACKER).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[tokio::test]
async fn the_victim_of_somebody_elses_guessing_still_gets_in() {
    let stage = Stage::set(1).await;
    let person = stage.made.people[0].clone();
    for _ in 0..2 {
        let challenge = stage.challenge(&person, ATTACKER).await;
        stage.guess(&challenge, 5, ATTACKER).await.problem(401, "wrong_credentials");
    }
    wait(stage.ask(&person, ATTACKER).await, "too_many_tries");
    // They mistype twice, and the attacker goes on asking.
    let challenge = stage.challenge(&person, VICTIM).await;
    let code = stage.code(&challenge).await.expect("sent");
    stage.guess(&challenge, 2, VICTIM).await.problem(401, "wrong_credentials");
    wait(stage.ask(&person, ATTACKER).await, "too_many_tries");
    stage.answer(&challenge, &code, VICTIM).await.ok(201);
    // The control: what a network has of its own ends too.
    let challenge = stage.challenge(&person, VICTIM).await;
    stage.guess(&challenge, 1, VICTIM).await.problem(401, "wrong_credentials");
    wait(stage.guess(&challenge, 1, VICTIM).await, "too_many_tries");
}

#[tokio::test]
async fn many_networks_together_have_an_end_too() {
    let stage = Stage::set(1).await;
    for person in stage.known_and_unknown() {
        let network = |n: u32| format!("10.0.{n}.1");
        for n in 0..30 {
            stage.challenge(&person, &network(n)).await;
        }
        assert_eq!(wait(stage.ask(&person, &network(30)).await, "too_many_codes"), 15 * 60);
        stage.pass(TimeDelta::minutes(15));
        let challenge = stage.challenge(&person, &network(31)).await;
        stage.guess(&challenge, 1, &network(31)).await.problem(401, "wrong_credentials");
        query(
            "update code_cap set used = 600 where key = (
                 select person_key from sign_in_code where challenge_id = $1)",
        )
        .bind(serde_json::from_value::<Uuid>(challenge.clone()).expect("an id"))
        .execute(&stage.app.db)
        .await
        .expect("counted");
        wait(stage.guess(&challenge, 1, &network(31)).await, "too_many_tries");
        wait(stage.ask(&person, &network(32)).await, "too_many_tries");
        stage.pass(TimeDelta::hours(24));
    }
}

/// Codes and wrong tries in 15 minutes.
const OF_ADDRESS: (i32, i32) = (300, 100);
const OF_NETWORK: (i32, i32) = (10_000, 1_000);

#[tokio::test]
async fn an_address_and_a_network_have_caps_whoever_is_asked_for() {
    // Codes and wrong tries of one address, and of addresses of one network.
    for (from, other, elsewhere, (codes, tries)) in [
        ("203.0.113.9", "203.0.113.9", "203.0.113.10", OF_ADDRESS),
        ("203.0.113.9", "203.0.113.10", "203.0.114.9", OF_NETWORK),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1", OF_ADDRESS),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2:2::1", OF_NETWORK),
    ] {
        let stage = Stage::set(4).await;
        let people = &stage.made.people;
        let challenge = stage.challenge(&people[0], from).await;
        let stranger = Person { name: "Nobody There".into(), ..people[1].clone() };
        stage.count_up(codes - 1, 1).await;
        stage.ask(&people[1], other).await.ok(202);
        if codes == OF_NETWORK.0 {
            // The address has another count than its network.
            query("update code_cap set used = 1 where used < $1")
                .bind(codes)
                .execute(&stage.app.db)
                .await
                .unwrap();
        }
        for person in [&people[2], &stranger] {
            assert_eq!(wait(stage.ask(person, other).await, "too_many_codes"), 15 * 60);
        }
        stage.ask(&people[2], elsewhere).await.ok(202);

        query("delete from code_cap").execute(&stage.app.db).await.expect("a new day");
        let nobodys = json!(Uuid::now_v7());
        stage.answer(&nobodys, "000000", from).await.problem(401, "wrong_credentials");
        stage.count_up(tries - 1, 1).await;
        stage.answer(&nobodys, "000000", other).await.problem(401, "wrong_credentials");
        if codes == OF_NETWORK.0 {
            query("update code_cap set used = 1 where used < $1")
                .bind(tries)
                .execute(&stage.app.db)
                .await
                .unwrap();
            stage.answer(&nobodys, "000000", elsewhere).await.problem(401, "wrong_credentials");
        }
        for challenge in [&challenge, &nobodys] {
            let refused = stage.answer(challenge, "000000", other).await;
            assert_eq!(wait(refused, "too_many_tries"), 15 * 60);
        }
        let code = stage.code(&challenge).await.expect("sent");
        stage.answer(&challenge, &code, elsewhere).await.ok(201);
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    for (is_trusted, statuses) in [(true, [202, 202]), (false, [202, 429])] {
        let options = TestApp::with();
        let options = if is_trusted { options.trusted_proxy("127.0.0.0/8") } else { options };
        let app = options.start().await;
        let made = World::new().people(2).make(&app.db).await;
        for ((person, from), status) in made.people.iter().zip([VICTIM, ATTACKER]).zip(statuses) {
            let request = app.public().request(Method::POST, "/v1/auth/codes");
            let request = request.json(&claim(person)).header("x-forwarded-for", from);
            assert_eq!(request.send().await.status, status, "{from}");
            query("update code_cap set used = 300").execute(&app.db).await.expect("counted");
        }
        let is_operator_told = app.app.stranger.is_completed();
        assert_eq!(is_operator_told, !is_trusted, "that a proxy may be in front");
    }
}

#[tokio::test]
async fn the_installation_has_a_ceiling() {
    let clock = Clock::fixed(Utc::now());
    let app = TestApp::with().clock(clock.clone()).codes_per_minute(2).start().await;
    let made = World::new().people(4).make(&app.db).await;
    let ask = async |person: usize| {
        app.public().post("/v1/auth/codes", &claim(&made.people[person])).await
    };
    for person in 0..2 {
        ask(person).await.ok(202);
    }
    assert_eq!(wait(ask(2).await, "too_many_codes"), 30);
    clock.set(clock.now() + TimeDelta::seconds(30));
    ask(2).await.ok(202);
    wait(ask(3).await, "too_many_codes");
    // Whoever is refused for another reason uses up nothing of it.
    clock.set(clock.now() + TimeDelta::minutes(1));
    ask(2).await.ok(202);
    for _ in 0..3 {
        query("update code_cap set used = 300").execute(&app.db).await.expect("counted");
        wait(ask(3).await, "too_many_codes");
    }
    query("delete from code_cap").execute(&app.db).await.expect("forgotten");
    ask(3).await.ok(202);
}

#[tokio::test]
async fn no_address_and_no_match_key_is_kept() {
    let stage = Stage::set(1).await;
    let challenge = stage.challenge(&stage.made.people[0].clone(), VICTIM).await;
    stage.guess(&challenge, 1, VICTIM).await.problem(401, "wrong_credentials");
    let kept: Vec<Vec<u8>> = query_scalar(
        "select key from code_cap union all select person_key from sign_in_code
         union all select origin_key from sign_in_code",
    )
    .fetch_all(&stage.app.db)
    .await
    .expect("keys");
    assert!(kept.len() >= 6, "the control: {}", kept.len());
    let match_key: Vec<u8> =
        query_scalar("select match_key from person").fetch_one(&stage.app.db).await.expect("one");
    for key in kept {
        assert!(key != match_key && !key.starts_with(&[203, 0, 113]), "{key:?}");
    }
}

#[tokio::test]
async fn what_is_done_is_deleted_little_by_little() {
    let stage = Stage::set(3).await;
    let (db, clock) = (&stage.app.app.db, &stage.clock);
    let [known, unknown] = stage.known_and_unknown();
    for person in [&known, &unknown] {
        let challenge = stage.challenge(person, ATTACKER).await;
        stage.guess(&challenge, 1, ATTACKER).await.problem(401, "wrong_credentials");
    }
    query(
        "insert into sign_in_code (challenge_id, code_hash, expires_at)
           select (lpad(to_hex(n), 32, '0'))::uuid, '', now() from generate_series(1, 1200) n",
    )
    .execute(&stage.app.db)
    .await
    .expect("what has piled up");
    stage.app.admin().await;
    let challenge = stage.challenge(&stage.made.people[2].clone(), VICTIM).await;
    sweep(db, clock).await.expect("swept");
    assert_eq!(stage.rows("sign_in_code").await, 3, "those that count stay");
    assert_eq!(stage.rows("outbox").await, 0, "what was sent goes");
    let code = stage.code(&challenge).await.expect("shown");
    assert_eq!((stage.rows("code_cap").await, stage.rows("staff_session").await), (10, 1));
    stage.answer(&challenge, &code, VICTIM).await.ok(201);

    stage.pass(TimeDelta::minutes(16));
    sweep(db, clock).await.expect("swept");
    assert_eq!(stage.rows("sign_in_code").await, 0);
    assert_eq!(stage.rows("code_cap").await, 4, "tries count for a day");
    stage.pass(TimeDelta::hours(24));
    sweep(db, clock).await.expect("swept");
    assert_eq!((stage.rows("code_cap").await, stage.rows("staff_session").await), (0, 0));
}
