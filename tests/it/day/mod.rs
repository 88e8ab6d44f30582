//! A clinic's day: its account, the doses that nobody was promised, closing it and opening it
//! again.

mod close;
mod dose;
mod guard;
mod history;
mod race;
mod service;

use chrono::NaiveDate;
use dosebook::flows::discrepancy::verify;
use serde_json::{Value, json};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use crate::support::{
    Answer, Client, Made, TestApp, World,
    make::{Allocation, Slot},
};

/// The day of a clinic that was tomorrow, moved to another date.
struct Stage {
    app: TestApp,
    made: Made,
    staff: Client,
    admin: Client,
    date: NaiveDate,
}

/// One clinic with 20 doses a day in vials of ten, and forty people; nothing is open again after a
/// cancellation.
fn world() -> World {
    World::new().clinics(1).doses(20).seats(20).people(40)
}

impl Stage {
    async fn set(world: World) -> Self {
        let app = TestApp::start().await;
        let made = world.make(&app.db).await;
        app.refresh().await;
        let staff = app.staff(made.clinics[0]).await;
        let admin = app.admin().await;
        let date = made.slot(0, 1, 0).on_date;
        Self { app, made, staff, admin, date }
    }

    fn allocation(&self) -> Allocation {
        self.made.allocation(0, 1)
    }

    /// Books a place for a person on the day.
    async fn book(&self, person: usize) -> Uuid {
        self.book_at(person, self.made.slot(0, 1, 0)).await
    }

    async fn book_at(&self, person: usize, slot: Slot) -> Uuid {
        let id = Uuid::now_v7();
        let citizen = self.app.citizen(&self.made.people[person]);
        citizen.put_booking(id, &self.made.booking(slot)).await.ok(201);
        id
    }

    /// Moves the day so many days from today (0 is today), and its slots two hours into the past.
    async fn move_to(&mut self, days: i32) {
        self.move_slots(days, "-2 hours").await;
    }

    async fn move_slots(&mut self, days: i32, by: &str) {
        let date: NaiveDate = query_scalar("select (now() at time zone 'Asia/Seoul')::date + $1")
            .bind(days)
            .fetch_one(&self.app.db)
            .await
            .unwrap();
        query(
            "update slot set on_date = $2,
                 starts_at = now() + $3::interval + make_interval(secs => slot_id & 255),
                 ends_at = now() + $3::interval + interval '1 hour'
             where clinic_id = $4 and on_date = $1",
        )
        .bind(self.date)
        .bind(date)
        .bind(by.to_owned())
        .bind(self.made.clinics[0].0)
        .execute(&self.app.db)
        .await
        .unwrap();
        query("update allocation set on_date = $2 where clinic_id = $3 and on_date = $1")
            .bind(self.date)
            .bind(date)
            .bind(self.made.clinics[0].0)
            .execute(&self.app.db)
            .await
            .unwrap();
        query("update clinic set slots_revision = slots_revision + 1")
            .execute(&self.app.db)
            .await
            .unwrap();
        query("update catalogue set revision = revision + 1").execute(&self.app.db).await.unwrap();
        self.date = date;
    }

    async fn step(&self, id: Uuid, body: &Value) {
        let visit = format!("/v1/clinics/{}/bookings/{id}", self.made.clinics[0]);
        self.staff.put(&format!("{visit}/steps/{}", Uuid::now_v7()), body).await.ok(201);
    }

    async fn arrive(&self, id: Uuid) {
        self.step(id, &json!({ "step": "arrive" })).await;
    }

    /// Checks the person in, unless they are, and gives the dose.
    async fn give(&self, id: Uuid) {
        let visit = format!("/v1/clinics/{}/bookings/{id}", self.made.clinics[0]);
        let seen = self.staff.get(&visit).await.ok(200);
        if seen["steps"].as_array().unwrap().is_empty() {
            self.arrive(id).await;
        }
        let warnings = self.staff.get(&visit).await.ok(200)["warnings"].clone();
        let answers: Vec<_> =
            warnings.as_array().unwrap().iter().map(|warning| warning["code"].clone()).collect();
        let give = json!({ "step": "give", "answers": answers, "site": "left_arm", "lot": "L1" });
        self.step(id, &give).await;
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/clinics/{}/days/{}{rest}", self.made.clinics[0], self.date)
    }

    async fn day(&self) -> Value {
        self.staff.get(&self.path("")).await.ok(200)
    }

    /// Presses "close" with the day as it is now.
    async fn close(&self, body: &Value) -> Answer {
        let seen = self.staff.get(&self.path("")).await;
        self.close_as(&self.staff, seen.header("etag"), body).await
    }

    async fn close_as(&self, by: &Client, etag: &str, body: &Value) -> Answer {
        let request = by.request(reqwest::Method::POST, &self.path("/close"));
        request.header("if-match", etag).json(body).send().await
    }

    async fn doses(&self, action: &str, doses: i32) -> Answer {
        let body = json!({
            "action": action, "allocation_id": self.allocation().allocation_id, "doses": doses,
            "reason": "as the test has it",
        });
        self.staff.post_once(Uuid::now_v7(), &self.path("/doses"), &body).await
    }

    async fn reopen(&self, by: &Client) -> Answer {
        by.post(&self.path("/reopen"), &json!({ "reason": "closed too early" })).await
    }

    async fn is_sound(&self) {
        assert_eq!(verify(&self.app.app.db).await.unwrap(), []);
        // What the public sees is worked out from the journal, and balances.
        self.app.refresh().await;
    }

    async fn number(&self, sql: &'static str) -> i64 {
        query_scalar(sql).fetch_one(&self.app.db).await.expect(sql)
    }
}

/// Buckets of the day's only row of doses.
fn buckets(day: &Value) -> [i64; 5] {
    let row = &day["doses"][0];
    ["open", "booked", "spare", "given", "lost"].map(|name| row[name].as_i64().unwrap())
}

fn people(day: &Value, name: &str) -> i64 {
    day["people"][name].as_i64().unwrap()
}
