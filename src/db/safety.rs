//! How safe what is committed is: against the loss of power, and of the server.

use sqlx::{Executor, PgConnection, PgExecutor, query, query_scalar};

/// What the server does by default, where it risks what it has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risks {
    /// A commit is acknowledged before it is on disk; this service's own are not, because it sets
    /// that for each of its connections.
    pub commits_early: bool,
    /// Nothing is ever made sure to be on disk: after a loss of power the database is broken.
    pub never_syncs: bool,
}

pub async fn risks(db: impl PgExecutor<'_>) -> sqlx::Result<Risks> {
    let row = query!(
        r#"/* safety::risks */
           select current_setting('synchronous_commit') = 'off' as "commits_early!",
               current_setting('fsync') = 'off' or current_setting('full_page_writes') = 'off'
                   as "never_syncs!""#,
    )
    .fetch_one(db)
    .await?;
    Ok(Risks { commits_early: row.commits_early, never_syncs: row.never_syncs })
}

/// Has the commit of this transaction wait until all that was committed before is as safe as
/// itself: on disk, and on that of a synchronous standby. For answers that rest on rows which
/// somebody else wrote; a transaction that writes nothing waits for nothing. Fails where nothing
/// can be written.
pub async fn wait_at_commit(conn: &mut PgConnection) -> sqlx::Result<()> {
    query_scalar!(
        r#"/* safety::wait_at_commit */
           select pg_logical_emit_message(true, 'dosebook', '')::text as "at!""#
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Fails where the server has no room on its disk: has a few hundred kilobytes written where the
/// tables are, and takes them away again. A commit alone finds room for long, in a log whose files
/// are there already, while no table can grow.
pub async fn ask_for_room(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute(
        "/* safety::ask_for_room */ set local work_mem = '64kB';
         set local temp_tablespaces = '';
         select count(*) from generate_series(1, 20000)",
    )
    .await
    .map(drop)
}

/// Constraints that were added without reading the rows that were there: their tables, and how to
/// have them read.
pub async fn unvalidated(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Unvalidated>> {
    let rows = query!(
        r#"/* safety::unvalidated */
           select format('%I.%I', n.nspname, t.relname) as "table!", c.conname::text as "name!",
               format('alter table %I.%I validate constraint %I', n.nspname, t.relname, c.conname)
                   as "statement!",
               pg_relation_size(t.oid) as "bytes!"
           from pg_constraint c join pg_class t on t.oid = c.conrelid
           join pg_namespace n on n.oid = t.relnamespace
           where not c.convalidated and n.nspname = current_schema
           order by pg_relation_size(t.oid), c.conname"#,
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| Unvalidated {
        table: row.table,
        name: row.name,
        statement: row.statement,
        bytes: row.bytes,
    });
    Ok(found.collect())
}

/// A constraint that holds for every new row, and of which nobody knows for the old ones.
#[derive(Clone, Debug)]
pub struct Unvalidated {
    pub table: String,
    pub name: String,
    /// What the owner runs, outside a transaction: bookings go on meanwhile (SHARE UPDATE
    /// EXCLUSIVE).
    pub statement: String,
    /// Of the table.
    pub bytes: i64,
}
