//! Takes a campaign from one state to the next: publish, open, pause, close. Each step goes into
//! the public history with its reason.

use sqlx::PgConnection;

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CampaignId, Code, Refusal,
        campaign::{Campaign, State, Step},
        supply_history::Event,
    },
};

/// `reason` is shown to the public as it stands.
///
/// # Errors
/// `not_found`; `wrong_state`; `quota_not_published` for publishing without doses and for opening
/// before publishing.
pub async fn step_campaign(
    db: &Db,
    campaign_id: CampaignId,
    step: Step,
    reason: &str,
) -> Result<Campaign> {
    in_tx(&db.write, "step campaign", async |conn| {
        let old = db::campaign::lock(conn, campaign_id).await?.ok_or_else(Refusal::not_found)?;
        let state = old.state.next(step)?;
        let mut campaign = Campaign { state, state_reason: None, ..old.clone() };
        if matches!(state, State::Paused | State::Closed) {
            campaign.state_reason = Some(reason.to_owned());
        }
        if step == Step::Publish {
            campaign.published_quota = Some(quota(conn, campaign_id).await?);
        }
        db::campaign::set(conn, &campaign).await?;
        let doses = campaign.published_quota.filter(|_| step == Step::Publish);
        let event = event(old.state, step);
        db::supply_history::insert(conn, campaign_id, event, doses, reason).await?;
        db::catalogue::touch(conn).await?;
        let campaign = db::campaign::find(conn, campaign_id).await?;
        Ok(campaign.ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// The limit that becomes public: the doses that the nation received for the campaign.
async fn quota(conn: &mut PgConnection, campaign_id: CampaignId) -> Result<i32> {
    let received = db::pool::received(conn, campaign_id).await?;
    match i32::try_from(received) {
        Ok(quota) if quota > 0 => Ok(quota),
        Ok(_) => {
            let detail = "No doses were received for this campaign: there is no quota to publish.";
            Err(Refusal::new(Code::QuotaNotPublished, detail).into())
        }
        Err(_) => Err(super::receive_doses::too_many().into()),
    }
}

fn event(from: State, step: Step) -> Event {
    match (step, from) {
        (Step::Publish, _) => Event::Published,
        (Step::Open, State::Paused) => Event::Resumed,
        (Step::Open, _) => Event::Opened,
        (Step::Pause, _) => Event::Paused,
        (Step::Close, _) => Event::Closed,
    }
}
