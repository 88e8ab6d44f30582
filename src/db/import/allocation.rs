//! Staging and granting of allocations. A row's key is the allocation's: clinic, campaign, product,
//! date, tranche (or none) and channel.

use std::collections::HashMap;

use sqlx::{PgConnection, Row, query};

use super::staged::{Removed, Written, remove, staged, unsigned, write};
use crate::domain::{
    CampaignId, ImportId, PoolId, ProductId, RegionId, TrancheId, actor::Actor,
    import::allocation::Sources, localized::Localized, pool::Pool,
};

pub(super) const STAGED: (&str, &str) = (
    "/* import::allocation::STAGED */
     create temporary table staged_allocation (line bigint primary key, clinic_id int not null,
         campaign_id int not null, product_id int not null, on_date date not null,
         tranche_id int, channel smallint not null, doses int not null, pool_id int not null,
         hash bigint not null)
         on commit drop",
    "/* import::allocation::STAGED */
     copy staged_allocation (line, clinic_id, campaign_id, product_id, on_date, tranche_id,
         channel, doses, pool_id, hash) from stdin",
);

/// Campaigns with their products and tranches, by code and name.
#[derive(Debug, Default)]
pub struct Campaigns {
    pub campaigns: HashMap<String, CampaignId>,
    /// None where two code systems have the same code.
    pub products: HashMap<(CampaignId, String), Option<ProductId>>,
    pub tranches: HashMap<(CampaignId, String), TrancheId>,
}

pub async fn campaigns(conn: &mut PgConnection) -> sqlx::Result<Campaigns> {
    let mut found = Campaigns::default();
    let rows = query!(
        "/* import::allocation::campaigns */
         select campaign_id, code from campaign"
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        found.campaigns.insert(row.code, CampaignId(row.campaign_id));
    }
    let rows = query!(
        "/* import::allocation::campaigns */
         select campaign_id, product_id, code from campaign_product join product using (product_id)"
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let key = (CampaignId(row.campaign_id), row.code);
        let id = ProductId(row.product_id);
        found.products.entry(key).and_modify(|known| *known = None).or_insert(Some(id));
    }
    let rows = query!(
        "/* import::allocation::campaigns */
         select campaign_id, tranche_id, name from tranche where until_version is null"
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let key = (CampaignId(row.campaign_id), row.name);
        found.tranches.insert(key, TrancheId(row.tranche_id));
    }
    Ok(found)
}

/// The pools and the regions above each other.
pub async fn sources(conn: &mut PgConnection) -> sqlx::Result<Sources> {
    let mut sources = Sources::default();
    let rows = query!(
        r#"/* import::allocation::sources */
           select region_id, parent_id as "parent_id!" from region where parent_id is not null"#
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        sources.parents.insert(RegionId(row.region_id), RegionId(row.parent_id));
    }
    let rows = query!(
        "/* import::allocation::sources */
         select pool_id, campaign_id, product_id, region_id from pool"
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let region_id = row.region_id.map(RegionId);
        let key = (CampaignId(row.campaign_id), ProductId(row.product_id), region_id);
        sources.pools.insert(key, PoolId(row.pool_id));
    }
    Ok(sources)
}

/// Takes out allocations that stand in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::allocation::remove_repeated */ analyze staged_allocation").await?;
    remove(
        conn,
        "/* import::allocation::remove_repeated */
         with repeated as (
             select clinic_id, campaign_id, product_id, on_date, tranche_id, channel,
                 min(line) as earlier
             from staged_allocation group by 1, 2, 3, 4, 5, 6 having count(*) > 1
         ), gone as (
             delete from staged_allocation s using repeated r
             where (s.clinic_id, s.campaign_id, s.product_id, s.on_date, s.channel) =
                     (r.clinic_id, r.campaign_id, r.product_id, r.on_date, r.channel)
                 and s.tranche_id is not distinct from r.tranche_id and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Locks the campaigns in the order of their ids, so that none is closed meanwhile, and takes out
/// the rows of those that are closed already.
pub async fn remove_closed(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(
        conn,
        "/* import::allocation::remove_closed */
         select from campaign where campaign_id in (select campaign_id from staged_allocation)
         order by campaign_id for no key update",
    )
    .await?;
    remove(
        conn,
        "/* import::allocation::remove_closed */
         with gone as (
             delete from staged_allocation s using campaign c
             where c.campaign_id = s.campaign_id and c.state = 5 returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Locks the clinics, the allocations that are there already and the pools, each in the order of
/// their ids; answers the pools, each with its product's doses per vial. An allocation that is
/// there already is fed from its own pool, to which a retraction returns.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<Vec<(Pool, i16)>> {
    write(
        conn,
        "/* import::allocation::lock */
         select from clinic where clinic_id in (select clinic_id from staged_allocation)
         order by clinic_id for no key update",
    )
    .await?;
    write(
        conn,
        "/* import::allocation::lock */
         select from staged_allocation s
         join allocation a using (clinic_id, campaign_id, product_id, on_date, channel)
         where a.tranche_id is not distinct from s.tranche_id
         order by a.allocation_id for no key update of a",
    )
    .await?;
    write(
        conn,
        "/* import::allocation::lock */
         update staged_allocation s set pool_id = a.pool_id from allocation a
         where (s.clinic_id, s.campaign_id, s.product_id, s.on_date, s.channel) =
                 (a.clinic_id, a.campaign_id, a.product_id, a.on_date, a.channel)
             and s.tranche_id is not distinct from a.tranche_id and s.pool_id <> a.pool_id",
    )
    .await?;
    let ids = staged_pools(conn).await?;
    let rows = query!(
        "/* import::allocation::lock */
         select p.*, doses_per_vial from pool p join product using (product_id)
         where pool_id = any($1) order by pool_id for no key update of p",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let pools = rows.into_iter().map(|row| {
        let pool = Pool {
            pool_id: PoolId(row.pool_id),
            campaign_id: CampaignId(row.campaign_id),
            product_id: ProductId(row.product_id),
            parent_id: row.parent_id.map(PoolId),
            region_id: row.region_id.map(RegionId),
            received: row.received,
            open: row.open,
            passed_on: row.passed_on,
            lost: row.lost,
        };
        (pool, row.doses_per_vial)
    });
    Ok(pools.collect())
}

async fn staged_pools(conn: &mut PgConnection) -> sqlx::Result<Vec<i32>> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let ids = sqlx::query_scalar(
        "/* import::allocation::staged_pools */
         select distinct pool_id from staged_allocation",
    );
    ids.persistent(false).fetch_all(conn).await
}

/// What a row wants from a pool.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub line: u64,
    pub pool_id: PoolId,
    pub doses: i32,
}

/// The next rows after `line`, in the order of the file.
pub async fn wanted(
    conn: &mut PgConnection,
    after: u64,
    rows_max: i64,
) -> sqlx::Result<Vec<Wanted>> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let rows = sqlx::query_as::<_, (i64, i32, i32)>(
        "/* import::allocation::wanted */
         select line, pool_id, doses from staged_allocation where line > $1
         order by line limit $2",
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = rows.bind(after).bind(rows_max).persistent(false).fetch_all(conn).await?;
    let wanted =
        |(line, pool_id, doses)| Wanted { line: unsigned(line), pool_id: PoolId(pool_id), doses };
    Ok(rows.into_iter().map(wanted).collect())
}

/// Takes out these lines.
pub async fn remove_lines(conn: &mut PgConnection, lines: &[u64]) -> sqlx::Result<()> {
    let lines: Vec<_> = lines.iter().filter_map(|line| i64::try_from(*line).ok()).collect();
    let removing = staged(
        "/* import::allocation::remove_lines */
         delete from staged_allocation where line = any($1)",
    );
    removing.bind(lines).execute(conn).await.map(drop)
}

/// Moves the doses: allocations, pools, journal and public history.
///
/// # Errors
/// The database's; its checks refuse what the pools do not have.
pub async fn grant(
    conn: &mut PgConnection,
    actor: Actor,
    reason: &Localized,
) -> sqlx::Result<Written> {
    write(
        conn,
        "/* import::allocation::grant */
         update allocation a set granted = granted + s.doses, open = open + s.doses
         from staged_allocation s
         where (s.clinic_id, s.campaign_id, s.product_id, s.on_date, s.channel) =
                 (a.clinic_id, a.campaign_id, a.product_id, a.on_date, a.channel)
             and s.tranche_id is not distinct from a.tranche_id",
    )
    .await?;
    write(
        conn,
        "/* import::allocation::grant */
         with last as materialized (
             select c.clinic_id, coalesce(
                 (select max(a.allocation_id) from allocation a
                  where a.allocation_id >= c.clinic_id::bigint << 24
                      and a.allocation_id < (c.clinic_id::bigint + 1) << 24),
                 c.clinic_id::bigint << 24) as allocation_id
             from (select distinct clinic_id from staged_allocation) c
         )
         insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
             tranche_id, channel, pool_id, granted, open)
         select last.allocation_id + row_number() over (partition by clinic_id order by s.line),
             clinic_id, campaign_id, product_id, on_date, tranche_id, channel, pool_id, doses, doses
         from staged_allocation s join last using (clinic_id)
         where not exists (
             select from allocation a
             where (s.clinic_id, s.campaign_id, s.product_id, s.on_date, s.channel) =
                     (a.clinic_id, a.campaign_id, a.product_id, a.on_date, a.channel)
                 and s.tranche_id is not distinct from a.tranche_id)",
    )
    .await?;
    write(
        conn,
        "/* import::allocation::grant */
         update pool p set open = open - s.doses, passed_on = passed_on + s.doses
         from (select pool_id, sum(doses)::int as doses from staged_allocation group by 1) s
         where p.pool_id = s.pool_id",
    )
    .await?;
    let new = record(conn, actor, reason).await?;
    Ok(Written { new, ..Written::default() })
}

async fn record(conn: &mut PgConnection, actor: Actor, reason: &Localized) -> sqlx::Result<u64> {
    let journal = staged(
        "/* import::allocation::record */
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
             actor_role, staff_user_id, reason)
         select 22, 7, 1, s.doses, a.allocation_id, s.pool_id, $1, $2, $3
         from staged_allocation s
         join allocation a using (clinic_id, campaign_id, product_id, on_date, channel)
         where a.tranche_id is not distinct from s.tranche_id order by s.line",
    );
    let staff_user_id = actor.staff_user_id().map(|id| id.0);
    let journal = journal.bind(actor.role()).bind(staff_user_id).bind(&reason.main);
    let lines = journal.execute(&mut *conn).await?.rows_affected();
    let history = staged(
        "/* import::allocation::record */
         insert into supply_history (campaign_id, event, doses, reason, reason_ko, reason_en)
         select campaign_id, 'granted', sum(doses)::int, $1, $2, $3 from staged_allocation
         group by campaign_id order by campaign_id",
    );
    let history = history.bind(&reason.main).bind(&reason.ko).bind(&reason.en);
    history.execute(conn).await?;
    Ok(lines)
}

/// Takes out rows that a partial import loaded all of whose rows are in this file: it is the same
/// file, or the same with its faults corrected. Answers the latest such import.
pub async fn remove_loaded(conn: &mut PgConnection) -> sqlx::Result<Option<ImportId>> {
    let removing = staged(
        "/* import::allocation::remove_loaded */
         with found as (
             select r.import_id, r.hash from import_row r join staged_allocation s using (hash)
         ), partial as (
             select i.import_id from import i join found f using (import_id)
             where i.rows_rejected > 0
             group by i.import_id, i.rows_accepted
             having count(distinct f.hash) = i.rows_accepted
         ), gone as (
             delete from staged_allocation s
             using (select distinct f.hash from found f join partial using (import_id)) known
             where s.hash = known.hash returning s.line
         )
         select max(import_id) from partial",
    );
    removing.fetch_one(conn).await?.try_get(0)
}

/// How many rows were loaded before, word for word.
pub async fn repeated(conn: &mut PgConnection) -> sqlx::Result<u64> {
    let counting = staged(
        "/* import::allocation::repeated */
         select count(*) from staged_allocation s
         where exists (select from import_row r where r.hash = s.hash)",
    );
    Ok(unsigned(counting.fetch_one(conn).await?.try_get(0)?))
}

/// Remembers what was loaded, row by row.
pub async fn remember(conn: &mut PgConnection, import_id: ImportId) -> sqlx::Result<()> {
    let remembering = staged(
        "/* import::allocation::remember */
         insert into import_row (hash, import_id) select hash, $1 from staged_allocation
         order by hash",
    );
    remembering.bind(import_id).execute(conn).await.map(drop)
}
