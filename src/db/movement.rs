//! The journal, outside the lanes: one line at a time, and reading it.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};
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

/// Writes a line, and says where it stands. The counters on both its sides change in the same
/// transaction.
pub async fn insert(conn: &mut PgConnection, movement: &Movement) -> sqlx::Result<Position> {
    let row = query!(
        r#"/* movement::insert */
           insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
               to_pool_id, booking_id, actor_role, staff_user_id, reason)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           returning tx::text as "tx!", id"#,
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
    .fetch_one(conn)
    .await?;
    position(&row.tx, row.id)
}

/// Writes lines, in order, that name no booking.
pub async fn insert_all(conn: &mut PgConnection, lines: &[Movement]) -> sqlx::Result<()> {
    let column = |pick: fn(&Movement) -> i16| lines.iter().map(pick).collect::<Vec<_>>();
    // No account has the number 0, which stands for none.
    let allocation_ids: Vec<_> =
        lines.iter().map(|line| line.allocation_id.map_or(0, |id| id.0)).collect();
    let pools = |pick: fn(&Movement) -> Option<PoolId>| {
        lines.iter().map(|line| pick(line).map_or(0, |id| id.0)).collect::<Vec<_>>()
    };
    let users: Vec<_> =
        lines.iter().map(|line| line.actor.staff_user_id().map_or(0, |id| id.0)).collect();
    let reasons: Vec<_> =
        lines.iter().map(|line| line.reason.clone().unwrap_or_default()).collect();
    query!(
        "/* movement::insert_all */
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
             to_pool_id, actor_role, staff_user_id, reason)
         select kind, from_bucket, to_bucket, doses, nullif(allocation_id, 0),
             nullif(from_pool_id, 0), nullif(to_pool_id, 0), actor_role, nullif(staff_user_id, 0),
             nullif(reason, '')
         from unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::int[], $5::bigint[],
             $6::int[], $7::int[], $8::smallint[], $9::int[], $10::text[]) with ordinality
             as line (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id, to_pool_id,
                 actor_role, staff_user_id, reason, n)
         order by n",
        &column(|line| line.kind.number()),
        &column(|line| line.from.number()),
        &column(|line| line.to.number()),
        &lines.iter().map(|line| line.doses).collect::<Vec<_>>(),
        &allocation_ids,
        &pools(|line| line.from_pool_id),
        &pools(|line| line.to_pool_id),
        &column(|line| line.actor.role()),
        &users,
        &reasons,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes down that the line `by` takes back doses of the line `of`.
pub async fn insert_correction(
    conn: &mut PgConnection,
    by: Position,
    of: Position,
    doses: i32,
) -> sqlx::Result<()> {
    query!(
        "/* movement::insert_correction */
         insert into movement_correction (tx, id, of_tx, of_id, doses)
         values ($1::text::xid8, $2, $3::text::xid8, $4, $5)",
        by.tx.to_string(),
        by.id,
        of.tx.to_string(),
        of.id,
        doses,
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

/// How many doses of a line have been taken back. Exact for whoever has locked its pools.
pub async fn corrected(db: impl PgExecutor<'_>, of: Position) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* movement::corrected */
           select coalesce(sum(doses), 0) as "doses!" from movement_correction
           where of_tx = $1::text::xid8 and of_id = $2"#,
        of.tx.to_string(),
        of.id,
    )
    .fetch_one(db)
    .await
}

/// The line at this position.
///
/// # Errors
/// The database's; `ColumnDecode` for numbers that this program does not know.
pub async fn find(db: impl PgExecutor<'_>, at: Position) -> sqlx::Result<Option<Movement>> {
    let row = query_as!(
        Row,
        r#"/* movement::find */
           select m.tx::text as "tx!", m.id, at, kind, from_bucket, to_bucket, m.doses,
               allocation_id, from_pool_id, to_pool_id, booking_id, actor_role, staff_user_id,
               reason, tx < pg_snapshot_xmin(pg_current_snapshot()) as "is_settled!",
               null::text as of_tx, null::bigint as of_id
           from movement m where tx = $1::text::xid8 and id = $2"#,
        at.tx.to_string(),
        at.id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Entry::try_from).transpose()?.map(|entry| entry.movement))
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
    let rows = query_as!(
        Row,
        r#"/* movement::list */
           select m.tx::text as "tx!", m.id, at, kind, from_bucket, to_bucket, m.doses,
               allocation_id, from_pool_id, to_pool_id, booking_id, actor_role, staff_user_id,
               reason, m.tx < pg_snapshot_xmin(pg_current_snapshot()) as "is_settled!",
               c.of_tx::text as "of_tx?", c.of_id as "of_id?"
           from movement m left join movement_correction c on (c.tx, c.id) = (m.tx, m.id)
           where (m.tx, m.id) > ($1::text::xid8, $2)
             and ($3::bigint is null or allocation_id = $3)
             and ($4::int is null or $4 in (from_pool_id, to_pool_id))
             and ($5::int is null
                 or allocation_id in (select allocation_id from allocation where campaign_id = $5)
                 or from_pool_id in (select pool_id from pool where campaign_id = $5)
                 or to_pool_id in (select pool_id from pool where campaign_id = $5))
           order by m.tx, m.id limit $6"#,
        filter.after.tx.to_string(),
        filter.after.id,
        filter.allocation_id.map(|id| id.0),
        filter.pool_id.map(|id| id.0),
        filter.campaign_id.map(|id| id.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// A line as it is read.
pub(super) struct Row {
    pub(super) tx: String,
    pub(super) id: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: i16,
    pub(super) from_bucket: i16,
    pub(super) to_bucket: i16,
    pub(super) doses: i32,
    pub(super) allocation_id: Option<i64>,
    pub(super) from_pool_id: Option<i32>,
    pub(super) to_pool_id: Option<i32>,
    pub(super) booking_id: Option<Uuid>,
    pub(super) actor_role: i16,
    pub(super) staff_user_id: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) is_settled: bool,
    pub(super) of_tx: Option<String>,
    pub(super) of_id: Option<i64>,
}

impl TryFrom<Row> for Entry {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let movement = Movement {
            kind: known("kind", Kind::of(row.kind))?,
            from: known("from_bucket", Bucket::of(row.from_bucket))?,
            to: known("to_bucket", Bucket::of(row.to_bucket))?,
            doses: row.doses,
            allocation_id: row.allocation_id.map(AllocationId),
            from_pool_id: row.from_pool_id.map(PoolId),
            to_pool_id: row.to_pool_id.map(PoolId),
            booking_id: row.booking_id.map(Uuid::into),
            actor: known(
                "actor_role",
                Actor::of(row.actor_role, row.staff_user_id.map(StaffUserId)),
            )?,
            reason: row.reason,
        };
        let of = row.of_tx.zip(row.of_id);
        let corrects = of.map(|(tx, id)| position(&tx, id)).transpose()?;
        let position = position(&row.tx, row.id)?;
        Ok(Self { position, at: row.at, is_settled: row.is_settled, movement, corrects })
    }
}

fn position(tx: &str, id: i64) -> sqlx::Result<Position> {
    Ok(Position { tx: tx.parse().map_err(|error| decode("tx", error))?, id })
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
