//! The number of a booking, for people: the same wherever a booking is shown, kept nowhere, and
//! enough to find it at its clinic.

use std::collections::HashMap;

use dosebook::domain::{BookingId, booking_number::BookingNumber, keys::Keys};
use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use crate::support::{Answer, Client, Made, TestApp, World, app::SECRET, make};

async fn find(client: &Client, made: &Made, clinic: usize, number: &str) -> Answer {
    let path = format!("/v1/clinics/{}/bookings/find", made.clinics[clinic]);
    client.post(&path, &json!({ "number": number })).await
}

async fn book(app: &TestApp, made: &Made, person: usize, slot: (usize, usize, usize)) -> Uuid {
    let (id, body) = (Uuid::now_v7(), made.booking(made.slot(slot.0, slot.1, slot.2)));
    app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
    id
}

/// Moves a slot to another local date, as if that day had come.
async fn move_slot(app: &TestApp, made: &Made, slot: (usize, usize, usize), days_ahead: i32) {
    let slot_id = made.slot(slot.0, slot.1, slot.2).slot_id.0;
    let sql = "update slot set on_date = (now() at time zone 'Asia/Seoul')::date + $2
               where slot_id = $1";
    sqlx::query(sql).bind(slot_id).bind(days_ahead).execute(&app.db).await.expect("moved");
}

fn ids(found: &Value) -> Vec<&str> {
    let bookings = found["bookings"].as_array().expect("a list");
    bookings.iter().map(|one| one["booking_id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_booking_has_the_same_number_wherever_it_is_shown() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let (id, body) = (Uuid::now_v7(), made.booking(made.slot(0, 4, 0)));
    let number = citizen.put_booking(id, &body).await.ok(201)["number"].clone();
    assert_eq!(number, json!(app.number(id)));
    assert!(number.as_str().is_some_and(|digits| digits.len() == 10));
    assert_eq!(citizen.put_booking(id, &body).await.ok(200)["number"], number, "again");
    assert_eq!(citizen.get(&format!("/v1/bookings/{id}")).await.ok(200)["number"], number);
    assert_eq!(citizen.get("/v1/bookings").await.ok(200)["bookings"][0]["number"], number);
    let staff = app.staff(made.clinics[0]).await;
    let day = made.allocation(0, 4).on_date;
    let schedule = format!("/v1/clinics/{}/schedule?date={day}", made.clinics[0]);
    let schedule = staff.get(&schedule).await.ok(200);
    assert_eq!(schedule["slots"][0]["bookings"][0]["number"], number);
    let other = app.another().await;
    let elsewhere = other.citizen(&made.people[0]);
    assert_eq!(elsewhere.get("/v1/bookings").await.ok(200)["bookings"][0]["number"], number);
    assert_eq!(citizen.delete_booking(id).await.ok(200)["number"], number, "cancelled");
}

#[tokio::test]
async fn no_table_keeps_a_number() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let number = app.number(book(&app, &made, 0, (0, 4, 0)).await);
    let columns: Vec<String> = query_scalar(
        "select column_name::text from information_schema.columns
         where table_name = 'booking' order by ordinal_position",
    )
    .fetch_all(&app.db)
    .await
    .expect("columns");
    let expected = [
        "booking_id",
        "person_id",
        "campaign_id",
        "product_id",
        "course_id",
        "dose_number",
        "state",
        "slot_id",
        "allocation_id",
        "rule_version",
        "booked_at",
        "ended_at",
        "channel",
        "arrived_at",
        "not_given",
    ];
    assert_eq!(columns, expected, "a booking writes no more than this");
    // Every row of every table, as text: the id is found in it, and the number is not.
    let rows: String = query_scalar(
        "select string_agg(
             query_to_xml(format('select * from %I', table_name), true, true, '')::text, '')
         from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_one(&app.db)
    .await
    .expect("all rows");
    assert!(rows.contains("Citizen 1"), "the control");
    assert!(!rows.contains(&number.digits()) && !rows.contains(&number.to_string()));
}

#[tokio::test]
async fn staff_find_a_booking_of_today_and_of_another_day() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let today = book(&app, &made, 0, (0, 1, 0)).await;
    let later = book(&app, &made, 1, (0, 2, 0)).await;
    book(&app, &made, 2, (0, 1, 0)).await;
    move_slot(&app, &made, (0, 1, 0), 0).await;
    let staff = app.staff(made.clinics[0]).await;

    let number = app.number(today);
    let found = find(&staff, &made, 0, &number.to_string()).await.ok(200);
    let person = &made.people[0];
    let one = &found["bookings"][0];
    assert_eq!(ids(&found), [today.to_string()]);
    assert_eq!((&one["is_today"], &one["state"]), (&json!(true), &json!("booked")));
    let expected = json!({
        "name": person.name, "birth_date": person.birth_date, "birth_precision": "day",
        "phone": person.phone,
    });
    assert_eq!((&one["person"], &one["number"]), (&expected, &json!(number)));

    // However it comes from a scanner, a keyboard or a phone.
    let wide: String =
        number.digits().chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    for typed in [number.digits(), format!("No. {number}"), wide] {
        assert_eq!(find(&staff, &made, 0, &typed).await.ok(200), found, "{typed}");
    }

    let found = find(&staff, &made, 0, &app.number(later).digits()).await.ok(200);
    let one = &found["bookings"][0];
    assert_eq!(ids(&found), [later.to_string()]);
    assert_eq!(one["is_today"], false);
    assert_eq!(one["on_date"], json!(made.allocation(0, 2).on_date), "it says for which day");

    // A cancelled booking is found too, and says so.
    app.citizen(&made.people[1]).delete_booking(later).await.ok(200);
    let found = find(&staff, &made, 0, &app.number(later).digits()).await.ok(200);
    assert_eq!(found["bookings"][0]["state"], "cancelled");
    assert_ne!(found["bookings"][0]["ended_at"], Value::Null);
}

#[tokio::test]
async fn a_booking_elsewhere_or_long_ago_is_not_found() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let here = book(&app, &made, 0, (0, 1, 0)).await;
    let elsewhere = book(&app, &made, 1, (1, 1, 0)).await;
    let staff = app.staff(made.clinics[0]).await;
    let nobodys = app.number(Uuid::from_u128(1)).digits();
    let foreign = find(&staff, &made, 0, &app.number(elsewhere).digits()).await;
    let foreign = foreign.blames(404, "not_found", "number");
    let unknown = find(&staff, &made, 0, &nobodys).await.blames(404, "not_found", "number");
    assert_eq!(foreign, unknown, "what another clinic has cannot be told");
    assert_eq!(unknown["cause"], "no_booking_here");
    find(&staff, &made, 1, &nobodys).await.problem(404, "not_found");
    let admin = app.admin().await;
    let found = find(&admin, &made, 1, &app.number(elsewhere).digits()).await.ok(200);
    assert_eq!(ids(&found), [elsewhere.to_string()], "an administrator sees every clinic");

    // The bound: 14 days back, 42 ahead, and nothing beyond.
    for (days, is_found) in [(-15, false), (-14, true), (42, true), (43, false)] {
        move_slot(&app, &made, (0, 1, 0), days).await;
        let answer = find(&staff, &made, 0, &app.number(here).digits()).await;
        assert_eq!(answer.status, if is_found { 200 } else { 404 }, "{days} days");
    }
}

#[tokio::test]
async fn a_slip_in_a_number_is_said_as_such() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let id = book(&app, &made, 0, (0, 1, 0)).await;
    let staff = app.staff(made.clinics[0]).await;
    let digits = app.number(id).digits();
    find(&staff, &made, 0, &digits).await.ok(200);
    let last = digits.as_bytes()[9];
    let slip = format!("{}{}", &digits[..9], if last == b'0' { 1 } else { 0 });
    let refused = find(&staff, &made, 0, &slip).await.blames(422, "invalid_field", "number");
    assert_eq!(refused["cause"], "wrong_check_digit");
    for typed in ["", "12345", &format!("{digits}1"), "김민지"] {
        let refused = find(&staff, &made, 0, typed).await.blames(422, "invalid_field", "number");
        assert_eq!(refused["cause"], "must_be", "{typed}");
    }
}

/// Two ids with the same number: among forty thousand some pair has one, as birthdays do.
pub fn namesakes() -> [Uuid; 2] {
    let key = Keys::new(&SECRET).booking_number;
    let mut seen: HashMap<BookingNumber, Uuid> = HashMap::new();
    for n in 1.. {
        let id = Uuid::from_u128(n);
        let number = BookingNumber::of(&key, BookingId(id));
        if let Some(other) = seen.insert(number, id) {
            return [other, id];
        }
    }
    unreachable!("there are only so many numbers")
}

#[tokio::test]
async fn two_bookings_with_one_number_are_both_in_the_list() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    let twins = namesakes();
    assert_eq!(app.number(twins[0]), app.number(twins[1]));
    for (person, id) in twins.iter().enumerate() {
        let body = made.booking(made.slot(0, 2, 1 - person));
        app.citizen(&made.people[person]).put_booking(*id, &body).await.ok(201);
    }
    book(&app, &made, 2, (0, 2, 0)).await;
    let staff = app.staff(made.clinics[0]).await;
    let found = find(&staff, &made, 0, &app.number(twins[0]).digits()).await.ok(200);
    assert_eq!(ids(&found), [twins[1].to_string(), twins[0].to_string()], "by time");
    let names: Vec<_> = found["bookings"].as_array().unwrap().iter().collect();
    assert_ne!(names[0]["person"], names[1]["person"], "who is meant, the birth date tells");
}
