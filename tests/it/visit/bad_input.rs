//! Presses that must do nothing, each with what to do instead.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Day, codes, give, undo};

async fn refused(day: &Day, person: usize, body: Value) -> String {
    let answer = day.press(person, body).await.problem(409, "step_refused");
    answer["cause"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_is_given_before_check_in_nor_without_answers() {
    let day = Day::begin(1).await;
    assert_eq!(refused(&day, 0, give()).await, "not_arrived");
    let said = |birth_date: Value| {
        let answers = ["identity"];
        json!({ "step": "arrive", "answers": answers, "birth_date": birth_date })
    };
    assert_eq!(refused(&day, 0, said(json!("1955-05-05"))).await, "birth_date_differs");
    assert_eq!(refused(&day, 0, give()).await, "not_arrived", "nobody was checked in");
    day.step(0, said(json!(day.made.people[0].birth_date))).await;
    let mut body = give();
    body["answers"] = json!(["identity"]);
    let unanswered = day.press(0, body).await.problem(409, "answers_needed");
    assert_eq!(unanswered["facts"], json!({ "warnings": ["screening"] }));
    let mut body = give();
    body["birth_date"] = json!("1955-05-05");
    assert_eq!(refused(&day, 0, body.clone()).await, "birth_date_differs");
    assert_eq!(day.doses().await, [6, 1, 0, 0, 0], "nothing moved");
    body["birth_date"] = json!(day.made.people[0].birth_date);
    day.press(0, body).await.ok(201);
    day.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_done_on_another_day_at_another_clinic_or_after_closing() {
    let day = Day::begin(2).await;
    let later = Uuid::now_v7();
    let body = day.made.booking(day.made.slot(0, 2, 0));
    day.app.citizen(&day.made.people[5]).put_booking(later, &body).await.ok(201);
    let path = format!("/v1/clinics/{}/bookings/{later}", day.made.clinics[0]);
    let arrive = json!({ "step": "arrive" });
    let press = async |path: &str, body: &Value| {
        day.staff.put(&format!("{path}/steps/{}", Uuid::now_v7()), body).await
    };
    let other_day = press(&path, &arrive).await.problem(409, "step_refused");
    assert_eq!(other_day["cause"], "not_today");
    let ahead = press(&path, &json!({ "step": "no_show" })).await.problem(409, "step_refused");
    assert_eq!(ahead["cause"], "appointment_ahead");

    let there = day.app.staff(day.made.clinics[1]).await;
    let elsewhere = format!("/v1/clinics/{}/bookings/{}", day.made.clinics[1], day.bookings[0]);
    there.get(&elsewhere).await.problem(404, "not_found");
    let step = format!("{elsewhere}/steps/{}", Uuid::now_v7());
    there.put(&step, &arrive).await.problem(404, "not_found");
    there.get(&day.path(0)).await.problem(404, "not_found");
    let citizen = day.app.citizen(&day.made.people[0]);
    citizen.get(&day.path(0)).await.problem(401, "unauthenticated");

    day.step(0, arrive.clone()).await;
    let given = day.step(0, give()).await;
    sqlx::query(
        "insert into clinic_day_close (clinic_id, on_date, expected, given, not_vaccinated,
             no_shows, cancelled, not_recorded, walk_ins, granted, lost, returned, kept)
         select clinic_id, on_date, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0 from slot where slot_id = $1",
    )
    .bind(day.made.slots[0].slot_id.0)
    .execute(&day.app.db)
    .await
    .unwrap();
    assert_eq!(refused(&day, 1, arrive).await, "day_accounted");
    assert_eq!(refused(&day, 0, undo(given)).await, "day_accounted");
    assert_eq!(codes(&day.look(1).await["refusals"], "cause")[0], "day_accounted");
}

#[tokio::test]
async fn what_has_ended_is_not_done_again_in_another_way() {
    let day = Day::begin(1).await;
    day.step(0, json!({ "step": "arrive" })).await;
    let given = day.step(0, give()).await;
    for step in ["no_show", "cancel", "arrive"] {
        assert_eq!(refused(&day, 0, json!({ "step": step })).await, "visit_ended", "{step}");
    }
    let unwell = json!({ "step": "not_vaccinated", "reason": "unwell" });
    assert_eq!(refused(&day, 0, unwell).await, "visit_ended");
    let mut other_lot = give();
    other_lot["lot"] = json!("OTHER");
    let same = day.press(0, other_lot).await.ok(200);
    assert_eq!(same["steps"][1]["lot"], "EW0182", "given once");
    day.press(0, undo(given)).await.ok(201);
    assert_eq!(day.doses().await, [6, 1, 0, 0, 0]);
    day.assert_sound().await;
}

#[tokio::test]
async fn only_the_last_step_is_taken_back() {
    let day = Day::begin(2).await;
    let arrived = day.step(0, json!({ "step": "arrive" })).await;
    day.step(0, give()).await;
    assert_eq!(refused(&day, 0, undo(arrived)).await, "newer_step");
    day.press(0, undo(Uuid::now_v7())).await.blames(422, "invalid_field", "undoes");
    let foreign = day.step(1, json!({ "step": "arrive" })).await;
    day.press(0, undo(foreign)).await.blames(422, "invalid_field", "undoes");
}

#[tokio::test]
async fn a_step_id_stands_for_one_step() {
    let day = Day::begin(2).await;
    let step_id = Uuid::now_v7();
    day.press_as(0, step_id, &json!({ "step": "arrive" })).await.ok(201);
    let other = json!({ "step": "no_show" });
    day.press_as(0, step_id, &other).await.problem(422, "step_id_reused");
    let arrive = json!({ "step": "arrive" });
    day.press_as(1, step_id, &arrive).await.problem(422, "step_id_reused");
    assert_eq!(day.look(1).await["steps"], json!([]));
}

#[tokio::test]
async fn a_dose_that_has_gone_to_somebody_else_does_not_come_back() {
    let day = Day::begin(1).await;
    let missed = day.step(0, json!({ "step": "no_show" })).await;
    sqlx::raw_sql(
        "update allocation set spare = spare - 1, lost = lost + 1 where spare > 0;
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
             select 8, 4, 6, 1, allocation_id, 4 from allocation where lost > 0",
    )
    .execute(&day.app.db)
    .await
    .unwrap();
    assert_eq!(refused(&day, 0, undo(missed)).await, "dose_gone");
    assert_eq!(day.taken().await, 0, "nor is the seat taken");
    day.assert_sound().await;
}

#[tokio::test]
async fn each_step_has_its_own_fields() {
    let day = Day::begin(1).await;
    for (body, code, field) in [
        (json!({}), "invalid_field", "step"),
        (json!({ "step": "vaccinate" }), "invalid_field", "step"),
        (json!({ "step": "walk_in" }), "invalid_field", "step"),
        (json!({ "step": "give", "lot": "x" }), "invalid_field", "site"),
        (json!({ "step": "give", "site": "left_arm" }), "invalid_field", "lot"),
        (json!({ "step": "give", "site": "nose", "lot": "x" }), "invalid_field", "site"),
        (json!({ "step": "give", "site": "left_arm", "lot": " " }), "invalid_field", "lot"),
        (json!({ "step": "not_vaccinated" }), "invalid_field", "reason"),
        (json!({ "step": "not_vaccinated", "reason": "not_recorded" }), "invalid_field", "reason"),
        (
            json!({ "step": "not_vaccinated", "reason": "unwell", "had_on": "2021-07-01" }),
            "unknown_field",
            "had_on",
        ),
        (json!({ "step": "undo" }), "invalid_field", "undoes"),
        (json!({ "step": "arrive", "lot": "x" }), "unknown_field", "lot"),
        (json!({ "step": "arrive", "colour": "red" }), "unknown_field", "colour"),
        (json!({ "step": "give", "answers": ["yes"] }), "invalid_field", "answers[0]"),
    ] {
        day.press(0, body).await.blames(422, code, field);
    }
    assert_eq!(day.look(0).await["steps"], json!([]));
}

#[tokio::test]
async fn who_is_checked_in_cannot_cancel_from_home() {
    let day =
        Day::begin_in(crate::support::World::new().clinics(1).days(1).cancel_until_hours(0), 1)
            .await;
    // Checked in before the appointment begins.
    sqlx::query(
        "update slot set starts_at = starts_at + interval '1 hour', ends_at = ends_at
                     + interval '1 hour'",
    )
    .execute(&day.app.db)
    .await
    .unwrap();
    day.step(0, json!({ "step": "arrive" })).await;
    let me = day.app.citizen(&day.made.people[0]);
    let refused = me.delete_booking(day.bookings[0]).await.problem(409, "booking_ended");
    assert_eq!(refused["cause"], "checked_in");
    day.assert_sound().await;
}
