//! What a booking transaction reads once its locks were granted, for all of its requests.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, query};

use super::clinic::zone;
use crate::domain::{CampaignId, ClinicId};

/// A campaign's state and rule version, read while the locks are held.
#[derive(Clone, Copy, Debug)]
pub struct CampaignNow {
    pub campaign_id: CampaignId,
    pub state: i16,
    pub rule_version: i32,
}

/// What a batch reads once.
#[derive(Clone, Debug)]
pub struct Now {
    /// The database's time.
    pub at: DateTime<Utc>,
    pub campaigns: Vec<CampaignNow>,
    pub zones: Vec<(ClinicId, Tz)>,
}

/// The state of the campaigns that exist, the zones of the clinics, and the database's time. They
/// are read after the locks were granted, so the time is not one from before a wait.
pub async fn campaigns_now(
    conn: &mut PgConnection,
    campaign_ids: &[i32],
    clinic_ids: &[i32],
) -> sqlx::Result<Now> {
    let rows = query!(
        r#"/* locked::campaigns_now */
           select clock_timestamp() as "now!", c.campaign_id as "campaign_id?",
               c.state as "state?", c.rule_version as "rule_version?",
               array(select clinic_id from clinic where clinic_id = any($2) order by clinic_id)
                   as "clinics!",
               array(select zone from clinic where clinic_id = any($2) order by clinic_id)
                   as "zones!"
           from (values (1)) one left join campaign c on c.campaign_id = any($1)"#,
        campaign_ids,
        clinic_ids,
    )
    .fetch_all(conn)
    .await?;
    let last = rows.last().ok_or(sqlx::Error::RowNotFound)?;
    let at = last.now;
    let zones = last.clinics.iter().zip(&last.zones);
    let zones = zones.map(|(id, name)| Ok((ClinicId(*id), zone(name)?)));
    let zones = zones.collect::<sqlx::Result<_>>()?;
    let campaigns = rows.into_iter().filter_map(|row| {
        Some(CampaignNow {
            campaign_id: CampaignId(row.campaign_id?),
            state: row.state?,
            rule_version: row.rule_version?,
        })
    });
    Ok(Now { at, campaigns: campaigns.collect(), zones })
}
