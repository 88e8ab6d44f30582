//! Whatever anybody asks for, a lock that is not granted, a deadlock and a transaction that was
//! overtaken are no faults of the service, at whichever statement they come: it says that it may be
//! tried again, and has done nothing.

use std::collections::BTreeMap;

use sqlx::PgPool;

use super::{Recorder, story};
use crate::support::{
    Answer, Request,
    database::TestDatabase,
    fault::{Fault, Faults, Plan},
};

/// `lock_not_available`, `deadlock_detected` and `serialization_failure`.
pub const STATES: [&str; 3] = ["55P03", "40P01", "40001"];

/// Operators' steps are tried again for two seconds each time: not every statement of theirs fails
/// here, but one of so many.
const STEP_OF_OPERATORS: usize = 7;
const OF_OPERATORS: &[&str] = &[
    "admin_publish_campaign",
    "admin_open_campaign",
    "admin_pause_campaign",
    "admin_close_campaign",
    "admin_post_correction",
];

/// Its answer is that of everybody who asks within a second: a refusal would be told again.
const SHARED: &str = "get_readiness";

pub struct Hiccup {
    faults: Faults,
    db: PgPool,
    /// How many statements of each operation were refused.
    refused: BTreeMap<String, usize>,
    /// Operations that were done without a statement of theirs, and which that was.
    done: Vec<(String, String)>,
}

impl Hiccup {
    fn new(faults: Faults, db: PgPool) -> Self {
        Self { faults, db, refused: BTreeMap::new(), done: Vec::new() }
    }

    /// Sends the request as often as it has statements, each time with one more that is done and
    /// all after it refused. Gives its answer, where it was done; none where it was before.
    pub async fn before(&mut self, name: &str, request: impl Fn() -> Request) -> Option<Answer> {
        if name == SHARED || self.refused.contains_key(name) {
            return None;
        }
        let is_of_operators = OF_OPERATORS.iter().any(|one| name.starts_with(one));
        let step = if is_of_operators { STEP_OF_OPERATORS } else { 1 };
        for (number, nth) in (1..).step_by(step).enumerate() {
            let state = STATES[(self.refused.len() + number) % STATES.len()];
            self.faults.plant(plan(state, nth));
            let answer = request().send().await;
            let met = self.faults.call_off();
            if met.is_empty() || answer.status < 300 {
                assert!(answer.status < 300, "{name}: {}", answer.text());
                if !met.is_empty() {
                    self.done.push((name.to_owned(), met[0].clone()));
                }
                self.refused.insert(name.to_owned(), number);
                return Some(answer);
            }
            let what = format!("{name}: {state} at {}: {}", met[0], answer.text());
            assert_eq!(answer.status, 503, "{what}");
            assert!((1..=10).contains(&answer.retry_after()), "{what}");
            answer.problem(503, "unavailable");
            // Who could not take their seal away leaves it to the sweep.
            let lift = "update person set sealed_at = null where sealed_at is not null";
            sqlx::query(lift).execute(&self.db).await.unwrap();
        }
        None
    }
}

/// From the nth statement of a request on, all are refused.
pub fn plan(state: &'static str, nth: usize) -> Plan {
    Plan {
        application: "dosebook",
        fault: Fault::Refused(state),
        // For a lock that is not granted a lane tries again for a minute: tests/it/lane/lock.rs.
        of_lanes: (state == "55P03").then_some(Fault::Refused("40P01")),
        commits: 0,
        nth,
        lasts: true,
        keeps_out: false,
    }
}

#[tokio::test]
async fn a_lock_that_is_not_granted_and_a_deadlock_are_never_faults() {
    let mut database = TestDatabase::new().await;
    let faults = Faults::before(&mut database).await;
    let mut recorder = Recorder::start_on(database).await;
    recorder.hiccup = Some(Hiccup::new(faults, recorder.app.db.clone()));
    story::tell(&mut recorder).await;
    let Hiccup { refused, done, .. } = recorder.hiccup.take().unwrap();
    // What is left is told beside what was done: that bookings from before may still be written,
    // and which were not cancelled.
    let is_told = |(operation, statement): &(String, String)| {
        let of_mark = operation == "admin_mark_person: with cancelling";
        statement.contains("barrier::bookers") || of_mark && statement.contains("batch::lock ")
    };
    let untold: Vec<_> = done.iter().filter(|one| !is_told(one)).collect();
    assert!(untold.is_empty(), "done without a statement of its own: {untold:#?}");
    let statements: usize = refused.values().sum();
    assert!(statements > 900, "the control: {statements} were refused: {refused:?}");
    let untouched: Vec<_> = refused.iter().filter(|(_, statements)| **statements == 0).collect();
    assert!(untouched.len() < 20, "{untouched:?}");
}
