//! A file of allocations beside bookings: nothing that a booking needs is held while something else
//! is waited for, and a dry run holds nothing at all.

use dosebook::flows::discrepancy::verify;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::{
    allocation::{pool_of, receive},
    counts, post,
};
use crate::support::{Client, Made, TestApp, World};

/// Whether a statement that begins with this waits for a lock.
async fn waits(db: &PgPool, statement: &str) -> bool {
    sqlx::query_scalar(
        "select exists (select from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock' and query like $1)",
    )
    .bind(format!("%{statement}%"))
    .fetch_one(db)
    .await
    .unwrap()
}

pub async fn until_it_waits(db: &PgPool, statement: &str) {
    let looking = async {
        while !waits(db, statement).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), looking).await.expect("it waits");
}

async fn locked(db: &PgPool, sql: &'static str, id: i64) -> Transaction<'static, Postgres> {
    let mut holder = db.begin().await.unwrap();
    sqlx::query(sql).bind(id).execute(&mut *holder).await.unwrap();
    holder
}

const POOL: &str = "select from pool where pool_id = $1 for no key update";
const ALLOCATION: &str = "select from allocation where allocation_id = $1 for no key update";

/// A file that gives more to the allocation of tomorrow.
async fn world() -> (TestApp, Made, Client, String) {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().doses(20).seats(50).make(&app.db).await;
    receive(&app.db, pool_of(&app.db, &made, "P1").await, 100).await;
    let admin = app.admin().await;
    let day = made.allocation(0, 1).on_date;
    let next = made.allocation(0, 2).on_date;
    let file = format!(
        "campaign_code,clinic_code,product_code,on_date,doses,channel\n\
         test,C1,207,{day},10,\ntest,C1,207,{next},10,phone\n"
    );
    (app, made, admin, file)
}

#[tokio::test]
async fn a_dry_run_waits_for_no_row_and_holds_none() {
    let (app, made, admin, file) = world().await;
    let pool = pool_of(&app.db, &made, "P1").await;
    let allocation = made.allocation(0, 1).allocation_id;
    let held = [
        locked(&app.db, ALLOCATION, allocation.0).await,
        locked(&app.db, POOL, pool.0.into()).await,
        locked(
            &app.db,
            "select from clinic where clinic_id = $1 for no key update",
            made.clinics[0].0.into(),
        )
        .await,
    ];
    let report = post(&admin, "allocations?dry_run=true", file.clone()).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 0));
    // The control: the run itself waits for each of them.
    let run = tokio::spawn({
        let (admin, file) = (admin.clone(), file.clone());
        async move { post(&admin, "allocations", file).await }
    });
    let statements = ["import::allocation::top_up", "lock_pools", "lock_clinics"];
    for (holder, statement) in held.into_iter().rev().zip(statements.iter().rev()) {
        until_it_waits(&app.db, statement).await;
        holder.rollback().await.unwrap();
    }
    assert_eq!(counts(&run.await.unwrap().ok(200)), (2, 0, 0));
    let granted: i32 =
        sqlx::query_scalar("select granted from allocation where allocation_id = $1")
            .bind(allocation.0)
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(granted, 30, "only the run gave anything");
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn bookings_go_on_while_a_file_waits_for_a_pool() {
    let (app, made, admin, file) = world().await;
    let pool = pool_of(&app.db, &made, "P1").await;
    let holder = locked(&app.db, POOL, pool.0.into()).await;
    let run = tokio::spawn({
        let admin = admin.clone();
        async move { post(&admin, "allocations", file).await }
    });
    until_it_waits(&app.db, "lock_pools").await;
    let slot = made.slot(0, 1, 0);
    let book = async |person: usize| {
        let citizen = app.citizen(&made.people[person]);
        citizen.put_booking(Uuid::now_v7(), &made.booking(slot)).await
    };
    book(0).await.ok(201);
    assert!(!run.is_finished(), "the control: the file waits");
    holder.rollback().await.unwrap();
    assert_eq!(counts(&run.await.unwrap().ok(200)), (2, 0, 0));
    book(1).await.ok(201);
    // The control: who holds the allocation itself holds up a booking.
    let holder = locked(&app.db, ALLOCATION, made.allocation(0, 1).allocation_id.0).await;
    let blocked = tokio::spawn({
        let (citizen, body) = (app.citizen(&made.people[2]), made.booking(slot));
        async move { citizen.put_booking(Uuid::now_v7(), &body).await }
    });
    crate::support::until(|| app.app.metrics.lanes.blocked.get() == 1).await;
    holder.rollback().await.unwrap();
    blocked.await.unwrap().ok(201);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}
