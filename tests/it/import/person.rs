//! Who a row of the register is: a person comes in once, whatever becomes of their name and phone.

use serde_json::{Value, json};
use sqlx::query_scalar;
use uuid::Uuid;

use super::{counts, number, people, post};
use crate::{
    spelling::signs_in,
    support::{Client, TestApp, make},
};

const COLUMNS: &str = "name,birth_date,phone,region_code";

/// What becomes of one row: new or changed, unchanged, or rejected with column, code and cause.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Taken,
    Unchanged,
    Rejected(&'static str, &'static str, &'static str),
}

use Is::{Rejected, Taken, Unchanged};

const POSSIBLE: Is = Rejected("name,birth_date", "possible_duplicate", "same_name_and_birth_date");
const OTHER_CODE: Is = Rejected("person_code", "already_exists", "person_has_other_code");

async fn service() -> (TestApp, Client) {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    (app, admin)
}

/// Loads a file of its own for each row, and holds what becomes of it to what is expected; a dry
/// run says the same before.
async fn one_by_one(admin: &Client, columns: &str, rows: &[(&str, Is)]) {
    for (nth, (row, expected)) in rows.iter().enumerate() {
        // Empty lines, so that no file is one that was loaded before.
        let file = format!("{COLUMNS}{columns}\n{}{row}\n", "\n".repeat(nth + 1));
        let tried = post(admin, "register?dry_run=true", file.clone()).await;
        let done = post(admin, "register", file).await;
        assert_eq!(tried.status, done.status, "{row}");
        if let Rejected(column, code, cause) = expected {
            let problem = done.problem(422, "rows_rejected");
            let reject = &problem["rejects"][0];
            let found = (&reject["column"], &reject["code"], &reject["cause"]);
            assert_eq!(found, (&json!(column), &json!(code), &json!(cause)), "{nth}: {row}");
            continue;
        }
        let counted = if *expected == Taken { (1, 0, 0) } else { (0, 1, 0) };
        assert_eq!(counts(&done.ok(200)), counted, "{nth}: {row}");
    }
}

async fn person_with(app: &TestApp, phone: &str) -> (i64, String) {
    let sql = "select person_id, name from person where phone = $1 and name not like 'Citizen%'";
    sqlx::query_as(sql).bind(phone).fetch_one(&app.db).await.unwrap()
}

#[tokio::test]
async fn the_same_human_with_another_phone_is_no_second_person_without_a_word() {
    let (app, admin) = service().await;
    let rows = [
        ("Twice Registered,1964-06-06,010-2000-0601,P1D1", Taken),
        ("Twice Registered,1964-06-06,010-2000-0601,P1D1", Unchanged),
        ("TWICE  registered,1964-06-06,+82 10-2000-0601,P1D1", Unchanged),
        ("Twice Registered,1964-06-06,010-2000-0601,P1D2", Taken),
        ("Twice Registered,1964-06-06,010-2000-0602,P1D1", POSSIBLE),
        ("twice-registered,1964-06-06,010-2000-0602,P1D1", POSSIBLE),
        ("Twice Registered,1964-06-06,,P1D1", POSSIBLE),
        ("Twice Registered,1964-06-07,010-2000-0602,P1D1", Taken),
        ("Twice Registere,1964-06-06,010-2000-0601,P1D1", Taken),
    ];
    one_by_one(&admin, "", &rows).await;
    let distinct = [
        ("Twice Registered,1964-06-06,010-2000-0603,P1D1,no", POSSIBLE),
        ("Twice Registered,1964-06-06,010-2000-0603,P1D1,yes", Taken),
        ("Twice Registered,1964-06-06,010-2000-0603,P1D1,", Unchanged),
        ("Twice Registered,1964-06-06,010-2000-0604,P1D1, 예 ", Taken),
        (
            "Twice Registered,1964-06-06,010-2000-0605,P1D1,maybe",
            Rejected("distinct", "invalid_field", "must_be"),
        ),
    ];
    one_by_one(&admin, ",distinct", &distinct).await;
    assert_eq!(people(&app.db).await, 20 + 5);
}

#[tokio::test]
async fn rows_of_one_file_are_held_against_each_other() {
    let (app, admin) = service().await;
    let file = format!(
        "{COLUMNS},person_code,distinct
Same Name,1964-06-06,010-2000-0001,P1D1,,
same-name,1964-06-06,010-2000-0002,P1D1,,
Same Name,1964-06-06,010-2000-0003,P1D1,A3,
Same Name,1964-06-06,010-2000-0004,P1D1,,yes
Twin One,1970-01-01,010-2000-0005,P1D1,,
Twin Two,1970-01-01,010-2000-0005,P1D1,,
Both Coded,1970-01-01,010-2000-0006,P1D1,B1,
Both Coded,1970-01-01,010-2000-0007,P1D1,B2,
Code Twice,1970-01-01,010-2000-0008,P1D1,B2,
Same Name,1964-06-06,010-2000-0001,P1D1,A9,
"
    );
    let report = post(&admin, "register?partial=true", file).await.ok(200);
    let rejects: Vec<_> = report["rejects"].as_array().unwrap().iter().collect();
    let found: Vec<_> = rejects
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (one["line"].as_u64().unwrap(), text("code"), text("cause"), &one["facts"]["line"])
        })
        .collect();
    let possible = |line| (line, "possible_duplicate", "possibly_same_as_line");
    let expected = [possible(3), possible(4)];
    assert_eq!(found[..2].iter().map(|one| (one.0, one.1, one.2)).collect::<Vec<_>>(), expected);
    assert_eq!((found[2].0, found[2].1), (10, "duplicate_row"));
    assert_eq!((found[3].0, found[3].1), (11, "duplicate_row"));
    assert!(found[..2].iter().all(|one| one.3 == 2), "{report}");
    assert_eq!(counts(&report), (6, 0, 4));
    assert!(!report.to_string().contains("Same"), "{report}");
    assert_eq!(people(&app.db).await, 20 + 6);
}

#[tokio::test]
async fn with_the_registers_code_a_person_is_corrected_and_nobody_is_doubled() {
    let (app, admin) = service().await;
    let rows = [
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1,K-1", Taken),
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1,K-1", Unchanged),
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1, Ｋ－1 ", Unchanged),
        // Another phone, another name, another birth date, one after the other.
        ("Kim Minji,1962-03-01,010-2000-0002,P1D1,K-1", Taken),
        ("Kim Minju,1962-03-01,010-2000-0002,P1D1,K-1", Taken),
        ("Kim Minju,1962-03-11,010-2000-0002,P1D1,K-1", Taken),
        ("Kim Minju,1962-03-11,010-2000-0002,P1D2,K-1", Taken),
        ("Kim Minju,1962-03-11,010-2000-0002,P1D2,K-1", Unchanged),
        // Somebody else altogether: a slip in the code.
        (
            "Lee Seojun,1970-05-05,010-2000-0003,P1D1,K-1",
            Rejected("person_code", "already_exists", "code_of_other_person"),
        ),
        // Codes are exact.
        ("Lee Seojun,1970-05-05,010-2000-0003,P1D1,k-1", Taken),
        ("Kim Minju,1962-03-11,010-2000-0002,P1D2,K-2", OTHER_CODE),
        (
            "Lee Seojun,1970-05-05,010-2000-0003,P1D1,K-1",
            Rejected("person_code", "already_exists", "key_of_other_person"),
        ),
        // Without a code, the person is known by the key.
        ("Kim Minju,1962-03-11,010-2000-0002,P1D2,", Unchanged),
        ("Kim Minju,1962-03-11,010-2000-0009,P1D2,", POSSIBLE),
        // Namesakes with codes of their own.
        ("Kim Minju,1962-03-11,010-2000-0009,P1D2,K-9", Taken),
        ("Kim  MINJU,1962-03-11,010-2000-0002,P1D2,K-1", Taken),
    ];
    one_by_one(&admin, ",person_code", &rows).await;
    assert_eq!(people(&app.db).await, 20 + 3);
    assert_eq!(person_with(&app, "01020000002").await.1, "Kim MINJU");
    assert_eq!(number(&app.db, "select count(*) from person where phone = '01020000001'").await, 0);
    let kept = "select count(*) from person where length(person_code_key) = 16";
    assert_eq!(number(&app.db, kept).await, 3);
    let clear =
        "select count(*) from person p where p::text like '%K-1%' or p::text like '%4b2d31%'";
    assert_eq!(number(&app.db, clear).await, 0, "only a hash is kept");
}

#[tokio::test]
async fn somebody_who_came_without_a_code_gets_it() {
    let (app, admin) = service().await;
    let plain = [("Kim Minji,1962-03-01,010-2000-0001,P1D1", Taken)];
    one_by_one(&admin, "", &plain).await;
    let id = person_with(&app, "01020000001").await.0;
    let rows = [
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1,K-1", Taken),
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1,K-1", Unchanged),
        ("Kim Minji,1962-03-01,010-2000-0002,P1D1,K-1", Taken),
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1,K-2", Taken),
        ("Kim Minji,1962-03-01,010-2000-0002,P1D1,K-3", OTHER_CODE),
    ];
    one_by_one(&admin, ",person_code", &rows).await;
    assert_eq!(person_with(&app, "01020000002").await.0, id, "the same person");
    // Of another phone, and without a code: perhaps the same.
    let plain = [("Park Nari,1962-03-01,010-2000-0005,P1D1", Taken)];
    one_by_one(&admin, "", &plain).await;
    let rows = [("Park Nari,1962-03-01,010-2000-0006,P1D1,K-7", POSSIBLE)];
    one_by_one(&admin, ",person_code", &rows).await;
}

#[tokio::test]
async fn people_without_a_phone_are_in_the_register_and_told_apart_by_codes() {
    let (app, admin) = service().await;
    let plain = [
        ("Phone Less,1941-04-05,,P1D1", Taken),
        ("phone less,1941-04-05,,P1D1", Unchanged),
        ("Phone Less,1941-04-05,010-2000-0001,P1D1", POSSIBLE),
    ];
    one_by_one(&admin, "", &plain).await;
    let rows = [
        ("Phone Less,1941-04-05,,P1D1,A", Taken),
        ("Phone Less,1941-04-05,,P1D1,A", Unchanged),
        ("Phone Less,1941-04-05,,P1D1,B", Taken),
        ("Phone Less,1941-04-05,,P1D2,B", Taken),
        ("Phone Less,1941-04-05,010-2000-0001,P1D1,A", Taken),
        ("Phone Less,1941-04-05,010-2000-0001,P1D1,A", Unchanged),
        ("Phone Less,1941-04-05,,P1D2,B", Unchanged),
        ("Phone Less,1941-04-05,,P1D1,A", Taken),
    ];
    one_by_one(&admin, ",person_code", &rows).await;
    assert_eq!(people(&app.db).await, 20 + 2);
    // Nobody signs in without a phone, and nothing is sent to one that is empty.
    let claim = json!({ "name": "Phone Less", "birth_date": "1941-04-05", "phone": "" });
    app.public().post("/v1/auth/codes", &claim).await.blames(422, "invalid_field", "phone");
    let nobody = ("Phone Less", "1941-04-05", "010-2000-0001");
    assert!(signs_in(&app, nobody).await.is_none(), "the phone is gone again");
}

#[tokio::test]
async fn a_roster_finds_people_by_the_code_too() {
    let (_app, admin) = service().await;
    let roster = json!({ "code": "police", "name": "Police" });
    admin.post("/v1/admin/rosters", &roster).await.ok(201);
    let rows = [
        ("Phone Less,1941-04-05,,P1D1,A", Taken),
        ("Kim Minji,1962-03-01,010-2000-0001,P1D1,B", Taken),
    ];
    one_by_one(&admin, ",person_code", &rows).await;
    let file = "roster_code,name,birth_date,phone,person_code
police,Phone Less,1941-04-05,,A
police,Kim Minjee,1962-03-01,,B
police,KIM-MINJI,1962-03-01,010-2000-0001,
police,Phone Less,1941-04-05,,C
";
    let report = post(&admin, "roster?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 2), "{report}");
    let causes: Vec<_> = report["rejects"].as_array().unwrap().iter().collect();
    assert_eq!((&causes[0]["line"], &causes[0]["code"]), (&json!(4), &json!("duplicate_row")));
    assert_eq!((&causes[1]["line"], &causes[1]["code"]), (&json!(5), &json!("not_found")));
}

#[tokio::test]
async fn spellings_follow_a_corrected_person() {
    let (app, admin) = service().await;
    let born = "1962-03-01";
    let rows = [
        ("김민지,1962-03-01,010-2000-0001,P1D1,K-1,Kim Minji", Taken),
        ("김민지,1962-03-01,010-2000-0002,P1D1,K-1,Kim Minjee", Taken),
    ];
    one_by_one(&admin, ",person_code,name_en", &rows).await;
    assert!(signs_in(&app, ("Kim Minjee", born, "01020000002")).await.is_some());
    assert!(signs_in(&app, ("Kim Minji", born, "01020000001")).await.is_none());
    // A file that does not name the spelling: its key is made anew beside.
    let rows = [("김민지,1962-03-01,010-2000-0003,P1D1,K-1", Taken)];
    one_by_one(&admin, ",person_code", &rows).await;
    while number(&app.db, "select count(*) from person where fold = 1").await > 0 {
        tokio::task::yield_now().await;
    }
    for name in ["김민지", "Kim Minjee"] {
        assert!(signs_in(&app, (name, born, "01020000003")).await.is_some(), "{name}");
    }
    // Name and spelling change places.
    let rows = [("Kim Minjee,1962-03-01,010-2000-0003,P1D1,K-1,,김민지", Taken)];
    one_by_one(&admin, ",person_code,name_en,name_ko", &rows).await;
    let spelled = "select count(*) from person_spelling";
    assert_eq!(number(&app.db, spelled).await, 1);
}

#[tokio::test]
async fn whoever_is_known_by_their_year_of_birth_signs_in_and_books() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let rows = [
        ("Year Only,1964,010-2000-0204,P1D1", Taken),
        ("Year Only,1964-00-00,010-2000-0204,P1D1", Unchanged),
        ("Month Only,1964-02,010-2000-0205,P1D1", Taken),
        ("Month Only,1964.2.,010-2000-0205,P1D1", Unchanged),
        (
            "Month Only,1964-13-00,010-2000-0206,P1D1",
            Rejected("birth_date", "invalid_field", "birth_date_unreadable"),
        ),
        (
            "Young Only,1899,010-2000-0206,P1D1",
            Rejected("birth_date", "invalid_field", "birth_date_too_early"),
        ),
    ];
    one_by_one(&admin, "", &rows).await;
    for (name, born, phone, expected) in [
        ("Year Only", "1964-06-17", "010-2000-0204", Some(("1964-12-31", "year"))),
        ("Year Only", "1963-06-17", "010-2000-0204", None),
        ("Month Only", "1964-02-29", "010-2000-0205", Some(("1964-02-29", "month"))),
        ("Month Only", "1964-02-01", "010-2000-0205", Some(("1964-02-29", "month"))),
        ("Month Only", "1964-03-01", "010-2000-0205", None),
    ] {
        let client = signs_in(&app, (name, born, phone)).await;
        assert_eq!(client.is_some(), expected.is_some(), "{name} {born}");
        let (Some(client), Some((date, precision))) = (client, expected) else { continue };
        let me = client.get("/v1/me").await.ok(200);
        assert_eq!((&me["birth_date"], &me["birth_precision"]), (&json!(date), &json!(precision)));
    }
    // The campaign's tranche is of people born on a day that ends in 7.
    for sql in [
        "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
         select campaign_id, 'Sevens', '{7}', now() - interval '1 hour', rule_version + 1
         from campaign",
        "update campaign set rule_version = rule_version + 1",
    ] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    let body = json!({
        "campaign_id": made.campaign_id, "slot_id": made.slot(0, 1, 0).slot_id,
        "product_id": made.product_id,
    });
    later(&app).await;
    let client = signs_in(&app, ("Year Only", "1964-06-17", "010-2000-0204")).await.unwrap();
    let booking_id = Uuid::now_v7();
    client.put_booking(booking_id, &body).await.ok(201);
    let other = made.people.iter().find(|one| one.birth_date.to_string().ends_with('1')).unwrap();
    app.citizen(other).put_booking(Uuid::now_v7(), &body).await.problem(403, "not_eligible");
    // By the number of the booking, any day of the year does.
    let claim = json!({ "number": app.number(booking_id), "birth_date": "1964-01-02" });
    later(&app).await;
    let challenge = app.public().post("/v1/auth/booking-codes", &claim).await.ok(202);
    let codes = app.shown_codes().await;
    assert!(codes.iter().any(|code| code["challenge_id"] == challenge["challenge_id"]));
}

/// Forgets how often codes were asked for, as if a quarter of an hour had passed.
async fn later(app: &TestApp) {
    sqlx::Executor::execute(&app.db, "delete from code_cap; delete from sign_in_code")
        .await
        .unwrap();
}

#[tokio::test]
async fn administrators_add_people_by_the_same_rules() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let person = |name: &str, phone: Value, code: Value, distinct: bool| {
        json!({
            "name": name, "birth_date": "1950-00-00", "phone": phone, "person_code": code,
            "distinct": distinct, "region_id": made.districts[0],
        })
    };
    let add = async |body: Value| admin.post("/v1/admin/persons", &body).await;
    let phone = |n: u32| json!(format!("010-2000-{n:04}"));
    add(person("Kim Minji", phone(1), json!("K-1"), false)).await.ok(201);
    let again = add(person("kim  minji", phone(1), Value::Null, false)).await;
    again.blames(409, "already_exists", "name");
    let coded = add(person("Lee Seojun", phone(2), json!(" K-1"), false)).await;
    coded.blames(409, "already_exists", "person_code");
    let possible = add(person("Kim-Minji", phone(2), Value::Null, false)).await;
    possible.blames(409, "possible_duplicate", "name");
    add(person("Kim Minji", phone(2), json!("K-2"), false)).await.ok(201);
    add(person("Kim Minji", phone(3), Value::Null, true)).await.ok(201);
    add(person("Phone Less", Value::Null, Value::Null, false)).await.ok(201);
    let less = add(person("Phone Less", json!(""), Value::Null, false)).await;
    less.blames(409, "already_exists", "name");
    let long = add(person("Lee Seojun", phone(4), json!("x".repeat(65)), false)).await;
    long.blames(422, "invalid_field", "person_code");
    assert_eq!(people(&app.db).await, 20 + 4);
}

#[tokio::test]
async fn two_files_at_once_bring_a_person_once() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let other = app.another().await;
    let clients = [app.admin().await, other.admin().await];
    let files = [("010-2000-0001", "\n"), ("010-2000-0002", "\n\n")].map(|(phone, end)| {
        let mut file = format!("{COLUMNS},person_code\n");
        for n in 0..400 {
            file.push_str(&format!("Person {n},1962-03-01,{}{n:04},P1D1,C-{n}\n", &phone[..9]));
        }
        file + &format!("Kim Minji,1962-03-01,{phone},P1D1,{end}")
    });
    let sent = clients.into_iter().zip(files).map(|(client, file)| {
        tokio::spawn(async move { post(&client, "register?partial=true", file).await.ok(200) })
    });
    // Beside them somebody signs in again and again.
    let mut taken = 0;
    for answer in sent.collect::<Vec<_>>() {
        later(&app).await;
        let _ = signs_in(&app, ("Kim Minji", "1962-03-01", "010-2000-0001")).await;
        let report = answer.await.unwrap();
        taken += report["rows_accepted"].as_u64().unwrap();
    }
    assert_eq!(people(&app.db).await, 20 + 401);
    assert!(taken >= 401, "{taken}");
    let minji: i64 = query_scalar("select count(*) from person where name = 'Kim Minji'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(minji, 1);
}
