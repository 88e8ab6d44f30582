//! A person's name in two spellings: either signs in, and nobody else's does.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::query_scalar;

use crate::support::{Answer, Client, TestApp, make};

const REGISTER: &str = "name,birth_date,phone,region_code,name_en
김민지,1962-03-01,010-1234-5678,P1D1,Kim Minji
이서준,1965-12-31,010-8765-4321,P2D2,
";

/// Who signs in with this name, birth date and phone; none for whom no code is sent.
pub async fn signs_in(app: &TestApp, who: (&str, &str, &str)) -> Option<Client> {
    let (name, birth_date, phone) = who;
    let public = app.public();
    let claim = json!({ "name": name, "birth_date": birth_date, "phone": phone });
    let challenge = public.post("/v1/auth/codes", &claim).await.ok(202)["challenge_id"].clone();
    let codes = app.shown_codes().await;
    let code = codes.iter().find(|code| code["challenge_id"] == challenge)?["code"].clone();
    let answer = json!({ "challenge_id": challenge, "code": code });
    let session = public.post("/v1/auth/sessions", &answer).await.ok(201);
    Some(app.holder_of(session["token"].as_str().expect("a token")))
}

/// The main name of whoever signs in as born on 1 March 1962, with one phone.
async fn main_name(app: &TestApp, name: &str) -> Option<Value> {
    let client = signs_in(app, (name, "1962-03-01", "01012345678")).await?;
    Some(client.get("/v1/me").await.ok(200)["name"].clone())
}

async fn load(admin: &Client, kind: &str, file: impl Into<reqwest::Body>) -> Answer {
    let path = format!("/v1/admin/imports/{kind}");
    admin.request(Method::POST, &path).body("text/csv", file).send().await
}

/// Rows that were accepted or changed something, and unchanged rows.
fn counts(report: &Value) -> (u64, u64) {
    let count = |name: &str| report[name].as_u64().expect(name);
    (count("rows_accepted") + count("rows_changed"), count("rows_unchanged"))
}

async fn service() -> (TestApp, make::Made, Client) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    (app, made, admin)
}

#[tokio::test]
async fn a_person_signs_in_with_either_spelling_and_with_no_other() {
    let (app, made, admin) = service().await;
    let person = |name: &str, english: Value, phone: &str| {
        json!({
            "name": name, "name_en": english, "birth_date": "1962-03-01", "phone": phone,
            "region_id": made.districts[0],
        })
    };
    let new = person("김민지", json!("Kim Minji"), "01012345678");
    let id = admin.post("/v1/admin/persons", &new).await.ok(201)["person_id"].clone();
    let other = person("이서준", json!("Lee Seojun"), "01087654321");
    admin.post("/v1/admin/persons", &other).await.ok(201);
    for name in ["김민지", "Kim Minji", " kim  MINJI "] {
        let client = signs_in(&app, (name, "1962-03-01", "+82 10-1234-5678")).await;
        let me = client.expect(name).get("/v1/me").await.ok(200);
        assert_eq!(me["person_id"], id, "{name}");
        let shown = (&me["name"], &me["name_ko"], &me["name_en"]);
        assert_eq!(shown, (&json!("김민지"), &Value::Null, &json!("Kim Minji")));
    }
    for name in ["Lee Seojun", "이서준", "Kim Minju"] {
        assert_eq!(main_name(&app, name).await, None, "{name}");
    }
}

#[tokio::test]
async fn no_two_people_share_a_name_birth_date_and_phone_in_any_spelling() {
    let (app, made, admin) = service().await;
    let person = |name: &str, korean: Value, english: Value| {
        json!({
            "name": name, "name_ko": korean, "name_en": english, "birth_date": "1962-03-01",
            "phone": "01012345678", "region_id": made.districts[0],
        })
    };
    let first = person("김민지", Value::Null, json!("Kim Minji"));
    admin.post("/v1/admin/persons", &first).await.ok(201);
    for (name, korean, english, field) in [
        ("김민지", Value::Null, Value::Null, "name"),
        ("Kim Minji", Value::Null, Value::Null, "name"),
        ("Kim Min", json!("김민지"), Value::Null, "name_ko"),
        ("Kim Min", json!("김민"), json!("KIM MINJI"), "name_en"),
    ] {
        let answer = admin.post("/v1/admin/persons", &person(name, korean, english)).await;
        answer.blames(409, "already_exists", field);
    }
    let bad = person("Kim Min", Value::Null, json!(" "));
    admin.post("/v1/admin/persons", &bad).await.blames(422, "invalid_field", "name_en");
    let people: i64 = query_scalar("select count(*) from person where birth_date = '1962-03-01'")
        .fetch_one(&app.db)
        .await
        .expect("a count");
    assert_eq!(people, 1, "nothing of what was refused stays");
    let other = person("Kim Min", json!("김민"), Value::Null);
    admin.post("/v1/admin/persons", &other).await.ok(201);
    for (name, main) in [("Kim Minji", "김민지"), ("김민", "Kim Min")] {
        assert_eq!(main_name(&app, name).await, Some(json!(main)));
    }
}

#[tokio::test]
async fn a_key_that_two_people_share_is_nobodys() {
    let (app, _, admin) = service().await;
    load(&admin, "register", REGISTER).await.ok(200);
    assert!(main_name(&app, "Kim Minji").await.is_some(), "the control");
    // As if an administrator had added both in one instant.
    sqlx::query(
        "insert into person (match_key, birth_date, region_id, name, phone, fold)
         select s.match_key, birth_date, region_id, s.name, phone, 2
         from person join person_spelling s using (person_id)",
    )
    .execute(&app.db)
    .await
    .expect("a namesake");
    assert_eq!(main_name(&app, "Kim Minji").await, None);
    assert_eq!(main_name(&app, "김민지").await, Some(json!("김민지")));
}

#[tokio::test]
async fn a_register_brings_spellings_and_corrects_them() {
    let (app, _, admin) = service().await;
    let report = load(&admin, "register", REGISTER).await.ok(200);
    assert_eq!(counts(&report), (2, 0));
    assert_eq!(main_name(&app, "Kim Minji").await, Some(json!("김민지")));
    let same = load(&admin, "register", REGISTER.replace("-5678", "5678")).await.ok(200);
    assert_eq!(counts(&same), (0, 2));

    // A file without the columns, as before, leaves them alone.
    let plain = "name,birth_date,phone,region_code\n김민지,1962-03-01,01012345678,P1D1\n";
    assert_eq!(counts(&load(&admin, "register", plain).await.ok(200)), (0, 1));
    let empty = REGISTER.replace("Kim Minji", "");
    assert_eq!(counts(&load(&admin, "register", empty).await.ok(200)), (0, 2));
    assert!(main_name(&app, "Kim Minji").await.is_some());

    let corrected = REGISTER.replace("Kim Minji", "Kim Minjy").replace("4321,P2D2,", "4321,P1D1,");
    assert_eq!(counts(&load(&admin, "register", corrected).await.ok(200)), (2, 0));
    assert!(main_name(&app, "kim-minjy").await.is_some());
    assert_eq!(main_name(&app, "Kim Minji").await, None);
    let moved = REGISTER.replace("P1D1,Kim Minji", "P1D2,Kim Minjee");
    assert_eq!(counts(&load(&admin, "register", moved).await.ok(200)), (2, 0), "once, not twice");
    // The two languages change places.
    let korean = "name,birth_date,phone,region_code,name_ko,name_en
김민지,1962-03-01,010-1234-5678,P1D2,Kim Minjee,金民智
";
    assert_eq!(counts(&load(&admin, "register", korean).await.ok(200)), (1, 0));
    for name in ["김민지", "金民智", "Kim Minjee"] {
        assert!(main_name(&app, name).await.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_row_with_another_persons_name_is_rejected() {
    let (app, _, admin) = service().await;
    load(&admin, "register", REGISTER).await.ok(200);
    let header = "name,birth_date,phone,region_code,name_ko,name_en";
    let taken = ("name,name_ko,name_en", "already_exists");
    let repeated = ("name,birth_date,phone", "duplicate_row");
    let good = "박도윤,1970-01-01,01011112222,P1D1,,Park Doyun";
    for (bad, expected) in [
        ("Kim Minji,1962-03-01,01012345678,P1D1,,", taken),
        ("김민,1962-03-01,01012345678,P1D1,김민지,", taken),
        ("김민,1962-03-01,01012345678,P1D1,,Kim Minji", taken),
        ("이서준,1965-12-31,01087654321,P2D2,,Park Doyun", ("", "")),
        ("Park Doyun,1970-01-01,01011112222,P1D1,,", repeated),
        ("박도,1970-01-01,01011112222,P1D1,박도윤,", repeated),
        ("박도,1970-01-01,01011112222,P1D1,,park doyun", repeated),
        ("박도윤,1970-01-01,01011112222,P1D2,,", repeated),
    ] {
        let file = format!("{header}\n{good}\n{bad}\n");
        let answer = load(&admin, "register?dry_run=true", file).await;
        if expected.1.is_empty() {
            answer.ok(200);
            continue;
        }
        assert!(!answer.text().contains("Kim") && !answer.text().contains("Park"));
        let problem = answer.problem(422, "rows_rejected");
        let reject = &problem["rejects"][0];
        assert_eq!((&problem["rows_rejected"], &reject["line"]), (&json!(1), &json!(3)), "{bad}");
        let found = (reject["column"].as_str().unwrap(), reject["code"].as_str().unwrap());
        assert_eq!(found, expected, "{bad}");
    }
    let bad = "김민,1962-03-01,01012345678,P1D1,,Kim Minji";
    let file = format!("{header}\n{bad}\n{good}\n");
    let report = load(&admin, "register?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (1, 0), "the spelling of a row that is left out is left out too");
    assert_eq!(main_name(&app, "Kim Minji").await, Some(json!("김민지")));
}

#[tokio::test]
async fn a_roster_names_people_by_any_spelling() {
    let (app, _, admin) = service().await;
    let roster = json!({ "code": "police", "name": "Police" });
    admin.post("/v1/admin/rosters", &roster).await.ok(201);
    load(&admin, "register", REGISTER).await.ok(200);
    let file = "roster_code,name,birth_date,phone
police,Kim Minji,1962-03-01,01012345678
police,이서준,1965-12-31,01087654321
";
    assert_eq!(counts(&load(&admin, "roster", file).await.ok(200)), (2, 0));
    let again = file.replace("Kim Minji", "김민지");
    assert_eq!(counts(&load(&admin, "roster", again).await.ok(200)), (0, 2));
    let nobody = file.replace("Kim Minji", "Kim Minju");
    let problem = load(&admin, "roster", nobody).await.problem(422, "rows_rejected");
    assert_eq!(problem["rejects"][0]["code"], "not_found");
    let members: i64 =
        query_scalar("select count(*) from roster_member").fetch_one(&app.db).await.unwrap();
    assert_eq!(members, 2);
}
