//! One person who was two: merged by an administrator, also while bookings are being made.

use std::time::Duration;

use chrono::Utc;
use dosebook::flows;
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, query, query_scalar};
use uuid::Uuid;

use super::{
    person::{book, claim, path, sign_in},
    verified,
};
use crate::support::{Answer, Client, Made, Person, TestApp, World, make};

async fn merge(admin: &Client, from: &Person, into: &Person) -> Answer {
    let body = json!({ "into_person_id": into.person_id, "reason": "Registered twice" });
    admin.post(&path(from, "/merge"), &body).await
}

/// Notes to whom messages go, which are gone once they were shown.
const NOTE: &str = "
    create table noted (recipient text);
    grant insert on noted to dosebook_app;
    create function note() returns trigger language plpgsql as $$
    begin
        insert into noted values (new.recipient);
        return null;
    end $$;
    create trigger note after insert on outbox for each row execute function note()";

/// Notes that the dose of a booking was given, in the ledger too.
async fn give(app: &TestApp, made: &Made, id: Uuid, day: usize) {
    let mut tx = app.db.begin().await.expect("a transaction");
    let allocation = made.allocation(0, day).allocation_id.0;
    for sql in [
        "update booking set state = 2, ended_at = clock_timestamp() where booking_id = $2
             and $1::bigint is not null",
        "update allocation set booked = booked - 1, given = given + 1
             where allocation_id = $1 and $2::uuid is not null",
        "insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, booking_id,
             actor_role, slot_id)
         select 5, 3, 5, 1, $1, booking_id, 4, slot_id from booking where booking_id = $2",
    ] {
        query(sql).bind(allocation).bind(id).execute(&mut *tx).await.expect(sql);
    }
    tx.commit().await.expect("committed");
}

async fn holder(app: &TestApp, id: Uuid) -> i64 {
    let sql = "select person_id from booking where booking_id = $1";
    query_scalar(sql).bind(id).fetch_one(&app.db).await.expect("the booking")
}

/// Live bookings of persons who were merged, and seals that nobody takes away.
async fn left_behind(app: &TestApp) -> (i64, i64) {
    sqlx::query_as(
        "select (select count(*) from booking join person using (person_id)
                 where merged_into is not null and state in (1, 2, 5)),
                (select count(*) from person where sealed_at is not null)",
    )
    .fetch_one(&app.db)
    .await
    .expect("counts")
}

#[tokio::test]
async fn bookings_doses_lists_and_names_follow_a_merge() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let given = book(&app, &made, from, 1).await;
    give(&app, &made, given, 1).await;
    query(
        "with made as (insert into roster (code, name) values ('a', 'A'), ('b', 'B')
             returning roster_id, code)
         insert into roster_member (person_id, roster_id)
         select $1, roster_id from made union all
         select $2, roster_id from made where code = 'a'",
    )
    .bind(from.person_id.0)
    .bind(into.person_id.0)
    .execute(&app.db)
    .await
    .expect("lists");
    query(
        "insert into person_spelling (match_key, person_id, language, name)
         select '\\x00112233445566778899aabbccddeeff', $1, 'ko', '시민'",
    )
    .bind(from.person_id.0)
    .execute(&app.db)
    .await
    .expect("a spelling");
    app.db.execute(NOTE).await.expect("recipients are noted");

    let merged = merge(&admin, from, into).await.ok(200);
    assert_eq!(merged["merged_into"], json!(into.person_id));
    assert_eq!(merged["booking_ids"], json!([given]));
    assert_eq!(holder(&app, given).await, into.person_id.0);
    let survivor = admin.get(&path(into, "")).await.ok(200);
    assert_eq!(survivor["took_in"], json!([from.person_id]));
    let lists: Vec<_> =
        survivor["rosters"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(lists, ["a", "b"]);
    assert_eq!(survivor["bookings"][0]["state"], "given");
    assert_eq!(survivor["changes"][0]["kind"], "took_in");
    assert_eq!(survivor["changes"][0]["other_person_id"], json!(from.person_id));
    let gone = admin.get(&path(from, "")).await.ok(200);
    assert_eq!(gone["merged_into"], json!(into.person_id));
    assert_eq!((&gone["rosters"], &gone["bookings"]), (&json!([]), &json!([])));
    assert_eq!(gone["changes"][0]["kind"], "merged_into");

    // Either identity signs in the one person, and each is found as that one.
    for person in [from, into] {
        assert_eq!(sign_in(&app, &claim(person)).await, Some(json!(into.person_id)));
        let body = json!({ "name": person.name, "birth_date": person.birth_date, "reason": "x" });
        let found = admin.post("/v1/admin/persons/find", &body).await.ok(200);
        assert_eq!(found["persons"][0]["person_id"], json!(into.person_id));
        assert_eq!(found["persons"].as_array().map(Vec::len), Some(1));
    }
    // The code goes to the phone of the survivor.
    let phones: Vec<String> =
        query_scalar("select recipient from noted").fetch_all(&app.db).await.unwrap();
    assert_eq!(phones, [into.phone.clone(), into.phone.clone()]);
    // The dose that was given counts.
    let body = made.booking(made.slot(1, 3, 0));
    app.citizen(into).put_booking(Uuid::now_v7(), &body).await.problem(409, "already_booked");
    verified(&app).await;
}

#[tokio::test]
async fn two_live_bookings_of_one_dose_are_refused_with_both_named() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let (first, second) = (book(&app, &made, from, 1).await, book(&app, &made, into, 2).await);
    let refused = merge(&admin, from, into).await.problem(409, "booked_twice");
    assert_eq!(refused["cause"], "same_dose");
    let same = json!([{
        "course_id": made.course_id, "dose_number": 1, "booking_id": first,
        "other_booking_id": second,
    }]);
    assert_eq!(refused["same_doses"], same);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&first.to_string()) && detail.contains(&second.to_string()));
    assert_eq!(left_behind(&app).await, (0, 0), "nothing is sealed");
    // Nothing was done: both book on as before.
    assert_eq!(sign_in(&app, &claim(from)).await, Some(json!(from.person_id)));
    app.citizen(from).get("/v1/bookings").await.ok(200);

    // Given doses count as live ones do.
    give(&app, &made, second, 2).await;
    merge(&admin, from, into).await.problem(409, "booked_twice");
    app.citizen(from).delete_booking(first).await.ok(200);
    let merged = merge(&admin, from, into).await.ok(200);
    assert_eq!(merged["booking_ids"], json!([first]), "the cancelled one follows");
    verified(&app).await;
}

#[tokio::test]
async fn a_merge_that_cannot_be_is_refused_and_leaves_no_trace() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let [a, b, c] = [0, 1, 2].map(|n| &made.people[n]);
    merge(&admin, a, a).await.blames(422, "invalid_field", "into_person_id");
    let body = json!({ "into_person_id": 999, "reason": "x" });
    admin.post(&path(a, "/merge"), &body).await.blames(422, "invalid_field", "into_person_id");
    let body = json!({ "into_person_id": b.person_id, "reason": "x" });
    let none = admin.post("/v1/admin/persons/999/merge", &body).await;
    none.problem(404, "not_found");
    let unread = admin.request(reqwest::Method::POST, &path(a, "/merge"));
    let body = json!({ "into_person_id": b.person_id, "reason": "x" });
    let unread = unread.header("if-match", "\"old\"").json(&body).send().await;
    unread.problem(412, "changed_meanwhile");
    assert_eq!(left_behind(&app).await, (0, 0));
    merge(&admin, a, b).await.ok(200);
    let again = merge(&admin, a, b).await.problem(409, "person_merged");
    assert_eq!(
        (&again["cause"], &again["person_id"]),
        (&json!("merged_into"), &json!(b.person_id))
    );
    let back = merge(&admin, b, a).await.problem(409, "person_merged");
    assert_eq!(back["person_id"], json!(b.person_id));
    let third = merge(&admin, c, a).await.blames(409, "person_merged", "into_person_id");
    assert_eq!(third["person_id"], json!(b.person_id), "go on with that one");
    let mark = json!({ "mark": "deceased", "reason": "x" });
    admin.post(&path(a, "/mark"), &mark).await.problem(409, "person_merged");
    let change = admin.request(reqwest::Method::PATCH, &path(a, "")).header("if-match", "*");
    let body = json!({ "phone": "01011112222", "reason": "x" });
    change.json(&body).send().await.problem(409, "person_merged");
    assert_eq!(left_behind(&app).await, (0, 0));
    verified(&app).await;
}

#[tokio::test]
async fn of_a_chain_of_merges_every_identity_finds_the_last() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| &made.people[n]);
    let id = book(&app, &made, a, 1).await;
    for (from, into) in [(a, b), (c, d), (b, d)] {
        merge(&admin, from, into).await.ok(200);
    }
    assert_eq!(holder(&app, id).await, d.person_id.0);
    for person in [a, b, c, d] {
        assert_eq!(sign_in(&app, &claim(person)).await, Some(json!(d.person_id)));
    }
    let last = admin.get(&path(d, "")).await.ok(200);
    assert_eq!(last["took_in"], json!([a.person_id, b.person_id, c.person_id]));
    verified(&app).await;
}

#[tokio::test]
async fn a_survivor_may_take_the_identity_of_whom_they_took_in() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (old, new) = (&made.people[0], &made.people[1]);
    merge(&admin, old, new).await.ok(200);
    let mut body = claim(old);
    body["reason"] = json!("The first entry was right");
    let change = admin.request(reqwest::Method::PATCH, &path(new, "")).header("if-match", "*");
    let corrected = change.json(&body).send().await.ok(200);
    assert_eq!(corrected["name"], json!(old.name));
    assert_eq!(sign_in(&app, &claim(old)).await, Some(json!(new.person_id)));
    assert_eq!(sign_in(&app, &claim(new)).await, None, "that was wrong, and is nobody's");
    verified(&app).await;
}

#[tokio::test]
async fn sessions_and_codes_of_the_merged_end_and_messages_follow() {
    let app = TestApp::with().local(false).start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let citizen = app.citizen(from);
    let id = book(&app, &made, from, 1).await;
    query(
        "insert into outbox (kind, recipient, body, person_id, queue, booking_id, expires_at)
         values ('booked', '', '', $1, 2, $2, clock_timestamp() + interval '1 day'),
             ('sign_in_code', '0', 'x', $1, 1, null, clock_timestamp() + interval '1 day')",
    )
    .bind(from.person_id.0)
    .bind(id)
    .execute(&app.db)
    .await
    .expect("messages");
    merge(&admin, from, into).await.ok(200);
    citizen.get("/v1/me").await.problem(401, "unauthenticated");
    app.citizen(into).get(&format!("/v1/bookings/{id}")).await.ok(200);
    let mut conn = app.app.db.connect("test").await.unwrap();
    let queue = dosebook::domain::outbox::Queue::ALL[1];
    let claimed = dosebook::db::outbox::claim_notices(&mut conn, queue, 10).await.unwrap();
    let phones: Vec<_> = claimed.iter().map(|one| one.recipient.phone.as_str()).collect();
    assert_eq!(phones, [into.phone.as_str()]);
    let codes: i64 = query_scalar("select count(*) from outbox where kind = 'sign_in_code'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(codes, 0, "the code goes nowhere");

    // A code that was asked for before the merge.
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let asked = app.public().post("/v1/auth/codes", &claim(from)).await.ok(202);
    let code = app.shown_codes().await[0]["code"].clone();
    merge(&admin, from, into).await.ok(200);
    let answer = json!({ "challenge_id": asked["challenge_id"], "code": code });
    app.public().post("/v1/auth/sessions", &answer).await.problem(401, "wrong_credentials");
    assert_eq!(sign_in(&app, &claim(from)).await, Some(json!(into.person_id)));
}

#[tokio::test]
async fn a_booking_number_and_the_birth_date_of_the_merged_still_bring_a_code() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let id = book(&app, &made, from, 1).await;
    merge(&admin, from, into).await.ok(200);
    let number = app.number(id).to_string();
    for person in [from, into] {
        let body = json!({ "number": number, "birth_date": person.birth_date });
        let asked = app.public().post("/v1/auth/booking-codes", &body).await.ok(202);
        let codes = app.shown_codes().await;
        let code = codes.iter().find(|code| code["challenge_id"] == asked["challenge_id"]);
        let answer = json!({
            "challenge_id": asked["challenge_id"], "code": code.expect("a code")["code"],
        });
        let session = app.public().post("/v1/auth/sessions", &answer).await.ok(201);
        assert_eq!(session["person_id"], json!(into.person_id));
        let find =
            json!({ "booking_number": number, "birth_date": person.birth_date, "reason": "x" });
        let found = admin.post("/v1/admin/persons/find", &find).await.ok(200);
        assert_eq!(found["persons"][0]["person_id"], json!(into.person_id));
    }
}

/// Lets no booking be written while somebody holds the lock 42: a lane has decided by then.
const GATE: &str = "
    create function gate() returns trigger language plpgsql as $$
    begin
        while not pg_try_advisory_xact_lock(42) loop perform pg_sleep(0.005); end loop;
        return null;
    end $$;
    create trigger gate before insert on booking for each statement execute function gate()";

/// A closed gate before the writing of bookings.
struct Gate(PgConnection);

impl Gate {
    async fn close(app: &TestApp) -> Self {
        app.db.execute(GATE).await.expect("a gate");
        let mut conn = PgConnection::connect_with(&app.database.options).await.expect("connected");
        conn.execute("select pg_advisory_lock(42)").await.expect("locked");
        Self(conn)
    }

    /// Returns when a lane has decided and stands before the gate.
    async fn reached(&mut self) {
        self.see(
            "select exists (select from pg_stat_activity
             where datname = current_database() and query like '%batch::write%'
                 and wait_event = 'PgSleep')",
        )
        .await;
    }

    /// Returns when the answer is yes.
    async fn see(&mut self, question: &'static str) {
        let looking = async {
            while !query_scalar::<_, bool>(question).fetch_one(&mut self.0).await.expect("seen") {}
        };
        tokio::time::timeout(Duration::from_secs(60), looking).await.expect("it comes to hold");
    }

    async fn open(mut self) {
        self.0.execute("select pg_advisory_unlock(42)").await.expect("open");
    }
}

#[tokio::test]
async fn a_booking_that_was_decided_before_the_merge_and_written_after_it_began_is_not_left_behind()
{
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) = (app.citizen(from), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let merging = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where sealed_at is not null)").await;
            let merged: i64 =
                query_scalar("select count(*) from person where merged_into is not null")
                    .fetch_one(&mut gate.0)
                    .await
                    .unwrap();
            assert_eq!(merged, 0, "the merge waits for the booking");
            // Whoever comes now is told to come again.
            let late = made.booking(made.slot(1, 1, 0));
            let late = app.citizen(from).put_booking(Uuid::now_v7(), &late).await;
            late.problem(503, "unavailable");
            gate.open().await;
        };
        tokio::join!(merge(&admin, from, into), opening).0
    };
    let (booked, merged) = tokio::join!(citizen.put_booking(id, &body), merging);
    booked.ok(201);
    assert_eq!(merged.ok(200)["booking_ids"], json!([id]));
    assert_eq!(holder(&app, id).await, into.person_id.0);
    assert_eq!(left_behind(&app).await, (0, 0));
    verified(&app).await;
}

#[tokio::test]
async fn without_the_wait_the_same_booking_is_left_behind_and_verify_sees_it() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) = (app.citizen(from), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let merging = async {
        gate.reached().await;
        let mut conn = app.db.acquire().await.unwrap();
        dosebook::db::merge::move_bookings(&mut conn, from.into(), into.into()).await.unwrap();
        dosebook::db::merge::move_rest(&mut conn, from.into(), into.into()).await.unwrap();
        gate.open().await;
    };
    let (booked, ()) = tokio::join!(citizen.put_booking(id, &body), merging);
    booked.ok(201);
    assert_eq!(holder(&app, id).await, from.person_id.0);
    assert_eq!(left_behind(&app).await, (1, 0));
    let found = flows::discrepancy::verify(&app.app.db).await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.of.as_str(), one.id.as_str())).collect();
    assert_eq!(found, [("booking.merged", id.to_string().as_str())]);
}

#[tokio::test]
async fn a_booking_of_the_other_person_in_between_is_seen_and_both_are_named() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let first = book(&app, &made, from, 2).await;
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) = (app.citizen(into), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let merging = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where sealed_at is not null)").await;
            gate.open().await;
        };
        tokio::join!(merge(&admin, from, into), opening).0
    };
    let (booked, merged) = tokio::join!(citizen.put_booking(id, &body), merging);
    booked.ok(201);
    let refused = merged.problem(409, "booked_twice");
    assert_eq!(refused["same_doses"][0]["booking_id"], json!(first));
    assert_eq!(refused["same_doses"][0]["other_booking_id"], json!(id));
    assert_eq!(left_behind(&app).await, (0, 0), "the seal is lifted");
    verified(&app).await;
}

#[tokio::test]
async fn a_booking_under_way_when_a_mark_is_set_is_among_those_that_are_listed() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let person = &made.people[0];
    let mut gate = Gate::close(&app).await;
    let (citizen, id, body) =
        (app.citizen(person), Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
    let marking = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where mark is not null)").await;
            gate.open().await;
        };
        let body = json!({ "mark": "deceased", "reason": "x", "cancel_bookings": true });
        let path = path(person, "/mark");
        tokio::join!(admin.post(&path, &body), opening).0
    };
    let (booked, marked) = tokio::join!(citizen.put_booking(id, &body), marking);
    booked.ok(201);
    let marked = marked.ok(200);
    assert_eq!(marked["bookings"][0]["booking"]["booking_id"], json!(id));
    assert_eq!(marked["bookings"][0]["booking"]["state"], "cancelled");
    verified(&app).await;
}

#[tokio::test]
async fn of_two_merges_in_opposite_directions_one_is_done() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    for pair in made.people.chunks(2) {
        let [a, b] = pair else { break };
        let (there, back) = tokio::join!(merge(&admin, a, b), merge(&admin, b, a));
        let mut statuses = [there.status, back.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", there.text(), back.text());
        let refused = if there.status == 409 { there } else { back };
        refused.problem(409, "person_merged");
    }
    assert_eq!(left_behind(&app).await, (0, 0));
    verified(&app).await;
}

#[tokio::test]
async fn the_same_merge_twice_at_once_is_done_once() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let [a, b, c] = [0, 1, 2].map(|n| &made.people[n]);
    let answers = join_all([merge(&admin, a, b), merge(&admin, a, b), merge(&admin, a, c)]).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 200) {
        refused.problem(409, "person_merged");
    }
    verified(&app).await;
}

#[tokio::test]
async fn a_seal_whose_merge_is_gone_is_lifted_and_a_slow_merge_finds_out() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    let seal = async |age: &str| {
        let sql = "update person set sealed_at = clock_timestamp() - $2::interval
                   where person_id = $1";
        let sql = sqlx::AssertSqlSafe(sql.replace("$2", &format!("'{age}'")));
        query(sql).bind(from.person_id.0).execute(&app.db).await.expect("sealed");
    };
    let sweep = async || flows::sweep::sweep(&app.app.db, &app.app.clock).await.expect("swept");
    seal("30 seconds").await;
    sweep().await;
    let refused = merge(&admin, from, into).await.problem(409, "person_merged");
    assert_eq!(refused["cause"], "merge_under_way");
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(from).put_booking(Uuid::now_v7(), &body).await.problem(503, "unavailable");
    seal("2 minutes").await;
    sweep().await;
    app.citizen(from).put_booking(Uuid::now_v7(), &body).await.ok(201);

    // The merge waits for a booking; meanwhile its seal is taken away.
    let mut gate = Gate::close(&app).await;
    let (citizen, body) = (app.citizen(&made.people[2]), made.booking(made.slot(0, 2, 0)));
    let merging = async {
        gate.reached().await;
        let opening = async {
            gate.see("select exists (select from person where sealed_at is not null)").await;
            query("update person set sealed_at = null").execute(&mut gate.0).await.unwrap();
            gate.open().await;
        };
        tokio::join!(merge(&admin, from, into), opening).0
    };
    let (booked, merged) = tokio::join!(citizen.put_booking(Uuid::now_v7(), &body), merging);
    booked.ok(201);
    merged.problem(503, "unavailable");
    assert_eq!(left_behind(&app).await, (0, 0));
    merge(&admin, from, into).await.ok(200);
    verified(&app).await;
}

#[tokio::test]
async fn a_roster_that_names_the_merged_person_means_the_survivor() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (from, into) = (&made.people[0], &made.people[1]);
    merge(&admin, from, into).await.ok(200);
    query("insert into roster (code, name) values ('t', 'T')").execute(&app.db).await.unwrap();
    let file = format!(
        "roster_code,name,birth_date,phone\nt,{},{},{}\n",
        from.name, from.birth_date, from.phone
    );
    let import = admin.request(reqwest::Method::POST, "/v1/admin/imports/roster");
    import.body("text/csv", file).send().await.ok(200);
    let seen = admin.get(&path(into, "")).await.ok(200);
    assert_eq!(seen["rosters"][0]["code"], "t");
    assert_eq!(admin.get(&path(from, "")).await.ok(200)["rosters"], json!([]));
}

/// What somebody does in a random run.
#[derive(Clone, Debug)]
enum Deed {
    Book { person: usize, clinic: usize, day: usize },
    Merge { from: usize, into: usize },
    Cancel { person: usize },
}

const PEOPLE: usize = 6;

fn deed() -> impl Strategy<Value = Deed> {
    let person = || 0..PEOPLE;
    prop_oneof![
        5 => (person(), 0..3_usize, 1..4_usize)
            .prop_map(|(person, clinic, day)| Deed::Book { person, clinic, day }),
        3 => (person(), person()).prop_map(|(from, into)| Deed::Merge { from, into }),
        1 => person().prop_map(|person| Deed::Cancel { person }),
    ]
}

async fn does(app: &TestApp, made: &Made, admin: &Client, deed: &Deed) -> (u16, String) {
    match *deed {
        Deed::Book { person, clinic, day } => {
            let citizen = app.citizen(&made.people[person]);
            let body = made.booking(made.slot(clinic, day, 0));
            let answer = citizen.put_booking(Uuid::now_v7(), &body).await;
            (answer.status, answer.code().to_owned())
        }
        Deed::Merge { from, into } => {
            let answer = merge(admin, &made.people[from], &made.people[into]).await;
            (answer.status, answer.code().to_owned())
        }
        Deed::Cancel { person } => {
            let citizen = app.citizen(&made.people[person]);
            let list = citizen.get("/v1/bookings").await;
            let first = list.body["bookings"][0]["booking_id"].as_str().map(str::to_owned);
            let Some(id) = first else { return (404, String::new()) };
            let answer = citizen.delete(&format!("/v1/bookings/{id}")).await;
            (answer.status, answer.code().to_owned())
        }
    }
}

/// All deeds at once, a few lanes, a few merges: whatever comes of it holds together.
async fn run(deeds: Vec<Deed>) {
    let app = TestApp::with().lanes(3).connections(8).start().await;
    let made = World::new().people(PEOPLE as u32).make(&app.db).await;
    let admin = app.admin().await;
    let began = Utc::now();
    let done = join_all(deeds.iter().map(|deed| does(&app, &made, &admin, deed))).await;
    for (deed, (status, code)) in deeds.iter().zip(&done) {
        let known = matches!(
            (status, code.as_str()),
            (200 | 201 | 401 | 404, _)
                | (403, "not_eligible")
                | (409, "already_booked" | "booking_ended" | "person_merged" | "booked_twice")
                | (409, "seat_taken" | "doses_exhausted")
                | (422, "invalid_field")
                | (503, "unavailable" | "overloaded")
        );
        assert!(known, "{deed:?}: {status} {code}");
    }
    assert_eq!(left_behind(&app).await, (0, 0), "{deeds:?}, began {began}");
    verified(&app).await;
    let booked = done.iter().filter(|(status, _)| *status == 201).count();
    let live: i64 = query_scalar("select count(*) from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(booked as i64, live, "what was promised is there");
}

#[test]
fn whatever_is_booked_and_merged_at_once_is_left_on_nobody() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut config = ProptestConfig::with_cases(8);
    config.failure_persistence = None;
    config.max_shrink_iters = 20;
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let deeds = proptest::collection::vec(deed(), 8..24);
    let done = runner.run(&deeds, |deeds| {
        runtime.block_on(run(deeds));
        Ok(())
    });
    done.expect("it holds together");
}
