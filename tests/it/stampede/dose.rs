//! Fewer doses, or fewer seats, than people who book.

use super::{Aftermath, Services};
use crate::support::{
    TestApp, World,
    unguarded::{self, DROP_DOSES_CONSTRAINT, DROP_SEATS_CONSTRAINT},
};

/// One slot with ten seats.
fn one_slot() -> World {
    World::new().clinics(1).days(1).slots_per_day(1).seats(10)
}

/// Ten seats, seven doses.
async fn five_hundred_clients(services: &Services) -> Aftermath {
    let made = one_slot().doses(7).people(500).make(&services.app.db).await;
    let slot = made.slot(0, 1, 0);
    services.book_at_once(&made, made.people.iter().map(|person| (person, slot)).collect()).await
}

fn seven_and_the_rest_hear_of_doses() -> Aftermath {
    Aftermath::sound(7, &[(409, "doses_exhausted", 493)])
}

#[tokio::test]
async fn five_hundred_clients_get_seven_doses_and_the_rest_hear_of_doses() {
    let services = Services::one(TestApp::with()).await;
    assert_eq!(five_hundred_clients(&services).await, seven_and_the_rest_hear_of_doses());
}

#[tokio::test]
async fn two_services_share_seven_doses() {
    let services = Services::two(TestApp::with()).await;
    assert_eq!(five_hundred_clients(&services).await, seven_and_the_rest_hear_of_doses());
}

#[tokio::test]
async fn two_processes_share_seven_doses() {
    let services = Services::processes().await;
    assert_eq!(five_hundred_clients(&services).await, seven_and_the_rest_hear_of_doses());
}

#[tokio::test]
async fn control_without_the_guard_on_doses_seven_become_ten() {
    for services in Services::without(unguarded::doses, DROP_DOSES_CONSTRAINT).await {
        let harm = Aftermath {
            oversold: 1,
            found: ["allocation.least".to_owned()].into(),
            ..Aftermath::sound(10, &[(409, "seat_taken", 490)])
        };
        assert_eq!(five_hundred_clients(&services).await, harm);
    }
}

/// Ten seats, a hundred doses.
async fn fifty_clients(services: &Services) -> Aftermath {
    let made = one_slot().doses(100).people(50).make(&services.app.db).await;
    let slot = made.slot(0, 1, 0);
    services.book_at_once(&made, made.people.iter().map(|person| (person, slot)).collect()).await
}

#[tokio::test]
async fn seats_bind_where_doses_do_not() {
    let services = Services::one(TestApp::with()).await;
    assert_eq!(fifty_clients(&services).await, Aftermath::sound(10, &[(409, "seat_taken", 40)]));
}

#[tokio::test]
async fn control_without_the_guard_on_seats_all_are_seated() {
    for services in Services::without(unguarded::seats, DROP_SEATS_CONSTRAINT).await {
        let found = ["slot.seats".to_owned()].into();
        let harm = Aftermath { found, ..Aftermath::sound(50, &[]) };
        assert_eq!(fifty_clients(&services).await, harm);
    }
}
