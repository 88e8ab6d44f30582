//! Crash tests of the clinic's day: `kill -9` of the service in the middle of closing a day and of
//! a batch of presses. What was not committed has not happened, what was acknowledged is there, and
//! the same presses again come to the same end.

use std::time::Duration;

use dosebook::flows::discrepancy::verify;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, PgPool, query_scalar};
use uuid::Uuid;

use crate::{
    support::{Client, TestApp, World, process::Service},
    visit::{Day, give},
};

const PEOPLE: usize = 12;

/// Holds rows back from a table while somebody has the lock 42: whoever writes has written the rest
/// by then.
fn gate(table: &str) -> String {
    format!(
        "create function gate() returns trigger language plpgsql as $$
         begin
             while not pg_try_advisory_xact_lock(42) loop perform pg_sleep(0.005); end loop;
             return null;
         end $$;
         create trigger gate before insert on {table} for each statement execute function gate()"
    )
}

/// A closed gate before the rows of a table.
struct Gate {
    conn: PgConnection,
    statement: &'static str,
}

impl Gate {
    async fn close(app: &TestApp, table: &str, statement: &'static str) -> Self {
        app.db.execute(sqlx::AssertSqlSafe(gate(table))).await.expect("a gate");
        let mut conn = PgConnection::connect_with(&app.database.options).await.expect("connected");
        conn.execute("select pg_advisory_lock(42)").await.expect("locked");
        Self { conn, statement }
    }

    /// Returns when so many transactions stand before the gate.
    async fn until(&mut self, count: i64) {
        let sql = "select count(*) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
                and query like '%' || $1 || '%'";
        let looking = async {
            let mut seen = -1;
            while seen != count {
                seen = query_scalar::<_, i64>(sql)
                    .bind(self.statement)
                    .fetch_one(&mut self.conn)
                    .await
                    .unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), looking).await.expect("it comes to hold");
    }

    /// Opens for good.
    async fn open(mut self, db: &PgPool) {
        self.conn.execute("select pg_advisory_unlock(42)").await.expect("open");
        self.until(0).await;
        db.execute("drop function gate cascade").await.expect("no gate");
    }
}

/// All that a crash could tear: counters, states, journal, steps, accounts.
async fn whole(db: &PgPool) -> Vec<String> {
    let sql = "select to_jsonb(a)::text from allocation a
        union all select to_jsonb(b)::text from booking b
        union all select to_jsonb(m)::text from movement m
        union all select to_jsonb(v)::text from visit_step v
        union all select to_jsonb(s)::text from slot s
        union all select to_jsonb(p)::text from pool p
        union all select to_jsonb(d)::text from clinic_day_close d";
    let mut rows: Vec<String> = query_scalar(sql).fetch_all(db).await.unwrap();
    rows.sort_unstable();
    rows
}

async fn day() -> (Day, tempfile::TempDir, Service) {
    let world = World::new().clinics(1).days(3).seats(20).doses(20).people(20);
    let day = Day::begin_in(world.cancel_until_hours(0), PEOPLE).await;
    let folder = tempfile::tempdir().expect("a folder");
    let service = Service::on(&day.app.database, folder.path());
    (day, folder, service)
}

fn closing(day: &Day, by: &Client) -> impl Future<Output = Option<u16>> + use<> {
    let path = format!("/v1/clinics/{}/days", day.made.clinics[0]);
    let (by, db) = (by.clone(), day.app.db.clone());
    async move {
        let sql = "select (now() at time zone 'Asia/Seoul')::date::text";
        let date: String = query_scalar(sql).fetch_one(&db).await.unwrap();
        let path = format!("{path}/{date}/close");
        let request = by.request(reqwest::Method::POST, &path).header("if-match", "*");
        request.json(&json!({})).try_send().await.ok().map(|answer| answer.status)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_that_the_service_dies_in_has_not_happened() {
    let (day, folder, mut service) = day().await;
    for person in 0..6 {
        day.step(person, json!({ "step": "arrive" })).await;
        day.step(person, give()).await;
    }
    let before = whole(&day.app.db).await;
    let mut gate = Gate::close(&day.app, "clinic_day_close", "day_close::insert").await;
    let cut_off = tokio::spawn(closing(&day, &day.staff.clone().at(&service.url)));
    gate.until(1).await;
    service.kill();
    assert_eq!(cut_off.await.unwrap(), None, "nobody was told anything");
    gate.open(&day.app.db).await;
    assert_eq!(whole(&day.app.db).await, before);
    day.assert_sound().await;

    let service = Service::on(&day.app.database, folder.path());
    let staff = day.staff.clone().at(&service.url);
    assert_eq!(closing(&day, &staff).await, Some(200));
    assert_ne!(whole(&day.app.db).await, before, "the control");
    let seen = staff.get(&day.path(7)).await.ok(200);
    assert_eq!(seen["booking"]["state"], "no_show");
    day.assert_sound().await;
}

async fn press(day: &Day, url: &str, (person, id, body): (usize, Uuid, &Value)) -> Option<u16> {
    let path = format!("{}/steps/{id}", day.path(person));
    let request = day.staff.clone().at(url).request(reqwest::Method::PUT, &path).json(body);
    request.try_send().await.ok().map(|answer| answer.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_presses_that_the_service_dies_in_has_not_happened() {
    let (day, folder, mut service) = day().await;
    for person in 0..PEOPLE {
        day.step(person, json!({ "step": "arrive" })).await;
    }
    let ids: Vec<_> = (0..PEOPLE).map(|_| Uuid::now_v7()).collect();
    let before = whole(&day.app.db).await;
    let mut gate = Gate::close(&day.app, "visit_step", "visit::write").await;
    let body = give();
    let everybody = async |url: &str| {
        let presses = ids.iter().enumerate();
        join_all(presses.map(|(person, id)| press(&day, url, (person, *id, &body)))).await
    };
    let url = service.url.clone();
    let kill = async {
        gate.until(1).await;
        service.kill();
    };
    let (cut_off, ()) = tokio::join!(everybody(&url), kill);
    assert_eq!(cut_off, vec![None; PEOPLE], "nobody was told anything");
    gate.open(&day.app.db).await;
    assert_eq!(whole(&day.app.db).await, before);
    day.assert_sound().await;

    let service = Service::on(&day.app.database, folder.path());
    let done = everybody(&service.url).await;
    assert_eq!(done, vec![Some(201); PEOPLE]);
    assert_eq!(everybody(&service.url).await, vec![Some(200); PEOPLE], "the same presses again");
    assert_eq!(day.doses().await, [20 - PEOPLE as i32, 0, 0, PEOPLE as i32, 0]);
    day.assert_sound().await;
}

/// Presses one after the other until the service is killed under them: what was acknowledged is a
/// replay afterwards, and the rest is done then.
#[tokio::test(flavor = "multi_thread")]
async fn presses_that_were_acknowledged_survive_the_service() {
    let (day, folder, mut service) = day().await;
    let url = service.url.clone();
    let arrive = json!({ "step": "arrive" });
    let ids: Vec<_> = (0..PEOPLE).map(|_| Uuid::now_v7()).collect();
    let (told, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    let desks = (0..3).map(|desk| {
        let (day, url, ids, arrive, told) = (&day, &url, &ids, &arrive, told.clone());
        async move {
            for person in (desk..PEOPLE).step_by(3) {
                if press(day, url, (person, ids[person], arrive)).await != Some(201) {
                    return;
                }
                told.send(person).expect("somebody listens");
            }
        }
    });
    let kill = async {
        let mut kept = Vec::new();
        while kept.len() < 4 {
            kept.push(acknowledged.recv().await.expect("presses before it is killed"));
        }
        service.kill();
        kept
    };
    let (_, mut kept) = tokio::join!(join_all(desks), kill);
    while let Ok(person) = acknowledged.try_recv() {
        kept.push(person);
    }
    let service = Service::on(&day.app.database, folder.path());
    for (person, id) in ids.iter().enumerate() {
        let status = press(&day, &service.url, (person, *id, &arrive)).await.expect("an answer");
        let is_kept = kept.contains(&person);
        assert!(status == 200 || !is_kept && status == 201, "{person}: {status} {kept:?}");
    }
    let here: i64 = query_scalar("select count(*) from booking where arrived_at is not null")
        .fetch_one(&day.app.db)
        .await
        .unwrap();
    assert_eq!(here, PEOPLE as i64);
    assert_eq!(verify(&day.app.app.db).await.unwrap(), []);
}
