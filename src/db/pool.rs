//! Doses above the clinic.

use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    CampaignId, PoolId, RegionId,
    localized::Localized,
    pool::{NewPool, Pool},
    whereabouts::NamedPool,
};

/// Those after `after`, by id; of one campaign, if it is given.
pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_id: Option<CampaignId>,
    after: PoolId,
    limit: i64,
) -> sqlx::Result<Vec<Pool>> {
    query_as!(
        Pool,
        r#"/* pool::list */
           select pool_id, campaign_id, product_id, parent_id as "parent_id: PoolId",
               region_id as "region_id: RegionId", received, open, passed_on, lost
           from pool
           where pool_id > $1 and ($2::int is null or campaign_id = $2)
           order by pool_id limit $3"#,
        after.0,
        campaign_id.map(|id| id.0),
        limit,
    )
    .fetch_all(db)
    .await
}

/// A pool, not locked.
pub async fn find(db: impl PgExecutor<'_>, pool_id: PoolId) -> sqlx::Result<Option<Pool>> {
    query_as!(
        Pool,
        r#"/* pool::find */
           select pool_id, campaign_id, product_id, parent_id as "parent_id: PoolId",
               region_id as "region_id: RegionId", received, open, passed_on, lost
           from pool where pool_id = $1"#,
        pool_id.0,
    )
    .fetch_optional(db)
    .await
}

/// These pools and all others of their campaigns and products, with the names of their regions; not
/// locked.
pub async fn named(db: impl PgExecutor<'_>, pool_ids: &[PoolId]) -> sqlx::Result<Vec<NamedPool>> {
    let ids: Vec<_> = pool_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* pool::named */
           select p.*, r.name as "name?", r.name_ko as "name_ko?", r.name_en as "name_en?"
           from pool p left join region r using (region_id)
           where (p.campaign_id, p.product_id) in (
               select campaign_id, product_id from pool where pool_id = any($1))
           order by p.pool_id"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let named = rows.into_iter().map(|row| NamedPool {
        pool: Pool {
            pool_id: PoolId(row.pool_id),
            campaign_id: CampaignId(row.campaign_id),
            product_id: row.product_id.into(),
            parent_id: row.parent_id.map(PoolId),
            region_id: row.region_id.map(RegionId),
            received: row.received,
            open: row.open,
            passed_on: row.passed_on,
            lost: row.lost,
        },
        name: row.name.map(|name| Localized::new(name, row.name_ko, row.name_en)),
    });
    Ok(named.collect())
}

/// Locks pools in the order of their ids, which is the order of the answer.
pub async fn lock(conn: &mut PgConnection, pool_ids: &[PoolId]) -> sqlx::Result<Vec<Pool>> {
    let ids: Vec<_> = pool_ids.iter().map(|id| id.0).collect();
    query_as!(
        Pool,
        r#"/* pool::lock */
           select pool_id, campaign_id, product_id, parent_id as "parent_id: PoolId",
               region_id as "region_id: RegionId", received, open, passed_on, lost
           from pool where pool_id = any($1) order by pool_id for no key update"#,
        &ids,
    )
    .fetch_all(conn)
    .await
}

/// # Errors
/// The database's; the pool's named constraints.
pub async fn insert(conn: &mut PgConnection, new: NewPool) -> sqlx::Result<PoolId> {
    query_scalar!(
        r#"/* pool::insert */ insert into pool (campaign_id, product_id, parent_id, region_id)
           values ($1, $2, $3, $4) returning pool_id as "id: PoolId""#,
        new.campaign_id.0,
        new.product_id.0,
        new.parent_id.map(|id| id.0),
        new.region_id.map(|id| id.0),
    )
    .fetch_one(conn)
    .await
}

/// Writes the counters of a locked pool.
///
/// # Errors
/// The database's; the pool's named constraints.
pub async fn set(conn: &mut PgConnection, pool: &Pool) -> sqlx::Result<()> {
    query!(
        "/* pool::set */
         update pool set received = $2, open = $3, passed_on = $4, lost = $5 where pool_id = $1",
        pool.pool_id.0,
        pool.received,
        pool.open,
        pool.passed_on,
        pool.lost,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes the counters of locked pools.
///
/// # Errors
/// The database's; the pool's named constraints.
pub async fn set_all(conn: &mut PgConnection, pools: &[Pool]) -> sqlx::Result<()> {
    let column = |pick: fn(&Pool) -> i32| pools.iter().map(pick).collect::<Vec<_>>();
    query!(
        "/* pool::set_all */
         update pool p set received = n.received, open = n.open, passed_on = n.passed_on,
             lost = n.lost
         from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[])
             as n (pool_id, received, open, passed_on, lost)
         where p.pool_id = n.pool_id",
        &column(|pool| pool.pool_id.0),
        &column(|pool| pool.received),
        &column(|pool| pool.open),
        &column(|pool| pool.passed_on),
        &column(|pool| pool.lost),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Doses that the manufacturer delivered for a campaign: what its pools of the nation received.
pub async fn received(db: impl PgExecutor<'_>, campaign_id: CampaignId) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* pool::received */ select coalesce(sum(received), 0) as "doses!" from pool
           where campaign_id = $1 and parent_id is null"#,
        campaign_id.0,
    )
    .fetch_one(db)
    .await
}

/// Whether a pool of region `above` (none: the nation) may serve the region `below`.
pub async fn covers(
    db: impl PgExecutor<'_>,
    above: Option<RegionId>,
    below: RegionId,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* pool::covers */ select exists (select from region
               where region_id = $2 and ($1::int is null or $1 in (region_id, parent_id))
           ) as "covers!""#,
        above.map(|id| id.0),
        below.0,
    )
    .fetch_one(db)
    .await
}
