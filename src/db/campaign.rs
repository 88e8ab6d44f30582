//! Campaigns: their window, state and published quota.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use super::clinic::zone;
use crate::domain::{
    CampaignId, ProductId,
    campaign::{Campaign, NewCampaign, State},
    day_policy::{DayPolicy, LeftOver, WalkIn},
    localized::Localized,
};

struct Row {
    campaign_id: i32,
    code: String,
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
    course_id: i32,
    dose_number: i16,
    state: i16,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    cancel_until_hours: i16,
    bookings_per_day: i16,
    zone: String,
    rule_version: i32,
    published_quota: Option<i32>,
    published_at: Option<DateTime<Utc>>,
    state_reason: Option<String>,
    state_reason_ko: Option<String>,
    state_reason_en: Option<String>,
    walk_in: WalkIn,
    left_over: LeftOver,
}

impl TryFrom<Row> for Campaign {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let state = State::try_from(row.state).map_err(|error| sqlx::Error::ColumnDecode {
            index: "state".to_owned(),
            source: error.into(),
        })?;
        Ok(Self {
            campaign_id: row.campaign_id.into(),
            code: row.code,
            name: Localized::new(row.name, row.name_ko, row.name_en),
            course_id: row.course_id.into(),
            dose_number: row.dose_number,
            state,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            cancel_until_hours: row.cancel_until_hours,
            bookings_per_day: row.bookings_per_day,
            zone: zone(&row.zone)?,
            rule_version: row.rule_version,
            published_quota: row.published_quota,
            published_at: row.published_at,
            state_reason: row
                .state_reason
                .map(|main| Localized::new(main, row.state_reason_ko, row.state_reason_en)),
            day: DayPolicy { walk_in: row.walk_in, left_over: row.left_over },
        })
    }
}

/// Those after `after`, by id; drafts too.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: CampaignId,
    limit: i64,
) -> sqlx::Result<Vec<Campaign>> {
    let rows = query_as!(
        Row,
        r#"/* campaign::list */
         select campaign_id, code, name, name_ko, name_en, course_id, dose_number, state, opens_at,
             closes_at, cancel_until_hours, bookings_per_day, zone, rule_version, published_quota,
             published_at,
             state_reason, state_reason_ko, state_reason_en, walk_in as "walk_in: WalkIn",
             left_over as "left_over: LeftOver"
         from campaign where campaign_id > $1 order by campaign_id limit $2"#,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Campaign::try_from).collect()
}

/// Drafts too.
pub async fn find(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
) -> sqlx::Result<Option<Campaign>> {
    let row = query_as!(
        Row,
        r#"/* campaign::find */
         select campaign_id, code, name, name_ko, name_en, course_id, dose_number, state, opens_at,
             closes_at, cancel_until_hours, bookings_per_day, zone, rule_version, published_quota,
             published_at,
             state_reason, state_reason_ko, state_reason_en, walk_in as "walk_in: WalkIn",
             left_over as "left_over: LeftOver"
         from campaign where campaign_id = $1"#,
        campaign_id.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(Campaign::try_from).transpose()
}

/// Locks a campaign against other changes; bookings do not wait for it.
pub async fn lock(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
) -> sqlx::Result<Option<Campaign>> {
    query!(
        "/* campaign::lock */
         select from campaign where campaign_id = $1 for no key update",
        campaign_id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    find(conn, campaign_id).await
}

/// Adds a draft.
///
/// # Errors
/// The database's; the campaign's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewCampaign) -> sqlx::Result<CampaignId> {
    query_scalar!(
        r#"/* campaign::insert */
           insert into campaign (code, name, name_ko, name_en, course_id, dose_number, opens_at,
               closes_at, cancel_until_hours, zone, walk_in, left_over, bookings_per_day)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           returning campaign_id as "id: CampaignId""#,
        new.code,
        new.name.main,
        new.name.ko,
        new.name.en,
        new.course_id.0,
        new.dose_number,
        new.opens_at,
        new.closes_at,
        new.cancel_until_hours,
        new.zone.name(),
        new.day.walk_in.number(),
        new.day.left_over.number(),
        new.bookings_per_day,
    )
    .fetch_one(conn)
    .await
}

/// Writes name, window, limits of cancelling and booking, version of the rules, state with its
/// reason, quota and what is laid down for its clinics' days.
///
/// # Errors
/// The database's; the campaign's named constraints.
pub async fn set(conn: &mut PgConnection, campaign: &Campaign) -> sqlx::Result<()> {
    let reason = campaign.state_reason.as_ref();
    query!(
        "/* campaign::set */ update campaign
         set name = $2, name_ko = $3, name_en = $4, opens_at = $5, closes_at = $6,
             cancel_until_hours = $7, rule_version = $8, state = $9, state_reason = $10,
             state_reason_ko = $11, state_reason_en = $12, published_quota = $13,
             published_at = case when $13::int is null then null
                 else coalesce(published_at, clock_timestamp()) end,
             walk_in = $14, left_over = $15, bookings_per_day = $16
         where campaign_id = $1",
        campaign.campaign_id.0,
        campaign.name.main,
        campaign.name.ko,
        campaign.name.en,
        campaign.opens_at,
        campaign.closes_at,
        campaign.cancel_until_hours,
        campaign.rule_version,
        i16::from(campaign.state),
        reason.map(|reason| &reason.main),
        reason.and_then(|reason| reason.ko.as_ref()),
        reason.and_then(|reason| reason.en.as_ref()),
        campaign.published_quota,
        campaign.day.walk_in.number(),
        campaign.day.left_over.number(),
        campaign.bookings_per_day,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Gives every campaign that gives a product, and is not over, a new version of its rules, without
/// another change: lanes then read them anew.
pub async fn renew_rules_of_product(
    conn: &mut PgConnection,
    product_id: ProductId,
) -> sqlx::Result<()> {
    query!(
        "/* campaign::renew_rules_of_product */
         with giving as (
             select campaign_id from campaign join campaign_product using (campaign_id)
             where product_id = $1 and state <> 5
             order by campaign_id for no key update of campaign
         )
         update campaign c set rule_version = rule_version + 1
         from giving g where c.campaign_id = g.campaign_id",
        product_id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}
