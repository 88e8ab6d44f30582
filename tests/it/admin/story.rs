//! The whole way from nothing to a booked dose, with nothing but the API.

use chrono::{Days, TimeDelta, TimeZone};
use chrono_tz::Asia::Seoul;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{db_now, verified};
use crate::support::make::confirming;
use crate::support::{Client, TestApp};

const ADMIN: &str = "/v1/admin";

struct Story<'a> {
    app: &'a TestApp,
    admin: Client,
}

impl Story<'_> {
    async fn made(&self, path: &str, body: Value) -> Value {
        self.admin.post(&format!("{ADMIN}{path}"), &body).await.ok(201)
    }

    async fn done(&self, path: &str, body: Value) -> Value {
        self.admin.post(&format!("{ADMIN}{path}"), &body).await.ok(200)
    }

    /// A province with a district, a clinic in it, and what it will give.
    async fn place(&self) -> (Value, Value, Value) {
        let province = self.made("/regions", json!({ "code": "11", "name": "Seoul" })).await;
        let body =
            json!({ "parent_id": province["region_id"], "code": "11680", "name": "Gangnam" });
        let district = self.made("/regions", body).await;
        let body = json!({
            "region_id": district["region_id"], "code": "C-1", "name": "First clinic",
            "zone": "Asia/Seoul", "address": "1 Main Street", "phone": "02-000-0000",
            "latitude": 37.5, "longitude": 127.0,
        });
        let clinic = self.made("/clinics", body).await;
        let body = json!({
            "code": "207", "name": "Moderna", "doses_per_vial": 10, "age_months_min": 216,
            "doses_in_series": 2, "interval_days_min": 28,
        });
        (province, clinic, self.made("/products", body).await)
    }

    /// A draft with a cohort and a product.
    async fn draft(&self, product: &Value) -> Value {
        let course = self.made("/courses", json!({ "code": "covid-19", "name": "COVID-19" })).await;
        let now = db_now(self.app).await;
        let body = json!({
            "code": "55-59", "name": "55 to 59", "course_id": course["course_id"],
            "opens_at": now - TimeDelta::hours(1), "closes_at": now + TimeDelta::days(30),
            "zone": "Asia/Seoul",
        });
        let campaign = self.made("/campaigns", body).await;
        assert_eq!((&campaign["state"], &campaign["rule_version"]), (&json!("draft"), &json!(1)));
        let path = format!("/campaigns/{}", campaign["campaign_id"]);
        let body = json!({ "product_ids": [product["product_id"]] });
        let set = self.admin.put(&format!("{ADMIN}{path}/products"), &body).await.ok(200);
        assert_eq!(set["rule_version"], 2);
        let body =
            json!({ "name": "55 to 59", "born_from": "1962-01-01", "born_to": "1966-12-31" });
        let cohort = self.made(&format!("{path}/cohorts"), body).await;
        assert_eq!(cohort["rule_version"], 3);
        campaign
    }

    /// 100 doses for the nation, 40 of them for the province; answers with the province's pool.
    async fn pools(&self, campaign: &Value, product: &Value, province: &Value) -> Value {
        let of = |parent: Value, region: Value| {
            json!({
                "campaign_id": campaign["campaign_id"], "product_id": product["product_id"],
                "parent_id": parent, "region_id": region,
            })
        };
        let nation = self.made("/pools", of(Value::Null, Value::Null)).await;
        let body = of(nation["pool_id"].clone(), province["region_id"].clone());
        let pool = self.made("/pools", body).await;
        let path = format!("/pools/{}", nation["pool_id"]);
        let body = json!({ "doses": 100, "reason": "Delivery of 10 July" });
        let received = self.done(&format!("{path}/receipts"), body).await;
        assert_eq!((&received["received"], &received["open"]), (&json!(100), &json!(100)));
        let body = json!({ "to_pool_id": pool["pool_id"], "doses": 40, "reason": "By population" });
        let moved = self.done(&format!("{path}/transfers"), body).await;
        assert_eq!((&moved["from"]["open"], &moved["from"]["passed_on"]), (&json!(60), &json!(40)));
        assert_eq!(moved["to"]["open"], 40);
        moved["to"].clone()
    }

    /// A slot of 5 seats at nine o'clock in a week, and 20 doses for that day.
    async fn capacity(&self, campaign: &Value, clinic: &Value, pool: &Value) -> Value {
        let today = db_now(self.app).await.with_timezone(&Seoul).date_naive();
        let day = today + Days::new(7);
        let at = |hour| Seoul.from_local_datetime(&day.and_hms_opt(hour, 0, 0).unwrap()).unwrap();
        let slot = json!({ "starts_at": at(9), "ends_at": at(10), "seats": 5 });
        let path = format!("/clinics/{}/slots", clinic["clinic_id"]);
        let slots = self.made(&path, json!({ "slots": [slot] })).await;
        let slot = slots["slots"][0].clone();
        assert_eq!(slot["on_date"], json!(day), "by the clinic's calendar");
        assert_eq!(slot["slot_id"], (clinic["clinic_id"].as_i64().unwrap() << 24) + 1);
        let body = json!({
            "clinic_id": clinic["clinic_id"], "campaign_id": campaign["campaign_id"],
            "product_id": pool["product_id"], "on_date": day, "pool_id": pool["pool_id"],
            "doses": 20, "reason": "By size of the clinic", "if_granted": 0,
        });
        let allocation = self.made("/allocations", body).await;
        assert_eq!((&allocation["granted"], &allocation["open"]), (&json!(20), &json!(20)));
        slot
    }
}

#[tokio::test]
async fn from_nothing_to_a_booked_dose() {
    let app = TestApp::start().await;
    let story = Story { app: &app, admin: app.admin().await };
    let (province, clinic, product) = story.place().await;
    let campaign = story.draft(&product).await;
    let path = format!("/campaigns/{}", campaign["campaign_id"]);
    let full = format!("{ADMIN}{path}");
    let reason = json!({ "reason": "The limit is known" });

    story.admin.post(&format!("{full}/open"), &json!({})).await.problem(409, "quota_not_published");
    let early = story.admin.post(&format!("{full}/publish"), &reason).await;
    early.problem(409, "quota_not_published");
    let pool = story.pools(&campaign, &product, &province).await;
    let published = story.done(&format!("{path}/publish"), confirming(reason)).await;
    assert_eq!(
        (&published["state"], &published["published_quota"]),
        (&json!("published"), &json!(100))
    );
    assert!(published["published_at"].is_string());
    let slot = story.capacity(&campaign, &clinic, &pool).await;
    assert_eq!(story.done(&format!("{path}/open"), confirming(json!({}))).await["state"], "open");
    story.admin.post(&format!("{full}/open"), &json!({})).await.problem(409, "wrong_state");

    let body = json!({
        "name": "Kim Minji", "birth_date": "1964-05-06", "phone": "010-1234-5678",
        "region_id": clinic["region_id"],
    });
    let person = story.made("/persons", body).await["person_id"].as_i64().unwrap();
    let body = json!({
        "campaign_id": campaign["campaign_id"], "slot_id": slot["slot_id"],
        "product_id": product["product_id"],
    });
    app.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201);

    app.refresh().await;
    let supply = app.public().get(&format!("/v1{path}/supply")).await.ok(200);
    assert_eq!(
        (&supply["totals"]["granted"], &supply["totals"]["booked"]),
        (&json!(20), &json!(1))
    );
    let history = app.public().get(&format!("/v1{path}/supply/history")).await.ok(200);
    let events: Vec<_> =
        history["entries"].as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["published", "granted", "opened"]);
    verified(&app).await;
}
