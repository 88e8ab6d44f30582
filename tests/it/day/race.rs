//! Closing beside others who are at the same rows.

use std::time::Duration;

use dosebook::{
    domain::{
        StaffUserId,
        session::{StaffRole, StaffUser},
    },
    flows::day_close::{Closing, close, look},
};
use futures_util::future::{join, join_all};
use serde_json::json;
use sqlx::query;
use uuid::Uuid;

use super::{Stage, buckets, people, world};

#[tokio::test]
async fn closing_and_booking_never_leave_a_dose_behind() {
    for round in 0..6 {
        let mut stage = Stage::set(world()).await;
        stage.move_slots(0, "2 hours").await;
        let bookings = join_all((0..8).map(|person| {
            let stage = &stage;
            let body = stage.made.booking(stage.made.slot(0, 1, person % 2));
            async move {
                let citizen = stage.app.citizen(&stage.made.people[person]);
                let done = citizen.put_booking(Uuid::now_v7(), &body).await;
                assert!(done.status == 201 || done.code() == "slot_closed", "{}", done.text());
                done.status
            }
        }));
        let body = json!({});
        let closing = stage.close_as(&stage.admin, "*", &body);
        let (booked, closed) = match round % 2 {
            0 => join(bookings, closing).await,
            _ => {
                let (closed, booked) = join(closing, bookings).await;
                (booked, closed)
            }
        };
        let booked = booked.iter().filter(|status| **status == 201).count();
        if closed.status == 200 {
            assert_eq!(booked, 0, "who is booked stands in the way");
            assert_eq!(buckets(&stage.day().await), [0, 0, 0, 0, 0]);
        } else {
            closed.problem(409, "wrong_state");
            assert_eq!(booked, 8);
        }
        stage.is_sound().await;
    }
}

#[tokio::test]
async fn of_many_who_close_one_does_and_doses_move_before_or_not_at_all() {
    let mut stage = Stage::set(world()).await;
    let id = stage.book(0).await;
    stage.move_to(0).await;
    stage.give(id).await;
    let body = json!({});
    let closings = join_all((0..4).map(|n| {
        let by = if n % 2 == 0 { &stage.admin } else { &stage.staff };
        stage.close_as(by, "*", &body)
    }));
    let moves = join_all((0..6).map(|_| stage.doses("waste", 1)));
    let (closings, moves) = join(closings, moves).await;
    let done = closings.iter().filter(|one| one.status == 200).count();
    assert_eq!(done, 1);
    for refused in closings.into_iter().filter(|one| one.status != 200) {
        assert_eq!(refused.problem(409, "wrong_state")["cause"], "day_accounted");
    }
    for refused in moves.into_iter().filter(|one| one.status != 200) {
        assert_eq!(refused.problem(409, "wrong_state")["cause"], "day_accounted");
    }
    let day = stage.day().await;
    assert_eq!(buckets(&day)[..4], [0, 0, 0, 1]);
    assert_eq!(people(&day, "given"), 1);
    stage.is_sound().await;
}

#[tokio::test]
async fn a_grant_that_waited_for_the_closing_is_refused() {
    let stage = {
        let mut stage = Stage::set(world()).await;
        stage.move_slots(0, "2 hours").await;
        stage
    };
    let receipts = format!("/v1/admin/pools/{}/receipts", stage.made.nation);
    stage.admin.post(&receipts, &json!({ "doses": 100, "reason": "x" })).await.ok(200);
    let row = stage.allocation().allocation_id;
    let pool =
        sqlx::query_scalar::<_, i32>("select pool_id from allocation where allocation_id = $1");
    let pool = pool.bind(row.0).fetch_one(&stage.app.db).await.unwrap();
    let transfers = format!("/v1/admin/pools/{}/transfers", stage.made.nation);
    let body = json!({ "to_pool_id": pool, "doses": 100, "reason": "x" });
    stage.admin.post(&transfers, &body).await.ok(200);
    let grants = format!("/v1/admin/allocations/{row}/grants");
    let (grant, close) = (json!({ "doses": 10, "reason": "x" }), json!({}));
    let (granted, closed) = join(
        join_all((0..4).map(|_| stage.admin.post(&grants, &grant))),
        stage.close_as(&stage.admin, "*", &close),
    )
    .await;
    closed.ok(200);
    for refused in granted.into_iter().filter(|one| one.status != 200) {
        assert_eq!(refused.problem(422, "invalid_field")["cause"], "day_accounted");
    }
    assert_eq!(buckets(&stage.day().await), [0, 0, 0, 0, 0]);
    stage.is_sound().await;
}

#[tokio::test]
async fn a_closing_that_is_cut_off_in_the_middle_has_done_nothing() {
    let mut stage = Stage::set(world()).await;
    stage.book(0).await;
    stage.move_to(0).await;
    let before = stage.day().await;
    // Somebody has the day's last row, which the closing needs after all that it has locked.
    let mut other = stage.app.db.begin().await.unwrap();
    let hold = "select from allocation where allocation_id = $1 for update";
    query(hold).bind(stage.allocation().allocation_id.0).execute(&mut *other).await.unwrap();
    let (db, day) = (stage.app.app.db.clone(), (stage.made.clinics[0], stage.date));
    let by = StaffUser { staff_user_id: StaffUserId(1), role: StaffRole::Administrator };
    let closing = Closing::default();
    let cut_off =
        tokio::time::timeout(Duration::from_millis(300), close(&db, day, &closing, by, None));
    cut_off.await.expect_err("it waits");
    other.rollback().await.unwrap();
    assert_eq!(stage.day().await, before);
    stage.is_sound().await;
    let open = look(&db, day.0, day.1).await.unwrap();
    assert!(open.closed.is_none());
    close(&db, day, &closing, by, None).await.expect("the control");
    assert_eq!(buckets(&stage.day().await), [0, 0, 0, 0, 0]);
    stage.is_sound().await;
}
