//! Presses about somebody whom an administrator merges at the same time: what is found of them is
//! not left on a row that is nobody any more, and locks are taken in one order.

use std::time::Duration;

use dosebook::{
    db,
    domain::{
        BookingId, StepId,
        actor::Actor,
        batch::{Decision, Locked, Request, Visit, decide},
        person_state::Access,
        visit::{Act, NotGiven, Press},
    },
    flows::lane::transaction::{self, KnownRules, Locks},
};
use serde_json::json;
use sqlx::{Executor, PgPool, query, query_scalar};
use uuid::Uuid;

use super::Day;
use crate::support::{Answer, TestApp, World};

async fn contraindicated(day: &Day, person: usize) -> Answer {
    day.press(person, json!({ "step": "not_vaccinated", "reason": "contraindicated" })).await
}

/// What was found of people under a seal, and of those who are somebody else by now.
async fn left_behind(db: &PgPool) -> i64 {
    let sql = "select count(*) from exclusion join person using (person_id)
               where lifted_at is null and (sealed_at is not null or merged_into is not null)";
    query_scalar(sql).fetch_one(db).await.unwrap()
}

/// As if nobody were being merged.
fn without_seal(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.people.values_mut().for_each(|person| person.access = Access::Open);
    decide(locked, requests)
}

#[tokio::test]
async fn what_is_found_of_somebody_who_is_being_merged_is_not_left_behind() {
    for (guard, is_kept) in
        [(decide as dosebook::domain::batch::Decide, true), (without_seal, false)]
    {
        let app = TestApp::with().decide(guard).start().await;
        let day = Day::begin_on(app, World::new().clinics(2).days(3), 1).await;
        day.step(0, json!({ "step": "arrive" })).await;
        let seal = "update person set sealed_at = now() where person_id = $1";
        let id = day.made.people[0].person_id.0;
        query(seal).bind(id).execute(&day.app.db).await.unwrap();
        let answer = contraindicated(&day, 0).await;
        if is_kept {
            answer.problem(503, "unavailable");
            assert_eq!(left_behind(&day.app.db).await, 0);
            query("update person set sealed_at = null").execute(&day.app.db).await.unwrap();
            contraindicated(&day, 0).await.ok(201);
        } else {
            answer.ok(201);
            assert_eq!(left_behind(&day.app.db).await, 1);
        }
    }
}

#[tokio::test]
async fn whatever_comes_first_what_was_found_goes_over_with_the_person() {
    let world = || World::new().clinics(2).days(3).seats(20).doses(20).people(20);
    let day = Day::begin_in(world(), 8).await;
    let admin = day.app.admin().await;
    for person in 0..8 {
        day.step(person, json!({ "step": "arrive" })).await;
        let (from, into) = (&day.made.people[person], &day.made.people[person + 8]);
        let path = format!("/v1/admin/persons/{}/merge", from.person_id);
        let body = json!({ "into_person_id": into.person_id, "reason": "x" });
        let (pressed, merged) =
            tokio::join!(contraindicated(&day, person), admin.post(&path, &body));
        merged.ok(200);
        let is_new = pressed.status == 201;
        if !is_new {
            pressed.problem(503, "unavailable");
        }
        let found: i64 = query_scalar("select count(*) from exclusion where person_id = $1")
            .bind(into.person_id.0)
            .fetch_one(&day.app.db)
            .await
            .unwrap();
        assert_eq!(found, i64::from(is_new), "{person}");
        assert_eq!(left_behind(&day.app.db).await, 0, "{person}");
    }
    day.assert_sound().await;
}

/// Returns when a statement of this name waits for a lock.
async fn waits(db: &PgPool, name: &'static str) {
    let looking = async {
        let sql = "select exists (select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
                and query like '%' || $1 || '%')";
        while !query_scalar::<_, bool>(sql).bind(name).fetch_one(db).await.unwrap() {}
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.expect(name);
}

/// Whether nobody has locked the booking.
async fn is_free(db: &PgPool, id: Uuid) -> bool {
    let sql = "select count(*) from (
        select from booking where booking_id = $1 for no key update skip locked) b";
    query_scalar::<_, i64>(sql).bind(id).fetch_one(db).await.unwrap() == 1
}

/// A batch that cancels for one person and finds something of another comes to both persons before
/// it comes to any booking, as a merge does.
#[tokio::test]
async fn a_batch_locks_persons_before_bookings() {
    let day = Day::begin(3).await;
    day.step(1, json!({ "step": "arrive" })).await;
    let later = Uuid::now_v7();
    let body = day.made.booking(day.made.slot(0, 2, 0));
    let me = &day.made.people[5];
    day.app.citizen(me).put_booking(later, &body).await.ok(201);
    let cancel = dosebook::db::booking::find_own(&day.app.db, BookingId(later), me.person_id);
    let cancel = Request::Cancel(cancel.await.unwrap().expect("a booking"));
    let (_, staff) = day.app.staff_user(2, Some(day.made.clinics[0])).await;
    let press = Press {
        step_id: StepId(Uuid::now_v7()),
        clinic_id: day.made.clinics[0],
        booking_id: BookingId(day.bookings[1]),
        act: Act::NotVaccinated { reason: NotGiven::Contraindicated, had_on: None, until: None },
        answers: vec![],
        birth_date: None,
        note: None,
        by: Actor::Staff(staff),
    };
    let requests = [cancel, Request::Visit(Visit { press, booking: None }.into())];
    let mut held = day.app.db.begin().await.unwrap();
    let hold = "select from person where person_id = $1 for update";
    query(hold).bind(day.made.people[1].person_id.0).execute(&mut *held).await.unwrap();
    let mut conn = day.app.app.db.connect("order").await.unwrap();
    conn.execute(db::PLANNER_SETTINGS).await.unwrap();
    let mut known = KnownRules::default();
    let run = transaction::run(&mut conn, &mut known, decide, &requests, Locks::Wait);
    let look = async {
        waits(&day.app.db, "visit::lock_people").await;
        let is_free = is_free(&day.app.db, later).await;
        held.rollback().await.unwrap();
        is_free
    };
    let (done, is_free) = tokio::join!(run, look);
    assert!(is_free, "the booking is not locked while a person is waited for");
    let names: Vec<_> = done.unwrap().outcomes.iter().map(|one| one.name()).collect();
    assert_eq!(names, ["cancelled", "visited"]);
    day.assert_sound().await;
}

/// Closing a day has the catalogue when it comes to bookings; a merge that had bookings when it
/// comes to the catalogue would stand in its way, and it in the merge's.
#[tokio::test]
async fn a_merge_has_no_booking_while_it_waits_for_the_catalogue() {
    let day = Day::begin(1).await;
    let admin = day.app.admin().await;
    let mut held = day.app.db.begin().await.unwrap();
    query("select from catalogue for update").execute(&mut *held).await.unwrap();
    let path = format!("/v1/admin/persons/{}/merge", day.made.people[0].person_id);
    let body = json!({ "into_person_id": day.made.people[9].person_id, "reason": "x" });
    let look = async {
        waits(&day.app.db, "catalogue::touch").await;
        let is_free = is_free(&day.app.db, day.bookings[0]).await;
        held.rollback().await.unwrap();
        is_free
    };
    let (merged, is_free) = tokio::join!(admin.post(&path, &body), look);
    assert!(is_free, "the booking is not locked while the catalogue is waited for");
    merged.ok(200);
    // The control: what is locked is seen as locked.
    let mut held = day.app.db.begin().await.unwrap();
    let hold = "select from booking where booking_id = $1 for update";
    query(hold).bind(day.bookings[0]).execute(&mut *held).await.unwrap();
    assert!(!self::is_free(&day.app.db, day.bookings[0]).await);
}

/// Whoever has a person may wait for the catalogue, whoever has that waits for doses, and a press
/// that has the doses for the person: it gives them back while it waits, so that all go on.
#[tokio::test]
async fn a_press_that_waits_for_its_person_keeps_nobody_from_the_doses() {
    let day = Day::begin(2).await;
    day.step(0, json!({ "step": "arrive" })).await;
    let mut held = day.app.db.begin().await.unwrap();
    let hold = "select from person where person_id = $1 for update";
    query(hold).bind(day.made.people[0].person_id.0).execute(&mut *held).await.unwrap();
    let others = async {
        waits(&day.app.db, "visit::lock_people").await;
        let date: String = query_scalar("select (now() at time zone 'Asia/Seoul')::date::text")
            .fetch_one(&day.app.db)
            .await
            .unwrap();
        let clinic = format!("/v1/clinics/{}/days/{date}", day.made.clinics[0]);
        let body = json!({
            "action": "withhold", "doses": 1, "reason": "x",
            "allocation_id": day.made.allocations[0].allocation_id,
        });
        let moved = day.staff.post_once(Uuid::now_v7(), &format!("{clinic}/doses"), &body).await;
        moved.ok(200);
        let close = day.staff.request(reqwest::Method::POST, &format!("{clinic}/close"));
        let close = close.header("if-match", "*").json(&json!({})).send().await;
        assert_eq!(close.problem(409, "wrong_state")["cause"], "people_waiting");
        day.press(1, json!({ "step": "arrive" })).await.ok(201);
        held.rollback().await.unwrap();
    };
    let (pressed, ()) = tokio::join!(contraindicated(&day, 0), others);
    pressed.ok(201);
    day.assert_sound().await;
}
