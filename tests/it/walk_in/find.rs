//! Whom staff may look for, what they see, and what is written down of it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{call_centre, day, set_policy};
use crate::support::{TestApp, make};

#[tokio::test]
async fn somebody_is_found_by_name_number_or_code() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (staff, staff_id) = app.staff_user(2, Some(made.clinics[0])).await;
    let person = &made.people[0];
    let booking_id = Uuid::now_v7();
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(person).put_booking(booking_id, &body).await.ok(201);
    let path = format!("/v1/clinics/{}/persons/find", made.clinics[0]);
    let number = app.number(booking_id).to_string();
    for wanted in [
        json!({ "name": person.name, "birth_date": person.birth_date }),
        json!({ "booking_number": number }),
        json!({ "booking_number": number, "birth_date": person.birth_date }),
    ] {
        let found = staff.post(&path, &wanted).await.ok(200);
        let found = &found["persons"][0];
        assert_eq!(found["person_id"], json!(person.person_id), "{wanted}");
        assert_eq!(found["bookings"][0]["booking_id"], json!(booking_id));
        let phone = found["phone"].as_str().unwrap();
        assert!(phone.contains('*') && phone != person.phone, "{phone}");
    }
    let looks: i64 = sqlx::query_scalar(
        "select count(*) from person_look where staff_user_id = $1 and person_id = $2",
    )
    .bind(staff_id.0)
    .bind(person.person_id.0)
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(looks, 3, "each look is written down");
    let nobody = json!({ "name": "Nobody", "birth_date": person.birth_date });
    assert_eq!(staff.post(&path, &nobody).await.ok(200)["persons"], json!([]));
    for (wanted, field) in [
        (json!({}), "(all)"),
        (json!({ "name": "A" }), "birth_date"),
        (json!({ "birth_date": "1962-01-01" }), "name"),
        (json!({ "name": "A", "booking_number": number }), "(all)"),
        (json!({ "booking_number": "12" }), "booking_number"),
    ] {
        staff.post(&path, &wanted).await.blames(422, "invalid_field", field);
    }

    // The call centre has no clinic: a birth date goes with a number.
    let agent = call_centre(&app).await;
    let alone = agent.post("/v1/persons/find", &json!({ "booking_number": number })).await;
    alone.blames(422, "invalid_field", "birth_date");
    let both = json!({ "booking_number": number, "birth_date": person.birth_date });
    let found = agent.post("/v1/persons/find", &both).await.ok(200);
    assert_eq!(found["persons"][0]["person_id"], json!(person.person_id));
}

#[tokio::test]
async fn nobody_looks_through_the_register() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let path = format!("/v1/clinics/{}/persons/find", made.clinics[0]);
    let wanted = json!({ "name": "Nobody", "birth_date": "1962-01-01" });
    staff.post(&path, &wanted).await.ok(200);
    // As if thirty had been found in this minute, or in the one that begins meanwhile.
    let sql = "update person_find set finds = 30,
        minute = date_trunc('minute', clock_timestamp()) + $1::int * interval '1 minute'";
    sqlx::query(sql).bind(-1).execute(&app.db).await.unwrap();
    staff.post(&path, &wanted).await.ok(200);
    let mut refused = None;
    for _ in 0..2 {
        sqlx::query(sql).bind(0).execute(&app.db).await.unwrap();
        let answer = staff.post(&path, &wanted).await;
        refused = (answer.status == 429).then_some(answer).or(refused);
    }
    let refused = refused.expect("at least one of two in the same minute");
    assert!((1..=60).contains(&refused.header("retry-after").parse().unwrap()));
    let problem = refused.problem(429, "too_many_requests");
    assert_eq!(problem["cause"], "too_many_finds");
    let other = app.staff(made.clinics[0]).await;
    other.post(&path, &wanted).await.ok(200);
}

async fn register(day: &crate::visit::Day, body: &Value) -> crate::support::Answer {
    let path = format!("/v1/clinics/{}/persons", day.made.clinics[0]);
    day.staff.post(&path, body).await
}

#[tokio::test]
async fn somebody_unknown_is_added_where_the_campaign_allows_it_and_given_a_dose() {
    let day = day().await;
    super::spare(&day, 1).await;
    let body = json!({
        "campaign_id": day.made.campaign_id,
        "name": "Walter Unbekannt",
        "birth_date": "1963-05-06",
        "phone": "010-9876-5432",
        "region_id": day.made.districts[0],
    });
    let refused = register(&day, &body).await.problem(409, "step_refused");
    assert_eq!(refused["cause"], "not_registered_here");
    set_policy(&day, 3).await;
    let added = register(&day, &body).await.ok(201);
    register(&day, &body).await.blames(409, "already_exists", "name");
    let mut twin = body.clone();
    twin["phone"] = json!("010-1111-2222");
    register(&day, &twin).await.blames(409, "possible_duplicate", "name");
    twin["distinct"] = json!(true);
    register(&day, &twin).await.ok(201);
    for (member, value) in [
        ("birth_date", json!("1963-13-06")),
        ("campaign_id", json!(99)),
        ("region_id", json!(99)),
        ("name", json!(" ")),
    ] {
        let mut bad = body.clone();
        bad["name"] = json!("Anna Neu");
        bad[member] = value;
        register(&day, &bad).await.blames(422, "invalid_field", member);
    }
    let kinds: Vec<i16> = sqlx::query_scalar("select kind from person_change where person_id = $1")
        .bind(added["person_id"].as_i64())
        .fetch_all(&day.app.db)
        .await
        .unwrap();
    assert_eq!(kinds, [7], "it is written down who added them");

    let mut dose = super::walk_in(&day.made, 0);
    dose["person_id"] = added["person_id"].clone();
    super::give(&day, Uuid::now_v7(), &dose).await.ok(201);
    day.assert_sound().await;
}
