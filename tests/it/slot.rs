//! The slots of a day, as the public picture has them: from memory, a second old at most.

use std::sync::Arc;

use chrono::Days;
use dosebook::domain::SlotId;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, query, query_scalar};
use uuid::Uuid;

use crate::support::{
    Made, TestApp, World, make,
    make::{Person, Slot},
};

async fn start() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    (app, made)
}

fn path(made: &Made, slot: Slot) -> String {
    let Slot { clinic_id, on_date, .. } = slot;
    format!("/v1/clinics/{clinic_id}/slots?campaign_id={}&date={on_date}", made.campaign_id)
}

/// Seats left in each slot of the day of this one.
async fn left(app: &TestApp, made: &Made, slot: Slot) -> Vec<i64> {
    let day = app.public().get(&path(made, slot)).await.ok(200);
    let slots = day["slots"].as_array().unwrap();
    slots.iter().map(|slot| slot["seats_left"].as_i64().unwrap()).collect()
}

/// Follows the tables until the day of this slot has so many seats left: after a change outside the
/// journal, a tick may still wait until it reads.
async fn follow(app: &TestApp, made: &Made, slot: Slot, expected: &[i64]) {
    let mut last = Vec::new();
    for _ in 0..1000 {
        app.tick().await;
        last = left(app, made, slot).await;
        if last == expected {
            return;
        }
    }
    panic!("{last:?}, and never {expected:?}");
}

async fn book(app: &TestApp, made: &Made, person: &Person, slot: Slot) -> Uuid {
    let id = Uuid::now_v7();
    app.citizen(person).put_booking(id, &made.booking(slot)).await.ok(201);
    id
}

/// Other seats for every slot, of which nobody is told.
async fn change_secretly(app: &TestApp, seats: i32) {
    let sql = "update slot set seats = $1";
    query(sql).bind(seats).execute(&app.db).await.unwrap();
}

#[tokio::test]
async fn a_day_shows_its_slots_and_its_doses() {
    let (app, made) = start().await;
    let slot = made.slot(0, 4, 1);
    book(&app, &made, &made.people[0], slot).await;
    app.tick().await;
    let day = app.public().get(&path(&made, slot)).await.ok(200);
    assert_eq!(day["doses_open"], json!([{ "product_id": made.product_id, "open": 6 }]));
    assert_eq!(day["as_of"], json!(app.app.board.now().as_of));
    let slots = day["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 2);
    let left: Vec<_> = slots.iter().map(|slot| slot["seats_left"].as_i64().unwrap()).collect();
    assert_eq!(left, [10, 9]);
    assert_eq!(slots[1]["slot_id"], slot.slot_id.0);
    assert_eq!(slots[1]["starts_at"], json!(slot.starts_at));
}

#[tokio::test]
async fn bookings_and_cancellations_are_seen_by_slot() {
    let (app, made) = start().await;
    let (first, second, elsewhere) = (made.slot(0, 4, 0), made.slot(0, 4, 1), made.slot(1, 4, 0));
    let id = book(&app, &made, &made.people[0], first).await;
    book(&app, &made, &made.people[1], second).await;
    book(&app, &made, &made.people[2], second).await;
    app.tick().await;
    assert_eq!(left(&app, &made, first).await, [9, 8]);
    assert_eq!(left(&app, &made, elsewhere).await, [10, 10]);
    app.citizen(&made.people[0]).delete_booking(id).await.ok(200);
    // Tomorrow's doses come back too late to be booked; the seat comes back all the same.
    let late = book(&app, &made, &made.people[3], made.slot(0, 1, 1)).await;
    app.tick().await;
    assert_eq!(left(&app, &made, first).await, [10, 8]);
    assert_eq!(left(&app, &made, made.slot(0, 1, 0)).await, [10, 9]);
    app.citizen(&made.people[3]).delete_booking(late).await.ok(200);
    app.tick().await;
    assert_eq!(left(&app, &made, made.slot(0, 1, 0)).await, [10, 10]);
    let sql = "select count(*) filter (where kind = 3) from movement
               where booking_id is not null
               having every(slot_id is not null) and count(*) = 6";
    let late: Option<i64> = query_scalar(sql).fetch_optional(&app.db).await.unwrap();
    assert_eq!(late, Some(1), "every line of a booking names its slot");
}

#[tokio::test]
async fn a_line_without_a_slot_has_its_clinic_read_again() {
    let (app, made) = start().await;
    let (first, second) = (made.slot(0, 4, 0), made.slot(0, 4, 1));
    // As a program wrote it that did not know the column, beside one that does.
    let allocation = made.allocation(0, 4).allocation_id.0;
    let person = made.people[0].person_id.0;
    let Made { campaign_id, product_id, course_id, .. } = &made;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "begin;
         update slot set taken = taken + 1 where slot_id = {first};
         update allocation set open = open - 1, booked = booked + 1
             where allocation_id = {allocation};
         with made as (
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at)
             values (gen_random_uuid(), {person}, {campaign_id}, {product_id}, {course_id}, 1,
                 {first}, {allocation}, 1, now())
             returning booking_id)
         insert into movement
             (kind, from_bucket, to_bucket, doses, allocation_id, booking_id, actor_role)
         select 1, 1, 3, 1, {allocation}, booking_id, 1 from made;
         commit",
        first = first.slot_id,
    )))
    .execute(&app.db)
    .await
    .unwrap();
    book(&app, &made, &made.people[1], second).await;
    book(&app, &made, &made.people[2], first).await;
    app.tick().await;
    assert_eq!(left(&app, &made, first).await, [8, 9], "each is counted once");
    book(&app, &made, &made.people[3], first).await;
    app.tick().await;
    assert_eq!(left(&app, &made, first).await, [7, 9]);
    let found = dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap();
    assert_eq!(found, [], "the control: the old program did right");
}

#[tokio::test]
async fn a_closed_day_has_no_seats_left_until_it_is_opened() {
    let (app, made) = start().await;
    let admin = app.admin().await;
    let (slot, other_day) = (made.slot(0, 1, 0), made.slot(0, 2, 0));
    let closure = format!("/v1/admin/clinics/{}/closures/{}", slot.clinic_id, slot.on_date);
    book(&app, &made, &made.people[0], slot).await;
    admin.put(&closure, &json!({ "reason": "Typhoon" })).await.ok(200);
    follow(&app, &made, slot, &[0, 0]).await;
    let day = app.public().get(&path(&made, slot)).await.ok(200);
    assert_eq!(day["slots"][0]["is_closed"], true);
    assert_eq!(day["slots"][0]["seats"], 10);
    assert_eq!(left(&app, &made, other_day).await, [10, 10], "the control");
    admin.delete(&closure).await.ok(204);
    follow(&app, &made, slot, &[9, 10]).await;
}

#[tokio::test]
async fn new_slots_and_other_seats_are_seen() {
    let (app, made) = start().await;
    let admin = app.admin().await;
    let slot = made.slot(0, 4, 0);
    let admin_slot = format!("/v1/admin/slots/{}", slot.slot_id);
    book(&app, &made, &made.people[0], slot).await;
    let patch = app.admin().await.request(Method::PATCH, &admin_slot);
    patch.json(&json!({ "seats": 3 })).send().await.ok(200);
    follow(&app, &made, slot, &[2, 10]).await;
    let early = slot.starts_at - chrono::TimeDelta::minutes(30);
    let new = json!({ "starts_at": early, "ends_at": slot.starts_at, "seats": 5 });
    let slots = format!("/v1/admin/clinics/{}/slots", slot.clinic_id);
    let added = admin.post(&slots, &json!({ "slots": [new] })).await.ok(201);
    follow(&app, &made, slot, &[5, 2, 10]).await;
    let new = Slot { slot_id: SlotId(added["slots"][0]["slot_id"].as_i64().unwrap()), ..slot };
    book(&app, &made, &made.people[1], new).await;
    app.tick().await;
    assert_eq!(left(&app, &made, slot).await, [4, 2, 10]);
}

#[tokio::test]
async fn a_change_of_one_clinic_has_only_its_slots_read() {
    let (app, made) = start().await;
    let admin = app.admin().await;
    let (here, elsewhere) = (made.slot(0, 2, 0), made.slot(1, 2, 0));
    book(&app, &made, &made.people[0], elsewhere).await;
    // Whoever reads a slot now will show 20 seats.
    change_secretly(&app, 20).await;
    let closure = format!("/v1/admin/clinics/{}/closures/{}", here.clinic_id, here.on_date);
    admin.put(&closure, &json!({ "reason": "Typhoon" })).await.ok(200);
    follow(&app, &made, here, &[0, 0]).await;
    assert_eq!(left(&app, &made, made.slot(0, 3, 0)).await, [20, 20]);
    assert_eq!(left(&app, &made, elsewhere).await, [9, 10], "not read, and yet followed");
    // What changed is not told: everything is read.
    query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    follow(&app, &made, elsewhere, &[19, 20]).await;
}

#[tokio::test]
async fn a_change_of_a_campaign_has_no_slots_read() {
    let (app, made) = start().await;
    let admin = app.admin().await;
    let slot = made.slot(0, 2, 0);
    change_secretly(&app, 20).await;
    let before = app.app.board.now();
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    admin.post(&format!("{campaign}/pause"), &json!({ "reason": "Rain" })).await.ok(200);
    let mut tries = 0;
    while Arc::ptr_eq(&before.catalogue, &app.app.board.now().catalogue) {
        app.tick().await;
        tries += 1;
        assert!(tries < 1000, "the catalogue is never read");
    }
    assert_eq!(left(&app, &made, slot).await, [10, 10]);
    app.refresh().await;
    assert_eq!(left(&app, &made, slot).await, [20, 20], "the control");
}

#[tokio::test]
async fn an_imported_slot_is_seen() {
    let (app, made) = start().await;
    let slot = made.slot(0, 4, 0);
    let code: String = query_scalar("select code from clinic where clinic_id = $1")
        .bind(slot.clinic_id.0)
        .fetch_one(&app.db)
        .await
        .unwrap();
    let early = slot.starts_at - chrono::TimeDelta::minutes(30);
    let csv = format!(
        "clinic_code,starts_at,ends_at,seats\n{code},{},{},4\n",
        early.to_rfc3339(),
        slot.starts_at.to_rfc3339()
    );
    let request = app.admin().await.request(Method::POST, "/v1/admin/imports/slots");
    request.body("text/csv", csv).send().await.ok(200);
    follow(&app, &made, slot, &[4, 10, 10]).await;
}

#[tokio::test]
async fn nobody_asks_the_database() {
    let (app, made) = start().await;
    let slot = made.slot(0, 4, 0);
    app.public().get("/readyz").await.ok(200);
    app.app.db.close().await;
    app.public().get("/readyz").await.problem(503, "unavailable");
    assert_eq!(left(&app, &made, slot).await, [10, 10]);
}

#[tokio::test]
async fn who_has_the_answer_is_told_so() {
    let (app, made) = start().await;
    let path = path(&made, made.slot(0, 4, 0));
    // Between two requests the picture may become a second older.
    let mut statuses = Vec::new();
    for _ in 0..10 {
        let etag = app.public().get(&path).await.header("etag").to_owned();
        let request = app.public().request(Method::GET, &path);
        statuses.push(request.header("if-none-match", &etag).send().await.status);
    }
    assert!(statuses.contains(&304), "{statuses:?}");
    let etag = app.public().get(&path).await.header("etag").to_owned();
    book(&app, &made, &made.people[0], made.slot(0, 4, 0)).await;
    app.tick().await;
    let request = app.public().request(Method::GET, &path);
    let day = request.header("if-none-match", &etag).send().await.ok(200);
    assert_eq!(day["slots"][0]["seats_left"], 9);
}

#[tokio::test]
async fn days_that_are_over_show_no_slots() {
    let (app, made) = start().await;
    let slot = made.slot(0, 1, 0);
    let moved_to = async |days_ago: u64| {
        let on_date = chrono::Utc::now().date_naive() - Days::new(days_ago);
        let sql = "update slot set on_date = $2 where slot_id = $1";
        query(sql).bind(slot.slot_id.0).bind(on_date).execute(&app.db).await.unwrap();
        app.refresh().await;
        left(&app, &made, Slot { on_date, ..slot }).await
    };
    assert!(moved_to(2).await.is_empty());
    assert_eq!(moved_to(1).await, [10], "the control");
}

#[tokio::test]
async fn an_unknown_clinic_and_an_unknown_campaign_look_the_same() {
    let (app, made) = start().await;
    let (clinic, campaign) = (made.clinics[0].0, made.campaign_id.0);
    let get = async |clinic: i32, campaign: i32| {
        let path = format!("/v1/clinics/{clinic}/slots?campaign_id={campaign}&date=2030-01-01");
        app.public().get(&path).await
    };
    let unknown = get(clinic + 1000, campaign).await.problem(404, "not_found");
    assert_eq!(get(clinic, campaign + 1000).await.problem(404, "not_found"), unknown);
    let empty = get(clinic, campaign).await.ok(200);
    assert_eq!((&empty["slots"], &empty["doses_open"]), (&json!([]), &json!([])), "the control");
}

#[tokio::test]
async fn a_drafts_slots_are_not_shown() {
    let app = TestApp::start().await;
    let made = World::new().state(1).make(&app.db).await;
    app.refresh().await;
    app.public().get(&path(&made, made.slot(0, 1, 0))).await.problem(404, "not_found");
}

#[tokio::test]
async fn two_products_share_the_seats_of_a_day() {
    let (app, made) = start().await;
    let allocation = made.allocation(0, 4);
    let other: i32 = query_scalar(
        "with new as (
             insert into product (code, name, doses_per_vial) values ('208', 'Comirnaty', 6)
             returning product_id),
         listed as (insert into campaign_product select $2, product_id from new),
         granted as (
             insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                 pool_id, granted, open)
             select $1 + 1000, clinic_id, $2, new.product_id, on_date, pool_id, 12, 12
             from allocation, new where allocation_id = $1)
         select product_id from new",
    )
    .bind(allocation.allocation_id.0)
    .bind(made.campaign_id.0)
    .fetch_one(&app.db)
    .await
    .unwrap();
    app.refresh().await;
    let day = app.public().get(&path(&made, made.slot(0, 4, 0))).await.ok(200);
    let expected = json!([
        { "product_id": made.product_id, "open": 7 },
        { "product_id": other, "open": 12 },
    ]);
    assert_eq!(day["doses_open"], expected);
    let clinics = format!("/v1/campaigns/{}/clinics", made.campaign_id);
    let list = app.public().get(&clinics).await.ok(200);
    let days: &Value = &list["clinics"][0]["days"];
    assert_eq!(days.as_array().unwrap().len(), 4);
    let date = allocation.on_date;
    assert_eq!(days[3], json!({ "date": date, "open": 19, "seats_left": 20, "bookable": 19 }));
}

#[tokio::test]
async fn what_cannot_be_asked_names_the_field() {
    let (app, made) = start().await;
    let path = format!("/v1/clinics/{}/slots", made.clinics[0]);
    for (query, field) in [
        ("campaign_id=1", "date"),
        ("date=2030-01-01", "campaign_id"),
        ("campaign_id=1&date=2021-02-29", "date"),
        ("campaign_id=1&date=01.02.2021", "date"),
        ("campaign_id=one&date=2030-01-01", "campaign_id"),
    ] {
        let answer = app.public().get(&format!("{path}?{query}")).await;
        answer.blames(422, "invalid_field", field);
    }
    let answer = app.public().get(&format!("{path}?campaign_id=1&date=2030-01-01&hour=9")).await;
    answer.blames(422, "unknown_field", "hour");
}
