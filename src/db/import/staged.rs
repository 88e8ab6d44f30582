//! The temporary table in which a file is checked. Statements on it cannot be checked against the
//! schema when they are compiled: it lives in one transaction.

use sqlx::{PgConnection, Postgres, postgres::PgArguments};

/// Rows that a check took out of the staging table.
#[derive(Debug, Default)]
pub struct Removed {
    pub rows: u64,
    /// The first of them, by line; with the earlier line that each repeats, where there is one.
    pub first: Vec<(u64, u64)>,
}

/// Runs a statement that removes rows and answers (line, earlier line, number of removed rows) for
/// the first of them.
pub(super) async fn remove(conn: &mut PgConnection, sql: &'static str) -> sqlx::Result<Removed> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let removing = sqlx::query_as::<_, (i64, i64, i64)>(sql).persistent(false);
    let rows = removing.fetch_all(conn).await?;
    let total = rows.first().map_or(0, |(.., total)| unsigned(*total));
    let first = rows.into_iter().map(|(line, earlier, _)| (unsigned(line), unsigned(earlier)));
    Ok(Removed { rows: total, first: first.collect() })
}

/// A statement on the staging table, with its parameters to come.
pub(super) fn staged(sql: &'static str) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    sqlx::query(sql).persistent(false)
}

/// Runs a statement on the staging table; answers how many rows it wrote.
pub(super) async fn write(conn: &mut PgConnection, sql: &'static str) -> sqlx::Result<u64> {
    Ok(staged(sql).execute(conn).await?.rows_affected())
}

pub(super) fn unsigned(count: i64) -> u64 {
    count.try_into().unwrap_or(0)
}

/// What was written of the rows of the staging table; the others said what was so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Rows that said something new.
    pub new: u64,
    /// Rows that changed what was known.
    pub changed: u64,
    /// What the file took away.
    pub removed: u64,
}
