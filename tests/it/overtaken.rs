//! Another transaction was first, or in the way: whoever asked is not told so, as long as trying
//! again can help.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, query, query_scalar};
use uuid::Uuid;

use crate::support::{Client, Made, TestApp, World};

/// Gives each table a trigger that [`plant`] sets: one after the other, as jobs work meanwhile.
async fn prepare(app: &TestApp) {
    let prepared = "create sequence planted; grant all on sequence planted to public;
        create function plant() returns trigger language plpgsql as $$ begin return null; end $$";
    app.db.execute(prepared).await.expect("prepared");
    let tables = "select relname from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let tables: Vec<String> = query_scalar(tables).fetch_all(&app.db).await.expect("tables");
    for table in tables {
        let trigger = format!(
            "create trigger planted before insert or update or delete on public.\"{table}\"
             for each statement execute function plant()"
        );
        query(AssertSqlSafe(trigger)).execute(&app.db).await.expect("a trigger");
    }
}

/// The first statements that write in a transaction of a request fail so many times, in this way:
/// as they do when another transaction has locked what they want.
async fn plant(app: &TestApp, state: &str, times: i64) {
    let text = format!(
        "create or replace function plant() returns trigger language plpgsql as $$ begin
             if current_setting('application_name') = 'dosebook write'
                 and nextval('planted') <= {times} then
                 raise exception using errcode = '{state}';
             end if;
             return null;
         end $$;
         select setval('planted', 1, false)"
    );
    app.db.execute(AssertSqlSafe(text)).await.expect("planted");
}

async fn failed(app: &TestApp) -> i64 {
    let sql = "select case when is_called then last_value else 0 end from planted";
    query_scalar(sql).fetch_one(&app.db).await.expect("a count")
}

/// What an administrator does in an evening: one request to each flow that waits for others.
fn requests(made: &Made) -> Vec<(Method, String, Value)> {
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let clinic = format!("/v1/admin/clinics/{}", made.clinics[0]);
    let pool = format!("/v1/admin/pools/{}", made.nation);
    let person = |n: usize| format!("/v1/admin/persons/{}", made.people[n].person_id);
    let (allocation, region) = (made.allocations[0], made.districts[0]);
    let day = made.allocation(0, 3).on_date;
    let post = |path: String, body: Value| (Method::POST, path, body);
    let patch = |path: String, body: Value| (Method::PATCH, path, body);
    let admin = |path: &str| format!("/v1/admin/{path}");
    vec![
        post(admin("regions"), json!({ "code": "N", "name": "North" })),
        post(admin("courses"), json!({ "code": "flu", "name": "Influenza" })),
        post(admin("rosters"), json!({ "code": "SCHOOL", "name": "Staff of schools" })),
        post(
            admin("products"),
            json!({ "code": "9", "name": "Another", "doses_per_vial": 10, "age_months_min": 216 }),
        ),
        post(
            admin("clinics"),
            json!({ "region_id": region, "code": "C-9", "name": "Clinic 9", "zone": "Asia/Seoul",
                "address": "9, North", "phone": "02-0000-0012" }),
        ),
        patch(clinic.clone(), json!({ "phone": "02-0000-0013" })),
        patch(campaign.clone(), json!({ "bookings_per_day": 7 })),
        post(
            format!("{campaign}/cohorts"),
            json!({ "name": "More", "born_from": "1950-01-01", "born_to": "1951-12-31" }),
        ),
        post(format!("{pool}/receipts"), json!({ "doses": 100, "reason": "A delivery" })),
        post(format!("{pool}/losses"), json!({ "doses": 10, "reason": "A broken vial" })),
        post(
            format!("{pool}/transfers"),
            json!({ "to_pool_id": made.nation.0 + 1, "doses": 50, "reason": "By population" }),
        ),
        post(
            admin(&format!("allocations/{}/grants", allocation.allocation_id)),
            json!({ "doses": 10, "reason": "A vial more" }),
        ),
        patch(admin(&format!("slots/{}", made.slots[0].slot_id)), json!({ "seats": 12 })),
        (
            Method::PUT,
            format!("{clinic}/closures/{day}"),
            json!({ "reason": "Public holiday", "reason_ko": "공휴일" }),
        ),
        post(
            admin("persons"),
            json!({ "name": "Somebody New", "birth_date": "1963-04-05",
                "phone": "010-1234-5678", "region_id": region }),
        ),
        patch(person(1), json!({ "phone": "010-8765-4321", "reason": "Showed the contract" })),
        post(
            format!("{}/mark", person(2)),
            json!({ "mark": "deceased", "reason": "Told by the family", "cancel_bookings": true }),
        ),
        post(admin("users"), json!({ "username": "desk-1", "role": "administrator" })),
    ]
}

async fn send(admin: &Client, (method, path, body): (Method, String, Value)) -> (u16, String) {
    let key = Uuid::now_v7().to_string();
    let request = admin.request(method, &path).json(&body);
    let request = request.header("if-match", "*").header("idempotency-key", &key);
    let answer = request.send().await;
    (answer.status, format!("{path}: {}", answer.text()))
}

#[tokio::test]
async fn who_was_overtaken_is_tried_again() {
    for state in ["40P01", "40001", "55P03"] {
        let app = TestApp::start().await;
        let made = World::new().people(6).make(&app.db).await;
        // Doses to grant and to lose.
        let received = json!({ "doses": 200, "reason": "A delivery" });
        let admin = app.admin().await;
        let pool = format!("/v1/admin/pools/{}/receipts", made.nation);
        admin.post_once(Uuid::now_v7(), &pool, &received).await.ok(200);
        prepare(&app).await;
        for request in requests(&made) {
            plant(&app, state, 1).await;
            let (status, text) = send(&admin, request).await;
            assert!((200..300).contains(&status), "{state}: {status} {text}");
            assert!(failed(&app).await > 1, "{state}: the control: {text}");
        }
        // Not dropped: that locks every table at once, and jobs lock them in their own order.
        plant(&app, state, 0).await;
        assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
    }
}

#[tokio::test]
async fn who_is_overtaken_again_and_again_is_told_that_it_is_no_fault_of_theirs() {
    let app = TestApp::start().await;
    let made = World::new().people(6).make(&app.db).await;
    let admin = app.admin().await;
    prepare(&app).await;
    for state in ["40P01", "55P03"] {
        for request in requests(&made) {
            plant(&app, state, i64::MAX).await;
            let (status, text) = send(&admin, request).await;
            let is_told = status == 503 && text.contains("unavailable");
            // What is refused before anything is written is refused.
            assert!(is_told || matches!(status, 409 | 422), "{state}: {status} {text}");
            assert!(failed(&app).await <= 3, "tried three times: {text}");
        }
    }
}
