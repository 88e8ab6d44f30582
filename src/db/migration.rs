//! Brings the schema up to date beside a service that runs. A migration that wants a table for
//! itself would have everybody wait behind it who comes after it; so it waits a moment only, goes
//! away, and comes again. An index of a large table is built beside those who write there
//! (`create index concurrently`, in a migration that begins with `-- no-transaction`): nobody waits
//! behind that, so it waits as long as they take.

use std::time::{Duration, Instant};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection,
    migrate::{Migrate, MigrateError, Migrator},
    postgres::PgConnectOptions,
    query_scalar,
};

use super::{
    MIGRATOR,
    error::{Failure, classify},
    safety::unvalidated,
};

/// For migrations that set none of their own. Bookings of a whole nation wait behind each try: of a
/// hundred of them one may (`PAUSE_MIN` apart), so that it is not seen in their 99th percentile.
const SHORT_WAIT: &str = "set lock_timeout = '30ms'";
/// A batch of bookings at the busiest hour takes longer than that; one try in so many waits for it.
const LONG_WAIT: &str = "set lock_timeout = '300ms'";
const LONG_WAIT_EVERY: u32 = 8;
/// For an index that is built beside others: it waits for all who have begun before it.
const BESIDE_WAIT: &str = "set lock_timeout = '60s'";
/// For another process that migrates.
const OTHERS_WAIT: &str = "set lock_timeout = '1s'";
/// Before the name of such an index. A build that failed leaves an index that nobody can use.
const BESIDE: &str = "index concurrently if not exists ";
/// For old rows that are read: who is in the way keeps nobody else waiting.
const VALIDATION_WAIT: &str = "set lock_timeout = '1s'";
const PAUSE_MIN: Duration = Duration::from_secs(3);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// A table that is not free for a moment in so long is held by something that an operator must end.
const SECONDS_MAX: Duration = Duration::from_secs(600);

/// Applies the migrations that are missing.
///
/// # Errors
/// The database's; a lock that is not granted for ten minutes.
pub async fn run(owner: &PgConnectOptions) -> Result<(), MigrateError> {
    run_all(&MIGRATOR, owner, SECONDS_MAX).await
}

/// As `run`, with these migrations and this patience.
///
/// # Errors
/// As `run`.
pub async fn run_all(
    migrator: &Migrator,
    owner: &PgConnectOptions,
    patience: Duration,
) -> Result<(), MigrateError> {
    let (since, mut pause) = (Instant::now(), PAUSE_MIN);
    let mut tries: u32 = 0;
    loop {
        tries += 1;
        let wait = if tries.is_multiple_of(LONG_WAIT_EVERY) { LONG_WAIT } else { SHORT_WAIT };
        // Anew each time: the lock that keeps others from migrating goes with the connection.
        let mut conn = PgConnection::connect_with(owner).await?;
        match apply(migrator, &mut conn, wait).await {
            Err(error) if is_locked_out(&error) && since.elapsed() < patience => {
                tracing::warn!(%error, "a migration waits for somebody, and is tried again");
                drop(conn);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
            done => {
                drop(conn);
                return done;
            }
        }
    }
}

async fn apply(
    migrator: &Migrator,
    conn: &mut PgConnection,
    wait: &'static str,
) -> Result<(), MigrateError> {
    // Who else migrates waits for a moment only: an index would wait for them, and they for it.
    // Nobody else waits behind that.
    conn.execute(OTHERS_WAIT).await?;
    conn.lock().await?;
    conn.execute(wait).await?;
    for beside in migrator.iter().filter(|migration| migration.no_tx) {
        migrator.run_to(beside.version - 1, &mut *conn).await?;
        if is_applied(conn, migrator, beside.version).await? {
            continue;
        }
        conn.execute(BESIDE_WAIT).await?;
        drop_half_built(conn, beside.sql.as_str()).await?;
        migrator.run_to(beside.version, &mut *conn).await?;
        conn.execute(wait).await?;
    }
    migrator.run(conn).await
}

/// An index of one that was applied is not built anew by it, and so never taken away.
async fn is_applied(
    conn: &mut PgConnection,
    migrator: &Migrator,
    version: i64,
) -> Result<bool, MigrateError> {
    let applied = conn.list_applied_migrations(&migrator.table_name).await?;
    Ok(applied.iter().any(|one| one.version == version))
}

/// Takes away what is left of the index of a migration that failed.
async fn drop_half_built(conn: &mut PgConnection, migration: &str) -> sqlx::Result<()> {
    let named = migration.split_once(BESIDE).and_then(|(_, rest)| rest.split_whitespace().next());
    let Some(name) = named else { return Ok(()) };
    let left = query_scalar!(
        r#"/* migration::drop_half_built */
           select format('drop index concurrently %I.%I', n.nspname, c.relname) as "statement!"
           from pg_index i join pg_class c on c.oid = i.indexrelid
           join pg_namespace n on n.oid = c.relnamespace
           where not i.indisvalid and n.nspname = current_schema and c.relname::text = $1"#,
        name,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(statement) = left {
        tracing::warn!(name, "an index was not built to its end, and is built anew");
        conn.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}

fn is_locked_out(error: &MigrateError) -> bool {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            matches!(classify(error), Failure::LockTimeout | Failure::Conflict)
        }
        _ => false,
    }
}

/// Has the rows checked that were there before a constraint was, in tables of no more than
/// `bytes_max`; says of how many constraints. Whoever reads and writes goes on meanwhile.
///
/// # Errors
/// The database's: a row breaks the constraint, or the table is not free for a moment.
pub async fn validate(conn: &mut PgConnection, bytes_max: Option<i64>) -> sqlx::Result<usize> {
    conn.execute(VALIDATION_WAIT).await?;
    let mut found = unvalidated(&mut *conn).await?;
    found.retain(|one| bytes_max.is_none_or(|max| one.bytes <= max));
    for constraint in &found {
        tracing::debug!(table = constraint.table, name = constraint.name, "checking old rows");
        conn.execute(AssertSqlSafe(constraint.statement.clone())).await?;
    }
    Ok(found.len())
}
