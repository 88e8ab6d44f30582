//! What machines that watch the service see, and a first booking as a check of all the rest.

use uuid::Uuid;

use crate::support::{TestApp, make};

#[tokio::test]
async fn the_service_lives_and_is_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.public().get("/healthz").await.ok(200)["status"], "ok");
    assert_eq!(app.public().get("/readyz").await.ok(200)["status"], "ready");
    let metrics = app.public().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("dosebook_answers_total"), "{}", metrics.text());
}

#[tokio::test]
async fn two_services_on_one_database_see_the_same_booking() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let other = app.another().await;
    let (person, id) = (&made.people[0], Uuid::now_v7());
    let body = made.booking(made.slot(0, 3, 0));
    let booked = app.citizen(person).put_booking(id, &body).await.ok(201);
    let again = other.citizen(person).put_booking(id, &body).await.ok(200);
    assert_eq!(booked, again);
    let nobodys = app.citizen(&made.people[1]).get(&format!("/v1/bookings/{id}")).await;
    nobodys.problem(404, "not_found");
}
