//! Days that nobody closed: the service does.

use std::time::Duration;

use dosebook::flows::day_close::{ClosedByService, close_due};
use serde_json::{Value, json};
use sqlx::query;

use super::{Stage, buckets, people, world};

const HOUR: Duration = Duration::from_secs(3600);

async fn close_after(stage: &Stage, hours: u32) -> ClosedByService {
    close_due(&stage.app.app.db, HOUR * hours).await.unwrap()
}

#[tokio::test]
async fn a_day_that_nobody_closed_is_closed_with_everything_named() {
    let mut stage = Stage::set(world().clinics(1)).await;
    let (given, waiting, absent) = (stage.book(0).await, stage.book(1).await, stage.book(2).await);
    stage.move_to(0).await;
    stage.give(given).await;
    stage.arrive(waiting).await;
    stage.move_to(-1).await;
    assert_eq!(close_after(&stage, 48).await, ClosedByService::default(), "in its time of grace");
    assert_eq!(stage.day().await["state"], "open");

    let done = close_after(&stage, 0).await;
    assert_eq!((done.closed, done.failed), (1, 0));
    let day = stage.day().await;
    assert_eq!((&day["state"], &day["closed"]["by"]), (&json!("closed"), &Value::Null));
    let names = ["expected", "given", "not_recorded", "no_shows", "waiting", "to_come"];
    assert_eq!(names.map(|name| people(&day, name)), [3, 1, 1, 1, 0, 0]);
    // The dose of whoever waited counts as lost, and so does what fills no vial.
    assert_eq!(buckets(&day), [0, 0, 0, 1, 9]);
    assert_eq!(day["closed"]["returned"], 10);
    let reason = "select count(*) from visit_step where staff_user_id is null
                      and (kind = 4 and reason = 5 or kind = 3)";
    assert_eq!(stage.number(reason).await, 2);
    assert_eq!(stage.number("select count(*) from booking where not_given = 5").await, 1);
    stage.is_sound().await;
    assert_eq!(close_after(&stage, 0).await.closed, 0, "once");
    let _ = absent;
}

#[tokio::test]
async fn whoever_lost_their_time_did_not_miss_it() {
    let mut stage = Stage::set(world()).await;
    let id = stage.book(0).await;
    let closure = format!("/v1/admin/clinics/{}/closures/{}", stage.made.clinics[0], stage.date);
    stage.admin.put(&closure, &json!({ "reason": "snow" })).await.ok(200);
    stage.move_to(-1).await;
    assert_eq!(close_after(&stage, 0).await.closed, 1);
    let day = stage.day().await;
    assert_eq!((people(&day, "cancelled"), people(&day, "no_shows")), (1, 0), "{day}");
    let state = "select count(*) from booking where state = 3";
    assert_eq!(stage.number(state).await, 1, "{id}");
    stage.is_sound().await;
}

#[tokio::test]
async fn what_one_day_keeps_the_next_one_has_and_old_days_are_closed_in_order() {
    let mut stage = Stage::set(world().days(2)).await;
    let path = format!("/v1/admin/campaigns/{}", stage.made.campaign_id);
    let patch = stage.admin.request(reqwest::Method::PATCH, &path);
    patch.json(&json!({ "left_over": "next_day" })).send().await.ok(200);
    stage.move_to(-1).await;
    let done = close_after(&stage, 0).await;
    assert_eq!(done.closed, 1, "the other is ahead");
    assert_eq!(stage.day().await["closed"]["kept"], 20);
    stage.is_sound().await;
}

#[tokio::test]
async fn a_day_that_was_opened_again_has_its_time_of_grace_again() {
    let mut stage = Stage::set(world()).await;
    stage.move_to(-1).await;
    assert_eq!(close_after(&stage, 0).await.closed, 1);
    stage.reopen(&stage.admin).await.ok(200);
    // Yesterday has ended; how long ago depends on the hour.
    query("update slot set on_date = on_date - 3 where on_date = $1")
        .bind(stage.date)
        .execute(&stage.app.db)
        .await
        .unwrap();
    for sql in [
        "update allocation set on_date = on_date - 3 where on_date = $1",
        "update clinic_day_close set on_date = on_date - 3 where on_date = $1",
    ] {
        query(sql).bind(stage.date).execute(&stage.app.db).await.unwrap();
    }
    assert_eq!(close_after(&stage, 6).await.closed, 0, "opened just now");
    query("update clinic_day_close set reopened_at = reopened_at - interval '7 hours'")
        .execute(&stage.app.db)
        .await
        .unwrap();
    assert_eq!(close_after(&stage, 6).await.closed, 1);
    stage.is_sound().await;
}

#[tokio::test]
async fn the_service_closes_days_by_itself() {
    let mut stage = Stage::set(world()).await;
    stage.move_to(-3).await;
    // Another process of the service, that closes days as services do.
    let options = crate::support::TestApp::with().close_day_after(6);
    let _other = options.start_on(stage.app.database.clone()).await;
    let mut day = stage.day().await;
    let waiting = async {
        while day["state"] != "closed" {
            tokio::task::yield_now().await;
            day = stage.day().await;
        }
    };
    tokio::time::timeout(HOUR / 60, waiting).await.expect("it is closed");
    stage.is_sound().await;
}
