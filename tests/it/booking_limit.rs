//! A person books and cancels no more often on one day than the campaign says.

use dosebook::domain::batch::{Decide, Decision, Locked, Request, decide};
use serde_json::{Value, json};
use sqlx::Executor;
use uuid::Uuid;

use crate::support::{Answer, Client, Made, TestApp, World};

async fn world(per_day: i16) -> (TestApp, Made) {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().people(3).clinics(2).cancel_until_hours(0).make(&app.db).await;
    let path = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let body = json!({"bookings_per_day": per_day});
    let admin = app.admin().await;
    let changed = admin.request(reqwest::Method::PATCH, &path).json(&body).send().await.ok(200);
    assert_eq!(changed["bookings_per_day"], per_day);
    (app, made)
}

async fn book(citizen: &Client, made: &Made, n: usize) -> (Uuid, Answer) {
    let id = Uuid::now_v7();
    let slot = made.slot(n % 2, 1, 0);
    (id, citizen.put_booking(id, &made.booking(slot)).await)
}

async fn pair(citizen: &Client, made: &Made, n: usize) -> Uuid {
    let (id, booked) = book(citizen, made, n).await;
    booked.ok(201);
    citizen.delete_booking(id).await.ok(200);
    id
}

#[tokio::test]
async fn who_has_booked_and_cancelled_as_often_as_a_day_allows_is_told_when_to_come_back() {
    let (app, made) = world(3).await;
    let citizen = app.citizen(&made.people[0]);
    for n in 0..3 {
        pair(&citizen, &made, n).await;
    }
    let (_, refused) = book(&citizen, &made, 0).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    let refused = refused.problem(429, "too_many_requests");
    assert_eq!(
        (&refused["cause"], &refused["facts"]["bookings_max"]),
        (&json!("bookings_of_day"), &json!(3))
    );
    let again: chrono::DateTime<chrono::Utc> =
        refused["facts"]["again_at"].as_str().unwrap().parse().unwrap();
    let seoul = again.with_timezone(&chrono_tz::Asia::Seoul);
    assert_eq!(seoul.time(), chrono::NaiveTime::MIN, "midnight at the clinic");
    assert!(wait <= 86_401);
    // The controls: others are not held up, and the next day is another one.
    book(&app.citizen(&made.people[1]), &made, 0).await.1.ok(201);
    let sql = "update booking set booked_at = booked_at - interval '1 day',
        ended_at = ended_at - interval '1 day' where state = 3";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    pair(&citizen, &made, 0).await;
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn staff_can_book_for_who_has_reached_the_limit_and_their_cancelling_counts_for_nobody() {
    let (app, made) = world(1).await;
    let citizen = app.citizen(&made.people[0]);
    let (id, booked) = book(&citizen, &made, 0).await;
    booked.ok(201);
    // Cancelled by the administration: that is no fault of the person's.
    sqlx::query(
        "with own as (update booking set state = 3, ended_at = now() where booking_id = $1)
         insert into booking_cancellation (booking_id, staff_user_id, reason)
         select $1, staff_user_id, 'A fault' from staff_user limit 1",
    )
    .bind(id)
    .execute(&app.db)
    .await
    .unwrap();
    let marked = "update person set is_limited = true where person_id = $1";
    sqlx::query(marked).bind(made.people[0].person_id.0).execute(&app.db).await.unwrap();
    let (id, booked) = book(&citizen, &made, 1).await;
    booked.ok(201);
    citizen.delete_booking(id).await.ok(200);
    book(&citizen, &made, 1).await.1.problem(429, "too_many_requests");
}

#[tokio::test]
async fn the_limit_is_public_and_within_bounds() {
    let (app, made) = world(4).await;
    app.refresh().await;
    let listed = app.public().get("/v1/campaigns").await.ok(200);
    assert_eq!(listed["campaigns"][0]["bookings_per_day"], 4);
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}", made.campaign_id);
    for bad in [0, 101, -1] {
        let body = json!({"bookings_per_day": bad});
        let answer = admin.request(reqwest::Method::PATCH, &path).json(&body).send().await;
        answer.blames(422, "invalid_field", "bookings_per_day");
    }
}

#[tokio::test]
async fn what_is_live_stands_first_however_many_have_ended() {
    let (app, made) = world(100).await;
    let citizen = app.citizen(&made.people[0]);
    let (live, booked) = book(&citizen, &made, 0).await;
    booked.ok(201);
    // Cancelled later than the live one was made.
    sqlx::query(
        "insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
             dose_number, state, slot_id, allocation_id, rule_version, booked_at, ended_at)
         select gen_random_uuid(), person_id, campaign_id, product_id, course_id, dose_number, 3,
             slot_id, allocation_id, rule_version, booked_at + n * interval '1 second',
             booked_at + n * interval '1 second'
         from booking, generate_series(1, 30) n",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let mut seen: Vec<Value> = Vec::new();
    let mut path = "/v1/bookings?limit=7".to_owned();
    loop {
        let page = citizen.get(&path).await.ok(200);
        seen.extend(page["bookings"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_after"].as_str() else { break };
        path = format!("/v1/bookings?limit=7&after={next}");
    }
    assert_eq!(seen[0]["booking_id"], json!(live));
    assert_eq!(seen.len(), 31, "whole");
    let mut ids: Vec<_> = seen.iter().map(|one| one["booking_id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 31, "each once");
    let ended = seen[1..].iter().map(|one| one["booked_at"].as_str().unwrap());
    assert!(ended.is_sorted_by(|a, b| a >= b), "newest first");
}

/// As if the mark that says whose bookings are counted was never seen.
fn unmarked(mut locked: Locked, requests: &[Request]) -> Decision {
    for person in locked.people.values_mut() {
        person.is_limited = false;
    }
    decide(locked, requests)
}

/// The answer to a booking that is decided while the last cancellation of the day commits: its
/// transaction has begun by then, and reads bookings only afterwards.
async fn beside_the_last_cancellation(decide: Decide) -> u16 {
    let app = TestApp::with().lanes(1).decide(decide).start().await;
    let made = World::new().people(3).clinics(2).cancel_until_hours(0).make(&app.db).await;
    let one = "update campaign set bookings_per_day = 1";
    sqlx::query(one).execute(&app.db).await.unwrap();
    let citizen = app.citizen(&made.people[0]);
    let (id, booked) = book(&citizen, &made, 0).await;
    booked.ok(201);
    // What a lane writes for the cancellation, by hand, so that it commits just when it must.
    let mut other = app.db.begin().await.unwrap();
    other.execute("lock table booking in access exclusive mode").await.unwrap();
    let cancelled = "update booking set state = 3, ended_at = now() where booking_id = $1";
    sqlx::query(cancelled).bind(id).execute(&mut *other).await.unwrap();
    let counted = "update person set is_limited = true where person_id = $1";
    sqlx::query(counted).bind(made.people[0].person_id.0).execute(&mut *other).await.unwrap();
    let body = made.booking(made.slot(1, 1, 0));
    let booking = tokio::spawn(async move { citizen.put_booking(Uuid::now_v7(), &body).await });
    waits_in(&app, "locked::look").await;
    other.commit().await.unwrap();
    booking.await.unwrap().status
}

/// Returns once a lane waits for a lock in this statement.
async fn waits_in(app: &TestApp, statement: &str) {
    let waiting = "select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
            and query like '/* ' || $1 || '%')";
    loop {
        let waits = sqlx::query_scalar(waiting).bind(statement).fetch_one(&app.db).await;
        if waits.unwrap() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_booking_that_is_decided_beside_the_last_cancellation_counts_it() {
    assert_eq!(beside_the_last_cancellation(decide).await, 429);
    assert_eq!(beside_the_last_cancellation(unmarked).await, 201, "the control");
}

#[tokio::test]
async fn the_last_cancellation_waits_until_it_can_be_counted() {
    let (app, made) = world(1).await;
    let citizen = app.citizen(&made.people[0]);
    let (id, booked) = book(&citizen, &made, 0).await;
    booked.ok(201);
    // The control: who else cancels is not held up.
    let mut holder = app.db.begin().await.unwrap();
    let sql = "select from person where person_id = $1 for update";
    sqlx::query(sql).bind(made.people[0].person_id.0).execute(&mut *holder).await.unwrap();
    let cancelling = {
        let citizen = app.citizen(&made.people[0]);
        tokio::spawn(async move { citizen.delete_booking(id).await })
    };
    waits_in(&app, "visit::lock_people").await;
    pair(&app.citizen(&made.people[1]), &made, 1).await;
    assert!(!cancelling.is_finished());
    holder.rollback().await.unwrap();
    cancelling.await.unwrap().ok(200);
    book(&citizen, &made, 0).await.1.problem(429, "too_many_requests");
}
