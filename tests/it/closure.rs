//! Closed days: whom they hit, where those can go, what is cancelled for them, and who must be told
//! by somebody.

use dosebook::{
    clock::Clock,
    db::notice::Ways,
    flows::{
        discrepancy::verify,
        notice::{Marks, Progress, tell},
        sweep::sweep,
    },
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use crate::support::{Client, Made, TestApp, World, make::Slot};

async fn start(world: World) -> (TestApp, Made, Client) {
    let app = TestApp::with().local(false).start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    (app, made, admin)
}

fn closure(slot: Slot) -> String {
    format!("/v1/admin/clinics/{}/closures/{}", slot.clinic_id, slot.on_date)
}

fn snow() -> Value {
    json!({ "reason": "Snow", "reason_ko": "폭설" })
}

async fn book(app: &TestApp, made: &Made, person: usize, slot: Slot) -> Uuid {
    let id = Uuid::now_v7();
    app.citizen(&made.people[person]).put_booking(id, &made.booking(slot)).await.ok(201);
    id
}

async fn standing(app: &TestApp, made: &Made, person: usize, id: Uuid) -> Value {
    let seen = app.citizen(&made.people[person]).get(&format!("/v1/bookings/{id}")).await.ok(200);
    seen["standing"].clone()
}

async fn tell_all(app: &TestApp) {
    let ways = Ways { texts: true, mails: true };
    while tell(&app.app.db, &mut Marks::default(), app.app.clock.held(), ways).await.unwrap()
        != Progress::Nothing
    {}
}

#[tokio::test]
async fn closing_says_first_whom_it_hits_and_then_does_it() {
    let (app, made, admin) = start(World::new()).await;
    let slot = made.slot(0, 2, 0);
    let id = book(&app, &made, 0, slot).await;
    let dry = admin.put(&format!("{}?dry_run=true", closure(slot)), &snow()).await.ok(200);
    assert_eq!((&dry["live_bookings"], &dry["slots"]), (&json!(1), &json!(2)));
    assert_eq!(dry["bookings"][0]["booking_id"], json!(id));
    assert_eq!(standing(&app, &made, 0, id).await["code"], "ahead", "nothing was done");
    let mut done = admin.put(&closure(slot), &snow()).await.ok(200);
    done["dry_run"] = json!(true);
    assert_eq!(done, dry);
    let lost = standing(&app, &made, 0, id).await;
    assert_eq!((&lost["code"], &lost["facts"]["reason"]), (&json!("lost"), &json!("Snow")));
    assert!(lost["text"].as_str().unwrap().contains("The reason: Snow."), "{lost}");
    assert_eq!(admin.delete(&closure(slot)).await.status, 204);
    assert_eq!(standing(&app, &made, 0, id).await["code"], "ahead", "whole again");
}

#[tokio::test]
async fn a_clinic_is_closed_for_several_days_at_once() {
    let (app, made, admin) = start(World::new()).await;
    let (first, last) = (made.slot(0, 1, 0), made.slot(0, 3, 0));
    book(&app, &made, 0, last).await;
    let mut body = snow();
    body["to_date"] = json!(last.on_date);
    let done = admin.put(&closure(first), &body).await.ok(200);
    assert_eq!((&done["slots"], &done["live_bookings"]), (&json!(6), &json!(1)));
    let list = format!("/v1/admin/clinics/{}/closures", first.clinic_id);
    assert_eq!(admin.get(&list).await.ok(200)["closures"].as_array().unwrap().len(), 3);
    body["to_date"] = json!("2020-01-01");
    admin.put(&closure(first), &body).await.blames(422, "invalid_field", "to_date");
}

#[tokio::test]
async fn whoever_lost_an_appointment_moves_in_one_request_and_never_loses_both() {
    let (app, made, admin) = start(World::new()).await;
    let slot = made.slot(0, 2, 1);
    let id = book(&app, &made, 0, slot).await;
    let citizen = app.citizen(&made.people[0]);
    let (ways, to) = (format!("/v1/bookings/{id}/alternatives"), format!("/v1/bookings/{id}/move"));
    let new = json!({ "booking_id": Uuid::now_v7(), "slot_id": made.slot(1, 2, 0).slot_id });
    citizen.post(&to, &new).await.problem(409, "wrong_state");
    assert_eq!(standing(&app, &made, 0, id).await["code"], "ahead", "the clinic has the time");

    admin.put(&closure(slot), &snow()).await.ok(200);
    app.refresh().await;
    let found = citizen.get(&ways).await.ok(200);
    let first = &found["alternatives"][0];
    assert_eq!(first["clinic"]["clinic_id"], json!(slot.clinic_id), "the nearest is itself");
    assert_ne!(first["date"], json!(slot.on_date), "on another day");
    let second = &found["alternatives"][1];
    assert_eq!(second["slot_id"], json!(made.slot(1, 2, 1).slot_id), "same day and time near by");

    // The other clinic has no seat left at nine: the old booking stands.
    let full = "update slot set seats = 0 where slot_id = $1";
    query(full).bind(made.slot(1, 2, 0).slot_id.0).execute(&app.db).await.unwrap();
    citizen.post(&to, &new).await.problem(409, "seat_taken");
    assert_eq!(standing(&app, &made, 0, id).await["code"], "lost");

    let new = json!({ "booking_id": Uuid::now_v7(), "slot_id": second["slot_id"] });
    let moved = citizen.post(&to, &new).await.ok(201);
    assert_eq!(moved["clinic_id"], json!(made.clinics[1]));
    assert_eq!(citizen.post(&to, &new).await.ok(201), moved, "sent again, it is the same");
    assert_eq!(standing(&app, &made, 0, id).await["code"], "cancelled");
    app.citizen(&made.people[1]).post(&to, &new).await.problem(404, "not_found");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn moving_beside_other_movers_takes_no_seat_twice() {
    let (app, made, admin) = start(World::new().seats(8).doses(40)).await;
    let slot = made.slot(0, 2, 0);
    let mut ids = Vec::new();
    for person in 0..8 {
        ids.push(book(&app, &made, person, slot).await);
    }
    admin.put(&closure(slot), &snow()).await.ok(200);
    let narrow = "update slot set seats = 3 where slot_id = $1";
    query(narrow).bind(made.slot(1, 2, 0).slot_id.0).execute(&app.db).await.unwrap();
    let moves = ids.iter().enumerate().map(|(person, id)| {
        let (app, made) = (&app, &made);
        async move {
            let new =
                json!({ "booking_id": Uuid::now_v7(), "slot_id": made.slot(1, 2, 0).slot_id });
            let to = format!("/v1/bookings/{id}/move");
            app.citizen(&made.people[person]).post(&to, &new).await.status
        }
    });
    // Others book the same seats through their lane.
    let others = (8..12).map(|person| {
        let (app, made) = (&app, &made);
        async move {
            let body = made.booking(made.slot(1, 2, 0));
            app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await.status
        }
    });
    let (moved, booked) = tokio::join!(join_all(moves), join_all(others));
    let won = moved.iter().chain(&booked).filter(|status| **status == 201).count();
    assert_eq!(won, 3, "as many as there are seats: {moved:?} {booked:?}");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
    let live = "select count(*) from booking where state = 1";
    let live: i64 = query_scalar(live).fetch_one(&app.db).await.unwrap();
    let new = booked.iter().filter(|status| **status == 201).count() as i64;
    assert_eq!(live, 8 + new, "whoever did not move has what they had");
}

#[tokio::test]
async fn the_administration_cancels_with_a_reason_that_people_see() {
    let (app, made, admin) = start(World::new()).await;
    let slot = made.slot(0, 3, 0);
    let ids = [book(&app, &made, 0, slot).await, book(&app, &made, 1, made.slot(0, 3, 1)).await];
    let own = book(&app, &made, 2, slot).await;
    app.citizen(&made.people[2]).delete_booking(own).await.ok(200);
    let path = format!("{}/cancellations", closure(slot));
    admin.post(&path, &snow()).await.problem(409, "wrong_state");
    admin.put(&closure(slot), &snow()).await.ok(200);
    let done = admin.post(&path, &json!({ "reason": "Roof", "reason_ko": "지붕" })).await.ok(200);
    assert_eq!(done["cancelled"], 2);
    assert_eq!(admin.post(&path, &snow()).await.ok(200)["cancelled"], 0, "once");
    for (person, id) in ids.into_iter().enumerate() {
        let seen = standing(&app, &made, person, id).await;
        assert_eq!(seen["code"], "cancelled_for");
        assert!(seen["text"].as_str().unwrap().contains("The reason: Roof."), "{seen}");
        assert_eq!(seen["next"]["code"], "book_again");
    }
    assert_eq!(standing(&app, &made, 2, own).await["code"], "cancelled", "the control");
    let journal = "select count(*) from movement where actor_role = 3 and reason = 'Roof'
                   and kind in (2, 3) and staff_user_id is not null";
    let journal: i64 = query_scalar(journal).fetch_one(&app.db).await.unwrap();
    assert_eq!(journal, 2, "by the administrator, with the reason");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
    // They can book again, and the closed day does not count.
    book(&app, &made, 0, made.slot(1, 3, 0)).await;
}

#[tokio::test]
async fn whom_no_message_reached_is_on_a_list_to_tick_off() {
    let (app, made, admin) = start(World::new()).await;
    let slot = made.slot(0, 2, 0);
    let (first, second) = (book(&app, &made, 0, slot).await, book(&app, &made, 1, slot).await);
    let list = format!("/v1/admin/clinics/{}/unreached?date={}", slot.clinic_id, slot.on_date);
    assert_eq!(admin.get(&list).await.ok(200)["persons"], json!([]), "nobody lost anything");
    admin.put(&closure(slot), &snow()).await.ok(200);
    let why = async || {
        let persons = admin.get(&list).await.ok(200)["persons"].clone();
        let one = |person: &Value| {
            (person["booking_id"].clone(), person["why"].as_str().unwrap().to_owned())
        };
        persons.as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let not_sent = |id: Uuid| (json!(id), "not_sent".to_owned());
    assert_eq!(why().await, [not_sent(first), not_sent(second)]);
    tell_all(&app).await;
    assert!(why().await.iter().all(|(_, why)| why == "waiting"), "{:?}", why().await);
    // One of the messages is sent.
    let sent = "select array_agg(outbox_id) from outbox where booking_id = $1 and kind = 'closed'";
    let sent: Vec<i64> = query_scalar(sent).bind(first).fetch_one(&app.db).await.unwrap();
    let mut conn = app.db.acquire().await.unwrap();
    dosebook::db::closure::note_sent(&mut conn, &sent).await.unwrap();
    assert_eq!(why().await.len(), 1, "who was reached is not on it");

    let tick = format!("/v1/admin/clinics/{}/unreached/{second}", slot.clinic_id);
    let told = admin.put(&tick, &json!({ "how": "phone" })).await.ok(200);
    assert_eq!(told["told"]["how"], "phone");
    let person = admin.get(&list).await.ok(200)["persons"][0].clone();
    assert_eq!((&person["told"], &person["name"]), (&told["told"], &json!(made.people[1].name)));
    admin.put(&tick, &json!({ "how": "pigeon" })).await.blames(422, "invalid_field", "how");
    let elsewhere = format!("/v1/admin/clinics/{}/unreached/{second}", made.clinics[1]);
    admin.put(&elsewhere, &json!({ "how": "phone" })).await.problem(404, "not_found");
    assert_eq!(admin.delete(&tick).await.status, 204);
    admin.delete(&tick).await.problem(404, "not_found");
    assert_eq!(admin.get(&list).await.ok(200)["persons"][0]["told"], Value::Null);
}

#[tokio::test]
async fn whom_somebody_told_of_a_closing_is_told_again_when_the_day_is_open_again() {
    let (app, made, admin) = start(World::new()).await;
    let slot = made.slot(0, 2, 0);
    let (first, second) = (book(&app, &made, 0, slot).await, book(&app, &made, 1, slot).await);
    // Neither has a telephone: staff booked for them.
    let ids: Vec<i64> = made.people[..2].iter().map(|one| one.person_id.0).collect();
    let none = "update person set phone = '', email = null where person_id = any($1)";
    query(none).bind(&ids).execute(&app.db).await.unwrap();
    let list = format!("/v1/admin/clinics/{}/unreached?date={}", slot.clinic_id, slot.on_date);
    let seen = async || {
        let persons = admin.get(&list).await.ok(200)["persons"].clone();
        let one = |one: &Value| {
            (one["booking_id"].clone(), one["is_back"] == true, one["told"] != Value::Null)
        };
        persons.as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let tick = async |id: Uuid| {
        let path = format!("/v1/admin/clinics/{}/unreached/{id}", slot.clinic_id);
        admin.put(&path, &json!({ "how": "in_person" })).await.ok(200);
    };
    admin.put(&closure(slot), &snow()).await.ok(200);
    tell_all(&app).await;
    let why = admin.get(&list).await.ok(200)["persons"][0]["why"].clone();
    assert_eq!(why, "no_way", "no message can reach them");
    tick(first).await;
    assert_eq!(admin.delete(&closure(slot)).await.status, 204);
    // The second does not know that the day was closed: nothing is to be told.
    assert_eq!(seen().await, [(json!(first), true, false)]);
    tell_all(&app).await;
    assert_eq!(seen().await, [(json!(first), true, false)], "no message reaches them either");
    tick(first).await;
    assert_eq!(seen().await, [(json!(first), true, true)]);
    tell_all(&app).await;
    // Closed anew, both must be told of that.
    admin.put(&closure(slot), &snow()).await.ok(200);
    let all = seen().await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|(_, is_back, told)| !is_back && !told), "{all:?}");
    assert!(all.iter().any(|(id, ..)| *id == json!(second)));
}

/// How a time goes and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The day is closed and opened.
    Closure,
    /// Opening hours leave the time out, and have it again.
    Hours,
    /// Opening hours leave it out, and it is added by itself.
    Slot,
}

/// Who is on the list of those to tell at each step, and how: people, whether their time is back,
/// and whether they were told.
async fn told_on(way: Way) -> Vec<Vec<(usize, bool, bool)>> {
    let (app, made, admin) = start(World::new()).await;
    let slot = made.slot(0, 2, 0);
    let mut ids = Vec::new();
    for person in 0..3 {
        ids.push(book(&app, &made, person, slot).await);
    }
    query("update person set phone = '', email = null").execute(&app.db).await.unwrap();
    let clinic = format!("/v1/admin/clinics/{}", slot.clinic_id);
    let (hours, list) =
        (format!("{clinic}/hours"), format!("{clinic}/unreached?date={}", slot.on_date));
    let series = |opens: &str| {
        json!({
            "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "opens": opens, "closes": "11:00", "slot_minutes": 60, "seats_per_slot": 10,
            "from_date": slot.on_date, "to_date": slot.on_date,
        })
    };
    let go = async || match way {
        Way::Closure => drop(admin.put(&closure(slot), &snow()).await.ok(200)),
        Way::Hours | Way::Slot => drop(admin.post(&hours, &series("10:00")).await.ok(200)),
    };
    let come = async || match way {
        Way::Closure => assert_eq!(admin.delete(&closure(slot)).await.status, 204),
        Way::Hours => drop(admin.post(&hours, &series("09:00")).await.ok(200)),
        Way::Slot => {
            let ends_at = slot.starts_at + chrono::TimeDelta::hours(1);
            let new = json!({"starts_at": slot.starts_at, "ends_at": ends_at, "seats": 10});
            admin.post(&format!("{clinic}/slots"), &json!({ "slots": [new] })).await.ok(201);
        }
    };
    let tick = async |person: usize, how: &str| {
        let path = format!("{clinic}/unreached/{}", ids[person]);
        admin.put(&path, &json!({ "how": how })).await.ok(200);
    };
    let seen = async || {
        tell_all(&app).await;
        let persons = admin.get(&list).await.ok(200)["persons"].clone();
        let one = |one: &Value| {
            let person = ids.iter().position(|id| json!(id) == one["booking_id"]).unwrap();
            (person, one["is_back"] == true, one["told"] != Value::Null)
        };
        let mut found: Vec<_> = persons.as_array().unwrap().iter().map(one).collect();
        found.sort_unstable();
        found
    };
    let mut steps = vec![seen().await];
    go().await;
    tick(0, "in_person").await;
    tick(1, "not_found").await;
    steps.push(seen().await);
    come().await;
    steps.push(seen().await);
    tick(0, "phone").await;
    steps.push(seen().await);
    go().await;
    steps.push(seen().await);
    come().await;
    steps.push(seen().await);
    steps
}

#[tokio::test]
async fn whoever_has_lost_a_time_is_told_alike_whichever_way_it_goes_and_comes_back() {
    let lost = |told: [bool; 3]| (0..3).map(|one| (one, false, told[one])).collect::<Vec<_>>();
    let expected = [
        vec![],
        lost([true, true, false]),
        // Only the first knows that it was gone.
        vec![(0, true, false)],
        vec![(0, true, true)],
        lost([false, false, false]),
        vec![],
    ];
    for way in [Way::Closure, Way::Hours, Way::Slot] {
        assert_eq!(told_on(way).await, expected, "{way:?}");
    }
}

#[tokio::test]
async fn whoever_has_heard_is_left_alone_when_another_time_of_the_day_comes_back() {
    let (app, made, admin) = start(World::new()).await;
    let (first, second) = (made.slot(0, 2, 0), made.slot(0, 2, 1));
    let heard = book(&app, &made, 0, first).await;
    let other = book(&app, &made, 1, second).await;
    let clinic = format!("/v1/admin/clinics/{}", first.clinic_id);
    let tick = async |id: Uuid| {
        let path = format!("{clinic}/unreached/{id}");
        admin.put(&path, &json!({ "how": "phone" })).await.ok(200);
    };
    let listed = async || {
        let list = format!("{clinic}/unreached?date={}", first.on_date);
        let persons = admin.get(&list).await.ok(200)["persons"].clone();
        let ids = persons.as_array().unwrap().iter().map(|one| one["booking_id"].clone());
        ids.collect::<Vec<_>>()
    };
    admin.put(&closure(first), &snow()).await.ok(200);
    tell_all(&app).await;
    tick(heard).await;
    assert_eq!(admin.delete(&closure(first)).await.status, 204);
    tell_all(&app).await;
    assert_eq!(listed().await, [json!(heard)], "the control: they must be told");
    // Somebody tells them, and a message does too.
    tick(heard).await;
    let sent = "select array_agg(outbox_id) from outbox where booking_id = $1 and kind = 'opened'";
    let sent: Vec<i64> = query_scalar(sent).bind(heard).fetch_one(&app.db).await.unwrap();
    let mut conn = app.db.acquire().await.unwrap();
    dosebook::db::closure::note_sent(&mut conn, &sent).await.unwrap();
    assert_eq!(listed().await, [""; 0].map(Value::from));

    let hours = json!({
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "opens": "09:00", "closes": "10:00", "slot_minutes": 60, "seats_per_slot": 10,
        "from_date": first.on_date, "to_date": first.on_date,
    });
    admin.post(&format!("{clinic}/hours"), &hours).await.ok(200);
    tick(other).await;
    let ends_at = second.starts_at + chrono::TimeDelta::hours(1);
    let new = json!({"starts_at": second.starts_at, "ends_at": ends_at, "seats": 10});
    admin.post(&format!("{clinic}/slots"), &json!({ "slots": [new] })).await.ok(201);
    assert_eq!(listed().await, [json!(other)]);
}

#[tokio::test]
async fn who_had_to_be_told_is_forgotten_when_the_day_is_over() {
    let (app, made, admin) = start(World::new()).await;
    let slots = [made.slot(0, 2, 0), made.slot(0, 3, 0)];
    let mut ids = Vec::new();
    for (person, slot) in slots.into_iter().enumerate() {
        let id = book(&app, &made, person, slot).await;
        admin.put(&closure(slot), &snow()).await.ok(200);
        let tick = format!("/v1/admin/clinics/{}/unreached/{id}", slot.clinic_id);
        admin.put(&tick, &json!({ "how": "phone" })).await.ok(200);
        assert_eq!(admin.delete(&closure(slot)).await.status, 204);
        ids.push(id);
    }
    let left = async |at: chrono::NaiveDate| {
        let clock = Clock::fixed(at.and_hms_opt(12, 0, 0).unwrap().and_utc());
        sweep(&app.app.db, &clock).await.unwrap();
        let sql = "select booking_id from booking_reopened order by booking_id";
        query_scalar::<_, Uuid>(sql).fetch_all(&app.db).await.unwrap()
    };
    let over = slots[0].on_date + chrono::Days::new(1);
    assert_eq!(left(over).await, ids, "the control: somewhere it is still that day");
    assert_eq!(left(over + chrono::Days::new(1)).await, ids[1..]);
}

#[tokio::test]
async fn closing_beside_booking_leaves_nobody_who_was_not_told() {
    let (app, made, admin) = start(World::new().doses(60)).await;
    let slot = made.slot(0, 2, 0);
    let bookings = (0..20).map(|person| {
        let (app, made) = (&app, &made);
        async move {
            let body = made.booking(slot);
            app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await.status
        }
    });
    let path = closure(slot);
    let reason = snow();
    let closing = admin.put(&path, &reason);
    let (booked, closed) = tokio::join!(join_all(bookings), closing);
    let closed = closed.ok(200);
    let won = booked.iter().filter(|status| **status == 201).count();
    assert!(booked.iter().all(|status| [201, 409].contains(status)), "{booked:?}");
    assert_eq!(closed["live_bookings"], won, "whoever got in was seen by who closed");
    tell_all(&app).await;
    let told = "select count(distinct booking_id) from outbox where kind = 'closed'";
    let told: i64 = query_scalar(told).fetch_one(&app.db).await.unwrap();
    assert_eq!(told, won as i64);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_closure_in_the_middle_of_a_day_hits_those_who_still_come() {
    let (app, made, admin) = start(World::new().slots_per_day(3)).await;
    let slots = [0, 1, 2].map(|number| made.slot(0, 1, number));
    let mut ids = Vec::new();
    for (person, slot) in slots.into_iter().enumerate() {
        ids.push(book(&app, &made, person, slot).await);
    }
    made.begin_day(&app.db, 0, 1).await;
    let today = "select on_date from slot where slot_id = $1";
    let today: chrono::NaiveDate =
        query_scalar(today).bind(slots[0].slot_id.0).fetch_one(&app.db).await.unwrap();
    // The first slot is over, and the second one's person stands there already.
    let over = "update slot set starts_at = now() - interval '3 hours',
                    ends_at = now() - interval '2 hours' where slot_id = $1";
    query(over).bind(slots[0].slot_id.0).execute(&app.db).await.unwrap();
    let arrived = "update booking set arrived_at = now() where booking_id = $1";
    query(arrived).bind(ids[1]).execute(&app.db).await.unwrap();
    let closure = format!("/v1/admin/clinics/{}/closures/{today}", made.clinics[0]);
    let dry = admin.put(&format!("{closure}?dry_run=true"), &snow()).await.ok(200);
    assert_eq!((&dry["live_bookings"], &dry["slots"]), (&json!(2), &json!(2)));
    admin.put(&closure, &snow()).await.ok(200);
    tell_all(&app).await;
    let told = "select array_agg(booking_id) from outbox where kind = 'closed'";
    let told: Vec<Uuid> = query_scalar(told).fetch_one(&app.db).await.unwrap();
    assert_eq!(told, [ids[2]], "who is there is told by those who are there");
    let list = format!("/v1/admin/clinics/{}/unreached?date={today}", made.clinics[0]);
    let persons = admin.get(&list).await.ok(200)["persons"].clone();
    let why = |at: usize| (persons[at]["booking_id"].clone(), persons[at]["why"].clone());
    assert_eq!(persons.as_array().unwrap().len(), 2, "{persons}");
    assert_eq!(why(0), (json!(ids[1]), json!("present")));
    assert_eq!(why(1), (json!(ids[2]), json!("waiting")));
    let hits = dosebook::db::closure::hits(&app.db, made.clinics[0], today).await.unwrap();
    assert_eq!((hits.standing, hits.reached, hits.all()), (2, 0, 2));
    // A slot that has begun is not too late to be told of.
    admin.delete(&closure).await;
    let begun = "update slot set starts_at = now() - interval '5 minutes' where slot_id = $1";
    query(begun).bind(slots[2].slot_id.0).execute(&app.db).await.unwrap();
    tell_all(&app).await;
    admin.put(&closure, &snow()).await.ok(200);
    tell_all(&app).await;
    let told = "select count(*) from outbox where kind = 'closed' and booking_id = $1";
    let told: i64 = query_scalar(told).bind(ids[2]).fetch_one(&app.db).await.unwrap();
    assert_eq!(told, 2);
}
