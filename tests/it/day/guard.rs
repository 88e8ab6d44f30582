//! Every door to a closed day.

use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::{Stage, world};
use crate::import::lock::until_it_waits;

async fn closed() -> Stage {
    let mut stage = Stage::set(world()).await;
    stage.move_slots(0, "2 hours").await;
    stage.close(&json!({})).await.ok(200);
    stage
}

fn cause(problem: &Value) -> &str {
    problem["cause"].as_str().unwrap()
}

#[tokio::test]
async fn nothing_is_booked_and_no_dose_moves_on_a_closed_day() {
    let stage = closed().await;
    let citizen = stage.app.citizen(&stage.made.people[0]);
    let slot = stage.made.slot(0, 1, 0);
    let booking = citizen.put_booking(Uuid::now_v7(), &stage.made.booking(slot)).await;
    booking.problem(409, "slot_closed");
    for action in ["withhold", "offer_again", "waste", "correct_waste"] {
        let refused = stage.doses(action, 1).await.problem(409, "wrong_state");
        assert_eq!(cause(&refused), "day_accounted", "{action}");
    }
    stage.reopen(&stage.staff).await.ok(200);
    citizen.put_booking(Uuid::now_v7(), &stage.made.booking(slot)).await.ok(201);
    stage.is_sound().await;
}

#[tokio::test]
async fn no_dose_is_granted_to_a_closed_day() {
    let stage = closed().await;
    let row = stage.allocation().allocation_id;
    let (grants, body) =
        (format!("/v1/admin/allocations/{row}/grants"), json!({ "doses": 10, "reason": "x" }));
    let refused = stage.admin.post(&grants, &body).await;
    assert_eq!(cause(&refused.blames(422, "invalid_field", "on_date")), "day_accounted");
    let pool: i32 = query_scalar("select pool_id from allocation where allocation_id = $1")
        .bind(row.0)
        .fetch_one(&stage.app.db)
        .await
        .unwrap();
    let made = &stage.made;
    let new = json!({
        "clinic_id": made.clinics[0], "campaign_id": made.campaign_id, "channel": 3,
        "product_id": made.product_id, "on_date": stage.date, "pool_id": pool, "doses": 10,
        "reason": "x",
    });
    let refused = stage.admin.post("/v1/admin/allocations", &new).await;
    assert_eq!(cause(&refused.blames(422, "invalid_field", "on_date")), "day_accounted");
    stage.reopen(&stage.admin).await.ok(200);
    stage.is_sound().await;
}

/// It has looked at the day, and waits for its pool while the day is closed.
#[tokio::test]
async fn a_grant_that_waits_while_the_day_is_closed_is_refused() {
    for is_closed in [true, false] {
        let mut stage = Stage::set(world()).await;
        stage.move_slots(0, "2 hours").await;
        let fill = "update pool set received = received + 10, open = open + 10";
        query(fill).execute(&stage.app.db).await.unwrap();
        let mut holder = stage.app.db.begin().await.unwrap();
        query("select from pool for no key update").execute(&mut *holder).await.unwrap();
        let asked = tokio::spawn({
            let admin = stage.admin.clone();
            let row = stage.allocation().allocation_id;
            let body = json!({ "doses": 10, "reason": "x" });
            async move { admin.post(&format!("/v1/admin/allocations/{row}/grants"), &body).await }
        });
        until_it_waits(&stage.app.db, "pool::lock").await;
        if is_closed {
            let sql = "insert into clinic_day_close (clinic_id, on_date, expected, given,
                    not_vaccinated, no_shows, cancelled, not_recorded, walk_ins, granted, lost,
                    returned, kept)
                values ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)";
            let close = query(sql).bind(stage.made.clinics[0].0).bind(stage.date);
            close.execute(&stage.app.db).await.unwrap();
        }
        holder.rollback().await.unwrap();
        let answer = asked.await.unwrap();
        match is_closed {
            true => {
                let refused = answer.blames(422, "invalid_field", "on_date");
                assert_eq!(cause(&refused), "day_accounted");
            }
            false => drop(answer.ok(200)),
        }
    }
}

#[tokio::test]
async fn slots_of_a_closed_day_stay_closed() {
    let stage = closed().await;
    let clinic = stage.made.clinics[0];
    let open = "select count(*) from slot where not is_closed and on_date = (
                    select min(on_date) from clinic_day_close)";
    assert_eq!(stage.number(open).await, 0);
    let slots = format!("/v1/admin/clinics/{clinic}/slots");
    let now: chrono::DateTime<chrono::Utc> =
        query_scalar("select starts_at + interval '1 minute' from slot where slot_id = $1")
            .bind(stage.made.slot(0, 1, 1).slot_id.0)
            .fetch_one(&stage.app.db)
            .await
            .unwrap();
    let is_today = now.with_timezone(&crate::support::make::ZONE).date_naive() == stage.date;
    let window = json!({ "slots": [{
        "starts_at": now, "ends_at": now + chrono::TimeDelta::hours(1), "seats": 5 }] });
    let added = stage.admin.post(&slots, &window).await;
    // Two hours from now may be tomorrow: then it is another day's slot, and overlaps one.
    if is_today {
        assert_eq!(cause(&added.problem(409, "wrong_state")), "day_accounted");
    }
    let hours = format!("/v1/admin/clinics/{clinic}/hours/{}", stage.date);
    let body =
        json!({ "opens": "09:00", "closes": "17:00", "slot_minutes": 30, "seats_per_slot": 5 });
    let refused = stage.admin.put(&hours, &body).await;
    assert_eq!(cause(&refused.problem(409, "wrong_state")), "day_accounted");
    // A closure that is taken back opens no slot.
    let closure = format!("/v1/admin/clinics/{clinic}/closures/{}", stage.date);
    stage.admin.put(&closure, &json!({ "reason": "snow" })).await.ok(200);
    let refused = stage.admin.delete(&closure).await;
    assert_eq!(cause(&refused.problem(409, "wrong_state")), "day_accounted");
    assert_eq!(stage.number(open).await, 0);
    stage.reopen(&stage.admin).await.ok(200);
    assert_eq!(stage.number("select count(*) from slot where is_closed").await, 2, "the closure");
    assert_eq!(stage.admin.delete(&closure).await.status, 204);
    assert_eq!(stage.number("select count(*) from slot where is_closed").await, 0);
}
