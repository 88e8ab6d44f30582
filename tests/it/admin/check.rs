//! What is missing or odd before a campaign is published or opened.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::verified;
use crate::support::{Client, TestApp, World, make::confirming};

async fn check(admin: &Client, campaign: impl std::fmt::Display) -> Value {
    admin.get(&format!("/v1/admin/campaigns/{campaign}/check")).await.ok(200)
}

/// Codes and severities.
fn found(check: &Value) -> Vec<(&str, &str)> {
    let findings = check["findings"].as_array().unwrap().iter();
    findings.map(|one| (one["code"].as_str().unwrap(), one["severity"].as_str().unwrap())).collect()
}

fn facts<'a>(check: &'a Value, code: &str) -> &'a Value {
    let mut findings = check["findings"].as_array().unwrap().iter();
    &findings.find(|one| one["code"] == code).expect("the finding")["facts"]
}

async fn run(app: &TestApp, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&app.db).await.expect(sql);
}

/// A world in which nothing is missing, published: 20 people and 112 doses at four clinics.
async fn ready(state: i16) -> (TestApp, Client, i32) {
    let app = TestApp::with().helpline("1339").start().await;
    let made = World::new().state(state).clinics(4).opens_in(TimeDelta::hours(1)).make(&app.db);
    let made = made.await;
    let admin = app.admin().await;
    (app, admin, made.campaign_id.0)
}

#[tokio::test]
async fn a_good_campaign_has_nothing_but_that_codes_are_shown() {
    let (_app, admin, campaign) = ready(2).await;
    let seen = check(&admin, campaign).await;
    assert_eq!(found(&seen), [("codes_shown", "warning")]);
    assert_eq!((&seen["step"], &seen["is_ready"]), (&json!("open"), &json!(false)));
    let numbers = json!({ "people": 20, "doses": 112, "seats": 320, "bookable": 112 });
    assert_eq!(seen["numbers"], numbers);
    assert_eq!(seen["text"], "20 people, 112 doses: one for everybody.");
}

/// What to spoil, what the check then says of opening, and how to put it right again.
const SPOILT: &[(&str, (&str, &str), &str)] = &[
    (
        "update cohort set until_version = 9",
        ("no_cohort", "error"),
        "update cohort set until_version = null",
    ),
    (
        "create table kept as select * from campaign_product; delete from campaign_product",
        ("no_product", "error"),
        "insert into campaign_product select * from kept; drop table kept",
    ),
    (
        "create table kept as select slot_id, is_closed from slot;
         update slot set is_closed = true",
        ("no_seats", "error"),
        "update slot s set is_closed = k.is_closed from kept k where k.slot_id = s.slot_id;
         drop table kept",
    ),
    (
        "update slot set seats = 3 where slot_id % 16777216 in (1, 2)",
        ("doses_without_seats", "warning"),
        "update slot set seats = 10",
    ),
    (
        "update cohort set born_from = '1900-01-01', born_to = '1900-12-31'",
        ("nobody_eligible", "warning"),
        "update cohort set born_from = '1962-01-01', born_to = '1966-12-31'",
    ),
    (
        "insert into region (code, name) values ('far', 'Far');
         update person set region_id = (select region_id from region where code = 'far')
         where person_id % 4 = 0",
        ("regions_without_clinic", "warning"),
        "update person set region_id = (select region_id from region where code = 'P1D1')
         where region_id = (select region_id from region where code = 'far')",
    ),
    (
        "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
         select campaign_id, 'odd', array[1, 3, 5, 7, 9], opens_at, 1 from campaign",
        ("digits_without_tranche", "warning"),
        "delete from tranche",
    ),
    (
        "update campaign set opens_at = opens_at - interval '90 days',
             closes_at = closes_at - interval '90 days'",
        ("closes_in_past", "error"),
        "update campaign set opens_at = opens_at + interval '90 days',
             closes_at = closes_at + interval '90 days'",
    ),
];

#[tokio::test]
async fn each_thing_that_is_missing_or_odd_is_found() {
    let (app, admin, campaign) = ready(2).await;
    for (spoil, expected, mend) in SPOILT {
        run(&app, spoil).await;
        let seen = check(&admin, campaign).await;
        assert!(found(&seen).contains(expected), "{spoil}: {seen:#}");
        run(&app, mend).await;
        let seen = check(&admin, campaign).await;
        assert_eq!(found(&seen), [("codes_shown", "warning")], "the control: {mend}");
    }
}

#[tokio::test]
async fn what_is_found_is_counted_and_named() {
    let (app, admin, campaign) = ready(2).await;
    run(&app, "update slot set seats = 3 where slot_id % 16777216 in (1, 2)").await;
    let seen = check(&admin, campaign).await;
    // Seven doses and six seats on the first day of each of four clinics.
    let short = facts(&seen, "doses_without_seats");
    assert_eq!(
        (&short["doses"], &short["clinics"], &short["days"]),
        (&json!(4), &json!(4), &json!(4))
    );
    let first = &short["first"][0];
    assert_eq!(
        (&first["clinic_code"], &first["doses"], &first["seats"]),
        (&json!("C1"), &json!(7), &json!(6))
    );
    assert_eq!(seen["numbers"]["bookable"], 108);

    let sql = "delete from movement where allocation_id >> 24 = 4; \
               delete from allocation where clinic_id = 4";
    run(&app, &format!("set session_replication_role = replica; {sql}")).await;
    let seen = check(&admin, campaign).await;
    let dry = json!({ "regions": 1, "people": 5, "first": ["P2D2"] });
    assert_eq!(facts(&seen, "regions_without_doses"), &dry);
}

#[tokio::test]
async fn the_service_itself_is_looked_at() {
    let app = TestApp::with().local(false).start().await;
    let made = World::new().state(2).clinics(4).opens_in(TimeDelta::hours(1)).make(&app.db).await;
    let admin = app.admin().await;
    let seen = check(&admin, made.campaign_id).await;
    assert_eq!(found(&seen), [("codes_not_sent", "error"), ("no_helpline", "warning")]);
    let korean = admin
        .request(reqwest::Method::GET, &format!("/v1/admin/campaigns/{}/check", made.campaign_id))
        .header("accept-language", "ko")
        .send()
        .await;
    assert_eq!(korean.header("content-language"), "ko");
    assert_eq!(korean.ok(200)["text"], "대상 20명, 백신 112회분: 모두에게 돌아갑니다.");
}

#[tokio::test]
async fn errors_stop_and_warnings_ask() {
    let (app, admin, campaign) = ready(2).await;
    let open = format!("/v1/admin/campaigns/{campaign}/open");
    let refused = admin.post(&open, &json!({})).await.problem(409, "not_ready");
    assert_eq!(refused["facts"], json!({ "errors": 0, "warnings": 1 }));
    assert_eq!(found(&refused), [("codes_shown", "warning")]);
    // Of what was confirmed, only that.
    run(&app, "update slot set seats = 3 where slot_id % 16777216 in (1, 2)").await;
    let body = json!({ "confirm": ["codes_shown"] });
    admin.post(&open, &body).await.problem(409, "not_ready");
    run(&app, "update cohort set until_version = 9").await;
    let body = json!({ "confirm": ["codes_shown", "doses_without_seats", "no_cohort"] });
    let refused = admin.post(&open, &body).await.problem(409, "not_ready");
    assert_eq!(refused["facts"]["errors"], 1, "an error cannot be confirmed");
    run(&app, "update cohort set until_version = null").await;
    admin.post(&open, &json!({ "confirm": ["all"] })).await.blames(
        422,
        "invalid_field",
        "confirm[0]",
    );
    assert_eq!(
        admin.get(&format!("/v1/admin/campaigns/{campaign}")).await.ok(200)["state"],
        "published"
    );
    assert_eq!(admin.post(&open, &body).await.ok(200)["state"], "open");

    // A pause ends without questions, whatever is missing by then.
    let reason = json!({ "reason": "A fault" });
    admin.post(&format!("/v1/admin/campaigns/{campaign}/pause"), &reason).await.ok(200);
    run(&app, "update cohort set until_version = 9").await;
    admin.post(&open, &json!({})).await.ok(200);
    let seen = check(&admin, campaign).await;
    assert_eq!((&seen["step"], &seen["findings"]), (&Value::Null, &json!([])));
}

/// A campaign out of one request.
fn draft() -> Value {
    json!({
        "code": "spring", "name": "봄 접종", "name_en": "Spring round", "zone": "Asia/Seoul",
        "opens_at": "2030-03-01T11:00:00Z", "closes_at": "2030-03-31T11:00:00Z",
        "course": { "code": "flu", "name": "Influenza" },
        "products": [
            { "product": { "code": "207", "name": "Moderna", "doses_per_vial": 10,
                "age_months_min": 216, "doses_in_series": 2, "interval_days_min": 28 },
              "doses": 400 },
            { "product": { "code": "141", "name": "Influenza", "doses_per_vial": 1 } },
        ],
        "cohorts": [{ "name": "55 to 59", "born_from": "1962-01-01", "born_to": "1966-12-31" }],
        "tranches": [{
            "name": "odd", "birth_day_digits": [1, 3, 3], "opens_at": "2030-03-02T11:00:00Z",
        }],
    })
}

#[tokio::test]
async fn a_campaign_is_drafted_whole_and_published_after_a_check() {
    let (app, admin, _) = ready(2).await;
    let made = admin.post("/v1/admin/campaign-drafts", &draft()).await.ok(201);
    let campaign = &made["campaign"]["campaign_id"];
    assert_eq!(made["product_ids"][0], 1, "the one that is known");
    let received: Vec<_> =
        made["pools"].as_array().unwrap().iter().map(|pool| &pool["received"]).collect();
    assert_eq!(received, [&json!(400), &json!(0)]);
    verified(&app).await;

    let seen = check(&admin, campaign).await;
    assert_eq!(seen["step"], "publish");
    // Doses are often given out after the limit is known.
    assert!(found(&seen).contains(&("no_doses", "warning")), "{seen:#}");
    let publish = format!("/v1/admin/campaigns/{campaign}/publish");
    let body = json!({ "reason": "The limit is known" });
    admin.post(&publish, &body).await.problem(409, "not_ready");
    let published = admin.post(&publish, &confirming(body)).await.ok(200);
    assert_eq!(published["published_quota"], 400);
    let open = format!("/v1/admin/campaigns/{campaign}/open");
    let refused = admin.post(&open, &confirming(json!({}))).await.problem(409, "not_ready");
    assert!(found(&refused).contains(&("no_doses", "error")), "nothing can be booked");
}

#[tokio::test]
async fn a_draft_that_cannot_be_leaves_nothing() {
    let (app, admin, _) = ready(2).await;
    let with = |path: &[&str], value: Value| {
        let mut bad = draft();
        let place = path.iter().fold(&mut bad, |place, key| match key.parse::<usize>() {
            Ok(at) => &mut place[at],
            Err(_) => &mut place[*key],
        });
        *place = value;
        bad
    };
    for (path, value, code, field) in [
        (&["products", "0", "doses"][..], json!(5), (422, "not_whole_vials"), "products[0].doses"),
        (&["products"], json!([]), (422, "invalid_field"), "products"),
        (
            &["products", "0", "product", "doses_per_vial"],
            json!(12),
            (409, "already_exists"),
            "products[0].code",
        ),
        (
            &["products", "1", "product", "doses_per_vial"],
            json!(0),
            (422, "invalid_field"),
            "products[1].doses_per_vial",
        ),
        (&["course", "code"], json!("Flu"), (422, "invalid_field"), "course.code"),
        (&["code"], json!("test"), (409, "already_exists"), "code"),
        (&["closes_at"], json!("2030-02-01T11:00:00Z"), (422, "invalid_field"), "closes_at"),
        (
            &["cohorts", "0", "born_to"],
            json!("1900-01-01"),
            (422, "invalid_field"),
            "cohorts[0].born_to",
        ),
        (
            &["cohorts", "0", "region_id"],
            json!(999),
            (422, "invalid_field"),
            "cohorts[0].region_id",
        ),
        (
            &["tranches", "0", "birth_day_digits"],
            json!([10]),
            (422, "invalid_field"),
            "tranches[0].birth_day_digits",
        ),
        (
            &["tranches", "0", "opens_at"],
            json!("2031-01-01T00:00:00Z"),
            (422, "invalid_field"),
            "tranches[0].opens_at",
        ),
    ] {
        let answer = admin.post("/v1/admin/campaign-drafts", &with(path, value)).await;
        answer.blames(code.0, code.1, field);
    }
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from campaign) + (select count(*) from course)
             + (select count(*) from product)",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(left, 3, "those of before");
    admin.post("/v1/admin/campaign-drafts", &draft()).await.ok(201);
}
