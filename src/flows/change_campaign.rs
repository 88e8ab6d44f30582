//! Changes a campaign's name, window or cancellation limit.

use chrono::{DateTime, Utc};

use super::{Result, conflict::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CampaignId, Code, Refusal,
        campaign::{Campaign, State},
    },
};

/// What to change; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub cancel_until_hours: Option<i16>,
}

/// Window and cancellation limit are rules: changing them makes a new version, which bookings go by
/// from the commit on.
///
/// # Errors
/// `not_found`; `wrong_state` for a closed campaign; `invalid_field` for a window that ends before
/// it begins.
pub async fn change_campaign(db: &Db, campaign_id: CampaignId, change: Change) -> Result<Campaign> {
    in_tx(&db.write, "change campaign", async |conn| {
        let old = lock_unless_closed(conn, campaign_id).await?;
        let rules = |campaign: &Campaign| {
            (campaign.opens_at, campaign.closes_at, campaign.cancel_until_hours)
        };
        let mut campaign = Campaign {
            opens_at: change.opens_at.unwrap_or(old.opens_at),
            closes_at: change.closes_at.unwrap_or(old.closes_at),
            cancel_until_hours: change.cancel_until_hours.unwrap_or(old.cancel_until_hours),
            name: change.name.unwrap_or_else(|| old.name.clone()),
            ..old.clone()
        };
        if rules(&campaign) != rules(&old) {
            campaign.rule_version += 1;
        }
        db::campaign::set(conn, &campaign).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(campaign)
    })
    .await
}

/// # Errors
/// `not_found`; `wrong_state` for a closed campaign.
pub(super) async fn lock_unless_closed(
    conn: &mut sqlx::PgConnection,
    campaign_id: CampaignId,
) -> Result<Campaign> {
    let campaign = db::campaign::lock(conn, campaign_id).await?.ok_or_else(Refusal::not_found)?;
    if campaign.state == State::Closed {
        return Err(Refusal::new(Code::WrongState, "The campaign is closed for good.").into());
    }
    Ok(campaign)
}
