//! What is proposed for the dose after one that was given.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use sqlx::query;

use super::{Day, give};

/// A campaign for second doses, and a day of it at the clinic so many days from today.
async fn second_round(day: &Day, days: i32) {
    let made = &day.made;
    query(
        "with round as (
             insert into campaign (code, name, course_id, dose_number, state, opens_at, closes_at,
                 zone, published_quota, published_at)
             select 'second', 'Second doses', course_id, 2, state, opens_at, closes_at, zone,
                 published_quota, published_at
             from campaign where campaign_id = $1 returning campaign_id),
         product as (
             insert into campaign_product (campaign_id, product_id)
             select campaign_id, $2 from round),
         cohort as (
             insert into cohort (campaign_id, name, born_from, born_to, since_version)
             select campaign_id, 'all', '1900-01-01', '2020-01-01', 1 from round),
         day as (
             insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats)
             select ($3::bigint << 24) + 900, $3,
                 (now() at time zone 'Asia/Seoul')::date + $4,
                 now() + $4 * interval '1 day', now() + $4 * interval '1 day 1 minute', 5
             returning on_date)
         insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
             pool_id, granted, open)
         select ($3::bigint << 24) + 900, $3, round.campaign_id, $2, day.on_date,
             (select min(pool_id) from pool), 10, 10
         from round, day",
    )
    .bind(made.campaign_id.0)
    .bind(made.product_id.0)
    .bind(made.clinics[0].0)
    .bind(days)
    .execute(&day.app.db)
    .await
    .unwrap();
}

#[tokio::test]
async fn after_the_first_dose_the_second_is_proposed_from_the_first_lawful_day() {
    for (days, is_free) in [(27, false), (28, true)] {
        let day = Day::begin(1).await;
        second_round(&day, days).await;
        day.step(0, json!({ "step": "arrive" })).await;
        assert_eq!(day.look(0).await["next_dose"], Value::Null, "not before the dose");
        let pressed = day.press(0, give()).await.ok(201);
        assert_eq!(pressed["next_dose"], Value::Null, "a press is answered at once");
        let seen = day.look(0).await;
        let proposal = &seen["next_dose"][0];
        assert_eq!((&proposal["dose_number"], &proposal["eligible"]), (&json!(2), &json!(true)));
        let today: NaiveDate = seen["today"].as_str().unwrap().parse().unwrap();
        assert_eq!(proposal["earliest_on"], json!(today + Days::new(28)));
        let slots = proposal["slots"].as_array().unwrap();
        assert_eq!(slots.len(), usize::from(is_free), "{days} days: {proposal}");
        let list = day.staff.get(&format!("{}/next-dose", day.path(0))).await.ok(200);
        assert_eq!(list["proposals"], seen["next_dose"]);
    }
}

#[tokio::test]
async fn a_visit_is_shown_where_nothing_follows_and_when_its_person_has_died_since() {
    let day = Day::begin(1).await;
    day.step(0, json!({ "step": "arrive" })).await;
    day.step(0, give()).await;
    assert_eq!(day.look(0).await["next_dose"], json!([]), "no round of second doses");
    second_round(&day, 28).await;
    query("update person set mark = 'deceased' where person_id = $1")
        .bind(day.made.people[0].person_id.0)
        .execute(&day.app.db)
        .await
        .unwrap();
    let seen = day.look(0).await;
    assert_eq!((&seen["booking"]["state"], &seen["next_dose"]), (&json!("given"), &Value::Null));
}
