//! The demonstration's campaign: what is given, to whom, when, and what the public was told.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, query, query_scalar};

use crate::domain::{CampaignId, CourseId, ProductId, localized::Localized};

/// The course and the product by their codes, added where they are not there yet.
pub async fn insert_course_and_product(
    conn: &mut PgConnection,
) -> sqlx::Result<(CourseId, ProductId)> {
    query!(
        "/* demo::campaign::insert_course_and_product */
         insert into course (code, name, name_en) values ('covid-19', '코로나19', 'COVID-19')
         on conflict (code) do nothing",
    )
    .execute(&mut *conn)
    .await?;
    // Moderna's licence of July 2021: from 18 years (216 months), two doses 28 days apart; ten
    // doses in a vial. https://www2.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx
    query!(
        "/* demo::campaign::insert_course_and_product */
         insert into product (code, name, name_en, doses_per_vial, age_months_min,
                              doses_in_series, interval_days_min)
         values ('207', '모더나 코로나19 백신', 'Moderna COVID-19 vaccine', 10, 216, 2, 28)
         on conflict (code_system, code) do nothing",
    )
    .execute(&mut *conn)
    .await?;
    // A statement of its own: it sees what somebody else has committed while the inserts waited.
    let ids = query!(
        r#"/* demo::campaign::insert_course_and_product */
           select course_id as "course_id: CourseId", product_id as "product_id: ProductId"
           from course, product
           where course.code = 'covid-19'
               and product.code_system = 'http://hl7.org/fhir/sid/cvx' and product.code = '207'"#,
    )
    .fetch_one(conn)
    .await?;
    Ok((ids.course_id, ids.product_id))
}

pub struct NewCampaign<'a> {
    pub code: &'a str,
    pub name: &'a Localized,
    pub course_id: CourseId,
    pub product_id: ProductId,
    pub zone: &'a str,
    /// Also the time of publication.
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub quota: i32,
    /// Who may book: name and birth dates, both ends included.
    pub cohort: (&'a Localized, NaiveDate, NaiveDate),
}

/// Adds an open campaign with its product and its cohort; None where the code is taken. Waits for
/// whoever is adding the same code at this moment, as long as the connection's lock_timeout allows.
pub async fn insert_open_campaign(
    conn: &mut PgConnection,
    campaign: &NewCampaign<'_>,
) -> sqlx::Result<Option<CampaignId>> {
    let (cohort_name, born_from, born_to) = campaign.cohort;
    let id = query_scalar!(
        "/* demo::campaign::insert_open_campaign */
         insert into campaign (code, name, name_en, course_id, state, opens_at, closes_at, zone,
                               published_quota, published_at)
         values ($1, $2, $8, $3, 3, $4, $5, $6, $7, $4)
         on conflict (code) do nothing
         returning campaign_id",
        campaign.code,
        campaign.name.main,
        campaign.course_id.0,
        campaign.opens_at,
        campaign.closes_at,
        campaign.zone,
        campaign.quota,
        campaign.name.en,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(campaign_id) = id else { return Ok(None) };
    query!(
        "/* demo::campaign::insert_open_campaign */
         with sold as (insert into campaign_product (campaign_id, product_id) values ($1, $2))
         insert into cohort (campaign_id, name, name_en, born_from, born_to, since_version)
         values ($1, $3, $6, $4, $5, 1)",
        campaign_id,
        campaign.product_id.0,
        cohort_name.main,
        born_from,
        born_to,
        cohort_name.en,
    )
    .execute(conn)
    .await?;
    Ok(Some(CampaignId(campaign_id)))
}

/// A line of the public history at `at`: event, change of the doses, reason.
pub type NewHistory<'a> = (&'a str, Option<i32>, &'a Localized);

pub async fn insert_history(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    at: DateTime<Utc>,
    lines: &[NewHistory<'_>],
) -> sqlx::Result<()> {
    let events: Vec<_> = lines.iter().map(|(event, _, _)| (*event).to_owned()).collect();
    let doses: Vec<_> = lines.iter().map(|(_, doses, _)| doses.unwrap_or(0)).collect();
    let reasons: Vec<_> = lines.iter().map(|(.., reason)| reason.main.clone()).collect();
    let reasons_en: Vec<_> = lines.iter().map(|(.., reason)| reason.en.clone()).collect();
    query!(
        "/* demo::campaign::insert_history */
         insert into supply_history (campaign_id, at, event, doses, reason, reason_en)
         select $1, $2, h.event, nullif(h.doses, 0), h.reason, h.reason_en
         from unnest($3::text[], $4::int[], $5::text[], $6::text[]) with ordinality
                  as h (event, doses, reason, reason_en, n)
         order by h.n",
        campaign_id.0,
        at,
        &events,
        &doses,
        &reasons,
        &reasons_en as _,
    )
    .execute(conn)
    .await
    .map(drop)
}
