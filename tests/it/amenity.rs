//! What a clinic has for those who come, and how it is found: by file, by administrators, and
//! wherever a clinic is shown. What is not known is null, and hides no clinic.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Made, TestApp, make};

const UNKNOWN: &str = r#"{"step_free": null, "accessible_toilet": null, "parking": null,
    "hearing_loop": null, "sign_language": null, "wheelchair": null}"#;

/// Everything unknown but this.
fn only(known: &[(&str, bool)]) -> Value {
    let mut all: Value = serde_json::from_str(UNKNOWN).expect("amenities");
    known.iter().for_each(|(name, is_there)| all[*name] = json!(is_there));
    all
}

async fn listed(app: &TestApp, made: &Made) -> Vec<Value> {
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/clinics", made.campaign_id);
    app.public().get(&path).await.ok(200)["clinics"].as_array().expect("clinics").clone()
}

async fn of_slots(app: &TestApp, made: &Made) -> Value {
    let allocation = made.allocation(0, 1);
    let path = format!(
        "/v1/clinics/{}/slots?campaign_id={}&date={}",
        allocation.clinic_id, made.campaign_id, allocation.on_date
    );
    app.public().get(&path).await.ok(200)["clinic"].clone()
}

#[tokio::test]
async fn a_clinic_of_which_nothing_is_known_is_listed_with_nulls() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let lines = listed(&app, &made).await;
    assert_eq!(lines.len(), 3);
    for line in &lines {
        assert_eq!(line["amenities"], only(&[]), "unknown, and no no");
        assert_eq!(line["directions"], Value::Null);
    }
}

#[tokio::test]
async fn what_an_administrator_says_of_a_clinic_is_shown_where_clinics_are() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/clinics/{}", made.clinics[0]);
    let change = json!({
        "amenities": { "step_free": true, "parking": false },
        "directions": "시청역 3번 출구에서 3분",
        "directions_en": "Three minutes from City Hall, exit 3",
    });
    let changed = admin.request(Method::PATCH, &path).json(&change).send().await.ok(200);
    let expected = only(&[("step_free", true), ("parking", false)]);
    assert_eq!(changed["amenities"], expected);
    let lines = listed(&app, &made).await;
    assert_eq!(lines.len(), 3, "nothing hides a clinic");
    for clinic in [&lines[0], &of_slots(&app, &made).await] {
        assert_eq!(clinic["amenities"], expected);
        assert_eq!(clinic["directions"], "시청역 3번 출구에서 3분");
        assert_eq!(clinic["directions_ko"], Value::Null);
        assert_eq!(clinic["directions_en"], "Three minutes from City Hall, exit 3");
        assert_eq!(clinic["phone"], "02-000-0000");
    }
    assert_eq!(lines[1]["amenities"], only(&[]), "of the others nothing was said");

    // What is left out stays; null makes one unknown and removes directions.
    let change = json!({ "amenities": { "parking": null }, "directions_en": null });
    let changed = admin.request(Method::PATCH, &path).json(&change).send().await.ok(200);
    assert_eq!(changed["amenities"], only(&[("step_free", true)]));
    assert_eq!(changed["directions"], "시청역 3번 출구에서 3분");
    assert_eq!(changed["directions_en"], Value::Null);
    let kept: Value = sqlx::query_scalar("select amenities from clinic where clinic_id = $1")
        .bind(made.clinics[0].0)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(kept, json!({ "step_free": true }), "the unknown is not kept");
}

#[tokio::test]
async fn a_new_clinic_may_come_with_what_it_has() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let mut new = json!({
        "region_id": made.districts[0], "code": "NEW", "name": "New", "zone": "Asia/Seoul",
        "address": "1 Street", "phone": "1339",
        "amenities": { "wheelchair": true }, "directions": "Behind the station",
    });
    let added = admin.post("/v1/admin/clinics", &new).await.ok(201);
    assert_eq!(added["amenities"], only(&[("wheelchair", true)]));
    assert_eq!(added["directions"], "Behind the station");
    new["code"] = json!("NEXT");
    new["amenities"] = json!({ "swimming_pool": true });
    let refused = admin.post("/v1/admin/clinics", &new).await;
    refused.blames(422, "unknown_field", "amenities.swimming_pool");
    new["amenities"] = json!({ "parking": "yes" });
    let refused = admin.post("/v1/admin/clinics", &new).await;
    refused.blames(422, "invalid_field", "amenities.parking");
    new["amenities"] = json!(null);
    new["directions"] = json!("x".repeat(501));
    let refused = admin.post("/v1/admin/clinics", &new).await;
    refused.blames(422, "invalid_field", "directions");
    new["directions"] = json!(null);
    let added = admin.post("/v1/admin/clinics", &new).await.ok(201);
    assert_eq!((&added["amenities"], &added["directions"]), (&only(&[]), &Value::Null));
}

#[tokio::test]
async fn the_database_keeps_no_amenity_that_nobody_can_read() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    for (bad, is_kept) in [
        (r#"{"parking": false}"#, true),
        (r#"{"swimming_pool": true}"#, false),
        (r#"{"parking": "yes"}"#, false),
        (r#"{"parking": null}"#, false),
        (r#"{"parking": [true]}"#, false),
        (r#"[]"#, false),
        (r#"true"#, false),
    ] {
        let sql = "update clinic set amenities = $1::jsonb where code = 'C1'";
        let done = sqlx::query(sql).bind(serde_json::from_str::<Value>(bad).unwrap());
        assert_eq!(done.execute(&app.db).await.is_ok(), is_kept, "{bad}");
    }
}
