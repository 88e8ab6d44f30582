//! Two administrators at once: the second one sees what the first has done before anything of
//! theirs is done.

use super::head;
use crate::{
    db,
    domain::{
        CampaignId, Code, Detail, Refusal,
        campaign::Campaign,
        campaign_sum::RuleChange,
        campaign_version::{Target, Version},
    },
    http::problem::Problem,
    web::{form::Form, staff_page::StaffVisitor, text::Texts},
};

/// The field that carries the version from the page to the press.
const VERSION: &str = "version";

/// The campaign as the page that was pressed showed it.
///
/// # Errors
/// `invalid_field` for a form that is none of ours.
pub(super) fn target(form: &Form, campaign_id: CampaignId) -> Result<Target, Problem> {
    let seen: Option<Version> = form.value(VERSION);
    if seen.is_none() {
        return Err(Refusal::field(VERSION, Detail::Empty).into());
    }
    Ok(Target { campaign_id, seen, doses: form.value("doses") })
}

/// What has become of the campaign since the page was opened.
///
/// # Errors
/// The database's.
pub(super) async fn changes(
    visitor: &StaffVisitor,
    now: &Campaign,
    seen: Version,
) -> Result<Vec<String>, Problem> {
    let (t, current) = (visitor.t(), Version::of(now));
    let mut said = Vec::new();
    if current.state != seen.state {
        said.push(t.admin_changed_state(head::state(t, now.state).0));
    }
    let (names, settings) = current.differs(seen);
    if names {
        said.push(t.admin_changed_name(t.name(&now.name)));
    }
    if settings {
        let (opens, closes) =
            (t.instant(now.opens_at, now.zone), t.instant(now.closes_at, now.zone));
        said.push(t.admin_changed_settings(&opens, &closes));
    }
    let rules = rules(visitor, t, now, seen).await?;
    if rules.is_empty() && current.rule_version != seen.rule_version && !settings {
        said.push(t.admin_changed_products().to_owned());
    }
    said.extend(rules);
    if said.is_empty() {
        said.push(t.admin_changed_doses().to_owned());
    }
    Ok(said)
}

async fn rules(
    visitor: &StaffVisitor,
    t: Texts,
    now: &Campaign,
    seen: Version,
) -> Result<Vec<String>, Problem> {
    let db = &visitor.visit.app.db.read;
    let found = db::campaign_sum::changes(db, now.campaign_id, seen.rule_version).await?;
    let say = |change: &RuleChange| {
        let name = t.name(&change.name);
        match (change.is_cohort, change.is_added) {
            (true, true) => t.admin_changed_cohort_added(name),
            (true, false) => t.admin_changed_cohort_ended(name),
            (false, true) => t.admin_changed_tranche_added(name),
            (false, false) => t.admin_changed_tranche_ended(name),
        }
    };
    Ok(found.iter().map(say).collect())
}

/// What stopped a press: another administrator, or what was typed.
pub(super) enum Stopped {
    /// The campaign as it is, and what has become of it.
    Changed(Box<Campaign>, Vec<String>),
    /// A refusal to be said on the page.
    Refused(Problem),
}

/// # Errors
/// The database's.
pub(super) async fn stopped(
    visitor: &StaffVisitor,
    target: Target,
    problem: Problem,
) -> Result<Stopped, Problem> {
    let Some(seen) = target.seen.filter(|_| problem.refusal.code == Code::ChangedMeanwhile) else {
        return Ok(Stopped::Refused(problem));
    };
    let now = head::find(visitor, target.campaign_id).await?;
    let changes = changes(visitor, &now, seen).await?;
    Ok(Stopped::Changed(Box::new(now), changes))
}
