//! What people ask about themselves is looked up together, and nobody sees what is another's.

use dosebook::{
    domain::{
        BookingId, PersonId,
        own_booking::{LiveBooking, OfDose},
    },
    flows::personal::Personal,
};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::support::{Made, TestApp, World};

const PEOPLE: u32 = 40;

/// How often a connection for looking up was asked for.
async fn reads(app: &TestApp) -> u64 {
    let label = "dosebook_connection_wait_seconds_count{pool=\"look-ups\"} ";
    let text = app.public().get("/metrics").await.text();
    text.lines().find_map(|line| line.strip_prefix(label)?.parse().ok()).unwrap_or(0)
}

async fn world() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = World::new().people(PEOPLE).seats(50).doses(50).make(&app.db).await;
    app.refresh().await;
    (app, made)
}

async fn book(app: &TestApp, made: &Made, person: usize) -> BookingId {
    let id = Uuid::now_v7();
    let body = made.booking(made.slot(0, 3, 0));
    app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
    BookingId(id)
}

#[tokio::test]
async fn bookings_asked_for_at_once_are_looked_up_together_and_each_sees_their_own() {
    let (app, made) = world().await;
    let (made, app) = (&made, &app);
    let ids = join_all((0..20).map(|person| book(app, made, person))).await;
    let personal = Personal::new(&app.app.db.look_ups);
    let before = reads(app).await;
    let asked = ids.iter().zip(&made.people).enumerate().map(async |(nth, (id, person))| {
        let own = personal.booking(*id, person.person_id).await.expect("asked").expect("their own");
        assert_eq!((own.booking.booking_id, own.booking.person_id), (*id, person.person_id));
        assert_eq!(own.name.main, person.name);
        let next = &made.people[(nth + 1) % PEOPLE as usize];
        let others = personal.booking(*id, next.person_id).await.expect("asked");
        assert!(others.is_none(), "another's looks like none");
    });
    join_all(asked).await;
    let together = reads(app).await - before;
    assert!(together <= 4, "{together} statements for 40");
    let nobodys = personal.booking(BookingId(Uuid::now_v7()), PersonId(1)).await.expect("asked");
    assert!(nobodys.is_none());
    for id in &ids[..5] {
        personal.booking(*id, made.people[0].person_id).await.expect("asked");
    }
    let alone = reads(app).await - before - together;
    assert_eq!(alone, 6, "the control: one for each who comes alone");
}

#[tokio::test]
async fn what_was_acknowledged_is_seen_at_once() {
    let (app, made) = world().await;
    let (made, app) = (&made, &app);
    let personal = &Personal::new(&app.app.db.look_ups);
    let of = |person: usize| OfDose {
        person_id: made.people[person].person_id,
        course_id: made.course_id,
        dose_number: 1,
    };
    // Beside many who ask all the time.
    let one = async |person: usize| {
        let LiveBooking { name, booking_id } =
            personal.live_booking(of(person)).await.expect("asked").expect("a person");
        assert_eq!((name.main, booking_id), (made.people[person].name.clone(), None));
        let id = book(app, made, person).await;
        let live = personal.live_booking(of(person)).await.expect("asked").expect("a person");
        assert_eq!(live.booking_id, Some(id));
        let own = personal.booking(id, of(person).person_id).await.expect("asked");
        assert_eq!(own.expect("their own").booking.booking_id, id);
        app.citizen(&made.people[person]).delete_booking(id.0).await.ok(200);
        let live = personal.live_booking(of(person)).await.expect("asked").expect("a person");
        assert_eq!(live.booking_id, None, "cancelled");
    };
    join_all((0..PEOPLE as usize).map(one)).await;
    let nobody = OfDose { person_id: PersonId(i64::MAX), ..of(0) };
    assert!(personal.live_booking(nobody).await.expect("asked").is_none());
    assert!(personal.person(nobody.person_id).await.expect("asked").is_none());
    let person = personal.person(of(7).person_id).await.expect("asked").expect("a person");
    assert_eq!((person.person_id, person.name), (of(7).person_id, made.people[7].name.clone()));
}
