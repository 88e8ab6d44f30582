//! One person who books many times.

use futures_util::future::join_all;
use uuid::Uuid;

use super::{Aftermath, Services};
use crate::support::{
    TestApp, World,
    unguarded::{self, DROP_PERSON_CONSTRAINT},
};

/// For a hundred slots at ten clinics, with room and doses in all of them.
async fn a_hundred_requests(services: &Services) -> Aftermath {
    let world = World::new().clinics(10).days(5).slots_per_day(2).doses(20);
    let made = world.make(&services.app.db).await;
    assert_eq!(made.slots.len(), 100);
    let person = &made.people[0];
    services.book_at_once(&made, made.slots.iter().map(|&slot| (person, slot)).collect()).await
}

fn one_booking() -> Aftermath {
    Aftermath::sound(1, &[(409, "already_booked", 99)])
}

#[tokio::test]
async fn one_person_at_a_hundred_slots_gets_one() {
    let services = Services::one(TestApp::with()).await;
    assert_eq!(a_hundred_requests(&services).await, one_booking());
}

#[tokio::test]
async fn one_person_at_two_services_gets_one() {
    let services = Services::two(TestApp::with()).await;
    assert_eq!(a_hundred_requests(&services).await, one_booking());
}

#[tokio::test]
async fn one_person_at_two_processes_gets_one() {
    let services = Services::processes().await;
    assert_eq!(a_hundred_requests(&services).await, one_booking());
}

#[tokio::test]
async fn control_without_the_guard_on_the_person_all_hundred_are_booked() {
    for services in Services::without(unguarded::person, DROP_PERSON_CONSTRAINT).await {
        let harm = Aftermath {
            double_booked: 1,
            found: ["person.live_bookings".to_owned()].into(),
            ..Aftermath::sound(100, &[])
        };
        assert_eq!(a_hundred_requests(&services).await, harm);
    }
}

#[tokio::test]
async fn the_same_request_a_hundred_times_is_one_booking() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    let (client, body) = (app.citizen(&made.people[0]), made.booking(made.slot(0, 1, 0)));
    let id = Uuid::now_v7();
    let answers = join_all((0..100).map(|_| client.put_booking(id, &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 99);
    let others: Vec<_> = answers.into_iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(Aftermath::of(&others, &app).await, Aftermath::sound(1, &[]));
}
