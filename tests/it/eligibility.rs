//! The public question "may I book?", and that a booking is judged by the same rules.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::query;
use uuid::Uuid;

use crate::support::{Answer, Made, TestApp, World, make};

const PATH: &str = "/v1/eligibility";

/// The question of somebody born on that day, with further members.
fn question(made: &Made, born: &str, more: Value) -> Value {
    let mut body = json!({ "campaign_id": made.campaign_id, "birth_date": born });
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().unwrap().extend(more);
    body
}

/// Asks once what is in the tables has been read.
async fn ask(app: &TestApp, made: &Made, born: &str, more: Value) -> Value {
    app.refresh().await;
    app.public().post(PATH, &question(made, born, more)).await.ok(200)
}

fn codes(verdict: &Value) -> Vec<&str> {
    let reasons = verdict["reasons"].as_array().expect("reasons");
    reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

fn text(verdict: &Value) -> &str {
    verdict["reasons"][0]["text"].as_str().unwrap_or_default()
}

async fn sql(app: &TestApp, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&app.db).await.expect(statement);
}

#[tokio::test]
async fn the_birth_dates_of_a_cohort_may_book() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let table = [
        ("1961-12-31", false),
        ("1962-01-01", true),
        ("1964-02-29", true),
        ("1966-12-31", true),
        ("1967-01-01", false),
    ];
    for (born, eligible) in table {
        let verdict = ask(&app, &made, born, json!({})).await;
        assert_eq!(verdict["eligible"], eligible, "{born}: {verdict}");
        let expected = if eligible { vec![] } else { vec!["not_in_cohort"] };
        assert_eq!(codes(&verdict), expected, "{born}");
        assert_eq!(
            (&verdict["next_eligible_at"], &verdict["rule_version"]),
            (&json!(null), &json!(1))
        );
    }
}

#[tokio::test]
async fn a_booking_is_refused_for_the_reasons_that_the_question_gives() {
    let app = TestApp::start().await;
    let made = World::new().opens_in(TimeDelta::hours(1)).make(&app.db).await;
    let (person, slot) = (&made.people[0], made.slot(0, 2, 0));
    let wish = json!({ "on_date": slot.on_date, "product_id": made.product_id });
    let born = person.birth_date.to_string();

    let verdict = ask(&app, &made, &born, wish.clone()).await;
    let refused = app.citizen(person).put_booking(Uuid::now_v7(), &made.booking(slot)).await;
    let refused = refused.problem(403, "window_not_open");
    assert_eq!(codes(&verdict), vec!["window_not_open"]);
    for member in ["reasons", "next_eligible_at", "rule_version"] {
        assert_eq!(verdict[member], refused[member], "{member}");
    }
    let opens_at: DateTime<Utc> =
        sqlx::query_scalar("select opens_at from campaign").fetch_one(&app.db).await.unwrap();
    let next: DateTime<Utc> = serde_json::from_value(verdict["next_eligible_at"].clone()).unwrap();
    assert_eq!(next, opens_at);

    // The control: once it is open, both say yes.
    sql(&app, "update campaign set opens_at = clock_timestamp(), rule_version = 2").await;
    assert_eq!(ask(&app, &made, &born, wish).await["eligible"], true);
    app.citizen(person).put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
}

#[tokio::test]
async fn a_campaign_that_is_paused_or_closed_says_so() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    sql(&app, "update campaign set state = 4").await;
    assert_eq!(codes(&ask(&app, &made, "1962-01-01", json!({})).await), vec!["campaign_paused"]);
    sql(&app, "update campaign set state = 5, state_reason = 'It is over.'").await;
    assert_eq!(codes(&ask(&app, &made, "1962-01-01", json!({})).await), vec!["campaign_closed"]);
}

#[tokio::test]
async fn the_rules_of_the_present_version_hold() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let both = async |born| ask(&app, &made, born, json!({})).await["eligible"] == true;
    // Written beforehand for version 2: not yet.
    sql(
        &app,
        "insert into cohort (campaign_id, name, born_from, born_to, since_version)
         select campaign_id, '53 and 54', '1967-01-01', '1968-12-31', 2 from campaign;
         update cohort set until_version = 2 where since_version = 1",
    )
    .await;
    assert_eq!((both("1962-01-01").await, both("1967-01-01").await), (true, false));
    sql(&app, "update campaign set rule_version = 2").await;
    assert_eq!((both("1962-01-01").await, both("1967-01-01").await), (false, true));
    sql(&app, "update campaign set rule_version = 3").await;
    assert_eq!((both("1962-01-01").await, both("1967-01-01").await), (false, true));
    let verdict = ask(&app, &made, "1967-01-01", json!({})).await;
    assert_eq!(verdict["rule_version"], 3);
}

#[tokio::test]
async fn a_tranche_names_its_turn() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    sql(
        &app,
        "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
         select campaign_id, 'Day one', array[1], opens_at, 1 from campaign
         union all
         select campaign_id, 'Day two', array[2], opens_at + interval '2 days', 1 from campaign",
    )
    .await;
    assert_eq!(ask(&app, &made, "1962-01-11", json!({})).await["eligible"], true);
    let second = ask(&app, &made, "1962-01-12", json!({})).await;
    assert_eq!(codes(&second), vec!["tranche_not_open"]);
    let opens_at: DateTime<Utc> =
        sqlx::query_scalar("select max(opens_at) from tranche").fetch_one(&app.db).await.unwrap();
    let next: DateTime<Utc> = serde_json::from_value(second["next_eligible_at"].clone()).unwrap();
    assert_eq!(next, opens_at);
    assert_eq!(codes(&ask(&app, &made, "1962-01-13", json!({})).await), vec!["not_in_tranche"]);
}

#[tokio::test]
async fn what_a_stranger_does_not_say_counts_as_not_given() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let province = made.provinces[0];
    let narrow = "update cohort set region_id = $1";
    query(narrow).bind(province.0).execute(&app.db).await.unwrap();
    let living_in = async |region| ask(&app, &made, "1962-01-01", region).await;

    let nowhere = living_in(json!({})).await;
    assert_eq!(codes(&nowhere), vec!["not_in_cohort"]);
    assert!(text(&nowhere).contains("in which region you live"), "{nowhere}");
    assert_eq!(living_in(json!({ "region_id": made.districts[1] })).await["eligible"], true);
    assert_eq!(living_in(json!({ "region_id": province })).await["eligible"], true);
    let elsewhere = living_in(json!({ "region_id": made.districts[2] })).await;
    assert_eq!(codes(&elsewhere), vec!["not_in_cohort"]);
    assert!(!text(&elsewhere).contains("in which region you live"), "{elsewhere}");

    sql(
        &app,
        "insert into roster (code, name) values ('R1', 'Teachers');
         update cohort set region_id = null, roster_id = (select roster_id from roster)",
    )
    .await;
    let listed = living_in(json!({})).await;
    assert_eq!(codes(&listed), vec!["not_in_cohort"]);
    assert!(text(&listed).contains("sign in"), "{listed}");
}

#[tokio::test]
async fn a_booking_looks_up_what_the_rules_ask() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let body = made.booking(made.slot(0, 4, 0));
    let book = async |person: usize| {
        app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await
    };
    let narrow = "update cohort set region_id = $1";
    query(narrow).bind(made.provinces[0].0).execute(&app.db).await.unwrap();
    assert_ne!(made.people[1].region_id, made.provinces[0], "a district of it");
    book(1).await.ok(201);
    book(2).await.problem(403, "not_eligible");

    sql(
        &app,
        "insert into roster (code, name) values ('R1', 'Teachers');
         update cohort set region_id = null, roster_id = (select roster_id from roster);
         update campaign set rule_version = rule_version + 1",
    )
    .await;
    let list = "insert into roster_member (roster_id, person_id) select roster_id, $1 from roster";
    query(list).bind(made.people[2].person_id.0).execute(&app.db).await.unwrap();
    book(2).await.ok(201);
    book(0).await.problem(403, "not_eligible");
}

#[tokio::test]
async fn a_day_ends_where_the_clinic_is() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    // 25 hours apart: today in the west is a day that has passed in the east, whatever the time.
    for (clinic, zone) in [(0, "Pacific/Kiritimati"), (1, "Pacific/Pago_Pago")] {
        let move_clinic = query("update clinic set zone = $2 where clinic_id = $1");
        let id = made.clinics[clinic].0;
        move_clinic.bind(id).bind(zone).execute(&app.db).await.unwrap();
    }
    let western: NaiveDate = sqlx::query_scalar(
        "select ((clock_timestamp() + interval '1 minute') at time zone 'Pacific/Pago_Pago')::date",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    let at = async |clinic: usize| {
        let more = json!({ "clinic_id": made.clinics[clinic], "on_date": western });
        ask(&app, &made, "1962-01-01", more).await
    };
    assert_eq!(codes(&at(0).await), vec!["appointment_past"]);
    assert_eq!(at(1).await["eligible"], true);
}

#[tokio::test]
async fn the_age_on_the_day_asked_about_counts() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    sql(&app, "update cohort set born_to = null").await;
    let today: NaiveDate =
        sqlx::query_scalar("select (clock_timestamp() at time zone 'Asia/Seoul')::date")
            .fetch_one(&app.db)
            .await
            .unwrap();
    // Turns 18 in about a week, whatever the month.
    let born = today - chrono::Months::new(18 * 12) + Days::new(7);
    let on = async |days| {
        let more = json!({ "on_date": today + Days::new(days), "product_id": made.product_id });
        ask(&app, &made, &born.to_string(), more).await
    };
    let soon = on(1).await;
    assert_eq!(codes(&soon), vec!["too_young"]);
    assert!(soon["next_eligible_at"].is_string(), "the birthday: {soon}");
    assert_eq!(on(9).await["eligible"], true);
}

#[tokio::test]
async fn a_draft_looks_like_a_campaign_that_is_not_there() {
    let app = TestApp::start().await;
    let made = World::new().state(1).make(&app.db).await;
    let asked = async |campaign_id: i32| -> Answer {
        app.refresh().await;
        let body = json!({ "campaign_id": campaign_id, "birth_date": "1962-01-01" });
        app.public().post(PATH, &body).await
    };
    let draft = asked(made.campaign_id.0).await.blames(404, "not_found", "campaign_id");
    let nothing = asked(made.campaign_id.0 + 1).await.blames(404, "not_found", "campaign_id");
    assert_eq!(draft, nothing);
    sql(&app, "update campaign set state = 2, published_quota = 1, published_at = now()").await;
    assert_eq!(codes(&asked(made.campaign_id.0).await.ok(200)), vec!["window_not_open"]);
}

#[tokio::test]
async fn an_impossible_date_is_named() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    for born in ["1963-02-29", "1963-2-1", "62-01-01", "", "1899-12-31", "9999-12-31", "0000-00-00"]
    {
        let answer = app.public().post(PATH, &question(&made, born, json!({}))).await;
        answer.blames(422, "invalid_field", "birth_date");
    }
    for day in ["2021-02-30", "2021-7-1", "tomorrow", "9999-12-31"] {
        let body = question(&made, "1962-01-01", json!({ "on_date": day }));
        app.public().post(PATH, &body).await.blames(422, "invalid_field", "on_date");
    }
    let past = ask(&app, &made, "1964-02-29", json!({ "on_date": "2020-02-29" })).await;
    assert_eq!(codes(&past), vec!["appointment_past"], "possible, if of no use");
}

#[tokio::test]
async fn a_field_that_is_not_known_or_names_nothing_is_to_blame() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let with = async |more| app.public().post(PATH, &question(&made, "1962-01-01", more)).await;
    with(json!({ "name": "Citizen 1" })).await.blames(422, "unknown_field", "name");
    with(json!({ "region_id": "Seoul" })).await.blames(422, "invalid_field", "region_id");
    with(json!({ "region_id": 0 })).await.blames(404, "not_found", "region_id");
    with(json!({ "clinic_id": i32::MAX })).await.blames(404, "not_found", "clinic_id");
    let answer = app.public().post(PATH, &json!({ "campaign_id": made.campaign_id })).await;
    answer.blames(422, "invalid_field", "birth_date");
    let other = with(json!({ "product_id": 0 })).await.ok(200);
    assert_eq!(codes(&other), vec!["product_not_offered"]);
    app.public().get(PATH).await.problem(405, "method_not_allowed");
}
