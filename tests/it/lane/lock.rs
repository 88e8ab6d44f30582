//! A row that another transaction has locked blocks those who need it, and nobody else of the lane.

use std::time::{Duration, Instant};

use dosebook::{db::batch, domain::channel::Channel};
use sqlx::{Connection, Executor, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::{book, book_as};
use crate::support::{Made, TestApp, World, database::TestDatabase, make::Slot, until};

/// Another connection locks the slot until this is rolled back.
async fn lock_slot(db: &PgPool, slot: Slot) -> Transaction<'static, Postgres> {
    let mut holder = db.begin().await.unwrap();
    let sql = "select from slot where slot_id = $1 for no key update";
    sqlx::query(sql).bind(slot.slot_id.0).execute(&mut *holder).await.unwrap();
    holder
}

async fn world(app: &TestApp) -> Made {
    World::new().people(150).seats(200).doses(200).make(&app.db).await
}

async fn bookings(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from booking").fetch_one(&app.db).await.unwrap()
}

#[tokio::test]
async fn a_locked_slot_blocks_only_those_who_want_it() {
    let app = TestApp::with().lanes(1).start().await;
    let made = world(&app).await;
    let (locked, free) = (made.slot(0, 1, 0), [made.slot(1, 1, 0), made.slot(2, 1, 0)]);
    let holder = lock_slot(&app.db, locked).await;
    let blocked = book(&app, &made, 0, locked);
    until(|| app.app.metrics.lanes.callers.get() == 1).await;
    for person in 1..41 {
        book(&app, &made, person, free[person % 2]).await.unwrap().ok(201);
    }
    // Ten at a time, in one batch with another one who is blocked.
    for first in (41..121).step_by(10) {
        let same_clinic = made.slot(0, 2, 0);
        let all: Vec<_> = (first..first + 10)
            .map(|n| book(&app, &made, n, [free[0], same_clinic][n % 2]))
            .collect();
        for one in all {
            one.await.unwrap().ok(201);
        }
    }
    assert!(!blocked.is_finished(), "the control: the slot is locked");
    // Not while it is being tried again.
    until(|| app.app.metrics.lanes.blocked.get() == 1).await;
    holder.rollback().await.unwrap();
    blocked.await.unwrap().ok(201);
    assert_eq!((bookings(&app).await, app.app.metrics.lanes.blocked.get()), (121, 0));
}

#[tokio::test]
async fn locked_doses_block_only_those_who_want_them() {
    let app = TestApp::with().lanes(1).start().await;
    let made = world(&app).await;
    let mut holder = app.db.begin().await.unwrap();
    let sql = "select from allocation where allocation_id = $1 for no key update";
    let id = made.allocation(0, 1).allocation_id.0;
    sqlx::query(sql).bind(id).execute(&mut *holder).await.unwrap();
    let blocked: Vec<_> = (0..3).map(|n| book(&app, &made, n, made.slot(0, 1, n % 2))).collect();
    until(|| app.app.metrics.lanes.blocked.get() == 3).await;
    book(&app, &made, 3, made.slot(0, 2, 0)).await.unwrap().ok(201);
    book(&app, &made, 4, made.slot(1, 1, 0)).await.unwrap().ok(201);
    assert!(!blocked[0].is_finished(), "the control: the doses are locked");
    holder.rollback().await.unwrap();
    for one in blocked {
        one.await.unwrap().ok(201);
    }
}

#[tokio::test]
async fn who_waits_for_a_lock_too_long_is_told_so_and_nothing_is_half_done() {
    // Fifty times the longest wait: half a second.
    let app = TestApp::with().lanes(1).wait_ms(10).start().await;
    let made = world(&app).await;
    let (locked, id) = (made.slot(0, 1, 0), Uuid::now_v7());
    let holder = lock_slot(&app.db, locked).await;
    let began = Instant::now();
    let told = book_as(&app, &made, 0, (id, locked)).await.unwrap();
    assert!((2..=10).contains(&told.retry_after()));
    told.problem(503, "unavailable");
    assert!(began.elapsed() >= Duration::from_millis(500), "not before the bound");
    assert_eq!((bookings(&app).await, app.app.metrics.lanes.blocked.get()), (0, 0));
    holder.rollback().await.unwrap();
    book_as(&app, &made, 0, (id, locked)).await.unwrap().ok(201);
    assert_eq!(bookings(&app).await, 1);
}

#[tokio::test]
async fn a_slot_that_does_not_exist_is_not_taken_for_a_locked_one() {
    let app = TestApp::with().lanes(1).start().await;
    let made = world(&app).await;
    let mut nowhere = made.slot(0, 1, 0);
    nowhere.slot_id.0 += 1000;
    let holder = lock_slot(&app.db, made.slot(0, 1, 0)).await;
    let blocked = book(&app, &made, 0, made.slot(0, 1, 0));
    until(|| app.app.metrics.lanes.blocked.get() == 1).await;
    assert_eq!(book(&app, &made, 1, nowhere).await.unwrap().status, 422);
    holder.rollback().await.unwrap();
    blocked.await.unwrap().ok(201);
    assert_eq!(book(&app, &made, 1, nowhere).await.unwrap().status, 422, "the control");
}

/// A node that hangs after its insertions holds a person, not only rows.
#[tokio::test]
async fn a_booking_that_is_not_committed_blocks_only_its_person() {
    let app = TestApp::with().lanes(1).start().await;
    let made = world(&app).await;
    book(&app, &made, 0, made.slot(0, 1, 0)).await.unwrap().ok(201);
    let mut holder = app.db.begin().await.unwrap();
    let sql = "insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                   dose_number, slot_id, allocation_id, rule_version, booked_at)
               select gen_random_uuid(), $1, campaign_id, product_id, course_id, dose_number,
                   slot_id, allocation_id, rule_version, booked_at from booking";
    let person_id = made.people[1].person_id.0;
    sqlx::query(sql).bind(person_id).execute(&mut *holder).await.unwrap();
    let slot = made.slot(1, 1, 0);
    let all: Vec<_> = (1..65).map(|person| book(&app, &made, person, slot)).collect();
    until(|| all.iter().filter(|one| one.is_finished()).count() == 63).await;
    assert!(!all[0].is_finished(), "the control: the person is blocked");
    holder.rollback().await.unwrap();
    for one in all {
        one.await.unwrap().ok(201);
    }
}

/// More than one batch of them, so that they come back in several.
#[tokio::test]
async fn all_who_waited_for_a_lock_are_served_when_it_is_released() {
    let app = TestApp::with().lanes(1).batch(8).start().await;
    let made = world(&app).await;
    let locked = made.slot(0, 1, 0);
    let holder = lock_slot(&app.db, locked).await;
    let blocked: Vec<_> = (0..100).map(|person| book(&app, &made, person, locked)).collect();
    until(|| app.app.metrics.lanes.blocked.get() == 100).await;
    book(&app, &made, 100, made.slot(1, 1, 0)).await.unwrap().ok(201);
    holder.rollback().await.unwrap();
    for one in blocked {
        one.await.unwrap().ok(201);
    }
    assert_eq!(bookings(&app).await, 101);
}

#[tokio::test]
async fn no_more_wait_for_a_lock_than_may_wait_in_the_queue() {
    let app = TestApp::with().lanes(1).queue(5).start().await;
    let made = world(&app).await;
    let locked = made.slot(0, 1, 0);
    let holder = lock_slot(&app.db, locked).await;
    let mut blocked = Vec::new();
    for person in 0..5 {
        blocked.push(book(&app, &made, person, locked));
        until(|| app.app.metrics.lanes.blocked.get() == i64::try_from(person).unwrap() + 1).await;
    }
    let told = book(&app, &made, 5, locked).await.unwrap();
    told.problem(503, "unavailable");
    book(&app, &made, 6, made.slot(1, 1, 0)).await.unwrap().ok(201);
    holder.rollback().await.unwrap();
    for one in blocked {
        one.await.unwrap().ok(201);
    }
    book(&app, &made, 5, locked).await.unwrap().ok(201);
}

/// Whether the doses of this clinic can be locked at once.
async fn are_doses_free(db: &PgPool, slot: Slot) -> bool {
    let mut other = db.begin().await.unwrap();
    let sql = "select from allocation where clinic_id = $1 for no key update nowait";
    let locked = sqlx::query(sql).bind(slot.slot_id.clinic().0).fetch_all(&mut *other).await;
    let is_free = match locked {
        Ok(rows) => !rows.is_empty(),
        Err(error) => {
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some("55P03"), "{error}");
            false
        }
    };
    other.rollback().await.unwrap();
    is_free
}

/// One statement locks both, and everybody else locks slots first.
#[tokio::test]
async fn no_doses_are_locked_before_the_last_slot_is() {
    let database = TestDatabase::new().await;
    let made = World::new().seats(9).doses(9).make(&database.pool).await;
    let mut slots = [made.slot(0, 1, 0), made.slot(2, 1, 0)];
    slots.sort_by_key(|slot| slot.slot_id);
    let wanted: batch::Wanted =
        slots.iter().map(|slot| (slot.slot_id, made.campaign_id, made.product_id)).collect();
    let holder = lock_slot(&database.pool, slots[1]).await;
    let mut lane = PgConnection::connect_with(&database.options).await.unwrap();
    let locking = tokio::spawn(async move {
        lane.execute("begin").await.unwrap();
        let locked = batch::lock(&mut lane, &wanted, &[Channel::Web]).await.unwrap();
        (locked, lane)
    });
    let waits = "select count(*) from pg_stat_activity where datname = current_database()
                 and wait_event_type = 'Lock' and query like '%batch::lock %'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&database.pool).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(are_doses_free(&database.pool, slots[0]).await);
    holder.rollback().await.unwrap();
    let ((locked, allocations), lane) = locking.await.unwrap();
    assert_eq!((locked.len(), allocations.len()), (2, 2));
    assert!(!are_doses_free(&database.pool, slots[0]).await, "the control");
    lane.close().await.unwrap();
}
