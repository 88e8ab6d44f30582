//! The day of a clinic.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Made, TestApp, make::world};

/// The schedule's path of a clinic on a day (1 is tomorrow).
fn path(made: &Made, clinic: usize, day: usize) -> String {
    let allocation = made.allocation(clinic, day);
    format!("/v1/clinics/{}/schedule?date={}", allocation.clinic_id, allocation.on_date)
}

async fn book(app: &TestApp, made: &Made, person: usize, (day, slot): (usize, usize)) -> Uuid {
    let (id, body) = (Uuid::now_v7(), made.booking(made.slot(0, day, slot)));
    app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
    id
}

#[tokio::test]
async fn a_clinic_sees_who_comes_when() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let first = book(&app, &made, 0, (3, 0)).await;
    let cancelled = book(&app, &made, 1, (3, 0)).await;
    let second = book(&app, &made, 2, (3, 1)).await;
    book(&app, &made, 3, (4, 0)).await;
    app.citizen(&made.people[1]).delete_booking(cancelled).await.ok(200);

    let staff = app.staff(made.clinics[0]).await;
    let schedule = staff.get(&path(&made, 0, 3)).await.ok(200);
    let slots = schedule["slots"].as_array().expect("slots");
    let of = |slot: &Value| (slot["slot_id"].clone(), slot["taken"].clone(), slot["seats"].clone());
    let expected = |slot| (json!(made.slot(0, 3, slot).slot_id), json!(1), json!(10));
    assert_eq!(slots.iter().map(of).collect::<Vec<_>>(), [expected(0), expected(1)]);
    for (slot, (id, person)) in slots.iter().zip([(first, 0), (second, 2)]) {
        let person = &made.people[person];
        let expected = json!([{
            "booking_id": id,
            "number": app.number(id).digits(),
            "state": "booked",
            "product_id": made.product_id,
            "dose_number": 1,
            "person": {
                "name": person.name, "birth_date": person.birth_date, "birth_precision": "day",
                "phone": person.phone,
            },
        }]);
        assert_eq!(slot["bookings"], expected);
    }
}

#[tokio::test]
async fn staff_see_no_other_clinic_than_their_own() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    staff.get(&path(&made, 0, 1)).await.ok(200);
    let foreign = staff.get(&path(&made, 1, 1)).await.problem(404, "not_found");
    let unknown = staff.get("/v1/clinics/999999/schedule?date=2021-07-26").await;
    assert_eq!(foreign, unknown.problem(404, "not_found"), "what exists cannot be told");

    let admin = app.admin().await;
    admin.get(&path(&made, 0, 1)).await.ok(200);
    admin.get(&path(&made, 1, 1)).await.ok(200);
    for id in ["999999", "99999999999999", "x", "-1"] {
        let path = format!("/v1/clinics/{id}/schedule?date=2021-07-26");
        admin.get(&path).await.problem(404, "not_found");
    }
    app.public().get(&path(&made, 0, 1)).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_day_must_be_a_date_and_may_be_empty() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let clinic = format!("/v1/clinics/{}/schedule", made.clinics[0]);
    let empty = staff.get(&format!("{clinic}?date=2021-07-26")).await.ok(200);
    assert_eq!(empty["slots"], json!([]));
    for query in ["", "?date=", "?date=2021-02-30", "?date=26.07.2021", "?date=2021-7-26"] {
        let refused = staff.get(&format!("{clinic}{query}")).await;
        refused.blames(422, "invalid_field", "date");
    }
    let refused = staff.get(&format!("{clinic}?date=2021-07-26&who=all")).await;
    refused.blames(422, "unknown_field", "who");
}
