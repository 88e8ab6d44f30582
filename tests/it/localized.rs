//! Names and reasons in Korean and English: what an administrator writes, the public reads.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Made, TestApp, World};

async fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    client.request(Method::PATCH, path).json(body).send().await
}

/// The object with a text in three languages.
fn with(mut object: Value, member: &str, text: &str) -> Value {
    object[member] = json!(text);
    object[format!("{member}_ko")] = json!(format!("{text} 한국어"));
    object[format!("{member}_en")] = json!(format!("{text} in English"));
    object
}

/// The text of a member, as it is and in both languages.
fn texts(object: &Value, member: &str) -> [Value; 3] {
    ["", "_ko", "_en"].map(|language| object[format!("{member}{language}")].clone())
}

/// What `with` writes.
fn three(text: &str) -> [Value; 3] {
    texts(&with(json!({}), "x", text), "x")
}

fn only(text: &str) -> [Value; 3] {
    [json!(text), Value::Null, Value::Null]
}

/// The item of a list with this value.
fn item<'a>(list: &'a Value, member: &str, value: &Value) -> &'a Value {
    list.as_array().unwrap().iter().find(|item| item[member] == *value).expect("an item")
}

struct Story {
    app: TestApp,
    made: Made,
    admin: Client,
}

impl Story {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let made = World::new().doses(20).make(&app.db).await;
        let admin = app.admin().await;
        Self { app, made, admin }
    }

    fn campaign(&self, path: &str) -> String {
        format!("/v1/admin/campaigns/{}{path}", self.made.campaign_id)
    }

    /// What everybody reads.
    async fn public(&self, path: &str) -> Value {
        self.app.refresh().await;
        self.app.public().get(path).await.ok(200)
    }
}

#[tokio::test]
async fn what_is_new_has_its_names_in_every_language() {
    let story = Story::new().await;
    let (admin, made) = (&story.admin, &story.made);
    let clinic = json!({
        "region_id": made.districts[0], "code": "N-1", "zone": "Asia/Seoul",
        "address": "1 Main Street", "phone": "02-000-0000",
    });
    let campaign = json!({
        "code": "next", "course_id": made.course_id, "opens_at": "2030-07-12T00:00:00Z",
        "closes_at": "2030-07-18T00:00:00Z", "zone": "Asia/Seoul",
    });
    let tranche = json!({ "birth_day_digits": [1], "opens_at": "2021-07-12T00:00:00Z" });
    let cohort = json!({ "born_from": "1962-01-01" });
    let cohorts = story.campaign("/cohorts");
    let tranches = story.campaign("/tranches");
    for (path, body, list, key) in [
        ("/v1/admin/regions", json!({ "code": "N" }), "regions", "region_id"),
        ("/v1/admin/courses", json!({ "code": "flu" }), "courses", "course_id"),
        ("/v1/admin/clinics", clinic, "clinics", "clinic_id"),
        (
            "/v1/admin/products",
            json!({ "code": "210", "doses_per_vial": 10 }),
            "products",
            "product_id",
        ),
        ("/v1/admin/campaigns", campaign, "campaigns", "campaign_id"),
        (&cohorts, cohort, "cohorts", "cohort_id"),
        (&tranches, tranche, "tranches", "tranche_id"),
    ] {
        for (member, bad) in [
            ("name_ko", json!("x".repeat(201))),
            ("name_en", json!("a\u{7}b")),
            ("name_en", json!("  ")),
            ("name_ko", json!(7)),
        ] {
            let mut body = with(body.clone(), "name", "Bad");
            body[member] = bad;
            admin.post(path, &body).await.blames(422, "invalid_field", member);
        }
        let sent = with(body.clone(), "name", "A name");
        let added = admin.post(path, &sent).await.ok(201);
        assert_eq!(texts(&added, "name"), three("A name"), "{path}");
        let listed = admin.get(path).await.ok(200);
        assert_eq!(texts(item(&listed[list], key, &added[key]), "name"), three("A name"), "{path}");
    }
    let plain = json!({ "code": "M", "name": "Plain", "name_ko": null });
    let plain = admin.post("/v1/admin/regions", &plain).await.ok(201);
    assert_eq!(texts(&plain, "name"), only("Plain"), "no translation is asked for");
}

#[tokio::test]
async fn a_change_sets_keeps_and_removes_names() {
    let story = Story::new().await;
    let clinic = format!("/v1/admin/clinics/{}", story.made.clinics[0]);
    for path in [clinic, story.campaign("")] {
        let change = async |body: Value| {
            let changed = patch(&story.admin, &path, &body).await.ok(200);
            texts(&changed, "name")
        };
        assert_eq!(change(with(json!({}), "name", "New")).await, three("New"), "{path}");
        assert_eq!(change(json!({})).await, three("New"), "what is left out stays");
        let [_, ko, en] = three("New");
        assert_eq!(change(json!({ "name": "Main" })).await, [json!("Main"), ko, en.clone()]);
        assert_eq!(change(json!({ "name_ko": null })).await, [json!("Main"), Value::Null, en]);
        let set = change(json!({ "name_ko": "이름", "name_en": null })).await;
        assert_eq!(set, [json!("Main"), json!("이름"), Value::Null]);
        for member in ["name_ko", "name_en"] {
            let bad = json!({ member: "x".repeat(201) });
            patch(&story.admin, &path, &bad).await.blames(422, "invalid_field", member);
        }
        assert_eq!(change(json!({})).await, set, "a refused change changes nothing");
    }
}

#[tokio::test]
async fn everybody_reads_the_names() {
    let story = Story::new().await;
    let (admin, made) = (&story.admin, &story.made);
    let sql = "update region set name_ko = name || ' 한국어', name_en = name || ' in English'";
    sqlx::query(sql).execute(&story.app.db).await.unwrap();
    let sql = "update course set name = 'COVID', name_ko = 'COVID 한국어',
                   name_en = 'COVID in English'";
    sqlx::query(sql).execute(&story.app.db).await.unwrap();
    let named = |name: &str| with(json!({}), "name", name);
    patch(admin, &story.campaign(""), &named("Round 1")).await.ok(200);
    let clinic = format!("/v1/admin/clinics/{}", made.clinics[0]);
    patch(admin, &clinic, &named("First clinic")).await.ok(200);
    let cohort = json!({ "born_from": "1962-01-01", "region_id": made.provinces[0] });
    admin.post(&story.campaign("/cohorts"), &with(cohort, "name", "Elders")).await.ok(201);
    let tranche = json!({ "birth_day_digits": [1], "opens_at": "2021-07-12T00:00:00Z" });
    admin.post(&story.campaign("/tranches"), &with(tranche, "name", "Ones")).await.ok(201);
    let product = with(json!({ "code": "210", "doses_per_vial": 10 }), "name", "Vaccine");
    let product = admin.post("/v1/admin/products", &product).await.ok(201)["product_id"].clone();
    let products = json!({ "product_ids": [made.product_id, product] });
    admin.put(&story.campaign("/products"), &products).await.ok(200);

    let path = format!("/v1/campaigns/{}", made.campaign_id);
    let card = story.public(&path).await;
    assert_eq!(texts(&card, "name"), three("Round 1"));
    assert_eq!(texts(&card, "course"), three("COVID"));
    let cohort = &card["cohorts"][1];
    assert_eq!(texts(cohort, "name"), three("Elders"));
    assert!(cohort["words"].as_str().unwrap().contains("in English"), "{cohort}");
    assert_eq!(texts(&card["tranches"][0], "name"), three("Ones"));
    assert_eq!(texts(item(&card["products"], "product_id", &product), "name"), three("Vaccine"));
    assert_eq!(story.public("/v1/campaigns").await["campaigns"], json!([card]));

    let clinics = story.public(&format!("{path}/clinics")).await;
    assert_eq!(texts(&clinics["clinics"][0], "name"), three("First clinic"));
    assert_eq!(texts(&clinics["clinics"][1], "name"), only("Clinic 2"));
    let regions = story.public("/v1/regions").await;
    let name = regions["regions"][0]["name"].as_str().unwrap();
    assert_eq!(texts(&regions["regions"][0], "name"), three(name));
    let supply = story.public(&format!("{path}/supply")).await;
    assert_eq!(texts(&supply["by_region"][0], "name"), three(name));
    let me = story.app.citizen(&made.people[0]).get("/v1/me").await.ok(200);
    assert_eq!(texts(&me, "region_name"), three(me["region_name"].as_str().unwrap()));
}

#[tokio::test]
async fn everybody_reads_the_reasons() {
    let story = Story::new().await;
    let (admin, made) = (&story.admin, &story.made);
    let reason = |reason: &str| with(json!({}), "reason", reason);
    let public = format!("/v1/campaigns/{}", made.campaign_id);

    for bad in ["reason_ko", "reason_en"] {
        let mut body = reason("A pause");
        body[bad] = json!("x".repeat(501));
        admin.post(&story.campaign("/pause"), &body).await.blames(422, "invalid_field", bad);
    }
    let paused = admin.post(&story.campaign("/pause"), &reason("A pause")).await.ok(200);
    assert_eq!(texts(&paused, "state_reason"), three("A pause"));
    assert_eq!(texts(&story.public(&public).await, "state_reason"), three("A pause"));
    let supply = story.public(&format!("{public}/supply")).await;
    assert_eq!(texts(&supply, "state_reason"), three("A pause"));

    let alone = json!({ "reason_ko": "재개" });
    let refused = admin.post(&story.campaign("/open"), &alone).await;
    refused.blames(422, "invalid_field", "reason_ko");
    let opened = admin.post(&story.campaign("/open"), &json!({})).await.ok(200);
    assert_eq!(texts(&opened, "state_reason"), [Value::Null, Value::Null, Value::Null]);
    let doses = with(json!({ "doses": 10 }), "reason", "A delivery");
    let pool = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&pool, &doses).await.ok(200);
    let allocation = format!("/v1/admin/allocations/{}", made.allocations[0].allocation_id);
    for (verb, reason) in [("retractions", "A correction"), ("grants", "A grant")] {
        let doses = with(json!({ "doses": 10 }), "reason", reason);
        admin.post(&format!("{allocation}/{verb}"), &doses).await.ok(200);
    }
    admin.post(&story.campaign("/close"), &reason("The end")).await.ok(200);

    let history = story.public(&format!("{public}/supply/history")).await;
    let entries = history["entries"].as_array().unwrap();
    let told = |event: &str| {
        let entry = entries.iter().rfind(|entry| entry["event"] == event);
        texts(entry.expect(event), "reason")
    };
    assert_eq!(told("paused"), three("A pause"));
    let [main, ko, en] = told("resumed");
    assert_eq!((main, en), (json!("Booking is open, as announced."), Value::Null));
    assert_ne!(ko, Value::Null, "the service's own reason is there in Korean");
    assert_eq!(told("received"), three("A delivery"));
    assert_eq!(told("granted"), three("A grant"));
    assert_eq!(told("retracted"), three("A correction"));
    assert_eq!(told("closed"), three("The end"));
    let lines = admin.get("/v1/admin/movements?limit=1000").await.ok(200);
    let reasons = lines["movements"].as_array().unwrap().iter().map(|line| &line["reason"]);
    assert!(reasons.into_iter().any(|reason| reason == "A grant"), "the journal has the main one");
}

#[tokio::test]
async fn a_closed_day_gives_its_reason_in_every_language() {
    let story = Story::new().await;
    let slot = story.made.slot(0, 2, 0);
    let clinic = format!("/v1/admin/clinics/{}", slot.clinic_id);
    let path = format!("{clinic}/closures/{}", slot.on_date);
    let listed = async || {
        let listed = story.admin.get(&format!("{clinic}/closures")).await.ok(200);
        texts(&listed["closures"][0], "reason")
    };
    let mut bad = with(json!({}), "reason", "Typhoon");
    bad["reason_en"] = json!("x".repeat(201));
    story.admin.put(&path, &bad).await.blames(422, "invalid_field", "reason_en");
    let closed = story.admin.put(&path, &with(json!({}), "reason", "Typhoon")).await.ok(200);
    assert_eq!(texts(&closed, "reason"), three("Typhoon"));
    assert_eq!(listed().await, three("Typhoon"));
    story.admin.put(&path, &json!({ "reason": "Storm" })).await.ok(200);
    assert_eq!(listed().await, only("Storm"), "a closure is written as a whole");
}
