//! Doses that a file moves from pools to clinics: the ledger stays balanced, and pools are not
//! overdrawn.

use dosebook::{domain::PoolId, flows::discrepancy::verify};
use serde_json::json;
use sqlx::PgPool;

use super::{counts, number, post};
use crate::support::{Made, TestApp, make};

const HEADER: &str = "campaign_code,clinic_code,product_code,on_date,doses,channel,tranche_name";

/// A delivery to a pool.
pub(super) async fn receive(db: &PgPool, pool: PoolId, doses: i32) {
    sqlx::query(
        "with received as (
             update pool set received = received + $2, open = open + $2 where pool_id = $1)
         insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role, reason)
         values (20, 0, 7, $2, $1, 4, 'fixture')",
    )
    .bind(pool.0)
    .bind(doses)
    .execute(db)
    .await
    .unwrap();
}

pub(super) async fn pool_of(db: &PgPool, made: &Made, region: &str) -> PoolId {
    let sql = "select pool_id from pool join region using (region_id)
               where campaign_id = $1 and code = $2";
    let found = sqlx::query_scalar(sql).bind(made.campaign_id.0).bind(region).fetch_one(db);
    PoolId(found.await.unwrap())
}

async fn open(db: &PgPool, pool: PoolId) -> i32 {
    let sql = "select open from pool where pool_id = $1";
    sqlx::query_scalar(sql).bind(pool.0).fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn doses_come_from_the_nearest_pool_and_are_journaled() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, user) = app.staff_user(3, None).await;
    let (p1, p2) = (pool_of(&app.db, &made, "P1").await, pool_of(&app.db, &made, "P2").await);
    receive(&app.db, p1, 100).await;
    receive(&app.db, p2, 100).await;
    let district = "insert into pool (campaign_id, product_id, parent_id, region_id)
                    select $1, $2, $3, region_id from region where code = 'P1D1' returning pool_id";
    let district: i32 = sqlx::query_scalar(district)
        .bind(made.campaign_id.0)
        .bind(made.product_id.0)
        .bind(p1.0)
        .fetch_one(&app.db)
        .await
        .unwrap();
    let district = PoolId(district);
    receive(&app.db, district, 100).await;

    // C1 is in P1D1 with a pool of its own, C2 in P1D2 and C3 in P2D1 without; C1's day of
    // tomorrow was fed by the province and still is.
    let known = made.allocation(0, 1).on_date;
    let file = format!(
        "{HEADER}\ntest,C1,207,2030-01-01,10,,\ntest,C2,207,2030-01-01,20,web,\n\
         test,C3,207,2030-01-01,30,walk_in,\ntest,C1,207,{known},40,,\n"
    );
    assert_eq!(counts(&post(&admin, "allocations", file).await.ok(200)), (4, 0, 0));
    assert_eq!(open(&app.db, district).await, 90);
    assert_eq!(open(&app.db, p1).await, 40);
    assert_eq!(open(&app.db, p2).await, 70);
    let fed: (i32, i32) =
        sqlx::query_as("select granted, open from allocation where allocation_id = $1")
            .bind(made.allocation(0, 1).allocation_id.0)
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(fed, (47, 47));
    let journal: (i64, i64) = sqlx::query_as(
        "select count(*), sum(doses) from movement where kind = 22 and actor_role = 3
             and staff_user_id = $1 and reason = 'import of a file'",
    )
    .bind(user.0)
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(journal, (4, 100));
    let history = "select sum(doses) from supply_history
                   where event = 'granted' and reason = 'import of a file'";
    assert_eq!(number(&app.db, history).await, 100);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_pool_is_not_overdrawn() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let pool = pool_of(&app.db, &made, "P1").await;
    receive(&app.db, pool, 50).await;
    let file = format!(
        "{HEADER}\ntest,C1,207,2030-01-01,30,,\ntest,C2,207,2030-01-01,30,,\n\
         test,C1,207,2030-01-02,20,,\n"
    );
    let refused = post(&admin, "allocations", file.clone()).await.problem(422, "rows_rejected");
    let reject = &refused["rejects"][0];
    assert_eq!((&reject["line"], &reject["column"]), (&json!(3), &json!("doses")));
    assert_eq!(reject["code"], "not_enough_doses");
    assert_eq!(open(&app.db, pool).await, 50, "nothing half done");

    let report = post(&admin, "allocations?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 1), "what does not fit leaves the doses to what does");
    assert_eq!(open(&app.db, pool).await, 0);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_tranche_has_doses_of_its_own() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    receive(&app.db, pool_of(&app.db, &made, "P1").await, 50).await;
    let tranche =
        "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
                   values ($1, 'born on 1', '{1}', now(), 1)";
    sqlx::query(tranche).bind(made.campaign_id.0).execute(&app.db).await.unwrap();
    let file = format!(
        "{HEADER}\ntest,C1,207,2030-01-01,10,,\ntest,C1,207,2030-01-01,20,,born on 1\n\
         test,C1,207,2030-01-01,10,phone,\n"
    );
    let admin = app.admin().await;
    assert_eq!(counts(&post(&admin, "allocations", file).await.ok(200)), (3, 0, 0));
    let with_tranche = "select sum(granted) from allocation where tranche_id is not null";
    assert_eq!(number(&app.db, with_tranche).await, 20);
    let more = format!("{HEADER}\ntest,C1,207,2030-01-01,10,,born on 1\n");
    post(&admin, "allocations", more).await.ok(200);
    assert_eq!(number(&app.db, with_tranche).await, 30, "the same row, fed again");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

/// Larger than what is written in one go, with rows that are left out in between.
#[tokio::test]
async fn a_file_that_is_written_in_pieces_is_one() {
    const DAYS: usize = 450;
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let (p1, p2) = (pool_of(&app.db, &made, "P1").await, pool_of(&app.db, &made, "P2").await);
    let known = made.allocation(0, 1).on_date;
    let first = chrono::NaiveDate::from_ymd_opt(2030, 1, 1).expect("a date");
    let mut file = format!("{HEADER}\n");
    for (nth, day) in first.iter_days().take(DAYS).enumerate() {
        for channel in ["web", "phone"] {
            for clinic in ["C1", "C2", "C3"] {
                file += &format!("test,{clinic},207,{day},10,{channel},\n");
            }
        }
        if nth % 150 == 100 {
            file += &format!("test,C9,207,{day},10,,\ntest,C1,207,{day},10,web,\n");
        }
    }
    file += &format!("test,C1,207,{known},10,,\n");
    let rows = u64::try_from(DAYS * 6 + 1).expect("a few");

    let before = (open(&app.db, p1).await, open(&app.db, p2).await);
    receive(&app.db, p1, 4 * 450 * 10 + 10).await;
    receive(&app.db, p2, 2 * 450 * 10).await;
    let dry = post(&admin, "allocations?partial=true&dry_run=true", file.clone()).await.ok(200);
    let report = post(&admin, "allocations?partial=true", file).await.ok(200);
    assert_eq!(counts(&report), (rows, 0, 6));
    assert_eq!(counts(&dry), counts(&report));
    assert_eq!((open(&app.db, p1).await, open(&app.db, p2).await), before);
    let sums = "select count(*) from movement where kind = 22 and reason = 'import of a file'";
    assert_eq!(number(&app.db, sums).await, i64::try_from(rows).expect("a few"));
    let kept = number(&app.db, "select count(*) from import_row").await;
    assert_eq!(kept, i64::try_from(rows).expect("a few"));
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}
