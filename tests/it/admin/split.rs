//! A pool is split by a rule: what the preview said happens, all of it or nothing.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

use super::verified;
use crate::support::{Client, Made, TestApp, World};

struct Setting {
    app: TestApp,
    made: Made,
    admin: Client,
}

/// Six clinics with 60 seats and 20 doses on each of four days; 1,230 doses more in the nation's
/// pool.
async fn setting() -> Setting {
    let app = TestApp::start().await;
    let made = World::new().clinics(6).doses(20).people(30).seats(30).make(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&path, &json!({"doses": 1_230, "reason": "x"})).await.ok(200);
    Setting { app, made, admin }
}

impl Setting {
    fn first_day(&self) -> NaiveDate {
        self.made.allocation(0, 1).on_date
    }

    fn path(&self) -> String {
        format!("/v1/admin/pools/{}/splits", self.made.nation)
    }

    fn wish(&self, over: &str, by: &str) -> Value {
        let to = self.first_day() + Days::new(13);
        json!({"over": over, "by": by, "from_date": self.first_day(), "to_date": to})
    }

    async fn preview(&self, wish: &Value) -> Value {
        let path = format!("{}?dry_run=true", self.path());
        self.admin.post(&path, wish).await.ok(200)
    }

    async fn pools(&self) -> Vec<Value> {
        let path = format!("/v1/admin/pools?campaign_id={}", self.made.campaign_id);
        let pools = self.admin.get(&path).await.ok(200);
        pools["pools"].as_array().unwrap().clone()
    }

    async fn granted(&self) -> i64 {
        let path = format!("/v1/admin/allocations?campaign_id={}", self.made.campaign_id);
        let rows = self.admin.get(&path).await.ok(200);
        let rows = rows["allocations"].as_array().unwrap();
        rows.iter().map(|row| row["granted"].as_i64().unwrap()).sum()
    }
}

/// The wish with what it takes to carry it out.
fn meant(wish: &Value, preview: &Value) -> Value {
    let mut body = wish.clone();
    body["state"] = preview["state"].clone();
    body["reason"] = "The night before".into();
    body
}

fn sum(shares: &Value) -> i64 {
    shares.as_array().unwrap().iter().map(|share| share["doses"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn a_split_over_regions_does_what_its_preview_said_and_once() {
    let setting = setting().await;
    let before = setting.pools().await;
    for by in ["population", "capacity", "equal"] {
        let seen = setting.preview(&setting.wish("regions", by)).await;
        assert_eq!((&seen["doses"], sum(&seen["shares"])), (&json!(1_230), 1_230), "{by}");
    }
    assert_eq!(setting.pools().await, before, "a preview moves nothing");

    let wish = setting.wish("regions", "equal");
    let seen = setting.preview(&wish).await;
    let body = meant(&wish, &seen);
    let key = Uuid::now_v7();
    let done = setting.admin.post_once(key, &setting.path(), &body).await.ok(200);
    assert_eq!((&done["shares"], &done["state"]), (&seen["shares"], &seen["state"]));
    assert_eq!((&done["pool"]["open"], &done["dry_run"]), (&json!(0), &json!(false)));
    let again = setting.admin.post_once(key, &setting.path(), &body).await.ok(200);
    assert_eq!(again, done, "pressed twice, done once");
    let late = setting.admin.post_once(Uuid::now_v7(), &setting.path(), &body).await;
    late.problem(409, "not_enough_doses");
    for share in seen["shares"].as_array().unwrap() {
        let of = |pools: &[Value]| {
            let pool = pools.iter().find(|pool| pool["region_id"] == share["region_id"]);
            pool.map_or(0, |pool| pool["open"].as_i64().unwrap())
        };
        assert_eq!(of(&setting.pools().await) - of(&before), share["doses"].as_i64().unwrap());
    }
    verified(&setting.app).await;
}

#[tokio::test]
async fn a_split_over_clinics_goes_by_way_of_the_pools_between() {
    let setting = setting().await;
    let before = setting.granted().await;
    let wish = setting.wish("clinics", "population");
    let seen = setting.preview(&wish).await;
    assert_eq!((&seen["clinics"], &seen["clinics_without_hours"]), (&json!(6), &json!(0)));
    assert_eq!(seen["beyond_seats"], 1_230 - 6 * 4 * 40, "each day had room for 40");

    let path = format!("{}/file", setting.path());
    let file = setting.admin.post(&path, &wish).await;
    assert!(file.header("content-type").starts_with("text/csv"));
    let file = file.text();
    let rows: Vec<_> = file.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>()).collect();
    assert_eq!(rows.len(), seen["allocations"].as_u64().unwrap() as usize);
    let doses = rows.iter().map(|row| row[4].parse::<i64>().unwrap());
    assert_eq!(doses.sum::<i64>(), 1_230, "{file}");
    assert_eq!(setting.granted().await, before, "a file moves nothing");

    let body = meant(&wish, &seen);
    let done = setting.admin.post_once(Uuid::now_v7(), &setting.path(), &body).await.ok(200);
    assert_eq!(done["allocations"], seen["allocations"]);
    assert_eq!(setting.granted().await, before + 1_230);
    let pools = setting.pools().await;
    let nation = pools.iter().find(|pool| pool["region_id"].is_null()).unwrap();
    assert_eq!(nation["open"], 0);
    assert!(pools.iter().all(|pool| pool["open"] == 0), "{pools:?}");
    verified(&setting.app).await;
}

#[tokio::test]
async fn what_was_changed_since_the_preview_is_not_done() {
    let setting = setting().await;
    let mut wish = setting.wish("clinics", "capacity");
    wish["doses"] = 600.into();
    let seen = setting.preview(&wish).await;
    let path =
        format!("/v1/admin/clinics/{}/closures/{}", setting.made.clinics[0], setting.first_day());
    setting.admin.put(&path, &json!({"reason": "Water damage"})).await.ok(200);
    let before = setting.pools().await;
    let body = meant(&wish, &seen);
    let stale = setting.admin.post_once(Uuid::now_v7(), &setting.path(), &body).await;
    assert_eq!(stale.problem(409, "wrong_state")["cause"], "split_changed");
    assert_eq!(setting.pools().await, before);

    let seen = setting.preview(&wish).await;
    let body = meant(&wish, &seen);
    let path = setting.path();
    let press = || setting.admin.post_once(Uuid::now_v7(), &path, &body);
    let (one, other) = tokio::join!(press(), press());
    let mut codes = [one, other].map(|answer| answer.status);
    codes.sort_unstable();
    assert_eq!(codes, [200, 409], "two administrators at once: one of them is told");
    let closed = setting.made.allocation(0, 1).allocation_id;
    let rows = format!("/v1/admin/allocations?clinic_id={}", setting.made.clinics[0]);
    let rows = setting.admin.get(&rows).await.ok(200);
    let rows = rows["allocations"].as_array().unwrap();
    let closed = rows.iter().find(|row| row["allocation_id"] == json!(closed)).unwrap();
    assert_eq!(closed["granted"], 20, "a closed day gets nothing");
    verified(&setting.app).await;
}

#[tokio::test]
async fn a_split_that_cannot_be_says_why() {
    let setting = setting().await;
    let dry = format!("{}?dry_run=true", setting.path());
    let good = setting.wish("clinics", "equal");
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let admin = &setting.admin;
    let first = setting.first_day();
    for (body, field) in [
        (with("over", "streets".into()), "over"),
        (with("by", "chance".into()), "by"),
        (with("channel", 7.into()), "channel"),
        (with("to_date", json!(first - Days::new(1))), "to_date"),
        (with("to_date", json!(first + Days::new(92))), "to_date"),
        (with("tranche_id", 99.into()), "tranche_id"),
    ] {
        admin.post(&dry, &body).await.blames(422, "invalid_field", field);
    }
    admin.post(&dry, &with("doses", 15.into())).await.blames(422, "not_whole_vials", "doses");
    let beyond = admin.post(&dry, &with("doses", 1_240.into())).await;
    assert_eq!(beyond.problem(409, "not_enough_doses")["open"], 1_230);
    let mut far = with("from_date", json!(first + Days::new(100)));
    far["to_date"] = json!(first + Days::new(110));
    let nothing = admin.post(&dry, &far).await.problem(409, "wrong_state");
    assert_eq!(nothing["cause"], "split_over_nothing");
    admin.post("/v1/admin/pools/999/splits?dry_run=true", &good).await.problem(404, "not_found");

    let seen = setting.preview(&good).await;
    let body = meant(&good, &seen);
    let without = |name: &str| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let path = setting.path();
    for name in ["state", "reason"] {
        let answer = admin.post_once(Uuid::now_v7(), &path, &without(name)).await;
        answer.blames(422, "invalid_field", name);
    }
    admin.post(&path, &body).await.blames(422, "invalid_field", "Idempotency-Key");
    admin.post_once(Uuid::now_v7(), &path, &body).await.ok(200);
    verified(&setting.app).await;
}
