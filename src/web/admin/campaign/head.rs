//! Whose page it is: what every page of a campaign shows of it.

use serde::Deserialize;

use crate::{
    db,
    domain::{CampaignId, Refusal, campaign::Campaign, campaign::State, campaign_version::Version},
    http::problem::Problem,
    web::{done::Done, part::Tone, staff_page::StaffVisitor, text::Texts},
};

/// The campaign of a path.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct InCampaign {
    pub campaign_id: CampaignId,
}

/// Whose page it is: above each page of a campaign.
pub struct Head {
    pub id: CampaignId,
    pub name: String,
    pub path: String,
    pub state: &'static str,
    pub tone: Tone,
    /// What the page was made from, for the form to send back.
    pub version: Version,
}

impl Head {
    pub fn new(t: Texts, campaign: &Campaign) -> Self {
        let (state, tone) = state(t, campaign.state);
        Self {
            id: campaign.campaign_id,
            name: t.whole(t.name(&campaign.name)),
            path: path(campaign.campaign_id),
            state,
            tone,
            version: Version::of(campaign),
        }
    }
}

/// Of the list of its tasks.
pub fn path(campaign_id: CampaignId) -> String {
    format!("/admin/campaigns/{campaign_id}")
}

/// A state in a word or two.
pub fn state(t: Texts, state: State) -> (&'static str, Tone) {
    match state {
        State::Draft => (t.admin_draft(), Tone::Plain),
        State::Published => (t.admin_published(), Tone::Wait),
        State::Open => (t.admin_open(), Tone::Good),
        State::Paused => (t.admin_paused(), Tone::Wait),
        State::Closed => (t.admin_closed(), Tone::Plain),
    }
}

/// The campaign, drafts too.
///
/// # Errors
/// `not_found`.
pub async fn find(visitor: &StaffVisitor, id: CampaignId) -> Result<Campaign, Problem> {
    let found = db::campaign::find(&visitor.visit.app.db.read, id).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}

/// What was done, with a warning where bookings from before it may still be written.
pub fn said(t: Texts, text: &str, is_settled: bool) -> Done {
    match is_settled {
        true => Done::well(text),
        false => Done::but(format!("{text} {}", t.admin_not_settled())),
    }
}
