//! Allocations for days that nobody could book: refused, or taken with a warning.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::{Pacific, Tz};
use dosebook::flows::discrepancy::verify;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    allocation::{pool_of, receive},
    case::{bytes, setting},
    counts, post,
};
use crate::support::{Made, TestApp, World, make};

/// Files of practice whose outcome stands here.
pub(super) const FILES: [&str; 3] =
    ["allocations-past.csv", "allocations-no-slot.csv", "allocations-after-close.csv"];
const HEADER: &str = "campaign_code,clinic_code,product_code,on_date,doses,channel";

fn said(report: &Value, list: &str) -> Vec<(u64, String, String, String)> {
    let rows = report[list].as_array().unwrap().iter();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| {
        (row["line"].as_u64().unwrap(), text(row, "column"), text(row, "code"), text(row, "cause"))
    })
    .collect()
}

fn one(line: u64, column: &str, code: &str, cause: &str) -> (u64, String, String, String) {
    (line, column.to_owned(), code.to_owned(), cause.to_owned())
}

async fn now(db: &PgPool) -> DateTime<Utc> {
    sqlx::query_scalar("select clock_timestamp()").fetch_one(db).await.unwrap()
}

async fn today(db: &PgPool, zone: Tz) -> NaiveDate {
    now(db).await.with_timezone(&zone).date_naive()
}

/// The pool of C1's province has doses.
async fn world() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    receive(&app.db, pool_of(&app.db, &made, "P1").await, 1_000).await;
    (app, made)
}

#[tokio::test]
async fn a_file_of_practice_for_a_past_day_is_refused_and_others_warn() {
    let (app, admin) = setting().await;
    for query in ["?dry_run=true", "", "?partial=true"] {
        let what = format!("allocations{query}");
        let refused = post(&admin, &what, bytes(FILES[0])).await.problem(422, "rows_rejected");
        assert_eq!(said(&refused, "rejects"), [one(2, "on_date", "invalid_field", "day_past")]);
        let facts = &refused["rejects"][0]["facts"];
        assert_eq!(facts["zone"], "Asia/Seoul");
        assert_eq!(facts["today"], json!(today(&app.db, make::ZONE).await));
    }
    let outcomes = [
        (FILES[1], vec!["day_without_seats"]),
        (FILES[2], vec!["day_after_close", "day_without_seats"]),
    ];
    for (file, causes) in outcomes {
        let expected: Vec<_> =
            causes.into_iter().map(|cause| one(2, "on_date", "not_bookable", cause)).collect();
        let dry = post(&admin, "allocations?dry_run=true", bytes(file)).await.ok(200);
        assert_eq!((said(&dry, "warnings"), counts(&dry)), (expected.clone(), (1, 0, 0)), "{file}");
        let mut run = post(&admin, "allocations", bytes(file)).await.ok(200);
        for name in ["dry_run", "import_id"] {
            run[name] = dry[name].clone();
        }
        assert_eq!(run, dry, "the run says what the dry run said");
        assert_eq!(run["warnings_counted"], expected.len());
    }
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn seats_of_a_day_are_shared_by_the_rows_of_a_file() {
    let (app, made) = world().await;
    let admin = app.admin().await;
    // 20 seats, 7 doses are open.
    let day = made.allocation(0, 1).on_date;
    let file = format!(
        "{HEADER}\ntest,C1,207,{day},10,\ntest,C1,207,{day},10,phone\n\
         test,C1,207,{day},200,walk_in\n"
    );
    let report = post(&admin, "allocations", file).await.ok(200);
    assert_eq!(counts(&report), (3, 0, 0));
    let expected = [one(3, "doses", "not_bookable", "doses_beyond_seats")];
    assert_eq!(said(&report, "warnings"), expected);
    assert_eq!(report["warnings"][0]["facts"], json!({"doses": 27, "seats": 20}));
    let text = "The clinic would have 27 open doses for 20 free seats on this day.";
    assert_eq!(report["warnings"][0]["text"], text);
}

/// There is always an hour of difference between the two days, whatever time it is.
#[tokio::test]
async fn the_day_is_the_clinics_and_not_another_zones() {
    let (app, _) = world().await;
    let admin = app.admin().await;
    for (code, zone) in [("C1", "Pacific/Kiritimati"), ("C2", "Pacific/Pago_Pago")] {
        let sql = "update clinic set zone = $2 where code = $1";
        sqlx::query(sql).bind(code).bind(zone).execute(&app.db).await.unwrap();
    }
    let day = today(&app.db, Pacific::Pago_Pago).await;
    let file = format!("{HEADER}\ntest,C1,207,{day},10,\ntest,C2,207,{day},10,\n");
    let report = post(&admin, "allocations?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (1, 0, 1));
    assert_eq!(said(&report, "rejects"), [one(2, "on_date", "invalid_field", "day_past")]);
    assert_eq!(report["rejects"][0]["facts"]["zone"], "Pacific/Kiritimati");
}

#[tokio::test]
async fn a_closed_day_gets_nothing() {
    let (app, made) = world().await;
    let admin = app.admin().await;
    let day = made.allocation(0, 1).on_date;
    let path = format!("/v1/admin/clinics/{}/closures/{day}", made.clinics[0]);
    admin.put(&path, &json!({"reason": "A storm"})).await.ok(200);
    let next = day + Days::new(1);
    let file = format!("{HEADER}\ntest,C1,207,{day},10,\ntest,C1,207,{next},10,\n");
    let report = post(&admin, "allocations?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (1, 0, 1), "the control: the day after is open");
    assert_eq!(said(&report, "rejects"), [one(2, "on_date", "invalid_field", "day_closed")]);
}

#[tokio::test]
async fn days_before_booking_opens_and_rounds_that_are_over_are_warned_of() {
    let app = TestApp::start().await;
    let made = World::new().opens_in(chrono::TimeDelta::days(3)).make(&app.db).await;
    receive(&app.db, pool_of(&app.db, &made, "P1").await, 1_000).await;
    let admin = app.admin().await;
    let (early, late) = (made.allocation(0, 1).on_date, made.allocation(0, 4).on_date);
    let file = |doses: i32| {
        format!("{HEADER}\ntest,C1,207,{early},{doses},\ntest,C1,207,{late},{doses},\n")
    };
    let report = post(&admin, "allocations", file(10)).await.ok(200);
    let expected = [one(2, "on_date", "not_bookable", "day_before_opening")];
    assert_eq!(said(&report, "warnings"), expected);
    let sql = "update campaign set opens_at = now() - interval '9 days',
                   closes_at = now() - interval '1 hour'";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    let report = post(&admin, "allocations?dry_run=true", file(20)).await.ok(200);
    let causes: Vec<_> = said(&report, "warnings").into_iter().map(|row| (row.0, row.3)).collect();
    let over = |line| (line, "booking_is_over".to_owned());
    let many = |line| (line, "doses_beyond_seats".to_owned());
    assert_eq!(causes, [over(2), many(2), over(3), many(3)]);
}

#[tokio::test]
async fn a_refused_row_names_its_pool_and_says_where_doses_are() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let own = pool_of(&app.db, &made, "P1").await;
    sqlx::query("update region set name = 'Seoul', name_ko = '서울' where code = 'P1'")
        .execute(&app.db)
        .await
        .unwrap();
    receive(&app.db, made.nation, 1_200).await;
    let day = made.allocation(0, 1).on_date;
    let file = format!("{HEADER}\ntest,C1,207,{day},10,\n");
    let refused = post(&admin, "allocations", file.clone()).await.problem(422, "rows_rejected");
    let reject = &refused["rejects"][0];
    let nation = made.nation;
    let text = format!(
        "The pool of Seoul (number {own}) has 0 doses left; the nation's pool (number {nation}) \
         has 1,206."
    );
    assert_eq!(reject["text"], text);
    assert_eq!(reject["facts"]["open"], 0);
    assert_eq!(reject["facts"]["pools"][1]["doses"], 1_206);
    let path = "/v1/admin/imports/allocations";
    let korean = admin.request(reqwest::Method::POST, path).header("accept-language", "ko");
    let refused = korean.body("text/csv", file).send().await.problem(422, "rows_rejected");
    let text = format!(
        "서울 물량({own}번)에는 0회분이 남아 있고, 전국 물량({nation}번)에는 1,206회분이 있습니다."
    );
    assert_eq!(refused["rejects"][0]["text"], text);
}
