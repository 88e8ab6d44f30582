//! Two at the same time, and what happens without a guard.

use dosebook::{domain::channel::Channel, flows::discrepancy::verify};
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::{add_doses, assist, assisted, buckets, day, give, spare, walk_in};
use crate::{
    support::{Answer, TestApp, World, unguarded},
    visit::Day,
};

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn two_desks_give_the_last_spare_dose_once() {
    for _ in 0..5 {
        let day = day().await;
        spare(&day, 1).await;
        let both = (0..2).map(|person| {
            let body = walk_in(&day.made, person);
            let day = &day;
            async move { give(day, Uuid::now_v7(), &body).await }
        });
        assert_eq!(statuses(&join_all(both).await), [201, 409]);
        assert_eq!(day.doses().await, [6, 0, 0, 1, 0]);
        day.assert_sound().await;
    }
}

#[tokio::test]
async fn the_same_press_from_two_devices_is_one_dose() {
    let day = day().await;
    spare(&day, 3).await;
    let (id, body) = (Uuid::now_v7(), walk_in(&day.made, 0));
    let many = join_all((0..6).map(|_| give(&day, id, &body))).await;
    assert_eq!(statuses(&many), [200, 200, 200, 200, 200, 201]);
    assert_eq!(day.doses().await, [4, 0, 2, 1, 0]);
    day.assert_sound().await;
}

/// Books on the web at the other clinic, whose lane is another, while the desk gives a dose.
async fn web_and_walk_in(day: &Day, person: usize) -> (Answer, Answer) {
    let body = walk_in(&day.made, person);
    let web = day.made.booking(day.made.slot(1, 2, 0));
    let citizen = day.app.citizen(&day.made.people[person]);
    let giving = give(day, Uuid::now_v7(), &body);
    tokio::join!(giving, citizen.put_booking(Uuid::now_v7(), &web))
}

#[tokio::test]
async fn a_walk_in_who_books_on_the_web_in_the_same_second_has_one_dose() {
    let day = day().await;
    spare(&day, 7).await;
    for person in 0..6 {
        let (given, booked) = web_and_walk_in(&day, person).await;
        assert_eq!(statuses(&[given, booked]), [201, 409], "{person}");
    }
    day.assert_sound().await;
}

/// The control: as if nobody had bookings, and without the index behind that guard.
#[tokio::test]
async fn without_the_guard_a_walk_in_gets_a_second_dose() {
    let app = TestApp::with().decide(unguarded::person).start().await;
    let made = World::new().clinics(2).days(3).cancel_until_hours(0).make(&app.db).await;
    sqlx::raw_sql(unguarded::DROP_PERSON_CONSTRAINT).execute(&app.db).await.unwrap();
    let staff = app.staff(made.clinics[0]).await;
    made.begin_day(&app.db, 0, 1).await;
    let day = Day { app, made, staff, bookings: vec![] };
    spare(&day, 2).await;
    let body = walk_in(&day.made, 0);
    for _ in 0..2 {
        give(&day, Uuid::now_v7(), &body).await.ok(201);
    }
    assert_ne!(verify(&day.app.app.db).await.unwrap(), [], "verify sees two live doses");
}

/// The control: as if doses never ran out, and without the constraint behind that guard.
#[tokio::test]
async fn without_the_guard_the_last_spare_dose_is_given_twice() {
    let app = TestApp::with().decide(unguarded::spare_doses).start().await;
    let made = World::new().clinics(2).days(3).cancel_until_hours(0).make(&app.db).await;
    sqlx::raw_sql(unguarded::DROP_DOSES_CONSTRAINT).execute(&app.db).await.unwrap();
    let staff = app.staff(made.clinics[0]).await;
    made.begin_day(&app.db, 0, 1).await;
    let day = Day { app, made, staff, bookings: vec![] };
    spare(&day, 1).await;
    for person in 0..2 {
        give(&day, Uuid::now_v7(), &walk_in(&day.made, person)).await.ok(201);
    }
    assert_eq!(day.doses().await, [6, 0, -1, 2, 0]);
    assert_ne!(verify(&day.app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn the_last_phone_dose_goes_to_one_caller_and_none_to_the_web() {
    let app = TestApp::start().await;
    let made = World::new().doses(1).make(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    let web = made.allocation(0, 1).allocation_id;
    let phone = add_doses(&app.db, web, (Channel::Phone, 1)).await;
    let body = made.booking(made.slot(0, 1, 0));
    let desk = |person: usize| {
        let (staff, made) = (&staff, &made);
        async move { assist(staff, made, Uuid::now_v7(), &assisted(made, person, 1)).await }
    };
    let citizen = |person: usize| {
        let (client, body): (_, &Value) = (app.citizen(&made.people[person]), &body);
        async move { client.put_booking(Uuid::now_v7(), body).await }
    };
    let (a, b, c, d) = tokio::join!(desk(0), citizen(1), desk(2), citizen(3));
    assert_eq!(statuses(&[a, b, c, d]), [201, 201, 409, 409]);
    assert_eq!(buckets(&app.db, phone).await, [0, 1, 0, 0], "a caller had the phone's dose");
    assert_eq!(buckets(&app.db, web).await, [0, 1, 0, 0]);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}
