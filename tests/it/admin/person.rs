//! Administrators find and correct persons of the register, and leave a trace each time.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use super::verified;
use crate::support::{Answer, Client, Made, Person, TestApp, make};

const FIND: &str = "/v1/admin/persons/find";

/// The path of a person, or of what is below.
pub(super) fn path(person: &Person, below: &str) -> String {
    format!("/v1/admin/persons/{}{below}", person.person_id)
}

/// Sends a correction for the version that is there.
async fn correct(admin: &Client, person: &Person, mut body: Value) -> Answer {
    body["reason"] = json!("Showed a passport");
    let etag = admin.get(&path(person, "")).await.header("etag").to_owned();
    patch(admin, person, &etag, &body).await
}

async fn patch(admin: &Client, person: &Person, etag: &str, body: &Value) -> Answer {
    let request = admin.request(Method::PATCH, &path(person, ""));
    request.header("if-match", etag).json(body).send().await
}

/// What somebody types who wants a code.
pub(super) fn claim(person: &Person) -> Value {
    json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone })
}

/// Who is signed in with this claim; none where no code comes.
pub(super) async fn sign_in(app: &TestApp, claim: &Value) -> Option<Value> {
    let asked = app.public().post("/v1/auth/codes", claim).await.ok(202);
    let shown = app.shown_codes().await;
    let code = shown.iter().find(|code| code["challenge_id"] == asked["challenge_id"])?;
    let answer = json!({ "challenge_id": asked["challenge_id"], "code": code["code"] });
    Some(app.public().post("/v1/auth/sessions", &answer).await.ok(201)["person_id"].clone())
}

pub(super) async fn book(app: &TestApp, made: &Made, person: &Person, day: usize) -> Uuid {
    let id = Uuid::now_v7();
    app.citizen(person).put_booking(id, &made.booking(made.slot(0, day, 0))).await.ok(201);
    id
}

fn ids(found: &Value) -> Vec<i64> {
    let persons = found["persons"].as_array().expect("a list");
    persons.iter().map(|one| one["person_id"].as_i64().expect("an id")).collect()
}

async fn looks(app: &TestApp) -> Vec<(Option<i64>, i16, Option<String>)> {
    let sql = "select person_id, way, reason from person_look order by person_look_id";
    sqlx::query_as(sql).fetch_all(&app.db).await.expect("looks")
}

#[tokio::test]
async fn a_person_is_found_by_name_and_birth_date_however_the_name_is_written() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[3]);
    let booking = book(&app, &made, person, 2).await;
    let born = person.birth_date;
    let body = |name: &str| json!({"name": name, "birth_date": born, "reason": "No code comes"});
    for name in ["Citizen 4", "  CITIZEN   4 "] {
        let found = admin.post(FIND, &body(name)).await.ok(200);
        assert_eq!(ids(&found), [person.person_id.0], "{name}");
        let one = &found["persons"][0];
        assert_eq!(one["phone"], "010****0003", "only its ends");
        assert_eq!(one["region_name"], "Region P2D2");
        assert_eq!(one["bookings"][0]["booking_id"], json!(booking));
        assert_eq!(one["bookings"].as_array().map(Vec::len), Some(1));
    }
    let nobody = admin.post(FIND, &body("Citizen 5")).await.ok(200);
    assert_eq!(ids(&nobody), [0; 0], "somebody else's name");
    let reason = || Some("No code comes".to_owned());
    let (id, none) = (Some(person.person_id.0), None);
    assert_eq!(looks(&app).await, [(id, 1, reason()), (id, 1, reason()), (none, 1, reason())]);
}

#[tokio::test]
async fn two_people_of_one_name_and_day_are_both_found() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    let twin = json!({
        "name": "citizen 1", "birth_date": person.birth_date, "phone": "010-9999-0000",
        "region_id": person.region_id, "distinct": true,
    });
    let twin = admin.post("/v1/admin/persons", &twin).await.ok(201)["person_id"].clone();
    let body = json!({ "name": person.name, "birth_date": person.birth_date, "reason": "x" });
    let found = admin.post(FIND, &body).await.ok(200);
    assert_eq!(ids(&found), [person.person_id.0, twin.as_i64().unwrap()]);
}

#[tokio::test]
async fn a_person_is_found_by_a_booking_number_at_the_clinic_or_by_the_birth_date() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[3]);
    let id = book(&app, &made, person, 2).await;
    app.citizen(person).delete_booking(id).await.ok(200);
    let number = app.number(id).to_string();
    let search = async |mut body: Value| {
        body["reason"] = json!("Has only the number");
        admin.post(FIND, &body).await
    };
    let (clinic, other) = (made.clinics[0], made.clinics[1]);
    for beside in [json!({ "clinic_id": clinic }), json!({ "birth_date": person.birth_date })] {
        let mut body = beside.clone();
        body["booking_number"] = json!(number);
        assert_eq!(ids(&search(body).await.ok(200)), [person.person_id.0], "{beside}");
    }
    let elsewhere = json!({ "booking_number": number, "clinic_id": other });
    assert_eq!(ids(&search(elsewhere).await.ok(200)), [0; 0]);
    let other_day = json!({ "booking_number": number, "birth_date": "1980-01-01" });
    assert_eq!(ids(&search(other_day).await.ok(200)), [0; 0]);

    let alone = search(json!({ "booking_number": number })).await;
    alone.blames(422, "invalid_field", "booking_number");
    let slip = json!({ "booking_number": "1234567890", "clinic_id": clinic });
    search(slip).await.blames(422, "invalid_field", "booking_number");
    let nowhere = json!({ "booking_number": number, "clinic_id": 999 });
    search(nowhere).await.blames(422, "invalid_field", "clinic_id");
    search(json!({ "name": "Citizen 4" })).await.blames(422, "invalid_field", "birth_date");
    let both = json!({ "name": "x", "birth_date": "1980-01-01", "booking_number": number });
    search(both).await.blames(422, "invalid_field", "(all)");
    search(json!({})).await.blames(422, "invalid_field", "(all)");
    let no_reason = json!({ "name": "x", "birth_date": "1980-01-01" });
    admin.post(FIND, &no_reason).await.blames(422, "invalid_field", "reason");
}

#[tokio::test]
async fn a_person_is_found_by_the_registers_code_and_the_code_is_corrected() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person, other) = (app.admin().await, &made.people[3], &made.people[4]);
    let find = async |code: &str| {
        admin.post(FIND, &json!({ "person_code": code, "reason": "A list" })).await.ok(200)
    };
    assert_eq!(ids(&find("R-17").await), [0; 0]);
    let seen = correct(&admin, person, json!({ "person_code": "R-17" })).await.ok(200);
    assert_eq!(seen["has_person_code"], true);
    assert_eq!(seen["changes"][0]["fields"], json!(["person_code"]));
    assert_eq!(ids(&find(" R-17 ").await), [person.person_id.0]);
    let taken = correct(&admin, other, json!({ "person_code": "R-17" })).await;
    assert_eq!(taken.problem(409, "already_exists")["person_id"], json!(person.person_id));
    // Without a phone, nobody signs in: staff help. The person stays found.
    let seen = correct(&admin, person, json!({ "phone": "" })).await.ok(200);
    assert_eq!(seen["phone"], "");
    assert_eq!(sign_in(&app, &claim(person)).await, None);
    assert_eq!(ids(&find("R-17").await), [person.person_id.0]);
    // Of whoever was merged, the code finds the survivor.
    let body = json!({ "into_person_id": other.person_id, "reason": "One person" });
    admin.post(&path(person, "/merge"), &body).await.ok(200);
    assert_eq!(ids(&find("R-17").await), [other.person_id.0]);
    let seen = correct(&admin, other, json!({ "person_code": "R-17" })).await.ok(200);
    assert_eq!(seen["has_person_code"], true, "it is the survivor's own from here on");
    assert_eq!(ids(&find("R-17").await), [other.person_id.0]);
    let seen = correct(&admin, other, json!({ "person_code": null })).await.ok(200);
    assert_eq!(seen["has_person_code"], false);
    assert_eq!(ids(&find("R-17").await), [0; 0]);
    let both = json!({ "person_code": "R-17", "name": "x", "reason": "x" });
    admin.post(FIND, &both).await.blames(422, "invalid_field", "(all)");
    // A birth date of which only the year is known.
    let seen = correct(&admin, other, json!({ "birth_date": "1962-00-00" })).await.ok(200);
    assert_eq!(seen["birth_precision"], "year");
    let body = json!({ "name": other.name, "birth_date": "1962-05-06", "reason": "x" });
    assert_eq!(ids(&admin.post(FIND, &body).await.ok(200)), [other.person_id.0]);
    verified(&app).await;
}

#[tokio::test]
async fn a_corrected_person_signs_in_with_the_new_data_and_not_with_the_old() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    let before = claim(person);
    let seen = correct(
        &admin,
        person,
        json!({
            "name": "O’Brien", "name_ko": "오브라이언", "phone": "010-5555-6666",
            "birth_date": "1963-04-05", "email": "a@example.org", "language": "ko",
            "region_id": made.districts[1],
        }),
    )
    .await
    .ok(200);
    assert_eq!((&seen["phone"], &seen["name"]), (&json!("01055556666"), &json!("O’Brien")));
    assert_eq!((&seen["name_ko"], &seen["email"]), (&json!("오브라이언"), &json!("a@example.org")));
    assert_eq!(seen["ineligible_bookings"], json!([]));
    let change = &seen["changes"][0];
    assert_eq!(
        (&change["kind"], &change["reason"]),
        (&json!("corrected"), &json!("Showed a passport"))
    );
    let fields = ["name", "name_ko", "birth_date", "phone", "email", "language", "region_id"];
    assert_eq!(change["fields"], json!(fields));

    assert_eq!(sign_in(&app, &before).await, None, "the old identity is nobody's");
    for name in ["O’Brien", "오브라이언"] {
        let new = json!({ "name": name, "birth_date": "1963-04-05", "phone": "01055556666" });
        assert_eq!(sign_in(&app, &new).await, Some(json!(person.person_id)), "{name}");
    }
    let seen = correct(&admin, person, json!({ "name_ko": null, "email": null })).await.ok(200);
    assert_eq!((&seen["name_ko"], &seen["email"]), (&json!(null), &json!(null)));
    // No value stands in the journal, old or new.
    let journal: String = query_scalar("select string_agg(c::text, ' ') from person_change c")
        .fetch_one(&app.db)
        .await
        .expect("the journal");
    for value in ["Brien", "오브", "5555", "1963", "example.org", &person.phone, &person.name] {
        assert!(!journal.contains(value), "{value} in {journal}");
    }
}

#[tokio::test]
async fn a_correction_to_somebody_elses_identity_names_them_and_changes_nothing() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person, other) = (app.admin().await, &made.people[0], &made.people[1]);
    let body = claim(other);
    let refused = correct(&admin, person, body).await.problem(409, "already_exists");
    assert_eq!(refused["cause"], "of_other_person");
    assert_eq!(refused["person_id"], json!(other.person_id));
    assert_eq!(sign_in(&app, &claim(person)).await, Some(json!(person.person_id)));
    for (field, value) in [
        ("name", json!("")),
        ("birth_date", json!("1961-02-29")),
        ("phone", json!("12")),
        ("email", json!("nobody")),
        ("language", json!("de")),
        ("region_id", json!(999)),
    ] {
        let refused = correct(&admin, person, json!({ field: value })).await;
        refused.blames(422, "invalid_field", field);
    }
    let same = correct(&admin, person, json!({ "name": person.name })).await;
    assert_eq!(same.problem(422, "invalid_field")["cause"], "nothing_to_correct");
    let changes: i64 =
        query_scalar("select count(*) from person_change").fetch_one(&app.db).await.unwrap();
    assert_eq!(changes, 0);
}

#[tokio::test]
async fn the_second_administrator_sees_what_the_first_one_did() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let person = &made.people[0];
    let (first, second) = (app.admin().await, app.admin().await);
    let etag = first.get(&path(person, "")).await.header("etag").to_owned();
    assert_eq!(second.get(&path(person, "")).await.header("etag"), etag, "the same for both");
    let body = |phone: &str| json!({ "phone": phone, "reason": "New number" });
    let missing = first.request(Method::PATCH, &path(person, "")).json(&body("0101111222"));
    missing.send().await.problem(428, "precondition_required");

    let answer = patch(&first, person, &etag, &body("01011112222")).await;
    let fresh = answer.header("etag").to_owned();
    answer.ok(200);
    let refused = patch(&second, person, &etag, &body("01033334444")).await;
    let refused = refused.problem(412, "changed_meanwhile");
    assert_eq!(refused["last_change"]["reason"], "New number");
    assert_eq!(refused["last_change"]["fields"], json!(["phone"]));
    assert_eq!(refused["etag"], json!(fresh));
    patch(&second, person, &fresh, &body("01033334444")).await.ok(200);
    patch(&second, person, "*", &body("01033335555")).await.ok(200);
    // Many at once with one version: one of them is done.
    let etag = first.get(&path(person, "")).await.header("etag").to_owned();
    let bodies: Vec<_> = (0..8).map(|n| body(&format!("0102222000{n}"))).collect();
    let all = bodies.iter().map(|body| patch(&first, person, &etag, body));
    let answers = futures_util::future::join_all(all).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 7);
}

#[tokio::test]
async fn a_booking_that_a_correction_makes_impossible_stays_and_is_named() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    let id = book(&app, &made, person, 2).await;
    let fits = correct(&admin, person, json!({ "birth_date": "1964-04-05" })).await.ok(200);
    assert_eq!(fits["ineligible_bookings"], json!([]), "the control");
    let seen = correct(&admin, person, json!({ "birth_date": "1990-04-05" })).await.ok(200);
    let named = &seen["ineligible_bookings"][0];
    assert_eq!(named["booking_id"], json!(id));
    assert_eq!(named["reasons"][0]["code"], "not_in_cohort");
    assert_eq!(seen["bookings"][0]["state"], "booked", "it stays");
    assert_eq!(seen["birth_date"], "1990-04-05", "and so does the truth");
    verified(&app).await;
}

#[tokio::test]
async fn every_look_is_written_down_and_can_be_read() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, person) = (app.admin().await, &made.people[0]);
    admin.get(&path(person, "")).await.ok(200);
    let body = json!({ "name": person.name, "birth_date": person.birth_date, "reason": "Why" });
    admin.post(FIND, &body).await.ok(200);
    correct(&admin, person, json!({ "phone": "01012121212" })).await.ok(200);
    correct(&admin, person, json!({ "phone": "01013131313" })).await.ok(200);
    let journal = admin.get(&path(person, "/changes?limit=1")).await.ok(200);
    let ways: Vec<_> = journal["looks"].as_array().unwrap().iter().map(|l| &l["way"]).collect();
    assert_eq!(ways, ["by_id", "by_id", "by_name", "by_id"]);
    assert_eq!(journal["looks"][2]["reason"], "Why");
    let after = &journal["next_after"];
    let older = admin.get(&path(person, &format!("/changes?limit=1&after={after}"))).await.ok(200);
    assert_ne!(older["changes"][0]["change_id"], journal["changes"][0]["change_id"]);
    assert_eq!(older["looks"][0]["way"], "journal", "reading the journal is a look too");
    for below in ["", "/changes"] {
        admin.get(&format!("/v1/admin/persons/999{below}")).await.problem(404, "not_found");
    }
    // The service itself can neither change nor remove what was written down.
    for table in ["person_change", "person_look"] {
        for sql in [format!("delete from {table}"), format!("update {table} set reason = 'x'")] {
            let mut conn = app.app.db.connect("test").await.expect("a connection");
            let refused =
                sqlx::Executor::execute(&mut conn, sqlx::AssertSqlSafe(sql.clone())).await;
            let error = refused.map(drop).expect_err(&sql).to_string();
            assert!(error.contains("permission denied"), "{sql}: {error}");
        }
    }
}
