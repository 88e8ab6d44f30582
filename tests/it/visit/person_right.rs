//! What becomes of a person's right when they came and were not vaccinated.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Day, undo};
use crate::support::Answer;

async fn not_vaccinated(day: &Day, reason: &str) -> Uuid {
    day.step(0, json!({ "step": "arrive" })).await;
    day.step(0, json!({ "step": "not_vaccinated", "reason": reason })).await
}

/// The person books another day.
async fn book_again(day: &Day) -> Answer {
    let body = day.made.booking(day.made.slot(0, 2, 0));
    day.app.citizen(&day.made.people[0]).put_booking(Uuid::now_v7(), &body).await
}

async fn excluded(day: &Day) -> bool {
    let sql = "select is_excluded from person where person_id = $1";
    let id = day.made.people[0].person_id.0;
    sqlx::query_scalar(sql).bind(id).fetch_one(&day.app.db).await.unwrap()
}

#[tokio::test]
async fn who_was_unwell_or_did_not_want_it_books_again() {
    for reason in ["unwell", "refused"] {
        let day = Day::begin(1).await;
        not_vaccinated(&day, reason).await;
        assert_eq!((day.doses().await, day.taken().await), ([6, 0, 1, 0, 0], 0), "{reason}");
        let seen = day.look(0).await;
        assert_eq!(seen["booking"]["state"], "not_vaccinated");
        assert_eq!(seen["booking"]["not_given"], reason);
        let me = day.app.citizen(&day.made.people[0]);
        let own = me.get(&format!("/v1/bookings/{}", day.bookings[0])).await.ok(200);
        assert_eq!(own["state"], "not_vaccinated");
        assert_eq!(own["standing"]["code"], "not_vaccinated");
        book_again(&day).await.ok(201);
        assert!(!excluded(&day).await);
        day.assert_sound().await;
    }
}

#[tokio::test]
async fn who_must_not_have_it_books_nothing_until_that_is_taken_back() {
    let day = Day::begin(1).await;
    let step = not_vaccinated(&day, "contraindicated").await;
    let refused = book_again(&day).await.problem(403, "not_eligible");
    assert_eq!(refused["reasons"][0]["code"], "excluded");
    assert!(excluded(&day).await);
    day.assert_sound().await;
    day.press(0, undo(step)).await.ok(201);
    assert!(!excluded(&day).await);
    day.step(0, super::give()).await;
    day.assert_sound().await;
}

#[tokio::test]
async fn a_dose_had_elsewhere_counts_as_given() {
    let day = Day::begin(1).await;
    day.step(0, json!({ "step": "arrive" })).await;
    let body = |had_on: &str| -> Value {
        json!({ "step": "not_vaccinated", "reason": "already_had", "had_on": had_on })
    };
    day.press(0, body("2999-01-01")).await.blames(422, "invalid_field", "had_on");
    let step = day.step(0, body("2021-06-30")).await;
    let refused = book_again(&day).await.problem(409, "already_booked");
    assert_eq!(refused["reasons"][0]["code"], "already_given");
    day.press(0, undo(step)).await.ok(201);
    let back = day.look(0).await;
    assert_eq!(back["booking"]["state"], "booked");
    day.step(0, super::give()).await;
    day.assert_sound().await;
}

#[tokio::test]
async fn who_has_booked_again_does_not_get_the_earlier_booking_back() {
    let day = Day::begin(1).await;
    let step = not_vaccinated(&day, "unwell").await;
    book_again(&day).await.ok(201);
    let refused = day.press(0, undo(step)).await.problem(409, "step_refused");
    assert_eq!(refused["cause"], "same_dose_since");
    day.assert_sound().await;
}
