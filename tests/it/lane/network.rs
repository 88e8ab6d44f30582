//! A database that stalls, hangs up or falls silent: everybody is served soon after.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dosebook::{
    domain::batch::{Decision, Locked, Request, decide},
    flows::discrepancy::verify,
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{book, book_as};
use crate::support::{TestApp, World, proxy::LANES, until};

/// Time that a stall lasts, long enough to be taken for the pace of the lane by one that does.
const STALL: Duration = Duration::from_secs(1);

#[tokio::test]
async fn after_a_stall_of_the_database_everybody_who_comes_is_served() {
    let (app, proxy) = TestApp::with().lanes(1).wait_ms(300).start_behind_proxy().await;
    let metrics = &app.app.metrics.lanes;
    let made = World::new().people(400).seats(1000).doses(1000).make(&app.db).await;
    let slot = made.slot(0, 1, 0);
    book(&app, &made, 0, slot).await.unwrap().ok(201);
    proxy.stall(LANES);
    let first = book(&app, &made, 1, slot);
    until(|| metrics.callers.get() == 1 && metrics.queued.get() == 0).await;
    // These make one large batch, which stalls too.
    let stalled: Vec<_> = (2..82).map(|person| book(&app, &made, person, slot)).collect();
    until(|| metrics.queued.get() == 80).await;
    proxy.resume_until_commit(LANES);
    first.await.unwrap().ok(201);
    until(|| metrics.queued.get() == 0).await;
    let since = Instant::now();
    until(|| since.elapsed() > STALL).await;
    proxy.resume_until_commit(LANES);
    for one in join_all(stalled).await {
        one.unwrap().ok(201);
    }
    // The lane has heard how long that batch took. Who comes now is let in, and served when the
    // database goes on.
    let all: Vec<_> = (82..382).map(|person| book(&app, &made, person, slot)).collect();
    until(|| metrics.callers.get() == 300 || metrics.overflows.get() > 0).await;
    assert_eq!(metrics.overflows.get(), 0, "refused for a pace that was a stall's");
    assert!(all.iter().all(|one| !one.is_finished()), "the control: the database stands still");
    proxy.resume();
    for one in join_all(all).await {
        one.unwrap().ok(201);
    }
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_batch_whose_connection_is_cut_is_done_once() {
    let (app, proxy) = TestApp::with().lanes(1).start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&app.db).await;
    let slot = made.slot(0, 1, 0);
    for round in 0..5 {
        let people = round * 10..round * 10 + 10;
        let ids: Vec<_> = people.clone().map(|_| Uuid::now_v7()).collect();
        let asked: Vec<_> = people
            .clone()
            .zip(&ids)
            .map(|(person, id)| book_as(&app, &made, person, (*id, slot)))
            .collect();
        // Sooner or later in the batch from round to round.
        until(|| {
            app.app.metrics.lanes.callers.get() > 0 || asked.iter().any(|one| one.is_finished())
        })
        .await;
        for _ in 0..round * 40 {
            tokio::task::yield_now().await;
        }
        proxy.cut(LANES);
        for one in asked {
            let answer = one.await.unwrap();
            assert!([200, 201].contains(&answer.status), "{}", answer.text());
        }
        for (person, id) in people.zip(&ids) {
            book_as(&app, &made, person, (*id, slot)).await.unwrap().ok(200);
        }
    }
    let count: i64 =
        sqlx::query_scalar("select count(*) from booking").fetch_one(&app.db).await.unwrap();
    assert_eq!(count, 50);
    assert_eq!(verify(&app.app.db).await.unwrap(), []);
}

static IS_ARMED: AtomicBool = AtomicBool::new(true);
static HAS_LOCKED: Barrier = Barrier::new(2);
static IS_SILENT: Barrier = Barrier::new(2);

/// Lets the test go on with the locks held, the first time.
fn paused(locked: Locked, requests: &[Request]) -> Decision {
    if IS_ARMED.swap(false, Ordering::Relaxed) {
        HAS_LOCKED.wait();
        IS_SILENT.wait();
    }
    decide(locked, requests)
}

/// A node falls silent while it has locked a slot. The other node serves everybody else at once,
/// and those who want the slot when the server has ended the silent one's transaction.
#[tokio::test]
async fn what_a_silent_node_has_locked_is_free_in_seconds_and_the_rest_at_once() {
    let options = TestApp::with().lanes(1).decide(paused);
    let (ghost, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(60).seats(100).doses(100).make(&ghost.db).await;
    let (held, free) = (made.slot(0, 1, 0), made.slot(1, 1, 0));
    // Behind the same proxy; its lane connects when it has something to do.
    let healthy = TestApp::with().lanes(1).start_on(ghost.database.clone()).await;
    let lost = book(&ghost, &made, 1, held);
    tokio::task::spawn_blocking(|| HAS_LOCKED.wait()).await.unwrap();
    proxy.silence(LANES);
    tokio::task::spawn_blocking(|| IS_SILENT.wait()).await.unwrap();
    let waiting = book(&healthy, &made, 2, held);
    for person in 3..33 {
        book(&healthy, &made, person, free).await.unwrap().ok(201);
    }
    assert!(!waiting.is_finished(), "the control: the silent node holds the slot");
    waiting.await.unwrap().ok(201);
    lost.abort();
}
