//! A real standby: nothing is read or written there until it is promoted, and nobody is told what a
//! synchronous one may not have.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::pause;
use crate::{
    sign_in::claim,
    support::{Answer, Made, TestApp, World, pair::Pair},
};

/// Sooner no lane sends anybody away for a server that does not commit.
const PATIENCE: Duration = Duration::from_secs(8);
const ROUNDS_MAX: usize = 5;

const BOOKINGS: &str = "select count(*) from booking";

fn book(app: &TestApp, made: &Made, person: usize, id: Uuid) -> JoinHandle<Answer> {
    let (client, body) = (app.citizen(&made.people[person]), made.booking(made.slot(0, 1, 0)));
    tokio::spawn(async move { client.put_booking(id, &body).await })
}

/// Waits until the statement answers so.
async fn until_answers(server: &crate::support::pair::Server, sql: &'static str, answer: &str) {
    let asking = async { while server.ask(sql).await != answer {} };
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, asking).await.expect("it comes to answer so");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_or_written_on_a_standby_until_it_is_promoted() {
    let pair = Pair::start().await;
    let app = TestApp::with().start_on(pair.database()).await;
    let made = World::new().people(40).seats(100).doses(100).make(&app.db).await;
    let admin = app.admin().await;
    app.refresh().await;
    until_answers(&pair.standby, "select count(*) from person", "40").await;
    pair.standby.run("select pg_wal_replay_pause()").await;
    let id = Uuid::now_v7();
    book(&app, &made, 0, id).await.unwrap().ok(201);
    app.tick().await;
    assert_eq!(pair.primary.ask(BOOKINGS).await, "1");
    assert_eq!(pair.standby.ask(BOOKINGS).await, "0", "the control: it stands still");

    // The server is demoted, and nobody has told the balancer.
    pair.balancer.lead_to(&pair.standby);
    let citizen = app.citizen(&made.people[0]);
    citizen.get(&format!("/v1/bookings/{id}")).await.problem(503, "unavailable");
    let picture = app.app.board.now();
    let board = app.app.board.clone();
    let ticked = tokio::spawn(async move { board.tick().await }).await.unwrap();
    assert!(ticked.is_err(), "the picture is not called fresh after what the standby says");
    assert_eq!(app.app.board.now().as_of, picture.as_of);
    app.public().get("/readyz").await.problem(503, "unavailable");
    pause(&admin, made.campaign_id).await.problem(503, "unavailable");
    let sign_in = json!({ "username": "nobody", "password": "not a password" });
    app.public().post("/v1/auth/staff-sessions", &sign_in).await.problem(503, "unavailable");

    // And back: the first request of each kind is served.
    pair.balancer.lead_to(&pair.primary);
    citizen.get(&format!("/v1/bookings/{id}")).await.ok(200);
    pause(&admin, made.campaign_id).await.ok(200);
    let open = format!("/v1/admin/campaigns/{}/open", made.campaign_id);
    admin.post(&open, &json!({ "reason": "a test" })).await.ok(200);

    pair.standby.run("select pg_wal_replay_resume()").await;
    until_answers(&pair.standby, BOOKINGS, "1").await;
    let is_open = "select count(*) from supply_history where event = 'resumed'";
    until_answers(&pair.standby, is_open, "1").await;
    pair.primary.stop();
    pair.standby.promote();
    pair.balancer.lead_to(&pair.standby);
    citizen.get(&format!("/v1/bookings/{id}")).await.ok(200);
    book(&app, &made, 1, Uuid::now_v7()).await.unwrap().ok(201);
    let ready = async { while app.public().get("/readyz").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(30), ready).await.expect("it is ready");
}

/// Somebody who asks, and has been told nothing yet.
struct Asked {
    task: JoinHandle<Answer>,
    since: Instant,
    /// Where the machine is so slow that they were sent away.
    is_over: bool,
}

impl Asked {
    fn new(task: JoinHandle<Answer>) -> Self {
        Self { task, since: Instant::now(), is_over: false }
    }

    /// Whether they still wait. Who was sent away after a long time was told nothing either.
    async fn waits(&mut self, what: &str) -> bool {
        if !self.is_over && self.task.is_finished() {
            let answer = (&mut self.task).await.unwrap();
            assert!(self.is_too_late(&answer), "{what}: somebody was told: {}", answer.text());
            self.is_over = true;
        }
        !self.is_over
    }

    fn is_too_late(&self, answer: &Answer) -> bool {
        answer.status == 503 && self.since.elapsed() > PATIENCE
    }

    /// None where they were sent away.
    async fn answer(mut self) -> Option<Answer> {
        if self.is_over {
            return None;
        }
        let answer = (&mut self.task).await.unwrap();
        (!self.is_too_late(&answer)).then_some(answer)
    }
}

/// Asks while the standby is away, ends the wait for it by force, and sees whoever asks wait for it
/// again: what is found then stands, here, and is lost if the standby takes over now. No answer
/// where the machine is so slow that they are sent away before the standby is back.
async fn is_told_with_the_standby(
    pair: &Pair,
    (lane, rows): (&str, &str),
    mut asked: Asked,
) -> Option<Answer> {
    let waits = format!("wait_event = 'SyncRep' and application_name = 'dosebook {lane} 0'");
    let waiting = format!(
        "select coalesce(string_agg(pid::text, ','), '') from pg_stat_activity where {waits}"
    );
    let next = async |asked: &mut Asked, before: &str| {
        while asked.waits(lane).await {
            let pid = pair.primary.ask(&waiting).await;
            if !pid.is_empty() && pid != before {
                return Some(pid);
            }
        }
        None
    };
    let before = pair.primary.ask(rows).await;
    if let Some(first) = next(&mut asked, "").await {
        let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where {waits}");
        pair.primary.run(&end).await;
        // The lane finds what it has done, and waits with it.
        if next(&mut asked, &first).await.is_some() {
            let after = pair.primary.ask(rows).await;
            assert_ne!(before, after, "{lane}, the control: it is there");
            // And nobody was told.
            asked.waits(lane).await;
        }
    }
    pair.standby.start();
    let answer = asked.answer().await;
    // Nor does anything of this wait any longer.
    let still = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
    until_answers(&pair.primary, still, "0").await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_not_told_before_the_synchronous_standby_has_it() {
    let pair = Pair::start().await;
    let app = TestApp::with().lanes(1).start_on(pair.database()).await;
    // One, and as many for each half as there are rounds.
    let made = World::new().people(11).seats(100).doses(100).make(&app.db).await;
    app.refresh().await;
    pair.primary.run("alter system set synchronous_standby_names = '*'").await;
    pair.primary.run("select pg_reload_conf()").await;
    book(&app, &made, 0, Uuid::now_v7()).await.unwrap().ok(201);
    let mut told = None;
    // Where somebody was sent away before the standby was back, another person asks.
    for person in 1..=ROUNDS_MAX {
        pair.standby.stop();
        let asked = Asked::new(book(&app, &made, person, Uuid::now_v7()));
        told = is_told_with_the_standby(&pair, ("lane", BOOKINGS), asked).await;
        if told.is_some() {
            break;
        }
    }
    let answer = told.expect("a machine that is fast enough");
    assert!([200, 201].contains(&answer.status), "{}", answer.text());

    for person in &made.people[1 + ROUNDS_MAX..] {
        let (client, claim) = (app.public(), claim(person));
        pair.standby.stop();
        let code = tokio::spawn(async move { client.post("/v1/auth/codes", &claim).await });
        let codes = ("sign-in", "select count(*) from sign_in_code");
        let told = is_told_with_the_standby(&pair, codes, Asked::new(code)).await;
        if let Some(answer) = told {
            answer.ok(202);
            return;
        }
    }
    panic!("a machine that is too slow: nobody was told of a code");
}
