//! The pages in a real browser: this owns databases and services, tests/web plays the stories.
//!
//! `make test-web` runs it; a plain `cargo test` leaves it out, because it needs Chromium and
//! Node.js.

use std::{fs, path::Path, process::Stdio, sync::Arc, time::Duration};

use chrono::{NaiveDate, TimeDelta};
use dosebook::{
    db::Db,
    demo::{self, Scale},
    domain::keys::Keys,
    flows::staff_user::{self, Post},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::process::Command;
use uuid::Uuid;

use crate::support::{
    Made, Person, TestApp, World,
    app::{Options, SECRET},
    database::TestDatabase,
    desk::desks,
    office::Office,
    outage::Outage,
};

/// All stories together. A machine that needs longer than this shows nothing any more.
const SECONDS_MAX: Duration = Duration::from_secs(900);
/// Of the demonstration, for stories and for pictures.
const SMALL: Scale = Scale { people: 6_000, doses: 1_370, clinics: 60 };
const PICTURED: Scale = Scale { people: 35_240, doses: 8_060, clinics: 240 };
/// More than there are stories at a desk.
const DESKS: usize = 20;
/// So many people come in stories.
const PEOPLE: i64 = 60;

/// Services in the states that pages show, and what a story must know of them.
struct Stage {
    _services: Vec<TestApp>,
    _outages: [Outage; 2],
    world: Value,
}

#[tokio::test]
#[ignore = "it needs Chromium: make test-web"]
async fn the_pages_hold_in_a_browser() {
    let stage = Stage::set(SMALL).await;
    let part = std::env::var("DOSEBOOK_STORY").unwrap_or_default();
    let said = play(&stage, "run.mjs", &[&part]).await;
    assert!(said, "see the lines that say FAILED; their pictures are in {}", folder());
}

#[tokio::test]
#[ignore = "it needs Chromium: make screenshots"]
async fn the_pages_are_pictured() {
    let stage = Stage::set(PICTURED).await;
    let into = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures");
    assert!(play(&stage, "picture.mjs", &[into]).await, "the pictures are taken");
}

impl Stage {
    async fn set(scale: Scale) -> Self {
        let (open, before) = (demonstration(scale).await, service().await);
        let made = World::new().opens_in(TimeDelta::hours(1)).make(&before.db).await;
        let (paused, empty) = (service().await, service().await);
        let (korean, english) = (service().await, service().await);
        let halted = World::new().state(4).make(&paused.db).await;
        let sold = sell_out(&empty).await;
        let desk = service().await;
        let (_, desks) = desks(&desk, DESKS).await;
        for app in [&open, &before, &paused, &empty] {
            app.refresh().await;
        }
        let offices = [Office::set(options()).await, Office::set(options()).await];
        let outages = [Outage::set(options()).await, Outage::set(options()).await];
        let world = json!({
            "office": { "ko": offices[0].world, "en": offices[1].world },
            "open": service_with_demonstration(&open).await,
            "before": service_of(&before, &made),
            "paused": service_of(&paused, &halted),
            "empty": service_of(&empty, &sold),
            "desk": desks,
            "outage": { "ko": outages[0].world, "en": outages[1].world },
            "blank": { "ko": blank(&korean).await, "en": blank(&english).await },
        });
        let mut services = vec![open, before, paused, empty, korean, english, desk];
        services.extend(offices.map(|office| office.app));
        Self { _services: services, _outages: outages, world }
    }
}

/// A service behind a proxy on this machine: every browser comes from an address of its own.
fn options() -> Options {
    let issuer = ("Vaccination Task Force", "예방접종추진단");
    TestApp::with().trusted_proxy("127.0.0.1").site(issuer, "1577-0000")
}

async fn service() -> TestApp {
    options().start().await
}

async fn demonstration(scale: Scale) -> TestApp {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    demo::load(&db, &Keys::new(&SECRET), scale).await.expect("the demonstration");
    db.close().await;
    options().start_on(Arc::new(database)).await
}

/// Nothing is there but an administrator.
async fn blank(app: &TestApp) -> Value {
    let (username, password) = administrator(app).await;
    json!({ "url": app.url, "username": username, "password": password })
}

/// Somebody who may do everything: their name and their password.
async fn administrator(app: &TestApp) -> (&'static str, &'static str) {
    let (username, password) = ("office", "a lamp in the window");
    let added = staff_user::add(&app.app.db, username, password, Post::Administrator).await;
    added.expect("an administrator");
    (username, password)
}

/// A round of which somebody has booked the only doses.
async fn sell_out(app: &TestApp) -> Made {
    let made = World::new().clinics(1).days(1).doses(2).make(&app.db).await;
    let body = made.booking(made.slot(0, 1, 0));
    for person in &made.people[18..] {
        app.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201);
    }
    made
}

async fn service_with_demonstration(app: &TestApp) -> Value {
    let cohort = "birth_date between '1962-01-01' and '1966-12-31'";
    let (username, password) = administrator(app).await;
    json!({
        "url": app.url,
        "codes": app.codes_url,
        "username": username,
        "password": password,
        "campaign_id": number(&app.db, "select campaign_id from campaign").await,
        "people": people(&app.db, cohort).await,
        "others": people(&app.db, "birth_date > '1966-12-31'").await,
    })
}

fn service_of(app: &TestApp, made: &Made) -> Value {
    let people: Vec<_> = made.people.iter().map(Person::written).collect();
    json!({
        "url": app.url,
        "codes": app.codes_url,
        "campaign_id": made.campaign_id,
        "slot_id": made.slot(0, 1, 1).slot_id,
        "product_id": made.product_id,
        "people": people,
    })
}

async fn number(db: &PgPool, sql: &'static str) -> i32 {
    sqlx::query_scalar(sql).fetch_one(db).await.expect(sql)
}

/// People of the register, who are `where` this holds.
async fn people(db: &PgPool, which: &str) -> Value {
    let order = "order by person_id limit $1";
    let sql = format!("select name, birth_date, phone from person where {which} {order}");
    let rows = sqlx::query_as::<_, (String, NaiveDate, String)>(sqlx::AssertSqlSafe(sql));
    let rows = rows.bind(PEOPLE).fetch_all(db).await.expect("people");
    let written = |(name, birth_date, phone): &(_, _, _)| -> Value {
        json!({ "name": name, "birth_date": birth_date, "phone": phone })
    };
    rows.iter().map(written).collect()
}

/// What the browser leaves behind.
fn folder() -> String {
    concat!(env!("CARGO_TARGET_TMPDIR"), "/web").to_owned()
}

/// Whether the script ends well, and in time.
async fn play(stage: &Stage, script: &str, rest: &[&str]) -> bool {
    let folder = folder();
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder of its own");
    let world = Path::new(&folder).join("world.json");
    fs::write(&world, stage.world.to_string()).expect("written");
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web");
    let mut node = Command::new("node")
        .arg(scripts.join(script))
        .arg(&world)
        .arg(&folder)
        .args(rest)
        .stdin(Stdio::null())
        // Chromium ends with it: their pipe is closed.
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let ended = tokio::time::timeout(SECONDS_MAX, node.wait()).await;
    ended.expect("the stories end in time").expect("node ends").success()
}
