//! Crash tests: `kill -9` of the service and of its PostgreSQL while people book. Acknowledged
//! bookings are there afterwards, a request sent again is done once, and the ledger is sound. Real
//! processes, durable settings.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use dosebook::{
    db::Db,
    domain::{keys::Keys, session},
    flows::discrepancy::verify,
    postgres::{Durability, Private},
};
use futures_util::future::join_all;
use sqlx::PgPool;
use tokio::{
    sync::mpsc,
    time::{Instant, interval, timeout},
};
use uuid::Uuid;

use crate::support::{
    Client, Made, World,
    app::SECRET,
    process::{Service, kill_9},
};

const PEOPLE: u32 = 600;
/// Each books for its share of the people, one after the other.
const CLIENTS: usize = 20;
/// The kill comes when this many bookings have been acknowledged.
const BOOKED_BEFORE_KILL: usize = 150;
/// Everything is over within this time, or the test fails.
const TEST_SECONDS_MAX: Duration = Duration::from_secs(90);

/// A folder with a private PostgreSQL. The test holds the server too, to look inside.
struct Setup {
    folder: tempfile::TempDir,
    postgres: Private,
    db: PgPool,
    made: Made,
    ids: Vec<Uuid>,
}

impl Setup {
    async fn new() -> (Self, Service) {
        let folder = tempfile::tempdir().expect("a folder");
        // The first start makes database and schema.
        let service = Service::private(folder.path());
        let postgres = Private::start(folder.path(), None, Durability::Durable).await.unwrap();
        let db = PgPool::connect_with(postgres.superuser_options("dosebook")).await.unwrap();
        let made = World::new().clinics(6).doses(200).seats(200).people(PEOPLE).make(&db).await;
        let ids = made.people.iter().map(|_| Uuid::now_v7()).collect();
        (Self { folder, postgres, db, made, ids }, service)
    }

    fn client(&self, url: &str, person: usize) -> Client {
        let expires_at = Utc::now() + TimeDelta::hours(1);
        let keys = Keys::new(&SECRET);
        let person_id = self.made.people[person].person_id;
        let token = session::citizen_token(&keys, person_id, expires_at);
        Client::new(url, Some(token), reqwest::Client::new())
    }

    fn body(&self, person: usize) -> serde_json::Value {
        self.made.booking(self.made.slots[person % self.made.slots.len()])
    }

    /// Sends everybody's booking, and again until it is acknowledged. Gives the statuses.
    async fn insist(&self, url: &str) -> Vec<u16> {
        let everybody = (0..self.ids.len()).map(|person| async move {
            let (client, body) = (self.client(url, person), self.body(person));
            let path = format!("/v1/bookings/{}", self.ids[person]);
            let mut pace = interval(Duration::from_millis(250));
            loop {
                pace.tick().await;
                let request = client.request(reqwest::Method::PUT, &path).json(&body);
                match request.try_send().await {
                    Ok(answer) if answer.status < 300 => return answer.status,
                    Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                    Err(_hung_up) => {}
                }
            }
        });
        timeout(TEST_SECONDS_MAX, join_all(everybody)).await.expect("everybody is served in time")
    }

    async fn is_sound(&self) {
        let db = Db::new(self.postgres.app_options(), 1);
        assert_eq!(verify(&db).await.unwrap(), []);
        let booked: Vec<(Uuid, i64)> =
            sqlx::query_as("select booking_id, person_id from booking where state = 1")
                .fetch_all(&self.db)
                .await
                .unwrap();
        assert_eq!(booked.len(), self.ids.len(), "everybody once");
        let expected = self.ids.iter().zip(&self.made.people);
        let mut expected: Vec<_> = expected.map(|(id, who)| (*id, who.person_id.0)).collect();
        let mut booked = booked;
        expected.sort_unstable();
        booked.sort_unstable();
        assert_eq!(booked, expected);
    }

    async fn end(self) {
        self.db.close().await;
        self.postgres.stop().await.unwrap();
        self.folder.close().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_the_service() {
    let (setup, mut service) = Setup::new().await;
    let setup = Arc::new(setup);
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let mut clients = Vec::new();
    for first in 0..CLIENTS {
        let (setup, url, acknowledge) = (setup.clone(), service.url.clone(), acknowledge.clone());
        clients.push(tokio::spawn(async move {
            for person in (first..setup.ids.len()).step_by(CLIENTS) {
                let client = setup.client(&url, person);
                let path = format!("/v1/bookings/{}", setup.ids[person]);
                let request = client.request(reqwest::Method::PUT, &path).json(&setup.body(person));
                match request.try_send().await {
                    Ok(answer) if answer.status == 201 => drop(acknowledge.send(person)),
                    _ => return,
                }
            }
        }));
    }
    drop(acknowledge);
    let mut kept = Vec::new();
    while kept.len() < BOOKED_BEFORE_KILL {
        kept.push(acknowledged.recv().await.expect("the service books before it is killed"));
    }
    service.kill();
    for client in clients {
        client.await.unwrap();
    }
    while let Some(person) = acknowledged.recv().await {
        kept.push(person);
    }
    assert!(kept.len() < setup.ids.len(), "the kill came under load");

    let service = Service::private(setup.folder.path());
    for &person in &kept {
        let path = format!("/v1/bookings/{}", setup.ids[person]);
        let booking = setup.client(&service.url, person).get(&path).await.ok(200);
        assert_eq!(booking["state"], "booked");
    }
    let statuses = setup.insist(&service.url).await;
    assert!(kept.iter().all(|&person| statuses[person] == 200), "a replay, not a new booking");
    assert!(statuses.contains(&201), "what was not done is done now: the control");
    setup.is_sound().await;
    drop(service);
    Arc::into_inner(setup).expect("nobody else looks").end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_its_postgresql() {
    let (setup, service) = Setup::new().await;
    let booking = setup.insist(&service.url);
    let kill = async {
        let started = Instant::now();
        let mut look = interval(Duration::from_millis(5));
        loop {
            look.tick().await;
            assert!(started.elapsed() < TEST_SECONDS_MAX, "nobody books");
            let sql = "select count(*) from booking";
            let booked: i64 = sqlx::query_scalar(sql).fetch_one(&setup.db).await.unwrap();
            if booked as usize >= BOOKED_BEFORE_KILL {
                break;
            }
        }
        kill_postmaster(&setup.db).await;
    };
    let (statuses, ()) = tokio::join!(booking, kill);
    assert_eq!(statuses.len(), setup.ids.len());
    let again = setup.insist(&service.url).await;
    assert!(again.iter().all(|&status| status == 200), "every id answers as a replay");
    setup.is_sound().await;
    drop(service);
    setup.end().await;
}

/// The server's process, from the inside; its backends die with it.
pub async fn kill_postmaster(db: &PgPool) {
    let file: String =
        sqlx::query_scalar("select pg_read_file('postmaster.pid')").fetch_one(db).await.unwrap();
    kill_9(file.lines().next().expect("a process id"));
}
