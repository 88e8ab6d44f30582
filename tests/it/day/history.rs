//! Every kind of movement at once: citizens, staff of two clinics, administrators, merges and the
//! job that closes days, at two services on one database. After each round every dose is somewhere,
//! no bucket is negative, `verify` finds nothing, and nobody is told of a fault.

use std::time::Duration;

use dosebook::{
    domain::{
        batch::{Decide, decide},
        movement::Kind,
    },
    flows::{day_close::close_due, discrepancy::verify},
};
use futures_util::future::join_all;
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::support::{Answer, Client, Made, TestApp, World, unguarded};

/// Of each of two clinics so many are booked today.
const BOOKED: usize = 3;
const PEOPLE: usize = 12;

/// What somebody does; clinics and persons by their numbers.
#[derive(Clone, Debug)]
enum Deed {
    /// Whoever is at home books a later day.
    Book(usize, usize),
    /// Or gives up what they have booked.
    GiveUp(usize),
    /// A press about somebody who is booked today.
    Press(usize, Value),
    /// The last step of somebody is taken back.
    Undo(usize),
    WalkIn(usize, usize),
    UndoWalkIn(usize),
    Doses(usize, &'static str, i32),
    Close(usize),
    Reopen(usize),
    /// Days are closed that nobody has closed.
    CloseDue,
    Receive(i32),
    /// From the nation to the province of a clinic, and back.
    PassOn(usize),
    SendBack(usize),
    Grant(usize),
    Retract(usize),
    Lose(usize),
    /// The last line of this kind that can be taken back.
    Correct(&'static str),
    Merge(usize, usize),
}

fn press() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(json!({ "step": "arrive" })),
        4 => Just(crate::visit::give()),
        2 => Just(json!({ "step": "no_show" })),
        2 => select(vec!["refused", "unwell", "contraindicated"])
            .prop_map(|reason| json!({ "step": "not_vaccinated", "reason": reason })),
        1 => Just(json!({ "step": "cancel" })),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let (person, clinic) = (0..PEOPLE, 0..2_usize);
    let booked = 0..2 * BOOKED;
    prop_oneof![
        2 => (person.clone(), clinic.clone()).prop_map(|(who, at)| Deed::Book(who, at)),
        1 => person.clone().prop_map(Deed::GiveUp),
        6 => (booked.clone(), press()).prop_map(|(who, what)| Deed::Press(who, what)),
        3 => booked.prop_map(Deed::Undo),
        2 => (person.clone(), clinic.clone()).prop_map(|(who, at)| Deed::WalkIn(who, at)),
        1 => person.clone().prop_map(Deed::UndoWalkIn),
        3 => (
            clinic.clone(),
            select(vec!["offer_again", "withhold", "waste", "correct_waste"]),
            1..3,
        ).prop_map(|(at, what, doses)| Deed::Doses(at, what, doses)),
        2 => clinic.clone().prop_map(Deed::Close),
        2 => clinic.clone().prop_map(Deed::Reopen),
        1 => Just(Deed::CloseDue),
        1 => (1..3).prop_map(|vials| Deed::Receive(vials * 10)),
        1 => clinic.clone().prop_map(Deed::PassOn),
        1 => clinic.clone().prop_map(Deed::SendBack),
        1 => clinic.clone().prop_map(Deed::Grant),
        1 => clinic.clone().prop_map(Deed::Retract),
        1 => clinic.prop_map(Deed::Lose),
        1 => select(vec!["receive", "pass_on", "lose"]).prop_map(Deed::Correct),
        1 => (person.clone(), person).prop_map(|(from, into)| Deed::Merge(from, into)),
    ]
}

/// Rounds: what is in one is done at once.
fn history() -> impl Strategy<Value = Vec<Vec<Deed>>> {
    prop::collection::vec(prop::collection::vec(deed(), 2..10), 1..5)
}

/// Two clinics on a day that has begun, and a day before that nobody has closed.
struct Stage {
    app: TestApp,
    other: TestApp,
    made: Made,
    staff: [Client; 2],
    admin: Client,
    /// Of person 0, 1, …: the first at clinic 0, the others at clinic 1.
    bookings: Vec<Uuid>,
    date: String,
}

impl Stage {
    async fn set(decide: Decide) -> Self {
        let app = TestApp::with().decide(decide).start().await;
        let world = World::new().clinics(2).days(4).doses(20).people(PEOPLE as u32);
        let made = world.cancel_until_hours(0).make(&app.db).await;
        let staff = [app.staff(made.clinics[0]).await, app.staff(made.clinics[1]).await];
        let admin = app.admin().await;
        let mut bookings = Vec::new();
        for person in 0..2 * BOOKED {
            let id = Uuid::now_v7();
            let body = made.booking(made.slot(person / BOOKED, 1, 0));
            app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
            bookings.push(id);
        }
        // Somebody waited yesterday, and somebody did not come.
        for (person, at) in [(PEOPLE - 1, 0), (PEOPLE - 2, 1)] {
            let body = made.booking(made.slot(0, 4, at));
            let id = Uuid::now_v7();
            app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
        }
        let yesterday = made.allocation(0, 4).on_date;
        made.begin_day(&app.db, 0, 4).await;
        for sql in [
            "update booking set arrived_at = now() where person_id = $2 and $1::date is not null",
            "insert into visit_step (step_id, booking_id, kind)
                select gen_random_uuid(), booking_id, 1 from booking
                where person_id = $2 and $1::date is not null",
            "update slot set on_date = on_date - 1, starts_at = starts_at - interval '1 day',
                 ends_at = ends_at - interval '1 day'
             where clinic_id = (select min(clinic_id) from clinic)
                 and on_date = (now() at time zone 'Asia/Seoul')::date
                 and $1::date is not null and $2::bigint is not null",
            "update allocation set on_date = on_date - 1
             where clinic_id = (select min(clinic_id) from clinic)
                 and on_date = (now() at time zone 'Asia/Seoul')::date
                 and $1::date is not null and $2::bigint is not null",
        ] {
            let person = made.people[PEOPLE - 1].person_id.0;
            query(sql).bind(yesterday).bind(person).execute(&app.db).await.unwrap();
        }
        made.begin_day(&app.db, 0, 1).await;
        made.begin_day(&app.db, 1, 1).await;
        let date = query_scalar("select (now() at time zone 'Asia/Seoul')::date::text")
            .fetch_one(&app.db)
            .await
            .unwrap();
        let other = app.another().await;
        Self { app, other, made, staff, admin, bookings, date }
    }

    fn visit(&self, person: usize) -> (usize, String) {
        let at = person / BOOKED;
        (at, format!("/v1/clinics/{}/bookings/{}", self.made.clinics[at], self.bookings[person]))
    }

    fn today(&self, at: usize, rest: &str) -> String {
        format!("/v1/clinics/{}/days/{}{rest}", self.made.clinics[at], self.date)
    }

    /// The pool that a clinic's doses come from.
    async fn pool(&self, at: usize) -> i32 {
        query_scalar("select pool_id from allocation where allocation_id = $1")
            .bind(self.made.allocation(at, 1).allocation_id.0)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    /// Undoes the last step that stands.
    async fn undo(&self, by: &Client, path: &str) -> Option<Answer> {
        let seen = by.get(path).await;
        if seen.status != 200 {
            return Some(seen);
        }
        let steps = seen.body["steps"].as_array().unwrap().clone();
        let last =
            steps.iter().rev().find(|one| one["is_undone"] == false && one["step"] != "undo");
        let body = json!({ "step": "undo", "undoes": last?["step_id"] });
        Some(by.put(&format!("{path}/steps/{}", Uuid::now_v7()), &body).await)
    }

    /// Does it at one of the services; nothing where there is nothing to be done.
    async fn does(&self, deed: &Deed, url: &str) -> Option<Answer> {
        match deed {
            Deed::Book(..) | Deed::GiveUp(_) => self.at_home(deed, url).await,
            Deed::Press(..) | Deed::Undo(_) | Deed::WalkIn(..) | Deed::UndoWalkIn(_) => {
                self.at_the_desk(deed, url).await
            }
            Deed::Doses(..) | Deed::Close(_) | Deed::Reopen(_) | Deed::CloseDue => {
                self.in_the_evening(deed, url).await
            }
            _ => self.above(deed, url).await,
        }
    }

    async fn at_home(&self, deed: &Deed, url: &str) -> Option<Answer> {
        let made = &self.made;
        match *deed {
            Deed::Book(person, at) => {
                let me = self.app.citizen(&made.people[person]).at(url);
                let body = made.booking(made.slot(at, 2, person % 2));
                Some(me.put_booking(Uuid::now_v7(), &body).await)
            }
            Deed::GiveUp(person) => {
                let me = self.app.citizen(&made.people[person]).at(url);
                let list = me.get("/v1/bookings").await;
                let id = list.body["bookings"][0]["booking_id"].as_str()?.parse().ok()?;
                Some(me.delete_booking(id).await)
            }
            _ => None,
        }
    }

    async fn at_the_desk(&self, deed: &Deed, url: &str) -> Option<Answer> {
        let made = &self.made;
        match deed {
            Deed::Press(person, body) => {
                let (at, path) = self.visit(*person);
                let by = self.staff[at].clone().at(url);
                Some(by.put(&format!("{path}/steps/{}", Uuid::now_v7()), body).await)
            }
            Deed::Undo(person) => {
                let (at, path) = self.visit(*person);
                self.undo(&self.staff[at].clone().at(url), &path).await
            }
            Deed::WalkIn(person, at) => {
                let body = json!({
                    "person_id": made.people[*person].person_id, "campaign_id": made.campaign_id,
                    "product_id": made.product_id, "site": "left_arm", "lot": "EW0182",
                    "answers": ["identity", "screening"],
                });
                let path = format!("/v1/clinics/{}/walk-ins/{}", made.clinics[*at], Uuid::now_v7());
                Some(self.staff[*at].clone().at(url).put(&path, &body).await)
            }
            Deed::UndoWalkIn(person) => {
                let sql = "select booking_id, (slot_id >> 24)::int from booking
                           where person_id = $1 and channel = 3 and state = 2";
                let found: Option<(Uuid, i32)> = sqlx::query_as(sql)
                    .bind(made.people[*person].person_id.0)
                    .fetch_optional(&self.app.db)
                    .await
                    .unwrap();
                let (id, clinic) = found?;
                let at = made.clinics.iter().position(|one| one.0 == clinic)?;
                let path = format!("/v1/clinics/{clinic}/bookings/{id}");
                self.undo(&self.staff[at].clone().at(url), &path).await
            }
            _ => None,
        }
    }

    async fn in_the_evening(&self, deed: &Deed, url: &str) -> Option<Answer> {
        match *deed {
            Deed::Doses(at, action, doses) => {
                let body = json!({
                    "action": action, "doses": doses, "reason": "x",
                    "allocation_id": self.made.allocation(at, 1).allocation_id,
                });
                let by = self.staff[at].clone().at(url);
                Some(by.post_once(Uuid::now_v7(), &self.today(at, "/doses"), &body).await)
            }
            Deed::Close(at) => {
                let by = self.staff[at].clone().at(url);
                let path = self.today(at, "/close");
                let request = by.request(reqwest::Method::POST, &path).header("if-match", "*");
                Some(request.json(&json!({})).send().await)
            }
            Deed::Reopen(at) => {
                let by = self.staff[at].clone().at(url);
                Some(by.post(&self.today(at, "/reopen"), &json!({ "reason": "x" })).await)
            }
            _ => {
                let done = close_due(&self.other.app.db, Duration::ZERO).await.unwrap();
                assert_eq!(done.failed, 0, "a day that is due can be closed");
                None
            }
        }
    }

    async fn above(&self, deed: &Deed, url: &str) -> Option<Answer> {
        let (made, admin) = (&self.made, self.admin.clone().at(url));
        let pools = "/v1/admin/pools";
        let nation = made.nation;
        let moving = |doses: i32| json!({ "doses": doses, "reason": "x" });
        let (path, body) = match *deed {
            Deed::Receive(doses) => (format!("{pools}/{nation}/receipts"), moving(doses)),
            Deed::PassOn(at) => {
                let to = self.pool(at).await;
                let body = json!({ "to_pool_id": to, "doses": 10, "reason": "x" });
                (format!("{pools}/{nation}/transfers"), body)
            }
            Deed::SendBack(at) => {
                let from = self.pool(at).await;
                let body = json!({ "to_pool_id": nation, "doses": 10, "reason": "x" });
                (format!("{pools}/{from}/transfers"), body)
            }
            Deed::Grant(at) | Deed::Retract(at) => {
                let what = if matches!(deed, Deed::Grant(_)) { "grants" } else { "retractions" };
                let row = made.allocation(at, 1).allocation_id;
                (format!("/v1/admin/allocations/{row}/{what}"), moving(10))
            }
            Deed::Lose(at) => (format!("{pools}/{}/losses", self.pool(at).await), moving(10)),
            Deed::Correct(kind) => {
                let lines = admin.get("/v1/admin/movements?limit=1000").await.ok(200);
                let lines = lines["movements"].as_array().unwrap().clone();
                let line = lines.iter().rev().find(|line| line["kind"] == kind)?;
                let id = line["movement_id"].as_str().unwrap();
                (format!("/v1/admin/movements/{id}/correction"), moving(10))
            }
            Deed::Merge(from, into) => {
                let path = format!("/v1/admin/persons/{}/merge", made.people[from].person_id);
                let into = made.people[into].person_id;
                (path, json!({ "into_person_id": into, "reason": "x" }))
            }
            _ => return None,
        };
        Some(admin.post(&path, &body).await)
    }
}

/// What must never be.
#[derive(Debug, Default, PartialEq)]
struct Harm {
    /// Answers that say that something is wrong with the service.
    faults: Vec<String>,
    /// Doses that were received and are nowhere, or are somewhere and were not received.
    astray: i64,
    negative: i64,
    found: Vec<String>,
    /// Open, held, booked or spare on a day whose account is closed.
    left: i64,
    /// On a person who turned out to be somebody else.
    behind: i64,
}

/// Every dose that was received, less those that are in some bucket.
const ASTRAY: &str = "
    select coalesce((select sum(doses) filter (where kind = 20) - coalesce(sum(doses)
            filter (where kind = 26), 0) from movement), 0)::bigint
        - (select coalesce(sum(open + lost), 0) from pool)::bigint
        - (select coalesce(sum(open + held + booked + spare + given + lost), 0)
            from allocation)::bigint";
const NEGATIVE: &str = "
    select (select count(*) from allocation where least(open, held, booked, spare, given, lost) < 0)
        + (select count(*) from pool where least(open, passed_on, lost) < 0)";
const LEFT: &str = "
    select coalesce(sum(open + held + booked + spare), 0)::bigint
    from allocation join clinic_day_close using (clinic_id, on_date) where reopened_at is null";
const BEHIND: &str = "
    select (select count(*) from booking join person using (person_id)
            where merged_into is not null)
        + (select count(*) from exclusion join person using (person_id)
            where merged_into is not null and lifted_at is null)";

async fn play(stage: &Stage, history: &[Vec<Deed>]) -> Harm {
    let urls = [stage.app.url.clone(), stage.other.url.clone()];
    let number = async |sql: &'static str| -> i64 {
        query_scalar(sql).fetch_one(&stage.app.db).await.expect(sql)
    };
    let mut harm = Harm::default();
    for round in history {
        let deeds = round.iter().enumerate();
        let done = join_all(deeds.map(|(nth, deed)| stage.does(deed, &urls[nth % 2]))).await;
        for (deed, answer) in round.iter().zip(done) {
            let Some(answer) = answer else { continue };
            // While somebody is being merged nothing is done for them: that is no fault.
            let is_merged = round.iter().any(|deed| matches!(deed, Deed::Merge(..)));
            if answer.status >= 500 && !(is_merged && answer.code() == "unavailable") {
                harm.faults.push(format!("{deed:?}: {}", answer.text()));
            }
        }
        harm.astray += number(ASTRAY).await.abs();
        harm.negative += number(NEGATIVE).await;
        harm.left += number(LEFT).await;
        harm.behind += number(BEHIND).await;
        let found = verify(&stage.app.app.db).await.unwrap();
        harm.found.extend(found.into_iter().map(|found| found.of));
    }
    harm
}

#[test]
fn whatever_is_done_at_once_every_dose_is_somewhere() {
    let config = ProptestConfig {
        cases: 10,
        failure_persistence: None,
        max_shrink_iters: 30,
        ..Default::default()
    };
    let runtime = Runtime::new().unwrap();
    let outcome = TestRunner::new(config).run(&history(), |history| {
        let harm = runtime.block_on(async {
            let stage = Stage::set(decide).await;
            play(&stage, &history).await
        });
        prop_assert_eq!(harm, Harm::default(), "{:?}", history);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// One history in which each kind of movement happens: the random ones are drawn from the same
/// deeds.
#[tokio::test]
async fn one_day_has_every_kind_of_movement() {
    let stage = Stage::set(decide).await;
    let arrive = || json!({ "step": "arrive" });
    let unwell = json!({ "step": "not_vaccinated", "reason": "unwell" });
    let one = |deed: Deed| vec![deed];
    let history = [
        vec![Deed::Receive(50), Deed::Book(7, 0), Deed::Press(0, arrive())],
        vec![Deed::PassOn(0), Deed::GiveUp(7), Deed::Press(0, crate::visit::give())],
        vec![Deed::Undo(0), Deed::Press(1, json!({ "step": "no_show" })), Deed::CloseDue],
        vec![Deed::WalkIn(8, 0), Deed::Press(2, json!({ "step": "cancel" })), Deed::PassOn(1)],
        vec![Deed::UndoWalkIn(8), Deed::Press(3, arrive()), Deed::Grant(0)],
        vec![Deed::Doses(0, "offer_again", 1), Deed::Press(3, unwell), Deed::Retract(0)],
        vec![Deed::Doses(0, "withhold", 1), Deed::SendBack(1), Deed::Receive(20)],
        vec![Deed::Doses(0, "waste", 1), Deed::PassOn(0), Deed::Correct("receive")],
        one(Deed::Doses(0, "correct_waste", 1)),
        vec![Deed::Lose(0), Deed::Undo(3)],
        one(Deed::Correct("lose")),
        one(Deed::Press(0, crate::visit::give())),
        vec![Deed::Close(0), Deed::Merge(9, 10)],
        one(Deed::Reopen(0)),
        vec![Deed::Close(0), Deed::Merge(10, 4)],
    ];
    assert_eq!(play(&stage, &history).await, Harm::default());
    let kinds: Vec<i16> = query_scalar("select distinct kind from movement order by kind")
        .fetch_all(&stage.app.db)
        .await
        .unwrap();
    // Nothing holds doses for somebody who has not booked yet: 9 to 11 are for a later house.
    let unused = [Kind::Hold, Kind::Confirm, Kind::Release];
    let used = Kind::ALL.iter().filter(|kind| !unused.contains(kind));
    let missing: Vec<_> = used.filter(|kind| !kinds.contains(&kind.number())).collect();
    assert_eq!(missing, [&Kind::Receive; 0]);
}

/// The control: as if spare doses never ran out, and without the constraint behind that guard.
#[tokio::test]
async fn without_the_guard_on_spare_doses_a_history_leaves_a_bucket_below_zero() {
    let stage = Stage::set(unguarded::spare_doses).await;
    sqlx::raw_sql(unguarded::DROP_DOSES_CONSTRAINT).execute(&stage.app.db).await.unwrap();
    let harm = play(&stage, &[vec![Deed::WalkIn(7, 0), Deed::WalkIn(8, 1)]]).await;
    assert!(harm.negative > 0 && !harm.found.is_empty(), "{harm:?}");
    assert_eq!(harm.astray, 0, "two wrongs that cancel out are found by the sign");
}

/// The control: a dose that is taken out of a bucket behind the journal's back is missed.
#[tokio::test]
async fn a_dose_that_goes_astray_is_missed() {
    let stage = Stage::set(decide).await;
    assert_eq!(play(&stage, &[vec![]]).await, Harm::default());
    query("update allocation set open = open - 1, granted = granted - 1 where open > 5")
        .execute(&stage.app.db)
        .await
        .unwrap();
    let harm = play(&stage, &[vec![]]).await;
    assert!(harm.astray > 0 && !harm.found.is_empty(), "{harm:?}");
}
