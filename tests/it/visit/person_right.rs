//! What becomes of a person's right when they came and were not vaccinated.

use chrono::{Days, NaiveDate};
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

#[tokio::test]
async fn who_is_unwell_until_a_day_books_from_that_day_on() {
    let day = Day::begin(1).await;
    day.step(0, json!({ "step": "arrive" })).await;
    let body = |until: NaiveDate, reason: &str| -> Value {
        json!({ "step": "not_vaccinated", "reason": reason, "until": until })
    };
    let today: NaiveDate = day.look(0).await["today"].as_str().unwrap().parse().unwrap();
    let ahead = |days: u64| today + Days::new(days);
    day.press(0, body(today, "unwell")).await.blames(422, "invalid_field", "until");
    let far = day.press(0, body(ahead(181), "unwell")).await.blames(422, "invalid_field", "until");
    assert_eq!(
        (&far["cause"], &far["facts"]["days_max"]),
        (&json!("until_not_ahead"), &json!(180))
    );
    day.press(0, body(ahead(9), "refused")).await.blames(422, "unknown_field", "until");
    // Day 3 is the first on which they are well.
    let until = day.made.allocation(0, 3).on_date;
    let step_id = Uuid::now_v7();
    let first = day.press_as(0, step_id, &body(until, "unwell")).await.ok(201);
    assert_eq!(first["steps"][1]["until"], json!(until));
    assert_eq!(day.press_as(0, step_id, &body(until, "unwell")).await.ok(200), first);
    let other = body(until + Days::new(1), "unwell");
    day.press_as(0, step_id, &other).await.problem(422, "step_id_reused");

    let me = day.app.citizen(&day.made.people[0]);
    let refused = book_again(&day).await.problem(403, "not_eligible");
    assert_eq!(refused["reasons"][0]["code"], "deferred");
    assert_eq!(refused["reasons"][0]["facts"], json!({ "until": until }));
    let korean = me.request(reqwest::Method::PUT, &format!("/v1/bookings/{}", Uuid::now_v7()));
    let korean =
        korean.header("accept-language", "ko").json(&day.made.booking(day.made.slot(0, 2, 0)));
    let korean = korean.send().await.problem(403, "not_eligible");
    assert!(korean["detail"].as_str().unwrap().contains("몸 상태"), "{korean}");
    let body = day.made.booking(day.made.slot(0, 3, 0));
    me.put_booking(Uuid::now_v7(), &body).await.ok(201);
    day.assert_sound().await;
}

#[tokio::test]
async fn a_note_that_somebody_is_unwell_is_taken_back_with_its_step() {
    let day = Day::begin(1).await;
    day.step(0, json!({ "step": "arrive" })).await;
    let until = day.made.allocation(0, 3).on_date;
    let body = json!({ "step": "not_vaccinated", "reason": "unwell", "until": until });
    let step = day.step(0, body).await;
    assert!(excluded(&day).await);
    day.press(0, undo(step)).await.ok(201);
    assert!(!excluded(&day).await);
    day.step(0, super::give()).await;
    day.assert_sound().await;
}

#[tokio::test]
async fn an_administrator_lifts_a_note_with_a_reason() {
    let day = Day::begin(1).await;
    let (staff, _) = (&day.staff, not_vaccinated(&day, "contraindicated").await);
    let (admin, admin_id) = day.app.staff_user(3, None).await;
    let person = format!("/v1/admin/persons/{}", day.made.people[0].person_id);
    let list = admin.get(&format!("{person}/exclusions")).await.ok(200);
    let found = &list["exclusions"][0];
    assert_eq!((&found["reason"], &found["lifted"]), (&json!("contraindicated"), &Value::Null));
    assert_eq!(found["dose_number"], Value::Null, "the whole course");
    assert_eq!(found["clinic_id"], json!(day.made.clinics[0]));
    assert_eq!(found["booking_id"], json!(day.bookings[0]));
    let lift = format!("{person}/exclusions/{}/lift", found["exclusion_id"]);
    let body = json!({ "reason": "The allergy test was negative." });
    staff.post(&lift, &body).await.problem(403, "forbidden");
    admin.post(&lift, &json!({ "reason": " " })).await.blames(422, "invalid_field", "reason");
    let unknown = format!("{person}/exclusions/999999/lift");
    admin.post(&unknown, &body).await.problem(404, "not_found");
    let other = day.made.people[1].person_id;
    let others = lift.replace(&person, &format!("/v1/admin/persons/{other}"));
    admin.post(&others, &body).await.problem(404, "not_found");
    admin.get("/v1/admin/persons/999999/exclusions").await.problem(404, "not_found");
    let none = admin.get(&format!("/v1/admin/persons/{other}/exclusions")).await.ok(200);
    assert_eq!(none["exclusions"], json!([]));
    let refused = book_again(&day).await.problem(403, "not_eligible");
    assert_eq!(refused["reasons"][0]["code"], "excluded", "the control");

    let lifted = admin.post(&lift, &body).await.ok(200);
    assert_eq!(lifted["lifted"]["reason"], body["reason"]);
    assert_eq!(lifted["lifted"]["by"]["staff_user_id"], json!(admin_id));
    let again = json!({ "reason": "Another reason" });
    assert_eq!(admin.post(&lift, &again).await.ok(200), lifted, "a second press");
    let changes = admin.get(&format!("{person}/changes")).await.ok(200);
    assert_eq!(changes["changes"].as_array().unwrap().len(), 1, "{changes}");
    let change = &changes["changes"][0];
    assert_eq!((&change["kind"], &change["reason"]), (&json!("exclusion_lifted"), &body["reason"]));
    assert_eq!(change["booking_ids"], json!([day.bookings[0]]));
    assert!(!excluded(&day).await);
    book_again(&day).await.ok(201);
    day.assert_sound().await;
}

#[tokio::test]
async fn one_of_two_notes_is_lifted_and_the_other_stands() {
    let day = Day::begin(1).await;
    not_vaccinated(&day, "contraindicated").await;
    let second = "insert into exclusion (person_id, course_id, dose_number, reason, booking_id,
            staff_user_id)
        select person_id, course_id, dose_number, reason, booking_id, staff_user_id from exclusion";
    sqlx::query(second).execute(&day.app.db).await.unwrap();
    let admin = day.app.admin().await;
    let person = format!("/v1/admin/persons/{}/exclusions", day.made.people[0].person_id);
    let list = admin.get(&person).await.ok(200);
    for (at, is_left) in [(0, true), (1, false)] {
        let lift = format!("{person}/{}/lift", list["exclusions"][at]["exclusion_id"]);
        admin.post(&lift, &json!({ "reason": "x" })).await.ok(200);
        assert_eq!(excluded(&day).await, is_left);
        day.assert_sound().await;
    }
}
