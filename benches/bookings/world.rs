//! What is booked in the measurement: 2,000 clinics with ten slots each and one allocation, all
//! wide enough never to run out, and people who are eligible.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::Utc;
use dosebook::{
    db::{self, Db},
    domain::{PersonId, keys::Keys, session},
    postgres::{Durability, Private},
};
use sqlx::{Connection, Executor, PgConnection};

use crate::{baseline, generator::Target};

pub(crate) const SECRET: [u8; 32] = [1; 32];
pub(crate) const CLINICS: i64 = 2_000;
pub(crate) const SLOTS_PER_CLINIC: i64 = 10;
/// People for the HTTP runs.
const PEOPLE: i64 = 2_000_000;
/// People for pgbench, numbered after the others.
const BASELINE_PEOPLE: i64 = 1_000_000;
/// More than a connection can book while it is measured.
const TARGETS_PER_CONNECTION: usize = 600;

#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// All slots of all clinics.
    Spread,
    /// One slot of one clinic.
    Hot,
}

pub(crate) struct World {
    pub(crate) db: Db,
    postgres: Private,
    next_person: AtomicI64,
    #[expect(dead_code, reason = "the folder lives as long as the server in it")]
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn build() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let postgres = Private::start(folder.path(), None, Durability::Durable)
            .await
            .expect("PostgreSQL starts");
        let mut owner = PgConnection::connect_with(&postgres.owner_options()).await.unwrap();
        db::MIGRATOR.run(&mut owner).await.expect("migrations");
        println!("loading {PEOPLE} people, {CLINICS} clinics …");
        owner.execute(sqlx::AssertSqlSafe(load())).await.expect("the world");
        let db = Db::new(postgres.app_options(), 4);
        Self { db, postgres, next_person: AtomicI64::new(1), folder }
    }

    pub(crate) fn baseline(&self, aim: Aim, clients: usize, span: Duration) -> f64 {
        baseline::pgbench(self.postgres.socket_dir(), aim, clients, span)
    }

    /// For each connection its own people, all signed in.
    pub(crate) fn targets(&self, aim: Aim, connections: usize) -> Vec<Vec<Target>> {
        let keys = Keys::new(&SECRET);
        let expires_at = Utc::now() + chrono::TimeDelta::hours(1);
        let n = i64::try_from(connections * TARGETS_PER_CONNECTION).unwrap();
        let first = self.next_person.fetch_add(n, Ordering::Relaxed);
        assert!(first + n <= PEOPLE, "more runs than people");
        let target = |person: i64| {
            let (clinic, slot) = match aim {
                // A large odd step visits all slots in an order without neighbours.
                Aim::Spread => {
                    let nth = person * 7_919 % (CLINICS * SLOTS_PER_CLINIC);
                    (nth / SLOTS_PER_CLINIC + 1, nth % SLOTS_PER_CLINIC + 1)
                }
                Aim::Hot => (1, 1),
            };
            let slot_id = (clinic << 24) | slot;
            let token = session::citizen_token(&keys, PersonId(person), expires_at);
            (token, format!(r#"{{"campaign_id":1,"slot_id":{slot_id},"product_id":1}}"#))
        };
        let people: Vec<_> = (first..first + n).map(target).collect();
        people.chunks(TARGETS_PER_CONNECTION).map(<[Target]>::to_vec).collect()
    }

    pub(crate) async fn close(self) {
        self.db.close().await;
        self.postgres.stop().await.expect("PostgreSQL stops");
    }
}

fn load() -> String {
    const DOSES: i64 = 1_000_000;
    let pool = CLINICS * DOSES;
    format!(
        "insert into region (code, name) values ('P1', 'Province');
         insert into region (parent_id, code, name) values (1, 'D1', 'District');
         insert into product (code, name, doses_per_vial, age_months_min)
             values ('207', 'Moderna', 10, 216);
         insert into course (code, name) values ('covid-19', 'COVID-19');
         insert into campaign (code, name, course_id, state, opens_at, closes_at, zone,
                 published_quota, published_at)
             values ('bench', 'Bench', 1, 3, now(), now() + interval '7 days', 'Asia/Seoul',
                 {pool}, now());
         insert into campaign_product values (1, 1);
         insert into cohort (campaign_id, name, born_from, born_to, since_version)
             values (1, 'Born 1962 to 1966', '1962-01-01', '1966-12-31', 1);
         insert into clinic (region_id, code, name, zone, address, phone)
             select 2, 'C' || n, 'Clinic ' || n, 'Asia/Seoul', 'Street', '02-000'
             from generate_series(1, {CLINICS}) n;
         insert into pool (campaign_id, product_id, received, passed_on)
             values (1, 1, {pool}, {pool});
         insert into allocation (
                 allocation_id, clinic_id, campaign_id, product_id, on_date, pool_id, granted, open)
             select (n << 24) + 1, n, 1, 1, current_date + 7, 1, {DOSES}, {DOSES}
             from generate_series(1::bigint, {CLINICS}) n;
         insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role)
             values (20, 0, 7, {pool}, 1, 4);
         insert into movement (kind, from_bucket, to_bucket, doses, from_pool_id, allocation_id,
                 actor_role)
             select 22, 7, 1, granted, 1, allocation_id, 4 from allocation;
         insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats)
             select (n << 24) + k, n, current_date + 7,
                 (current_date + 7) + k * interval '30 minutes',
                 (current_date + 7) + (k + 1) * interval '30 minutes', {DOSES}
             from generate_series(1::bigint, {CLINICS}) n, generate_series(1, {SLOTS_PER_CLINIC}) k;
         insert into person (match_key, birth_date, region_id, name, phone)
             select decode(md5(n::text), 'hex'), date '1962-01-01' + (n % 1826)::int, 2, 'Person',
                 '010'
             from generate_series(1, {people}) n;
         create sequence bench_person start {first_baseline} cache 100;
         analyze;",
        people = PEOPLE + BASELINE_PEOPLE,
        first_baseline = PEOPLE + 1,
    )
}
