//! A visit at the clinic: each step, what is refused, and how a wrong press is taken back.

mod bad_input;
mod later_dose;
mod merging;
mod next_dose;
mod person_right;
mod race;
mod rule;
mod story;

use dosebook::flows::discrepancy::verify;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Client, Made, TestApp, World};

/// A clinic on the day: one that has begun, with people booked into its first slot.
pub struct Day {
    pub app: TestApp,
    pub made: Made,
    pub staff: Client,
    /// Of person 0, 1, … in the first slot.
    pub bookings: Vec<Uuid>,
}

impl Day {
    /// So many people are booked.
    pub async fn begin(people: usize) -> Self {
        Self::begin_in(World::new().clinics(2).days(3).cancel_until_hours(0), people).await
    }

    pub async fn begin_in(world: World, people: usize) -> Self {
        Self::begin_on(TestApp::start().await, world, people).await
    }

    pub async fn begin_on(app: TestApp, world: World, people: usize) -> Self {
        let made = world.make(&app.db).await;
        let staff = app.staff(made.clinics[0]).await;
        let mut bookings = Vec::new();
        for person in &made.people[..people] {
            let (id, body) = (Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
            app.citizen(person).put_booking(id, &body).await.ok(201);
            bookings.push(id);
        }
        made.begin_day(&app.db, 0, 1).await;
        Self { app, made, staff, bookings }
    }

    /// The path of a person's visit.
    pub fn path(&self, person: usize) -> String {
        format!("/v1/clinics/{}/bookings/{}", self.made.clinics[0], self.bookings[person])
    }

    pub async fn look(&self, person: usize) -> Value {
        self.staff.get(&self.path(person)).await.ok(200)
    }

    /// A press under an id of its own.
    pub async fn press(&self, person: usize, body: Value) -> Answer {
        self.press_as(person, Uuid::now_v7(), &body).await
    }

    pub async fn press_as(&self, person: usize, step_id: Uuid, body: &Value) -> Answer {
        let path = format!("{}/steps/{step_id}", self.path(person));
        self.staff.put(&path, body).await
    }

    /// Makes a step that must be new; gives its id.
    pub async fn step(&self, person: usize, body: Value) -> Uuid {
        let step_id = Uuid::now_v7();
        self.press_as(person, step_id, &body).await.ok(201);
        step_id
    }

    /// Doses open, booked, spare, given and lost on the day.
    pub async fn doses(&self) -> [i32; 5] {
        let sql = "select array[open, booked, spare, given, lost] from allocation
                   where allocation_id = $1";
        let id = self.made.allocations[0].allocation_id.0;
        let doses: Vec<i32> =
            sqlx::query_scalar(sql).bind(id).fetch_one(&self.app.db).await.unwrap();
        doses.try_into().unwrap()
    }

    /// Seats taken in the first slot.
    pub async fn taken(&self) -> i32 {
        let sql = "select taken from slot where slot_id = $1";
        let id = self.made.slots[0].slot_id.0;
        sqlx::query_scalar(sql).bind(id).fetch_one(&self.app.db).await.unwrap()
    }

    /// What `verify` finds wrong.
    pub async fn assert_sound(&self) {
        assert_eq!(verify(&self.app.app.db).await.unwrap(), []);
    }
}

pub fn give() -> Value {
    json!({
        "step": "give", "answers": ["identity", "screening"], "site": "left_arm", "lot": "EW0182",
    })
}

pub fn undo(step: Uuid) -> Value {
    json!({ "step": "undo", "undoes": step })
}

/// The codes of a list.
pub fn codes(list: &Value, member: &str) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one[member].as_str().unwrap().to_owned()).collect()
}
