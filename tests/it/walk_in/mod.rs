//! Doses without a booking, bookings that staff make for people, and whom they may look for.

mod assisted;
mod find;
mod given;
mod race;
mod role;

use dosebook::domain::{AllocationId, channel::Channel};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    support::{Answer, Client, Made, TestApp, World},
    visit::Day,
};

/// A day that has begun, at a clinic with seven doses, nobody booked, and a further slot to come.
async fn day() -> Day {
    Day::begin_in(World::new().clinics(2).days(3).cancel_until_hours(0), 0).await
}

/// The body of a walk-in of the person with this number.
fn walk_in(made: &Made, person: usize) -> Value {
    json!({
        "person_id": made.people[person].person_id,
        "campaign_id": made.campaign_id,
        "product_id": made.product_id,
        "site": "left_arm",
        "lot": "EW0182",
        "answers": ["identity", "screening"],
    })
}

/// Presses "given" for somebody without a booking.
async fn give(day: &Day, id: Uuid, body: &Value) -> Answer {
    let path = format!("/v1/clinics/{}/walk-ins/{id}", day.made.clinics[0]);
    day.staff.put(&path, body).await
}

/// The body of an assisted booking of the person with this number in the first slot of a day.
fn assisted(made: &Made, person: usize, at: usize) -> Value {
    json!({
        "person_id": made.people[person].person_id,
        "campaign_id": made.campaign_id,
        "product_id": made.product_id,
        "slot_id": made.slot(0, at, 0).slot_id,
        "reason": "Called; has no internet",
        "consent": "person",
    })
}

async fn assist(client: &Client, made: &Made, id: Uuid, body: &Value) -> Answer {
    client.put(&format!("/v1/clinics/{}/assisted-bookings/{id}", made.clinics[0]), body).await
}

/// Gives a clinic's day so many doses of another channel, with their journal.
async fn add_doses(
    db: &PgPool,
    like: AllocationId,
    (channel, doses): (Channel, i32),
) -> AllocationId {
    let id = AllocationId(like.0 + 5_000 + i64::from(channel.number()));
    let sql = "with made as (
            insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                tranche_id, channel, pool_id, granted, open)
            select $2, clinic_id, campaign_id, product_id, on_date, tranche_id, $3, pool_id, $4, $4
            from allocation where allocation_id = $1 returning pool_id),
        filled as (
            update pool p set received = received + $4, passed_on = passed_on + $4
            from made where p.pool_id = made.pool_id)
        insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
            to_pool_id, actor_role, reason)
        select 20, 0, 7, $4, null, null, pool_id, 4, 'fixture' from made
        union all select 22, 7, 1, $4, $2, pool_id, null, 4, 'fixture' from made";
    sqlx::query(sql)
        .bind(like.0)
        .bind(id.0)
        .bind(channel.number())
        .bind(doses)
        .execute(db)
        .await
        .expect("doses");
    id
}

/// Doses open, booked, spare and given of an allocation.
async fn buckets(db: &PgPool, id: AllocationId) -> [i32; 4] {
    let sql = "select array[open, booked, spare, given] from allocation where allocation_id = $1";
    let doses: Vec<i32> = sqlx::query_scalar(sql).bind(id.0).fetch_one(db).await.unwrap();
    doses.try_into().unwrap()
}

/// Makes so many of the day's open doses spare, as if they had been cancelled late.
async fn spare(day: &Day, doses: i32) {
    let id = day.made.allocations[0].allocation_id.0;
    let sql = "with moved as (
            update allocation set open = open - $2, spare = spare + $2 where allocation_id = $1)
        insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
        values (15, 1, 4, $2, $1, 4)";
    sqlx::query(sql).bind(id).bind(doses).execute(&day.app.db).await.expect("spare doses");
}

/// What the campaign lays down for people without a booking.
async fn set_policy(day: &Day, walk_in: i16) {
    sqlx::query("update campaign set walk_in = $1")
        .bind(walk_in)
        .execute(&day.app.db)
        .await
        .unwrap();
}

async fn call_centre(app: &TestApp) -> Client {
    app.staff_user(5, None).await.0
}
