//! The one row that says "something outside the journal changed", and which secret this database
//! belongs to.

use sqlx::{Executor, PgConnection, PgExecutor, query_scalar};

/// The revision now; whoever keeps a read model reads the tables again when this moves.
pub async fn revision(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    query_scalar!("/* catalogue::revision */ select revision from catalogue").fetch_one(db).await
}

/// Says that clinics, slots, campaigns or persons changed in this transaction, that every slot that
/// did is told of by its clinic's `slots_revision`, and every allocation by the journal. Call it
/// last, but for rows that bookings lock too: the row is locked from here to the commit.
pub async fn touch(conn: &mut PgConnection) -> sqlx::Result<i64> {
    query_scalar!(
        "/* catalogue::touch */
         update catalogue set revision = revision + 1, slots_told = slots_told + 1
         returning revision"
    )
    .fetch_one(conn)
    .await
}

/// Says that anything may have changed, also what neither clinics nor the journal tell of: every
/// slot and every allocation is read again.
pub async fn touch_untold(conn: &mut PgConnection) -> sqlx::Result<i64> {
    query_scalar!(
        "/* catalogue::touch_untold */
         update catalogue set revision = revision + 1 returning revision"
    )
    .fetch_one(conn)
    .await
}

/// From here on nobody is waited for longer than a moment. For the end of a transaction that comes
/// to rows which bookings need: they and the catalogue are not held while it waits.
pub async fn hurry(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute("/* catalogue::hurry */ set local lock_timeout = '1s'").await.map(drop)
}

/// Writes the secret's fingerprint into a new database; says whether it is the one written there.
pub async fn claim_secret(conn: &mut PgConnection, fingerprint: &[u8]) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* catalogue::claim_secret */
           update catalogue set secret_check = coalesce(secret_check, $1)
           returning secret_check = $1 as "same!""#,
        fingerprint,
    )
    .fetch_one(conn)
    .await
}

/// Whether this is the secret that the database was made with.
pub async fn has_secret(db: impl PgExecutor<'_>, fingerprint: &[u8]) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* catalogue::has_secret */
         select secret_check = $1 as "same!" from catalogue"#,
        fingerprint
    )
    .fetch_one(db)
    .await
}

/// The number of the last migration.
///
/// # Errors
/// The database's; where nothing was migrated yet, there is no such table.
#[expect(clippy::disallowed_methods, reason = "this table is sqlx's own, not of our schema")]
pub async fn schema_version(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "/* catalogue::schema_version */
         select max(version) from _sqlx_migrations where success",
    )
    .fetch_one(db)
    .await
}
