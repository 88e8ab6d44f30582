//! One person who was two, merged by an administrator: what goes over, what is refused.

use serde_json::json;
use sqlx::{Executor, query, query_scalar};
use uuid::Uuid;

use super::{
    person::{book, claim, path, sign_in},
    verified,
};
use crate::support::{Answer, Client, Made, Person, TestApp, make};

pub(super) async fn merge(admin: &Client, from: &Person, into: &Person) -> Answer {
    let body = json!({ "into_person_id": into.person_id, "reason": "Registered twice" });
    admin.post(&path(from, "/merge"), &body).await
}

/// Notes to whom codes go, which are gone once they were shown.
const NOTE: &str = "
    create table noted (recipient text);
    grant insert on noted to dosebook_app;
    create function note() returns trigger language plpgsql as $$
    begin
        insert into noted values (new.recipient);
        return null;
    end $$;
    create trigger note after insert on outbox for each row
        when (new.kind = 'sign_in_code') execute function note()";

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
        "insert into visit_step (step_id, booking_id, kind)
         select gen_random_uuid(), $2, 2 where $1::bigint is not null",
    ] {
        query(sql).bind(allocation).bind(id).execute(&mut *tx).await.expect(sql);
    }
    tx.commit().await.expect("committed");
}

pub(super) async fn holder(app: &TestApp, id: Uuid) -> i64 {
    let sql = "select person_id from booking where booking_id = $1";
    query_scalar(sql).bind(id).fetch_one(&app.db).await.expect("the booking")
}

/// Live bookings of persons who were merged, and seals that nobody takes away.
pub(super) async fn left_behind(app: &TestApp) -> (i64, i64) {
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
