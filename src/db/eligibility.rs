//! The rules of a campaign as one value, and the rows that a public eligibility question needs.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, PgExecutor, query, query_as};

use super::{clinic::zone, cohort, product, tranche};
use crate::domain::{
    CampaignId, ClinicId, RegionId,
    campaign::State,
    cohort::{Cohort, Home},
    product::Product,
    rule_set::Rules,
    tranche::Tranche,
};

/// The rules of a campaign: cohorts and tranches as of `version`, window and products as they are
/// now, because older versions of those are not kept. None if there is no such campaign.
///
/// # Errors
/// The database's; `ColumnDecode` for a zone that no clock knows.
pub async fn rules(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Option<Rules>> {
    let campaign = query!(
        "/* eligibility::rules */
         select course_id, dose_number, opens_at, closes_at, cancel_until_hours,
             bookings_per_day, zone
         from campaign where campaign_id = $1",
        campaign_id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(campaign) = campaign else { return Ok(None) };
    Ok(Some(Rules {
        campaign_id,
        version,
        course_id: campaign.course_id.into(),
        dose_number: campaign.dose_number,
        opens_at: campaign.opens_at,
        closes_at: campaign.closes_at,
        cancel_until_hours: campaign.cancel_until_hours,
        bookings_per_day: campaign.bookings_per_day,
        zone: zone(&campaign.zone)?,
        cohorts: cohorts(&mut *conn, campaign_id, version).await?,
        tranches: tranches(&mut *conn, campaign_id, version).await?,
        products: products(conn, campaign_id).await?,
    }))
}

/// The present state of what a public eligibility question names.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The database's time, by which a booking would be judged.
    pub now: DateTime<Utc>,
    pub state: State,
    pub rule_version: i32,
    /// None for a region that is not there, or not named.
    pub home: Option<Home>,
    /// The clinic's zone; none for a clinic that is not there, or not named.
    pub clinic_zone: Option<Tz>,
}

/// The campaign's state beside the region and the clinic. None if there is no such campaign.
///
/// # Errors
/// The database's; `ColumnDecode` for a zone that no clock knows.
pub async fn find(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    region_id: Option<RegionId>,
    clinic_id: Option<ClinicId>,
) -> sqlx::Result<Option<Standing>> {
    let row = query!(
        r#"/* eligibility::find */
           select clock_timestamp() as "now!", campaign.state, campaign.rule_version,
               region.region_id as "region_id?", region.parent_id, clinic.zone as "clinic_zone?"
           from campaign
           left join region on region.region_id = $2
           left join clinic on clinic.clinic_id = $3
           where campaign_id = $1"#,
        campaign_id.0,
        region_id.map(|id| id.0),
        clinic_id.map(|id| id.0),
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let province_id = row.parent_id.map(RegionId);
    Ok(Some(Standing {
        now: row.now,
        state: State::try_from(row.state).map_err(|error| sqlx::Error::Decode(error.into()))?,
        rule_version: row.rule_version,
        home: row.region_id.map(|id| Home { region_id: RegionId(id), province_id }),
        clinic_zone: row.clinic_zone.as_deref().map(zone).transpose()?,
    }))
}

async fn cohorts(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Vec<Cohort>> {
    let rows = query_as!(
        cohort::Row,
        "/* eligibility::cohorts */
         select cohort_id, name, name_ko, name_en, born_from, born_to, roster_id, region_id
         from cohort
         where campaign_id = $1 and since_version <= $2
             and (until_version is null or until_version > $2)
         order by cohort_id",
        campaign_id.0,
        version,
    );
    rows.map(Cohort::from).fetch_all(conn).await
}

async fn tranches(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Vec<Tranche>> {
    let rows = query_as!(
        tranche::Row,
        r#"/* eligibility::tranches */
         select tranche_id as "tranche_id!", name as "name!", name_ko, name_en,
             birth_day_digits as "birth_day_digits!",
             opens_at as "opens_at!"
         from (
             select tranche_id, name, name_ko, name_en, birth_day_digits, opens_at,
                 since_version, until_version
             from tranche where campaign_id = $1
             union all
             select t.tranche_id, t.name, t.name_ko, t.name_en, f.birth_day_digits, f.opens_at,
                 f.since_version, f.until_version
             from tranche t join tranche_time f using (tranche_id) where t.campaign_id = $1
         ) one
         where since_version <= $2 and (until_version is null or until_version > $2)
         order by opens_at, tranche_id"#,
        campaign_id.0,
        version,
    );
    rows.map(Tranche::from).fetch_all(conn).await
}

async fn products(conn: &mut PgConnection, campaign_id: CampaignId) -> sqlx::Result<Vec<Product>> {
    let rows = query_as!(
        product::Row,
        "/* eligibility::products */
         select product_id, code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min
         from campaign_product join product using (product_id)
         where campaign_id = $1
         order by product_id",
        campaign_id.0,
    );
    rows.map(Product::from).fetch_all(conn).await
}
