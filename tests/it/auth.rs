//! One-time codes and the sessions of citizens.

use std::{
    io::{self, Write},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use dosebook::{
    clock::Clock,
    domain::{PersonId, birth_date::BirthDate, keys::Keys, person::match_key},
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use tracing_subscriber::{Layer, filter, fmt, layer::SubscriberExt, util::SubscriberInitExt};
use uuid::Uuid;

use crate::support::{Made, Person, TestApp, World, app::SECRET, make::world};

async fn ask(app: &TestApp, person: &Person) -> Value {
    app.public().post("/v1/auth/codes", &claim(person)).await.ok(202)
}

fn claim(person: &Person) -> Value {
    json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone })
}

/// Challenge and code, as the page for developers shows them.
async fn code(app: &TestApp, person: &Person) -> (Value, String) {
    let challenge = ask(app, person).await["challenge_id"].clone();
    let codes = app.shown_codes().await;
    let found = codes.iter().find(|code| code["challenge_id"] == challenge).expect("the code");
    (challenge, found["code"].as_str().expect("text").to_owned())
}

fn answer(challenge_id: &Value, code: &str) -> Value {
    json!({ "challenge_id": challenge_id, "code": code })
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }
}

async fn attempts(app: &TestApp) -> i16 {
    query_scalar("select attempts from sign_in_code").fetch_one(&app.db).await.expect("one code")
}

/// A service and one person of its register.
async fn one_person() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = World::new().people(1).make(&app.db).await;
    (app, made)
}

#[tokio::test]
async fn a_citizen_signs_in_with_the_code_and_sees_themselves() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let person = &made.people[3];
    let (challenge, code) = code(&app, person).await;
    let session = app.public().post("/v1/auth/sessions", &answer(&challenge, &code)).await.ok(201);
    assert_eq!(session["person_id"], json!(person.person_id));
    let citizen = app.holder_of(session["token"].as_str().expect("a token"));
    let me = citizen.get("/v1/me").await.ok(200);
    assert_eq!(me["person_id"], json!(person.person_id));
    assert_eq!(me["name"], json!(person.name));
    assert_eq!(me["birth_date"], json!(person.birth_date));
    assert_eq!(me["region_id"], json!(person.region_id));
    assert!(me["region_name"].as_str().is_some_and(|name| name.starts_with("Region ")), "{me}");
    assert!(me.get("phone").is_none(), "not needed, so not told: {me}");
}

#[tokio::test]
async fn the_answer_does_not_tell_who_is_in_the_register() {
    let (app, made) = one_person().await;
    let member = &made.people[0];
    let stranger = Person { name: "Nobody There".into(), ..member.clone() };
    let public = app.public();
    let known = public.post("/v1/auth/codes", &claim(member)).await;
    let unknown = public.post("/v1/auth/codes", &claim(&stranger)).await;
    let names = |headers: &reqwest::header::HeaderMap| {
        headers.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&known.headers), names(&unknown.headers));
    assert_eq!(known.bytes.len(), unknown.bytes.len());
    let (known, unknown) = (known.ok(202), unknown.ok(202));
    let keys =
        |body: &Value| body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&known), keys(&unknown));

    let rows: i64 = query_scalar("select count(*) from sign_in_code")
        .fetch_one(&app.db)
        .await
        .expect("a count");
    assert_eq!(rows, 2, "one of them a decoy");
    let codes = app.shown_codes().await;
    assert_eq!(codes.len(), 1, "nobody is written to for a decoy");
    assert_eq!(codes[0]["challenge_id"], known["challenge_id"]);

    let wrong = wrong(codes[0]["code"].as_str().expect("a code"));
    let mut problems = Vec::new();
    for id in [&known["challenge_id"], &unknown["challenge_id"], &json!(Uuid::now_v7())] {
        let refused = public.post("/v1/auth/sessions", &answer(id, &wrong)).await;
        problems.push(refused.problem(401, "wrong_credentials"));
    }
    assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
}

#[tokio::test]
async fn a_decoy_signs_nobody_in_even_with_its_code() {
    for is_decoy in [false, true] {
        let (app, made) = one_person().await;
        let (challenge, code) = code(&app, &made.people[0]).await;
        if is_decoy {
            let sql = "update sign_in_code set person_id = null";
            query(sql).execute(&app.db).await.expect("made a decoy of it");
        }
        let tried = app.public().post("/v1/auth/sessions", &answer(&challenge, &code)).await;
        assert_eq!(tried.status, if is_decoy { 401 } else { 201 }, "{}", tried.text());
    }
}

#[tokio::test]
async fn after_five_wrong_codes_the_right_one_is_wrong_too() {
    for (misses, status) in [(4, 201), (5, 401)] {
        let (app, made) = one_person().await;
        let (challenge, code) = code(&app, &made.people[0]).await;
        for _ in 0..misses {
            let missed = answer(&challenge, &wrong(&code));
            let refused = app.public().post("/v1/auth/sessions", &missed).await;
            refused.problem(401, "wrong_credentials");
        }
        let tried = app.public().post("/v1/auth/sessions", &answer(&challenge, &code)).await;
        assert_eq!(tried.status, status, "after {misses} misses: {}", tried.text());
    }
}

#[tokio::test]
async fn tries_at_the_same_time_are_all_counted() {
    let (app, made) = one_person().await;
    let (challenge, code) = code(&app, &made.people[0]).await;
    let (public, missed) = (app.public(), answer(&challenge, &wrong(&code)));
    let tries = join_all((0..20).map(|_| public.post("/v1/auth/sessions", &missed))).await;
    for refused in tries {
        refused.problem(401, "wrong_credentials");
    }
    assert_eq!(attempts(&app).await, 5);
    let right = public.post("/v1/auth/sessions", &answer(&challenge, &code)).await;
    right.problem(401, "wrong_credentials");
}

#[tokio::test]
async fn of_twenty_who_use_one_code_at_once_one_gets_in() {
    let (app, made) = one_person().await;
    let (challenge, code) = code(&app, &made.people[0]).await;
    let (public, right) = (app.public(), answer(&challenge, &code));
    let tries = join_all((0..20).map(|_| public.post("/v1/auth/sessions", &right))).await;
    let sessions = tries.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(sessions, 1);
    assert_eq!(attempts(&app).await, 1, "a used code counts no further tries");
}

#[tokio::test]
async fn a_code_is_good_for_five_minutes() {
    for (seconds, status) in [(298, 201), (301, 401)] {
        let clock = Clock::fixed(Utc::now());
        let app = TestApp::with().clock(clock.clone()).start().await;
        let made = World::new().people(1).make(&app.db).await;
        let (challenge, code) = code(&app, &made.people[0]).await;
        clock.set(clock.now() + TimeDelta::seconds(seconds));
        let tried = app.public().post("/v1/auth/sessions", &answer(&challenge, &code)).await;
        assert_eq!(tried.status, status, "after {seconds} s: {}", tried.text());
    }
}

#[tokio::test]
async fn an_impossible_claim_names_the_field() {
    let (app, made) = one_person().await;
    let good = claim(&made.people[0]);
    app.public().post("/v1/auth/codes", &good).await.ok(202);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(7)),
        ("birth_date", json!("1962-02-30")),
        ("birth_date", json!("tomorrow")),
        ("phone", json!("call me")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let refused = app.public().post("/v1/auth/codes", &bad).await;
        refused.blames(422, "invalid_field", field);
    }
    let mut bad = good.clone();
    bad["national_number"] = json!("620101-1234567");
    let refused = app.public().post("/v1/auth/codes", &bad).await;
    refused.blames(422, "unknown_field", "national_number");
}

#[tokio::test]
async fn without_a_way_to_send_codes_none_are_promised_or_shown() {
    let app = TestApp::with().local(false).start().await;
    let made = World::new().people(1).make(&app.db).await;
    let refused = app.public().post("/v1/auth/codes", &claim(&made.people[0])).await;
    let problem = refused.problem(503, "unavailable");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("No way to send codes"), "{detail}");
    assert_eq!(app.codes_url, None);
}

#[tokio::test]
async fn codes_are_shown_at_an_address_of_their_own_and_never_at_the_services() {
    let (app, made) = one_person().await;
    let (_, code) = code(&app, &made.people[0]).await;
    let (status, page) = app.codes_page(&[]).await;
    assert!(status == 200 && page.contains(&code), "the control: {page}");
    // What a plain reverse proxy on this machine forwards looks like any other request.
    for host in ["localhost", "127.0.0.1", "dosebook.example"] {
        let page = app.public().request(Method::GET, "/dev/codes").header("host", host);
        page.send().await.problem(404, "not_found");
    }
    let (public, page) = (&app.url, app.codes_url.as_ref().expect("shown"));
    assert!(public != page && page.starts_with("http://127.0.0.1:"), "{public} {page}");
    // Nothing else answers there.
    for path in ["/", "/v1/campaigns", "/metrics"] {
        assert_eq!(app.local_page(path, &[]).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn codes_are_shown_to_nobody_who_comes_through_another_machine() {
    let (app, made) = one_person().await;
    code(&app, &made.people[0]).await;
    for (name, value) in [
        ("host", "dosebook.example:8080"),
        ("host", "127.0.0.1.dosebook.example"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        assert_eq!(app.codes_page(&[(name, value)]).await.0, 404, "{name}: {value}");
    }
    for host in ["localhost:8080", "127.0.0.1", "[::1]:8080", "[::1]"] {
        let (status, text) = app.codes_page(&[("host", host)]).await;
        assert_eq!(status, 200, "{host}");
        assert!(text.starts_with("<!doctype html>"));
        let person = &made.people[0];
        assert!(!text.contains(&person.name) && !text.contains(&person.phone), "{text}");
        assert!(!text.contains("http://") && !text.contains("https://"), "loads nothing: {text}");
    }
}

#[tokio::test]
async fn a_code_is_kept_as_a_keyed_hash() {
    let (app, made) = one_person().await;
    let (challenge, code) = code(&app, &made.people[0]).await;
    let kept: Vec<u8> = query_scalar("select code_hash from sign_in_code")
        .fetch_one(&app.db)
        .await
        .expect("one code");
    let id: Uuid = serde_json::from_value(challenge).expect("an id");
    let mac = |secret| Keys::new(secret).code.mac(&[id.as_bytes(), code.as_bytes()]).to_vec();
    assert_eq!(kept, mac(&SECRET));
    assert_ne!(kept, mac(&[8; 32]), "who has the database only cannot try codes");
}

/// What this process logs while somebody wants to know.
static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static IS_RECORDING: AtomicBool = AtomicBool::new(false);

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        logged().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged() -> MutexGuard<'static, Vec<u8>> {
    LOGGED.lock().expect("nobody fell over while writing")
}

async fn unsent(app: &TestApp) -> i64 {
    query_scalar("select count(*) from outbox where sent_at is null")
        .fetch_one(&app.db)
        .await
        .expect("a count")
}

#[tokio::test]
async fn the_log_holds_codes_where_they_are_shown_and_nothing_personal() {
    let is_recording = filter::dynamic_filter_fn(|_, _| IS_RECORDING.load(Relaxed));
    let lines = fmt::layer().with_writer(|| Log).with_ansi(false).with_filter(is_recording);
    let log = tracing_subscriber::registry().with(lines);
    log.try_init().expect("no other test looks at the log");
    IS_RECORDING.store(true, Relaxed);
    let (app, mut made) = one_person().await;
    let person = &mut made.people[0];
    (person.name, person.phone) = ("Unmistakable Namesake".into(), "01087654321".into());
    let born = BirthDate::parse("1963-11-29", Utc::now().date_naive()).expect("a birth date");
    person.birth_date = born.date();
    let key = match_key(&Keys::new(&SECRET).matching, &person.name, born, &person.phone);
    query("update person set name = $1, phone = $2, match_key = $3, birth_date = $4")
        .bind(&person.name)
        .bind(&person.phone)
        .bind(key.as_slice())
        .bind(person.birth_date)
        .execute(&app.db)
        .await
        .expect("renamed");
    let person = &made.people[0];
    let (challenge, code) = &code(&app, person).await;
    let mut bad = claim(person);
    bad["birth_date"] = json!("Unmistakable Nonsense");
    app.public().post("/v1/auth/codes", &bad).await.blames(422, "invalid_field", "birth_date");
    let session = app.public().post("/v1/auth/sessions", &answer(challenge, code)).await.ok(201);
    let token = session["token"].as_str().expect("a token");
    app.holder_of(token).get("/v1/me").await.ok(200);
    let body = json!({ "username": "unmistakable", "password": "Unmistakable Password" });
    let refused = app.public().post("/v1/auth/staff-sessions", &body).await;
    refused.problem(401, "wrong_credentials");
    app.citizen(PersonId(i64::MAX)).get("/v1/me").await.problem(404, "not_found");
    let delivered = async { while unsent(&app).await > 0 {} };
    tokio::time::timeout(Duration::from_secs(30), delivered).await.expect("delivered");
    drop(app);
    IS_RECORDING.store(false, Relaxed);

    let text = String::from_utf8_lossy(&logged()).into_owned();
    let id = challenge.as_str().expect("an id");
    let line = text.lines().find(|line| line.contains(id)).expect("the control: the code's line");
    assert!(line.contains(code.as_str()), "{line}");
    let birth_date = person.birth_date.to_string();
    for secret in ["Unmistakable", "unmistakable", "87654321", &birth_date, token] {
        let found = text.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} is in the log");
    }
}
