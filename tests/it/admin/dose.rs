//! Doses on their way: received, passed on, granted, taken back, and never cut below a promise.

use serde_json::{Value, json};
use uuid::Uuid;

use super::verified;
use crate::support::{Client, Made, TestApp, World};

/// A clinic with 20 doses on each of four days, and the pool of its province.
async fn with_twenty() -> (TestApp, Made, Client) {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).doses(20).people(30).seats(30).cancel_until_hours(0);
    let made = made.make(&app.db).await;
    let admin = app.admin().await;
    (app, made, admin)
}

async fn pool_of(admin: &Client, made: &Made, province: usize) -> Value {
    let path = format!("/v1/admin/pools?campaign_id={}", made.campaign_id);
    let pools = admin.get(&path).await.ok(200);
    let pools = pools["pools"].as_array().unwrap();
    let pool = pools.iter().find(|pool| pool["region_id"] == json!(made.provinces[province]));
    pool.expect("the province has a pool").clone()
}

#[tokio::test]
async fn only_whole_vials_move_above_the_clinic() {
    let (app, made, admin) = with_twenty().await;
    let province = pool_of(&admin, &made, 0).await;
    let nation = format!("/v1/admin/pools/{}", made.nation);
    let allocation = format!("/v1/admin/allocations/{}", made.allocation(0, 1).allocation_id);
    let to = &province["pool_id"];
    for path in ["receipts", "transfers"]
        .map(|verb| format!("{nation}/{verb}"))
        .into_iter()
        .chain(["grants", "retractions"].map(|verb| format!("{allocation}/{verb}")))
    {
        let body = |doses: i64| match path.ends_with("transfers") {
            true => json!({ "doses": doses, "reason": "x", "to_pool_id": to }),
            false => json!({ "doses": doses, "reason": "x" }),
        };
        let refused = admin.post(&path, &body(15)).await.blames(422, "not_whole_vials", "doses");
        assert_eq!(refused["doses_per_vial"], 10);
        for doses in [-10, 0, 10_000_010, 99_999_999_999] {
            admin.post(&path, &body(doses)).await.blames(422, "invalid_field", "doses");
        }
        let mut without = body(10);
        without.as_object_mut().unwrap().remove("reason");
        admin.post(&path, &without).await.blames(422, "invalid_field", "reason");
    }
    verified(&app).await;
}

#[tokio::test]
async fn a_delivery_raises_the_published_quota_once() {
    let (app, made, admin) = with_twenty().await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    let body = json!({ "doses": 50, "reason": "Delivery of 14 July", "if_received": 80 });
    let pool = admin.post(&path, &body).await.ok(200);
    assert_eq!((&pool["received"], &pool["open"]), (&json!(130), &json!(50)));
    let twice = admin.post(&path, &body).await.blames(409, "wrong_state", "if_received");
    assert_eq!(twice["received"], 130);
    let campaign = admin.get(&format!("/v1/admin/campaigns/{}", made.campaign_id)).await.ok(200);
    assert_eq!(campaign["published_quota"], 130);
    let history = app.public();
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply/history", made.campaign_id);
    let history = history.get(&path).await.ok(200);
    let last = history["entries"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["doses"]), (&json!("received"), &json!(50)));
    assert_eq!(last["reason"], "Delivery of 14 July");

    let province = pool_of(&admin, &made, 0).await;
    let path = format!("/v1/admin/pools/{}/receipts", province["pool_id"]);
    let body = json!({ "doses": 50, "reason": "x" });
    admin.post(&path, &body).await.blames(422, "invalid_field", "pool_id");
    admin.post("/v1/admin/pools/999/receipts", &body).await.problem(404, "not_found");
    verified(&app).await;
}

#[tokio::test]
async fn doses_are_passed_on_only_right_below_and_only_those_there_are() {
    let (app, made, admin) = with_twenty().await;
    let receive = json!({ "doses": 50, "reason": "x" });
    let nation = format!("/v1/admin/pools/{}", made.nation);
    admin.post(&format!("{nation}/receipts"), &receive).await.ok(200);
    let province = pool_of(&admin, &made, 0).await["pool_id"].clone();
    let district = json!({
        "campaign_id": made.campaign_id, "product_id": made.product_id, "parent_id": province,
        "region_id": made.districts[0],
    });
    let district = admin.post("/v1/admin/pools", &district).await.ok(201)["pool_id"].clone();
    let to = |id: &Value, doses: i32| {
        let mut body = json!({ "doses": doses, "reason": "x", "if_passed_on": 80 });
        body["to_pool_id"] = id.clone();
        body
    };
    let transfers = format!("{nation}/transfers");
    admin.post(&transfers, &to(&district, 10)).await.blames(422, "invalid_field", "to_pool_id");
    admin.post(&transfers, &to(&json!(999), 10)).await.blames(422, "invalid_field", "to_pool_id");
    let itself = json!(made.nation);
    admin.post(&transfers, &to(&itself, 10)).await.blames(422, "invalid_field", "to_pool_id");
    let refused = admin.post(&transfers, &to(&province, 60)).await.problem(409, "not_enough_doses");
    assert_eq!(refused["open"], 50);
    admin.post(&transfers, &to(&province, 50)).await.ok(200);
    admin.post(&transfers, &to(&province, 50)).await.blames(409, "wrong_state", "if_passed_on");
    let down = format!("/v1/admin/pools/{province}/transfers");
    let body = json!({ "to_pool_id": district, "doses": 20, "reason": "x" });
    assert_eq!(admin.post(&down, &body).await.ok(200)["to"]["received"], 20);
    admin.post("/v1/admin/pools/999/transfers", &body).await.problem(404, "not_found");
    verified(&app).await;
}

#[tokio::test]
async fn a_bad_pool_names_the_field() {
    let (_app, made, admin) = with_twenty().await;
    let other = json!({ "code": "208", "name": "Pfizer", "doses_per_vial": 6 });
    let other = admin.post("/v1/admin/products", &other).await.ok(201)["product_id"].clone();
    let province = pool_of(&admin, &made, 0).await["pool_id"].clone();
    let good = json!({
        "campaign_id": made.campaign_id, "product_id": made.product_id, "parent_id": province,
        "region_id": made.districts[1],
    });
    for (field, value, blamed) in [
        ("campaign_id", json!(999), "campaign_id"),
        ("product_id", json!(999), "product_id"),
        ("product_id", other, "product_id"),
        ("parent_id", json!(999), "parent_id"),
        ("parent_id", Value::Null, "parent_id"),
        ("region_id", Value::Null, "region_id"),
        ("region_id", json!(999), "region_id"),
        ("region_id", json!(made.provinces[0]), "region_id"),
        ("region_id", json!(made.districts[2]), "region_id"),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        admin.post("/v1/admin/pools", &bad).await.blames(422, "invalid_field", blamed);
    }
    admin.post("/v1/admin/pools", &good).await.ok(201);
    admin.post("/v1/admin/pools", &good).await.blames(409, "already_exists", "region_id");
}

#[tokio::test]
async fn a_bad_allocation_names_the_field() {
    let (app, made, admin) = with_twenty().await;
    let receive = json!({ "doses": 100, "reason": "x" });
    let nation = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&nation, &receive).await.ok(200);
    let elsewhere = pool_of(&admin, &made, 1).await["pool_id"].clone();
    let good = json!({
        "clinic_id": made.clinics[0], "campaign_id": made.campaign_id,
        "product_id": made.product_id, "on_date": "2030-03-04", "pool_id": made.nation,
        "doses": 20, "reason": "x",
    });
    for (field, value) in [
        ("clinic_id", json!(999)),
        ("campaign_id", json!(999)),
        ("product_id", json!(999)),
        ("on_date", json!("2030-02-29")),
        ("tranche_id", json!(999)),
        ("channel", json!(4)),
        ("pool_id", json!(999)),
        ("pool_id", elsewhere),
        ("doses", json!(0)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        admin.post("/v1/admin/allocations", &bad).await.blames(422, "invalid_field", field);
    }
    let mut much = good.clone();
    much["doses"] = json!(110);
    let refused = admin.post("/v1/admin/allocations", &much).await;
    assert_eq!(refused.problem(409, "not_enough_doses")["open"], 100);
    let path = format!("/v1/admin/allocations?clinic_id={}&date=2030-03-04", made.clinics[0]);
    assert_eq!(admin.get(&path).await.ok(200)["allocations"], json!([]), "nothing half done");

    let made_now = admin.post("/v1/admin/allocations", &good).await.ok(201);
    let more = admin.post("/v1/admin/allocations", &good).await.ok(200);
    assert_eq!(more["allocation_id"], made_now["allocation_id"]);
    assert_eq!(more["granted"], 40);
    let mut first = good.clone();
    first["if_granted"] = json!(0);
    let answer = admin.post("/v1/admin/allocations", &first).await;
    answer.blames(409, "wrong_state", "if_granted");
    let mut row = more;
    row.as_object_mut().unwrap().remove("warnings");
    assert_eq!(admin.get(&path).await.ok(200)["allocations"], json!([row]));
    verified(&app).await;
}

#[tokio::test]
async fn a_retraction_never_takes_what_is_promised() {
    let (app, made, admin) = with_twenty().await;
    let slot = made.slot(0, 1, 0);
    let mut ids = Vec::new();
    for person in &made.people[..14] {
        let id = Uuid::now_v7();
        app.citizen(person).put_booking(id, &made.booking(slot)).await.ok(201);
        ids.insert(0, id);
    }
    let allocation = format!("/v1/admin/allocations/{}", made.allocation(0, 1).allocation_id);
    let retract = format!("{allocation}/retractions");
    let body = |doses: i32| json!({ "doses": doses, "reason": "Delivery was cut" });
    let refused = admin.post(&retract, &body(10)).await.problem(409, "promised_doses");
    let members = ["open", "promised", "displaced"].map(|name| refused[name].as_i64().unwrap());
    assert_eq!(members, [6, 14, 4]);
    assert_eq!(refused["displaced_booking_ids"], json!(ids[..4]), "the latest first");
    let all = admin.post(&retract, &body(20)).await.problem(409, "promised_doses");
    assert_eq!(all["displaced_booking_ids"].as_array().unwrap().len(), 14);

    // What comes free can be taken, and what was granted more.
    for (person, id) in made.people[10..14].iter().zip(ids[..4].iter().rev()) {
        app.citizen(person).delete_booking(*id).await.ok(200);
    }
    let before = pool_of(&admin, &made, 0).await;
    let grants = format!("{allocation}/grants");
    let grant = |seen: i32| json!({ "doses": 10, "reason": "x", "if_granted": seen });
    admin.post(&grants, &grant(20)).await.problem(409, "not_enough_doses");
    assert_eq!(admin.post(&retract, &body(10)).await.ok(200)["granted"], 10);
    let after = pool_of(&admin, &made, 0).await;
    assert_eq!(after["open"].as_i64(), before["open"].as_i64().map(|open| open + 10));
    admin.post(&grants, &grant(20)).await.blames(409, "wrong_state", "if_granted");
    assert_eq!(admin.post(&grants, &grant(10)).await.ok(200)["granted"], 20);
    admin.post("/v1/admin/allocations/999/retractions", &body(10)).await.problem(404, "not_found");
    admin.post("/v1/admin/allocations/999/grants", &body(10)).await.problem(404, "not_found");
    verified(&app).await;
}

#[tokio::test]
async fn nothing_more_is_granted_to_a_closed_campaign_but_doses_come_back() {
    let (app, made, admin) = with_twenty().await;
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    admin.post(&format!("{campaign}/close"), &json!({ "reason": "over" })).await.ok(200);
    let allocation = format!("/v1/admin/allocations/{}", made.allocation(0, 1).allocation_id);
    let body = json!({ "doses": 10, "reason": "x" });
    let nation = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&nation, &body).await.problem(409, "wrong_state");
    admin.post(&format!("{allocation}/grants"), &body).await.problem(409, "wrong_state");
    assert_eq!(
        admin.post(&format!("{allocation}/retractions"), &body).await.ok(200)["granted"],
        10
    );
    verified(&app).await;
}

#[tokio::test]
async fn booking_goes_on_while_doses_move() {
    let (app, made, admin) = with_twenty().await;
    let allocation = made.allocation(0, 1);
    let path = format!("/v1/admin/allocations/{}", allocation.allocation_id);
    let slot = made.slot(0, 1, 0);
    let citizens = made.people.iter().map(|person| {
        let (citizen, body) = (app.citizen(person), made.booking(slot));
        tokio::spawn(async move { citizen.put_booking(Uuid::now_v7(), &body).await.status })
    });
    // One after the other, so that never more than half of the doses are taken.
    let mover = admin.clone();
    let moves = tokio::spawn(async move {
        let body = json!({ "doses": 10, "reason": "x" });
        for _ in 0..10 {
            let back = mover.post(&format!("{path}/retractions"), &body).await.status;
            let again = mover.post(&format!("{path}/grants"), &body).await.status;
            assert!([200, 409].contains(&back) && [200, 409].contains(&again), "{back} {again}");
        }
        0
    });
    let tasks: Vec<_> = citizens.chain([moves]).collect();
    let mut booked: i64 = 0;
    for task in tasks {
        booked += i64::from(task.await.unwrap() == 201);
    }
    let row =
        admin.get(&format!("/v1/admin/allocations?date={}", allocation.on_date)).await.ok(200);
    assert_eq!(row["allocations"][0]["booked"], booked);
    assert!((10..=20).contains(&booked), "{booked}");
    verified(&app).await;
}
