//! A tranche that is moved stays the same tranche, and its doses stay its doses.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{db_now, patch, verified};
use crate::support::{Client, Made, TestApp, World};

const EVERYBODY: [i16; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// A campaign with one tranche that is open, for which all doses are kept.
async fn world() -> (TestApp, Made, Client, String, i64) {
    let app = TestApp::with().lanes(1).start().await;
    let made = World::new().people(6).make(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/campaigns/{}/tranches", made.campaign_id);
    let now = db_now(&app).await;
    let new = json!({"name": "Day 1", "birth_day_digits": EVERYBODY,
        "opens_at": now - TimeDelta::hours(1)});
    let tranche = admin.post(&path, &new).await.ok(201)["tranche_id"].as_i64().unwrap();
    let sql = "update allocation set tranche_id = $1";
    sqlx::query(sql).bind(tranche as i32).execute(&app.db).await.unwrap();
    (app, made, admin, path, tranche)
}

async fn book(app: &TestApp, made: &Made, person: usize) -> crate::support::Answer {
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[person]).put_booking(Uuid::now_v7(), &body).await
}

#[tokio::test]
async fn doses_of_a_tranche_that_is_moved_are_bookable_at_the_new_time() {
    let (app, made, admin, path, tranche) = world().await;
    book(&app, &made, 0).await.ok(201);
    let now = db_now(&app).await;
    let one = format!("{path}/{tranche}");
    let later = json!({"opens_at": now + TimeDelta::hours(1)});
    let moved = patch(&admin, &one, &later).await.ok(200);
    assert_eq!(moved["tranche_id"], tranche, "it stays who it is");
    assert_eq!(moved["name"], "Day 1");
    let refused = book(&app, &made, 1).await.problem(403, "window_not_open");
    assert_eq!(refused["reasons"][0]["code"], "tranche_not_open");
    let sooner = json!({"opens_at": now - TimeDelta::minutes(1)});
    patch(&admin, &one, &sooner).await.ok(200);
    book(&app, &made, 2).await.ok(201);
    // The times of before are kept with the versions in which they held.
    let times: Vec<(i32, i32)> = sqlx::query_as(
        "select since_version, until_version from tranche_time order by until_version",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(times, [(2, 3), (3, 4)]);
    let late = json!({"opens_at": now + TimeDelta::days(400)});
    patch(&admin, &one, &late).await.blames(422, "invalid_field", "opens_at");
    patch(&admin, &format!("{path}/9999"), &later).await.problem(404, "not_found");
    verified(&app).await;
}

#[tokio::test]
async fn a_tranche_that_ends_and_is_added_anew_is_the_same_with_its_doses() {
    let (app, made, admin, path, tranche) = world().await;
    let now = db_now(&app).await;
    let one = format!("{path}/{tranche}");
    admin.delete(&one).await.ok(200);
    let gone = book(&app, &made, 0).await;
    gone.problem(409, "doses_exhausted");
    let new = |digits: &[i16]| {
        let opens_at = now - TimeDelta::minutes(1);
        json!({"name": "Day 2", "birth_day_digits": digits, "opens_at": opens_at})
    };
    // The control: another tranche has other doses.
    let other = admin.post(&path, &new(&EVERYBODY[..9])).await.ok(201);
    assert_ne!(other["tranche_id"], tranche);
    admin.delete(&format!("{path}/{}", other["tranche_id"])).await.ok(200);
    let again = admin.post(&path, &new(&EVERYBODY)).await.ok(201);
    assert_eq!((&again["tranche_id"], &again["name"]), (&json!(tranche), &json!("Day 2")));
    book(&app, &made, 1).await.ok(201);
    let held: Vec<Value> = admin.get(&path).await.ok(200)["tranches"].as_array().unwrap().clone();
    assert_eq!(held.len(), 1);
    verified(&app).await;
}

/// Doses that were stranded before tranches stayed who they are, by the migration's own statement.
#[tokio::test]
async fn doses_that_were_stranded_are_carried_over() {
    let (app, made, admin, path, tranche) = world().await;
    admin.delete(&format!("{path}/{tranche}")).await.ok(200);
    let sql = "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
        select campaign_id, 'Day 2', birth_day_digits, now() - interval '1 minute', until_version
        from tranche";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    sqlx::query("update campaign set rule_version = rule_version + 1")
        .execute(&app.db)
        .await
        .unwrap();
    book(&app, &made, 0).await.problem(409, "doses_exhausted");
    let migration = include_str!("../../../migrations/0030_moved_tranches.sql");
    let from = migration.find("update allocation a set tranche_id").unwrap();
    let to = migration.find("update catalogue").unwrap();
    sqlx::query(&migration[from..to]).execute(&app.db).await.unwrap();
    book(&app, &made, 0).await.ok(201);
}
