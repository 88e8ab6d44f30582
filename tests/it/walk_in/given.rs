//! A dose for somebody who stands there.

use dosebook::domain::channel::Channel;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{add_doses, buckets, day, give, set_policy, spare, walk_in};
use crate::{
    support::World,
    visit::{Day, undo},
};

#[tokio::test]
async fn a_spare_dose_is_given_and_takes_no_seat() {
    let day = day().await;
    spare(&day, 2).await;
    let (id, body) = (Uuid::now_v7(), walk_in(&day.made, 0));
    let given = give(&day, id, &body).await.ok(201);
    assert_eq!((&given["state"], &given["channel"]), (&json!("given"), &json!("walk_in")));
    assert_eq!(day.doses().await, [5, 0, 1, 1, 0]);
    assert_eq!(day.taken().await, 0);

    // The same request again is the same dose, and another one under its id is refused.
    let again = give(&day, id, &body).await.ok(200);
    assert_eq!(again, given);
    let mut other = body.clone();
    other["lot"] = json!("EW0183");
    give(&day, id, &other).await.problem(422, "booking_id_reused");
    give(&day, id, &walk_in(&day.made, 1)).await.problem(422, "booking_id_reused");
    assert_eq!(day.doses().await, [5, 0, 1, 1, 0]);

    let path = format!("/v1/clinics/{}/bookings/{id}", day.made.clinics[0]);
    let visit = day.staff.get(&path).await.ok(200);
    let step = &visit["steps"][0];
    assert_eq!((&step["step"], &step["lot"]), (&json!("walk_in"), &json!("EW0182")));
    assert_eq!(step["answers"], json!(["identity", "screening"]));
    let me = day.app.citizen(&day.made.people[0]);
    assert_eq!(me.get(&format!("/v1/bookings/{id}")).await.ok(200)["state"], "given");
    me.put_booking(Uuid::now_v7(), &day.made.booking(day.made.slot(0, 2, 0)))
        .await
        .problem(409, "already_booked");
    day.assert_sound().await;
}

#[tokio::test]
async fn a_wrong_walk_in_is_taken_back() {
    let day = day().await;
    spare(&day, 1).await;
    let id = Uuid::now_v7();
    give(&day, id, &walk_in(&day.made, 0)).await.ok(201);
    let path =
        format!("/v1/clinics/{}/bookings/{id}/steps/{}", day.made.clinics[0], Uuid::now_v7());
    let back = day.staff.put(&path, &undo(id)).await.ok(201);
    assert_eq!(back["booking"]["state"], "cancelled");
    assert_eq!(day.doses().await, [6, 0, 1, 0, 0]);
    give(&day, Uuid::now_v7(), &walk_in(&day.made, 0)).await.ok(201);
    day.assert_sound().await;
}

#[tokio::test]
async fn doses_are_given_in_their_order() {
    let day = day().await;
    let web = day.made.allocations[0].allocation_id;
    let own = add_doses(&day.app.db, web, (Channel::WalkIn, 1)).await;
    let phone = add_doses(&day.app.db, web, (Channel::Phone, 1)).await;
    spare(&day, 1).await;
    for person in 0..2 {
        give(&day, Uuid::now_v7(), &walk_in(&day.made, person)).await.ok(201);
    }
    let db = &day.app.db;
    assert_eq!(buckets(db, web).await, [6, 0, 0, 1], "what is spare goes first");
    assert_eq!(buckets(db, own).await, [0, 0, 0, 1], "then what is meant for walk-ins");
    let none = give(&day, Uuid::now_v7(), &walk_in(&day.made, 2)).await;
    let none = none.problem(409, "doses_exhausted");
    assert_eq!(
        (&none["cause"], &none["facts"]["open"]),
        (&json!("no_dose_for_walk_in"), &json!(7))
    );

    // Nobody can book them any more once the last time of the day has begun.
    sqlx::query(
        "update slot set starts_at = now() - interval '1 minute'
         where starts_at > now() and on_date = (now() at time zone 'Asia/Seoul')::date",
    )
    .execute(db)
    .await
    .unwrap();
    for person in 2..4 {
        give(&day, Uuid::now_v7(), &walk_in(&day.made, person)).await.ok(201);
    }
    assert_eq!((buckets(db, phone).await, buckets(db, web).await), ([0, 0, 0, 1], [5, 0, 0, 2]));
    day.assert_sound().await;
}

async fn refused(day: &Day, body: &Value) -> (u16, String, String) {
    let answer = give(day, Uuid::now_v7(), body).await;
    let cause = answer.body["cause"].as_str().unwrap_or_default().to_owned();
    (answer.status, answer.code().to_owned(), cause)
}

#[tokio::test]
async fn bad_input_is_refused_and_moves_nothing() {
    let day = day().await;
    spare(&day, 3).await;
    let db = &day.app.db;
    let body = walk_in(&day.made, 0);
    let with = |member: &str, value: Value| {
        let mut body = body.clone();
        body[member] = value;
        body
    };
    let unanswered = refused(&day, &with("answers", json!(["identity"]))).await;
    assert_eq!(unanswered, (409, "answers_needed".to_owned(), "unanswered".to_owned()));
    for (body, field) in [
        (with("lot", json!("")), "lot"),
        (with("lot", json!("x".repeat(41))), "lot"),
        (with("site", json!("nose")), "site"),
        (with("answers", json!(["nothing"])), "answers[0]"),
        (with("campaign_id", json!(999)), "campaign_id"),
    ] {
        give(&day, Uuid::now_v7(), &body).await.blames(422, "invalid_field", field);
    }
    assert_eq!(refused(&day, &with("person_id", json!(999_999))).await.2, "no_longer_in_register");
    assert_eq!(refused(&day, &with("product_id", json!(999))).await.1, "not_eligible");
    let elsewhere = format!("/v1/clinics/{}/walk-ins/{}", day.made.clinics[1], Uuid::now_v7());
    day.staff.put(&elsewhere, &body).await.problem(404, "not_found");

    // Too young by the product, although of the right cohort.
    sqlx::query("update product set age_months_min = 1200").execute(db).await.unwrap();
    sqlx::query("update campaign set rule_version = rule_version + 1").execute(db).await.unwrap();
    assert_eq!(refused(&day, &body).await.1, "not_eligible");
    sqlx::query("update product set age_months_min = 216").execute(db).await.unwrap();
    sqlx::query("update campaign set rule_version = rule_version + 1").execute(db).await.unwrap();

    sqlx::query("update person set mark = 'deceased' where person_id = $1")
        .bind(day.made.people[0].person_id.0)
        .execute(db)
        .await
        .unwrap();
    assert_eq!(refused(&day, &body).await.2, "record_closed");
    sqlx::query("update person set mark = null").execute(db).await.unwrap();

    set_policy(&day, 1).await;
    assert_eq!(
        refused(&day, &body).await,
        (409, "step_refused".to_owned(), "no_walk_ins".to_owned())
    );
    set_policy(&day, 2).await;

    sqlx::query("update campaign set state = 4").execute(db).await.unwrap();
    assert_eq!(refused(&day, &body).await.1, "campaign_paused");
    // That booking is over keeps nobody from doses that are left.
    sqlx::query(
        "update campaign set state = 5, state_reason = 'Over',
             closes_at = now() - interval '1 minute', opens_at = now() - interval '1 day'",
    )
    .execute(db)
    .await
    .unwrap();
    assert_eq!(day.doses().await, [4, 0, 3, 0, 0], "nothing has moved");
    give(&day, Uuid::now_v7(), &body).await.ok(201);
    day.assert_sound().await;
}

#[tokio::test]
async fn a_closed_day_gives_nothing() {
    let day = day().await;
    spare(&day, 1).await;
    let body = walk_in(&day.made, 0);
    sqlx::query("update slot set is_closed = true").execute(&day.app.db).await.unwrap();
    assert_eq!(refused(&day, &body).await.1, "slot_closed");
    let sql = "insert into clinic_day_close (clinic_id, on_date, expected, given, not_vaccinated,
            no_shows, cancelled, not_recorded, walk_ins, granted, lost, returned, kept)
        select $1, (now() at time zone 'Asia/Seoul')::date, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
    sqlx::query(sql).bind(day.made.clinics[0].0).execute(&day.app.db).await.unwrap();
    assert_eq!(refused(&day, &body).await.2, "day_accounted");
    sqlx::query("update slot set on_date = on_date + 5").execute(&day.app.db).await.unwrap();
    assert_eq!(refused(&day, &body).await.2, "no_hours_today");
}

#[tokio::test]
async fn who_is_booked_is_checked_in_and_not_given_a_second_dose() {
    let day = Day::begin_in(World::new().clinics(2).days(3).cancel_until_hours(0), 1).await;
    spare(&day, 1).await;
    let booked = refused(&day, &walk_in(&day.made, 0)).await;
    assert_eq!((booked.0, booked.1.as_str()), (409, "already_booked"));
    give(&day, Uuid::now_v7(), &walk_in(&day.made, 1)).await.ok(201);
    day.assert_sound().await;
}

#[tokio::test]
async fn the_page_of_a_visitor_says_what_they_can_have() {
    let day = day().await;
    let person = &day.made.people[0];
    let path = format!("/v1/clinics/{}/persons/{}", day.made.clinics[0], person.person_id);
    let seen = day.staff.get(&path).await.ok(200);
    let offer = &seen["walk_in"][0];
    assert_eq!(offer["refusal"]["cause"], "no_dose_for_walk_in", "{offer}");
    spare(&day, 1).await;
    let seen = day.staff.get(&path).await.ok(200);
    let offer = &seen["walk_in"][0];
    assert_eq!((&offer["refusal"], &offer["spare"]), (&Value::Null, &json!(1)));
    let warnings: Vec<_> =
        offer["warnings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(warnings, ["identity", "screening"]);
    assert!(seen["phone"].as_str().unwrap().contains('*'), "{seen}");
    give(&day, Uuid::now_v7(), &walk_in(&day.made, 0)).await.ok(201);
    let seen = day.staff.get(&path).await.ok(200);
    assert_eq!(seen["walk_in"][0]["refusal"]["code"], "already_booked");
}
