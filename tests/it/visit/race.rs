//! Several people press at once, at two services on one database: random histories of every step,
//! of walk-ins and of doses that nobody was promised, beside persons who cancel from home. Whatever
//! comes first, doses are conserved, nobody is given what they must not have, and nobody is told of
//! a fault. The controls press the same with one guard removed.

use dosebook::{
    domain::{
        batch::{Decision, Locked, Request, decide},
        booking::State,
    },
    flows::discrepancy::verify,
};
use futures_util::future::join_all;
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use serde_json::json;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{Day, give};
use crate::support::{Client, TestApp, World, unguarded};

/// Those who are booked.
const PEOPLE: usize = 4;
/// Those who may come, some of them without a booking.
const EVERYBODY: usize = 6;

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
    /// The person is given a dose without a booking, whatever they have booked.
    WalkIn,
    /// That was wrong.
    UndoWalkIn,
    /// What is done with so many doses that nobody was promised.
    Doses(&'static str, i32),
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
        4 => Just(Press::WalkIn),
        1 => Just(Press::UndoWalkIn),
        5 => (select(vec!["offer_again", "withhold", "waste", "correct_waste"]), 1..3)
            .prop_map(|(action, doses)| Press::Doses(action, doses)),
    ];
    (0..EVERYBODY, press)
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
    /// What was done with people that must not be done.
    wrong: Vec<String>,
}

/// Given to somebody who had not arrived, missed or sent away though it was the other way round,
/// given to somebody who must not have it.
const WRONG: &str = "
    with here as (
        select booking_id from visit_step a where kind = 1
            and not exists (select from visit_step u where u.undoes = a.step_id)),
    visit as (
        select b.*, exists (select from here h where h.booking_id = b.booking_id) as is_here
        from booking b where channel <> 3)
    select 'given to nobody' from visit where state = 2 and not is_here
    union all
    select 'not vaccinated, and not there' from visit where not_given is not null and not is_here
    union all
    select 'missed, and there' from visit
    where (state = 3 or state = 4 and not_given is null) and is_here
    union all
    select 'given in spite of what was found' from booking b
    join exclusion e using (person_id, course_id)
    where b.state = 2 and e.reason = 3 and e.lifted_at is null";

async fn press_one(day: &Day, url: &str, (person, press): (usize, Press)) -> u16 {
    let staff = day.staff.clone().at(url);
    if let Press::WalkIn | Press::UndoWalkIn | Press::Doses(..) = press {
        return press_beside(day, &staff, (person, press)).await;
    }
    let Some(path) = day.bookings.get(person).map(|_| day.path(person)) else { return 200 };
    let body = match press {
        Press::Arrive => json!({ "step": "arrive" }),
        Press::Give => give(),
        Press::NoShow => json!({ "step": "no_show" }),
        Press::NotVaccinated => json!({ "step": "not_vaccinated", "reason": "contraindicated" }),
        Press::Cancel => json!({ "step": "cancel" }),
        Press::Undo => return undo_last(&staff, &path).await,
        Press::WalkIn | Press::UndoWalkIn | Press::Doses(..) => return 200,
        Press::CancelOwn => {
            let me = day.app.citizen(&day.made.people[person]).at(url);
            return me.delete_booking(day.bookings[person]).await.status;
        }
    };
    staff.put(&format!("{path}/steps/{}", Uuid::now_v7()), &body).await.status
}

async fn undo_last(staff: &Client, path: &str) -> u16 {
    let seen = staff.get(path).await.ok(200);
    let mut steps = seen["steps"].as_array().unwrap().iter().rev();
    let last = steps.find(|step| step["is_undone"] == false && step["step"] != "undo");
    let Some(last) = last else { return 200 };
    let body = json!({ "step": "undo", "undoes": last["step_id"] });
    staff.put(&format!("{path}/steps/{}", Uuid::now_v7()), &body).await.status
}

/// A press that is about no booking that was there in the morning.
async fn press_beside(day: &Day, staff: &Client, (person, press): (usize, Press)) -> u16 {
    let (made, clinic) = (&day.made, day.made.clinics[0]);
    let person_id = made.people[person].person_id;
    match press {
        Press::WalkIn => {
            let body = json!({
                "person_id": person_id, "campaign_id": made.campaign_id,
                "product_id": made.product_id, "site": "left_arm", "lot": "EW0182",
                "answers": ["identity", "screening"],
            });
            let path = format!("/v1/clinics/{clinic}/walk-ins/{}", Uuid::now_v7());
            staff.put(&path, &body).await.status
        }
        Press::UndoWalkIn => {
            let sql = "select booking_id from booking
                       where person_id = $1 and channel = 3 and state = 2";
            let found: Option<Uuid> = sqlx::query_scalar(sql)
                .bind(person_id.0)
                .fetch_optional(&day.app.db)
                .await
                .unwrap();
            let Some(id) = found else { return 200 };
            undo_last(staff, &format!("/v1/clinics/{clinic}/bookings/{id}")).await
        }
        Press::Doses(action, doses) => {
            let allocation_id = made.allocations[0].allocation_id;
            let sql = "select on_date::text from allocation where allocation_id = $1";
            let date: String =
                sqlx::query_scalar(sql).bind(allocation_id.0).fetch_one(&day.app.db).await.unwrap();
            let body = json!({
                "action": action, "allocation_id": allocation_id, "doses": doses, "reason": "x",
            });
            let path = format!("/v1/clinics/{clinic}/days/{date}/doses");
            staff.post_once(Uuid::now_v7(), &path, &body).await.status
        }
        _ => 200,
    }
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
        let wrong: Vec<String> = sqlx::query_scalar(WRONG).fetch_all(&day.app.db).await.unwrap();
        harm.wrong.extend(wrong);
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

/// As if everybody who is booked were there.
fn without_arrival(mut locked: Locked, requests: &[Request]) -> Decision {
    let now = locked.now;
    for booking in locked.bookings.values_mut() {
        booking.arrived_at = Some(now);
    }
    decide(locked, requests)
}

/// As if nobody had arrived.
fn without_check_in(mut locked: Locked, requests: &[Request]) -> Decision {
    for booking in locked.bookings.values_mut() {
        booking.arrived_at = None;
    }
    decide(locked, requests)
}

/// As if no clinic had found anything.
fn without_exclusions(mut locked: Locked, requests: &[Request]) -> Decision {
    for person in locked.people.values_mut() {
        person.exclusions.clear();
    }
    decide(locked, requests)
}

/// As if the bookings that are pressed were the only ones.
fn without_others(mut locked: Locked, requests: &[Request]) -> Decision {
    let is_pressed = |id| {
        requests.iter().any(|request| match request {
            Request::Visit(visit) => visit.press.booking_id == id,
            _ => true,
        })
    };
    locked.bookings.retain(|id, _| is_pressed(*id));
    decide(locked, requests)
}

#[tokio::test]
async fn control_without_the_guard_on_the_arrival_doses_are_given_to_nobody() {
    let day = unguarded(without_arrival).await;
    let history = [vec![(0, Press::Give)], vec![(1, Press::NotVaccinated)]];
    let wrong = play(&day, &history).await.wrong;
    assert!(wrong.contains(&"given to nobody".to_owned()), "{wrong:?}");
    assert!(wrong.contains(&"not vaccinated, and not there".to_owned()), "{wrong:?}");
}

#[tokio::test]
async fn control_without_the_guard_on_the_check_in_somebody_who_is_there_is_missed() {
    let day = unguarded(without_check_in).await;
    let history = [vec![(0, Press::Arrive)], vec![(0, Press::NoShow)]];
    let wrong = play(&day, &history).await.wrong;
    assert_eq!(wrong, ["missed, and there"]);
}

#[tokio::test]
async fn control_without_the_guard_on_what_was_found_a_dose_is_given_in_spite_of_it() {
    let day = unguarded(without_exclusions).await;
    let history =
        [vec![(0, Press::Arrive)], vec![(0, Press::NotVaccinated)], vec![(0, Press::WalkIn)]];
    let wrong = play(&day, &history).await.wrong;
    assert_eq!(wrong, ["given in spite of what was found"]);
}

#[tokio::test]
async fn control_without_the_guard_on_the_same_dose_a_person_has_it_twice() {
    let day = unguarded(without_others).await;
    let drop = unguarded::DROP_PERSON_CONSTRAINT;
    sqlx::raw_sql(drop).execute(&day.app.db).await.unwrap();
    let history = [
        vec![(0, Press::NoShow), (1, Press::NoShow)],
        vec![(0, Press::WalkIn)],
        vec![(0, Press::Undo)],
    ];
    let harm = play(&day, &history).await;
    assert!(!harm.found.is_empty(), "{harm:?}");
}
