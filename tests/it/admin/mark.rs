//! Persons of the register whom an administrator has marked as moved away or dead.

use chrono::{DateTime, NaiveTime, Utc};
use dosebook::{db::notice::Ways, flows::notice};
use serde_json::json;
use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::{
    person::{book, claim, path, sign_in},
    verified,
};
use crate::support::{Answer, Client, Person, TestApp, World, make};

async fn mark(admin: &Client, person: &Person, mark: &str, cancel: bool) -> Answer {
    let body = json!({ "mark": mark, "reason": "Told by the family", "cancel_bookings": cancel });
    admin.post(&path(person, "/mark"), &body).await
}

#[tokio::test]
async fn a_marked_person_neither_signs_in_nor_books_until_the_mark_is_taken_away() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    let open = app.citizen(person);
    open.get("/v1/me").await.ok(200);
    for word in ["moved_away", "deceased"] {
        let marked = mark(&admin, person, word, false).await.ok(200);
        assert_eq!((&marked["mark"], &marked["bookings"]), (&json!(word), &json!([])));
        open.get("/v1/me").await.problem(401, "unauthenticated");
        assert_eq!(sign_in(&app, &claim(person)).await, None, "{word}");
        assert_eq!(admin.get(&path(person, "")).await.ok(200)["mark"], json!(word));
    }
    // A session of which this process has not heard that it ended.
    query("delete from ended_session").execute(&app.db).await.unwrap();
    let other = app.another().await;
    let body = made.booking(made.slot(0, 2, 0));
    let refused = other.citizen(person).put_booking(Uuid::now_v7(), &body).await;
    let refused = refused.problem(403, "not_eligible");
    assert_eq!(refused["cause"], "record_closed");
    assert!(refused["detail"].as_str().unwrap().contains("helpline"), "{refused}");

    let unmarked = mark(&admin, person, "none", false).await.ok(200);
    assert_eq!(unmarked["mark"], json!(null));
    assert_eq!(sign_in(&app, &claim(person)).await, Some(json!(person.person_id)));
    other.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201);
    mark(&admin, person, "ghost", false).await.blames(422, "invalid_field", "mark");
    let kinds: Vec<i16> =
        query_scalar("select kind from person_change order by 1").fetch_all(&app.db).await.unwrap();
    assert_eq!(kinds, [4, 5, 6]);
}

#[tokio::test]
async fn a_code_that_was_sent_before_the_mark_signs_nobody_in() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    let asked = app.public().post("/v1/auth/codes", &claim(person)).await.ok(202);
    let code = app.shown_codes().await[0]["code"].clone();
    mark(&admin, person, "deceased", false).await.ok(200);
    let answer = json!({ "challenge_id": asked["challenge_id"], "code": code });
    app.public().post("/v1/auth/sessions", &answer).await.problem(401, "wrong_credentials");
    mark(&admin, person, "none", false).await.ok(200);
    app.public().post("/v1/auth/sessions", &answer).await.ok(201);
}

#[tokio::test]
async fn bookings_of_a_marked_person_are_cancelled_only_by_decision_and_doses_flow_back() {
    let app = TestApp::start().await;
    let made = World::new().cancel_until_hours(0).make(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    let id = book(&app, &made, person, 2).await;
    let open = async || -> (i32, i32) {
        let sql = "select open, booked from allocation where allocation_id = $1";
        let row = sqlx::query_as(sql).bind(made.allocation(0, 2).allocation_id.0);
        row.fetch_one(&app.db).await.expect("the allocation")
    };
    let marked = mark(&admin, person, "deceased", false).await.ok(200);
    assert_eq!(marked["bookings"][0]["booking"]["booking_id"], json!(id));
    assert_eq!(marked["bookings"][0]["booking"]["state"], "booked", "it stays");
    assert_eq!(open().await, (6, 1));
    let marked = mark(&admin, person, "deceased", true).await.ok(200);
    assert_eq!(marked["bookings"][0]["booking"]["state"], "cancelled");
    assert_eq!(marked["bookings"][0]["refused"], json!(null));
    assert_eq!(open().await, (7, 0));
    let line: (i16, i16, Option<i32>) = sqlx::query_as(
        "select kind, actor_role, staff_user_id from movement where booking_id = $1
         order by id desc limit 1",
    )
    .bind(id)
    .fetch_one(&app.db)
    .await
    .expect("the line");
    assert_eq!((line.0, line.1), (2, 3), "cancelled by an administrator");
    assert!(line.2.is_some());
    let again = mark(&admin, person, "deceased", true).await.ok(200);
    assert_eq!(again["bookings"], json!([]), "nothing is left to cancel");
    verified(&app).await;
}

#[tokio::test]
async fn the_citizens_own_cancellation_is_journalled_as_theirs_beside_an_administrators() {
    let app = TestApp::with().lanes(1).start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (dead, living) = (&made.people[0], &made.people[1]);
    let first = book(&app, &made, dead, 2).await;
    let second = book(&app, &made, living, 2).await;
    let citizen = app.citizen(living);
    let (marked, cancelled) =
        tokio::join!(mark(&admin, dead, "deceased", true), citizen.delete_booking(second));
    marked.ok(200);
    cancelled.ok(200);
    let sql = "select actor_role from movement where booking_id = $1 and kind in (2, 3)";
    for (id, role) in [(first, 3_i16), (second, 1)] {
        let found: i16 = query_scalar(sql).bind(id).fetch_one(&app.db).await.unwrap();
        assert_eq!(found, role);
    }
    verified(&app).await;
}

#[tokio::test]
async fn a_marked_person_is_sent_nothing() {
    const WAYS: Ways = Ways { texts: true, mails: true };
    let app = TestApp::with().local(false).start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (dead, living) = (&made.people[0], &made.people[1]);
    for person in [dead, living] {
        book(&app, &made, person, 1).await;
    }
    let tell = async || {
        while notice::tell(&app.app.db, &mut notice::Marks::default(), None, WAYS).await.unwrap()
            != notice::Progress::Nothing
        {}
    };
    let waiting = async || -> Vec<(i64, String)> {
        let sql = "select person_id, kind from outbox order by outbox_id";
        sqlx::query_as(sql).fetch_all(&app.db).await.expect("messages")
    };
    tell().await;
    let booked = |person: &Person| (person.person_id.0, "booked".to_owned());
    assert_eq!(waiting().await, [booked(dead), booked(living)], "the control");
    mark(&admin, dead, "deceased", false).await.ok(200);
    assert_eq!(waiting().await, [booked(living)], "what was on its way is not sent");
    let sql = "update booking set booked_at = booked_at - interval '2 days'";
    query(sql).execute(&app.db).await.unwrap();
    let now: DateTime<Utc> =
        query_scalar("select clock_timestamp()").fetch_one(&app.db).await.unwrap();
    let at = NaiveTime::from_hms_opt(0, 0, 0).unwrap();
    notice::remind(&app.app.db, Some(now), at, WAYS).await.unwrap();
    let reminder = (living.person_id.0, "reminder".to_owned());
    assert_eq!(waiting().await, [booked(living), reminder.clone()], "only the living are reminded");
    mark(&admin, dead, "deceased", true).await.ok(200);
    tell().await;
    assert_eq!(waiting().await, [booked(living), reminder], "nor told of the cancellation");
    // A message that came in at the same moment goes to nobody.
    query(
        "insert into outbox (kind, recipient, body, person_id, queue, booking_id, expires_at)
         select 'booked', '', '', person_id, 2, booking_id, clock_timestamp() + interval '1 day'
         from booking where person_id = $1",
    )
    .bind(dead.person_id.0)
    .execute(&app.db)
    .await
    .unwrap();
    let mut conn = app.app.db.connect("test").await.unwrap();
    let queue = dosebook::domain::outbox::Queue::ALL[1];
    let claimed = dosebook::db::outbox::claim_notices(&mut conn, queue, 10).await.unwrap();
    let to_dead = claimed.iter().filter(|one| one.recipient.phone == dead.phone);
    let contents: Vec<_> = to_dead.map(|one| &one.content).collect();
    assert!(
        matches!(contents.as_slice(), [dosebook::domain::outbox::Content::Decoy]),
        "it is dropped: {}",
        contents.len()
    );
}

#[tokio::test]
async fn whoever_is_marked_is_not_counted_among_those_who_may_ask() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let supply = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let eligible = async || {
        app.refresh_pages().await;
        app.public().get(&supply).await.ok(200)["eligible"].clone()
    };
    let before = eligible().await;
    assert!(before.as_i64().is_some_and(|n| n > 1), "the control: {before}");
    mark(&admin, &made.people[0], "moved_away", false).await.ok(200);
    assert_eq!(eligible().await, json!(before.as_i64().unwrap() - 1));
}
