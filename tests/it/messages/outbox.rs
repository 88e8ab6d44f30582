//! The outbox: nothing in it is lost, nobody gets the same twice without need, and everybody gets
//! theirs in order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use dosebook::{
    clock::Clock,
    db::outbox::PutBack,
    domain::outbox::{Claimed, CodeMessage, Queue},
    domain::sign_in_code::SignInCode,
    flows::{
        outbox::{Settled, settle_and_claim},
        sweep::sweep,
    },
};
use sqlx::{Executor, PgPool, query, query_scalar};
use uuid::Uuid;

use crate::support::{
    TestApp, World,
    gateway::{Gateway, Got},
};

/// Puts a code for everybody into the outbox, `rounds` times, the code of each message being its
/// number. Persons of number 0 are nobody in particular.
async fn put_codes(db: &PgPool, people: &[i64], rounds: u64) {
    put_codes_until(Utc::now() + TimeDelta::minutes(5), db, people, rounds).await;
}

/// As `put_codes`, with the time at which they expire.
async fn put_codes_until(expires_at: DateTime<Utc>, db: &PgPool, people: &[i64], rounds: u64) {
    for round in 0..rounds {
        for (nth, person_id) in people.iter().enumerate() {
            let number = round * people.len() as u64 + nth as u64;
            put_code(db, *person_id, &format!("010{nth:08}"), (number, expires_at)).await;
        }
    }
}

async fn put_code(
    db: &PgPool,
    person_id: i64,
    phone: &str,
    (number, expires_at): (u64, DateTime<Utc>),
) {
    let code = SignInCode::from_random(number);
    let message = CodeMessage { challenge_id: Uuid::now_v7(), code, expires_at };
    query(
        "insert into outbox (kind, recipient, body, person_id, expires_at)
         values ('sign_in_code', $1, $2, $3, $4)",
    )
    .bind(phone)
    .bind(message.to_body())
    .bind(person_id)
    .bind(expires_at)
    .execute(db)
    .await
    .expect("a message");
}

async fn rows(db: &PgPool) -> i64 {
    query_scalar("select count(*) from outbox").fetch_one(db).await.expect("a count")
}

async fn until_empty(db: &PgPool) {
    let emptied = async { while rows(db).await > 0 {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), emptied).await.expect("emptied");
}

/// The code of a message: the first six digits in its text.
fn number(got: &Got) -> u64 {
    let digits: String = got.text().chars().filter(char::is_ascii_digit).take(6).collect();
    digits.parse().expect("a code")
}

/// What each phone has received, in order.
fn by_phone(accepted: &[Got]) -> BTreeMap<String, Vec<u64>> {
    let mut all: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for got in accepted {
        all.entry(got.to().to_owned()).or_default().push(number(got));
    }
    all
}

#[tokio::test]
async fn each_message_is_sent_once_however_many_send() {
    let gateway = Gateway::start().await;
    let first = TestApp::with().messages(&gateway.settings()).start().await;
    let others = [first.another().await, first.another().await];
    let made = World::new().people(300).make(&first.db).await;
    let people: Vec<_> = made.people.iter().map(|person| person.person_id.0).collect();
    put_codes(&first.db, &people, 2).await;
    until_empty(&first.db).await;
    let accepted = gateway.accepted();
    let ids: BTreeSet<_> = accepted.iter().map(Got::id).collect();
    assert_eq!((accepted.len(), ids.len()), (600, 600));
    let sent = |app: &TestApp| {
        let metrics = app.app.metrics.text();
        let label = "dosebook_messages_total{queue=\"codes\",outcome=\"sent\"} ";
        metrics.lines().find_map(|line| line.strip_prefix(label)?.parse().ok()).unwrap_or(0)
    };
    let by_each: Vec<u64> = [&first, &others[0], &others[1]].map(sent).to_vec();
    assert_eq!(by_each.iter().sum::<u64>(), 600, "{by_each:?}");
}

#[tokio::test]
async fn everybody_gets_theirs_in_order_although_one_in_three_fails() {
    let sent_out_of_order = async |people: &[i64]| {
        let flaky = |nth: usize, _: &Got| Some(if nth.is_multiple_of(3) { 503 } else { 200 });
        let gateway = Gateway::answering(flaky).await;
        let app = TestApp::with().messages(&gateway.settings()).start().await;
        World::new().people(people.len() as u32).make(&app.db).await;
        put_codes(&app.db, people, 5).await;
        until_empty(&app.db).await;
        let all = by_phone(&gateway.accepted());
        assert_eq!(all.values().map(Vec::len).sum::<usize>(), 5 * people.len());
        all.values().filter(|codes| !codes.is_sorted()).count()
    };
    let people: Vec<i64> = (1..=20).collect();
    assert_eq!(sent_out_of_order(&people).await, 0);
    // The control: rows of which nobody knows whom they are for wait for no others.
    assert!(sent_out_of_order(&[0; 20]).await > 0);
}

#[tokio::test]
async fn a_message_that_fails_is_tried_again_under_the_same_id() {
    let gateway = Gateway::answering(|nth, _| Some(if nth < 3 { 500 } else { 200 })).await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    World::new().people(1).make(&app.db).await;
    put_codes(&app.db, &[1], 1).await;
    gateway.until_accepted(1).await;
    let got = gateway.got();
    let ids: BTreeSet<_> = got.iter().map(Got::id).collect();
    assert_eq!((got.len(), ids.len()), (4, 1), "{got:#?}");
    assert_eq!(got[0].header("x-id"), got[0].id());
    until_empty(&app.db).await;
}

/// What was sent is known, and what is under way goes on: a claim stands for a minute.
#[tokio::test]
async fn a_hiccup_of_the_database_repeats_no_message_and_delays_none() {
    let gateway = Gateway::start().await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    World::new().people(60).make(&app.db).await;
    // A sequence is not rolled back.
    app.db
        .execute(
            "create sequence hiccup;
             create function hiccup() returns trigger language plpgsql security definer as $$
             begin
                 if nextval('hiccup') <= 3 then raise 'a hiccup' using errcode = '57014'; end if;
                 return null;
             end $$;
             create trigger hiccup before delete on outbox execute function hiccup();",
        )
        .await
        .expect("made");
    put_codes(&app.db, &(1..=60).collect::<Vec<_>>(), 1).await;
    until_empty(&app.db).await;
    let met: i64 = query_scalar("select last_value from hiccup").fetch_one(&app.db).await.unwrap();
    assert!(met > 3, "the control: {met}");
    let got = gateway.got();
    let ids: BTreeSet<_> = got.iter().map(Got::id).collect();
    assert_eq!((got.len(), ids.len()), (60, 60), "each is sent once");
}

#[tokio::test]
async fn a_message_that_is_refused_is_given_up_and_the_next_one_is_sent() {
    let refuses = |_: usize, got: &Got| Some(if number(got) == 0 { 400 } else { 200 });
    let gateway = Gateway::answering(refuses).await;
    let app = TestApp::with().messages(&gateway.settings()).start().await;
    World::new().people(1).make(&app.db).await;
    put_codes(&app.db, &[1], 2).await;
    until_empty(&app.db).await;
    let numbers: Vec<_> = gateway.got().iter().map(|got| (number(got), got.status)).collect();
    assert_eq!(numbers, [(0, 400), (1, 200)]);
}

async fn claim(app: &TestApp, settled: &Settled, limit: usize) -> Vec<Claimed> {
    settle_and_claim(&app.app.db, settled, (Queue::Codes, limit)).await.expect("claimed")
}

fn ids(claimed: &[Claimed]) -> Vec<i64> {
    let mut ids: Vec<_> = claimed.iter().map(|message| message.outbox_id).collect();
    ids.sort_unstable();
    ids
}

/// Makes every claim lapse, as a minute does.
async fn lapse(app: &TestApp) {
    let sql = "update outbox set claimed_until = clock_timestamp() - interval '1 second'";
    query(sql).execute(&app.db).await.expect("lapsed");
}

#[tokio::test]
async fn what_a_dead_node_has_claimed_comes_back_by_itself() {
    let app = TestApp::with().local(false).start().await;
    World::new().people(3).make(&app.db).await;
    put_codes(&app.db, &[1, 2, 3], 1).await;
    let nothing = Settled::default();
    let dead = claim(&app, &nothing, 2).await;
    assert_eq!(ids(&dead), [1, 2]);
    let rest = claim(&app, &nothing, 10).await;
    assert_eq!(ids(&rest), [3], "what somebody has is nobody else's");
    lapse(&app).await;
    let again = claim(&app, &nothing, 10).await;
    assert_eq!(ids(&again), [1, 2, 3]);
    assert_eq!(again[0].message_id, dead[0].message_id, "under the same id");

    // The dead one was only asleep.
    let put_back = |message: &Claimed| PutBack {
        outbox_id: message.outbox_id,
        claimed_until: message.claimed_until,
        pause: TimeDelta::zero(),
        attempts: 1,
    };
    let late = Settled { put_back: dead.iter().map(put_back).collect(), ..Settled::default() };
    assert!(claim(&app, &late, 10).await.is_empty(), "it gives back only what is its own");
    let own = Settled { put_back: again.iter().map(put_back).collect(), ..Settled::default() };
    assert_eq!(ids(&claim(&app, &own, 10).await), [1, 2, 3], "the control");
}

#[tokio::test]
async fn what_is_put_back_is_left_alone_for_its_pause() {
    let app = TestApp::with().local(false).start().await;
    World::new().people(1).make(&app.db).await;
    put_codes(&app.db, &[1], 2).await;
    let first = claim(&app, &Settled::default(), 10).await;
    assert_eq!(ids(&first), [1], "the second waits for the first");
    let put_back = PutBack {
        outbox_id: 1,
        claimed_until: first[0].claimed_until,
        pause: TimeDelta::minutes(10),
        attempts: 1,
    };
    let settled = Settled { put_back: vec![put_back], ..Settled::default() };
    assert!(claim(&app, &settled, 10).await.is_empty(), "and goes on waiting");
    let sql = "update outbox set due_at = clock_timestamp() where outbox_id = 1";
    query(sql).execute(&app.db).await.expect("due");
    let again = claim(&app, &Settled::default(), 10).await;
    assert_eq!((ids(&again), again[0].attempts), (vec![1], 2));
    let settled = Settled { done: vec![1], ..Settled::default() };
    assert_eq!(ids(&claim(&app, &settled, 10).await), [2]);
}

#[tokio::test]
async fn no_code_is_kept_longer_than_it_is_valid() {
    let now = Utc::now();
    let clock = Clock::fixed(now);
    let app = TestApp::with().local(false).clock(clock.clone()).start().await;
    World::new().people(2).make(&app.db).await;
    put_codes_until(now + TimeDelta::minutes(5), &app.db, &[1, 2], 1).await;
    sweep(&app.app.db, &clock).await.expect("swept");
    assert_eq!(rows(&app.db).await, 2, "the control: they are valid");
    clock.set(now + TimeDelta::minutes(6));
    sweep(&app.app.db, &clock).await.expect("swept");
    assert_eq!(rows(&app.db).await, 0);
}

#[tokio::test]
async fn a_code_that_is_no_longer_valid_is_not_sent() {
    let gateway = Gateway::start().await;
    let now = Utc::now();
    let expires_at = now + TimeDelta::minutes(5);
    let clock = Clock::fixed(expires_at);
    let app = TestApp::with().messages(&gateway.settings()).clock(clock.clone()).start().await;
    World::new().people(2).make(&app.db).await;
    put_codes_until(expires_at, &app.db, &[1], 1).await;
    until_empty(&app.db).await;
    clock.set(now);
    put_codes_until(expires_at, &app.db, &[2], 1).await;
    let accepted = gateway.until_accepted(1).await;
    assert_eq!(by_phone(&accepted), BTreeMap::from([("01000000000".into(), vec![0])]));
    assert_eq!(gateway.got().len(), 1, "and not the one before");
}
