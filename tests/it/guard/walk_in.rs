//! The guards of a dose for somebody without a booking.

use chrono::{DateTime, TimeDelta, Utc};
use dosebook::domain::{
    CampaignId, ClinicId, CourseId, Detail, SlotId,
    batch::{Decision, Locked, Request, decide},
    campaign,
    day_policy::WalkIn,
    person_state::{Access, PersonState},
    rule_set::Rules,
    slot::Slot,
    staff_booking::Form,
    visit::Warning,
    walk_in::{Facts, Scene},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{day, harms, raise_age, refused, without_age, without_interval};
use crate::{support::Answer, visit::Day};

/// Makes so many of the day's open doses spare.
pub async fn spare(day: &Day, doses: i32) {
    let sql = "with moved as (
            update allocation set open = open - $2, spare = spare + $2 where allocation_id = $1)
        insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
        values (15, 1, 4, $2, $1, 4)";
    let id = day.made.allocations[0].allocation_id.0;
    sqlx::query(sql).bind(id).bind(doses).execute(&day.app.db).await.expect("spare doses");
}

fn body(day: &Day, person: usize) -> Value {
    json!({
        "person_id": day.made.people[person].person_id, "campaign_id": day.made.campaign_id,
        "product_id": day.made.product_id, "site": "left_arm", "lot": "EW0182",
        "answers": ["identity", "screening"],
    })
}

/// Presses "given" for somebody without a booking.
pub async fn give(day: &Day, person: usize) -> Answer {
    give_as(day, &body(day, person)).await
}

async fn give_as(day: &Day, body: &Value) -> Answer {
    let path = format!("/v1/clinics/{}/walk-ins/{}", day.made.clinics[0], Uuid::now_v7());
    day.staff.put(&path, body).await
}

/// As if no day were closed.
fn without_closing(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.walk_ins.values_mut().for_each(|facts| facts.closed_at = None);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_a_closed_day_a_walk_in_is_given_its_doses() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_closing, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        let sql = "insert into clinic_day_close (clinic_id, on_date, expected, given,
                not_vaccinated, no_shows, cancelled, not_recorded, walk_ins, granted, lost,
                returned, kept)
            select $1, (now() at time zone 'Asia/Seoul')::date, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
        sqlx::query(sql).bind(day.made.clinics[0].0).execute(&day.app.db).await.unwrap();
        let answer = give(&day, 0).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "step_refused", "day_accounted")),
            false => assert_eq!(answer.ok(201)["state"], "given"),
        }
    }
}

/// As if every campaign wanted everybody.
fn without_policy(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.walk_ins.values_mut().for_each(|facts| facts.policy = WalkIn::Anybody);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_the_policy_a_campaign_for_bookings_only_has_walk_ins() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_policy, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        sqlx::query("update campaign set walk_in = 1").execute(&day.app.db).await.unwrap();
        let answer = give(&day, 0).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "step_refused", "no_walk_ins")),
            false => assert_eq!(answer.ok(201)["state"], "given"),
        }
    }
}

/// As if no clinic had closed a slot.
fn without_slot_state(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.slots.values_mut().for_each(|slot| slot.is_closed = false);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_closed_slots_a_clinic_that_is_shut_has_walk_ins() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_slot_state, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        sqlx::query("update slot set is_closed = true").execute(&day.app.db).await.unwrap();
        let answer = give(&day, 0).await;
        match is_kept {
            true => assert_eq!(refused(&answer).1, "slot_closed"),
            false => assert_eq!(answer.ok(201)["state"], "given"),
        }
    }
}

#[tokio::test]
async fn without_the_guard_on_age_a_walk_in_is_too_young() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_age, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        raise_age(&day.app.db).await;
        let answer = give(&day, 0).await;
        if is_kept {
            assert_eq!(refused(&answer).1, "not_eligible");
            assert_eq!(answer.body["reasons"][0]["code"], "too_young", "{}", answer.text());
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["too young"]);
        }
    }
}

/// As if every record were open.
fn without_access(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.people.values_mut().for_each(|person| person.access = Access::Open);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_the_record_a_walk_in_is_somebody_who_is_dead() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_access, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        let sql = "update person set mark = 'deceased' where person_id = $1";
        let id = day.made.people[0].person_id.0;
        sqlx::query(sql).bind(id).execute(&day.app.db).await.unwrap();
        let answer = give(&day, 0).await;
        if is_kept {
            assert_eq!(refused(&answer), (403, "not_eligible", "record_closed"));
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["given to somebody whose record is closed"]);
        }
    }
}

/// As if everything had been asked.
fn without_questions(locked: Locked, requests: &[Request]) -> Decision {
    let changed = requests.iter().map(|request| match request {
        Request::BookFor(asked) => {
            let mut asked = asked.clone();
            if let Form::WalkIn(given) = &mut asked.form {
                given.answers = Warning::ALL.to_vec();
            }
            Request::BookFor(asked)
        }
        other => other.clone(),
    });
    decide(locked, &changed.collect::<Vec<_>>())
}

#[tokio::test]
async fn without_the_guard_on_answers_a_walk_in_is_given_a_dose_unasked() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_questions, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        let mut body = body(&day, 0);
        body["answers"] = json!([]);
        let answer = give_as(&day, &body).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "answers_needed", "unanswered")),
            false => assert_eq!(answer.ok(201)["state"], "given"),
        }
    }
}

#[tokio::test]
async fn without_the_guard_on_later_doses_a_walk_in_has_the_first_too_close_to_the_second() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_interval, false)] {
        let day = day(guard, 0).await;
        spare(&day, 1).await;
        super::dose::book_raw(&day, (0, 2), day.made.slot(0, 2, 0)).await;
        let answer = give(&day, 0).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "later_dose_booked", "later_dose")),
            false => assert_eq!(answer.ok(201)["state"], "given"),
        }
        assert_eq!(harms(&day).await.contains(&"too soon".to_owned()), !is_kept);
    }
}

/// The service looks for the slot of today before it asks: only around midnight is it another day's
/// when the press is decided.
#[test]
fn a_walk_in_who_came_before_midnight_is_not_given_a_dose_of_the_day_before() {
    let now: DateTime<Utc> = "2021-08-02T03:00:00Z".parse().unwrap();
    let zone = chrono_tz::Asia::Seoul;
    let rules = Rules {
        campaign_id: CampaignId(1),
        version: 1,
        course_id: CourseId(1),
        dose_number: 1,
        opens_at: now,
        closes_at: now,
        cancel_until_hours: 0,
        bookings_per_day: 5,
        zone,
        cohorts: vec![],
        tranches: vec![],
        products: vec![],
    };
    let slot = Slot {
        slot_id: SlotId::of(ClinicId(7), 3),
        on_date: "2021-08-02".parse().unwrap(),
        starts_at: now,
        ends_at: now + TimeDelta::hours(1),
        seats: 1,
        taken: 0,
        is_closed: false,
    };
    let policy = WalkIn::Register;
    let facts = Facts { zone, closed_at: None, last_starts_at: None, policy, may_be_double: false };
    let at = |now| {
        let (state, person) = (campaign::State::Open, &PersonState::default());
        let scene = Scene { rules: &rules, state, person, slot: &slot, facts: &facts, now };
        scene.can_give().map_err(|refusal| refusal.detail)
    };
    let midnight: DateTime<Utc> = "2021-08-02T15:00:00Z".parse().unwrap();
    assert_eq!(at(midnight - TimeDelta::seconds(1)), Ok(()), "the control");
    let today = "2021-08-03".parse().unwrap();
    assert_eq!(at(midnight), Err(Detail::NotToday { on_date: slot.on_date, today }));
}
