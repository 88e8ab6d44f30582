//! The guards of the order and the interval of doses, at every door that books, moves or gives up
//! one.

use dosebook::{
    db,
    domain::batch::{Decision, Locked, Request, decide},
    flows::lane::transaction::{self, KnownRules, Locks},
};
use serde_json::{Value, json};
use sqlx::Executor;
use uuid::Uuid;

use super::{day, harms, harms_of, refused, without_interval};
use crate::{
    support::{Answer, TestApp, World, make::Slot},
    visit::{Day, give, undo},
};

/// Writes a booking for a person and a dose behind the back of the rules, as another campaign
/// would; without its seat and dose.
pub async fn book_raw(day: &Day, (person, dose_number): (usize, i16), slot: Slot) -> Uuid {
    let id = Uuid::now_v7();
    let made = &day.made;
    sqlx::query(
        "insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
             dose_number, slot_id, allocation_id, rule_version, booked_at)
         select $1, $2, $3, $4, $5, $6, s.slot_id, a.allocation_id, 1, now()
         from slot s join allocation a using (clinic_id, on_date) where s.slot_id = $7",
    )
    .bind(id)
    .bind(made.people[person].person_id.0)
    .bind(made.campaign_id.0)
    .bind(made.product_id.0)
    .bind(made.course_id.0)
    .bind(dose_number)
    .bind(slot.slot_id.0)
    .execute(&day.app.db)
    .await
    .unwrap();
    id
}

/// As if the bookings that are pressed or cancelled were the only ones.
fn without_later(mut locked: Locked, requests: &[Request]) -> Decision {
    let is_asked = |id| requests.iter().any(|request| request.booking_id() == id);
    locked.bookings.retain(|id, _| is_asked(*id));
    decide(locked, requests)
}

/// Dose 1 is given up in one of four ways, while dose 2 stands on it.
async fn give_up(day: &Day, how: &str) -> Answer {
    match how {
        "undo" => {
            day.step(0, json!({ "step": "arrive" })).await;
            let given = day.step(0, give()).await;
            book_raw(day, (0, 2), day.made.slot(0, 2, 0)).await;
            let second = "update booking set state = 2, ended_at = now() where dose_number = 2";
            sqlx::query(second).execute(&day.app.db).await.unwrap();
            day.press(0, undo(given)).await
        }
        "undo of a walk-in" => {
            super::walk_in::spare(day, 1).await;
            let given = super::walk_in::give(day, 1).await.ok(201);
            let id: Uuid = given["booking_id"].as_str().unwrap().parse().unwrap();
            book_raw(day, (1, 2), day.made.slot(0, 2, 0)).await;
            let step = Uuid::now_v7();
            let path = format!("/v1/clinics/{}/bookings/{id}/steps/{step}", day.made.clinics[0]);
            day.staff.put(&path, &undo(id)).await
        }
        "by the clinic" => {
            book_raw(day, (0, 2), day.made.slot(0, 2, 0)).await;
            day.press(0, json!({ "step": "cancel" })).await
        }
        _ => {
            super::begin_later(day).await;
            book_raw(day, (0, 2), day.made.slot(0, 2, 0)).await;
            let me = day.app.citizen(&day.made.people[0]);
            me.delete_booking(day.bookings[0]).await
        }
    }
}

#[tokio::test]
async fn without_the_guard_on_later_doses_the_first_is_given_up_under_the_second() {
    for how in ["undo", "undo of a walk-in", "by the clinic", "from home"] {
        for (guard, is_kept) in [(decide as super::Decide, true), (without_later, false)] {
            let day = day(guard, 1).await;
            let answer = give_up(&day, how).await;
            match is_kept {
                true => assert_eq!(refused(&answer), (409, "later_dose_booked", "later_dose")),
                false => assert!(answer.status < 300, "{how}: {}", answer.text()),
            }
            let harms = harms_of(&day.app.db).await;
            let harm = match how {
                "undo" => "the second given and the first not",
                _ => "a second without a first",
            };
            assert_eq!(harms.contains(&harm.to_owned()), !is_kept, "{how}: {harms:?}");
        }
    }
}

/// The three doors at which a dose is booked for a day to come.
async fn book(day: &Day, door: &str, slot: Slot) -> Answer {
    let id = Uuid::now_v7();
    match door {
        "by the person" => {
            let me = day.app.citizen(&day.made.people[0]);
            me.put_booking(id, &day.made.booking(slot)).await
        }
        _ => {
            let body = json!({
                "person_id": day.made.people[0].person_id, "campaign_id": day.made.campaign_id,
                "product_id": day.made.product_id, "slot_id": slot.slot_id, "reason": "Called",
                "consent": "person",
            });
            let path = format!("/v1/clinics/{}/assisted-bookings/{id}", day.made.clinics[0]);
            day.staff.put(&path, &body).await
        }
    }
}

const DOORS: [&str; 2] = ["by the person", "by staff"];

#[tokio::test]
async fn without_the_guard_on_the_interval_the_second_dose_is_booked_too_soon() {
    for door in DOORS {
        for (guard, is_kept) in [(decide as super::Decide, true), (without_interval, false)] {
            let day = day(guard, 0).await;
            book_raw(&day, (0, 1), day.made.slot(0, 2, 0)).await;
            let second = "update campaign set dose_number = 2, rule_version = rule_version + 1";
            sqlx::query(second).execute(&day.app.db).await.unwrap();
            let answer = book(&day, door, day.made.slot(0, 3, 0)).await;
            if is_kept {
                assert_eq!(refused(&answer).1, "not_eligible", "{door}");
                assert_eq!(answer.body["reasons"][0]["code"], "interval_too_short");
            } else {
                answer.ok(201);
            }
            let harms = harms_of(&day.app.db).await;
            assert_eq!(harms.contains(&"too soon".to_owned()), !is_kept, "{door}: {harms:?}");
        }
    }
}

#[tokio::test]
async fn without_the_guard_on_the_interval_the_first_dose_is_booked_too_close_to_the_second() {
    for door in DOORS {
        for (guard, is_kept) in [(decide as super::Decide, true), (without_interval, false)] {
            let day = day(guard, 0).await;
            book_raw(&day, (0, 2), day.made.slot(0, 3, 0)).await;
            let answer = book(&day, door, day.made.slot(0, 2, 0)).await;
            match is_kept {
                true => assert_eq!(refused(&answer), (409, "later_dose_booked", "later_dose")),
                false => drop(answer.ok(201)),
            }
            let harms = harms_of(&day.app.db).await;
            assert_eq!(harms.contains(&"too soon".to_owned()), !is_kept, "{door}: {harms:?}");
        }
    }
}

/// A clinic gives up the day of dose 1, and dose 2 is so many days after the last day that there
/// is.
async fn closed_day(days: i32) -> Day {
    let app = TestApp::start().await;
    let day = Day::begin_on(app, World::new().clinics(2).days(3), 0).await;
    let id = Uuid::now_v7();
    let body = day.made.booking(day.made.slot(1, 1, 0));
    day.app.citizen(&day.made.people[0]).put_booking(id, &body).await.ok(201);
    let second = book_raw(&day, (0, 2), day.made.slot(0, 3, 1)).await;
    // Its own slot, so that nobody else's day moves.
    let later = "update slot set on_date = on_date + $1, starts_at = starts_at + $1 * interval
            '1 day', ends_at = ends_at + $1 * interval '1 day'
        where slot_id = (select slot_id from booking where booking_id = $2)";
    sqlx::query(later).bind(days).bind(second).execute(&day.app.db).await.unwrap();
    let admin = day.app.admin().await;
    let date = day.made.allocation(1, 1).on_date;
    let closure = format!("/v1/admin/clinics/{}/closures/{date}", day.made.clinics[1]);
    admin.put(&closure, &json!({ "reason": "Snow" })).await.ok(200);
    Day { bookings: vec![id], ..day }
}

/// Moves dose 1 from the day that is closed to another.
async fn relocate(day: &Day, slot: Slot) -> Answer {
    let path = format!("/v1/bookings/{}/move", day.bookings[0]);
    let mut body: Value = day.made.booking(slot);
    body["booking_id"] = json!(Uuid::now_v7());
    body.as_object_mut().unwrap().remove("campaign_id");
    body.as_object_mut().unwrap().remove("product_id");
    day.app.citizen(&day.made.people[0]).post(&path, &body).await
}

#[tokio::test]
async fn the_first_dose_is_not_moved_too_close_to_the_second() {
    // The interval is 28 days.
    for (days, is_kept) in [(27, true), (28, false)] {
        let day = closed_day(days).await;
        let answer = relocate(&day, day.made.slot(0, 3, 0)).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "later_dose_booked", "later_dose"));
            let me = day.app.citizen(&day.made.people[0]);
            let kept = me.get(&format!("/v1/bookings/{}", day.bookings[0])).await.ok(200);
            assert_eq!(kept["state"], "booked", "the old booking stands");
        } else {
            assert!(answer.status < 300, "the control: {}", answer.text());
        }
        assert!(!harms(&day).await.contains(&"too soon".to_owned()));
    }
}

/// Moving is two requests of one transaction; whoever decides them without the interval does the
/// harm.
#[tokio::test]
async fn without_the_guard_on_the_interval_the_first_dose_is_moved_too_close_to_the_second() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_interval, false)] {
        let day = closed_day(27).await;
        let me = &day.made.people[0];
        let old =
            dosebook::db::booking::find_own(&day.app.db, day.bookings[0].into(), me.person_id);
        let old = old.await.unwrap().expect("the booking of the closed day");
        let new = Request::Book(dosebook::domain::booking::Book {
            booking_id: Uuid::now_v7().into(),
            person_id: me.person_id,
            campaign_id: day.made.campaign_id,
            slot_id: day.made.slot(0, 3, 0).slot_id,
            product_id: day.made.product_id,
        });
        let mut conn = day.app.app.db.connect("move").await.unwrap();
        conn.execute(db::PLANNER_SETTINGS).await.unwrap();
        let mut known = KnownRules::default();
        let mut names = Vec::new();
        for request in [Request::Displace(old), new] {
            let request = [request];
            let done = transaction::run(&mut conn, &mut known, guard, &request, Locks::Wait).await;
            names.push(done.unwrap().outcomes[0].name());
        }
        let expected = if is_kept { "later_dose_booked" } else { "booked" };
        assert_eq!(names, ["cancelled", expected]);
        let harms = harms_of(&day.app.db).await;
        assert_eq!(harms.contains(&"too soon".to_owned()), !is_kept, "{harms:?}");
    }
}
