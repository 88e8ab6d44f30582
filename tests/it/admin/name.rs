//! Names that are corrected, and ids that name nothing.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::patch;
use crate::support::{
    Client, Made, TestApp, make,
    openapi::{DOCUMENT, operations},
};

#[tokio::test]
async fn a_corrected_name_is_what_everybody_reads() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let roster = json!({ "code": "teachers", "name": "Teachers" });
    let roster = admin.post("/v1/admin/rosters", &roster).await.ok(201)["roster_id"].clone();
    let change = json!({ "name": "Right", "name_ko": "바른 이름", "name_en": "Right name" });
    for path in [
        format!("regions/{}", made.districts[0]),
        format!("courses/{}", made.course_id),
        format!("products/{}", made.product_id),
    ] {
        let path = format!("/v1/admin/{path}");
        let changed = patch(&admin, &path, &change).await.ok(200);
        let names = |of: &Value| ["name", "name_ko", "name_en"].map(|name| of[name].clone());
        assert_eq!(names(&changed), names(&change), "{path}");
        // What is left out stays, null removes.
        let changed = patch(&admin, &path, &json!({ "name_ko": null })).await.ok(200);
        assert_eq!(names(&changed), [json!("Right"), Value::Null, json!("Right name")], "{path}");
        patch(&admin, &path, &json!({ "name": "" })).await.blames(422, "invalid_field", "name");
        patch(&admin, &path, &json!({ "code": "x" })).await.blames(422, "unknown_field", "code");
    }
    let known = ids(&app, &admin, &made).await;
    let id = |name: &str| known.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    for (list, id) in [("cohorts", id("cohort_id")), ("tranches", id("tranche_id"))] {
        let path = format!("/v1/admin/campaigns/{}/{list}/{id}", made.campaign_id);
        let changed = patch(&admin, &path, &json!({ "name_en": "Right name" })).await.ok(200);
        assert_eq!(changed["name_en"], "Right name");
    }
    let path = format!("/v1/admin/rosters/{roster}");
    assert_eq!(patch(&admin, &path, &json!({ "name": "Right" })).await.ok(200)["name"], "Right");

    app.refresh().await;
    let regions = app.public().get("/v1/regions").await.ok(200);
    let region = regions["regions"].as_array().unwrap().iter();
    let mut region = region.filter(|region| region["region_id"] == json!(made.districts[0]));
    assert_eq!(region.next().unwrap()["name_en"], "Right name");
    let campaign = app.public().get(&format!("/v1/campaigns/{}", made.campaign_id)).await.ok(200);
    assert_eq!(campaign["products"][0]["name"], "Right");
    assert_eq!(campaign["cohorts"][0]["name_en"], "Right name");
}

#[tokio::test]
async fn a_refused_booking_speaks_of_the_corrected_names_at_once() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    sqlx::query("update product set age_months_max = 300").execute(&app.db).await.unwrap();
    let citizen = app.citizen(&made.people[0]);
    let refused = async || {
        let answer = citizen.put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0))).await;
        answer.problem(403, "not_eligible")
    };
    let name = |problem: &Value| problem["reasons"][0]["facts"]["product_name"].clone();
    assert_eq!(name(&refused().await), "Moderna");
    let path = format!("/v1/admin/products/{}", made.product_id);
    patch(&admin, &path, &json!({ "name": "Right" })).await.ok(200);
    // The lane has read the rules already, and reads them anew.
    assert_eq!(name(&refused().await), "Right");
}

/// Ids of things that are there, by the parameters of paths.
async fn ids(app: &TestApp, admin: &Client, made: &Made) -> Vec<(&'static str, String)> {
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let tranche =
        json!({ "name": "x", "birth_day_digits": [1], "opens_at": "2021-01-01T00:00:00Z" });
    let tranche = admin.post(&format!("{campaign}/tranches"), &tranche).await.ok(201);
    let cohort: i32 =
        sqlx::query_scalar("select cohort_id from cohort").fetch_one(&app.db).await.unwrap();
    vec![
        ("campaign_id", made.campaign_id.to_string()),
        ("clinic_id", made.clinics[0].to_string()),
        ("cohort_id", cohort.to_string()),
        ("import_id", "1".to_owned()),
        ("kind", "slots".to_owned()),
        ("booking_id", Uuid::now_v7().to_string()),
        ("tranche_id", tranche["tranche_id"].to_string()),
        ("person_id", made.people[0].person_id.0.to_string()),
        ("exclusion_id", "1".to_owned()),
    ]
}

/// The first example of the body that an operation takes.
fn example(operation: &Value) -> Option<Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let name = schema.as_str()?.rsplit('/').next()?;
    Some(DOCUMENT["components"]["schemas"][name]["examples"][0].clone())
}

/// The thing that a parameter names, as a fact has it.
fn noun(parameter: &str) -> &str {
    match parameter {
        "date" => "closure",
        other => other.strip_suffix("_id").unwrap_or(other),
    }
}

/// Every operation of administrators whose path names something, asked for what is not there, one
/// parameter at a time.
#[tokio::test]
async fn what_is_not_there_is_named_with_its_id() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let known = ids(&app, &admin, &made).await;
    let mut asked = BTreeSet::new();
    for (method, path, operation) in operations() {
        if !path.starts_with("/v1/admin/") {
            continue;
        }
        let parameters: Vec<&str> =
            path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        for &parameter in &parameters {
            // Closing a day needs no day that is closed.
            if parameter == "date" && method != "DELETE" {
                continue;
            }
            // A booking is looked for at its clinic: it is what is not there.
            if parameter == "clinic_id" && path.ends_with("/unreached/{booking_id}") {
                continue;
            }
            let (unknown, id) = match parameter {
                "kind" => ("people", Value::Null),
                "date" => ("2031-02-03", json!("2031-02-03")),
                _ => ("999999", json!("999999")),
            };
            let mut concrete = path.replace(&format!("{{{parameter}}}"), unknown);
            for (name, id) in &known {
                concrete = concrete.replace(&format!("{{{name}}}"), id);
            }
            let concrete = concrete.replace("{date}", "2031-02-03");
            assert!(!concrete.contains('{'), "say in `ids` what there is: {concrete}");
            let verb = Method::from_bytes(method.as_bytes()).unwrap();
            let query = match path.rsplit('/').next() {
                Some("unreached") => "?date=2031-02-03",
                // A split is only carried out as a dry run has shown it.
                Some("splits") => "?dry_run=true",
                _ => "",
            };
            let request = admin.request(verb, &format!("{concrete}{query}"));
            let request = request
                .header("idempotency-key", &Uuid::now_v7().to_string())
                .header("if-match", "*");
            let request = match example(operation) {
                Some(body) => request.json(&body),
                None if parameter == "kind" && method == "POST" => request.body("text/csv", "x"),
                None => request,
            };
            let answer = request.send().await;
            let what = format!("{method} {concrete}: {}", answer.text());
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{what}");
            let named = noun(parameter);
            let expected = match &id {
                Value::Null => ("unknown", json!({ "what": named })),
                id => ("none_with_id", json!({ "what": named, "id": id })),
            };
            let said = (answer.body["cause"].as_str().unwrap(), answer.body["facts"].clone());
            assert_eq!(said, expected, "{what}");
            asked.insert(parameter.to_owned());
        }
    }
    let expected = ["allocation_id", "campaign_id", "clinic_id", "cohort_id", "date", "kind"];
    assert!(expected.iter().all(|one| asked.contains(*one)), "the control: {asked:?}");

    // What is no id is not repeated, and nobody else learns anything.
    let odd = admin.get("/v1/admin/campaigns/Hong%20Gildong").await.problem(404, "not_found");
    assert_eq!(odd["facts"], json!({ "what": "campaign" }));
    assert_eq!(odd["detail"], "There is no campaign with such an id.");
    let staff = app.staff(made.clinics[0]).await;
    let path = format!("/v1/clinics/{}/schedule?date=2026-01-01", made.clinics[1]);
    assert_eq!(staff.get(&path).await.problem(404, "not_found")["cause"], "nothing_visible");
}
