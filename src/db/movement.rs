//! The journal, outside the lanes: one line at a time, and reading it.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use uuid::Uuid;

use crate::domain::{
    AllocationId, BookingId, CampaignId, PoolId, StaffUserId,
    actor::Actor,
    journal::Position,
    movement::{Bucket, Entry, Kind, Movement},
};

/// Which lines to read; none of a kind is all of that kind.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub campaign_id: Option<CampaignId>,
    pub allocation_id: Option<AllocationId>,
    pub pool_id: Option<PoolId>,
    pub after: Position,
}

/// Writes a line. The counters on both its sides change in the same transaction.
pub async fn insert(conn: &mut PgConnection, movement: &Movement) -> sqlx::Result<()> {
    query!(
        "/* movement::insert */
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
             to_pool_id, booking_id, actor_role, staff_user_id, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        movement.kind.number(),
        movement.from.number(),
        movement.to.number(),
        movement.doses,
        movement.allocation_id.map(|id| id.0),
        movement.from_pool_id.map(|id| id.0),
        movement.to_pool_id.map(|id| id.0),
        movement.booking_id.map(|id| id.0),
        movement.actor.role(),
        movement.actor.staff_user_id().map(|id| id.0),
        movement.reason,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// By which kind of line a booking was cancelled. It is looked for where the booking's row says
/// that it was last written, since the journal has no index by booking: a booking has to write one
/// line and nothing else. None where the row was written anew since, as after a restore.
pub async fn cancelled_by(
    db: impl PgExecutor<'_>,
    booking_id: BookingId,
) -> sqlx::Result<Option<Kind>> {
    // A row knows the lower 32 bits of its transaction; the higher ones are those of the present,
    // or one less. Should that be wrong, no line of this booking is found there.
    let kind = query_scalar!(
        r#"/* movement::cancelled_by */
           select m.kind
           from booking b
           cross join lateral (
               select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as now) clock
           join movement m on
               m.tx = (now - ((now - b.xmin::text::bigint) & 4294967295))::text::xid8
               and m.booking_id = b.booking_id and m.kind in (2, 3)
           where b.booking_id = $1
           limit 1"#,
        booking_id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(kind.and_then(Kind::of))
}

/// Lines after a position, in the journal's order.
///
/// # Errors
/// The database's; `ColumnDecode` for numbers that this program does not know.
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let rows = query!(
        r#"/* movement::list */
           select tx::text as "tx!", id, at, kind, from_bucket, to_bucket, doses, allocation_id,
               from_pool_id, to_pool_id, booking_id, actor_role, staff_user_id, reason,
               tx < pg_snapshot_xmin(pg_current_snapshot()) as "is_settled!"
           from movement
           where (tx, id) > ($1::text::xid8, $2)
             and ($3::bigint is null or allocation_id = $3)
             and ($4::int is null or $4 in (from_pool_id, to_pool_id))
             and ($5::int is null
                 or allocation_id in (select allocation_id from allocation where campaign_id = $5)
                 or from_pool_id in (select pool_id from pool where campaign_id = $5)
                 or to_pool_id in (select pool_id from pool where campaign_id = $5))
           order by tx, id limit $6"#,
        filter.after.tx.to_string(),
        filter.after.id,
        filter.allocation_id.map(|id| id.0),
        filter.pool_id.map(|id| id.0),
        filter.campaign_id.map(|id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let position =
                Position { tx: row.tx.parse().map_err(|error| decode("tx", error))?, id: row.id };
            let movement = Movement {
                kind: known("kind", Kind::of(row.kind))?,
                from: known("from_bucket", Bucket::of(row.from_bucket))?,
                to: known("to_bucket", Bucket::of(row.to_bucket))?,
                doses: row.doses,
                allocation_id: row.allocation_id.map(AllocationId),
                from_pool_id: row.from_pool_id.map(PoolId),
                to_pool_id: row.to_pool_id.map(PoolId),
                booking_id: row.booking_id.map(|id: Uuid| id.into()),
                actor: known(
                    "actor_role",
                    Actor::of(row.actor_role, row.staff_user_id.map(StaffUserId)),
                )?,
                reason: row.reason,
            };
            let at: DateTime<Utc> = row.at;
            Ok(Entry { position, at, is_settled: row.is_settled, movement })
        })
        .collect()
}

fn known<T>(column: &str, value: Option<T>) -> sqlx::Result<T> {
    value.ok_or_else(|| decode(column, "a number that this program does not know"))
}

fn decode(
    column: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: source.into() }
}
