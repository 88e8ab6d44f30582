//! A split and a file of allocations grant doses to many clinics at once. Both take what they need
//! in one order, clinics, pools, allocations, each by id, so neither ever waits for the other while
//! the other waits for it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Days, Utc};
use dosebook::domain::PoolId;
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::{task::JoinHandle, time::timeout};
use uuid::Uuid;

use super::verified;
use crate::{
    import::{self, lock::until_it_waits},
    support::{Answer, Client, Made, TestApp, World},
};

/// Ids of rows that nobody has locked.
const CLINICS: &str =
    "select clinic_id::bigint from clinic order by 1 for no key update skip locked";
const POOLS: &str = "select pool_id::bigint from pool order by 1 for no key update skip locked";
const ALLOCATIONS: &str =
    "select allocation_id from allocation order by 1 for no key update skip locked";

/// Sooner nobody gives up who waits for a clinic or a pool.
const PATIENCE: Duration = Duration::from_secs(4);
const ROUNDS_MAX: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Split,
    File,
}

struct Setting {
    app: TestApp,
    made: Made,
    admin: Client,
}

/// Six clinics with doses on each of four days, and many more in all pools.
async fn setting() -> Setting {
    let app = TestApp::start().await;
    let made = World::new().clinics(6).doses(20).people(30).seats(500).make(&app.db).await;
    let admin = app.admin().await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&path, &json!({"doses": 20_000, "reason": "x"})).await.ok(200);
    for pool_id in provinces(&app, &made).await {
        let path = format!("/v1/admin/pools/{}/transfers", made.nation);
        let body = json!({"to_pool_id": pool_id, "doses": 5_000, "reason": "x"});
        admin.post(&path, &body).await.ok(200);
    }
    Setting { app, made, admin }
}

/// The pools below the nation's, by id.
async fn provinces(app: &TestApp, made: &Made) -> Vec<PoolId> {
    let sql = "select pool_id from pool where campaign_id = $1 and parent_id is not null
               order by pool_id";
    let ids: Vec<i32> =
        sqlx::query_scalar(sql).bind(made.campaign_id.0).fetch_all(&app.db).await.unwrap();
    ids.into_iter().map(PoolId).collect()
}

impl Setting {
    /// Grants doses to each of the clinics' days.
    async fn begin(&self, how: How) -> JoinHandle<Answer> {
        let admin = self.admin.clone();
        if how == How::File {
            let file = self.file();
            return tokio::spawn(async move {
                import::post(&admin, "allocations?again=true", file).await
            });
        }
        let path = format!("/v1/admin/pools/{}/splits", self.made.nation);
        let from = self.made.allocation(0, 1).on_date;
        let mut wish = json!({"over": "clinics", "by": "capacity", "doses": 960,
            "from_date": from, "to_date": from + Days::new(13)});
        let seen = admin.post(&format!("{path}?dry_run=true"), &wish).await.ok(200);
        assert_eq!(seen["allocations"], 24, "each day gets some: {seen}");
        wish["state"] = seen["state"].clone();
        wish["reason"] = "The night before".into();
        tokio::spawn(async move { admin.post_once(Uuid::now_v7(), &path, &wish).await })
    }

    fn file(&self) -> String {
        let mut file = "campaign_code,clinic_code,product_code,on_date,doses\n".to_owned();
        // The last first: the order of the file decides nothing.
        for clinic in (0..6).rev() {
            for day in (1..=4).rev() {
                let on_date = self.made.allocation(clinic, day).on_date;
                file += &format!("test,C{},207,{on_date},10\n", clinic + 1);
            }
        }
        file
    }

    async fn free(&self, sql: &'static str) -> usize {
        let ids: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&self.app.db).await.unwrap();
        ids.len()
    }

    /// Which backend waits for a lock in this statement, and since when; none where none does.
    async fn waiter(&self, statement: &str) -> Option<(i32, DateTime<Utc>)> {
        let sql = "select pid, query_start from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'
                       and query like $1";
        let like = format!("%{statement}%");
        sqlx::query_as(sql).bind(like).fetch_optional(&self.app.db).await.unwrap()
    }

    /// Clinics, pools and allocations that are free while it waits, in this statement, for the one
    /// row that somebody else has.
    async fn while_it_waits(
        &self,
        how: How,
        (row, statement): (&str, &str),
    ) -> (usize, usize, usize) {
        for _ in 0..ROUNDS_MAX {
            if let Some(free) = self.once_while_it_waits(how, (row, statement)).await {
                return free;
            }
        }
        panic!("{how:?}, {statement}: this machine is too slow to see what is free meanwhile");
    }

    /// None where it did not wait until all had been counted: it gives up, and tries again.
    async fn once_while_it_waits(
        &self,
        how: How,
        (row, statement): (&str, &str),
    ) -> Option<(usize, usize, usize)> {
        let mut holder = self.app.db.begin().await.unwrap();
        let sql = format!("select from {row} for no key update");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *holder).await.unwrap();
        let since = Instant::now();
        let granting = self.begin(how).await;
        let looking = async {
            loop {
                match self.waiter(statement).await {
                    None if !granting.is_finished() => tokio::task::yield_now().await,
                    waiter => return waiter,
                }
            }
        };
        let waiter = timeout(Duration::from_secs(60), looking).await.expect("it waits");
        let free = (self.free(CLINICS).await, self.free(POOLS).await, self.free(ALLOCATIONS).await);
        let still = self.waiter(statement).await;
        holder.rollback().await.unwrap();
        let waited = since.elapsed();
        // For allocations nobody is waited for longer than a moment.
        let status = granting.await.unwrap().status;
        let may_give_up = statement == "top_up" || waited > PATIENCE;
        assert!(status == 200 || (status == 503 && may_give_up), "{how:?}: {status}");
        (waiter.is_some() && still == waiter).then_some(free)
    }
}

#[tokio::test]
async fn a_split_and_a_file_lock_clinics_then_pools_then_allocations_each_by_id() {
    let setting = setting().await;
    let [first, last] = provinces(&setting.app, &setting.made).await[..] else {
        panic!("two provinces")
    };
    let first_clinic = "clinic where clinic_id = (select min(clinic_id) from clinic)";
    let last_clinic = "clinic where clinic_id = (select max(clinic_id) from clinic)";
    let first_pool = format!("pool where pool_id = {first}");
    let last_pool = format!("pool where pool_id = {last}");
    let first_row = "allocation where allocation_id = (select min(allocation_id) from allocation)";
    let last_row = "allocation where allocation_id = (select max(allocation_id) from allocation)";
    // Of a file, the nation's pool is nobody's: its doses come from the provinces.
    for (how, pool_lock, nation) in
        [(How::Split, "pool::lock", 0), (How::File, "import::allocation::lock_pools", 1)]
    {
        let seen =
            async |row: &str, statement: &str| setting.while_it_waits(how, (row, statement)).await;
        assert_eq!(seen(first_clinic, "lock_clinics").await, (5, 3, 24), "{how:?}");
        assert_eq!(seen(last_clinic, "lock_clinics").await, (0, 3, 24), "{how:?}");
        assert_eq!(seen(&first_pool, pool_lock).await, (0, nation + 1, 24), "{how:?}");
        assert_eq!(seen(&last_pool, pool_lock).await, (0, nation, 24), "{how:?}");
        assert_eq!(seen(first_row, "top_up").await, (0, nation, 23), "{how:?}");
        assert_eq!(seen(last_row, "top_up").await, (0, nation, 0), "{how:?}");
    }
    verified(&setting.app).await;
}

#[tokio::test]
async fn splits_and_files_at_once_never_end_each_other() {
    let setting = setting().await;
    for round in 0..6 {
        let mut holder = setting.app.db.begin().await.unwrap();
        sqlx::query("select from clinic order by clinic_id limit 1 for update")
            .execute(&mut *holder)
            .await
            .unwrap();
        // Each is the first in the queue as often as the other.
        let split = (How::Split, "split::lock_clinics");
        let file = (How::File, "import::allocation::lock_clinics");
        let order = if round % 2 == 0 { [split, file] } else { [file, split] };
        let mut granting = Vec::new();
        for (how, statement) in order {
            granting.push((how, setting.begin(how).await));
            until_it_waits(&setting.app.db, statement).await;
        }
        holder.rollback().await.unwrap();
        for (how, one) in granting {
            let told = one.await.unwrap();
            if how == How::File || told.status == 200 {
                told.ok(200);
            } else {
                assert_eq!(told.problem(409, "wrong_state")["cause"], "split_changed");
            }
        }
    }
    // A file that was the victim is loaded anew; that would have been counted.
    let metrics = setting.app.public().get("/metrics").await.text();
    let ended = |name: &str, outcome: &str| {
        let line = format!("dosebook_transactions_total{{name=\"{name}\",outcome=\"{outcome}\"}} ");
        metrics.lines().find_map(|one| one.strip_prefix(&line)).map(str::to_owned)
    };
    assert_eq!(ended("import", "committed").as_deref(), Some("6"), "{metrics}");
    assert_eq!((ended("import", "failed"), ended("split", "failed")), (None, None));
    verified(&setting.app).await;
}
