//! Who may book from which day on: a tranche stays who it is, and its times hold for a range of
//! versions of a campaign's rules. The present time stands in its row, those of before beside it.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    CampaignId, TrancheId,
    localized::{Localized, LocalizedChange},
    tranche::{NewTranche, Tranche},
};

/// A tranche as it is kept.
pub(super) struct Row {
    pub(super) tranche_id: i32,
    pub(super) name: String,
    pub(super) name_ko: Option<String>,
    pub(super) name_en: Option<String>,
    pub(super) birth_day_digits: Vec<i16>,
    pub(super) opens_at: DateTime<Utc>,
}

impl From<Row> for Tranche {
    fn from(row: Row) -> Self {
        Self {
            tranche_id: row.tranche_id.into(),
            name: Localized::new(row.name, row.name_ko, row.name_en),
            birth_day_digits: row.birth_day_digits,
            opens_at: row.opens_at,
        }
    }
}

/// Those that hold now, after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    after: TrancheId,
    limit: i64,
) -> sqlx::Result<Vec<Tranche>> {
    let rows = query_as!(
        Row,
        "/* tranche::list */
         select tranche_id, name, name_ko, name_en, birth_day_digits, opens_at from tranche
         where campaign_id = $1 and until_version is null and tranche_id > $2
         order by tranche_id limit $3",
        campaign_id.0,
        after.0,
        limit,
    );
    rows.map(Tranche::from).fetch_all(db).await
}

/// Whether a tranche of this campaign holds now.
pub async fn holds(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    tranche_id: TrancheId,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* tranche::holds */ select exists (select from tranche
               where campaign_id = $1 and tranche_id = $2 and until_version is null) as "holds!""#,
        campaign_id.0,
        tranche_id.0,
    )
    .fetch_one(db)
    .await
}

/// Adds a tranche that holds from the version `since` on. One that was there before for the same
/// digits, and has ended, begins again: the doses that are kept for it are bookable again.
///
/// # Errors
/// The database's; the tranche's named constraints.
pub async fn insert(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    new: &NewTranche,
    since: i32,
) -> sqlx::Result<TrancheId> {
    let ended = query_scalar!(
        r#"/* tranche::insert */
           select tranche_id as "id: TrancheId" from tranche t
           where campaign_id = $1 and until_version is not null
               and birth_day_digits <@ $2 and $2 <@ birth_day_digits
               and not exists (select from tranche o
                   where o.campaign_id = $1 and o.until_version is null
                       and o.birth_day_digits <@ $2 and $2 <@ o.birth_day_digits)
           order by until_version desc, tranche_id limit 1"#,
        campaign_id.0,
        &new.birth_day_digits,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(tranche_id) = ended {
        keep_time(conn, (campaign_id, tranche_id), since).await?;
        begin_again(conn, tranche_id, new, since).await?;
        return Ok(tranche_id);
    }
    query_scalar!(
        r#"/* tranche::insert */
           insert into tranche (campaign_id, name, name_ko, name_en, birth_day_digits, opens_at,
               since_version)
           values ($1, $2, $3, $4, $5, $6, $7) returning tranche_id as "id: TrancheId""#,
        campaign_id.0,
        new.name.main,
        new.name.ko,
        new.name.en,
        &new.birth_day_digits,
        new.opens_at,
        since,
    )
    .fetch_one(conn)
    .await
}

/// Writes down when a tranche opened, for the versions before `until` in which it did.
async fn keep_time(
    conn: &mut PgConnection,
    (campaign_id, tranche_id): (CampaignId, TrancheId),
    until: i32,
) -> sqlx::Result<()> {
    query!(
        "/* tranche::keep_time */
         insert into tranche_time (tranche_id, birth_day_digits, opens_at, since_version,
             until_version)
         select tranche_id, birth_day_digits, opens_at, since_version, coalesce(until_version, $3)
         from tranche where campaign_id = $1 and tranche_id = $2",
        campaign_id.0,
        tranche_id.0,
        until,
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn begin_again(
    conn: &mut PgConnection,
    tranche_id: TrancheId,
    new: &NewTranche,
    since: i32,
) -> sqlx::Result<()> {
    query!(
        "/* tranche::begin_again */
         update tranche set name = $2, name_ko = $3, name_en = $4, birth_day_digits = $5,
             opens_at = $6, since_version = $7, until_version = null
         where tranche_id = $1",
        tranche_id.0,
        new.name.main,
        new.name.ko,
        new.name.en,
        &new.birth_day_digits,
        new.opens_at,
        since,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Moves a tranche that holds: from the version `since` on it opens then. It stays the same
/// tranche, with the doses that are kept for it. Says whether it holds.
pub async fn move_to(
    conn: &mut PgConnection,
    (campaign_id, tranche_id): (CampaignId, TrancheId),
    opens_at: DateTime<Utc>,
    since: i32,
) -> sqlx::Result<bool> {
    if !holds(&mut *conn, campaign_id, tranche_id).await? {
        return Ok(false);
    }
    keep_time(conn, (campaign_id, tranche_id), since).await?;
    query!(
        "/* tranche::move_to */ update tranche set opens_at = $2, since_version = $3
         where tranche_id = $1",
        tranche_id.0,
        opens_at,
        since,
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// Ends a tranche at a version; says whether it held until then.
pub async fn set_until(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    tranche_id: TrancheId,
    until: i32,
) -> sqlx::Result<bool> {
    let done = query!(
        "/* tranche::set_until */ update tranche set until_version = $3
         where campaign_id = $1 and tranche_id = $2 and until_version is null",
        campaign_id.0,
        tranche_id.0,
        until,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Corrects the names of a tranche that holds; none if none does.
pub async fn rename(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    tranche_id: TrancheId,
    change: &LocalizedChange,
) -> sqlx::Result<Option<Tranche>> {
    let row = query_as!(
        Row,
        "/* tranche::rename */
         update tranche set name = coalesce($3, name),
             name_ko = case when $4 then $5 else name_ko end,
             name_en = case when $6 then $7 else name_en end
         where campaign_id = $1 and tranche_id = $2 and until_version is null
         returning tranche_id, name, name_ko, name_en, birth_day_digits, opens_at",
        campaign_id.0,
        tranche_id.0,
        change.main,
        change.ko.is_some(),
        change.ko.clone().flatten(),
        change.en.is_some(),
        change.en.clone().flatten(),
    );
    row.map(Tranche::from).fetch_optional(conn).await
}
