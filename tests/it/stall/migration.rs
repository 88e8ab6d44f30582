//! Migrations beside a service that runs, and what the server's own settings cannot take away.

use std::{cell::Cell, time::Duration};

use dosebook::db::{self, migration};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, migrate::Migrator};
use tokio::time::timeout;

use crate::support::{TestApp, database::TestDatabase};

const SECONDS_MAX: Duration = Duration::from_secs(120);

/// Behind somebody who reads for a long time, a migration waits; nobody waits behind the migration.
#[tokio::test]
async fn a_migration_that_waits_lets_others_pass() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("0001_column.sql");
    std::fs::write(file, "alter table course add column note text").unwrap();
    let mut migrator = Migrator::new(folder.path()).await.unwrap();
    migrator.set_ignore_missing(true).dangerous_set_table_name("other_migrations");
    let mut reader = database.pool.begin().await.unwrap();
    reader.execute("select from course").await.unwrap();
    let is_done = Cell::new(false);
    let migrating = async {
        migration::run_all(&migrator, &database.options, SECONDS_MAX).await.unwrap();
        is_done.set(true);
    };
    let blocked = "select exists (select from pg_stat_activity where wait_event_type = 'Lock'
                   and datname = current_database() and query like 'alter table course%')";
    let others = async {
        let waits = async {
            while !sqlx::query_scalar::<_, bool>(blocked).fetch_one(&database.pool).await.unwrap() {
            }
        };
        timeout(SECONDS_MAX, waits).await.expect("the control: it waits for the reader");
        let writing = database.pool.execute("insert into course (code, name) values ('c', 'C')");
        timeout(SECONDS_MAX, writing).await.expect("nobody waits behind it").unwrap();
        assert!(!is_done.get(), "the control: the reader is still there");
        reader.rollback().await.unwrap();
    };
    tokio::join!(migrating, others);
    database.pool.execute("update course set note = code").await.unwrap();
}

/// What an index of a table is like: none, or whether it can be used, and whether it is unique.
async fn index(database: &TestDatabase, name: &str) -> Option<(bool, bool)> {
    sqlx::query_as(
        "select indisvalid, indisunique from pg_index where indexrelid = to_regclass($1)",
    )
    .bind(name)
    .fetch_optional(&database.pool)
    .await
    .unwrap()
}

/// An index is built while others write, and anew where one was begun and not finished.
#[tokio::test]
async fn an_index_that_was_half_built_is_built_anew_beside_those_who_write() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().unwrap();
    let sql = "-- no-transaction\n-- Why.\n\
               create index concurrently if not exists course_half_idx on course (name);\n";
    std::fs::write(folder.path().join("0001_index.sql"), sql).unwrap();
    let mut migrator = Migrator::new(folder.path()).await.unwrap();
    migrator.set_ignore_missing(true).dangerous_set_table_name("other_migrations");
    let twice = "insert into course (code, name) values ('a', 'Same'), ('b', 'Same')";
    database.pool.execute(twice).await.unwrap();
    let failed = "create unique index concurrently course_half_idx on course (name)";
    database.pool.execute(failed).await.unwrap_err();
    let half = index(&database, "course_half_idx").await;
    assert_eq!(half, Some((false, true)), "the control: it is there, and of no use");

    let mut writer = database.pool.begin().await.unwrap();
    writer.execute("update course set name = name").await.unwrap();
    let is_done = Cell::new(false);
    let migrating = async {
        migration::run_all(&migrator, &database.options, SECONDS_MAX).await.unwrap();
        is_done.set(true);
    };
    let waits = "select exists (select from pg_stat_activity where wait_event_type = 'Lock'
                 and datname = current_database() and query like '%index concurrently%')";
    let others = async {
        let waiting = async {
            while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&database.pool).await.unwrap() {}
        };
        timeout(SECONDS_MAX, waiting).await.expect("it waits for who has begun before it");
        let writing = database.pool.execute("insert into course (code, name) values ('c', 'C')");
        timeout(SECONDS_MAX, writing).await.expect("nobody waits behind it").unwrap();
        assert!(!is_done.get(), "the control: the writer is still there");
        writer.commit().await.unwrap();
    };
    tokio::join!(migrating, others);
    assert_eq!(index(&database, "course_half_idx").await, Some((true, false)));

    // One that was built by somebody who had no time left to say so.
    database.pool.execute("delete from other_migrations").await.unwrap();
    migration::run_all(&migrator, &database.options, SECONDS_MAX).await.unwrap();
    assert_eq!(index(&database, "course_half_idx").await, Some((true, false)));
}

#[tokio::test]
async fn rows_of_before_a_constraint_are_checked_while_others_write() {
    let database = TestDatabase::new().await;
    let mut owner = PgConnection::connect_with(&database.options).await.unwrap();
    let found = db::safety::unvalidated(&mut owner).await.unwrap();
    let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
    assert!(names.contains(&"movement_lawful_check"), "the control: {names:?}");
    let mut writer = database.pool.begin().await.unwrap();
    writer.execute("lock table movement in row exclusive mode").await.unwrap();
    let checked = timeout(SECONDS_MAX, migration::validate(&mut owner, None)).await;
    assert_eq!(checked.expect("nobody waits").unwrap(), found.len());
    writer.rollback().await.unwrap();
    assert_eq!(db::safety::unvalidated(&mut owner).await.unwrap().len(), 0);
    owner.close().await.unwrap();
}

/// A server's default of `synchronous_commit = off` acknowledges what it may lose.
#[tokio::test]
async fn a_commit_is_safe_whatever_the_server_does_by_default() {
    let database = TestDatabase::new().await;
    let sql = format!("alter database {} set synchronous_commit = off", database.name);
    database.pool.execute(AssertSqlSafe(sql)).await.unwrap();
    let app = TestApp::with().start_on(database.into()).await;
    let show = "select current_setting('synchronous_commit')";
    let mut plain = PgConnection::connect_with(&app.database.options).await.unwrap();
    let default: String = sqlx::query_scalar(show).fetch_one(&mut plain).await.unwrap();
    assert_eq!(default, "off", "the control");
    let risks = db::safety::risks(&mut plain).await.unwrap();
    assert!(risks.commits_early, "and it is said when the service starts");
    let db = &app.app.db;
    for pool in [&db.write, &db.read, &db.jobs, &db.operators] {
        let set: String = sqlx::query_scalar(show).fetch_one(pool).await.unwrap();
        assert_eq!(set, "on");
    }
    let mut lane = db.connect("dosebook lane").await.unwrap();
    let set: String = sqlx::query_scalar(show).fetch_one(&mut lane).await.unwrap();
    assert_eq!(set, "on");
    // One that waits for more is left as it is.
    let sql = format!("alter database {} set synchronous_commit = remote_apply", app.database.name);
    plain.execute(AssertSqlSafe(sql)).await.unwrap();
    let mut lane = db.connect("dosebook lane").await.unwrap();
    let set: String = sqlx::query_scalar(show).fetch_one(&mut lane).await.unwrap();
    assert_eq!(set, "remote_apply");
}
