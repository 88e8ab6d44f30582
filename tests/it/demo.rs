//! The demonstration, at a small scale: it balances, it can be booked, and loading it again changes
//! nothing.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use dosebook::{
    db::Db,
    demo::{self, CAMPAIGN_CODE, DemoPerson, Loaded, Scale},
    domain::{ClinicId, PersonId, SlotId, birth_date::BirthDate, keys::Keys, person::match_key},
    flows::{Error, discrepancy::verify},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    spelling::signs_in,
    support::{TestApp, app::SECRET, database::TestDatabase},
};

const SMALL: Scale = Scale { people: 1_000, doses: 230, clinics: 10 };

async fn load(db: &Db) -> Loaded {
    demo::load(db, &Keys::new(&SECRET), SMALL).await.expect("the demonstration")
}

/// A database with the demonstration in it, and a service on it.
async fn demonstration() -> (TestApp, Loaded) {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    let loaded = load(&db).await;
    db.close().await;
    (TestApp::with().start_on(Arc::new(database)).await, loaded)
}

async fn number(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.expect(sql)
}

pub async fn id_of(db: &PgPool, person: &DemoPerson) -> PersonId {
    let today = NaiveDate::from_ymd_opt(2021, 7, 12).unwrap();
    let born = BirthDate::new(person.birth_date, today).unwrap();
    let key = match_key(&Keys::new(&SECRET).matching, &person.name, born, &person.phone);
    sqlx::query_scalar("select person_id from person where match_key = $1")
        .bind(key.as_slice())
        .fetch_one(db)
        .await
        .expect("a person who was printed is in the register")
}

/// A slot with three seats, of a day for which its clinic has doses.
pub async fn slot(db: &PgPool) -> SlotId {
    sqlx::query_scalar(
        "select slot_id from slot join allocation using (clinic_id, on_date)
         where seats >= 3 and open >= 3 order by slot_id limit 1",
    )
    .fetch_one(db)
    .await
    .expect("a slot with doses")
}

#[tokio::test]
async fn the_demonstration_is_what_it_says() {
    let (app, loaded) = demonstration().await;
    assert!(!loaded.was_there);
    let totals = &loaded.totals;
    assert_eq!((totals.people, totals.others), (1_000, 200));
    assert_eq!((totals.quota, totals.granted, totals.clinics), (230, 230, 10));
    assert_eq!(totals.slots, 10 * (10 * 14 + 2 * 8));
    assert!(totals.seats > totals.granted, "doses are what binds");

    let db = &app.db;
    assert_eq!(number(db, "select count(*) from region where parent_id is null").await, 17);
    assert_eq!(number(db, "select count(*) from region where parent_id is not null").await, 229);
    assert_eq!(number(db, "select count(distinct phone) from person").await, 1_200);
    let days = "select count(distinct on_date) from slot";
    assert_eq!(number(db, days).await, 12);
    let bookable_later = "select count(*) from slot
                          where starts_at <= clock_timestamp() + interval '48 hours'";
    assert_eq!(
        number(db, bookable_later).await,
        0,
        "a cancelled dose returns on the day of loading"
    );
    let not_closed = "select count(*) from campaign
                      where state = 3 and clock_timestamp() between opens_at and closes_at";
    assert_eq!(number(db, not_closed).await, 1);
}

#[tokio::test]
async fn every_dose_of_the_demonstration_is_in_the_journal() {
    let (app, _) = demonstration().await;
    let moved = |kind: i16| {
        sqlx::query_scalar::<_, i64>(
            "select coalesce(sum(doses), 0)::bigint from movement where kind = $1",
        )
        .bind(kind)
        .fetch_one(&app.db)
    };
    assert_eq!(moved(20).await.unwrap(), 230, "received by the nation");
    assert_eq!(moved(21).await.unwrap(), 230, "passed on to provinces");
    assert_eq!(moved(22).await.unwrap(), 230, "granted to clinics");
    let not_whole = "select count(*) from movement where doses % 10 <> 0";
    assert_eq!(number(&app.db, not_whole).await, 0, "whole vials");

    let db = Db::new(app.database.options.clone(), 1);
    assert_eq!(verify(&db).await.expect("verified"), []);
    // The control: one dose that the journal does not know.
    sqlx::query(
        "update allocation set granted = granted + 1, open = open + 1
         where allocation_id = (select min(allocation_id) from allocation)",
    )
    .execute(&app.db)
    .await
    .unwrap();
    assert_ne!(verify(&db).await.expect("verified"), []);
    db.close().await;
}

#[tokio::test]
async fn who_was_printed_can_book_and_who_was_printed_as_a_refusal_cannot() {
    let (app, loaded) = demonstration().await;
    let body = json!({
        "campaign_id": loaded.campaign_id,
        "slot_id": slot(&app.db).await,
        "product_id": number(&app.db, "select product_id::bigint from product").await,
    });
    for person in &loaded.citizens {
        let citizen = app.citizen(id_of(&app.db, person).await);
        citizen.put_booking(Uuid::now_v7(), &body).await.ok(201);
    }
    let other = app.citizen(id_of(&app.db, &loaded.other).await);
    other.put_booking(Uuid::now_v7(), &body).await.problem(403, "not_eligible");
    assert_eq!(number(&app.db, "select sum(booked)::bigint from allocation").await, 3);
}

#[tokio::test]
async fn the_first_of_the_people_signs_in_with_either_spelling() {
    let (app, loaded) = demonstration().await;
    let person = &loaded.citizens[0];
    let id = id_of(&app.db, person).await;
    let birth_date = person.birth_date.to_string();
    for name in [&person.name, &person.name_en] {
        let client = signs_in(&app, (name, &birth_date, &person.phone)).await;
        let me = client.expect(name).get("/v1/me").await.ok(200);
        assert_eq!((&me["person_id"], &me["name"]), (&json!(id), &json!("정성민")));
        assert_eq!(me["name_en"], "Jung Sung-min");
    }
    let other = &loaded.citizens[1].name_en;
    assert!(signs_in(&app, (other, &birth_date, &person.phone)).await.is_none());
    let spelled = "select count(*) from person_spelling where language = 'en'";
    assert_eq!(number(&app.db, spelled).await, 1_200);
}

#[tokio::test]
async fn what_the_public_sees_is_korean_with_english_beside_it() {
    let (app, _) = demonstration().await;
    for table in ["region", "clinic", "product", "course", "campaign", "cohort"] {
        let sql = format!("select name, name_en from {table}");
        let rows: Vec<(String, Option<String>)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&app.db).await.expect(table);
        assert!(!rows.is_empty(), "{table}");
        for (name, name_en) in rows {
            assert!(name.chars().any(|c| ('가'..='힣').contains(&c)), "{table}: {name}");
            assert!(name_en.is_some_and(|name| name.is_ascii()), "{table}: {name}");
        }
    }
    let no_english = "select count(*) from supply_history where reason_en is null";
    assert_eq!(number(&app.db, no_english).await, 0);
}

#[tokio::test]
async fn the_printed_passwords_sign_in_until_they_are_changed() {
    let (app, loaded) = demonstration().await;
    assert_eq!(loaded.sign_ins.len(), 4);
    let clinic: ClinicId =
        sqlx::query_scalar("select min(clinic_id) from clinic").fetch_one(&app.db).await.unwrap();
    for (sign_in, (role, clinic)) in
        loaded.sign_ins.iter().zip([("administrator", Value::Null), ("staff", json!(clinic))])
    {
        let credentials = json!({"username": sign_in.username, "password": sign_in.password});
        let session = app.public().post("/v1/auth/staff-sessions", &credentials).await.ok(201);
        assert_eq!((&session["role"], &session["clinic_id"]), (&json!(role), &clinic));
    }
    sqlx::query("update staff_user set password_hash = 'changed' where username = 'clinic-1'")
        .execute(&app.db)
        .await
        .unwrap();
    let db = Db::new(app.database.options.clone(), 1);
    let again = load(&db).await;
    db.close().await;
    let known: Vec<_> = again.sign_ins.iter().map(|sign_in| sign_in.password.is_some()).collect();
    assert_eq!(known, [true, false, true, true]);
}

#[tokio::test]
async fn loading_again_changes_nothing() {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    let everything = "select (select count(*) from person) + (select count(*) from slot)
                      + (select count(*) from movement) + (select count(*) from clinic)
                      + (select count(*) from staff_user) + (select revision from catalogue)";
    let first = load(&db).await;
    let before = number(&database.pool, everything).await;
    let second = demo::load(&db, &Keys::new(&SECRET), Scale::tenth()).await.expect("loaded");
    assert!(!first.was_there && second.was_there);
    assert_eq!(number(&database.pool, everything).await, before);
    assert_eq!(second.totals, first.totals);
    assert_eq!(second.citizens, first.citizens);
    let passwords = |loaded: &Loaded| -> Vec<_> {
        loaded.sign_ins.iter().map(|sign_in| sign_in.password.clone()).collect()
    };
    assert_eq!(passwords(&second), passwords(&first));
    db.close().await;
}

#[tokio::test]
async fn of_two_who_load_at_once_one_loads() {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 4);
    let (one, two) = tokio::join!(load(&db), load(&db));
    assert_ne!(one.was_there, two.was_there);
    assert_eq!(one.totals, two.totals);
    let campaigns = "select count(*) from campaign";
    assert_eq!(number(&database.pool, campaigns).await, 1, "{CAMPAIGN_CODE}");
    db.close().await;
}

#[tokio::test]
async fn doses_that_are_no_whole_vials_are_refused_and_nothing_is_loaded() {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    let scale = Scale { doses: 235, ..SMALL };
    let refused = demo::load(&db, &Keys::new(&SECRET), scale).await;
    let Err(Error::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal.code.slug(), "not_whole_vials");
    let anything = "select (select count(*) from person) + (select count(*) from campaign)";
    assert_eq!(number(&database.pool, anything).await, 0);
    db.close().await;
}

#[tokio::test]
async fn a_demonstration_that_opens_later_announces_its_opening() {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    let keys = Keys::new(&SECRET);
    let later = TimeDelta::minutes(5);
    demo::load_opening(&db, &keys, SMALL, later).await.expect("the demonstration");
    assert_eq!(verify(&db).await.expect("verified"), []);
    db.close().await;
    let app = TestApp::with().start_on(Arc::new(database)).await;
    app.refresh_pages().await;
    let page = app.browser().get("/en").await;
    assert!(page.text.contains("data-until=\""), "a countdown: {}", page.text);
    let told = number(&app.db, "select count(*) from supply_history where event = 'opened'").await;
    assert_eq!(told, 0, "nobody is told that it is open");
    let (at_once, _) = demonstration().await;
    let told = "select count(*) from supply_history where event = 'opened'";
    assert_eq!(number(&at_once.db, told).await, 1, "the control");
}
