//! Many requests at once: never a dose, a seat or a booking too many, however often a person asks
//! and through however many services. Each test has a control: the same requests and checks with
//! one guard removed.

mod dose;
mod opening;
mod person;

use std::collections::{BTreeMap, BTreeSet};

use dosebook::{domain::batch::Decide, flows::discrepancy::verify};
use futures_util::future::join_all;
use sqlx::{Executor, PgPool};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{
    Answer, Client, Made, Person, TestApp, app::Options, make::Slot, process::Service,
};

/// Services on one database.
struct Services {
    app: TestApp,
    /// Clients are given one after the other.
    urls: Vec<String>,
    _second: Option<TestApp>,
    _processes: Vec<(Service, TempDir)>,
}

impl Services {
    async fn one(options: Options) -> Self {
        let app = options.start().await;
        Self { urls: vec![app.url.clone()], app, _second: None, _processes: Vec::new() }
    }

    async fn two(options: Options) -> Self {
        let mut services = Self::one(options).await;
        let second = services.app.another().await;
        services.urls.push(second.url.clone());
        services._second = Some(second);
        services
    }

    /// Two processes that share only the database.
    async fn processes() -> Self {
        let app = TestApp::start().await;
        let start = |_| {
            let folder = tempfile::tempdir().unwrap();
            (Service::on(&app.database, folder.path()), folder)
        };
        let processes = Vec::from([0, 1].map(start));
        let urls = processes.iter().map(|(service, _)| service.url.clone()).collect();
        Self { urls, app, _second: None, _processes: processes }
    }

    /// One service and two, without the guard and without the constraint behind it.
    async fn without(decide: Decide, constraint: &'static str) -> [Self; 2] {
        let unguarded = || TestApp::with().decide(decide);
        let both = [Self::one(unguarded()).await, Self::two(unguarded()).await];
        for services in &both {
            services.app.db.execute(constraint).await.unwrap();
        }
        both
    }

    fn citizen(&self, person: &Person, number: usize) -> Client {
        self.app.citizen(person).at(&self.urls[number % self.urls.len()])
    }

    /// All book at once, each with an id of its own.
    async fn book_at_once(&self, made: &Made, asks: Vec<(&Person, Slot)>) -> Aftermath {
        let asks = asks.into_iter().enumerate().map(|(number, (person, slot))| {
            let (client, body) = (self.citizen(person, number), made.booking(slot));
            async move { client.put_booking(Uuid::now_v7(), &body).await }
        });
        Aftermath::of(&join_all(asks).await, &self.app).await
    }
}

/// What the database holds when all have been answered.
#[derive(Debug, PartialEq)]
struct Aftermath {
    booked: usize,
    /// How often each refusal was given.
    refused: BTreeMap<(u16, String), usize>,
    /// Days on which more doses are promised than were granted.
    oversold: i64,
    /// Persons who hold the same dose twice.
    double_booked: i64,
    /// Bookings from before the opening, by the database's clock.
    early: i64,
    /// The kinds of discrepancy that `verify` finds.
    found: BTreeSet<String>,
}

impl Aftermath {
    /// As many bookings and refusals, and nothing wrong.
    fn sound(booked: usize, refused: &[(u16, &str, usize)]) -> Self {
        let refused = refused.iter().map(|&(status, code, n)| ((status, code.to_owned()), n));
        Self {
            booked,
            refused: refused.collect(),
            oversold: 0,
            double_booked: 0,
            early: 0,
            found: BTreeSet::new(),
        }
    }

    async fn of(answers: &[Answer], app: &TestApp) -> Self {
        let mut refused = BTreeMap::new();
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            *refused.entry((answer.status, answer.code().to_owned())).or_default() += 1;
        }
        let found = verify(&app.app.db).await.unwrap().into_iter().map(|found| found.of).collect();
        Self {
            booked: answers.iter().filter(|answer| answer.status == 201).count(),
            refused,
            oversold: oversold(&app.db).await,
            double_booked: double_booked(&app.db).await,
            early: early(&app.db).await,
            found,
        }
    }
}

async fn oversold(db: &PgPool) -> i64 {
    let sql = "select count(*) from allocation a where granted <
                   (select count(*) from booking b where b.allocation_id = a.allocation_id
                        and b.state in (1, 2, 5))";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn double_booked(db: &PgPool) -> i64 {
    let sql = "select count(*) from (select from booking where state in (1, 2, 5)
                   group by person_id, course_id, dose_number having count(*) > 1) twice";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn early(db: &PgPool) -> i64 {
    let sql = "select count(*) from booking join campaign using (campaign_id)
               where booked_at < opens_at";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}
