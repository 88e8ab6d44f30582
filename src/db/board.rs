//! What the board reads: everything once, and from then on only the journal's new lines.
//!
//! "New" is exact. A line is in a read model if the snapshot that the model was read with sees the
//! transaction that wrote it, so what the next one lacks is: transactions that had not begun
//! then (at or above the snapshot's xmax) and those that were under way (its xip list). Ids cannot
//! say that: a transaction that commits late has taken its id long before.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::{Executor, PgConnection, query, query_as};
use tokio::time::Instant;

use crate::domain::{
    AllocationId, CampaignId, ClinicId, PoolId, ProductId, SlotId, TrancheId,
    availability::Audience,
    channel::Channel,
    movement::{Bucket, Kind},
    slot::Slot,
    supply::{self, Buckets},
};

/// Which transactions a read model includes, as PostgreSQL writes a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position(String);

/// The one instant at which everything that a transaction reads is true.
#[derive(Clone, Debug)]
pub struct Moment {
    pub position: Position,
    /// When the transaction began, by the database's clock: what was committed before is included.
    pub as_of: DateTime<Utc>,
    pub clock: HeardClock,
    pub revision: Revision,
    /// Another start is perhaps another history (a standby took over, a backup was restored).
    pub server_started_at: DateTime<Utc>,
}

/// The database's clock as it was heard of: it goes on by the machine's own, which nobody sets.
#[derive(Clone, Copy, Debug)]
pub struct HeardClock {
    pub at: DateTime<Utc>,
    /// When the answer had come, so that this clock is never ahead of the database's by the way
    /// that the answer took, but behind.
    pub heard: Instant,
}

impl HeardClock {
    /// What the database's clock says then.
    pub fn at(self, then: Instant) -> DateTime<Utc> {
        let since = then.saturating_duration_since(self.heard);
        self.at + TimeDelta::from_std(since).unwrap_or_default()
    }
}

/// Where the catalogue stands: what is not in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// `catalogue.revision`
    pub number: i64,
    /// How many of the changes did not tell whose slots they changed, or changed allocations
    /// otherwise than the journal says.
    pub untold: i64,
}

/// Makes this transaction, in which nothing was read yet, see one snapshot to its end.
pub async fn hold_still(conn: &mut PgConnection) -> sqlx::Result<Moment> {
    conn.execute("set transaction isolation level repeatable read, read only").await?;
    let row = query!(
        r#"/* board::hold_still */
           select pg_current_snapshot()::text as "position!", now() as "as_of!", revision,
               clock_timestamp() as "clock!", revision - slots_told as "untold!",
               pg_postmaster_start_time() as "server_started_at!"
           from catalogue"#
    )
    .fetch_one(conn)
    .await?;
    Ok(Moment {
        position: Position(row.position),
        as_of: row.as_of,
        clock: HeardClock { at: row.clock, heard: Instant::now() },
        revision: Revision { number: row.revision, untold: row.untold },
        server_started_at: row.server_started_at,
    })
}

/// New lines of the journal, those of the same kind, account and slot summed up.
#[derive(Clone, Debug)]
pub struct Lines {
    pub kind: Kind,
    pub from: Bucket,
    pub to: Bucket,
    pub allocation_id: Option<AllocationId>,
    pub from_pool_id: Option<PoolId>,
    pub to_pool_id: Option<PoolId>,
    /// None where no seat is meant, and in lines of an older program.
    pub slot_id: Option<SlotId>,
    pub doses: i64,
    /// How many lines of the journal these are.
    pub lines: i64,
}

impl Lines {
    /// Seats that they take (negative: give back).
    pub fn seats(&self) -> i64 {
        supply::seats_taken(self.kind, self.from) * self.lines
    }
}

/// The seats that the lines take in each slot, all of them together: summed up as they are, they
/// are in no order, and cancellations alone may well be more than what was taken before.
pub fn seats_by_slot(lines: &[Lines]) -> BTreeMap<SlotId, i64> {
    let mut seats = BTreeMap::new();
    for line in lines {
        if let Some(slot_id) = line.slot_id {
            *seats.entry(slot_id).or_default() += line.seats();
        }
    }
    seats
}

/// The lines that this transaction sees and a read model at `position` lacks.
pub async fn lines_since(conn: &mut PgConnection, position: &Position) -> sqlx::Result<Vec<Lines>> {
    // The planner cannot know how few lines are new. After a large file, one transaction has most
    // of the journal's lines, and it would expect as many of the next.
    conn.execute("set local enable_seqscan = off").await?;
    let lines = lines_by_index(conn, position).await?;
    conn.execute("set local enable_seqscan = on").await?;
    Ok(lines)
}

async fn lines_by_index(conn: &mut PgConnection, position: &Position) -> sqlx::Result<Vec<Lines>> {
    let rows = query!(
        r#"/* board::lines_by_index */ with fresh as (
               select * from movement where tx >= pg_snapshot_xmax($1::text::pg_snapshot)
               union all
               select * from movement
               where tx = any(array(select pg_snapshot_xip($1::text::pg_snapshot)))
           )
           select kind as "kind!", from_bucket as "from_bucket!", to_bucket as "to_bucket!",
               allocation_id, from_pool_id, to_pool_id, slot_id,
               sum(doses) as "doses!", count(*) as "lines!"
           from fresh
           group by kind, from_bucket, to_bucket, allocation_id, from_pool_id, to_pool_id,
               slot_id"#,
        position.0,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Lines {
                kind: Kind::of(row.kind).ok_or_else(|| unknown("movement.kind", row.kind))?,
                from: bucket(row.from_bucket)?,
                to: bucket(row.to_bucket)?,
                allocation_id: row.allocation_id.map(AllocationId),
                from_pool_id: row.from_pool_id.map(PoolId),
                to_pool_id: row.to_pool_id.map(PoolId),
                slot_id: row.slot_id.map(SlotId),
                doses: row.doses,
                lines: row.lines,
            })
        })
        .collect()
}

fn bucket(number: i16) -> sqlx::Result<Bucket> {
    Bucket::of(number).ok_or_else(|| unknown("movement's bucket", number))
}

fn unknown(what: &str, number: i16) -> sqlx::Error {
    sqlx::Error::Decode(format!("{number} is no {what} that this program knows").into())
}

/// An allocation and where its doses are.
#[derive(Clone, Debug)]
pub struct Account {
    pub allocation_id: AllocationId,
    pub clinic_id: ClinicId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub on_date: NaiveDate,
    pub audience: Audience,
    pub buckets: Buckets,
}

struct AccountRow {
    allocation_id: i64,
    clinic_id: i32,
    campaign_id: i32,
    product_id: i32,
    on_date: NaiveDate,
    channel: Channel,
    tranche_id: Option<i32>,
    granted: i32,
    open: i32,
    held: i32,
    booked: i32,
    spare: i32,
    given: i32,
    lost: i32,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            allocation_id: row.allocation_id.into(),
            clinic_id: row.clinic_id.into(),
            campaign_id: row.campaign_id.into(),
            product_id: row.product_id.into(),
            on_date: row.on_date,
            audience: Audience::new(row.channel, row.tranche_id.map(TrancheId)),
            buckets: Buckets {
                granted: row.granted.into(),
                open: row.open.into(),
                held: row.held.into(),
                booked: row.booked.into(),
                spare: row.spare.into(),
                given: row.given.into(),
                lost: row.lost.into(),
            },
        }
    }
}

/// All allocations.
pub async fn accounts(conn: &mut PgConnection) -> sqlx::Result<Vec<Account>> {
    let rows = query_as!(
        AccountRow,
        r#"/* board::accounts */
         select allocation_id, clinic_id, campaign_id, product_id, on_date,
             channel as "channel: Channel", tranche_id, granted, open, held, booked, spare, given,
             lost
         from allocation"#
    );
    rows.map(Account::from).fetch_all(conn).await
}

/// These allocations.
pub async fn accounts_by_id(
    conn: &mut PgConnection,
    allocation_ids: &[i64],
) -> sqlx::Result<Vec<Account>> {
    let rows = query_as!(
        AccountRow,
        r#"/* board::accounts_by_id */
         select allocation_id, clinic_id, campaign_id, product_id, on_date,
             channel as "channel: Channel", tranche_id, granted, open, held, booked, spare, given,
             lost
         from allocation where allocation_id = any($1)"#,
        allocation_ids,
    );
    rows.map(Account::from).fetch_all(conn).await
}

/// What a pool holds back.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub pool_id: PoolId,
    pub campaign_id: CampaignId,
    pub open: i64,
}

/// All pools: a few for each region.
pub async fn pools(conn: &mut PgConnection) -> sqlx::Result<Vec<Pool>> {
    query_as!(
        Pool,
        r#"/* board::pools */
           select pool_id as "pool_id: PoolId", campaign_id as "campaign_id: CampaignId",
               open::bigint as "open!"
           from pool"#
    )
    .fetch_all(conn)
    .await
}

/// The `slots_revision` of every clinic, by id.
pub async fn slots_revisions(conn: &mut PgConnection) -> sqlx::Result<Vec<(ClinicId, i64)>> {
    let rows = query!(
        r#"/* board::slots_revisions */ select clinic_id as "clinic_id: ClinicId", slots_revision
           from clinic order by clinic_id"#
    );
    rows.map(|row| (row.clinic_id, row.slots_revision)).fetch_all(conn).await
}

/// The slots of these clinics from yesterday (UTC) on: no zone is further behind. In no order.
pub async fn slots(conn: &mut PgConnection, clinic_ids: &[i32]) -> sqlx::Result<Vec<Slot>> {
    query_as!(
        Slot,
        "/* board::slots */
         select slot_id, on_date, starts_at, ends_at, seats, taken, is_closed from slot
         where clinic_id = any($1) and removed_at is null
             and on_date >= (now() at time zone 'UTC')::date - 1",
        clinic_ids,
    )
    .fetch_all(conn)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many lines of a dose each, which name nothing.
    fn lines(kind: Kind, (from, to): (Bucket, Bucket), lines: i64) -> Lines {
        Lines {
            kind,
            from,
            to,
            allocation_id: None,
            from_pool_id: None,
            to_pool_id: None,
            slot_id: None,
            doses: lines,
            lines,
        }
    }

    #[test]
    fn seats_given_back_before_they_are_taken_are_no_fault() {
        let slot = |number| Some(SlotId((1_i64 << 24) + number));
        let of = |kind, slot_id, count| Lines {
            slot_id,
            ..lines(kind, (Bucket::Open, Bucket::Booked), count)
        };
        let lines = [
            of(Kind::Cancel, slot(1), 40),
            of(Kind::Book, slot(2), 3),
            of(Kind::Book, slot(1), 41),
            of(Kind::Book, None, 5),
        ];
        let seats: Vec<_> = seats_by_slot(&lines).into_values().collect();
        assert_eq!(seats, [1, 3]);
    }
}
