//! A model test: random histories, run by a lane in random batches, have the same outcomes as a
//! small model that runs them one by one.
//!
//! The model knows nothing of locks, SQL or batches. Each history runs on a database of its own.

use std::collections::{BTreeMap, HashMap};

use dosebook::{
    db::{self, Db},
    domain::{
        AllocationId, BookingId, PersonId, SlotId,
        actor::{Actor, Cause},
        batch::{Outcome, Request, decide},
        booking::Book,
    },
    flows::{
        self,
        allocation::{Amount, grant, retract},
        discrepancy::verify,
        lane::transaction::{self, Done, KnownRules, Locks},
    },
};
use proptest::{prelude::*, test_runner::TestRunner};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::support::{Made, TestApp, World};

const PEOPLE: usize = 6;
const SLOTS: usize = 3;
const IDS: u128 = 12;
const SEATS: i32 = 3;
const DOSES: i32 = 4;
/// Doses that the clinic's pool starts with beyond those granted.
const RESERVE: i32 = 30;

#[derive(Clone, Debug)]
enum Step {
    Book { id: u128, person: usize, slot: usize },
    Cancel { id: u128 },
    Grant { doses: i32 },
    Retract { doses: i32 },
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..IDS;
    prop_oneof![
        6 => (id.clone(), 0..PEOPLE, 0..SLOTS)
            .prop_map(|(id, person, slot)| Step::Book { id, person, slot }),
        3 => id.prop_map(|id| Step::Cancel { id }),
        1 => (1..=2).prop_map(|vials| Step::Grant { doses: vials * 10 }),
        1 => (1..=15).prop_map(|doses| Step::Retract { doses }),
    ]
}

/// A history in batches: grants and retractions are transactions of their own and end a batch.
fn history() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 1..8), 1..8)
}

/// One clinic, one day, doses for all its slots.
struct Model {
    open: i32,
    booked: i32,
    pool: i32,
    taken: [i32; SLOTS],
    bookings: BTreeMap<u128, (usize, usize, bool)>,
}

impl Model {
    fn new() -> Self {
        let (open, pool) = (DOSES, RESERVE);
        Self { open, booked: 0, pool, taken: [0; SLOTS], bookings: BTreeMap::new() }
    }

    fn book(&mut self, id: u128, person: usize, slot: usize) -> &'static str {
        if let Some(&(by, at, _)) = self.bookings.get(&id) {
            return if (by, at) == (person, slot) { "replayed" } else { "booking_id_reused" };
        }
        if self.bookings.values().any(|&(by, _, live)| by == person && live) {
            return "already_booked";
        }
        if self.open == 0 {
            return "doses_exhausted";
        }
        if self.taken[slot] == SEATS {
            return "seat_taken";
        }
        self.open -= 1;
        self.booked += 1;
        self.taken[slot] += 1;
        self.bookings.insert(id, (person, slot, true));
        "booked"
    }

    fn cancel(&mut self, id: u128) -> &'static str {
        let Some((_, slot, live)) = self.bookings.get_mut(&id) else { return "not_found" };
        if !std::mem::take(live) {
            return "replayed";
        }
        self.open += 1;
        self.booked -= 1;
        self.taken[*slot] -= 1;
        "cancelled"
    }

    fn grant(&mut self, doses: i32) -> &'static str {
        if doses > self.pool {
            return "not_enough_doses";
        }
        self.pool -= doses;
        self.open += doses;
        "granted"
    }

    fn retract(&mut self, doses: i32) -> &'static str {
        if doses % 10 != 0 {
            return "not_whole_vials";
        }
        if doses > self.open {
            return "promised_doses";
        }
        self.open -= doses;
        self.pool += doses;
        "retracted"
    }
}

/// The real database, driven as a lane and the API drive it.
struct Real {
    app: TestApp,
    made: Made,
    conn: PgConnection,
    known: KnownRules,
    locks: Locks,
}

impl Real {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let made = World::new()
            .clinics(1)
            .days(1)
            .slots_per_day(SLOTS as u32)
            .seats(SEATS)
            .doses(DOSES)
            .people(PEOPLE as u32)
            .cancel_until_hours(0)
            .make(&app.db)
            .await;
        sqlx::raw_sql(AssertSqlSafe(format!(
            "update pool set received = received + {RESERVE}, open = open + {RESERVE}
                 where pool_id = (select pool_id from allocation);
             update pool set received = received + {RESERVE}, passed_on = passed_on + {RESERVE}
                 where parent_id is null;
             insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
                 select 20, 0, 7, {RESERVE}, pool_id, 4 from pool where parent_id is null;
             insert into movement
                     (kind, from_bucket, to_bucket, doses, from_pool_id, to_pool_id, actor_role)
                 select 21, 7, 7, {RESERVE}, parent_id, pool_id, 4 from pool
                 where pool_id = (select pool_id from allocation)"
        )))
        .execute(&app.db)
        .await
        .unwrap();
        let db = Db::new(app.database.options.clone(), 2);
        let mut conn = db.connect("model").await.unwrap();
        conn.execute(db::PLANNER_SETTINGS).await.unwrap();
        Self { app, made, conn, known: KnownRules::default(), locks: Locks::Wait }
    }

    fn book(&self, id: u128, person: usize, slot: usize) -> Request {
        Request::Book(Book {
            booking_id: BookingId(Uuid::from_u128(id + 1)),
            person_id: self.made.people[person].person_id,
            campaign_id: self.made.campaign_id,
            slot_id: self.slot(slot),
            product_id: self.made.product_id,
        })
    }

    fn slot(&self, slot: usize) -> SlotId {
        self.made.slot(0, 1, slot).slot_id
    }

    /// As the handler does before it submits a request: a booking that is not there is refused.
    async fn cancel(&self, id: u128, owner: Option<PersonId>) -> Option<Request> {
        let id = BookingId(Uuid::from_u128(id + 1));
        let found = dosebook::db::booking::find_own(&self.app.db, id, owner?).await.unwrap();
        found.map(Request::Cancel)
    }

    /// Runs the requests as one batch, and those it leaves undecided as the next.
    async fn settle(&mut self, mut requests: &[Request]) -> Vec<&'static str> {
        let mut names = Vec::new();
        while !requests.is_empty() {
            // With nothing locked, both ways of locking decide the same.
            self.locks = match self.locks {
                Locks::Wait => Locks::Skip { batch_max: 2 },
                Locks::Skip { .. } => Locks::Wait,
            };
            let Self { conn, known, locks, .. } = self;
            let run = transaction::run(conn, known, decide, requests, *locks).await;
            let Done { outcomes, left_out, .. } = run.unwrap();
            assert!(left_out.is_empty(), "nothing is locked");
            assert!(!outcomes.is_empty(), "a batch decides at least one");
            requests = &requests[outcomes.len()..];
            names.extend(outcomes.iter().map(Outcome::name));
        }
        names
    }

    async fn grant(&self, doses: i32) -> String {
        name(
            grant(&self.app.app.db, self.allocation(), amount(doses), &cause(), None).await,
            "granted",
        )
    }

    async fn retract(&self, doses: i32) -> String {
        let db = &self.app.app.db;
        name(retract(db, self.allocation(), amount(doses), &cause(), None).await, "retracted")
    }

    fn allocation(&self) -> AllocationId {
        self.made.allocation(0, 1).allocation_id
    }

    async fn counters(&self) -> (i32, i32, Vec<i32>) {
        let (open, booked) = sqlx::query_as("select open, booked from allocation")
            .fetch_one(&self.app.db)
            .await
            .unwrap();
        let taken = sqlx::query_scalar("select taken from slot order by slot_id")
            .fetch_all(&self.app.db)
            .await
            .unwrap();
        (open, booked, taken)
    }
}

fn amount(doses: i32) -> Amount {
    Amount { doses, if_granted: None }
}

fn cause() -> Cause {
    Cause { actor: Actor::Service, reason: "the model says so".into() }
}

fn name<T: std::fmt::Debug>(outcome: flows::Result<T>, done: &str) -> String {
    match outcome {
        Ok(_) => done.to_owned(),
        Err(flows::Error::Refused(refusal)) => refusal.code.slug().to_owned(),
        Err(error) => panic!("{error}"),
    }
}

async fn replay(history: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let mut real = Real::new().await;
    let mut model = Model::new();
    let mut owners: HashMap<u128, PersonId> = HashMap::new();
    for batch in &history {
        let mut expected = Vec::new();
        let mut requests = Vec::new();
        for step in batch {
            match *step {
                Step::Book { id, person, slot } => {
                    requests.push(real.book(id, person, slot));
                    expected.push(model.book(id, person, slot));
                    owners.entry(id).or_insert(real.made.people[person].person_id);
                }
                Step::Cancel { id } => {
                    // The handler looks before the batch is decided.
                    match real.cancel(id, owners.get(&id).copied()).await {
                        Some(request) => {
                            requests.push(request);
                            expected.push(model.cancel(id));
                        }
                        None => continue,
                    }
                }
                Step::Grant { doses } | Step::Retract { doses } => {
                    prop_assert_eq!(real.settle(&requests).await, expected, "{:?}", batch);
                    (requests, expected) = (Vec::new(), Vec::new());
                    let (was, is) = match step {
                        Step::Grant { .. } => (real.grant(doses).await, model.grant(doses)),
                        _ => (real.retract(doses).await, model.retract(doses)),
                    };
                    prop_assert_eq!(was, is, "{:?}", step);
                }
            }
        }
        prop_assert_eq!(real.settle(&requests).await, expected, "{:?}", batch);
        let (open, booked, taken) = real.counters().await;
        prop_assert_eq!((open, booked), (model.open, model.booked));
        prop_assert_eq!(taken, model.taken.to_vec());
    }
    prop_assert_eq!(verify(&real.app.app.db).await.unwrap(), vec![]);
    Ok(())
}

#[test]
fn batches_of_any_size_are_as_good_as_one_by_one() {
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let runtime = Runtime::new().unwrap();
    let outcome =
        TestRunner::new(config).run(&history(), |history| runtime.block_on(replay(history)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// The control: a model without one rule disagrees with the database.
#[test]
fn a_model_with_another_rule_is_found_out() {
    let mut model = Model::new();
    assert_eq!(model.book(0, 0, 0), "booked");
    assert_eq!(model.book(1, 0, 1), "already_booked");
    let forgetful = Runtime::new().unwrap().block_on(async {
        let mut real = Real::new().await;
        let both = [real.book(0, 0, 0), real.book(1, 0, 1)];
        real.settle(&both).await
    });
    assert_ne!(forgetful, ["booked", "booked"], "what a model without the rule would expect");
    assert_eq!(forgetful, ["booked", "already_booked"]);
}
