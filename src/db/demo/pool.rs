//! The demonstration's doses: from the nation by way of the provinces to clinics and days.

use chrono::NaiveDate;
use sqlx::{PgConnection, query, query_scalar};

use crate::domain::{CampaignId, ClinicId, PoolId, ProductId, RegionId};

/// Adds the pool of the nation and one for each region, through which all doses went to clinics
/// already, with the journal lines of receiving and passing on. Answers with the regions' pools in
/// the order given.
pub async fn insert_spent_pools(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    product_id: ProductId,
    regions: &[(RegionId, i32)],
    reason: &str,
) -> sqlx::Result<Vec<PoolId>> {
    let received: i32 = regions.iter().map(|(_, doses)| doses).sum();
    let nation = query_scalar!(
        "/* demo::pool::insert_spent_pools */
         insert into pool (campaign_id, product_id, received, passed_on)
         values ($1, $2, $3, $3) returning pool_id",
        campaign_id.0,
        product_id.0,
        received,
    )
    .fetch_one(&mut *conn)
    .await?;
    let region_ids: Vec<_> = regions.iter().map(|(region_id, _)| region_id.0).collect();
    let doses: Vec<_> = regions.iter().map(|(_, doses)| *doses).collect();
    let pool_ids = query_scalar!(
        r#"/* demo::pool::insert_spent_pools */ with new as (
               insert into pool (campaign_id, product_id, parent_id, region_id, received, passed_on)
               select $1, $2, $3, r.region_id, r.doses, r.doses
               from unnest($4::int[], $5::int[]) with ordinality as r (region_id, doses, n)
               order by r.n
               returning pool_id, region_id)
           select new.pool_id as "id: PoolId"
           from unnest($4::int[]) with ordinality as r (region_id, n) join new using (region_id)
           order by r.n"#,
        campaign_id.0,
        product_id.0,
        nation,
        &region_ids,
        &doses,
    )
    .fetch_all(&mut *conn)
    .await?;
    query!(
        "/* demo::pool::insert_spent_pools */
         insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role, reason)
         values (20, 0, 7, $1, $2, 4, $3)",
        received,
        nation,
        reason,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* demo::pool::insert_spent_pools */
         insert into movement (kind, from_bucket, to_bucket, doses, from_pool_id, to_pool_id,
                               actor_role, reason)
         select 21, 7, 7, p.received, p.parent_id, p.pool_id, 4, $2
         from pool p
         where p.parent_id = $1 and p.received > 0
         order by p.pool_id",
        nation,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(pool_ids)
}

pub struct NewAllocation {
    pub clinic_id: ClinicId,
    /// Numbers the allocation within its clinic.
    pub n: i64,
    pub on_date: NaiveDate,
    pub pool_id: PoolId,
    pub doses: i32,
}

/// Adds allocations with all their doses open, and a journal line for each.
pub async fn insert_allocations(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    product_id: ProductId,
    allocations: &[NewAllocation],
    reason: &str,
) -> sqlx::Result<u64> {
    let clinic_ids: Vec<_> = allocations.iter().map(|new| new.clinic_id.0).collect();
    let numbers: Vec<_> = allocations.iter().map(|new| new.n).collect();
    let dates: Vec<_> = allocations.iter().map(|new| new.on_date).collect();
    let pool_ids: Vec<_> = allocations.iter().map(|new| new.pool_id.0).collect();
    let doses: Vec<_> = allocations.iter().map(|new| new.doses).collect();
    let done = query!(
        "/* demo::pool::insert_allocations */ with new as (
             insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                                     pool_id, granted, open)
             select (a.clinic_id::bigint << 24) | a.n, a.clinic_id, $1, $2, a.on_date, a.pool_id,
                    a.doses, a.doses
             from unnest($3::int[], $4::bigint[], $5::date[], $6::int[], $7::int[])
                 as a (clinic_id, n, on_date, pool_id, doses)
             order by 1
             returning allocation_id, pool_id, granted)
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
                               actor_role, reason)
         select 22, 7, 1, granted, allocation_id, pool_id, 4, $8 from new",
        campaign_id.0,
        product_id.0,
        &clinic_ids,
        &numbers,
        &dates,
        &pool_ids,
        &doses,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
