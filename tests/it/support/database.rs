//! One PostgreSQL for all tests of a run, and on it a database for each test: a copy of a template
//! that was migrated once. DOSEBOOK_TEST_DATABASE_URL names the server; without it one is started
//! that ends with the run. A test that fails leaves its database behind, to be looked at; the next
//! run on the server removes it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use dosebook::db::MIGRATOR;
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::OnceCell;

/// Says to other runs on this server: somebody is making the template.
const TEMPLATE_LOCK: i64 = 0x646f_7365;

static SERVER: OnceCell<PgConnectOptions> = OnceCell::const_new();
static KEEPER: OnceLock<Child> = OnceLock::new();
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// A migrated database that is dropped with this value, unless its test is failing.
pub struct TestDatabase {
    pub name: String,
    /// How a superuser gets in.
    pub options: PgConnectOptions,
    /// A superuser's connections, for setting up and for looking.
    pub pool: PgPool,
}

impl TestDatabase {
    pub async fn new() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dosebook_test_{}_{number}", std::process::id());
        copy(template, &name).await;
        take_away_guard(&name).await;
        let options = server().await.clone().database(&name);
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options.clone());
        Self { name, options, pool }
    }

    /// For a process of its own: what its DATABASE_URL must be.
    pub fn url(&self) -> String {
        sqlx::ConnectOptions::to_url_lossy(&self.options).to_string()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the database of this test is kept until the next run: {}", self.name);
            return;
        }
        let sql = format!("drop database if exists {} with (force)", self.name);
        super::block_on(async move {
            let mut conn = superuser("postgres").await;
            conn.execute(AssertSqlSafe(sql)).await.expect("drop the database of a test");
        });
    }
}

async fn server() -> &'static PgConnectOptions {
    SERVER
        .get_or_init(async || {
            let url = std::env::var("DOSEBOOK_TEST_DATABASE_URL");
            let url = url.unwrap_or_else(|_| throw_away());
            url.parse::<PgConnectOptions>().expect("DOSEBOOK_TEST_DATABASE_URL")
        })
        .await
}

/// Starts a PostgreSQL that lives as long as this process: its keeper reads from a pipe whose other
/// end nobody else has, and stops it when that is closed, however this process ends.
fn throw_away() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres");
    let mut keeper = Command::new(script)
        .args(["sh", "-c", "echo \"$DOSEBOOK_TEST_DATABASE_URL\"; cat >/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{script}: {error}"));
    let mut url = String::new();
    let from = keeper.stdout.take().expect("its output");
    BufReader::new(from).read_line(&mut url).expect("the URL of the PostgreSQL of the tests");
    assert!(!url.is_empty(), "{script} started no PostgreSQL");
    KEEPER.set(keeper).expect("only one is started");
    url.trim().to_owned()
}

async fn superuser(database: &str) -> PgConnection {
    let options = server().await.clone().database(database);
    PgConnection::connect_with(&options).await.expect("a connection to the PostgreSQL of the tests")
}

/// The template is named after the migrations: another schema is another template.
async fn make_template() -> String {
    let mut hash = Sha256::new();
    MIGRATOR.iter().for_each(|migration| hash.update(&migration.checksum));
    let name =
        format!("dosebook_template_{}", data_encoding::HEXLOWER.encode(&hash.finalize()[..8]));
    let mut conn = superuser("postgres").await;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut conn)
        .await
        .expect("the lock of the template");
    drop_leftovers(&mut conn).await;
    if !exists(&mut conn, &name).await {
        // Renamed when done: a template that exists is complete.
        let draft = format!("{name}_draft");
        run(&mut conn, format!("drop database if exists {draft} with (force)")).await;
        run(&mut conn, format!("create database {draft}")).await;
        let mut inside = superuser(&draft).await;
        MIGRATOR.run(&mut inside).await.expect("the migrations");
        inside.close().await.expect("to leave the template");
        run(&mut conn, format!("alter database {draft} rename to {name}")).await;
    }
    conn.close().await.expect("to give the lock back");
    name
}

/// PostgreSQL itself waits some seconds for whoever is still leaving the template.
async fn copy(template: &str, name: &str) {
    let mut conn = superuser("postgres").await;
    run(&mut conn, format!("create database {name} template {template}")).await;
    conn.close().await.expect("to leave the server");
}

/// Some guards stand in the schema: `make test-mutants` says with which statement one goes.
async fn take_away_guard(name: &str) {
    if let Ok(sql) = std::env::var("DOSEBOOK_MUTANT_SQL") {
        let mut conn = superuser(name).await;
        run(&mut conn, sql).await;
        conn.close().await.expect("to leave the database");
    }
}

/// Removes the databases of runs that are over: their process is gone.
async fn drop_leftovers(conn: &mut PgConnection) {
    let names: Vec<String> = sqlx::query_scalar(
        r"select datname from pg_database where datname like 'dosebook\_test\_%'",
    )
    .fetch_all(&mut *conn)
    .await
    .expect("the databases");
    for name in names {
        let process = name.split('_').nth(2).unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            run(conn, format!("drop database if exists {name} with (force)")).await;
        }
    }
}

async fn exists(conn: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(conn)
        .await
        .expect("whether the template exists")
}

async fn run(conn: &mut PgConnection, sql: String) {
    conn.execute(AssertSqlSafe(sql.clone())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
