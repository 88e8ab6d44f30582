//! What a split of a pool goes by, and the pools that it moves doses through.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use crate::domain::{
    CampaignId, ClinicId, PoolId, ProductId, RegionId, TrancheId, channel::Channel,
    localized::Localized, movement::Movement, pool::Pool,
};

/// A clinic's day with slots to come.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub on_date: NaiveDate,
    /// Seats of slots to come.
    pub seats: i64,
    /// Doses that were granted to the day for people with a booking.
    pub covered: i64,
    /// The pool of the allocation that doses would come to, if there is one.
    pub pool_id: Option<PoolId>,
}

/// What doses of a split are for.
#[derive(Clone, Copy, Debug)]
pub struct For {
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub channel: Channel,
    pub tranche_id: Option<TrancheId>,
}

/// How many clinics are in these regions.
pub async fn count_clinics(db: impl PgExecutor<'_>, regions: &[RegionId]) -> sqlx::Result<i64> {
    let regions: Vec<_> = regions.iter().map(|id| id.0).collect();
    query_scalar!(
        r#"/* split::count_clinics */
           select count(*) as "clinics!" from clinic where region_id = any($1)"#,
        &regions,
    )
    .fetch_one(db)
    .await
}

/// Locks the clinics of these regions in the order of their ids, so that nobody else numbers
/// allocations of theirs. Bookings do not wait for them.
pub async fn lock_clinics(conn: &mut PgConnection, regions: &[RegionId]) -> sqlx::Result<()> {
    let regions: Vec<_> = regions.iter().map(|id| id.0).collect();
    query!(
        "/* split::lock_clinics */
         select from clinic where region_id = any($1) order by clinic_id for no key update",
        &regions,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Persons of the register who can come, by region.
pub async fn population(db: impl PgExecutor<'_>) -> sqlx::Result<HashMap<RegionId, i64>> {
    let rows = query!(
        r#"/* split::population */
           select region_id, count(*) as "persons!" from person
           where merged_into is null and mark is null group by region_id"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (RegionId(row.region_id), row.persons)).collect())
}

/// The days of clinics of these regions that have slots to come, by clinic and day; nothing is
/// locked.
pub async fn rooms(
    db: impl PgExecutor<'_>,
    regions: &[RegionId],
    what: For,
    (from, to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Vec<Room>> {
    let regions: Vec<_> = regions.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* split::rooms */
           with day as materialized (
               select s.clinic_id, c.region_id, s.on_date, sum(s.seats)::bigint as seats
               from clinic c join slot s using (clinic_id)
               where c.region_id = any($1) and s.on_date between $2 and $3
                   and not s.is_closed and s.starts_at > clock_timestamp()
               group by 1, 2, 3
           ), dose as (
               select clinic_id, on_date,
                   sum(granted - lost) filter (where channel in (1, 2)) as covered,
                   max(pool_id) filter (
                       where campaign_id = $4 and product_id = $5 and channel = $6
                           and tranche_id is not distinct from $7) as pool_id
               from allocation
               where on_date between $2 and $3 and clinic_id in (select clinic_id from day)
               group by 1, 2
           )
           select d.clinic_id, d.region_id, d.on_date as "on_date!", d.seats as "seats!",
               coalesce(a.covered, 0)::bigint as "covered!", a.pool_id
           from day d left join dose a using (clinic_id, on_date)
           order by d.clinic_id, d.on_date"#,
        &regions,
        from,
        to,
        what.campaign_id.0,
        what.product_id.0,
        what.channel.number(),
        what.tranche_id.map(|id| id.0),
    )
    .fetch_all(db)
    .await?;
    let room = rows.into_iter().map(|row| Room {
        clinic_id: ClinicId(row.clinic_id),
        region_id: RegionId(row.region_id),
        on_date: row.on_date,
        seats: row.seats,
        covered: row.covered,
        pool_id: row.pool_id.map(PoolId),
    });
    Ok(room.collect())
}

/// Adds empty pools of these regions below another, and answers them.
pub async fn insert_pools(
    conn: &mut PgConnection,
    below: &Pool,
    regions: &[RegionId],
) -> sqlx::Result<Vec<Pool>> {
    let ids: Vec<_> = regions.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* split::insert_pools */
           insert into pool (campaign_id, product_id, parent_id, region_id)
           select $1, $2, $3, region_id from unnest($4::int[]) as r (region_id)
           order by region_id
           returning pool_id, region_id"#,
        below.campaign_id.0,
        below.product_id.0,
        below.pool_id.0,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let pool = rows.into_iter().map(|row| Pool {
        pool_id: PoolId(row.pool_id),
        campaign_id: below.campaign_id,
        product_id: below.product_id,
        parent_id: Some(below.pool_id),
        region_id: row.region_id.map(RegionId),
        received: 0,
        open: 0,
        passed_on: 0,
        lost: 0,
    });
    Ok(pool.collect())
}

/// Writes the counters of locked pools.
///
/// # Errors
/// The database's; the pool's named constraints.
pub async fn set_pools(conn: &mut PgConnection, pools: &[Pool]) -> sqlx::Result<()> {
    let column = |of: fn(&Pool) -> i32| pools.iter().map(of).collect::<Vec<_>>();
    query!(
        "/* split::set_pools */
         update pool p set received = s.received, open = s.open, passed_on = s.passed_on
         from unnest($1::int[], $2::int[], $3::int[], $4::int[])
             as s (pool_id, received, open, passed_on)
         where p.pool_id = s.pool_id",
        &column(|pool| pool.pool_id.0),
        &column(|pool| pool.received),
        &column(|pool| pool.open),
        &column(|pool| pool.passed_on),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes lines that move doses from pool to pool, all of one kind and one cause.
pub async fn insert_movements(conn: &mut PgConnection, lines: &[Movement]) -> sqlx::Result<()> {
    let Some(first) = lines.first() else { return Ok(()) };
    let pools = |of: fn(&Movement) -> Option<PoolId>| {
        lines.iter().map(|line| of(line).map_or(0, |id| id.0)).collect::<Vec<_>>()
    };
    let doses: Vec<_> = lines.iter().map(|line| line.doses).collect();
    query!(
        "/* split::insert_movements */
         insert into movement (kind, from_bucket, to_bucket, doses, from_pool_id, to_pool_id,
             actor_role, staff_user_id, reason)
         select $1, $2, $3, doses, from_pool_id, to_pool_id, $4, $5, $6
         from unnest($7::int[], $8::int[], $9::int[]) as l (doses, from_pool_id, to_pool_id)",
        first.kind.number(),
        first.from.number(),
        first.to.number(),
        first.actor.role(),
        first.actor.staff_user_id().map(|id| id.0),
        first.reason,
        &doses,
        &pools(|line| line.from_pool_id),
        &pools(|line| line.to_pool_id),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The codes and names of clinics.
pub async fn clinics(
    db: impl PgExecutor<'_>,
    ids: &[ClinicId],
) -> sqlx::Result<HashMap<ClinicId, (String, Localized)>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = query!(
        "/* split::clinics */
         select clinic_id, code, name, name_ko, name_en from clinic where clinic_id = any($1)",
        &ids,
    )
    .fetch_all(db)
    .await?;
    let clinic = rows.into_iter().map(|row| {
        let name = Localized::new(row.name, row.name_ko, row.name_en);
        (ClinicId(row.clinic_id), (row.code, name))
    });
    Ok(clinic.collect())
}

/// Campaign, product and tranche as files call them.
pub async fn codes(
    db: impl PgExecutor<'_>,
    what: For,
) -> sqlx::Result<(String, String, Option<String>)> {
    let row = query!(
        r#"/* split::codes */
           select (select code from campaign where campaign_id = $1) as "campaign!",
               (select code from product where product_id = $2) as "product!",
               (select name from tranche where tranche_id = $3) as tranche"#,
        what.campaign_id.0,
        what.product_id.0,
        what.tranche_id.map(|id| id.0),
    )
    .fetch_one(db)
    .await?;
    Ok((row.campaign, row.product, row.tranche))
}
