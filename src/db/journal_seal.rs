//! Seals of the journal and the sums that go with them. A line lies below a position for good when
//! its transaction is older than every one that is under way: `pg_snapshot_xmin`.

use std::collections::HashMap;

use sqlx::{Executor, PgConnection, PgExecutor, query, query_scalar};

use crate::domain::journal_seal::{Block, Seal, SealedTo, Sums, Totals};

struct Row {
    number: i64,
    tx: String,
    id: i64,
    lines: i64,
    lines_total: i64,
    totals: Vec<i64>,
    digest: Vec<u8>,
    hash: Vec<u8>,
}

impl From<Row> for Seal {
    fn from(row: Row) -> Self {
        Self {
            number: row.number,
            to: SealedTo { tx: row.tx, id: row.id },
            lines: row.lines,
            lines_total: row.lines_total,
            totals: Totals::try_from(row.totals).unwrap_or_default(),
            digest: row.digest,
            hash: row.hash,
        }
    }
}

/// The seals after this number, in order.
pub async fn list(db: impl PgExecutor<'_>, after: i64, limit: i64) -> sqlx::Result<Vec<Seal>> {
    let rows = sqlx::query_as!(
        Row,
        r#"/* journal_seal::list */
           select number, tx::text as "tx!", id, lines, lines_total, totals, digest, hash
           from journal_seal where number > $1 order by number limit $2"#,
        after,
        limit,
    );
    rows.map(Seal::from).fetch_all(db).await
}

/// The last one.
pub async fn last(db: impl PgExecutor<'_>) -> sqlx::Result<Option<Seal>> {
    let row = sqlx::query_as!(
        Row,
        r#"/* journal_seal::last */
           select number, tx::text as "tx!", id, lines, lines_total, totals, digest, hash
           from journal_seal order by number desc limit 1"#,
    );
    row.map(Seal::from).fetch_optional(db).await
}

/// How many lines the journal has above a position.
pub async fn count_above(conn: &mut PgConnection, to: &SealedTo) -> sqlx::Result<i64> {
    by_index(&mut *conn).await?;
    query_scalar!(
        r#"/* journal_seal::count_above */ select count(*) as "n!" from movement
           where (tx, id) > ($1::text::xid8, $2)"#,
        to.tx,
        to.id,
    )
    .fetch_one(conn)
    .await
}

/// Whether this transaction is the one that seals: one process at a time.
pub async fn take_turn(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* journal_seal::take_turn */
           select pg_try_advisory_xact_lock(hashtext('journal_seal')) as "is_mine!""#
    )
    .fetch_one(conn)
    .await
}

/// The end of the next block after a position, of so many lines at most, and how many they are;
/// none where nothing is settled.
pub async fn next_end(
    conn: &mut PgConnection,
    after: &SealedTo,
    lines_max: i64,
) -> sqlx::Result<Option<(SealedTo, i64)>> {
    by_index(&mut *conn).await?;
    let row = query!(
        r#"/* journal_seal::next_end */
           with block as (
               select tx, id from movement
               where (tx, id) > ($1::text::xid8, $2)
                   and tx < pg_snapshot_xmin(pg_current_snapshot())
               order by tx, id limit $3
           )
           select tx::text as "tx!", id as "id!", (select count(*) from block) as "lines!"
           from block order by block.tx desc, block.id desc limit 1"#,
        after.tx,
        after.id,
        lines_max,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (SealedTo { tx: row.tx, id: row.id }, row.lines)))
}

/// The planner cannot know how few lines these are.
async fn by_index(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute("set local enable_seqscan = off").await.map(drop)
}

/// What the lines after a position, up to another, come to.
pub async fn block(
    conn: &mut PgConnection,
    after: &SealedTo,
    to: &SealedTo,
) -> sqlx::Result<Block> {
    by_index(&mut *conn).await?;
    let all = query!(
        r#"/* journal_seal::block */
           select count(*) as "lines!", sha256(convert_to(coalesce(string_agg(
               row(tx, id, extract(epoch from at), kind, from_bucket, to_bucket, doses,
                   allocation_id, from_pool_id, to_pool_id, booking_id, actor_role, staff_user_id,
                   reason, slot_id)::text, ',' order by tx, id), ''), 'UTF8')) as "digest!"
           from movement
           where (tx, id) > ($1::text::xid8, $2) and (tx, id) <= ($3::text::xid8, $4)"#,
        after.tx,
        after.id,
        to.tx,
        to.id,
    )
    .fetch_one(&mut *conn)
    .await?;
    let allocations = allocations(&mut *conn, after, to).await?;
    let pools = pools(conn, after, to).await?;
    Ok(Block { lines: all.lines, digest: all.digest, allocations, pools })
}

async fn allocations(
    conn: &mut PgConnection,
    after: &SealedTo,
    to: &SealedTo,
) -> sqlx::Result<HashMap<i64, Sums>> {
    let rows = query!(
        r#"/* journal_seal::allocations */ with line as (
               select allocation_id, to_bucket as bucket, doses, kind, booking_id from movement
               where (tx, id) > ($1::text::xid8, $2) and (tx, id) <= ($3::text::xid8, $4)
                   and allocation_id is not null
               union all
               select allocation_id, from_bucket, -doses, null, booking_id from movement
               where (tx, id) > ($1::text::xid8, $2) and (tx, id) <= ($3::text::xid8, $4)
                   and allocation_id is not null
           )
           select allocation_id as "allocation_id!", array[
               coalesce(sum(doses) filter (where bucket = 1), 0)::bigint,
               coalesce(sum(doses) filter (where bucket = 2), 0)::bigint,
               coalesce(sum(doses) filter (where bucket = 3), 0)::bigint,
               coalesce(sum(doses) filter (where bucket = 4), 0)::bigint,
               coalesce(sum(doses) filter (where bucket = 5), 0)::bigint,
               coalesce(sum(doses) filter (where bucket = 6), 0)::bigint,
               coalesce(sum(doses) filter (where kind = 6 and booking_id is null), 0)::bigint,
               coalesce(sum(sign(doses)::int * (uuid_hash_extended(booking_id, 0) >> 20))
                   filter (where bucket = 3), 0)::bigint,
               coalesce(sum(sign(doses)::int * (uuid_hash_extended(booking_id, 0) >> 20))
                   filter (where bucket = 5), 0)::bigint] as "sums!"
           from line group by allocation_id"#,
        after.tx,
        after.id,
        to.tx,
        to.id,
    )
    .fetch_all(conn)
    .await?;
    let sums = rows
        .into_iter()
        .map(|row| (row.allocation_id, Sums::try_from(row.sums).unwrap_or_default()));
    Ok(sums.collect())
}

async fn pools(
    conn: &mut PgConnection,
    after: &SealedTo,
    to: &SealedTo,
) -> sqlx::Result<HashMap<i32, [i64; 4]>> {
    let rows = query!(
        r#"/* journal_seal::pools */
           select pool_id as "pool_id!", array[
               coalesce(sum(case when is_in then doses else -doses end)
                   filter (where (is_in and kind in (20, 21))
                       or (not is_in and kind in (25, 26))), 0)::bigint,
               sum(case when is_in then doses else -doses end)::bigint,
               coalesce(sum(case when is_in then -doses else doses end)
                   filter (where (not is_in and kind in (21, 22))
                       or (is_in and kind in (23, 25))), 0)::bigint,
               coalesce(sum(case when is_in then -doses else doses end)
                   filter (where kind in (24, 27)), 0)::bigint] as "sums!"
           from (
               select to_pool_id as pool_id, true as is_in, kind, doses from movement
               where (tx, id) > ($1::text::xid8, $2) and (tx, id) <= ($3::text::xid8, $4)
                   and to_pool_id is not null
               union all
               select from_pool_id, false, kind, doses from movement
               where (tx, id) > ($1::text::xid8, $2) and (tx, id) <= ($3::text::xid8, $4)
                   and from_pool_id is not null
           ) line group by pool_id"#,
        after.tx,
        after.id,
        to.tx,
        to.id,
    )
    .fetch_all(conn)
    .await?;
    let sums = rows
        .into_iter()
        .map(|row| (row.pool_id, <[i64; 4]>::try_from(row.sums).unwrap_or_default()));
    Ok(sums.collect())
}

/// Adds what a block comes to, and its seal.
///
/// # Errors
/// `journal_seal_pkey` where another process has sealed the same block.
pub async fn insert(conn: &mut PgConnection, seal: &Seal, block: &Block) -> sqlx::Result<()> {
    query!(
        "/* journal_seal::insert */
         insert into journal_seal (number, tx, id, lines, lines_total, totals, digest, hash)
         values ($1, $2::text::xid8, $3, $4, $5, $6, $7, $8)",
        seal.number,
        seal.to.tx,
        seal.to.id,
        seal.lines,
        seal.lines_total,
        &seal.totals[..],
        seal.digest,
        seal.hash,
    )
    .execute(&mut *conn)
    .await?;
    add_allocations(&mut *conn, block).await?;
    add_pools(conn, block).await
}

async fn add_allocations(conn: &mut PgConnection, block: &Block) -> sqlx::Result<()> {
    let column = |at: usize| -> Vec<i64> {
        block.allocations.values().map(|sums| sums.get(at).copied().unwrap_or_default()).collect()
    };
    let ids: Vec<_> = block.allocations.keys().copied().collect();
    query!(
        "/* journal_seal::add_allocations */
         insert into journal_sum as s (allocation_id, open, held, booked, spare, given, lost,
             walk_ins, booked_mark, given_mark)
         select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
             $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
         on conflict (allocation_id) do update set open = s.open + excluded.open,
             held = s.held + excluded.held, booked = s.booked + excluded.booked,
             spare = s.spare + excluded.spare, given = s.given + excluded.given,
             lost = s.lost + excluded.lost, walk_ins = s.walk_ins + excluded.walk_ins,
             booked_mark = s.booked_mark + excluded.booked_mark,
             given_mark = s.given_mark + excluded.given_mark",
        &ids,
        &column(0),
        &column(1),
        &column(2),
        &column(3),
        &column(4),
        &column(5),
        &column(6),
        &column(7),
        &column(8),
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn add_pools(conn: &mut PgConnection, block: &Block) -> sqlx::Result<()> {
    let column = |at: usize| -> Vec<i64> {
        block.pools.values().map(|sums| sums.get(at).copied().unwrap_or_default()).collect()
    };
    let ids: Vec<_> = block.pools.keys().copied().collect();
    query!(
        "/* journal_seal::add_pools */
         insert into journal_pool_sum as s (pool_id, received, open, passed_on, lost)
         select * from unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
         on conflict (pool_id) do update set received = s.received + excluded.received,
             open = s.open + excluded.open, passed_on = s.passed_on + excluded.passed_on,
             lost = s.lost + excluded.lost",
        &ids,
        &column(0),
        &column(1),
        &column(2),
        &column(3),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// All sums as they are kept.
pub async fn sums(conn: &mut PgConnection) -> sqlx::Result<Block> {
    let rows = query!(
        r#"/* journal_seal::sums */
           select allocation_id, array[open, held, booked, spare, given, lost, walk_ins,
               booked_mark, given_mark] as "sums!" from journal_sum"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let allocations = rows
        .into_iter()
        .map(|row| (row.allocation_id, Sums::try_from(row.sums).unwrap_or_default()));
    let allocations = allocations.collect();
    let rows = query!(
        r#"/* journal_seal::sums */
           select pool_id, array[received, open, passed_on, lost] as "sums!"
           from journal_pool_sum"#
    )
    .fetch_all(conn)
    .await?;
    let pools = rows
        .into_iter()
        .map(|row| (row.pool_id, <[i64; 4]>::try_from(row.sums).unwrap_or_default()));
    Ok(Block { allocations, pools: pools.collect(), ..Block::default() })
}
