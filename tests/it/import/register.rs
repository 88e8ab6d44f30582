//! The register's e-mail addresses and languages.

use serde_json::json;
use sqlx::query_as;

use super::{REGISTER, counts, post};
use crate::support::{TestApp, make};

/// Address and language of the first person of the file.
async fn contact(app: &TestApp) -> (Option<String>, Option<String>) {
    let sql = "select email, language from person where name = 'Kim Minji'";
    query_as(sql).fetch_one(&app.db).await.expect("the person")
}

#[tokio::test]
async fn a_later_file_updates_addresses_and_languages() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let header = "name,birth_date,phone,region_code";
    let row = "Kim Minji,1962-03-01,010-1234-5678,P1D1";
    let some = |text: &str| Some(text.to_owned());
    let (old, new) = ("minji@example.org", "kim.minji@example.org");
    for (columns, values, expected, changed, what) in [
        ("", "", (None, None), 1, "a file as before"),
        (",email,language", ",,", (None, None), 0, "columns that say nothing"),
        (",email", ",minji@example.org", (some(old), None), 1, "an address"),
        ("", "", (some(old), None), 0, "a file as before leaves it"),
        (",language", ",ko", (some(old), some("ko")), 1, "a language"),
        (",language,email", ",ko,minji@example.org", (some(old), some("ko")), 0, "again"),
        (",language,email", ",en,kim.minji@example.org", (some(new), some("en")), 1, "both"),
        (",email", ",", (None, some("en")), 1, "an empty value removes the address"),
        (",email,language", ",,", (None, None), 1, "and the language"),
    ] {
        let file = format!("{header}{columns}\n{row}{values}\n");
        let report = post(&admin, "register", file).await.ok(200);
        assert_eq!(counts(&report), (changed, 1 - changed, 0), "{what}");
        assert_eq!(contact(&app).await, expected, "{what}");
    }
}

#[tokio::test]
async fn an_impossible_address_or_language_names_its_column_and_not_the_value() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let header = "name,birth_date,phone,region_code,email,language";
    let person = "Lee Seojun,1965-12-31,01087654321,P2D2";
    let long = format!("{}@example.org", "x".repeat(243));
    for (values, column) in [
        ("seojun,en", "email"),
        ("seojun@lee@example.org,en", "email"),
        ("seo jun@example.org,en", "email"),
        ("@example.org,en", "email"),
        (&format!("{long},en"), "email"),
        ("seojun@example.org,English", "language"),
        ("seojun@example.org,KO", "language"),
    ] {
        let file = format!("{header}\n{person},{values}\n");
        let answer = post(&admin, "register", file).await;
        let text = answer.text();
        let problem = answer.problem(422, "rows_rejected");
        assert_eq!(problem["rejects"][0]["column"], column, "{values}");
        assert_eq!(problem["rejects"][0]["code"], "invalid_field", "{values}");
        assert!(!text.to_lowercase().contains("seojun"), "{text}");
    }
    let file = format!("{header}\n{person},seojun@example.org,en\n");
    assert_eq!(counts(&post(&admin, "register", file).await.ok(200)), (1, 0, 0), "the control");
}

#[tokio::test]
async fn a_person_is_told_in_which_language_they_are_written_to() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    post(&admin, "register", REGISTER).await.ok(200);
    let mut new = json!({
        "name": "Park Doyun", "birth_date": "1963-01-01", "phone": "01011112222",
        "region_id": made.districts[0], "email": " doyun@example.org", "language": "ko",
    });
    let id = admin.post("/v1/admin/persons", &new).await.ok(201)["person_id"].as_i64().unwrap();
    let me = app.citizen(dosebook::domain::PersonId(id)).get("/v1/me").await.ok(200);
    assert_eq!(me["language"], "ko");
    assert_eq!(me.get("email"), None, "as the phone, it is shown to nobody");
    let me = app.citizen(&made.people[0]).get("/v1/me").await.ok(200);
    assert_eq!(me["language"], serde_json::Value::Null);

    new["name"] = json!("Park Doyoung");
    new["email"] = json!("doyoung");
    admin.post("/v1/admin/persons", &new).await.blames(422, "invalid_field", "email");
    new["email"] = json!(null);
    new["language"] = json!("de");
    admin.post("/v1/admin/persons", &new).await.blames(422, "invalid_field", "language");
}

#[tokio::test]
async fn a_language_is_written_only_where_it_is_new() {
    use dosebook::{domain::language::Language, flows::person::set_language};

    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (db, person) = (&app.app.db, made.people[0].person_id);
    assert!(set_language(db, person, Language::Korean).await.unwrap());
    let version = async || -> (String, String) {
        let sql = "select xmin::text, language from person where person_id = $1";
        query_as(sql).bind(person.0).fetch_one(&app.db).await.unwrap()
    };
    let first = version().await;
    assert_eq!(first.1, "ko");
    assert!(!set_language(db, person, Language::Korean).await.unwrap());
    assert_eq!(version().await, first, "the row is not written again");
    assert!(set_language(db, person, Language::English).await.unwrap());
    assert_eq!(version().await.1, "en");
}
