//! Several people press at once, at two services on one database: random histories of every step,
//! beside persons who cancel from home. Whatever comes first, doses are conserved and nobody is
//! told of a fault. The controls press the same with one guard removed.

use dosebook::{
    domain::{
        batch::{Decision, Locked, Request, decide},
        booking::State,
    },
    flows::discrepancy::verify,
};
use futures_util::future::join_all;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{Day, give};
use crate::support::{TestApp, World};

const PEOPLE: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Press {
    Arrive,
    Give,
    NoShow,
    NotVaccinated,
    Cancel,
    /// Of the last step that stands when it is pressed.
    Undo,
    /// By the person, from home.
    CancelOwn,
}

fn press() -> impl Strategy<Value = (usize, Press)> {
    let press = prop_oneof![
        3 => Just(Press::Arrive),
        4 => Just(Press::Give),
        2 => Just(Press::NoShow),
        2 => Just(Press::NotVaccinated),
        1 => Just(Press::Cancel),
        4 => Just(Press::Undo),
        1 => Just(Press::CancelOwn),
    ];
    (0..PEOPLE, press)
}

/// Presses in rounds: those of one round are made at once.
fn history() -> impl Strategy<Value = Vec<Vec<(usize, Press)>>> {
    prop::collection::vec(prop::collection::vec(press(), 1..10), 1..6)
}

/// What a history did that must never be.
#[derive(Debug, Default, PartialEq)]
struct Harm {
    /// Answers that say that something is wrong with the service.
    faults: Vec<u16>,
    /// Doses that were there before and are not, or the other way round.
    lost: i32,
    negative: bool,
    found: Vec<String>,
}

async fn press_one(day: &Day, url: &str, (person, press): (usize, Press)) -> u16 {
    let staff = day.staff.clone().at(url);
    let path = day.path(person);
    let body = match press {
        Press::Arrive => json!({ "step": "arrive" }),
        Press::Give => give(),
        Press::NoShow => json!({ "step": "no_show" }),
        Press::NotVaccinated => json!({ "step": "not_vaccinated", "reason": "contraindicated" }),
        Press::Cancel => json!({ "step": "cancel" }),
        Press::Undo => {
            let seen = staff.get(&path).await.ok(200);
            let mut steps = seen["steps"].as_array().unwrap().iter().rev();
            let last = steps.find(|step| step["is_undone"] == false && step["step"] != "undo");
            let Some(last) = last else { return 200 };
            json!({ "step": "undo", "undoes": last["step_id"] })
        }
        Press::CancelOwn => {
            let me = day.app.citizen(&day.made.people[person]).at(url);
            return me.delete_booking(day.bookings[person]).await.status;
        }
    };
    staff.put(&format!("{path}/steps/{}", Uuid::now_v7()), &body).await.status
}

async fn play(day: &Day, history: &[Vec<(usize, Press)>]) -> Harm {
    let other = day.app.another().await;
    let urls = [day.app.url.clone(), other.url.clone()];
    let before: i32 = day.doses().await.iter().sum();
    let mut harm = Harm::default();
    for round in history {
        let presses = round.iter().enumerate();
        let presses = presses.map(|(nth, press)| press_one(day, &urls[nth % 2], *press));
        let statuses = join_all(presses).await;
        harm.faults.extend(statuses.into_iter().filter(|status| *status >= 500));
        let doses = day.doses().await;
        harm.lost += (doses.iter().sum::<i32>() - before).abs();
        harm.negative |= doses.iter().any(|doses| *doses < 0);
        let found = verify(&day.app.app.db).await.unwrap();
        harm.found.extend(found.into_iter().map(|found| found.of));
    }
    harm
}

#[test]
fn whatever_is_pressed_at_once_conserves_every_dose() {
    let config = ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() };
    let runtime = Runtime::new().unwrap();
    let outcome = TestRunner::new(config).run(&history(), |history| {
        let harm = runtime.block_on(async {
            let day = Day::begin(PEOPLE).await;
            play(&day, &history).await
        });
        prop_assert_eq!(harm, Harm::default(), "{:?}", history);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// As if every booking that is pressed stood, whatever became of it.
fn without_state(mut locked: Locked, requests: &[Request]) -> Decision {
    for booking in locked.bookings.values_mut() {
        booking.state = State::Booked;
        booking.not_given = None;
    }
    decide(locked, requests)
}

/// As if spare doses never ran out.
fn without_spare(mut locked: Locked, requests: &[Request]) -> Decision {
    for allocation in locked.allocations.values_mut().flatten() {
        allocation.spare += 1;
    }
    decide(locked, requests)
}

async fn unguarded(decide: dosebook::domain::batch::Decide) -> Day {
    let app = TestApp::with().decide(decide).start().await;
    let world = World::new().clinics(2).days(3).cancel_until_hours(0);
    Day::begin_on(app, world, PEOPLE).await
}

#[tokio::test]
async fn control_without_the_guard_on_the_state_a_dose_is_given_and_missed() {
    let day = unguarded(without_state).await;
    let history = [
        vec![(0, Press::Arrive), (1, Press::NoShow)],
        vec![(0, Press::Give)],
        vec![(0, Press::NotVaccinated), (1, Press::Cancel)],
    ];
    let harm = play(&day, &history).await;
    assert!(!harm.found.is_empty(), "{harm:?}");
}

#[tokio::test]
async fn control_without_the_guard_on_spare_doses_one_comes_back_that_is_gone() {
    let day = unguarded(without_spare).await;
    let missed = day.step(0, json!({ "step": "no_show" })).await;
    sqlx::raw_sql(
        "alter table allocation drop constraint allocation_no_negative_check;
         update allocation set spare = spare - 1, lost = lost + 1 where spare > 0;
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
             select 8, 4, 6, 1, allocation_id, 4 from allocation where lost > 0",
    )
    .execute(&day.app.db)
    .await
    .unwrap();
    let back = day.press(0, super::undo(missed)).await;
    assert_eq!(back.status, 201, "a guarded service says that the dose is gone");
    assert!(day.doses().await.iter().any(|doses| *doses < 0));
}
