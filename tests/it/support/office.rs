//! What administrators' stories are played on: a service of their own, once a language, where
//! people are booked at a clinic whose day is in its middle.

use std::sync::Arc;

use dosebook::flows::staff_user::{self, Post};
use serde_json::{Value, json};
use sqlx::query;
use uuid::Uuid;

use super::{Made, Person, TestApp, World, app::Options, database::TestDatabase, make::Slot};

const PASSWORD: &str = "a lamp in the window";
/// So many are booked at the first clinic today, in the order of `people`: the first has come
/// already, the third can be reached by nothing.
const TODAY: [usize; 4] = [0, 1, 1, 2];
/// Two of `people` have a live booking each, which keeps them from being one person.
const BOOKED_TWICE: [usize; 2] = [10, 11];

pub struct Office {
    pub app: TestApp,
    pub world: Value,
}

impl Office {
    pub async fn set(options: Options) -> Self {
        let database = Arc::new(TestDatabase::new().await);
        let app = options.at_any_hour().start_on(database).await;
        let world = World::new().clinics(4).days(6).slots_per_day(4).seats(30).doses(20);
        let made = world.people(30).make(&app.db).await;
        for (person, number) in TODAY.into_iter().enumerate() {
            book(&app, &made, person, made.slot(0, 1, number)).await;
        }
        for person in BOOKED_TWICE {
            book(&app, &made, person, made.slot(1, 3, 0)).await;
        }
        let silent = "update person set phone = '' where person_id = $1";
        query(silent).bind(made.people[2].person_id.0).execute(&app.db).await.expect("no phone");
        made.begin_day(&app.db, 0, 1).await;
        made.begin_day(&app.db, 3, 1).await;
        for name in ["office", "second"] {
            let added = staff_user::add(&app.app.db, name, PASSWORD, Post::Administrator).await;
            added.expect("an administrator");
        }
        app.refresh().await;
        let world = world_of(&app, &made);
        Self { app, world }
    }
}

async fn book(app: &TestApp, made: &Made, person: usize, slot: Slot) {
    let booking = made.booking(slot);
    let citizen = app.citizen(&made.people[person]);
    citizen.put_booking(Uuid::now_v7(), &booking).await.ok(201);
}

fn world_of(app: &TestApp, made: &Made) -> Value {
    let people: Vec<_> = made.people.iter().map(Person::written).collect();
    json!({
        "url": app.url,
        "codes": app.codes_url,
        "username": "office",
        "second": "second",
        "password": PASSWORD,
        "campaign_id": made.campaign_id,
        "nation": made.nation,
        "clinics": made.clinics,
        "people": people,
    })
}
