//! The guards of a press at a clinic.

use dosebook::{
    domain::{
        Code, StepId,
        actor::Actor,
        batch::{Decision, Locked, Request, Visit, decide},
        booking::State,
        calendar::local_date,
        person_state::Access,
        visit::{Act, Press, StepKind, Warning},
    },
    flows::lane::transaction::{self, KnownRules, Locks},
};
use serde_json::json;
use uuid::Uuid;

use super::{day, harms, raise_age, refused, without_age, without_interval};
use crate::{
    support::unguarded::{DROP_SEATS_CONSTRAINT, seats},
    visit::{Day, give, undo},
};

/// Decides as the service does, after each press was changed.
fn with_presses(locked: Locked, requests: &[Request], change: impl Fn(&mut Press)) -> Decision {
    let changed = requests.iter().map(|request| match request {
        Request::Visit(visit) => {
            let mut visit = visit.clone();
            change(&mut visit.press);
            Request::Visit(visit)
        }
        other => other.clone(),
    });
    decide(locked, &changed.collect::<Vec<_>>())
}

async fn arrive(day: &Day, person: usize) {
    day.step(person, json!({ "step": "arrive" })).await;
}

/// Closes the day by hand; whatever is left goes where the policy says.
async fn close(day: &Day) {
    let path = format!(
        "/v1/clinics/{}/days/{}/close",
        day.made.clinics[0],
        day.look(0).await["today"].as_str().unwrap()
    );
    let request = day.staff.request(reqwest::Method::POST, &path);
    request.header("if-match", "*").json(&json!({})).send().await.ok(200);
}

/// As if no day were closed.
fn without_closing(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.visits.values_mut().for_each(|facts| facts.closed_at = None);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_a_closed_day_its_doses_move() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_closing, false)] {
        let day = day(guard, 1).await;
        arrive(&day, 0).await;
        let given = day.step(0, give()).await;
        close(&day).await;
        let answer = day.press(0, undo(given)).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "day_accounted"));
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_ne!(harms(&day).await, [""; 0], "a closed day has a promised dose");
        }
    }
}

/// As if every day were today.
fn without_today(mut locked: Locked, requests: &[Request]) -> Decision {
    let today = local_date(locked.now, chrono_tz::Asia::Seoul);
    locked.bookings.values_mut().for_each(|booking| booking.on_date = today);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_today_somebody_arrives_on_another_day() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_today, false)] {
        let mut day = day(guard, 0).await;
        let id = Uuid::now_v7();
        let body = day.made.booking(day.made.slot(0, 2, 0));
        day.app.citizen(&day.made.people[0]).put_booking(id, &body).await.ok(201);
        day.bookings.push(id);
        let answer = day.press(0, json!({ "step": "arrive" })).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "not_today"));
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["pressed on another day"]);
        }
    }
}

/// As if every slot had begun.
fn without_start(mut locked: Locked, requests: &[Request]) -> Decision {
    let now = locked.now;
    locked.bookings.values_mut().for_each(|booking| booking.starts_at = now);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_the_start_somebody_is_missed_who_may_still_come() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_start, false)] {
        let day = day(guard, 1).await;
        super::begin_later(&day).await;
        let answer = day.press(0, json!({ "step": "no_show" })).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "appointment_ahead"));
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["missed before it began"]);
        }
    }
}

#[tokio::test]
async fn without_the_guard_on_age_a_dose_is_given_to_somebody_too_young() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_age, false)] {
        let day = day(guard, 1).await;
        arrive(&day, 0).await;
        raise_age(&day.app.db).await;
        let answer = day.press(0, give()).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "unmet_rule"));
            assert_eq!(answer.body["reasons"][0]["code"], "too_young", "{}", answer.text());
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["too young"]);
        }
    }
}

/// The booking is for dose 2, and dose 1 was had elsewhere yesterday.
async fn had_yesterday(day: &Day) {
    let sql = "with second as (update booking set dose_number = 2 where booking_id = $1
            returning person_id, course_id, booking_id, slot_id),
        by as (select min(staff_user_id) as id from staff_user),
        known as (update person set is_excluded = true
            where person_id in (select person_id from second))
        insert into exclusion (person_id, course_id, dose_number, reason, booking_id, had_on,
            staff_user_id)
        select person_id, course_id, 1, 4, booking_id, s.on_date - 1, by.id
        from second join slot s using (slot_id), by";
    sqlx::query(sql).bind(day.bookings[0]).execute(&day.app.db).await.unwrap();
}

#[tokio::test]
async fn without_the_guard_on_the_interval_a_dose_is_given_too_soon() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_interval, false)] {
        let day = day(guard, 1).await;
        had_yesterday(&day).await;
        arrive(&day, 0).await;
        let answer = day.press(0, give()).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "unmet_rule"));
            assert_eq!(answer.body["reasons"][0]["code"], "interval_too_short");
        } else {
            answer.ok(201);
        }
        let too_soon = "too soon after one had elsewhere".to_owned();
        assert_eq!(harms(&day).await.contains(&too_soon), !is_kept);
    }
}

/// As if everybody were well.
fn without_deferral(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.people.values_mut().for_each(|person| person.exclusions.clear());
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_the_unwell_a_dose_is_given_before_the_day() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_deferral, false)] {
        let day = day(guard, 2).await;
        arrive(&day, 0).await;
        let today = day.look(0).await["today"].as_str().unwrap().parse::<chrono::NaiveDate>();
        let until = today.unwrap() + chrono::Days::new(3);
        let body = json!({ "step": "not_vaccinated", "reason": "unwell", "until": until });
        day.step(0, body).await;
        super::walk_in::spare(&day, 1).await;
        let answer = super::walk_in::give(&day, 0).await;
        if is_kept {
            assert_eq!(refused(&answer), (403, "not_eligible", "unmet_rule"));
            assert_eq!(answer.body["reasons"][0]["code"], "deferred");
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["given before they were well"]);
        }
    }
}

/// As if every record were open.
fn without_access(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.people.values_mut().for_each(|person| person.access = Access::Open);
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_the_record_a_dose_is_given_to_somebody_who_is_dead() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_access, false)] {
        let day = day(guard, 1).await;
        arrive(&day, 0).await;
        sqlx::query("update person set mark = 'deceased' where person_id = $1")
            .bind(day.made.people[0].person_id.0)
            .execute(&day.app.db)
            .await
            .unwrap();
        let answer = day.press(0, give()).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "record_closed"));
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["given to somebody whose record is closed"]);
        }
    }
}

/// As if everything had been asked.
fn without_questions(locked: Locked, requests: &[Request]) -> Decision {
    with_presses(locked, requests, |press| press.answers = Warning::ALL.to_vec())
}

#[tokio::test]
async fn without_the_guard_on_answers_a_dose_is_given_unasked() {
    let body = json!({ "step": "give", "site": "left_arm", "lot": "EW0182" });
    for (guard, is_kept) in [(decide as super::Decide, true), (without_questions, false)] {
        let day = day(guard, 1).await;
        arrive(&day, 0).await;
        let answer = day.press(0, body.clone()).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "answers_needed", "unanswered")),
            false => assert_eq!(answer.ok(201)["booking"]["state"], "given"),
        }
    }
}

/// As if nobody had said when they were born.
fn without_birth_date(locked: Locked, requests: &[Request]) -> Decision {
    with_presses(locked, requests, |press| press.birth_date = None)
}

#[tokio::test]
async fn without_the_guard_on_the_birth_date_a_dose_is_given_to_somebody_else() {
    let mut body = give();
    body["birth_date"] = json!("1955-05-05");
    for (guard, is_kept) in [(decide as super::Decide, true), (without_birth_date, false)] {
        let day = day(guard, 1).await;
        arrive(&day, 0).await;
        let answer = day.press(0, body.clone()).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "step_refused", "birth_date_differs")),
            false => assert_eq!(answer.ok(201)["booking"]["state"], "given"),
        }
    }
}

/// As if what is taken back were the only step.
fn without_order(mut locked: Locked, requests: &[Request]) -> Decision {
    for request in requests {
        let Request::Visit(visit) = request else { continue };
        let Act::Undo { of } = visit.press.act else { continue };
        let key = (visit.press.booking_id, visit.press.step_id);
        if let Some(facts) = locked.visits.get_mut(&key) {
            facts.steps.retain(|step| step.step_id == of);
        }
        if let Some(booking) = locked.bookings.get_mut(&visit.press.booking_id) {
            (booking.state, booking.ended_at) = (State::Booked, None);
        }
    }
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_the_order_an_arrival_is_taken_back_under_a_given_dose() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_order, false)] {
        let day = day(guard, 1).await;
        let arrived = day.step(0, json!({ "step": "arrive" })).await;
        day.step(0, give()).await;
        let answer = day.press(0, undo(arrived)).await;
        if is_kept {
            assert_eq!(refused(&answer), (409, "step_refused", "newer_step"));
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_ne!(harms(&day).await, [""; 0], "a dose that was given to nobody");
        }
    }
}

/// As if every cancellation had been late.
fn without_time_limit(mut locked: Locked, requests: &[Request]) -> Decision {
    for facts in locked.visits.values_mut() {
        let late = locked.now + chrono::TimeDelta::days(99);
        facts.steps.iter_mut().for_each(|step| step.at = late);
    }
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_early_cancellations_a_spare_dose_goes_to_whoever_gave_theirs_back() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_time_limit, false)] {
        let mut day = day(guard, 2).await;
        let id = Uuid::now_v7();
        let body = day.made.booking(day.made.slot(0, 2, 0));
        day.app.citizen(&day.made.people[3]).put_booking(id, &body).await.ok(201);
        day.bookings.push(id);
        let cancelled = day.step(2, json!({ "step": "cancel" })).await;
        let spare = "update allocation set open = open - 1, spare = spare + 1 where open > 0";
        sqlx::query(spare).execute(&day.app.db).await.unwrap();
        let answer = day.press(2, undo(cancelled)).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "step_refused", "cancelled_in_time")),
            false => assert_eq!(answer.ok(201)["booking"]["state"], "booked"),
        }
    }
}

#[tokio::test]
async fn without_the_guard_on_seats_one_is_taken_twice_by_what_is_taken_back() {
    for (guard, is_kept) in [(decide as super::Decide, true), (seats, false)] {
        let day = day(guard, 1).await;
        let missed = day.step(0, json!({ "step": "no_show" })).await;
        sqlx::raw_sql(DROP_SEATS_CONSTRAINT).execute(&day.app.db).await.unwrap();
        let full = "update slot set seats = taken";
        sqlx::query(full).execute(&day.app.db).await.unwrap();
        let answer = day.press(0, undo(missed)).await;
        if is_kept {
            assert_eq!(refused(&answer).1, Code::SeatTaken.slug());
            assert_eq!(harms(&day).await, [""; 0]);
        } else {
            answer.ok(201);
            assert_eq!(harms(&day).await, ["a seat too many", "slot.seats"]);
        }
    }
}

/// As if no id had been used for another booking.
fn without_step_ids(mut locked: Locked, requests: &[Request]) -> Decision {
    locked.strange_steps.clear();
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_step_ids_the_database_refuses_what_nobody_was_told() {
    let day = day(decide, 2).await;
    let step_id = day.step(0, json!({ "step": "arrive" })).await;
    let press = Press {
        step_id: StepId(step_id),
        clinic_id: day.made.clinics[0],
        booking_id: day.bookings[1].into(),
        act: Act::Arrive,
        answers: vec![],
        birth_date: None,
        note: None,
        by: Actor::Service,
    };
    let request = [Request::Visit(Visit { press, booking: None }.into())];
    let mut conn = day.app.app.db.connect("guard").await.unwrap();
    let mut known = KnownRules::default();
    let done = transaction::run(&mut conn, &mut known, decide, &request, Locks::Wait).await;
    assert_eq!(done.unwrap().outcomes[0].name(), "step_id_reused");
    let run = transaction::run(&mut conn, &mut known, without_step_ids, &request, Locks::Wait);
    let error = run.await.unwrap_err();
    let violated = error.as_database_error().and_then(|error| error.constraint());
    assert_eq!(violated, Some("visit_step_pkey"));
    assert_eq!(harms(&day).await, [""; 0]);
}

/// As if a booking that staff made were an arrival.
fn without_kind(mut locked: Locked, requests: &[Request]) -> Decision {
    for facts in locked.visits.values_mut() {
        for step in facts.steps.iter_mut().filter(|step| step.kind == StepKind::Assist) {
            step.kind = StepKind::Arrive;
        }
    }
    decide(locked, requests)
}

#[tokio::test]
async fn without_the_guard_on_kinds_a_booking_of_staff_is_taken_back_and_stands() {
    for (guard, is_kept) in [(decide as super::Decide, true), (without_kind, false)] {
        let mut day = day(guard, 0).await;
        let id = Uuid::now_v7();
        let body = json!({
            "person_id": day.made.people[0].person_id, "campaign_id": day.made.campaign_id,
            "product_id": day.made.product_id, "slot_id": day.made.slot(0, 2, 0).slot_id,
            "reason": "Called", "consent": "person",
        });
        let path = format!("/v1/clinics/{}/assisted-bookings/{id}", day.made.clinics[0]);
        day.staff.put(&path, &body).await.ok(201);
        day.bookings.push(id);
        let answer = day.press(0, undo(StepId(id).0)).await;
        match is_kept {
            true => assert_eq!(refused(&answer), (409, "step_refused", "step_not_undone")),
            false => assert_eq!(answer.ok(201)["booking"]["state"], "booked", "taken back"),
        }
    }
}
