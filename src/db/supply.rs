//! What is public about a campaign's limit besides its counters: the history of the limit, and how
//! many persons may ask for a dose.

use sqlx::{PgConnection, PgExecutor, query, query_as};

use crate::domain::{CampaignId, RegionId, supply::Change};

/// The public entries of a campaign after the one named, oldest first; none for what is not public.
///
/// # Errors
/// The database's.
pub async fn history(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Option<Vec<Change>>> {
    let rows = query!(
        r#"select h.supply_history_id as "supply_history_id?", h.at as "at?", h.event as "event?",
               h.doses as "doses?", h.reason as "reason?"
           from campaign c left join lateral (
               select * from supply_history h
               where h.campaign_id = c.campaign_id and h.supply_history_id > $2
               order by h.supply_history_id limit $3
           ) h on true
           where c.campaign_id = $1 and c.state <> 1
           order by h.supply_history_id"#,
        campaign_id.0,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let changes = rows.into_iter().filter_map(|row| {
        Some(Change {
            supply_history_id: row.supply_history_id?,
            at: row.at?,
            event: row.event?,
            doses: row.doses,
            reason: row.reason?,
        })
    });
    Ok(Some(changes.collect()))
}

/// Moves whenever the register, a roster or the regions change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// The last file that was loaded into the register or a roster.
    pub import_id: Option<i64>,
    /// The highest ids: rows are only ever added.
    pub person_id: Option<i64>,
    pub member_id: Option<i64>,
    pub region_id: Option<i32>,
}

/// Where the register stands.
///
/// # Errors
/// The database's.
pub async fn register(conn: &mut PgConnection) -> sqlx::Result<Register> {
    query_as!(
        Register,
        "select
             (select max(import_id) from import where kind in ('register', 'roster')) as import_id,
             (select max(person_id) from person) as person_id,
             (select max(person_id) from roster_member) as member_id,
             (select max(region_id) from region) as region_id"
    )
    .fetch_one(conn)
    .await
}

/// The campaigns to count for, with the version of the rules to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub campaign_id: CampaignId,
    pub version: i32,
}

/// Persons of one region who are in a cohort of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Eligible {
    pub campaign_id: CampaignId,
    pub region_id: RegionId,
    pub persons: i64,
}

/// Counts, among the persons with ids from `from` to `to`, those who are in any cohort.
///
/// # Errors
/// The database's.
pub async fn count_eligible(
    db: impl PgExecutor<'_>,
    rules: &[Rules],
    (from, to): (i64, i64),
) -> sqlx::Result<Vec<Eligible>> {
    let campaigns: Vec<_> = rules.iter().map(|rules| rules.campaign_id.0).collect();
    let versions: Vec<_> = rules.iter().map(|rules| rules.version).collect();
    query_as!(
        Eligible,
        r#"select k.campaign_id as "campaign_id!: CampaignId",
               p.region_id as "region_id!: RegionId", count(*) as "persons!"
           from person p join region home using (region_id)
               cross join unnest($1::int[], $2::int[]) k (campaign_id, version)
           where p.person_id between $3 and $4 and exists (
               select from cohort h
               where h.campaign_id = k.campaign_id and h.since_version <= k.version
                   and (h.until_version is null or k.version < h.until_version)
                   and (h.born_from is null or h.born_from <= p.birth_date)
                   and (h.born_to is null or p.birth_date <= h.born_to)
                   and (h.region_id is null or h.region_id in (p.region_id, home.parent_id))
                   and (h.roster_id is null or exists (
                       select from roster_member m
                       where m.person_id = p.person_id and m.roster_id = h.roster_id)))
           group by k.campaign_id, p.region_id"#,
        &campaigns,
        &versions,
        from,
        to,
    )
    .fetch_all(db)
    .await
}
