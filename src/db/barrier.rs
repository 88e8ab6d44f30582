//! Transactions that may write bookings by what they have read before somebody else's commit.

use sqlx::{PgExecutor, query_scalar};

/// The transactions under way that may write a booking, in every process, by their virtual ids:
/// they hold locked slots and have read a campaign. One that reads the campaign after this does so
/// in a later snapshot. Locks are seen by every role; what a session runs is not.
pub async fn bookers(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"/* barrier::bookers */
           with held as materialized (
               select virtualtransaction, relation, mode from pg_locks
               where locktype = 'relation' and granted and pid <> pg_backend_pid()
                   and database = (select oid from pg_database where datname = current_database())
                   and relation in ('slot'::regclass, 'campaign'::regclass)
           )
           select virtualtransaction as "id!" from held group by virtualtransaction
           having bool_or(relation = 'slot'::regclass and mode = 'RowShareLock')
               and bool_or(relation = 'campaign'::regclass)"#
    )
    .fetch_all(db)
    .await
}
