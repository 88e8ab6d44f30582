//! A database that stalls, hangs up or falls silent: everybody is served soon after, and once.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dosebook::{
    domain::batch::{Decision, Locked, Request, decide},
    flows::discrepancy::verify,
};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{book, book_as};
use crate::support::{
    Answer, Made, TestApp, World,
    database::TestDatabase,
    fault::{Fault, Faults, Plan, is_commit},
    make::Slot,
    proxy::{LANES, Proxy},
    until,
};

/// Time that a stall lasts, long enough to be taken for the pace of the lane by one that does.
const STALL: Duration = Duration::from_secs(3);

#[tokio::test]
async fn after_a_stall_of_the_database_everybody_who_comes_is_served() {
    // Nobody is sent away for a machine that stops for a moment: a request expires in nine seconds.
    let (app, proxy) = TestApp::with().lanes(1).wait_ms(900).start_behind_proxy().await;
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

/// Requests of a batch whose commit begins the transaction of the next: `BUSY_REQUESTS` of
/// src/flows/lane/chain.rs.
const BUSY: usize = 16;
/// Those of a round: one that holds the lane, and two busy batches.
const ROUND: usize = 1 + 2 * BUSY;

/// A lane whose statements fail when they are told to.
struct Chained {
    app: TestApp,
    made: Made,
    proxy: Proxy,
    faults: Faults,
}

/// A request under way, and what it asks for.
type Asked = (usize, Uuid, JoinHandle<Answer>);

impl Chained {
    async fn set() -> Self {
        let mut database = TestDatabase::new().await;
        let faults = Faults::before(&mut database).await;
        let proxy = Proxy::before(&mut database).await;
        // A lane that a test holds is not slow, and nobody is refused for it.
        let options = TestApp::with().lanes(1).wait_ms(60_000);
        let app = options.start_on(Arc::new(database)).await;
        let made = World::new().people(2_000).seats(3_000).doses(3_000).make(&app.db).await;
        Self { app, made, proxy, faults }
    }

    fn slot(&self) -> Slot {
        self.made.slot(0, 1, 0)
    }

    fn ask(&self, people: std::ops::Range<usize>) -> Vec<Asked> {
        let ask = |person| {
            let id = Uuid::now_v7();
            (person, id, book_as(&self.app, &self.made, person, (id, self.slot())))
        };
        people.map(ask).collect()
    }

    async fn booked(&self) -> i64 {
        let sql = "select count(*) from booking";
        sqlx::query_scalar(sql).fetch_one(&self.app.db).await.unwrap()
    }

    /// Two busy batches, the second of which waits while the first is decided, and of both together
    /// the nth statement fails. `done` says how many bookings there are by then. Gives the
    /// statement that failed.
    async fn round(
        &self,
        (fault, nth): (Fault, usize),
        first: usize,
        done: impl Fn(&str) -> i64,
    ) -> Option<String> {
        let queued = &self.app.app.metrics.lanes.queued;
        self.proxy.stall(LANES);
        let mut all = self.ask(first..first + 1);
        until(|| self.proxy.holds_back()).await;
        all.extend(self.ask(first + 1..first + 1 + BUSY));
        until(|| queued.get() == BUSY as i64).await;
        // The lane takes the first batch, and stalls at its first statement.
        self.proxy.resume_until_commit(LANES);
        until(|| queued.get() == 0).await;
        all.extend(self.ask(first + 1 + BUSY..first + ROUND));
        until(|| queued.get() == BUSY as i64).await;
        let is_cut = !matches!(fault, Fault::Refused(_));
        self.faults.plant(Plan {
            application: LANES,
            fault,
            of_lanes: None,
            commits: 0,
            nth,
            lasts: false,
            keeps_out: is_cut,
        });
        self.proxy.resume();
        let is_over = |all: &[Asked]| all.iter().all(|(.., asked)| asked.is_finished());
        until(|| self.faults.has_met() || is_over(&all)).await;
        if let (true, Some(statement)) = (is_cut, self.faults.met()) {
            self.come_to(done(&statement)).await;
            self.faults.let_in();
        }
        let mut told = Vec::new();
        for (person, id, asked) in all {
            let answer = asked.await.unwrap();
            assert!([200, 201].contains(&answer.status), "{fault:?} {nth}: {}", answer.text());
            told.push((person, id));
        }
        let met = self.faults.call_off();
        assert!(met.len() < 2, "one statement failed: {met:?}");
        // Whoever asks again has the same booking.
        for (person, id) in [told[0], told[1], told[ROUND - 1]] {
            let again = book_as(&self.app, &self.made, person, (id, self.slot()));
            again.await.unwrap().ok(200);
        }
        met.into_iter().next()
    }

    /// Returns when there are so many: a commit whose answer is lost takes its time.
    async fn come_to(&self, bookings: i64) {
        let coming = async {
            while self.booked().await != bookings {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(10), coming).await.is_err() {
            assert_eq!(self.booked().await, bookings);
        }
    }
}

#[tokio::test]
async fn each_is_booked_once_whichever_statement_of_a_chain_fails() {
    let chained = Chained::set().await;
    book(&chained.app, &chained.made, 0, chained.slot()).await.unwrap().ok(201);
    let (mut first, mut known) = (1, Vec::<String>::new());
    for fault in
        [Fault::CutBefore, Fault::CutAfter, Fault::Refused("40001"), Fault::Refused("40P01")]
    {
        // After the first pass, which says what there is, from the commit of the first batch on;
        // a begin is never refused, and not counted then.
        let commit = known.iter().position(|statement| is_commit(statement));
        let skipped = usize::from(matches!(fault, Fault::Refused(_)));
        let from = commit.map_or(1, |at| at + 1 - skipped);
        let mut met = Vec::new();
        for nth in from.. {
            let before = chained.booked().await;
            let done = |statement: &str| {
                let is_before = known.iter().take(nth - 1).filter(|one| is_commit(one)).count();
                let is_it = is_commit(statement) && fault == Fault::CutAfter;
                before + 1 + ((is_before + usize::from(is_it)) * BUSY) as i64
            };
            let statement = chained.round((fault, nth), first, done).await;
            first += ROUND;
            let booked = chained.booked().await;
            assert_eq!(booked, before + ROUND as i64, "{fault:?} {nth} {known:?}");
            // What was begun for nobody is given up when all have been told.
            let Some(statement) = statement.filter(|one| one != "rollback") else { break };
            if fault == Fault::CutBefore {
                known.push(statement.clone());
            }
            met.push(statement);
        }
        let commits = met.iter().filter(|statement| is_commit(statement)).count();
        assert_eq!(commits, 2, "the control: {fault:?}: both commits failed: {met:?}");
    }
    let begun = known.iter().filter(|statement| *statement == "begin").count();
    assert_eq!(begun, 1, "the control: the second batch was begun by the first: {known:?}");
    assert!(known.iter().any(|one| one == "commit and chain"), "the control: {known:?}");
    assert_eq!(verify(&chained.app.app.db).await.unwrap(), []);
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
