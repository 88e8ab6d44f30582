//! A step is answered when no booking from before it can still be written.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::verified;
use crate::{
    support::{Made, TestApp, World},
    transaction::counted,
};

/// Whoever writes a booking waits, within their transaction, for as long as this lock is held.
const GATE: &str = "
    create function wait_at_gate() returns trigger language plpgsql as $$
    begin
        while not pg_try_advisory_xact_lock_shared(42) loop perform pg_sleep(0.002); end loop;
        return null;
    end $$;
    create trigger gate after insert on booking for each statement execute function wait_at_gate()";

/// A step waits for bookings for two seconds. One that gives up sooner than this gives up too soon.
const PATIENCE: Duration = Duration::from_millis(1500);
/// A lane's statement is ended after six seconds, and its booking decided anew.
const GATE_MAX: Duration = Duration::from_secs(5);
const ROUNDS_MAX: usize = 5;

struct Gate(PgConnection);

impl Gate {
    async fn close(app: &TestApp) -> Self {
        for statement in GATE.split_inclusive("end $$;") {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&app.db).await.unwrap();
        }
        let mut own = app.db.acquire().await.unwrap().detach();
        sqlx::query("select pg_advisory_lock(42)").execute(&mut own).await.unwrap();
        Self(own)
    }

    async fn open(self) {
        self.0.close().await.unwrap();
    }
}

async fn holds(db: &PgPool, condition: &'static str) {
    let looking = async {
        while !sqlx::query_scalar::<_, bool>(condition).fetch_one(db).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.expect(condition);
}

const AT_GATE: &str = "select exists (select from pg_stat_activity
    where datname = current_database() and application_name like 'dosebook lane%'
        and query like '%batch::write%' and state = 'active')";

async fn world() -> (TestApp, Made) {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().people(4).make(&app.db).await;
    (app, made)
}

/// A step, and the status of its answer.
type Step = (Method, &'static str, Value, u16);

/// Takes the step while a booking is written that was decided before it. False where the machine is
/// so slow that the step gave up and said so, or the booking may have been decided anew.
async fn is_answered_after_the_booking((method, path, body, status): &Step) -> bool {
    let (app, made) = world().await;
    let admin = app.admin().await;
    let gate = Gate::close(&app).await;
    let closed = Instant::now();
    let citizen = app.citizen(&made.people[0]);
    let booked = made.booking(made.slot(0, 1, 0));
    let booking = tokio::spawn(async move { citizen.put_booking(Uuid::now_v7(), &booked).await });
    holds(&app.db, AT_GATE).await;
    let path = format!("/v1/admin/campaigns/{}{path}", made.campaign_id);
    let request = admin.request(method.clone(), &path).json(body);
    let step = tokio::spawn(async move {
        let since = Instant::now();
        (request.send().await, since.elapsed())
    });
    // It is done, everybody goes by it, and it has looked again for who does not.
    holds(&app.db, "select state <> 3 or rule_version > 1 from campaign").await;
    let looking = async {
        while counted(&app, "look for bookers", "committed").await < 2 && !step.is_finished() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.expect("looks");
    let is_early = step.is_finished();
    let rows = "select count(*) = 0 from booking";
    holds(&app.db, rows).await;
    gate.open().await;
    let is_late = closed.elapsed() > GATE_MAX;
    let (booking, (answer, took)) = (booking.await.unwrap(), step.await.unwrap());
    let gave_up = answer.status == 202 && answer.body["settled"] == false && took > PATIENCE;
    if is_late || gave_up {
        return false;
    }
    // The control: the booking is written after the step was done.
    booking.ok(201);
    assert!(!is_early, "{path}: it was answered before the booking: {}", answer.text());
    assert_eq!(answer.ok(*status).get("settled"), None);
    verified(&app).await;
    true
}

#[tokio::test]
async fn a_step_is_answered_after_the_last_booking_that_was_decided_before() {
    let cohort = json!({"name": "None", "born_from": "1900-01-01", "born_to": "1900-01-02"});
    let window = json!({"cancel_until_hours": 1});
    let steps: [Step; 4] = [
        (Method::POST, "/pause", json!({"reason": "A fault"}), 200),
        (Method::POST, "/close", json!({"reason": "It is over"}), 200),
        (Method::POST, "/cohorts", cohort, 201),
        (Method::PATCH, "", window, 200),
    ];
    for step in &steps {
        let mut rounds = 1;
        while !is_answered_after_the_booking(step).await {
            assert!(rounds < ROUNDS_MAX, "{}: this machine is too slow", step.1);
            rounds += 1;
        }
    }
}

#[tokio::test]
async fn a_step_that_cannot_wait_any_longer_says_so() {
    let (app, made) = world().await;
    let admin = app.admin().await;
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let gate = Gate::close(&app).await;
    let citizen = app.citizen(&made.people[0]);
    let booked = made.booking(made.slot(0, 1, 0));
    let booking = tokio::spawn(async move { citizen.put_booking(Uuid::now_v7(), &booked).await });
    holds(&app.db, AT_GATE).await;
    let paused = admin.post(&format!("{campaign}/pause"), &json!({"reason": "A fault"})).await;
    let paused = paused.ok(202);
    assert_eq!((&paused["settled"], &paused["state"]), (&json!(false), &json!("paused")));
    assert!(!booking.is_finished());
    gate.open().await;
    booking.await.unwrap().ok(201);
    // The control: with nobody at it, the next step is answered at once and in full.
    admin.post(&format!("{campaign}/open"), &json!({})).await.ok(200);
    let again = admin.post(&format!("{campaign}/pause"), &json!({"reason": "Again"})).await.ok(200);
    assert_eq!(again.get("settled"), None);
}

/// What begins after the step goes by it, and holds nobody up.
#[tokio::test]
async fn work_that_books_nothing_holds_no_step_up() {
    let (app, made) = world().await;
    let admin = app.admin().await;
    let mut other = app.db.begin().await.unwrap();
    let work = "select from allocation order by allocation_id for no key update";
    sqlx::query(work).execute(&mut *other).await.unwrap();
    sqlx::query("update clinic set phone = '02-111-1111'").execute(&mut *other).await.unwrap();
    let path = format!("/v1/admin/campaigns/{}/pause", made.campaign_id);
    admin.post(&path, &json!({"reason": "A fault"})).await.ok(200);
    other.rollback().await.unwrap();
}
