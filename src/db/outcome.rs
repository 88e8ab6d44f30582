//! What became of bookings, counted for administrators.

use sqlx::{PgExecutor, query};

use crate::domain::{CampaignId, ClinicId, outcome::Outcomes};

/// By clinic. Reads every booking of the campaign.
pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
) -> sqlx::Result<Vec<(ClinicId, Outcomes)>> {
    let rows = query!(
        r#"/* outcome::list */
           select (slot_id >> 24)::int as "clinic_id!",
               count(*) filter (where state = 2) as "given!",
               count(*) filter (where state = 4 and not_given is null) as "no_shows!",
               count(*) filter (where state = 4 and not_given is not null) as "not_vaccinated!"
           from booking where campaign_id = $1 group by 1"#,
        campaign_id.0,
    )
    .fetch_all(db)
    .await?;
    let row = rows.into_iter().map(|row| {
        let outcomes = Outcomes {
            given: row.given,
            no_shows: row.no_shows,
            not_vaccinated: row.not_vaccinated,
        };
        (ClinicId(row.clinic_id), outcomes)
    });
    Ok(row.collect())
}
