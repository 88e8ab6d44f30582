//! The first page of administrators: all campaigns, and how each stands.

use actix_web::HttpResponse;
use askama::Template;

use crate::{
    db,
    domain::{CampaignId, campaign::State},
    http::problem::Problem,
    web::{part::Tone, staff_guard::AdministratorVisitor, staff_page::StaffFrame, text::Texts},
};

/// More than any service has.
const CAMPAIGNS_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "admin/start.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    campaigns: Vec<Line>,
}

struct Line {
    name: String,
    href: String,
    tag: (&'static str, Tone),
    window: String,
}

/// # Errors
/// Those of the database.
pub async fn get_start(
    AdministratorVisitor(visitor): AdministratorVisitor,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let campaigns = db::campaign::list(&app.db.read, CampaignId(0), CAMPAIGNS_MAX).await?;
    let staff = visitor.frame();
    let campaigns = campaigns.iter().rev().map(|campaign| Line {
        name: t.name(&campaign.name).to_owned(),
        href: staff.to(&format!("/admin/campaigns/{}", campaign.campaign_id)),
        tag: tag(t, campaign.state),
        window: t.admin_window(
            &t.instant(campaign.opens_at, campaign.zone),
            &t.instant(campaign.closes_at, campaign.zone),
        ),
    });
    let campaigns = campaigns.collect();
    visitor.show(&Page { t, staff, campaigns })
}

fn tag(t: Texts, state: State) -> (&'static str, Tone) {
    match state {
        State::Draft => (t.admin_draft(), Tone::Plain),
        State::Published => (t.admin_published(), Tone::Wait),
        State::Open => (t.admin_open(), Tone::Good),
        State::Paused => (t.admin_paused(), Tone::Bad),
        State::Closed => (t.admin_closed(), Tone::Plain),
    }
}
