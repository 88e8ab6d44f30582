//! Everything that is asked wrongly at a clinic, in one table: each is refused with a code, a cause
//! and a sentence in both languages, and nothing has moved. A second press of what is right ends on
//! the same state.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{PgPool, query, query_scalar};
use uuid::Uuid;

use super::{dose::book_raw, walk_in::spare};
use crate::{
    support::{Answer, Client, World},
    visit::{Day, give, undo},
};

/// A clinic's day on which everything can go wrong. Person 0 has arrived, 1 was given a dose, 2 is
/// booked and not there, 3 did not come, 4 has dose 1 booked today and dose 2 too soon after it, 5
/// is booked for another day, 6 is excluded; 7 has no booking.
struct Stage {
    day: Day,
    given: Uuid,
    arrived: Uuid,
}

impl Stage {
    async fn set() -> Self {
        let world = World::new().clinics(2).days(3).doses(20).seats(20).people(20);
        let mut day = Day::begin_in(world.cancel_until_hours(0), 5).await;
        let body = day.made.booking(day.made.slot(0, 2, 0));
        for person in [5, 6] {
            let id = Uuid::now_v7();
            day.app.citizen(&day.made.people[person]).put_booking(id, &body).await.ok(201);
            day.bookings.push(id);
        }
        let arrived = day.step(0, json!({ "step": "arrive" })).await;
        day.step(1, json!({ "step": "arrive" })).await;
        let given = day.step(1, give()).await;
        day.step(3, json!({ "step": "no_show" })).await;
        book_raw(&day, (4, 2), day.made.slot(0, 3, 0)).await;
        Self { day, given, arrived }
    }

    fn clinic(&self, at: usize, rest: &str) -> String {
        format!("/v1/clinics/{}{rest}", self.day.made.clinics[at])
    }

    fn step(&self, person: usize) -> String {
        format!("{}/steps/{}", self.day.path(person), Uuid::now_v7())
    }

    async fn today(&self, rest: &str) -> String {
        let today: String = query_scalar("select (now() at time zone 'Asia/Seoul')::date::text")
            .fetch_one(&self.day.app.db)
            .await
            .unwrap();
        self.clinic(0, &format!("/days/{today}{rest}"))
    }

    fn walk_in(&self, person: usize) -> Value {
        let made = &self.day.made;
        json!({
            "person_id": made.people[person].person_id, "campaign_id": made.campaign_id,
            "product_id": made.product_id, "site": "left_arm", "lot": "EW0182",
            "answers": ["identity", "screening"],
        })
    }

    fn assisted(&self, person: usize, day: usize) -> Value {
        let made = &self.day.made;
        json!({
            "person_id": made.people[person].person_id, "campaign_id": made.campaign_id,
            "product_id": made.product_id, "slot_id": made.slot(0, day, 0).slot_id,
            "reason": "Called", "consent": "person",
        })
    }
}

/// Journal, counters, bookings, steps and accounts, as they are.
async fn everything(db: &PgPool) -> Vec<String> {
    let sql = "select to_jsonb(a)::text from allocation a
        union all select to_jsonb(b)::text from booking b
        union all select to_jsonb(m)::text from movement m
        union all select to_jsonb(v)::text from visit_step v
        union all select to_jsonb(s)::text from slot s
        union all select to_jsonb(p)::text from pool p
        union all select to_jsonb(e)::text from exclusion e
        union all select to_jsonb(d)::text from clinic_day_close d";
    let mut rows: Vec<String> = query_scalar(sql).fetch_all(db).await.unwrap();
    rows.sort_unstable();
    rows
}

async fn sends(client: &Client, wrong: &Wrong, language: &str) -> Answer {
    let request = client.request(wrong.method.clone(), &wrong.path);
    let request = request.header("accept-language", language).header("if-match", "*");
    let request = match wrong.path.ends_with("/doses") {
        true => request.header("idempotency-key", &Uuid::now_v7().to_string()),
        false => request,
    };
    request.json(&wrong.body).send().await
}

struct Wrong {
    what: &'static str,
    method: Method,
    path: String,
    body: Value,
    code: &'static str,
    cause: &'static str,
}

fn put(
    what: &'static str,
    (path, body): (String, Value),
    (code, cause): (&'static str, &'static str),
) -> Wrong {
    Wrong { what, method: Method::PUT, path, body, code, cause }
}

fn post(what: &'static str, asked: (String, Value), answer: (&'static str, &'static str)) -> Wrong {
    Wrong { method: Method::POST, ..put(what, asked, answer) }
}

/// Sends each in both languages; nothing has moved after any.
async fn refused(stage: &Stage, client: &Client, wrongs: &[Wrong]) {
    let db = &stage.day.app.db;
    for wrong in wrongs {
        let before = everything(db).await;
        let english = sends(client, wrong, "en").await;
        let korean = sends(client, wrong, "ko").await;
        let what = wrong.what;
        assert_eq!(english.code(), wrong.code, "{what}: {}", english.text());
        assert_eq!(english.body["cause"], wrong.cause, "{what}: {}", english.text());
        assert_eq!((korean.code(), &korean.body["cause"]), (wrong.code, &json!(wrong.cause)));
        let is_hangul = |c: char| ('가'..='힣').contains(&c);
        let said = |answer: &Answer| answer.body["detail"].as_str().unwrap().to_owned();
        let (english, korean) = (said(&english), said(&korean));
        assert!(english.len() > 20 && !english.contains(is_hangul), "{what}: {english}");
        assert!(korean.contains(is_hangul), "{what}: {korean}");
        assert_eq!(everything(db).await, before, "{what}: something moved");
    }
}

const STEP: &str = "step_refused";

#[tokio::test]
async fn what_is_pressed_wrongly_is_refused_and_moves_nothing() {
    let stage = Stage::set().await;
    let day = &stage.day;
    let unanswered = json!({ "step": "give", "site": "left_arm", "lot": "EW0182" });
    let mut wrong_person = give();
    wrong_person["birth_date"] = json!("1955-05-05");
    let arrive = || json!({ "step": "arrive" });
    let no_show = || json!({ "step": "no_show" });
    let unwell = json!({ "step": "not_vaccinated", "reason": "unwell" });
    let cancel = || json!({ "step": "cancel" });
    let at = |person: usize, body: Value| (stage.step(person), body);
    refused(
        &stage,
        &day.staff,
        &[
            put("given before check-in", at(2, give()), (STEP, "not_arrived")),
            put("given unasked", at(0, unanswered), ("answers_needed", "unanswered")),
            put("given to the wrong person", at(0, wrong_person), (STEP, "birth_date_differs")),
            put("given, and then missed", at(1, no_show()), (STEP, "visit_ended")),
            put("given, and then cancelled", at(1, cancel()), (STEP, "visit_ended")),
            put("missed, and then given", at(3, give()), (STEP, "visit_ended")),
            put("missed although there", at(0, no_show()), (STEP, "checked_in")),
            put("cancelled although there", at(0, cancel()), (STEP, "checked_in")),
            put("not vaccinated, and not there", at(2, unwell), (STEP, "not_arrived")),
            put("here on another day", at(5, arrive()), (STEP, "not_today")),
            put("given on another day", at(5, give()), (STEP, "not_today")),
            put("missed before it begins", at(5, no_show()), (STEP, "appointment_ahead")),
            put("dose 1 under dose 2", at(4, cancel()), ("later_dose_booked", "later_dose")),
            put("not the last step", at(1, undo(stage.arrived)), ("invalid_field", "no_such")),
            put(
                "the dose is given twice",
                {
                    let path = format!("{}/steps/{}", day.path(0), stage.given);
                    (path, give())
                },
                ("step_id_reused", "general"),
            ),
        ],
    )
    .await;
    let elsewhere = day.app.staff(day.made.clinics[1]).await;
    let path = format!("/bookings/{}/steps/{}", day.bookings[0], Uuid::now_v7());
    let foreign = [
        put(
            "at another clinic",
            (stage.clinic(1, &path), give()),
            ("not_found", "nothing_visible"),
        ),
        put("of another clinic", at(0, give()), ("not_found", "nothing_visible")),
    ];
    refused(&stage, &elsewhere, &foreign).await;
}

/// Three doses are spare; person 6 must not have one and is not booked any more, and 8 is dead.
async fn make_excluded(day: &Day) {
    spare(day, 3).await;
    query(
        "insert into exclusion (person_id, course_id, dose_number, reason, booking_id,
               staff_user_id)
           select person_id, course_id, 0, 3, booking_id,
               (select min(staff_user_id) from staff_user)
           from booking where booking_id = $1",
    )
    .bind(day.bookings[6])
    .execute(&day.app.db)
    .await
    .unwrap();
    for (sql, id) in [
        ("update person set is_excluded = true where person_id = $1", 6),
        ("update person set mark = 'deceased' where person_id = $1", 8),
    ] {
        query(sql).bind(day.made.people[id].person_id.0).execute(&day.app.db).await.unwrap();
    }
    query("update booking set state = 3, ended_at = now() where booking_id = $1")
        .bind(day.bookings[6])
        .execute(&day.app.db)
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_must_not_have_a_dose_is_refused_and_nothing_moves() {
    let stage = Stage::set().await;
    let day = &stage.day;
    let id = || Uuid::now_v7();
    let walk_in = |body: Value| (stage.clinic(0, &format!("/walk-ins/{}", id())), body);
    let assisted = |body: Value| (stage.clinic(0, &format!("/assisted-bookings/{}", id())), body);
    refused(
        &stage,
        &day.staff,
        &[
            put(
                "booked, and given another",
                walk_in(stage.walk_in(2)),
                ("already_booked", "unmet_rule"),
            ),
            put("had it already", walk_in(stage.walk_in(1)), ("already_booked", "unmet_rule")),
        ],
    )
    .await;
    query("update allocation set spare = 0, lost = lost + spare")
        .execute(&day.app.db)
        .await
        .unwrap();
    let none = ("doses_exhausted", "no_dose_for_walk_in");
    refused(&stage, &day.staff, &[put("no dose", walk_in(stage.walk_in(7)), none)]).await;
    make_excluded(day).await;
    book_raw(day, (9, 2), day.made.slot(0, 3, 0)).await;
    let later = ("later_dose_booked", "later_dose");
    let nobody = {
        let mut body = stage.walk_in(7);
        body["person_id"] = json!(999_999);
        body
    };
    let mut unasked = stage.walk_in(7);
    unasked["answers"] = json!([]);
    let mut without_consent = stage.assisted(7, 2);
    without_consent.as_object_mut().unwrap().remove("consent");
    refused(
        &stage,
        &day.staff,
        &[
            put("must not have it", walk_in(stage.walk_in(6)), ("not_eligible", "unmet_rule")),
            put("is dead", walk_in(stage.walk_in(8)), ("not_eligible", "record_closed")),
            put("is nobody", walk_in(nobody), ("not_eligible", "no_longer_in_register")),
            put("unasked", walk_in(unasked), ("answers_needed", "unanswered")),
            put("dose 1 too close to dose 2", walk_in(stage.walk_in(9)), later),
            put("booked too close to dose 2", assisted(stage.assisted(9, 2)), later),
            put(
                "booked although excluded",
                assisted(stage.assisted(6, 2)),
                ("not_eligible", "unmet_rule"),
            ),
            put(
                "booked without consent",
                assisted(without_consent),
                ("invalid_field", "consent_missing"),
            ),
            put("booked twice", assisted(stage.assisted(5, 3)), ("already_booked", "unmet_rule")),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_day_is_not_closed_wrongly_and_nothing_is_done_after_it() {
    let stage = Stage::set().await;
    let day = &stage.day;
    let close = stage.today("/close").await;
    let doses = stage.today("/doses").await;
    let row = day.made.allocations[0].allocation_id;
    let moving = |action: &str, doses: i32| {
        let reason = "x";
        json!({ "action": action, "allocation_id": row, "doses": doses, "reason": reason })
    };
    let tomorrow = {
        let date = day.made.allocation(0, 2).on_date;
        stage.clinic(0, &format!("/days/{date}/close"))
    };
    let reopen = stage.today("/reopen").await;
    refused(
        &stage,
        &day.staff,
        &[
            post("people wait", (close.clone(), json!({})), ("wrong_state", "people_waiting")),
            post("a day ahead", (tomorrow, json!({})), ("wrong_state", "day_ahead")),
            post("no doses", (doses.clone(), moving("waste", 0)), ("invalid_field", "no_doses")),
            post(
                "too many doses",
                (doses.clone(), moving("waste", 99)),
                ("not_enough_doses", "day_holds"),
            ),
            post(
                "reopened, and not closed",
                (reopen.clone(), json!({ "reason": "x" })),
                ("wrong_state", "day_not_accounted"),
            ),
        ],
    )
    .await;
    day.step(0, give()).await;
    let gone = "update booking set state = 3, ended_at = now() where dose_number = 2";
    query(gone).execute(&day.app.db).await.unwrap();
    let request = day.staff.request(Method::POST, &close).header("if-match", "*");
    let closed = request.json(&json!({})).send().await.ok(200);
    assert_eq!(closed["state"], "closed");
    let walk_in = stage.clinic(0, &format!("/walk-ins/{}", Uuid::now_v7()));
    let accounted = "day_accounted";
    refused(
        &stage,
        &day.staff,
        &[
            post("closed twice", (close.clone(), json!({})), ("wrong_state", accounted)),
            post("wasted after closing", (doses, moving("waste", 1)), ("wrong_state", accounted)),
            put(
                "here after closing",
                (stage.step(2), json!({ "step": "arrive" })),
                (STEP, accounted),
            ),
            put("taken back after closing", (stage.step(1), undo(stage.given)), (STEP, accounted)),
            put("walked in after closing", (walk_in, stage.walk_in(7)), (STEP, accounted)),
        ],
    )
    .await;
    // What is so already is no mistake: a second press ends on the same state.
    let before = everything(&day.app.db).await;
    day.press(1, give()).await.ok(200);
    day.press(2, json!({ "step": "no_show" })).await.ok(200);
    assert_eq!(everything(&day.app.db).await, before);
}
