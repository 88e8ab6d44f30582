//! Somebody who does not let go of a turn, clients who have gone, and more than can be served.

use chrono::Utc;
use dosebook::{
    api::health,
    domain::{BookingId, Detail, booking_number::BookingNumber, keys::Keys},
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Duration, Instant, timeout},
};
use uuid::Uuid;

use super::{Stage, claim, code_counts, statuses, try_counts};
use crate::{
    support::{Person, TestApp, World, app::SECRET, until},
    web,
};

const FROM: &str = "198.51.100.1";
const ELSEWHERE: &str = "203.0.113.9";
/// The names of the connections begin so.
const SIGN_INS: &str = "dosebook sign-in";

#[tokio::test]
async fn whose_turn_somebody_else_has_waits_and_nobody_else_does() {
    let stage = Stage::set(1, 40, TestApp::with()).await;
    let people = &stage.made.people;
    let holder = stage.hold(&code_counts(&people[0], FROM).person).await;
    let blocked = stage.ask(0, &people[0], FROM);
    let others = async {
        until(|| stage.blocked() == 1).await;
        let others = people[1..].iter().enumerate().map(|(n, one)| stage.ask(n, one, ELSEWHERE));
        let others = join_all(others).await;
        assert_eq!(statuses(&others, 202), 39);
        // The control: the turn is still somebody else's, but for while it is being tried again.
        until(|| stage.blocked() == 1).await;
        holder.rollback().await.unwrap();
    };
    let (blocked, ()) = tokio::join!(blocked, others);
    blocked.ok(202);
    // Both take the same turn: who tries waits too.
    let (challenge, code) = stage.challenge(&people[0], FROM).await;
    let holder = stage.hold(&code_counts(&people[0], FROM).person).await;
    let release = async {
        until(|| stage.blocked() == 1).await;
        holder.rollback().await.unwrap();
    };
    let (tried, ()) = tokio::join!(stage.answer(0, &challenge, &code, FROM), release);
    tried.ok(201);
}

/// Two processes would read the same counts, and both leave somebody their last code or try.
#[tokio::test]
async fn nobody_is_decided_for_while_another_process_has_their_turn() {
    let stage = Stage::set(1, 1, TestApp::with()).await;
    let person = &stage.made.people[0];
    let (challenge, code) = stage.challenge(person, FROM).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let counts = code_counts(person, FROM);
    let places = try_counts(FROM);
    for (turn, waiting) in [
        (counts.person, 2),
        (counts.address, 1),
        (counts.network, 1),
        (places.address, 1),
        (places.network, 1),
    ] {
        let holder = stage.hold(&turn).await;
        let asked = stage.ask(0, person, FROM);
        let tried = stage.answer(0, &challenge, wrong, FROM);
        let waits = async {
            until(|| stage.blocked() == waiting).await;
            holder.rollback().await.unwrap();
        };
        let both = async { tokio::join!(asked, tried) };
        tokio::pin!(both);
        tokio::select! {
            biased;
            told = &mut both => panic!("{told:?}"),
            () = waits => {}
        }
        let (asked, tried) = both.await;
        assert_eq!(tried.status, 401, "the control: each is decided afterwards");
        assert!([202, 429].contains(&asked.status));
    }
    stage.answer(0, &challenge, &code, FROM).await.problem(401, "wrong_credentials");
}

#[tokio::test]
async fn who_has_hung_up_is_not_served_and_uses_up_nothing() {
    let stage = Stage::set(1, 2, TestApp::with().codes_per_minute(1)).await;
    let [gone, patient] = [&stage.made.people[0], &stage.made.people[1]];
    let app = &stage.services[0];
    let metrics = &app.app.metrics.sign_ins;
    let holder = stage.hold(&code_counts(gone, FROM).address).await;
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let body = claim(gone).to_string();
    let request = format!(
        "POST /v1/auth/codes HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: {FROM}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    until(|| stage.blocked() == 1).await;
    let counted = Utc::now();
    // Cut off; a client that only ends its side may still read (RFC 9112, 9.6).
    stream.set_zero_linger().unwrap();
    drop(stream);
    until(|| metrics.callers.get() == 0 && metrics.abandoned.get() == 1).await;
    // A minute later there would be room anyway.
    until(|| app.app.ceiling.take(counted).is_ok()).await;
    let let_go = async {
        until(|| stage.blocked() == 1).await;
        holder.rollback().await.unwrap();
    };
    let (waited, ()) = tokio::join!(stage.ask(0, patient, FROM), let_go);
    waited.ok(202);
    assert_eq!(stage.count("select count(*) from sign_in_code").await, 1, "the control's");
    stage.ask(0, gone, ELSEWHERE).await.problem(429, "too_many_requests");
}

/// There are two places for looking up.
#[tokio::test]
async fn who_waits_for_a_turn_keeps_nobody_from_looking_up() {
    let stage = Stage::set(1, 1, TestApp::with()).await;
    let holder = stage.hold(&code_counts(&stage.made.people[0], FROM).address).await;
    let (app, key) = (&stage.services[0], &Keys::new(&SECRET).booking_number);
    let blocked = || stage.blocked();
    let asked = join_all((0..5).map(|nth| async move {
        // One after the other, so that the look-ups themselves do not meet.
        until(|| blocked() == nth).await;
        let number = BookingNumber::of(key, BookingId(Uuid::now_v7()));
        let body = json!({ "number": number.to_string(), "birth_date": "1964-06-11" });
        let request = app.public().request(Method::POST, "/v1/auth/booking-codes");
        request.header("x-forwarded-for", FROM).json(&body).send().await
    }));
    let let_go = async {
        until(|| blocked() == 5).await;
        holder.rollback().await.unwrap();
    };
    let (asked, ()) = tokio::join!(asked, let_go);
    assert_eq!(statuses(&asked, 202), 5);
}

#[tokio::test]
async fn who_would_wait_too_long_is_told_when_to_come_again() {
    let options = TestApp::with().queue(1).batch(1).trusted_proxy("127.0.0.1");
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(60).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let people = &stage.made.people;
    proxy.stall(SIGN_INS);
    let metrics = &stage.services[0].app.metrics.sign_ins;
    let first = stage.ask(0, &people[0], FROM);
    let others = async {
        until(|| proxy.holds_back()).await;
        let others = people[1..].iter().map(|person| stage.ask(0, person, FROM));
        let release = async {
            // One is in hand, and one waits.
            until(|| metrics.overflows.get() == 58).await;
            proxy.resume();
        };
        tokio::join!(join_all(others), release).0
    };
    let (first, others) = tokio::join!(first, others);
    first.ok(202);
    assert_eq!([202, 503].map(|status| statuses(&others, status)), [1, 58]);
    for refused in others.into_iter().filter(|answer| answer.status == 503) {
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        refused.problem(503, "overloaded");
    }
    assert!(stage.lane(0).are_open());
}

/// Both in the lane of sign-ins: whoever has a code is nearer to a dose than whoever asks for one.
#[tokio::test]
async fn while_sign_ins_pile_up_who_has_a_code_goes_before_who_asks_for_one() {
    // Until its first sample a lane estimates 20 microseconds for each request: 50 are a
    // millisecond, and each adds 2 % to the load.
    let options = TestApp::with().batch(1).wait_ms(1).trusted_proxy("127.0.0.1");
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(60).make(&app.db).await;
    let metrics = &app.app.metrics.sign_ins;
    let send = |path: &'static str, body: Value| {
        let request = app.public().request(Method::POST, path).json(&body);
        tokio::spawn(async move { request.send().await })
    };
    let ask = |person: usize| send("/v1/auth/codes", claim(&made.people[person]));
    let attempt = || {
        let nobodys = json!({ "challenge_id": Uuid::now_v7(), "code": "000000" });
        send("/v1/auth/sessions", nobodys)
    };
    proxy.stall(SIGN_INS);
    let mut sent = Vec::new();
    while !proxy.holds_back() {
        // On a busy machine one may have waited too long before it was taken.
        let first = ask(0);
        until(|| proxy.holds_back() || first.is_finished()).await;
        sent.push(first);
    }
    sent.extend((1..=39).map(ask));
    until(|| metrics.queued.get() == 39).await;
    sent.push(ask(40));
    until(|| metrics.queued.get() == 40).await;
    let refused = ask(41).await.unwrap();
    assert!((1..=6).contains(&refused.retry_after()), "{}", refused.text());
    refused.problem(503, "overloaded");
    sent.push(attempt());
    until(|| metrics.queued.get() == 41).await;
    // What needs nothing of this lane is served.
    let citizen = app.citizen(&made.people[50]);
    citizen.get("/v1/me").await.ok(200);
    citizen.put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0))).await.ok(201);
    ask(42).await.unwrap().problem(503, "overloaded");
    sent.extend((41..50).map(|_| attempt()));
    until(|| metrics.queued.get() == 50).await;
    assert_eq!(metrics.overflows.get(), 2, "two were refused, who asked for a code");
    attempt().await.unwrap().problem(503, "overloaded");
    assert_eq!(metrics.overflows.get(), 3, "the control: it is full");
    proxy.resume();
    join_all(sent).await;
}

async fn language_of(stage: &Stage, person: &Person) -> Option<String> {
    let sql = "select language from person where person_id = $1";
    let query = sqlx::query_scalar(sql).bind(person.person_id.0);
    query.fetch_one(stage.db()).await.unwrap()
}

/// A file of the register has persons' rows for as long as it takes.
#[tokio::test]
async fn whose_row_somebody_else_has_signs_in_at_once_and_so_do_the_others() {
    let stage = Stage::set(1, 2, TestApp::with()).await;
    let [held, other] = [&stage.made.people[0], &stage.made.people[1]];
    let app = &stage.services[0];
    let mut presses = Vec::new();
    for person in [held, other] {
        let mut browser = app.browser();
        let page = browser.open("/en/sign-in").await.ok(200);
        let page = browser.press(&web::claim(&page, person)).await.ok(200);
        let code = web::code_of(app, &page).await;
        let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &code)]);
        presses.push((browser, form));
    }
    let before = language_of(&stage, held).await;
    let mut file = stage.db().begin().await.unwrap();
    let hold = "select from person where person_id = $1 for no key update";
    sqlx::query(hold).bind(held.person_id.0).execute(&mut *file).await.unwrap();
    // Both in one batch.
    let turn = stage.hold(&try_counts(FROM).address).await;
    let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", FROM)];
    let pressed = presses.iter_mut().map(|(browser, form)| browser.submit_with(form, &headers));
    let retries = &app.app.metrics.sign_ins.retries;
    let release = async {
        until(|| stage.blocked() == 2).await;
        let retries = retries.get();
        turn.rollback().await.unwrap();
        retries
    };
    let (pages, tried) = tokio::join!(join_all(pressed), release);
    for page in pages {
        assert!(page.ok(303).header("location").contains("/sign-in/done"));
    }
    assert_eq!(retries.get(), tried, "at once");
    file.rollback().await.unwrap();
    assert_eq!(language_of(&stage, held).await, before);
    assert_ne!(before.as_deref(), Some("en"));
    assert_eq!(language_of(&stage, other).await.as_deref(), Some("en"), "the control");
}

/// Each turn is one of PostgreSQL's locks, of which all processes have some thousands.
#[tokio::test]
async fn of_a_crowd_that_is_tried_again_a_batch_takes_its_own_turns_and_no_others() {
    let stage = Stage::set(1, 60, TestApp::with().batch(8)).await;
    let people = &stage.made.people;
    let note = "create table taken (turns bigint);
        create function note_turns() returns trigger language plpgsql security definer
        set search_path from current as $$ begin
            insert into taken select count(*) from pg_locks
            where locktype = 'advisory' and pid = pg_backend_pid();
            return null;
        end $$;
        create trigger note_turns after insert on sign_in_code
        for each statement execute function note_turns()";
    stage.db().execute(note).await.unwrap();
    let asked = people.iter().map(|person| stage.ask(0, person, FROM));
    let asked = stage.together(&code_counts(&people[0], FROM).address, asked).await;
    assert_eq!(statuses(&asked, 202), 60);
    // Those of eight persons, of the address and of the network.
    assert_eq!(stage.count("select max(turns) from taken").await, 10);
}

/// Until somebody waits for an advisory lock.
async fn hangs(stage: &Stage) {
    let sql = "select count(*) from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())";
    let looking = async { while stage.count(sql).await == 0 {} };
    timeout(Duration::from_secs(60), looking).await.expect("somebody waits");
}

#[tokio::test]
async fn a_sign_in_whose_commit_goes_through_after_others_is_told() {
    let (app, proxy) = TestApp::with().trusted_proxy("127.0.0.1").start_behind_proxy().await;
    let made = World::new().people(2).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let [person, other] = [&stage.made.people[0], &stage.made.people[1]];
    let (challenge, code) = stage.challenge(person, FROM).await;
    let hang = "create function hang() returns trigger language plpgsql set lock_timeout = 0
        as $$ begin perform pg_advisory_xact_lock(1); return null; end $$;
        create constraint trigger hang after update on sign_in_code
        deferrable initially deferred for each row
        when (new.signed_in_at is not null) execute function hang()";
    stage.db().execute(hang).await.unwrap();
    let mut hung = stage.db().begin().await.unwrap();
    hung.execute("select pg_advisory_xact_lock(1)").await.unwrap();
    let meanwhile = async {
        hangs(&stage).await;
        proxy.cut(SIGN_INS);
        // It is left out, because its own first try still has its turn.
        until(|| stage.blocked() == 1).await;
        stage.ask(0, other, ELSEWHERE).await.ok(202);
        hung.rollback().await.unwrap();
    };
    let (tried, ()) = tokio::join!(stage.answer(0, &challenge, &code, FROM), meanwhile);
    tried.ok(201);
    let used = "select count(*) from sign_in_code where signed_in_at is not null and attempts = 1";
    assert_eq!(stage.count(used).await, 1);
    // The control: it was told, and a code opens one session.
    stage.answer(0, &challenge, &code, FROM).await.problem(401, "wrong_credentials");
}

#[tokio::test]
async fn a_service_that_signs_nobody_in_is_not_ready() {
    let (app, proxy) = TestApp::with().trusted_proxy("127.0.0.1").start_behind_proxy().await;
    let made = World::new().people(1).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let app = &stage.services[0];
    app.public().get("/readyz").await.ok(200);
    // The lane has no connection yet, and gets none.
    proxy.stall(SIGN_INS);
    let look = async {
        until(|| stage.lane(0).is_any_cut_off()).await;
        let told = app.public().get("/readyz").await;
        assert_eq!(told.body["cause"], "sign_ins_not_taken", "{}", told.text());
        told.problem(503, "unavailable");
        assert!(!app.app.lanes.is_any_cut_off(), "the control: bookings are taken");
        proxy.resume();
    };
    let (asked, ()) = tokio::join!(stage.ask(0, &stage.made.people[0], FROM), look);
    asked.ok(202);
    app.public().get("/readyz").await.ok(200);
    stage.lane(0).stop();
    until(|| !stage.lane(0).are_open()).await;
    let closed = Some(Detail::SignInsNotTaken);
    assert_eq!(health::not_ready(&app.app, Instant::now()), closed);
}
