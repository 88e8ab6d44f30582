//! What panics is found and answered; lanes, board and readiness survive it.

use std::time::Duration;

use dosebook::{
    api::health,
    domain::{
        batch::{Decision, Locked, Request, decide},
        detail::Detail,
    },
    telemetry::TaskLabel,
};
use tokio::time::Instant;

use super::{book, status};
use crate::support::{TestApp, World, until};

/// Falls over where somebody wants the first slot of a clinic.
fn fragile(locked: Locked, requests: &[Request]) -> Decision {
    let is_first = |request: &Request| request.slot_id().0 & 0xff_ffff == 1;
    assert!(!requests.iter().any(is_first), "nobody can decide this");
    decide(locked, requests)
}

fn panics(app: &TestApp, task: &'static str) -> u64 {
    app.app.metrics.panics.get_or_create(&TaskLabel { task }).get()
}

#[tokio::test]
async fn a_request_that_makes_the_decision_panic_is_the_only_one_that_fails() {
    let app = TestApp::with().lanes(1).decide(fragile).start().await;
    let made = World::new().people(30).seats(100).doses(100).make(&app.db).await;
    let (bad, good) = (made.slot(0, 1, 0), made.slot(0, 1, 1));
    let others: Vec<_> = (0..20).map(|n| book(&app, &made, n, good)).collect();
    assert_eq!(status(&app, &made, 20, bad).await, 500);
    for one in others {
        one.await.unwrap().ok(201);
    }
    assert!(panics(&app, "lane") >= 1);
    // The lane goes on, with the other requests' and with the bad one's kind.
    book(&app, &made, 21, good).await.unwrap().ok(201);
    assert_eq!(status(&app, &made, 20, bad).await, 500);
    book(&app, &made, 20, good).await.unwrap().ok(201);
    assert_eq!(app.public().get("/readyz").await.ok(200)["status"], "ready");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_only_those_who_want_it() {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().people(30).seats(100).doses(100).make(&app.db).await;
    let (bad, good) = (made.slot(0, 1, 0), made.slot(0, 1, 1));
    let sql = "update slot set on_date = 'infinity' where slot_id = $1";
    sqlx::query(sql).bind(bad.slot_id.0).execute(&app.db).await.unwrap();
    let others: Vec<_> = (0..10).map(|n| book(&app, &made, n, good)).collect();
    assert_eq!(status(&app, &made, 10, bad).await, 500);
    for one in others {
        one.await.unwrap().ok(201);
    }
    let sql = "update slot set on_date = $2 where slot_id = $1";
    let query = sqlx::query(sql).bind(bad.slot_id.0).bind(bad.on_date);
    query.execute(&app.db).await.unwrap();
    book(&app, &made, 10, bad).await.unwrap().ok(201);
}

#[tokio::test]
async fn a_board_that_panics_goes_on_when_it_can() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    app.refresh().await;
    let slot = made.slot(0, 1, 0);
    let change = "with moved as (update catalogue set revision = revision + 1)
                  update slot set on_date = $2::text::date where slot_id = $1";
    let set = async |date: &str| {
        sqlx::query(change).bind(slot.slot_id.0).bind(date).execute(&app.db).await.unwrap();
    };
    set("infinity").await;
    until(|| panics(&app, "board") > 0).await;
    let stale = app.app.board.now();
    set(&slot.on_date.to_string()).await;
    until(|| !std::sync::Arc::ptr_eq(&stale, &app.app.board.now())).await;
    assert_eq!(health::not_ready(&app.app, Instant::now()), None);
}

#[tokio::test]
async fn a_service_whose_figures_are_old_is_not_ready() {
    let app = TestApp::start().await;
    app.tick().await;
    let now = Instant::now();
    assert_eq!(health::not_ready(&app.app, now + Duration::from_secs(8)), None, "the control");
    let stale = Some(Detail::SnapshotStale { seconds_max: 10 });
    assert_eq!(health::not_ready(&app.app, now + Duration::from_secs(12)), stale);
    app.app.lanes.stop();
    until(|| !app.app.lanes.are_open()).await;
    let closed = Some(Detail::BookingsNotTaken);
    assert_eq!(health::not_ready(&app.app, Instant::now()), closed);
    app.public().get("/readyz").await.problem(503, "unavailable");
}
