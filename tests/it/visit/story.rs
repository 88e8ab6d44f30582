//! A day in the order in which it goes.

use serde_json::json;
use uuid::Uuid;

use super::{Day, codes, give, undo};

#[tokio::test]
async fn a_person_arrives_and_is_given_the_dose_in_two_presses() {
    let day = Day::begin(2).await;
    assert_eq!(day.doses().await, [5, 2, 0, 0, 0]);
    let before = day.look(0).await;
    assert_eq!(before["booking"]["state"], "booked");
    assert_eq!(before["person"]["name"], day.made.people[0].name);
    assert_eq!(codes(&before["warnings"], "code"), ["identity", "screening"]);
    assert_eq!(codes(&before["refusals"], "cause"), ["not_arrived"]);

    let arrived = day.press(0, json!({ "step": "arrive" })).await.ok(201);
    assert!(arrived["booking"]["arrived_at"].is_string(), "{arrived}");
    assert_eq!(arrived["refusals"], json!([]));
    assert_eq!(day.doses().await, [5, 2, 0, 0, 0], "no dose moves");

    let given = day.press(0, give()).await.ok(201);
    assert_eq!(given["booking"]["state"], "given");
    assert_eq!(day.doses().await, [5, 1, 0, 1, 0]);
    assert_eq!(day.taken().await, 2, "who was there keeps the seat");
    let steps = given["steps"].as_array().unwrap();
    assert_eq!(codes(&given["steps"], "step"), ["arrive", "give"]);
    assert_eq!((&steps[1]["site"], &steps[1]["lot"]), (&json!("left_arm"), &json!("EW0182")));
    assert_eq!(steps[1]["answers"], json!(["identity", "screening"]));
    assert_eq!(given["steps"], day.look(0).await["steps"], "with the name of who pressed");
    assert!(steps[0]["by"]["username"].is_string());

    let line: (i16, i16, i16, i16, Option<i32>) = sqlx::query_as(
        "select kind, from_bucket, to_bucket, actor_role, staff_user_id from movement
         where booking_id = $1 and kind <> 1",
    )
    .bind(day.bookings[0])
    .fetch_one(&day.app.db)
    .await
    .unwrap();
    let by = steps[1]["by"]["staff_user_id"].as_i64().unwrap();
    assert_eq!(line, (5, 3, 5, 2, Some(by as i32)));
    let me = day.app.citizen(&day.made.people[0]);
    let own = me.get(&format!("/v1/bookings/{}", day.bookings[0])).await.ok(200);
    assert_eq!((&own["state"], &own["standing"]["code"]), (&json!("given"), &json!("given")));
    day.assert_sound().await;
}

#[tokio::test]
async fn a_wrong_given_is_taken_back_and_given_to_the_right_person() {
    let day = Day::begin(2).await;
    for person in 0..2 {
        day.step(person, json!({ "step": "arrive" })).await;
    }
    let wrong = day.step(0, give()).await;
    let mut body = undo(wrong);
    body["note"] = json!("It was the next in line");
    let back = day.press(0, body).await.ok(201);
    assert_eq!(back["booking"]["state"], "booked");
    assert!(back["booking"]["arrived_at"].is_string(), "still there");
    assert_eq!(back["steps"][1]["is_undone"], true);
    assert_eq!(day.doses().await, [5, 2, 0, 0, 0]);
    day.step(1, give()).await;
    day.step(0, give()).await;
    assert_eq!(day.doses().await, [5, 0, 0, 2, 0]);
    day.assert_sound().await;
}

#[tokio::test]
async fn who_does_not_come_frees_seat_and_dose_and_comes_after_all() {
    let day = Day::begin(2).await;
    let missed = day.step(0, json!({ "step": "no_show" })).await;
    assert_eq!((day.doses().await, day.taken().await), ([5, 1, 1, 0, 0], 1));
    assert_eq!(day.look(0).await["booking"]["state"], "no_show");
    let me = day.app.citizen(&day.made.people[0]);
    let own = me.get(&format!("/v1/bookings/{}", day.bookings[0])).await.ok(200);
    assert_eq!(own["standing"]["code"], "missed");

    day.press(0, undo(missed)).await.ok(201);
    assert_eq!((day.doses().await, day.taken().await), ([5, 2, 0, 0, 0], 2));
    day.step(0, json!({ "step": "arrive" })).await;
    day.step(0, give()).await;
    day.assert_sound().await;
}

#[tokio::test]
async fn every_press_ends_on_the_same_state_however_often_it_is_made() {
    let day = Day::begin(3).await;
    for (person, body) in [
        (0, json!({ "step": "arrive" })),
        (0, give()),
        (1, json!({ "step": "no_show" })),
        (2, json!({ "step": "cancel" })),
    ] {
        let step_id = Uuid::now_v7();
        let first = day.press_as(person, step_id, &body).await.ok(201);
        let again = day.press_as(person, step_id, &body).await.ok(200);
        assert_eq!(first, again, "the same press");
        let other = day.press(person, body).await.ok(200);
        assert_eq!(first["steps"], other["steps"], "another press of the same");
    }
    assert_eq!(day.doses().await, [4, 0, 2, 1, 0]);
    day.assert_sound().await;
}

#[tokio::test]
async fn a_clinic_cancels_late_for_somebody_and_takes_it_back() {
    let day = Day::begin(1).await;
    let cancelled = day.step(0, json!({ "step": "cancel" })).await;
    assert_eq!((day.doses().await, day.taken().await), ([6, 0, 1, 0, 0], 0));
    let back = day.press(0, undo(cancelled)).await.ok(201);
    assert_eq!(back["booking"]["state"], "booked");
    assert_eq!((day.doses().await, day.taken().await), ([6, 1, 0, 0, 0], 1));
    day.assert_sound().await;
}

#[tokio::test]
async fn an_arrival_is_taken_back_and_then_the_person_may_be_missed() {
    let day = Day::begin(1).await;
    let arrived = day.step(0, json!({ "step": "arrive" })).await;
    let refused = day.press(0, json!({ "step": "no_show" })).await.problem(409, "step_refused");
    assert_eq!(refused["cause"], "checked_in");
    let back = day.press(0, undo(arrived)).await.ok(201);
    assert_eq!(back["booking"]["arrived_at"], json!(null));
    let again = day.press(0, undo(arrived)).await.ok(200);
    assert_eq!(again["steps"], back["steps"], "taken back once");
    day.step(0, json!({ "step": "no_show" })).await;
    day.assert_sound().await;
}
