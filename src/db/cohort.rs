//! Who may book: rows that hold for a range of versions of a campaign's rules.

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    CampaignId, CohortId, RegionId, RosterId,
    cohort::{Cohort, NewCohort},
    localized::{Localized, LocalizedChange},
};

/// A cohort as it is kept.
pub(super) struct Row {
    pub(super) cohort_id: i32,
    pub(super) name: String,
    pub(super) name_ko: Option<String>,
    pub(super) name_en: Option<String>,
    pub(super) born_from: Option<NaiveDate>,
    pub(super) born_to: Option<NaiveDate>,
    pub(super) roster_id: Option<i32>,
    pub(super) region_id: Option<i32>,
}

impl From<Row> for Cohort {
    fn from(row: Row) -> Self {
        Self {
            cohort_id: row.cohort_id.into(),
            name: Localized::new(row.name, row.name_ko, row.name_en),
            born_from: row.born_from,
            born_to: row.born_to,
            roster_id: row.roster_id.map(RosterId),
            region_id: row.region_id.map(RegionId),
        }
    }
}

/// Those that hold now, after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    after: CohortId,
    limit: i64,
) -> sqlx::Result<Vec<Cohort>> {
    let rows = query_as!(
        Row,
        "/* cohort::list */
         select cohort_id, name, name_ko, name_en, born_from, born_to, roster_id, region_id
         from cohort
         where campaign_id = $1 and until_version is null and cohort_id > $2
         order by cohort_id limit $3",
        campaign_id.0,
        after.0,
        limit,
    );
    rows.map(Cohort::from).fetch_all(db).await
}

/// Adds a cohort that holds from the version `since` on.
///
/// # Errors
/// The database's; the cohort's named constraints.
pub async fn insert(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    new: &NewCohort,
    since: i32,
) -> sqlx::Result<CohortId> {
    query_scalar!(
        r#"/* cohort::insert */
           insert into cohort (campaign_id, name, name_ko, name_en, born_from, born_to, roster_id,
               region_id, since_version)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning cohort_id as "id: CohortId""#,
        campaign_id.0,
        new.name.main,
        new.name.ko,
        new.name.en,
        new.born_from,
        new.born_to,
        new.roster_id.map(|id| id.0),
        new.region_id.map(|id| id.0),
        since,
    )
    .fetch_one(conn)
    .await
}

/// Ends a cohort at a version; says whether it held until then.
pub async fn set_until(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    cohort_id: CohortId,
    until: i32,
) -> sqlx::Result<bool> {
    let done = query!(
        "/* cohort::set_until */ update cohort set until_version = $3
         where campaign_id = $1 and cohort_id = $2 and until_version is null",
        campaign_id.0,
        cohort_id.0,
        until,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Corrects the names of a cohort that holds; none if none does.
pub async fn rename(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    cohort_id: CohortId,
    change: &LocalizedChange,
) -> sqlx::Result<Option<Cohort>> {
    let row = query_as!(
        Row,
        "/* cohort::rename */
         update cohort set name = coalesce($3, name),
             name_ko = case when $4 then $5 else name_ko end,
             name_en = case when $6 then $7 else name_en end
         where campaign_id = $1 and cohort_id = $2 and until_version is null
         returning cohort_id, name, name_ko, name_en, born_from, born_to, roster_id,
             region_id",
        campaign_id.0,
        cohort_id.0,
        change.main,
        change.ko.is_some(),
        change.ko.clone().flatten(),
        change.en.is_some(),
        change.en.clone().flatten(),
    );
    row.map(Cohort::from).fetch_optional(conn).await
}
