//! Merges and marks beside bookings that are being made, and beside each other: nothing is left on
//! a person who is nobody any more.

use std::time::Duration;

use chrono::Utc;
use dosebook::flows;
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, query, query_scalar};
use uuid::Uuid;

use super::{
    merge::{holder, left_behind, merge},
    person::{book, path},
    verified,
};
use crate::support::{Client, Made, TestApp, World, make};

/// Lets no booking be written while somebody holds the lock 42: a lane has decided by then.
const GATE: &str = "
    create function gate() returns trigger language plpgsql as $$
    begin
        while not pg_try_advisory_xact_lock(42) loop perform pg_sleep(0.005); end loop;
        return null;
    end $$;
    create trigger gate before insert on booking for each statement execute function gate()";

/// A closed gate before the writing of bookings.
struct Gate(PgConnection);

impl Gate {
    async fn close(app: &TestApp) -> Self {
        app.db.execute(GATE).await.expect("a gate");
        let mut conn = PgConnection::connect_with(&app.database.options).await.expect("connected");
        conn.execute("select pg_advisory_lock(42)").await.expect("locked");
        Self(conn)
    }

    /// Returns when a lane has decided and stands before the gate.
    async fn reached(&mut self) {
        self.see(
            "select exists (select from pg_stat_activity
             where datname = current_database() and query like '%batch::write%'
                 and wait_event = 'PgSleep')",
        )
        .await;
    }

    /// Returns when the answer is yes.
    async fn see(&mut self, question: &'static str) {
        let looking = async {
            while !query_scalar::<_, bool>(question).fetch_one(&mut self.0).await.expect("seen") {}
        };
        tokio::time::timeout(Duration::from_secs(60), looking).await.expect("it comes to hold");
    }

    async fn open(mut self) {
        self.0.execute("select pg_advisory_unlock(42)").await.expect("open");
    }
}

#[tokio::test]
async fn a_booking_that_was_decided_before_the_merge_and_written_after_it_began_is_not_left_behind()
{
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) = (app.citizen(from), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let merging = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where sealed_at is not null)").await;
            let merged: i64 =
                query_scalar("select count(*) from person where merged_into is not null")
                    .fetch_one(&mut gate.0)
                    .await
                    .unwrap();
            assert_eq!(merged, 0, "the merge waits for the booking");
            // Whoever comes now is told to come again.
            let late = made.booking(made.slot(1, 1, 0));
            let late = app.citizen(from).put_booking(Uuid::now_v7(), &late).await;
            late.problem(503, "unavailable");
            gate.open().await;
        };
        tokio::join!(merge(&admin, from, into), opening).0
    };
    let (booked, merged) = tokio::join!(citizen.put_booking(id, &body), merging);
    booked.ok(201);
    assert_eq!(merged.ok(200)["booking_ids"], json!([id]));
    assert_eq!(holder(&app, id).await, into.person_id.0);
    assert_eq!(left_behind(&app).await, (0, 0));
    verified(&app).await;
}

#[tokio::test]
async fn without_the_wait_the_same_booking_is_left_behind_and_verify_sees_it() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) = (app.citizen(from), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let merging = async {
        gate.reached().await;
        let mut conn = app.db.acquire().await.unwrap();
        dosebook::db::merge::move_rest(&mut conn, from.into(), into.into()).await.unwrap();
        dosebook::db::merge::move_bookings(&mut conn, from.into(), into.into()).await.unwrap();
        gate.open().await;
    };
    let (booked, ()) = tokio::join!(citizen.put_booking(id, &body), merging);
    booked.ok(201);
    assert_eq!(holder(&app, id).await, from.person_id.0);
    assert_eq!(left_behind(&app).await, (1, 0));
    let found = flows::discrepancy::verify(&app.app.db).await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.of.as_str(), one.id.as_str())).collect();
    assert_eq!(found, [("booking.merged", id.to_string().as_str())]);
}

#[tokio::test]
async fn a_booking_of_the_other_person_in_between_is_seen_and_both_are_named() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let first = book(&app, &made, from, 2).await;
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) = (app.citizen(into), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let merging = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where sealed_at is not null)").await;
            gate.open().await;
        };
        tokio::join!(merge(&admin, from, into), opening).0
    };
    let (booked, merged) = tokio::join!(citizen.put_booking(id, &body), merging);
    booked.ok(201);
    let refused = merged.problem(409, "booked_twice");
    assert_eq!(refused["same_doses"][0]["booking_id"], json!(first));
    assert_eq!(refused["same_doses"][0]["other_booking_id"], json!(id));
    assert_eq!(left_behind(&app).await, (0, 0), "the seal is lifted");
    verified(&app).await;
}

#[tokio::test]
async fn a_booking_under_way_when_a_mark_is_set_is_among_those_that_are_listed() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let person = &made.people[0];
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) =
        (app.citizen(person), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let marking = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where mark is not null)").await;
            gate.open().await;
        };
        let body = json!({ "mark": "deceased", "reason": "x", "cancel_bookings": true });
        let path = path(person, "/mark");
        tokio::join!(admin.post(&path, &body), opening).0
    };
    let (booked, marked) = tokio::join!(citizen.put_booking(id, &body), marking);
    booked.ok(201);
    let marked = marked.ok(200);
    assert_eq!(marked["bookings"][0]["booking"]["booking_id"], json!(id));
    assert_eq!(marked["bookings"][0]["booking"]["state"], "cancelled");
    verified(&app).await;
}

#[tokio::test]
async fn of_two_merges_in_opposite_directions_one_is_done() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    for pair in made.people.chunks(2) {
        let [a, b] = pair else { break };
        let (there, back) = tokio::join!(merge(&admin, a, b), merge(&admin, b, a));
        let mut statuses = [there.status, back.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", there.text(), back.text());
        let refused = if there.status == 409 { there } else { back };
        refused.problem(409, "person_merged");
    }
    assert_eq!(left_behind(&app).await, (0, 0));
    verified(&app).await;
}

#[tokio::test]
async fn the_same_merge_twice_at_once_is_done_once() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let [a, b, c] = [0, 1, 2].map(|n| &made.people[n]);
    let answers = join_all([merge(&admin, a, b), merge(&admin, a, b), merge(&admin, a, c)]).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 200) {
        refused.problem(409, "person_merged");
    }
    verified(&app).await;
}

#[tokio::test]
async fn a_seal_whose_merge_is_gone_is_lifted_and_a_slow_merge_finds_out() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let seal = async |age: &str| {
        let sql = "update person set sealed_at = clock_timestamp() - $2::interval
                   where person_id = $1";
        let sql = sqlx::AssertSqlSafe(sql.replace("$2", &format!("'{age}'")));
        query(sql).bind(from.person_id.0).execute(&app.db).await.expect("sealed");
    };
    let sweep = async || flows::sweep::sweep(&app.app.db, &app.app.clock).await.expect("swept");
    seal("30 seconds").await;
    sweep().await;
    let refused = merge(&admin, from, into).await.problem(409, "person_merged");
    assert_eq!(refused["cause"], "merge_under_way");
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(from).put_booking(Uuid::now_v7(), &body).await.problem(503, "unavailable");
    seal("2 minutes").await;
    sweep().await;
    app.citizen(from).put_booking(Uuid::now_v7(), &body).await.ok(201);

    // The merge waits for a booking; meanwhile its seal is taken away.
    let mut gate = Gate::close(&app).await;
    let (citizen, body) = (app.citizen(&made.people[2]), made.booking(made.slot(0, 2, 0)));
    let merging = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where sealed_at is not null)").await;
            query("update person set sealed_at = null").execute(&mut gate.0).await.unwrap();
            gate.open().await;
        };
        tokio::join!(merge(&admin, from, into), opening).0
    };
    let (booked, merged) = tokio::join!(citizen.put_booking(Uuid::now_v7(), &body), merging);
    booked.ok(201);
    merged.problem(503, "unavailable");
    assert_eq!(left_behind(&app).await, (0, 0));
    merge(&admin, from, into).await.ok(200);
    verified(&app).await;
}

/// What somebody does in a random run.
#[derive(Clone, Debug)]
enum Deed {
    Book { person: usize, clinic: usize, day: usize },
    Merge { from: usize, into: usize },
    Cancel { person: usize },
}

const PEOPLE: usize = 6;

fn deed() -> impl Strategy<Value = Deed> {
    let person = || 0..PEOPLE;
    prop_oneof![
        5 => (person(), 0..3_usize, 1..4_usize)
            .prop_map(|(person, clinic, day)| Deed::Book { person, clinic, day }),
        3 => (person(), person()).prop_map(|(from, into)| Deed::Merge { from, into }),
        1 => person().prop_map(|person| Deed::Cancel { person }),
    ]
}

async fn does(app: &TestApp, made: &Made, admin: &Client, deed: &Deed) -> (u16, String) {
    match *deed {
        Deed::Book { person, clinic, day } => {
            let citizen = app.citizen(&made.people[person]);
            let body = made.booking(made.slot(clinic, day, 0));
            let answer = citizen.put_booking(Uuid::now_v7(), &body).await;
            (answer.status, answer.code().to_owned())
        }
        Deed::Merge { from, into } => {
            let answer = merge(admin, &made.people[from], &made.people[into]).await;
            (answer.status, answer.code().to_owned())
        }
        Deed::Cancel { person } => {
            let citizen = app.citizen(&made.people[person]);
            let list = citizen.get("/v1/bookings").await;
            let first = list.body["bookings"][0]["booking_id"].as_str().map(str::to_owned);
            let Some(id) = first else { return (404, String::new()) };
            let answer = citizen.delete(&format!("/v1/bookings/{id}")).await;
            (answer.status, answer.code().to_owned())
        }
    }
}

/// All deeds at once, a few lanes, a few merges: whatever comes of it holds together.
async fn run(deeds: Vec<Deed>) {
    let app = TestApp::with().lanes(3).connections(8).start().await;
    let made = World::new().people(PEOPLE as u32).make(&app.db).await;
    let admin = app.admin().await;
    let began = Utc::now();
    let done = join_all(deeds.iter().map(|deed| does(&app, &made, &admin, deed))).await;
    for (deed, (status, code)) in deeds.iter().zip(&done) {
        let known = matches!(
            (status, code.as_str()),
            (200 | 201 | 401 | 404, _)
                | (403, "not_eligible")
                | (409, "already_booked" | "booking_ended" | "person_merged" | "booked_twice")
                | (409, "seat_taken" | "doses_exhausted")
                | (422, "invalid_field")
                | (503, "unavailable" | "overloaded")
        );
        assert!(known, "{deed:?}: {status} {code}");
    }
    assert_eq!(left_behind(&app).await, (0, 0), "{deeds:?}, began {began}");
    verified(&app).await;
    let booked = done.iter().filter(|(status, _)| *status == 201).count();
    let live: i64 = query_scalar("select count(*) from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(booked as i64, live, "what was promised is there");
}

#[test]
fn whatever_is_booked_and_merged_at_once_is_left_on_nobody() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut config = ProptestConfig::with_cases(8);
    config.failure_persistence = None;
    config.max_shrink_iters = 20;
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let deeds = proptest::collection::vec(deed(), 8..24);
    let done = runner.run(&deeds, |deeds| {
        runtime.block_on(run(deeds));
        Ok(())
    });
    done.expect("it holds together");
}
