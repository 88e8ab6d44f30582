//! Round trips of each operation to the database: none for what everybody reads at an opening, and
//! for the rest a number that does not grow with the rows carried.

mod class;
mod day;
mod desk;
mod hiccup;
mod office;
mod page;
mod page_class;
mod page_hiccup;
mod press;
mod press_admin;
mod route;
mod story;
mod weight;

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{
    Answer, Client, Made, TestApp, World,
    client::KEY,
    database::TestDatabase,
    openapi::{operation_id, operations},
    wire::Wire,
};

/// Round trips of each operation, with begin, commit and the check of a staff session. Where one
/// operation does two things, or loads files of several kinds, each has its own line. A change in
/// either direction must be written here.
const BUDGETS: &[(&str, usize)] = &[
    ("list_regions", 0),
    ("list_campaigns", 0),
    ("get_campaign", 0),
    ("get_supply", 0),
    ("list_history", 1),
    ("list_clinics", 0),
    ("list_slots", 0),
    ("post_eligibility", 0),
    ("post_code", 7),
    ("post_booking_code", 9),
    ("post_session", 7),
    ("delete_session", 3),
    ("post_staff_session", 6),
    ("delete_staff_session", 4),
    ("get_me", 1),
    ("delete_all_sessions", 3),
    ("list_bookings", 2),
    ("put_booking", 6),
    ("put_booking: the same again", 5),
    ("get_booking", 1),
    ("list_alternatives", 1),
    ("move_booking", 21),
    ("delete_booking", 7),
    ("get_schedule", 2),
    ("get_visit", 11),
    ("get_visit: after the dose", 14),
    ("put_step", 10),
    ("put_step: the same again", 9),
    ("put_step: not vaccinated", 11),
    ("get_day", 2),
    ("post_day_doses", 12),
    ("post_day_close", 21),
    ("post_day_reopen", 19),
    ("find_bookings: today", 4),
    ("find_bookings: on another day", 5),
    ("find_persons", 8),
    ("find_persons_anywhere", 8),
    ("post_person", 10),
    ("get_person_at_clinic", 18),
    ("list_proposals", 10),
    ("list_proposals_anywhere", 10),
    ("list_next_dose", 4),
    ("put_walk_in", 11),
    ("put_walk_in: the same again", 6),
    ("put_assisted_booking", 8),
    ("put_assisted_booking_anywhere", 8),
    ("admin_list_campaigns", 2),
    ("admin_post_campaign", 6),
    ("admin_get_campaign", 2),
    ("admin_patch_campaign", 7),
    ("admin_check_campaign", 9),
    ("admin_publish_campaign", 22),
    ("admin_open_campaign", 20),
    ("admin_pause_campaign", 12),
    ("admin_close_campaign", 12),
    ("admin_list_cohorts", 3),
    ("admin_post_cohort", 11),
    ("admin_delete_cohort", 11),
    ("admin_patch_cohort", 11),
    ("admin_patch_tranche", 11),
    ("admin_list_tranches", 3),
    ("admin_post_tranche", 12),
    ("admin_delete_tranche", 11),
    ("admin_get_campaign_products", 3),
    ("admin_put_campaign_products", 13),
    ("admin_list_regions", 2),
    ("admin_post_region", 6),
    ("admin_patch_region", 5),
    ("admin_patch_course", 5),
    ("admin_patch_product", 6),
    ("admin_patch_roster", 5),
    ("admin_post_campaign_draft", 16),
    ("post_invitation", 7),
    ("admin_list_users", 2),
    ("admin_post_user", 9),
    ("admin_reset_user", 10),
    ("admin_disable_user", 10),
    ("admin_enable_user", 7),
    ("admin_list_courses", 2),
    ("admin_post_course", 5),
    ("admin_get_import_template", 1),
    ("admin_list_imports", 2),
    ("admin_get_import", 3),
    ("admin_list_rosters", 2),
    ("admin_post_roster", 5),
    ("admin_list_products", 2),
    ("admin_post_product", 5),
    ("admin_list_clinics", 2),
    ("admin_post_clinic", 5),
    ("admin_patch_clinic", 7),
    ("admin_list_closures", 3),
    ("admin_put_closure", 11),
    ("admin_delete_closure", 11),
    ("admin_post_closure_cancellations", 17),
    ("admin_list_unreached", 3),
    ("admin_put_unreached", 4),
    ("admin_delete_unreached", 4),
    ("admin_list_hours", 3),
    ("admin_post_hours", 21),
    ("admin_put_day_hours", 21),
    ("admin_delete_day_hours", 24),
    ("admin_post_hours_of_many", 21),
    ("admin_list_slots", 3),
    ("admin_post_slots", 10),
    ("admin_patch_slot", 8),
    ("admin_post_person", 8),
    ("admin_find_persons: by name", 7),
    ("admin_find_persons: by number at the clinic", 10),
    ("admin_find_persons: by number and birth date", 7),
    ("admin_find_persons: by code", 7),
    ("admin_get_person", 7),
    ("admin_patch_person", 23),
    ("admin_list_person_changes", 7),
    ("admin_list_exclusions", 2),
    ("admin_lift_exclusion", 10),
    ("admin_merge_person", 22),
    ("admin_mark_person", 13),
    ("admin_mark_person: with cancelling", 19),
    ("admin_list_pools", 2),
    ("admin_post_pool", 8),
    ("admin_post_receipt", 12),
    ("admin_post_receipt: of a public campaign", 15),
    ("admin_post_transfer", 10),
    ("admin_post_transfer: across", 12),
    ("admin_post_split: dry run", 10),
    ("admin_post_split: over regions", 16),
    ("admin_post_split: over clinics", 29),
    ("admin_post_split_file", 11),
    ("admin_post_loss", 8),
    ("admin_post_correction", 10),
    ("admin_post_correction: of a public campaign", 15),
    ("admin_list_allocations", 2),
    ("admin_post_allocation", 22),
    ("admin_post_grant", 16),
    ("admin_post_retraction", 13),
    ("admin_list_movements", 2),
    ("admin_post_import: allocations", 44),
    ("admin_post_import: clinics", 17),
    ("admin_post_import: register", 26),
    ("admin_post_import: roster", 19),
    ("admin_post_import: slots", 23),
    ("admin_post_import: hours", 27),
    ("admin_post_import: regions", 17),
    ("admin_post_import: users", 18),
    ("get_docs", 0),
    ("get_openapi", 0),
    ("get_health", 0),
    ("get_readiness", 4),
    ("get_metrics", 0),
];

/// A service whose statements are recorded on the wire, with one connection for each purpose.
struct Recorder {
    app: TestApp,
    made: Made,
    wire: Wire,
    /// The case of the next request, where its operation has several.
    case: Option<&'static str>,
    /// The statements of each operation, the first time.
    statements: BTreeMap<String, Vec<String>>,
    /// Has each statement of each operation be refused by the database before it is done.
    hiccup: Option<hiccup::Hiccup>,
    /// By operation, of which classes it was let in.
    classes: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Recorder {
    async fn start() -> Self {
        Self::start_on(TestDatabase::new().await).await
    }

    async fn start_on(mut database: TestDatabase) -> Self {
        let made = World::new().people(40).seats(100).doses(100).make(&database.pool).await;
        let wire = Wire::before(&mut database).await;
        let app = TestApp::with().connections(1).start_on(database.into()).await;
        app.refresh().await;
        let (statements, classes) = (BTreeMap::new(), BTreeMap::new());
        Self { app, made, wire, case: None, statements, hiccup: None, classes }
    }

    /// Sends a request that must succeed, and records its statements. The same operation again must
    /// need as many trips, however many more rows it carries.
    async fn send(&mut self, client: &Client, what: (Method, &str), body: Body<'_>) -> Answer {
        let (method, path) = what;
        let mut name = operation_id(&method, path);
        if let Some(case) = self.case.take() {
            name = format!("{name}: {case}");
        }
        let key = Uuid::now_v7().to_string();
        let request = || {
            let request = client.request(method.clone(), path);
            match &body {
                Body::None => request,
                Body::Json(body)
                    if ["/receipts", "/splits", "/doses"].iter().any(|end| path.ends_with(end)) =>
                {
                    request.json(body).header(KEY, &key)
                }
                Body::Json(body) => request.json(body),
                Body::Correction(body) => request.header("if-match", "*").json(body),
                Body::Csv(file) => request.body("text/csv", file.clone()),
            }
        };
        if let Some(hiccup) = &mut self.hiccup
            && let Some(done) = hiccup.before(&name, request).await
        {
            return done;
        }
        self.wire.take();
        let before = class::admitted(&self.app);
        let answer = request().send().await;
        let statements = self.wire.take();
        let operation = operation_id(&method, path);
        let of = class::since(&self.app, &before);
        self.classes.entry(operation).or_default().extend(of);
        assert!(answer.status < 300, "{name}: {}", answer.text());
        if self.hiccup.is_some() {
            return answer;
        }
        if let Some(before) = self.statements.get(&name) {
            let is_as_before = statements.len() == before.len();
            assert!(is_as_before, "{name} again: {statements:#?}\n{before:#?}");
        } else {
            self.statements.insert(name, statements);
        }
        answer
    }

    async fn get(&mut self, client: &Client, path: &str) -> Value {
        self.send(client, (Method::GET, path), Body::None).await.body
    }

    async fn post(&mut self, client: &Client, path: &str, body: Value) -> Value {
        self.send(client, (Method::POST, path), Body::Json(&body)).await.body
    }

    async fn put(&mut self, client: &Client, path: &str, body: Value) -> Value {
        self.send(client, (Method::PUT, path), Body::Json(&body)).await.body
    }

    async fn patch(&mut self, client: &Client, path: &str, body: Value) -> Value {
        self.send(client, (Method::PATCH, path), Body::Json(&body)).await.body
    }

    /// A change of the version that is there, whichever that is.
    async fn correct(&mut self, client: &Client, path: &str, body: Value) -> Value {
        self.send(client, (Method::PATCH, path), Body::Correction(&body)).await.body
    }

    async fn delete(&mut self, client: &Client, path: &str) {
        self.send(client, (Method::DELETE, path), Body::None).await;
    }

    async fn import(&mut self, client: &Client, kind: &'static str, file: String) {
        self.case = Some(kind);
        let path = format!("/v1/admin/imports/{kind}");
        let report = self.send(client, (Method::POST, &path), Body::Csv(file)).await.body;
        assert_ne!(report["rows_accepted"], 0, "{report}");
    }
}

enum Body<'a> {
    None,
    Json(&'a Value),
    Correction(&'a Value),
    Csv(String),
}

#[tokio::test]
async fn each_operation_keeps_to_its_budget() {
    let mut recorder = Recorder::start().await;
    story::tell(&mut recorder).await;

    let known: BTreeSet<_> =
        operations().iter().map(|(.., one)| one["operationId"].as_str().unwrap()).collect();
    let budgeted: BTreeSet<_> =
        BUDGETS.iter().map(|(name, _)| name.split(':').next().unwrap()).collect();
    assert_eq!(budgeted, known, "every operation has a budget, and nothing else has");

    let wrong: Vec<_> = BUDGETS
        .iter()
        .map(|(name, trips)| (*name, *trips, &recorder.statements[*name]))
        .filter(|(_, trips, statements)| statements.len() != *trips)
        .map(|(name, trips, statements)| {
            format!("{name}: {} instead of {trips}: {statements:#?}", statements.len())
        })
        .collect();
    assert_eq!(BUDGETS.len(), recorder.statements.len(), "{:?}", recorder.statements.keys());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Inside a COPY the server waits for its client, with the rows locked: over TCP for an
/// acknowledgement, and for ever when the client falls silent.
#[tokio::test]
async fn no_statement_of_a_booking_waits_for_its_client() {
    let Recorder { app, made, wire, .. } = Recorder::start().await;
    let body = made.booking(made.slot(0, 1, 0));
    wire.take();
    app.citizen(&made.people[0]).put_booking(Uuid::now_v7(), &body).await.ok(201);
    let statements = wire.take();
    let has = |text: &str| statements.iter().any(|statement| statement.contains(text));
    assert!(has("insert into booking") && has("commit"), "the control: {statements:#?}");
    assert!(!has("copy"), "{statements:#?}");
}

/// The control: the recorder sees every kind of statement.
#[tokio::test]
async fn every_kind_of_statement_is_recorded() {
    let mut database = TestDatabase::new().await;
    let wire = Wire::before(&mut database).await;
    let mut conn = PgConnection::connect_with(&database.options).await.unwrap();
    wire.take();
    for _ in 0..2 {
        let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut conn).await.unwrap();
        assert_eq!(one, 1);
    }
    conn.execute("begin").await.unwrap();
    conn.execute("create temp table t (n int)").await.unwrap();
    let mut copy = conn.copy_in_raw("copy t from stdin").await.unwrap();
    copy.send(&b"1\n2\n"[..]).await.unwrap();
    assert_eq!(copy.finish().await.unwrap(), 2);
    conn.ping().await.unwrap();
    let told = [
        "select 1",
        "select 1",
        "begin",
        "create temp table t (n int)",
        "copy t from stdin",
        "end of the copy",
    ];
    assert_eq!(wire.take(), told);

    // Statements of background jobs are no operation's trips.
    let jobs = database.options.clone().application_name("dosebook jobs");
    let mut jobs = PgConnection::connect_with(&jobs).await.unwrap();
    jobs.execute("select 1").await.unwrap();
    assert_eq!(wire.take(), [""; 0]);
    conn.close().await.unwrap();
    jobs.close().await.unwrap();
}
