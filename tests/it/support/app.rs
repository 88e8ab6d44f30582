//! The real server on a free port, with a database of its own.

use std::sync::Arc;

use actix_web::web::Data;
use chrono::TimeDelta;
use clap::Parser;
use dosebook::{
    clock::Clock,
    config::{Patience, Service},
    db::Db,
    domain::{
        BookingId, ClinicId, PersonId, StaffUserId,
        batch::{self, Decide},
        booking_number::BookingNumber,
        keys::Keys,
        session, sign_in,
    },
    http::state::App,
    messaging::Plan,
    serve::{Parts, Serving},
};
use sqlx::PgPool;

use super::{Browser, Client, database::TestDatabase, proxy::Proxy};

/// The secret of every test service.
pub const SECRET: [u8; 32] = [7; 32];

/// Milliseconds that a request may have to wait in its lane, unless a test says otherwise.
pub const WAIT_MS: u64 = 1_200;

/// A running service. Stops when dropped; the last one on a database takes it along.
pub struct TestApp {
    pub url: String,
    /// Where one-time codes are shown, if they are.
    pub codes_url: Option<String>,
    /// Superuser's connections: for setting up, and for looking behind the API.
    pub db: PgPool,
    pub app: Data<App>,
    pub database: Arc<TestDatabase>,
    options: Options,
    serving: Option<Serving>,
    http: reqwest::Client,
}

/// How a test service is set.
#[derive(Clone)]
pub struct Options {
    service: Service,
    clock: Clock,
    decide: Decide,
    decide_sign_ins: sign_in::Decide,
    /// The file of `--messages`.
    messages: Option<Arc<tempfile::NamedTempFile>>,
}

/// The service's own settings, as the command line has them.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: Service,
}

impl Default for Options {
    fn default() -> Self {
        let line = [
            "test",
            "--listen=127.0.0.1:0",
            "--workers=1",
            "--lanes=2",
            "--connections=4",
            "--show-codes",
        ];
        let Line { mut service } = Line::parse_from(line);
        // A machine that is busy with other tests is slow, not overloaded.
        service.wait_ms = WAIT_MS;
        // Tests move days into the past; those that want them closed do it themselves.
        service.close_day_after = 8760;
        Self {
            service,
            clock: Clock::System,
            decide: batch::decide,
            decide_sign_ins: sign_in::decide,
            messages: None,
        }
    }
}

impl Options {
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.service.lanes = lanes;
        self
    }

    /// Requests that may wait in one lane.
    pub fn queue(mut self, queue: usize) -> Self {
        self.service.queue = queue;
        self
    }

    /// Hours after midnight at which days are closed that nobody has closed.
    pub fn close_day_after(mut self, hours: u16) -> Self {
        self.service.close_day_after = hours;
        self
    }

    /// Milliseconds that a request may have to wait in its lane.
    pub fn wait_ms(mut self, wait_ms: u64) -> Self {
        self.service.wait_ms = wait_ms;
        self
    }

    /// How long clients are waited for.
    pub fn patience(mut self, patience: Patience) -> Self {
        self.service.patience = patience;
        self
    }

    /// Connections from one address.
    pub fn clients_from_address(mut self, clients: usize) -> Self {
        self.service.clients_from_address = Some(clients);
        self
    }

    /// Requests in one booking transaction at most.
    pub fn batch(mut self, batch: usize) -> Self {
        self.service.batch = batch;
        self
    }

    pub fn connections(mut self, connections: u32) -> Self {
        self.service.connections = connections;
        self
    }

    /// Where people reach the pages.
    pub fn public_url(mut self, url: &str) -> Self {
        self.service.site.public_url = Some(url.parse().expect("an address"));
        self
    }

    /// By whose clock pages tell what belongs to no clinic.
    pub fn zone(mut self, zone: chrono_tz::Tz) -> Self {
        self.service.site.zone = zone;
        self
    }

    /// The helpline's number.
    pub fn helpline(mut self, number: &str) -> Self {
        self.service.site.helpline = Some(number.to_owned());
        self
    }

    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What decides on bookings instead of the service's own rules.
    pub fn decide(mut self, decide: Decide) -> Self {
        self.decide = decide;
        self
    }

    /// What decides on codes and tries instead of the service's own caps.
    pub fn decide_sign_ins(mut self, decide: sign_in::Decide) -> Self {
        self.decide_sign_ins = decide;
        self
    }

    /// Whether one-time codes are shown instead of sent (they are, unless set otherwise).
    pub fn local(mut self, is_local: bool) -> Self {
        self.service.show_codes = is_local;
        self
    }

    /// By what messages leave, as the file of `--messages` says it; then no code is shown.
    pub fn messages(mut self, settings: &str) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), settings).expect("written");
        self.service.messages = Some(file.path().to_owned());
        self.service.site.public_url = Some("https://book.example.kr".parse().expect("an address"));
        self.service.site.issuer = "KDCA".into();
        self.service.site.issuer_ko = Some("질병관리청".into());
        self.messages = Some(Arc::new(file));
        self.local(false)
    }

    /// News leaves at night too, so that no test depends on the hour: texts are shown on this
    /// machine, and mail goes to a server that is not there.
    pub fn at_any_hour(mut self) -> Self {
        let settings = "quiet_hours = \"none\"\n[[mail]]\nname = \"nobody\"\n[mail.smtp]\n\
            host = \"localhost\"\ntls = \"none\"\nfrom = \"Book <book@example.kr>\"\n";
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), settings).expect("written");
        self.service.messages = Some(file.path().to_owned());
        self.messages = Some(Arc::new(file));
        self
    }

    /// Proxies whose word is taken for where a request comes from.
    pub fn trusted_proxy(mut self, block: &str) -> Self {
        self.service.trusted_proxies.push(block.parse().expect("a block"));
        self
    }

    /// Who answers for the service in both languages, and the number of the helpline.
    pub fn site(mut self, (issuer, issuer_ko): (&str, &str), helpline: &str) -> Self {
        self.service.site.issuer = issuer.into();
        self.service.site.issuer_ko = Some(issuer_ko.into());
        self.service.site.helpline = Some(helpline.into());
        self
    }

    pub fn codes_per_minute(mut self, codes: u32) -> Self {
        self.service.codes_per_minute = codes;
        self
    }

    pub async fn start(self) -> TestApp {
        self.start_on(Arc::new(TestDatabase::new().await)).await
    }

    /// With a proxy between it and its database.
    pub async fn start_behind_proxy(self) -> (TestApp, Proxy) {
        let mut database = TestDatabase::new().await;
        let proxy = Proxy::before(&mut database).await;
        (self.start_on(Arc::new(database)).await, proxy)
    }

    pub async fn start_on(self, database: Arc<TestDatabase>) -> TestApp {
        let options = self.clone();
        let Self { service, clock, decide, decide_sign_ins, messages: _file } = self;
        let db = Db::new(database.options.clone(), service.connections);
        let Service { messages, show_codes, site, .. } = &service;
        let messages = Plan::read(messages.as_deref(), *show_codes, site).expect("a plan");
        let keys = Keys::new(&SECRET);
        let parts = Parts { db, keys, clock, decide, decide_sign_ins, messages };
        let serving = super::RUNTIME
            .spawn(async move { Serving::start(parts, &service).await })
            .await
            .expect("the service does not fall over")
            .expect("the service starts");
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        TestApp {
            url: format!("http://{}", serving.address),
            codes_url: serving.codes_address.map(|address| format!("http://{address}")),
            db: database.pool.clone(),
            app: serving.app.clone(),
            database,
            options,
            serving: Some(serving),
            http,
        }
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Options::default().start().await
    }

    pub fn with() -> Options {
        Options::default()
    }

    /// A second service on the same database, set the same.
    pub async fn another(&self) -> Self {
        self.options.clone().start_on(self.database.clone()).await
    }

    /// Reads the board anew, at once.
    pub async fn refresh(&self) {
        let board = self.app.board.clone();
        let done = super::RUNTIME.spawn(async move { board.refresh().await }).await;
        done.expect("the board does not fall over").expect("the board is read");
    }

    /// Updates the board from the journal, at once.
    pub async fn tick(&self) {
        let board = self.app.board.clone();
        let done = super::RUNTIME.spawn(async move { board.tick().await }).await;
        done.expect("the board does not fall over").expect("the journal is read");
    }

    /// Reads the board anew, and returns when the public pages are those of the snapshot.
    pub async fn refresh_pages(&self) {
        self.refresh().await;
        self.pages().await;
    }

    /// Returns when the public pages are those of the board's snapshot.
    pub async fn pages(&self) {
        let is_current = || Arc::ptr_eq(&self.app.shelf.pages().of, &self.app.board.now());
        super::until(is_current).await;
    }

    /// A client without a token.
    pub fn public(&self) -> Client {
        Client::new(&self.url, None, self.http.clone())
    }

    /// The one-time codes that are shown, newest first.
    pub async fn shown_codes(&self) -> Vec<serde_json::Value> {
        let answer = self.codes_page(&[("accept", "application/json")]).await;
        assert_eq!(answer.0, 200);
        serde_json::from_str(&answer.1).expect("a list")
    }

    /// Status and body of the page with one-time codes, asked for with these headers.
    pub async fn codes_page(&self, headers: &[(&str, &str)]) -> (u16, String) {
        self.local_page("/dev/codes", headers).await
    }

    /// Status and body of what answers at the address where one-time codes are shown.
    pub async fn local_page(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let url = format!("{}{path}", self.codes_url.as_ref().expect("codes are shown"));
        let mut request = self.http.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // In the background runtime, so that the connection outlives this test's own.
        let answer = super::RUNTIME.spawn(async move {
            let response = request.send().await.expect("an answer");
            (response.status().as_u16(), response.text().await.expect("text"))
        });
        answer.await.expect("the client does not fall over")
    }

    /// A browser that has not been here before.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url, self.http.clone())
    }

    /// A client with this token.
    pub fn holder_of(&self, token: &str) -> Client {
        Client::new(&self.url, Some(token.to_owned()), self.http.clone())
    }

    /// A signed-in citizen, without a one-time code: for tests of what comes after sign-in.
    pub fn citizen(&self, person: impl Into<PersonId>) -> Client {
        self.holder_of(&self.citizen_token(person.into()))
    }

    /// A browser in which a citizen has signed in.
    pub fn citizen_browser(&self, person: impl Into<PersonId>) -> Browser {
        let mut browser = self.browser();
        let token = self.citizen_token(person.into());
        browser.cookies.insert("__Host-citizen".to_owned(), token);
        browser
    }

    fn citizen_token(&self, person_id: PersonId) -> String {
        let expires_at = self.app.clock.now() + TimeDelta::hours(session::CITIZEN_SESSION_HOURS);
        session::citizen_token(&self.app.keys, person_id, expires_at)
    }

    /// The number that people have of a booking.
    pub fn number(&self, booking_id: uuid::Uuid) -> BookingNumber {
        BookingNumber::of(&self.app.keys.booking_number, BookingId(booking_id))
    }

    /// A signed-in member of a clinic's staff.
    pub async fn staff(&self, clinic_id: ClinicId) -> Client {
        self.staff_user(2, Some(clinic_id)).await.0
    }

    /// A signed-in administrator.
    pub async fn admin(&self) -> Client {
        self.staff_user(3, None).await.0
    }

    /// A new staff user (2 staff, 3 administrator) and a session of theirs.
    pub async fn staff_user(&self, role: i16, clinic: Option<ClinicId>) -> (Client, StaffUserId) {
        let (token, id) = self.staff_token(role, clinic).await;
        (self.holder_of(&token), id)
    }

    /// A browser in which a new staff user has signed in.
    pub async fn staff_browser(&self, role: i16, clinic: Option<ClinicId>) -> Browser {
        let (token, _) = self.staff_token(role, clinic).await;
        let mut browser = self.browser();
        browser.cookies.insert("__Host-staff".to_owned(), token);
        browser
    }

    async fn staff_token(&self, role: i16, clinic: Option<ClinicId>) -> (String, StaffUserId) {
        let name = uuid::Uuid::now_v7().to_string();
        let token = session::staff_token(&self.app.keys, &name);
        let id: i32 = sqlx::query_scalar(
            "with made as (
                 insert into staff_user (username, password_hash, role, clinic_id)
                 values ('test-' || $1, 'nobody knows it', $2, $3)
                 returning staff_user_id),
             signed_in as (
                 insert into staff_session (token_hash, staff_user_id, expires_at)
                 select $4, staff_user_id, $5 from made)
             select staff_user_id from made",
        )
        .bind(&name)
        .bind(role)
        .bind(clinic.map(|id| id.0))
        .bind(session::token_hash(&token).as_slice())
        .bind(self.app.clock.now() + TimeDelta::hours(session::STAFF_SESSION_HOURS))
        .fetch_one(&self.db)
        .await
        .expect("a staff user");
        (token, StaffUserId(id))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Its idle connections would be waited for.
        self.http = reqwest::Client::new();
        if let Some(serving) = self.serving.take() {
            super::block_on(serving.stop());
        }
    }
}
