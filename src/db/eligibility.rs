//! The rules of a campaign, as one value.

use chrono_tz::Tz;
use sqlx::{PgConnection, query, query_as};

use crate::domain::{
    CampaignId, RegionId, RosterId, cohort::Cohort, eligibility::Rules, product::Product,
    tranche::Tranche,
};

/// The rules of a campaign: its cohorts and tranches as of `version`, its window and products as they
/// are now (only the present version of those is kept). None if there is no such campaign.
///
/// # Errors
/// The database's; `ColumnDecode` for a zone that no clock knows.
pub async fn rules(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Option<Rules>> {
    let campaign = query!(
        "select course_id, dose_number, opens_at, closes_at, cancel_until_hours, zone
         from campaign where campaign_id = $1",
        campaign_id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(campaign) = campaign else { return Ok(None) };
    let zone: Tz = campaign.zone.parse().map_err(|error: chrono_tz::ParseError| {
        sqlx::Error::ColumnDecode { index: "zone".to_owned(), source: error.to_string().into() }
    })?;
    Ok(Some(Rules {
        campaign_id,
        version,
        course_id: campaign.course_id.into(),
        dose_number: campaign.dose_number,
        opens_at: campaign.opens_at,
        closes_at: campaign.closes_at,
        cancel_until_hours: campaign.cancel_until_hours,
        zone,
        cohorts: cohorts(&mut *conn, campaign_id, version).await?,
        tranches: tranches(&mut *conn, campaign_id, version).await?,
        products: products(conn, campaign_id).await?,
    }))
}

async fn cohorts(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Vec<Cohort>> {
    query_as!(
        Cohort,
        r#"select cohort_id, name, born_from, born_to,
             roster_id as "roster_id: RosterId", region_id as "region_id: RegionId"
         from cohort
         where campaign_id = $1 and since_version <= $2
             and (until_version is null or until_version > $2)
         order by cohort_id"#,
        campaign_id.0,
        version,
    )
    .fetch_all(conn)
    .await
}

async fn tranches(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Vec<Tranche>> {
    query_as!(
        Tranche,
        "select tranche_id, name, birth_day_digits, opens_at
         from tranche
         where campaign_id = $1 and since_version <= $2
             and (until_version is null or until_version > $2)
         order by opens_at, tranche_id",
        campaign_id.0,
        version,
    )
    .fetch_all(conn)
    .await
}

async fn products(conn: &mut PgConnection, campaign_id: CampaignId) -> sqlx::Result<Vec<Product>> {
    query_as!(
        Product,
        "select product_id, code_system, code, name, doses_per_vial, age_months_min,
             age_months_max, doses_in_series, interval_days_min
         from campaign_product join product using (product_id)
         where campaign_id = $1
         order by product_id",
        campaign_id.0,
    )
    .fetch_all(conn)
    .await
}
