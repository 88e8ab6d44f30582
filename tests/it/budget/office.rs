//! What presses of the pages are made on: a service with a campaign that is open and one that is
//! not, clinics whose day has begun, and whatever a press needs for itself alone.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta, Utc};
use dosebook::{
    domain::ClinicId,
    flows::staff_user::{self, Post},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::press::Before;
use crate::support::{Client, Made, TestApp, make::Slot};

const ADMIN: &str = "/v1/admin";
const PASSWORD: &str = "correct horse battery staple";

/// What stands for a name in braces.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<&'static str, String>);

impl Names {
    pub fn set(&mut self, name: &'static str, value: impl ToString) {
        self.0.insert(name, value.to_string());
    }

    /// The same, of an answer's member.
    fn take(&mut self, name: &'static str, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.0.insert(name, text);
    }

    pub fn get(&self, name: &str) -> &str {
        &self.0[name]
    }

    /// The text with what its names stand for.
    pub fn put(&self, text: &str) -> String {
        let put = |text: String, (name, value): (&&str, &String)| {
            text.replace(&format!("{{{name}}}"), value)
        };
        self.0.iter().fold(text.to_owned(), put)
    }
}

pub struct Office<'a> {
    pub app: &'a TestApp,
    pub made: &'a Made,
    admin: Client,
    /// What is there for all.
    names: Names,
    /// The number of the last press that something was made for.
    number: usize,
    /// The next of the people who have nothing to do with anybody.
    person: usize,
    /// Bookings of today at the first clinic, and whose they are.
    today: Vec<(usize, Uuid)>,
}

impl<'a> Office<'a> {
    /// With so many bookings of today, from this person on; one more is booked for another day, by
    /// somebody else: nobody has two bookings of a dose.
    pub async fn set(app: &'a TestApp, made: &'a Made, (person, today): (usize, usize)) -> Self {
        let admin = app.admin().await;
        let names = Names::default();
        let mut office = Self { app, made, admin, names, number: 0, person, today: Vec::new() };
        for _ in 0..today {
            let person = office.next_person();
            let id = office.book(person, made.slot(0, 1, 0)).await;
            office.today.push((person, id));
        }
        made.begin_day(&app.db, 0, 1).await;
        made.begin_day(&app.db, 1, 1).await;
        let post = Post::Administrator;
        staff_user::add(&app.app.db, "desk.sign-in", PASSWORD, post).await.expect("a user");
        office.run("update campaign set walk_in = 3").await;
        office.name_all().await;
        office.draft().await;
        app.refresh_pages().await;
        office
    }

    /// A number that the statement gives.
    pub async fn count(&self, sql: &str) -> i64 {
        let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.app.db);
        found.await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub async fn run(&self, sql: &str) {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.app.db).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.admin.post(&format!("{ADMIN}{path}"), &body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text());
        answer.body
    }

    fn next_person(&mut self) -> usize {
        self.person += 1;
        self.person - 1
    }

    async fn book(&self, person: usize, slot: Slot) -> Uuid {
        let (id, body) = (Uuid::now_v7(), self.made.booking(slot));
        let citizen = self.app.citizen(&self.made.people[person]);
        loop {
            let answer = citizen.put_booking(id, &body).await;
            // A lane whose callers wait for a millisecond at most may send somebody away.
            if answer.status != 503 {
                assert!(answer.status < 300, "{}", answer.text());
                return id;
            }
        }
    }

    async fn name_all(&mut self) {
        let made = self.made;
        let province = made.provinces[0];
        let pool = format!("select pool_id::bigint from pool where region_id = {province}");
        let pool = self.count(&pool).await;
        let file = "code,name\nF1,Region of a file\n";
        let import = self.admin.request(Method::POST, &format!("{ADMIN}/imports/regions"));
        let import = import.body("text/csv", file).send().await;
        assert!(import.status < 300, "{}", import.text());
        let (date, ahead) = (made.allocation(2, 4).on_date, made.slot(1, 2, 0));
        let today = Utc::now().with_timezone(&crate::support::make::ZONE).date_naive();
        let names = &mut self.names;
        names.take("import_id", &import.body["import_id"]);
        names.set("kind", "regions");
        names.set("file", "days.csv");
        names.set("password", PASSWORD);
        names.set("campaign_id", made.campaign_id);
        names.set("product_id", made.product_id);
        names.set("clinic_id", made.clinics[0]);
        names.set("pool_id", made.nation);
        names.set("province_id", province);
        names.set("province_pool_id", pool);
        names.set("district_id", made.districts[0]);
        names.set("slot_id", made.slot(1, 2, 0).slot_id);
        names.set("later_slot_id", made.slot(0, 2, 0).slot_id);
        names.set("slot_date", ahead.on_date);
        names.set("closing_date", date);
        names.set("today", today);
        names.set("far", date + Days::new(20));
    }

    /// Another campaign, with nothing in the way of publishing it.
    async fn draft(&mut self) {
        let made = self.made;
        let product = json!({ "code": "208", "name": "Pfizer", "doses_per_vial": 6 });
        let product = self.post("/products", product).await["product_id"].clone();
        let campaign = json!({
            "code": "autumn", "name": "Autumn", "course_id": made.course_id,
            "opens_at": Utc::now() - TimeDelta::hours(1),
            "closes_at": Utc::now() + TimeDelta::days(30), "zone": "Asia/Seoul",
        });
        let campaign = self.post("/campaigns", campaign).await["campaign_id"].clone();
        let path = format!("{ADMIN}/campaigns/{campaign}/products");
        let answer = self.admin.put(&path, &json!({ "product_ids": [product] })).await;
        assert!(answer.status < 300, "{}", answer.text());
        let cohort = json!({ "name": "all", "born_from": "1930-01-01" });
        self.post(&format!("/campaigns/{campaign}/cohorts"), cohort).await;
        let pool = json!({
            "campaign_id": campaign, "product_id": product, "parent_id": null, "region_id": null,
        });
        let pool = self.post("/pools", pool).await["pool_id"].clone();
        let receipt = json!({ "doses": 60, "reason": "Delivery" });
        self.post(&format!("/pools/{pool}/receipts"), receipt).await;
        let allocation = json!({
            "clinic_id": made.clinics[1], "campaign_id": campaign, "product_id": product,
            "on_date": made.allocation(1, 2).on_date, "pool_id": pool, "doses": 6, "reason": "x",
        });
        self.post("/allocations", allocation).await;
        self.names.take("draft_id", &campaign);
    }

    /// Makes what the press needs.
    pub async fn ready(&mut self, before: Before) -> Names {
        let mut names = self.names.clone();
        // All come from one address, from which nobody may ask so often.
        self.run("delete from code_cap").await;
        self.number += 1;
        names.set("n", self.number);
        match before {
            Before::Nothing => {}
            Before::Person => self.somebody(&mut names),
            Before::Pair => {
                self.somebody(&mut names);
                names.set("other_person_id", names.get("person_id").to_owned());
                self.somebody(&mut names);
            }
            Before::Booked => {
                self.somebody(&mut names);
                let id = self.book(self.person - 1, self.made.slot(1, 2, 0)).await;
                self.name_booking(&mut names, id);
            }
            Before::Lost => self.lose(&mut names).await,
            Before::Today => self.come(&mut names),
            Before::Here => {
                self.come(&mut names);
                self.arrive(&names).await;
            }
            Before::Excluded => self.exclude(&mut names).await,
            Before::State(state) => self.put_back(&mut names, state).await,
            Before::Cohort | Before::Tranche => self.lay_down(&mut names, before).await,
            Before::Receipt => self.receive(&mut names).await,
            Before::Product | Before::Region => self.add(&mut names, before).await,
            Before::User(is_active) => {
                let sql = format!(
                    "insert into staff_user (username, password_hash, role, is_active)
                     values ('user-{}', 'nobody knows it', 5, {is_active})
                     returning staff_user_id::bigint",
                    self.number
                );
                names.set("user_id", self.count(&sql).await);
            }
            Before::Invited => {
                let username = format!("invited-{}", self.number);
                let user = json!({ "username": username, "role": "call_centre" });
                let invited = self.post("/users", user).await;
                names.take("token", &invited["invitation"]["token"]);
            }
            // Sent by the page, see `route`.
            Before::File => {}
            Before::Open => self.open(&mut names).await,
        }
        names
    }

    fn somebody(&mut self, names: &mut Names) {
        let person = self.next_person();
        self.name_person(names, person);
    }

    fn name_person(&self, names: &mut Names, number: usize) {
        let person = &self.made.people[number];
        let date = person.birth_date;
        names.set("person", number);
        names.set("person_id", person.person_id);
        names.set("name", &person.name);
        names.set("birth_date", date);
        names.set("born", date.format("%Y%m%d"));
        names.set("year", date.format("%Y"));
        names.set("month", date.format("%-m"));
        names.set("day", date.format("%-d"));
        names.set("phone", &person.phone);
    }

    fn name_booking(&self, names: &mut Names, id: Uuid) {
        names.set("booking_id", id);
        names.set("number", self.app.number(id));
    }

    /// Somebody stands at the first clinic. The last of them is left for pages, which only show.
    fn come(&mut self, names: &mut Names) {
        assert!(self.today.len() > 1, "more must be booked for today");
        let (person, id) = self.today.remove(0);
        self.name_person(names, person);
        self.name_booking(names, id);
    }

    async fn arrive(&self, names: &Names) {
        let clinic = self.made.clinics[0];
        let (booking, step) = (names.get("booking_id"), Uuid::now_v7());
        let path = format!("/v1/clinics/{clinic}/bookings/{booking}/steps/{step}");
        let staff = self.app.staff(clinic).await;
        staff.put(&path, &json!({ "step": "arrive" })).await.ok(201);
    }

    /// The day is opened, somebody books, and it is closed.
    async fn lose(&mut self, names: &mut Names) {
        let day = self.made.allocation(2, 3);
        let path = format!("{ADMIN}/clinics/{}/closures/{}", day.clinic_id, day.on_date);
        // Closed by the press before, or not.
        self.admin.delete(&path).await;
        self.somebody(names);
        let id = self.book(self.person - 1, self.made.slot(2, 3, 0)).await;
        let silent = names.put("update person set phone = '' where person_id = {person_id}");
        self.run(&silent).await;
        self.admin.put(&path, &json!({ "reason": "Snow" })).await.ok(200);
        self.app.refresh().await;
        names.set("clinic_id", day.clinic_id);
        names.set("date", day.on_date);
        self.name_booking(names, id);
    }

    async fn exclude(&mut self, names: &mut Names) {
        self.somebody(names);
        let course = self.made.course_id;
        let at = self.book(self.person - 1, self.made.slot(1, 2, 0)).await.to_string();
        let found = names.put(
            "with person as (
                update person set is_excluded = true where person_id = {person_id})
             insert into exclusion (person_id, course_id, dose_number, reason, booking_id,
                 staff_user_id)
             select {person_id}, {course_id}, 1, 3, '{at}', min(staff_user_id)
             from staff_user returning exclusion_id",
        );
        let found = found.replace("{course_id}", &course.to_string()).replace("{at}", &at);
        let found = self.count(&found).await;
        names.set("exclusion_id", found);
    }

    /// The other campaign as it was before one of its steps.
    async fn put_back(&self, names: &mut Names, state: i16) {
        names.set("campaign_id", self.names.get("draft_id").to_owned());
        let public = match state {
            1 => "published_quota = null, published_at = null",
            _ => "published_quota = 60, published_at = now()",
        };
        let sql = format!(
            "update campaign set state = {state}, {public}, state_reason = null,
                 state_reason_ko = null, state_reason_en = null
             where campaign_id = {{campaign_id}}"
        );
        self.run(&names.put(&sql)).await;
    }

    /// A rule of the open campaign that keeps nobody out.
    async fn lay_down(&self, names: &mut Names, before: Before) {
        let name = format!("To end {}", self.number);
        let campaign = format!("/campaigns/{}", self.made.campaign_id);
        if before == Before::Cohort {
            let cohort = json!({ "name": name, "born_from": "1970-01-01" });
            let cohort = self.post(&format!("{campaign}/cohorts"), cohort).await;
            names.take("cohort_id", &cohort["cohort_id"]);
        } else {
            let opens_at = Utc::now() - TimeDelta::minutes(30);
            let digits = (0..10).collect::<Vec<_>>();
            let tranche = json!({ "name": name, "birth_day_digits": digits, "opens_at": opens_at });
            let tranche = self.post(&format!("{campaign}/tranches"), tranche).await;
            names.take("tranche_id", &tranche["tranche_id"]);
        }
    }

    async fn receive(&self, names: &mut Names) {
        let reason = format!("Receipt {}", self.number);
        let receipt = json!({ "doses": 100, "reason": reason });
        self.post(&format!("/pools/{}/receipts", self.made.nation), receipt).await;
        let sql = "select tx::text || '-' || id from movement where reason = $1";
        let line: String =
            sqlx::query_scalar(sql).bind(reason).fetch_one(&self.app.db).await.expect("a line");
        names.set("movement_id", line);
    }

    async fn add(&self, names: &mut Names, before: Before) {
        let n = self.number;
        if before == Before::Product {
            let sql = format!(
                "with made as (
                     insert into product (code, name, doses_per_vial, age_months_min,
                         doses_in_series, interval_days_min)
                     values ('p-{n}', 'Product {n}', 10, 216, 2, 28) returning product_id)
                 insert into campaign_product (campaign_id, product_id)
                 select {{campaign_id}}, product_id from made returning product_id::bigint"
            );
            names.set("new_product_id", self.count(&names.put(&sql)).await);
        } else {
            let sql = format!(
                "insert into region (parent_id, code, name)
                 values ({{province_id}}, 'D-{n}', 'District {n}') returning region_id::bigint"
            );
            names.set("new_region_id", self.count(&names.put(&sql)).await);
            names.set("pool_id", names.get("province_pool_id").to_owned());
        }
    }

    /// The day of the second clinic is open.
    async fn open(&self, names: &mut Names) {
        let allocation = self.made.allocation(1, 1);
        let (clinic, id): (ClinicId, _) = (allocation.clinic_id, allocation.allocation_id);
        let sql = "select on_date::text from allocation where allocation_id = $1";
        let date: String =
            sqlx::query_scalar(sql).bind(id.0).fetch_one(&self.app.db).await.expect("a day");
        let path = format!("/v1/clinics/{clinic}/days/{date}/reopen");
        // Closed by the press before, or not.
        self.admin.post(&path, &json!({ "reason": "x" })).await;
        names.set("clinic_id", clinic);
        names.set("date", date);
    }

    /// Names for pages that only show.
    pub async fn shown(&mut self) -> Names {
        let mut names = self.names.clone();
        for before in [
            Before::Booked,
            Before::Lost,
            Before::Excluded,
            Before::Cohort,
            Before::Tranche,
            Before::Receipt,
            Before::User(true),
        ] {
            names.0.extend(self.ready(before).await.0);
            if before == Before::Booked {
                let (person, id) = (names.get("person").to_owned(), names.get("booking_id"));
                let id = id.to_owned();
                names.set("ahead_person", person);
                names.set("ahead_booking_id", id);
            }
        }
        let (_, today) = self.today[self.today.len() - 1];
        names.set("today_booking_id", today);
        self.put_back(&mut names.clone(), 1).await;
        names
    }
}
