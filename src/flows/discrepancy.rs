//! Proves the ledger: derives every counter anew from the journal and the bookings. One read-only
//! snapshot, no locks: bookings go on meanwhile.

use sqlx::{Executor, PgConnection};

use super::Result;
use crate::{
    db::{self, Db},
    domain::discrepancy::Discrepancy,
};

/// Differences listed per check; a broken ledger need not be printed whole.
const LISTED_MAX: i64 = 1000;

/// What `verify` found; empty is what it should be.
pub async fn verify(db: &Db) -> Result<Vec<Discrepancy>> {
    // Not from a pool: this takes as long as the ledger is large.
    let mut conn = db.connect("dosebook verify").await?;
    conn.execute("begin transaction isolation level repeatable read read only").await?;
    let found = check(&mut conn).await;
    conn.execute("rollback").await?;
    found
}

async fn check(conn: &mut PgConnection) -> Result<Vec<Discrepancy>> {
    let mut found = db::discrepancy::allocations(conn, LISTED_MAX).await?;
    found.extend(db::discrepancy::pools(conn, LISTED_MAX).await?);
    found.extend(db::discrepancy::promises(conn, LISTED_MAX).await?);
    found.extend(db::discrepancy::bookings(conn, LISTED_MAX).await?);
    found.extend(db::discrepancy::visits(conn, LISTED_MAX).await?);
    found.extend(db::discrepancy::days(conn, LISTED_MAX).await?);
    found.extend(db::discrepancy::constraints(conn, LISTED_MAX).await?);
    Ok(found)
}
