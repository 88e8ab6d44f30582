//! Every guard of the clinic's day, taken away once: what it keeps from happening then happens, and
//! is seen. Beside each stands the same press with the guard, which is refused. The table of guards
//! is docs/guards.md.

mod bad_input;
mod close;
mod dose;
mod table;
mod visit;
mod walk_in;

use dosebook::{
    domain::{
        batch::{Decide, Decision, Locked, Request},
        product::Product,
        rule_set::Rules,
    },
    flows::discrepancy::verify,
};
use sqlx::PgPool;

use crate::{
    support::{Answer, TestApp, World},
    visit::Day,
};

/// People who are booked in the first slot of a day that has begun, at a service that decides so.
async fn day(decide: Decide, people: usize) -> Day {
    let app = TestApp::with().decide(decide).start().await;
    Day::begin_on(app, world(), people).await
}

fn world() -> World {
    World::new().clinics(2).days(3).cancel_until_hours(0)
}

/// What was done with people that must not be done, whoever did it. Each guard keeps one of these
/// from happening.
const HARMS: &str = "
    with dose as (
        select b.*, s.on_date, s.starts_at, p.birth_date, p.mark, d.age_months_min,
            d.interval_days_min
        from booking b join slot s using (slot_id) join person p using (person_id)
        join product d on d.product_id = b.product_id),
    step as (select v.*, s.on_date, s.starts_at, c.zone from visit_step v
        join booking b using (booking_id) join slot s using (slot_id)
        join clinic c using (clinic_id))
    select 'pressed on another day' from step
    where kind in (1, 2, 7) and (at at time zone zone)::date <> on_date
    union all
    select 'missed before it began' from step where kind = 3 and at < starts_at
    union all
    select 'too young' from dose
    where state = 2 and birth_date + make_interval(months => age_months_min) > on_date
    union all
    select 'too soon' from dose a join dose b using (person_id, course_id)
    where b.dose_number = a.dose_number + 1 and a.state in (1, 2, 5) and b.state in (1, 2, 5)
        and b.on_date < a.on_date + b.interval_days_min
    union all
    select 'too soon after one had elsewhere' from dose b join exclusion e
        using (person_id, course_id)
    where b.state = 2 and e.dose_number = b.dose_number - 1 and e.lifted_at is null
        and b.on_date < e.had_on + b.interval_days_min
    union all
    select 'a second without a first' from dose b
    where dose_number = 2 and state in (1, 2, 5) and not exists (
        select from dose a where (a.person_id, a.course_id) = (b.person_id, b.course_id)
            and a.dose_number = 1 and a.state in (1, 2, 5))
    union all
    select 'the second given and the first not' from dose b
    where dose_number = 2 and state = 2 and exists (
        select from dose a where (a.person_id, a.course_id) = (b.person_id, b.course_id)
            and a.dose_number = 1 and a.state in (1, 5))
    union all
    select 'given before they were well' from dose b join exclusion e using (person_id, course_id)
    where b.state = 2 and b.on_date < e.until and e.lifted_at is null
    union all
    select 'given to somebody whose record is closed' from dose where state = 2 and mark is not null
    union all
    select 'a seat too many' from slot where taken > seats";

/// What has been done that must not be, and what `verify` finds.
async fn harms(day: &Day) -> Vec<String> {
    let mut harms = harms_of(&day.app.db).await;
    let found = verify(&day.app.app.db).await.unwrap();
    harms.extend(found.into_iter().map(|found| found.of));
    harms.sort_unstable();
    harms.dedup();
    harms
}

async fn harms_of(db: &PgPool) -> Vec<String> {
    sqlx::query_scalar(HARMS).fetch_all(db).await.unwrap()
}

/// Decides as the service does, after the rules of every campaign were changed.
fn with_rules(mut locked: Locked, requests: &[Request], change: impl Fn(&mut Rules)) -> Decision {
    for (_, rules) in locked.campaigns.values_mut() {
        let mut changed = (**rules).clone();
        change(&mut changed);
        *rules = changed.into();
    }
    dosebook::domain::batch::decide(locked, requests)
}

fn with_products(locked: Locked, requests: &[Request], change: impl Fn(&mut Product)) -> Decision {
    with_rules(locked, requests, |rules| rules.products.iter_mut().for_each(&change))
}

/// As if doses of a course could follow each other at once.
fn without_interval(locked: Locked, requests: &[Request]) -> Decision {
    with_products(locked, requests, |product| product.interval_days_min = 0)
}

/// As if a product were for everybody.
fn without_age(locked: Locked, requests: &[Request]) -> Decision {
    with_products(locked, requests, |product| {
        (product.age_months_min, product.age_months_max) = (0, None);
    })
}

/// The code and cause of a refusal.
fn refused(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, answer.code(), answer.body["cause"].as_str().unwrap_or_default())
}

/// The first slot of the day begins in an hour.
async fn begin_later(day: &Day) {
    let sql = "update slot set starts_at = starts_at + interval '1 hour',
                   ends_at = ends_at + interval '1 hour' where slot_id = $1";
    let slot_id = day.made.slot(0, 1, 0).slot_id;
    sqlx::query(sql).bind(slot_id.0).execute(&day.app.db).await.unwrap();
}

/// The product is for people of a hundred and more from now on.
async fn raise_age(db: &PgPool) {
    let sql = "with old as (update product set age_months_min = 1200)
               update campaign set rule_version = rule_version + 1";
    sqlx::query(sql).execute(db).await.unwrap();
}
