//! Staging and granting of allocations. A row's key is the allocation's: clinic, campaign, product,
//! date, tranche (or none) and channel.

use std::{collections::HashMap, ops::RangeInclusive};

use chrono::NaiveDate;
use sqlx::{PgConnection, Row, query};

use super::staged::{Removed, remove, staged, unsigned, write};
use crate::{
    db::{catalogue::hurry, clinic::zone, pool},
    domain::{
        CampaignId, ClinicId, ImportId, PoolId, ProductId, RegionId, TrancheId,
        actor::Actor,
        channel::Channel,
        clinic_day::{Account, ClinicDay, Window},
        import::allocation::{Sources, Wanted},
        localized::Localized,
        whereabouts::NamedPool,
    },
};

pub(super) const STAGED: (&str, &str) = (
    "/* import::allocation::STAGED */
     create temporary table staged_allocation (line bigint primary key, clinic_id int not null,
         campaign_id int not null, product_id int not null, on_date date not null,
         tranche_id int, channel smallint not null, doses int not null, pool_id int not null,
         hash bigint not null, allocation_id bigint, is_new boolean not null default false)
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

/// Takes out the rows of campaigns that are closed. None is locked: a campaign that is closed while
/// the file is written was given its doses before.
pub async fn remove_closed(conn: &mut PgConnection) -> sqlx::Result<Removed> {
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

/// Makes the table of what stands of each day at a clinic, still empty.
pub async fn prepare_days(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::allocation::prepare_days */
         create temporary table staged_day (clinic_id int, on_date date, zone text not null,
             today date not null, is_closed boolean not null, account smallint not null,
             seats bigint not null, open bigint not null, primary key (clinic_id, on_date))
             on commit drop",
    )
    .await
    .map(drop)
}

/// Reads what stands of each day at a clinic for which there is a row of a piece. Locks nothing.
pub async fn read_days(conn: &mut PgConnection, lines: &RangeInclusive<i64>) -> sqlx::Result<()> {
    let reading = staged(
        "/* import::allocation::read_days */
         insert into staged_day (clinic_id, on_date, zone, today, is_closed, account, seats, open)
         with day as materialized (
             select distinct clinic_id, on_date from staged_allocation
             where line between $1 and $2
         ), seat as (
             select clinic_id, on_date, sum(seats - taken) as seats from day
             join slot using (clinic_id, on_date)
             where not is_closed and starts_at > clock_timestamp() group by 1, 2
         ), dose as (
             select clinic_id, on_date, sum(open) as open from day
             join allocation using (clinic_id, on_date) where channel in (1, 2) group by 1, 2
         )
         select clinic_id, on_date, c.zone,
             (clock_timestamp() at time zone c.zone)::date as today,
             x.clinic_id is not null as is_closed,
             coalesce((
                 select case when k.reopened_at is null then 1 else 2 end
                 from clinic_day_close k
                 where (k.clinic_id, k.on_date) = (day.clinic_id, day.on_date)
                 order by k.clinic_day_close_id desc limit 1), 0)::smallint as account,
             coalesce(seats, 0)::bigint as seats, coalesce(open, 0)::bigint as open
         from day join clinic c using (clinic_id)
         left join clinic_closure x using (clinic_id, on_date)
         left join seat using (clinic_id, on_date)
         left join dose using (clinic_id, on_date)
         on conflict do nothing",
    );
    reading.bind(lines.start()).bind(lines.end()).execute(conn).await.map(drop)
}

/// Locks the clinics in the order of their ids, so that nobody else numbers allocations of theirs.
/// Bookings do not wait for them.
pub async fn lock_clinics(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::allocation::lock_clinics */
         select from clinic where clinic_id in (select clinic_id from staged_allocation)
         order by clinic_id for no key update",
    )
    .await
    .map(drop)
}

/// Finds those allocations of a piece that are there already, and locks none. Such a one is fed
/// from its own pool, to which a retraction returns.
pub async fn find_known(conn: &mut PgConnection, lines: &RangeInclusive<i64>) -> sqlx::Result<()> {
    let finding = staged(
        "/* import::allocation::find_known */
         update staged_allocation s
         set pool_id = a.pool_id, allocation_id = a.allocation_id from allocation a
         where (s.clinic_id, s.campaign_id, s.product_id, s.on_date, s.channel) =
                 (a.clinic_id, a.campaign_id, a.product_id, a.on_date, a.channel)
             and s.tranche_id is not distinct from a.tranche_id
             and s.line between $1 and $2",
    );
    finding.bind(lines.start()).bind(lines.end()).execute(conn).await.map(drop)
}

/// The pools that rows draw from, with all others of their campaigns and products.
pub async fn pools(conn: &mut PgConnection) -> sqlx::Result<Vec<NamedPool>> {
    let ids: Vec<_> = staged_pools(conn).await?.into_iter().map(PoolId).collect();
    pool::named(conn, &ids).await
}

/// Locks the pools that rows draw from, in the order of their ids. Bookings do not wait for them.
pub async fn lock_pools(conn: &mut PgConnection) -> sqlx::Result<()> {
    let ids = staged_pools(conn).await?;
    query!(
        "/* import::allocation::lock_pools */
         select from pool where pool_id = any($1) order by pool_id for no key update",
        &ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Doses per vial of every product.
pub async fn vials(conn: &mut PgConnection) -> sqlx::Result<HashMap<ProductId, i16>> {
    let rows = query!(
        "/* import::allocation::vials */
         select product_id, doses_per_vial from product"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (ProductId(row.product_id), row.doses_per_vial)).collect())
}

async fn staged_pools(conn: &mut PgConnection) -> sqlx::Result<Vec<i32>> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let ids = sqlx::query_scalar(
        "/* import::allocation::staged_pools */
         select distinct pool_id from staged_allocation",
    );
    ids.persistent(false).fetch_all(conn).await
}

#[derive(sqlx::FromRow)]
struct WantedRow {
    line: i64,
    pool_id: i32,
    doses: i32,
    clinic_id: i32,
    channel: Channel,
    on_date: NaiveDate,
    zone: String,
    today: NaiveDate,
    is_closed: bool,
    account: Account,
    seats: i64,
    open: i64,
    opens_on: NaiveDate,
    closes_on: NaiveDate,
    is_over: bool,
}

impl TryFrom<WantedRow> for Wanted {
    type Error = sqlx::Error;

    fn try_from(row: WantedRow) -> sqlx::Result<Self> {
        Ok(Self {
            line: unsigned(row.line),
            pool_id: PoolId(row.pool_id),
            doses: row.doses,
            clinic_id: ClinicId(row.clinic_id),
            channel: row.channel,
            day: ClinicDay {
                on_date: row.on_date,
                today: row.today,
                zone: zone(&row.zone)?,
                is_closed: row.is_closed,
                account: row.account,
                seats: row.seats,
                open: row.open,
            },
            window: Window {
                opens_on: row.opens_on,
                closes_on: row.closes_on,
                is_over: row.is_over,
            },
        })
    }
}

/// The next rows after `line`, in the order of the file, with their days.
pub async fn wanted(
    conn: &mut PgConnection,
    after: u64,
    rows_max: i64,
) -> sqlx::Result<Vec<Wanted>> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let rows = sqlx::query_as::<_, WantedRow>(
        "/* import::allocation::wanted */
         select line, pool_id, doses, clinic_id, channel, on_date, zone, today, is_closed, account,
             seats, open, (m.opens_at at time zone zone)::date as opens_on,
             (m.closes_at at time zone zone)::date as closes_on,
             m.closes_at <= clock_timestamp() as is_over
         from (
             select * from staged_allocation where line > $1 order by line limit $2
         ) s
         join staged_day using (clinic_id, on_date)
         join (select campaign_id, opens_at, closes_at from campaign) m using (campaign_id)
         order by line",
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = rows.bind(after).bind(rows_max).persistent(false).fetch_all(conn).await?;
    rows.into_iter().map(Wanted::try_from).collect()
}

/// How many rows are left.
pub async fn count(conn: &mut PgConnection) -> sqlx::Result<u64> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let rows = sqlx::query_scalar::<_, i64>(
        "/* import::allocation::count */
         select count(*) from staged_allocation",
    );
    Ok(unsigned(rows.persistent(false).fetch_one(conn).await?))
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

/// Numbers the allocations that are new, each after the last one of its clinic.
pub async fn number(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::allocation::number */
         with last as materialized (
             select c.clinic_id, coalesce(
                 (select max(a.allocation_id) from allocation a
                  where a.allocation_id >= c.clinic_id::bigint << 24
                      and a.allocation_id < (c.clinic_id::bigint + 1) << 24),
                 c.clinic_id::bigint << 24) as allocation_id
             from (select distinct clinic_id from staged_allocation
                   where allocation_id is null) c
         ), numbered as (
             select line, last.allocation_id
                 + row_number() over (partition by clinic_id order by line) as allocation_id
             from staged_allocation s join last using (clinic_id) where s.allocation_id is null
         )
         update staged_allocation s set allocation_id = n.allocation_id, is_new = true
         from numbered n where n.line = s.line",
    )
    .await
    .map(drop)
}

/// The first and last lines of pieces of `rows` rows, in the order of the file.
pub async fn pieces(conn: &mut PgConnection, rows: i64) -> sqlx::Result<Vec<RangeInclusive<i64>>> {
    let cutting = staged(
        "/* import::allocation::pieces */
         select min(line), max(line) from (
             select line, (row_number() over (order by line) - 1) / $1 as piece
             from staged_allocation
         ) s group by piece order by piece",
    );
    let cut = cutting.bind(rows).fetch_all(conn).await?;
    cut.iter().map(|row| Ok(row.try_get(0)?..=row.try_get(1)?)).collect()
}

/// Adds the new allocations of a piece, with their doses.
pub async fn insert(conn: &mut PgConnection, lines: &RangeInclusive<i64>) -> sqlx::Result<()> {
    let inserting = staged(
        "/* import::allocation::insert */
         insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
             tranche_id, channel, pool_id, granted, open)
         select allocation_id, clinic_id, campaign_id, product_id, on_date, tranche_id, channel,
             pool_id, doses, doses
         from staged_allocation where line between $1 and $2 and is_new order by allocation_id",
    );
    inserting.bind(lines.start()).bind(lines.end()).execute(conn).await.map(drop)
}

/// Takes the doses of all rows out of their pools.
///
/// # Errors
/// The database's; its checks refuse what the pools do not have.
pub async fn draw(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::allocation::draw */
         update pool p set open = open - s.doses, passed_on = passed_on + s.doses
         from (select pool_id, sum(doses)::int as doses from staged_allocation group by 1) s
         where p.pool_id = s.pool_id",
    )
    .await
    .map(drop)
}

/// Gives their doses to the allocations that were there already, in one statement that locks them
/// in the order of their ids. Bookings wait for these rows from here to the commit, so it comes
/// last, and waits for nobody longer than a moment.
pub async fn top_up(conn: &mut PgConnection) -> sqlx::Result<()> {
    hurry(conn).await?;
    write(
        conn,
        "/* import::allocation::top_up */
         with known as materialized (
             select a.allocation_id, s.doses from staged_allocation s
             join allocation a on a.allocation_id = s.allocation_id
             where not s.is_new order by a.allocation_id for no key update of a
         )
         update allocation a set granted = granted + k.doses, open = open + k.doses
         from known k where a.allocation_id = k.allocation_id",
    )
    .await
    .map(drop)
}

/// Writes the rows of a piece into the journal; answers how many there are.
pub async fn record(
    conn: &mut PgConnection,
    lines: &RangeInclusive<i64>,
    actor: Actor,
    reason: &str,
) -> sqlx::Result<u64> {
    let recording = staged(
        "/* import::allocation::record */
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
             actor_role, staff_user_id, reason)
         select 22, 7, 1, doses, allocation_id, pool_id, $3, $4, $5
         from staged_allocation where line between $1 and $2 order by line",
    );
    let staff_user_id = actor.staff_user_id().map(|id| id.0);
    let recording = recording.bind(lines.start()).bind(lines.end());
    let recording = recording.bind(actor.role()).bind(staff_user_id).bind(reason);
    Ok(recording.execute(conn).await?.rows_affected())
}

/// Writes the doses of all rows into the public history.
pub async fn publish(conn: &mut PgConnection, reason: &Localized) -> sqlx::Result<()> {
    let publishing = staged(
        "/* import::allocation::publish */
         insert into supply_history (campaign_id, event, doses, reason, reason_ko, reason_en)
         select campaign_id, 'granted', sum(doses)::int, $1, $2, $3 from staged_allocation
         group by campaign_id order by campaign_id",
    );
    let publishing = publishing.bind(&reason.main).bind(&reason.ko).bind(&reason.en);
    publishing.execute(conn).await.map(drop)
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

/// Remembers what was loaded of a piece, row by row.
pub async fn remember(
    conn: &mut PgConnection,
    lines: &RangeInclusive<i64>,
    import_id: ImportId,
) -> sqlx::Result<()> {
    let remembering = staged(
        "/* import::allocation::remember */
         insert into import_row (hash, import_id) select hash, $3 from staged_allocation
         where line between $1 and $2 order by hash",
    );
    let remembering = remembering.bind(lines.start()).bind(lines.end()).bind(import_id);
    remembering.execute(conn).await.map(drop)
}
