//! The first page of administrators: all campaigns, and what needs a decision.

use actix_web::HttpResponse;
use askama::Template;
use std::collections::HashMap;

use super::head::{path, state};
use crate::{
    api::admin::check::setup,
    db,
    domain::{
        CampaignId, ImportId,
        campaign::{Campaign, State},
        campaign_sum::CampaignSum,
        check::{Check, Severity},
        import::Kind,
    },
    flows,
    http::{
        admission::{Export, admit},
        problem::Problem,
    },
    web::{
        admin::{import::outcome::outcome, moment::when},
        part::Tone,
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
};

/// So many campaigns are shown; there are a few dozen in years.
const CAMPAIGNS_MAX: i64 = 500;
/// So many clinics' days with people who have not heard are named.
const UNHEARD_MAX: i64 = 10;
const IMPORTS_MAX: i64 = 5;
/// Campaigns whose checks are looked at: those that are being prepared.
const CHECKED_MAX: usize = 10;

#[derive(Template)]
#[template(path = "admin/campaigns.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    /// Of a service without campaigns: what it needs first, where, and whether it is there.
    first: Vec<(&'static str, &'static str, bool)>,
    /// What to decide or to do, and where.
    decisions: Vec<Decision>,
    /// Figures are left out while bookings need all there is.
    is_busy: bool,
    live: Vec<Line>,
    closed: Vec<Line>,
    /// When, of what kind, by whom, what became of it, where.
    imports: Vec<ImportLine>,
}

struct Decision {
    text: String,
    /// Empty where it is done elsewhere.
    href: String,
    is_urgent: bool,
}

struct Line {
    name: String,
    code: String,
    href: String,
    state: &'static str,
    tone: Tone,
    window: String,
    /// Received, at clinics and free, promised, given.
    doses: Option<[String; 4]>,
}

struct ImportLine {
    when: String,
    kind: &'static str,
    by: String,
    rows: String,
    href: String,
}

/// # Errors
/// The database's.
pub async fn get_campaigns(
    AdministratorVisitor(visitor): AdministratorVisitor,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let campaigns = db::campaign::list(&app.db.read, CampaignId(0), CAMPAIGNS_MAX).await?;
    // Pausing at 20:00 must get through: the way to it does not wait for figures.
    let (mut sums, mut decisions, mut imports) = (HashMap::new(), Vec::new(), Vec::new());
    let admitted = admit::<Export>(app).ok();
    if admitted.is_some() {
        let found = db::campaign_sum::list(&app.db.read, None).await?;
        sums = found.into_iter().collect::<HashMap<CampaignId, CampaignSum>>();
        decisions = decide(&visitor, &campaigns, &sums).await?;
        imports = self::imports(&visitor).await?;
    }
    let line = |campaign: &Campaign| line(t, campaign, sums.get(&campaign.campaign_id));
    let (closed, live): (Vec<_>, Vec<_>) =
        campaigns.iter().rev().partition(|campaign| campaign.state == State::Closed);
    let page = Page {
        t,
        staff: visitor.frame(),
        first: match campaigns.is_empty() {
            true => first(&visitor).await?,
            false => Vec::new(),
        },
        decisions,
        is_busy: admitted.is_none(),
        live: live.into_iter().map(line).collect(),
        closed: closed.into_iter().map(line).collect(),
        imports,
    };
    visitor.show(&page)
}

/// What an empty service needs before its first campaign.
async fn first(visitor: &StaffVisitor) -> Result<Vec<(&'static str, &'static str, bool)>, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let has_people = db::person_record::is_any(&app.db.read).await?;
    let board = app.board.now();
    let catalogue = &board.catalogue;
    Ok(vec![
        (t.import_kind(Kind::Regions), "/admin/imports/regions", !catalogue.regions.is_empty()),
        (t.import_kind(Kind::Clinics), "/admin/imports/clinics", !catalogue.clinics.is_empty()),
        (t.import_kind(Kind::Register), "/admin/imports/register", has_people),
    ])
}

fn line(t: Texts, campaign: &Campaign, sum: Option<&CampaignSum>) -> Line {
    let (state, tone) = state(t, campaign.state);
    let from = t.instant(campaign.opens_at, campaign.zone);
    let until = t.instant(campaign.closes_at, campaign.zone);
    let doses = sum.map(|sum| [sum.received, sum.open, sum.booked, sum.given].map(|n| t.count(n)));
    Line {
        name: t.whole(t.name(&campaign.name)),
        code: campaign.code.clone(),
        href: path(campaign.campaign_id),
        state,
        tone,
        window: t.admin_window(&from, &until),
        doses,
    }
}

/// What stands in the way, is late, or has not reached somebody.
async fn decide(
    visitor: &StaffVisitor,
    campaigns: &[Campaign],
    sums: &HashMap<CampaignId, CampaignSum>,
) -> Result<Vec<Decision>, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let mut decisions = Vec::new();
    for campaign in campaigns {
        let name = t.name(&campaign.name);
        let Some(sum) = sums.get(&campaign.campaign_id).filter(|sum| sum.days_open > 0) else {
            continue;
        };
        let (days, clinics) = (t.count(sum.days_open), t.count(sum.clinics_open));
        let text = t.admin_days_open(name, &days, &clinics, &t.count(sum.unaccounted));
        decisions.push(Decision { text, href: "/admin/clinics".into(), is_urgent: true });
    }
    for day in db::campaign_sum::unheard(&app.db.read, UNHEARD_MAX).await? {
        let (on, people) = (t.date(day.on_date), t.count(day.people));
        let text = t.admin_unheard(&day.clinic_code, &on, &people);
        let href = format!("/admin/clinics/{}/closures/{}", day.clinic_id, day.on_date);
        decisions.push(Decision { text, href, is_urgent: true });
    }
    let prepared = campaigns.iter().rev().filter(|one| one.state.checked_step().is_some());
    for campaign in prepared.take(CHECKED_MAX) {
        let check = flows::check::glance(&app.db, campaign.campaign_id, setup(app)).await?;
        decisions.extend(of_check(t, campaign, &check));
    }
    for campaign in campaigns.iter().filter(|one| one.state == State::Paused) {
        let text = t.admin_is_paused(t.name(&campaign.name));
        let href = format!("{}/open", path(campaign.campaign_id));
        decisions.push(Decision { text, href, is_urgent: false });
    }
    Ok(decisions)
}

fn of_check(t: Texts, campaign: &Campaign, check: &Check) -> Option<Decision> {
    let name = t.name(&campaign.name);
    let errors = check.count(Severity::Error);
    let warnings = check.count(Severity::Warning);
    let count = |number: usize| t.count(i64::try_from(number).unwrap_or(i64::MAX));
    let page = path(campaign.campaign_id);
    let (text, href) = match (campaign.state, errors) {
        (State::Draft, 0) => (t.admin_may_publish(name, &count(warnings)), "/publish"),
        (State::Draft, errors) => (t.admin_draft_lacks(name, &count(errors)), "/check"),
        (State::Published, 0) => (t.admin_may_open(name, &count(warnings)), "/open"),
        (State::Published, errors) => (t.admin_published_lacks(name, &count(errors)), "/check"),
        _ => return None,
    };
    let is_urgent = campaign.state == State::Published && errors > 0;
    Some(Decision { text, href: format!("{page}{href}"), is_urgent })
}

async fn imports(visitor: &StaffVisitor) -> Result<Vec<ImportLine>, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let filter = db::import::entry::Filter::default();
    let entries = db::import::entry::list(&app.db.read, filter, IMPORTS_MAX).await?;
    let line = |entry: crate::domain::import::entry::Entry| {
        let ImportId(id) = entry.import_id;
        ImportLine {
            when: when(visitor, entry.at),
            kind: t.import_kind(entry.kind),
            by: entry.username.unwrap_or_else(|| t.admin_by_command().to_owned()),
            rows: outcome(t, entry.is_dry_run, &entry.counts),
            href: format!("/admin/imports/{}/{id}", entry.kind),
        }
    };
    Ok(entries.into_iter().map(line).collect())
}
