//! "May I book?" is answered from memory as the tables would have it: the public question and that
//! of a person, over random rules, persons and times.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use dosebook::{
    db::{self, locked::Asked},
    domain::{
        CampaignId, ClinicId, PersonId, ProductId, RegionId,
        applicant::AnonymousApplicant,
        birth_date::BirthDate,
        calendar::Local,
        campaign::State,
        eligibility::{judge, judge_anonymous},
        rule_set::Needs,
        verdict::Verdict,
    },
    flows::eligibility::judge_person,
    random::Random,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection, query_scalar};
use uuid::Uuid;

use crate::support::{Made, TestApp, World};

const ROUNDS: u32 = 30;
const QUESTIONS: u32 = 20;

/// What a verdict says, as the answer writes it.
fn written(verdict: &Verdict) -> Value {
    let reasons = verdict.reasons.iter();
    let reasons: Vec<_> =
        reasons.map(|reason| json!({ "code": reason.code(), "facts": reason })).collect();
    json!({
        "eligible": verdict.eligible,
        "reasons": reasons,
        "next_eligible_at": verdict.next_eligible_at,
        "rule_version": verdict.rule_version,
    })
}

/// The same of an answer, without its sentences.
fn without_text(mut answer: Value) -> Value {
    for reason in answer["reasons"].as_array_mut().unwrap() {
        reason.as_object_mut().unwrap().remove("text");
    }
    answer
}

/// The way that a booking goes: rules, campaign and places out of the tables.
async fn by_the_tables(app: &TestApp, asked: &Value) -> Option<Value> {
    let id = |name: &str| asked[name].as_i64().map(|id| id as i32);
    let campaign_id = CampaignId(id("campaign_id").unwrap());
    let (region_id, clinic_id) = (id("region_id").map(RegionId), id("clinic_id").map(ClinicId));
    let mut conn = app.db.acquire().await.unwrap();
    let found = db::eligibility::find(&mut *conn, campaign_id, region_id, clinic_id).await;
    let standing = found.unwrap().filter(|standing| standing.state != State::Draft)?;
    let rules = db::eligibility::rules(&mut conn, campaign_id, standing.rule_version).await;
    let rules = rules.unwrap().unwrap();
    let zone = standing.clinic_zone.unwrap_or(app.app.site.zone);
    let here = Local { at: standing.now, zone };
    let born: NaiveDate = serde_json::from_value(asked["birth_date"].clone()).unwrap();
    let applicant = AnonymousApplicant {
        birth_date: BirthDate::new(born, here.date()).unwrap().date(),
        home: standing.home,
        on_date: serde_json::from_value(asked["on_date"].clone()).unwrap(),
        product_id: id("product_id").map(ProductId),
    };
    Some(written(&judge_anonymous(&rules, standing.state, &applicant, here)))
}

/// One of these.
fn one<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u32) as usize]
}

/// A condition in SQL, or null as often as not.
fn perhaps(random: &mut Random, value: String) -> String {
    if random.below(2) == 0 { value } else { "null".to_owned() }
}

/// Other rules: state, window, dose, versions, cohorts, tranches and ages. Nothing begins or ends
/// within a minute of now, so that no answer depends on which of two looks was first.
async fn change(app: &TestApp, made: &Made, random: &mut Random) {
    let state = one(random, &[1, 2, 3, 3, 3, 3, 4, 5]);
    let opens = one(random, &[-50, -10, 3, 40]);
    let zone = one(random, &["Asia/Seoul", "Pacific/Kiritimati", "America/New_York"]);
    let dose = one(random, &[1, 1, 2]);
    let mut sql = format!(
        "delete from cohort; delete from tranche_time; delete from tranche;
         update campaign set state = {state}, rule_version = 5, dose_number = {dose},
             opens_at = clock_timestamp() + interval '{opens} hours',
             closes_at = clock_timestamp() + interval '{} hours', zone = '{zone}',
             state_reason = 'as the test has it';
         update product set age_months_min = {}, age_months_max = {}, interval_days_min = {};",
        opens + one(random, &[5, 45, 900]),
        one(random, &[0, 12, 60 * 12, 70 * 12]),
        one(random, &["null", "900", "1200"]),
        one(random, &[0, 28]),
    );
    for n in 0..random.below(4) {
        let from = 1930 + random.below(60);
        let region = made.districts.iter().chain(&made.provinces).copied().collect::<Vec<_>>();
        let region = one(random, &region).to_string();
        let (region, list) = (perhaps(random, region), "(select roster_id from roster)".to_owned());
        let roster = if random.below(4) == 0 { list } else { "null".to_owned() };
        let until = format!("'{}-06-30'", from + random.below(40));
        let until = perhaps(random, until);
        let version = one(random, &["1, null", "1, null", "5, null", "1, 5", "6, null", "2, 6"]);
        sql += &format!(
            "insert into cohort (campaign_id, name, born_from, born_to, region_id, roster_id,
                 since_version, until_version)
             values ({}, 'Cohort {n}', '{from}-01-01', {until}, {region}, {roster}, {version});",
            made.campaign_id
        );
    }
    for n in 0..random.below(3) {
        let (digit, in_hours) = (random.below(10), one(random, &[-20, 2, 30]));
        let version = one(random, &["1, null", "5, null", "1, 5", "6, null"]);
        sql += &format!(
            "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version,
                 until_version)
             values ({}, 'Tranche {n}', array[{digit}, {}], clock_timestamp()
                 + interval '{in_hours} hours', {version});",
            made.campaign_id,
            (digit + 3) % 10
        );
    }
    app.db.execute(AssertSqlSafe(sql)).await.unwrap();
}

fn question(made: &Made, random: &mut Random, today: NaiveDate) -> Value {
    let mut asked = json!({
        "campaign_id": made.campaign_id,
        "birth_date": format!("{}-0{}-{:02}", 1930 + random.below(90), 1 + random.below(9),
            1 + random.below(28)),
    });
    let regions: Vec<_> = made.districts.iter().chain(&made.provinces).copied().collect();
    let more = [
        ("region_id", json!(one(random, &regions))),
        ("clinic_id", json!(one(random, &made.clinics))),
        ("on_date", json!(today + Days::new(random.below(60).into()) - Days::new(4))),
        ("product_id", json!(made.product_id.0 + random.below(8) as i32 / 7)),
    ];
    for (name, value) in more {
        if random.below(2) == 0 {
            asked[name] = value;
        }
    }
    asked
}

async fn service() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = World::new().people(8).make(&app.db).await;
    let places = made.clinics.iter().zip(["Pacific/Kiritimati", "Pacific/Pago_Pago"]);
    for (clinic_id, zone) in places {
        let sql = format!("update clinic set zone = '{zone}' where clinic_id = {clinic_id}");
        app.db.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let roster = "insert into roster (code, name) values ('R1', 'Teachers')";
    app.db.execute(roster).await.unwrap();
    (app, made)
}

#[tokio::test]
async fn memory_answers_what_the_tables_would() {
    let (app, made) = service().await;
    let today: NaiveDate = query_scalar("select current_date").fetch_one(&app.db).await.unwrap();
    let (mut random, mut seen) = (Random::new(2021), BTreeSet::new());
    for round in 0..ROUNDS {
        change(&app, &made, &mut random).await;
        app.refresh().await;
        for _ in 0..QUESTIONS {
            let asked = question(&made, &mut random, today);
            let answer = app.public().post("/v1/eligibility", &asked).await;
            let Some(expected) = by_the_tables(&app, &asked).await else {
                answer.blames(404, "not_found", "campaign_id");
                seen.insert("draft".to_owned());
                continue;
            };
            let told = without_text(answer.ok(200));
            assert_eq!(told, expected, "round {round}: {asked}");
            let codes = told["reasons"].as_array().unwrap().iter();
            seen.extend(codes.map(|reason| reason["code"].as_str().unwrap().to_owned()));
            seen.insert(format!("eligible: {}", told["eligible"]));
        }
    }
    // The control: there was something to tell apart, and what is not yet read is seen.
    for came_up in [
        "draft",
        "eligible: true",
        "not_in_cohort",
        "not_in_tranche",
        "tranche_not_open",
        "too_young",
        "too_old",
        "window_not_open",
        "window_closed",
        "campaign_paused",
        "campaign_closed",
        "appointment_past",
        "product_not_offered",
        "previous_dose_missing",
    ] {
        assert!(seen.contains(came_up), "{came_up}: {seen:?}");
    }
    let open = "update campaign set state = 3, rule_version = 6";
    app.db.execute(open).await.unwrap();
    let asked = json!({ "campaign_id": made.campaign_id, "birth_date": "1962-01-01" });
    let told = app.public().post("/v1/eligibility", &asked).await;
    let told = if told.status == 200 { without_text(told.body) } else { json!(null) };
    assert_ne!(Some(told), by_the_tables(&app, &asked).await, "not yet read");
}

/// As a lane judges this person.
async fn by_a_lane(app: &TestApp, made: &Made, person_id: PersonId, zone: Tz) -> Option<Value> {
    let mut conn = app.db.acquire().await.unwrap();
    let standing = db::eligibility::find(&mut *conn, made.campaign_id, None, None).await;
    let standing = standing.unwrap().unwrap();
    let rules = db::eligibility::rules(&mut conn, made.campaign_id, standing.rule_version).await;
    let rules = rules.unwrap().unwrap();
    let people = db::batch::people(&mut conn, &[person_id.0], rules.needs()).await;
    let mut person = people.unwrap().remove(&person_id).unwrap();
    let asked = Asked { persons: &[person_id.0], ..Asked::default() };
    let bookings = db::locked::look(&mut conn, &asked).await.unwrap().bookings;
    bookings.values().for_each(|booking| person.add_dose_of(booking));
    let applicant = person.applicant(rules.course_id, rules.dose_number).ok()?;
    let here = Local { at: standing.now, zone };
    Some(written(&judge(&rules, standing.state, &applicant, None, here)))
}

/// Persons with a booking, a dose had, one had elsewhere, a finding, on the list, marked.
async fn past(app: &TestApp, made: &Made) {
    app.refresh().await;
    for (at, person) in made.people.iter().enumerate().take(6) {
        let booking = made.booking(made.slot(at % 3, 2, 0));
        app.citizen(person).put_booking(Uuid::now_v7(), &booking).await.ok(201);
    }
    app.staff(made.clinics[0]).await;
    let person = |at: usize| made.people[at].person_id;
    let found = |at: usize, what: &str| {
        format!(
            "insert into exclusion (person_id, course_id, dose_number, reason, booking_id,
                 staff_user_id, had_on, until)
             select person_id, course_id, {what}
             from booking cross join (select staff_user_id from staff_user limit 1) s
             where person_id = {0};
             update person set is_excluded = true where person_id = {0};
             delete from booking where person_id = {0} and {1};",
            person(at),
            at.is_multiple_of(2),
        )
    };
    let sql = [
        format!(
            "update booking set state = 2, ended_at = clock_timestamp() where person_id = {}",
            person(1)
        ),
        found(2, "0, 3, booking_id, staff_user_id, null, null"),
        found(3, "1, 4, booking_id, staff_user_id, current_date - 3, null"),
        found(4, "0, 2, booking_id, staff_user_id, null, current_date + 9"),
        found(5, "2, 4, booking_id, staff_user_id, null, null"),
        format!(
            "insert into roster_member (roster_id, person_id) select roster_id, {} from roster",
            person(6)
        ),
    ];
    for sql in sql {
        app.db.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}

#[tokio::test]
async fn a_person_is_judged_in_one_trip_as_a_lane_would() {
    let (app, made) = service().await;
    past(&app, &made).await;
    let (mut random, mut seen) = (Random::new(7), BTreeSet::new());
    let zone = app.app.site.zone;
    for round in 0..ROUNDS {
        change(&app, &made, &mut random).await;
        app.refresh().await;
        let board = app.app.board.now();
        let Some(card) = board.catalogue.campaigns.get(&made.campaign_id) else { continue };
        for person in &made.people {
            let here = Local { at: app.app.board.time(), zone };
            let by = (&card.rules, card.campaign.state);
            let told = judge_person(&app.app.db, by, here, person.person_id).await;
            let expected = by_a_lane(&app, &made, person.person_id, zone).await;
            let told = told.ok().map(|(name, verdict)| {
                assert_eq!(name.main, person.name);
                written(&verdict)
            });
            assert_eq!(told, expected, "round {round}: {person:?}");
            let reasons = told.as_ref().and_then(|told| told["reasons"].as_array());
            let codes = reasons.into_iter().flatten().map(|reason| reason["code"].to_string());
            seen.extend(codes);
        }
    }
    for came_up in ["already_booked", "already_given", "excluded", "not_in_cohort"] {
        assert!(seen.contains(&format!("\"{came_up}\"")), "{came_up}: {seen:?}");
    }
}

/// What one statement reads of a person who asks, and what those of a lane read for a booking.
async fn read_both_ways(conn: &mut PgConnection, person_id: PersonId, needs: Needs) -> [String; 2] {
    let asker = db::eligibility::asker(&mut *conn, person_id, needs).await.unwrap().unwrap();
    let people = db::batch::people(conn, &[person_id.0], needs).await;
    let mut person = people.unwrap().remove(&person_id).unwrap();
    let asked = Asked { persons: &[person_id.0], ..Asked::default() };
    let bookings = db::locked::look(conn, &asked).await.unwrap().bookings;
    bookings.values().for_each(|booking| person.add_dose_of(booking));
    [asker.state, person].map(|mut state| {
        if let Some(applicant) = &mut state.applicant {
            applicant.rosters.sort_unstable_by_key(|id| id.0);
        }
        state.doses.sort_by_key(|dose| format!("{dose:?}"));
        state.exclusions.sort_by_key(|found| format!("{found:?}"));
        format!("{state:?}")
    })
}

/// What can be true of a person with a booking: `P` is their id.
const TRUE_OF_A_PERSON: &[&str] = &[
    "select",
    "update person set mark = 'moved_away' where person_id = P",
    "update person set sealed_at = clock_timestamp() where person_id = P",
    "update person set sealed_at = clock_timestamp(), mark = 'deceased' where person_id = P",
    "update person set is_limited = true where person_id = P",
    "update person set region_id = (select parent_id from region
         where region_id = person.region_id) where person_id = P",
    "insert into roster_member (roster_id, person_id) select roster_id, P from roster",
    "insert into roster_member (roster_id, person_id) select min(roster_id), P from roster",
    "update booking set state = 2, ended_at = clock_timestamp() where person_id = P",
    "update booking set state = 3, ended_at = clock_timestamp() where person_id = P",
    "update booking set state = 4, ended_at = clock_timestamp() where person_id = P",
    "update booking set state = 4, ended_at = clock_timestamp(), not_given = 2
         where person_id = P",
    "update booking set state = 5 where person_id = P",
    "update booking set dose_number = 2, state = 2, ended_at = clock_timestamp()
         where person_id = P",
];

/// What a clinic can have found: dose, reason, day on which a dose was had, day until which.
const FOUND: &[&str] = &[
    "0, 3, null, null",
    "1, 3, null, null",
    "1, 4, current_date - 40, null",
    "2, 4, null, null",
    "0, 2, null, current_date + 9",
];

#[tokio::test]
async fn a_person_is_read_in_one_trip_as_a_lane_reads_them() {
    let (app, made) = service().await;
    app.refresh().await;
    app.staff(made.clinics[0]).await;
    let roster = "insert into roster (code, name) values ('R2', 'Nurses')";
    app.db.execute(roster).await.unwrap();
    let person = &made.people[0];
    let booking = made.booking(made.slot(1, 2, 0));
    app.citizen(person).put_booking(Uuid::now_v7(), &booking).await.ok(201);
    let found = FOUND.iter().flat_map(|found| {
        let what = |marked: bool, lifted: &str| {
            format!(
                "insert into exclusion (person_id, course_id, booking_id, staff_user_id,
                     lifted_at, lifted_by, dose_number, reason, had_on, until)
                 select person_id, course_id, booking_id, staff_user_id, {lifted}, {found}
                 from booking cross join (select staff_user_id from staff_user limit 1) s
                 where person_id = P;
                 update person set is_excluded = {marked} where person_id = P"
            )
        };
        let lifted = "clock_timestamp(), staff_user_id";
        [what(true, "null, null"), what(true, lifted), what(false, "null, null")]
    });
    let variants: Vec<_> =
        TRUE_OF_A_PERSON.iter().map(|sql| (*sql).to_owned()).chain(found).collect();
    let mut seen = BTreeSet::new();
    for sql in &variants {
        let mut tx = app.db.begin().await.unwrap();
        let sql = sql.replace(" P", &format!(" {}", person.person_id));
        tx.execute(AssertSqlSafe(sql.clone())).await.unwrap();
        for (province, rosters) in [(false, false), (true, false), (false, true), (true, true)] {
            let needs = Needs { province, rosters };
            let [asked, booked] = read_both_ways(&mut tx, person.person_id, needs).await;
            assert_eq!(asked, booked, "{needs:?} {sql}");
            seen.insert(asked);
        }
        tx.rollback().await.unwrap();
    }
    // The control: what is true of somebody can be told from the rest.
    assert!(seen.len() > 24, "{seen:#?}");
}

/// What the board knows of the database's time goes on by itself, is never ahead of it, and little
/// behind.
#[tokio::test]
async fn the_board_tells_the_databases_time() {
    let (app, _) = service().await;
    app.refresh().await;
    let clock = || query_scalar::<_, DateTime<Utc>>("select clock_timestamp()");
    let before = clock().fetch_one(&app.db).await.unwrap();
    app.tick().await;
    let told = app.app.board.time();
    let after = clock().fetch_one(&app.db).await.unwrap();
    assert!(told <= after, "{told} is ahead of {after}");
    assert!(told >= before, "{told} is before {before}");
    let later = app.app.board.time();
    assert!(later > told, "it goes on between two looks");
}
