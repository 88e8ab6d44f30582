//! `kill -9` of the service again and again while people book and cancel, and a gateway that fails
//! one request in ten, half of them after it has sent the message: none is lost, none is sent for
//! what was not committed, one comes twice only under the same id, and everybody gets theirs in
//! order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use dosebook::domain::{keys::Keys, session};
use futures_util::future::join_all;
use reqwest::Method;
use sqlx::{query, query_as, query_scalar};
use tokio::time::interval;
use uuid::Uuid;

use crate::support::{
    Client, Made, TestApp, World,
    app::SECRET,
    gateway::{Gateway, Got},
    process::Service,
};

/// Who book at the same time, each for its share of the people.
const CLIENTS: usize = 16;

/// Where the service is now; another one each time.
struct Address(Mutex<String>);

impl Address {
    fn now(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

struct Crowd {
    made: Made,
    ids: Vec<Uuid>,
    address: Address,
    http: reqwest::Client,
    keys: Keys,
}

impl Crowd {
    /// Sends a request until it is answered by something else than silence or "later".
    async fn insist(&self, person: usize, method: Method, body: Option<serde_json::Value>) -> u16 {
        let expires_at = Utc::now() + TimeDelta::hours(6);
        let person_id = self.made.people[person].person_id;
        let token = session::citizen_token(&self.keys, person_id, expires_at);
        let path = format!("/v1/bookings/{}", self.ids[person]);
        let mut pace = interval(Duration::from_millis(100));
        loop {
            pace.tick().await;
            let url = self.address.now();
            let client = Client::new(&url, Some(token.clone()), self.http.clone());
            let request = client.request(method.clone(), &path);
            let request = match &body {
                Some(body) => request.json(body),
                None => request,
            };
            match request.try_send().await {
                Ok(answer) if answer.status != 503 => return answer.status,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Books for everybody, and cancels for every other one. Every tenth is booked in a slot that
    /// is full, which fails.
    async fn book_and_cancel(&self, first: usize) {
        for person in (first..self.ids.len()).step_by(CLIENTS) {
            let slot = match person % 10 {
                9 => self.made.slot(1, 3, 0),
                _ => self.made.slot(0, 3, 0),
            };
            let status = self.insist(person, Method::PUT, Some(self.made.booking(slot))).await;
            match person % 10 {
                9 => assert_eq!(status, 409, "the control: nothing is committed"),
                _ => assert!(status < 300, "{status}"),
            }
            if person % 2 == 0 {
                assert_eq!(self.insist(person, Method::DELETE, None).await, 200);
            }
        }
    }
}

/// How the service is killed.
#[derive(Clone, Copy)]
enum Kills {
    /// Each time the gateway has been asked so many times more. What the dead one had claimed
    /// lapses at once, as it does after a minute.
    Each(usize),
    /// Each so many seconds, and claims lapse by themselves.
    Seconds(u64),
}

/// Fails one request in ten: one in twenty before the message is sent, one in twenty after.
fn flaky(nth: usize, _: &Got) -> Option<u16> {
    match nth % 20 {
        7 => Some(500),
        17 => Some(502),
        _ => Some(200),
    }
}

/// Whether the gateway has sent the message, whatever it answered.
fn is_sent(got: &Got) -> bool {
    got.status != 500
}

async fn survive(people: u32, kills: Kills) {
    let gateway = Gateway::answering(flaky).await;
    let app = TestApp::with().local(false).start().await;
    let seats = people as i32 + 10;
    let made = World::new().people(people).seats(seats).doses(seats).make(&app.db).await;
    let full = "update slot set taken = seats where slot_id = $1";
    query(full).bind(made.slot(1, 3, 0).slot_id.0).execute(&app.db).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let messages = folder.path().join("messages.toml");
    std::fs::write(&messages, gateway.settings()).unwrap();
    let start = || Service::sending(&app.database, folder.path(), &messages, &[]);

    let mut service = start();
    let crowd = Arc::new(Crowd {
        ids: (0..people).map(|_| Uuid::now_v7()).collect(),
        address: Address(Mutex::new(service.url.clone())),
        http: reqwest::Client::new(),
        keys: Keys::new(&SECRET),
        made,
    });
    let is_over = Arc::new(AtomicBool::new(false));
    let booking = tokio::spawn({
        let (crowd, is_over) = (crowd.clone(), is_over.clone());
        async move {
            join_all((0..CLIENTS).map(|first| crowd.book_and_cancel(first))).await;
            is_over.store(true, Relaxed);
        }
    });
    let mut killed = 0;
    loop {
        let asked = gateway.look(<[Got]>::len);
        match kills {
            Kills::Each(count) => {
                let is_enough = |got: &[Got]| got.len() >= asked + count || is_over.load(Relaxed);
                let over = async {
                    while !is_over.load(Relaxed) {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    () = gateway.until(is_enough) => {}
                    () = over => {}
                }
            }
            Kills::Seconds(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        }
        let waiting: i64 =
            query_scalar("select count(*) from outbox").fetch_one(&app.db).await.unwrap();
        if is_over.load(Relaxed) && (waiting == 0 || matches!(kills, Kills::Each(_))) {
            break;
        }
        service.kill();
        killed += 1;
        if matches!(kills, Kills::Each(_)) {
            let lapse = "update outbox set claimed_until = null";
            query(lapse).execute(&app.db).await.unwrap();
        }
        service = start();
        *crowd.address.0.lock().unwrap() = service.url.clone();
    }
    booking.await.expect("everybody is served");
    if matches!(kills, Kills::Each(_)) {
        query("update outbox set claimed_until = null").execute(&app.db).await.unwrap();
    }
    all_is_told(&app).await;
    drop(service);
    check(&app, &gateway, killed).await;
}

/// Returns when nothing in the journal is untold and nothing waits.
async fn all_is_told(app: &TestApp) {
    let sql = "select not exists (select from outbox) and ahead is null and not exists (
                   select from movement where tx >= pg_snapshot_xmax(seen))
               from notice_cursor";
    let looking = async {
        while !query_scalar::<_, bool>(sql).fetch_one(&app.db).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(200), looking).await.expect("everything is told");
}

/// For each phone, in order: whether it is a cancellation.
type News = BTreeMap<String, Vec<bool>>;

/// What is wrong with what the gateway has sent, and how many came twice under the same id.
fn faults(expected: &News, sent: &[Got]) -> (Vec<String>, usize) {
    let (mut faults, mut repeats) = (Vec::new(), 0);
    let mut told: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for got in sent {
        let of_person = told.entry(got.to().to_owned()).or_default();
        match of_person.iter().position(|(id, _)| id == got.id()) {
            None => of_person.push((got.id().to_owned(), got.text().contains("취소"))),
            Some(at) if at + 1 == of_person.len() => repeats += 1,
            Some(_) => faults.push(format!("{}: an older one after a newer", got.to())),
        }
    }
    let ids: BTreeSet<_> = sent.iter().map(Got::id).collect();
    if ids.len() != told.values().map(Vec::len).sum::<usize>() {
        faults.push("an id is that of several persons".into());
    }
    let phones: BTreeSet<_> = told.keys().chain(expected.keys()).collect();
    for phone in phones {
        let told = told.get(phone).map(|told| told.iter().map(|(_, is)| *is).collect());
        if told.as_ref() != expected.get(phone) {
            faults.push(format!("{phone}: told {told:?}, and committed {:?}", expected.get(phone)));
        }
    }
    (faults, repeats)
}

/// Holds what the gateway has sent against the journal.
async fn check(app: &TestApp, gateway: &Gateway, killed: u32) {
    let lines: Vec<(String, bool)> = query_as(
        "select p.phone, m.kind > 1 from movement m join booking b using (booking_id)
         join person p using (person_id) where m.kind in (1, 2, 3) order by m.id",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let mut expected = News::new();
    for (phone, is_cancelled) in &lines {
        expected.entry(phone.clone()).or_default().push(*is_cancelled);
    }
    let sent: Vec<Got> = gateway.got().into_iter().filter(is_sent).collect();
    let (found, repeats) = faults(&expected, &sent);
    assert_eq!(found, Vec::<String>::new());
    assert!(killed > 2 && repeats > 0, "the control: {killed} kills, {repeats} repeats");
    complains(&expected, &sent);
}

/// The control: a message lost, made up, sent again under another id, or late is found.
fn complains(expected: &News, sent: &[Got]) {
    let id = |at: usize| sent[at].id().to_owned();
    let first = id(0);
    let without: Vec<_> = sent.iter().filter(|got| got.id() != first).cloned().collect();
    assert!(!faults(expected, &without).0.is_empty(), "one is lost");
    let mut changed = sent[0].clone();
    changed.body["id"] = "another".into();
    let twice = [sent, &[changed.clone()]].concat();
    assert!(!faults(expected, &twice).0.is_empty(), "one has two ids");
    changed.body["to"] = "01000000000000".into();
    let made_up = [sent, &[changed]].concat();
    assert!(!faults(expected, &made_up).0.is_empty(), "one was never committed");
    let cancelled = sent.iter().find(|got| got.text().contains("취소")).expect("a cancellation");
    let booked = sent.iter().find(|got| got.to() == cancelled.to()).expect("its booking");
    let late = [sent, std::slice::from_ref(booked)].concat();
    assert!(!faults(expected, &late).0.is_empty(), "one comes again after the next");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_is_lost_or_made_up_however_often_the_service_is_killed() {
    survive(1_440, Kills::Each(250)).await;
}

/// `cargo test --release --test it hundred_thousand -- --ignored --nocapture`, with a PostgreSQL as
/// scripts/with-postgres makes it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a quarter of an hour"]
async fn a_hundred_thousand_messages_survive_a_kill_every_five_seconds() {
    survive(70_000, Kills::Seconds(5)).await;
}
