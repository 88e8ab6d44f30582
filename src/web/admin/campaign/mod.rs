//! Campaigns of administrators: what each needs, its draft as a list of tasks, and its steps.

pub mod cohort;
pub mod list;
pub mod product;
pub mod setting;
pub mod step;
pub mod task;
pub mod tranche;
pub mod version;

use actix_web::web::{ServiceConfig, get, post};
use serde::Deserialize;

use crate::web::route::both;
use crate::{
    db,
    domain::{CampaignId, Refusal, campaign::Campaign, campaign::State, campaign_version::Version},
    http::problem::Problem,
    web::{part::Tone, staff_page::StaffVisitor, text::Texts},
};

pub fn routes(pages: &mut ServiceConfig) {
    let one = |path: &str| both(&format!("/admin/campaigns/{{campaign_id}}{path}"));
    pages
        .service(both("/admin").route(get().to(list::get_campaigns)))
        .service(
            both("/admin/campaigns/new")
                .route(get().to(setting::get_new))
                .route(post().to(setting::post_new)),
        )
        .service(one("").route(get().to(task::get_campaign)))
        .service(one("/check").route(get().to(task::get_check)))
        .service(
            one("/settings")
                .route(get().to(setting::get_settings))
                .route(post().to(setting::post_settings)),
        )
        .service(
            one("/products")
                .route(get().to(product::get_products))
                .route(post().to(product::post_products)),
        )
        .service(one("/products/new").route(post().to(product::post_new)))
        .service(
            one("/cohorts")
                .route(get().to(cohort::get_cohorts))
                .route(post().to(cohort::post_cohort)),
        )
        .service(
            one("/cohorts/{cohort_id}/end")
                .route(get().to(cohort::get_end))
                .route(post().to(cohort::post_end)),
        )
        .service(
            one("/tranches")
                .route(get().to(tranche::get_tranches))
                .route(post().to(tranche::post_tranche)),
        )
        .service(
            one("/tranches/{tranche_id}/end")
                .route(get().to(tranche::get_end))
                .route(post().to(tranche::post_end)),
        )
        .service(one("/{step}").route(get().to(step::get_step)).route(post().to(step::post_step)));
}

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

/// # Errors
/// `not_found`.
async fn find(visitor: &StaffVisitor, id: CampaignId) -> Result<Campaign, Problem> {
    let found = db::campaign::find(&visitor.visit.app.db.read, id).await?;
    Ok(found.ok_or_else(Refusal::not_found)?)
}
