//! A dose on which a later one stands.

use serde_json::json;
use uuid::Uuid;

use super::{Day, give, undo};

/// Books dose 2 for a person who has booked dose 1, as a campaign of second doses would.
async fn book_second_dose(day: &Day, person: usize) {
    sqlx::query(
        "insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
             dose_number, slot_id, allocation_id, rule_version, booked_at)
         select gen_random_uuid(), person_id, campaign_id, product_id, course_id, 2, $2, $3,
             rule_version, now()
         from booking where booking_id = $1",
    )
    .bind(day.bookings[person])
    .bind(day.made.slot(0, 2, 0).slot_id.0)
    .bind(day.made.allocation(0, 2).allocation_id.0)
    .execute(&day.app.db)
    .await
    .unwrap();
}

#[tokio::test]
async fn the_first_dose_is_not_given_up_while_the_second_stands() {
    let day = Day::begin(2).await;
    book_second_dose(&day, 0).await;
    let second = day.made.allocation(0, 2).on_date;
    let facts = json!({ "dose_number": 2, "on_date": second });
    let me = day.app.citizen(&day.made.people[0]);
    let refused = me.delete_booking(day.bookings[0]).await.problem(409, "later_dose_booked");
    assert_eq!(refused["facts"], facts);
    let cancel = json!({ "step": "cancel" });
    let refused = day.press(0, cancel.clone()).await.problem(409, "later_dose_booked");
    assert_eq!(refused["facts"], facts);

    day.step(0, json!({ "step": "arrive" })).await;
    let given = day.step(0, give()).await;
    day.press(0, undo(given)).await.problem(409, "later_dose_booked");
    assert_eq!(day.doses().await, [5, 1, 0, 1, 0], "nothing moved back");
    day.press(1, cancel).await.ok(201);

    let gone = "update booking set state = 3, ended_at = now() where dose_number = 2";
    sqlx::query(gone).execute(&day.app.db).await.unwrap();
    day.press(0, undo(given)).await.ok(201);
}

#[tokio::test]
async fn the_first_dose_is_not_booked_too_close_before_the_second() {
    let day = Day::begin(2).await;
    book_second_dose(&day, 0).await;
    // The first dose is given up behind the service's back, so that it can be booked anew.
    let sql = "update booking set state = 3, ended_at = now() where booking_id = $1";
    sqlx::query(sql).bind(day.bookings[0]).execute(&day.app.db).await.unwrap();
    let me = day.app.citizen(&day.made.people[0]);
    let body = day.made.booking(day.made.slot(0, 1, 1));
    let refused = me.put_booking(Uuid::now_v7(), &body).await.problem(409, "later_dose_booked");
    let on_date = day.made.allocation(0, 2).on_date;
    assert_eq!(refused["facts"], json!({ "dose_number": 2, "on_date": on_date }));

    let gone = "update booking set state = 3, ended_at = now() where dose_number = 2";
    sqlx::query(gone).execute(&day.app.db).await.unwrap();
    me.put_booking(Uuid::now_v7(), &body).await.ok(201);
}
