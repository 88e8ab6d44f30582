//! What the board shows besides numbers: regions, clinics and campaigns that are public, as they stand
//! in one snapshot.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{PgConnection, query, query_as};

use crate::domain::{
    CampaignId, ClinicId, CohortId, ProductId, RegionId, TrancheId, campaign::State, region::Region,
};

/// All provinces and districts, by id.
///
/// # Errors
/// The database's.
pub async fn regions(conn: &mut PgConnection) -> sqlx::Result<Vec<Region>> {
    query_as!(
        Region,
        r#"select region_id as "region_id: RegionId", parent_id as "parent_id: RegionId", code, name
           from region order by region_id"#
    )
    .fetch_all(conn)
    .await
}

/// A clinic as everybody may see it.
#[derive(Clone, Debug)]
pub struct Clinic {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub code: String,
    pub name: String,
    /// IANA name.
    pub zone: String,
    pub address: String,
    pub phone: String,
    /// Degrees; both or neither.
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// All clinics, by id.
///
/// # Errors
/// The database's.
pub async fn clinics(conn: &mut PgConnection) -> sqlx::Result<Vec<Clinic>> {
    query_as!(
        Clinic,
        r#"select clinic_id as "clinic_id: ClinicId", region_id as "region_id: RegionId", code, name,
               zone, address, phone, latitude, longitude
           from clinic order by clinic_id"#
    )
    .fetch_all(conn)
    .await
}

/// A campaign that is public.
#[derive(Clone, Debug, Serialize)]
pub struct Campaign {
    pub campaign_id: CampaignId,
    pub code: String,
    pub name: String,
    /// What its doses protect against: code and name of the course.
    pub course: String,
    pub course_name: String,
    pub dose_number: i16,
    pub state: State,
    /// Why it is paused or closed.
    pub state_reason: Option<String>,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    /// Until this many hours before the slot a cancelled dose returns to everybody.
    pub cancel_until_hours: i16,
    /// In which the times are announced; an IANA name.
    pub zone: String,
    pub rule_version: i32,
    pub published_quota: Option<i32>,
    pub published_at: Option<DateTime<Utc>>,
}

/// The campaigns that are not drafts, by id.
///
/// # Errors
/// The database's.
pub async fn campaigns(conn: &mut PgConnection) -> sqlx::Result<Vec<Campaign>> {
    let rows = query!(
        "select c.campaign_id, c.code, c.name, k.code as course, k.name as course_name,
             c.dose_number, c.state, c.state_reason, c.opens_at, c.closes_at,
             c.cancel_until_hours, c.zone, c.rule_version, c.published_quota, c.published_at
         from campaign c join course k using (course_id)
         where c.state <> 1 order by c.campaign_id"
    )
    .fetch_all(conn)
    .await?;
    let campaigns = rows.into_iter().map(|row| {
        let state = State::try_from(row.state).map_err(|e| sqlx::Error::Decode(e.into()))?;
        Ok(Campaign {
            campaign_id: CampaignId(row.campaign_id),
            code: row.code,
            name: row.name,
            course: row.course,
            course_name: row.course_name,
            dose_number: row.dose_number,
            state,
            state_reason: row.state_reason,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            cancel_until_hours: row.cancel_until_hours,
            zone: row.zone,
            rule_version: row.rule_version,
            published_quota: row.published_quota,
            published_at: row.published_at,
        })
    });
    campaigns.collect()
}

/// Who may book, in the campaign's current version.
#[derive(Clone, Debug, Serialize)]
pub struct Cohort {
    #[serde(skip)]
    pub campaign_id: CampaignId,
    pub cohort_id: CohortId,
    pub name: String,
    /// Included, as is `born_to`.
    pub born_from: Option<NaiveDate>,
    pub born_to: Option<NaiveDate>,
    pub region_id: Option<RegionId>,
    /// Name of the region.
    pub region: Option<String>,
    /// Name of the list that one must be on.
    pub roster: Option<String>,
}

/// The cohorts of all public campaigns.
///
/// # Errors
/// The database's.
pub async fn cohorts(conn: &mut PgConnection) -> sqlx::Result<Vec<Cohort>> {
    query_as!(
        Cohort,
        r#"select h.campaign_id as "campaign_id: CampaignId", h.cohort_id as "cohort_id: CohortId",
               h.name, h.born_from, h.born_to, h.region_id as "region_id: RegionId",
               r.name as "region?", l.name as "roster?"
           from cohort h join campaign c using (campaign_id)
               left join region r on r.region_id = h.region_id
               left join roster l on l.roster_id = h.roster_id
           where c.state <> 1 and h.since_version <= c.rule_version
               and (h.until_version is null or c.rule_version < h.until_version)
           order by h.cohort_id"#
    )
    .fetch_all(conn)
    .await
}

/// A share of a campaign that opens on its own day.
#[derive(Clone, Debug, Serialize)]
pub struct Tranche {
    #[serde(skip)]
    pub campaign_id: CampaignId,
    pub tranche_id: TrancheId,
    pub name: String,
    /// Last digits of the day of birth of those who belong to it.
    pub birth_day_digits: Vec<i16>,
    pub opens_at: DateTime<Utc>,
}

/// The tranches of all public campaigns, in the order in which they open.
///
/// # Errors
/// The database's.
pub async fn tranches(conn: &mut PgConnection) -> sqlx::Result<Vec<Tranche>> {
    query_as!(
        Tranche,
        r#"select t.campaign_id as "campaign_id: CampaignId",
               t.tranche_id as "tranche_id: TrancheId", t.name, t.birth_day_digits, t.opens_at
           from tranche t join campaign c using (campaign_id)
           where c.state <> 1 and t.since_version <= c.rule_version
               and (t.until_version is null or c.rule_version < t.until_version)
           order by t.opens_at, t.tranche_id"#
    )
    .fetch_all(conn)
    .await
}

/// A vaccine of a campaign.
#[derive(Clone, Debug, Serialize)]
pub struct Product {
    #[serde(skip)]
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    /// URI of the code system.
    pub code_system: String,
    pub code: String,
    pub name: String,
    pub doses_per_vial: i16,
    /// Completed months on the appointment date, both included; no upper limit where it is null.
    pub age_months_min: i16,
    pub age_months_max: Option<i16>,
    pub doses_in_series: i16,
    pub interval_days_min: i16,
}

/// The products of all public campaigns.
///
/// # Errors
/// The database's.
pub async fn products(conn: &mut PgConnection) -> sqlx::Result<Vec<Product>> {
    query_as!(
        Product,
        r#"select u.campaign_id as "campaign_id: CampaignId",
               p.product_id as "product_id: ProductId", p.code_system, p.code, p.name,
               p.doses_per_vial, p.age_months_min, p.age_months_max, p.doses_in_series,
               p.interval_days_min
           from campaign_product u join product p using (product_id)
               join campaign c using (campaign_id)
           where c.state <> 1 order by p.product_id"#
    )
    .fetch_all(conn)
    .await
}
