//! Who may book: the cohorts of a campaign, one added or ended at a time.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use super::{
    end::End,
    head::{Head, InCampaign, find, path, said},
    list_form::{Shown, ended, pressed},
    version,
};
use crate::{
    db,
    domain::{
        CampaignId, CohortId, Refusal, RegionId, RosterId,
        campaign::Campaign,
        cohort::{Cohort, NewCohort},
        region::Region,
        roster::Roster,
    },
    flows,
    http::{extract::Path, problem::Problem},
    web::{
        admin::field::{self, NAME},
        form::{FieldError, Form, Reader},
        part::{Choice, Select, TextField},
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

const COHORTS_MAX: i64 = 500;
const REGIONS_MAX: i64 = 2_000;
const ROSTERS_MAX: i64 = 1_000;
const NAME_CHARS_MAX: usize = 200;
const FIELDS: [&str; 6] = ["name_ko", "name_en", "born_from", "born_to", "region_id", "roster_id"];

#[derive(Template)]
#[template(path = "admin/campaign/cohorts.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    errors: Vec<FieldError>,
    changes: Vec<String>,
    is_over: bool,
    /// Name, who is meant, where it is ended.
    cohorts: Vec<(String, String, String)>,
    names: [TextField; 2],
    born: [TextField; 2],
    region: Select,
    roster: Select,
}

#[derive(Clone, Copy, Deserialize)]
pub struct OneCohort {
    campaign_id: CampaignId,
    cohort_id: CohortId,
}

/// What cohorts name.
struct Known {
    cohorts: Vec<Cohort>,
    regions: Vec<Region>,
    rosters: Vec<Roster>,
}

/// # Errors
/// `not_found`.
pub async fn get_cohorts(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let campaign = find(&visitor, campaign_id).await?;
    let known = known(&visitor, campaign_id).await?;
    visitor.show(&page(&visitor, Shown::opened(campaign), &known, &Form::default()))
}

/// Adds one.
///
/// # Errors
/// `not_found`; what was typed wrongly is said on the page.
pub async fn post_cohort(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let target = version::target(&form, campaign_id)?;
    let mut reader = Reader::new(&form, t);
    let new = read(&mut reader, t);
    let added = match new {
        Some(new) => Some(flows::rules::add_cohort(&visitor.visit.app.db, target, new).await),
        None => None,
    };
    match pressed(&visitor, target, (reader, &FIELDS), added).await? {
        Ok(added) => {
            let text = t.admin_cohort_added(t.name(&added.rule.name));
            let done = said(t, &text, added.is_settled);
            visitor.done(&format!("{}/cohorts", path(campaign_id)), done)
        }
        Err(shown) => {
            let known = known(&visitor, campaign_id).await?;
            let status = shown.status;
            visitor.show_as(status, &page(&visitor, shown, &known, &form))
        }
    }
}

/// Asks whether to end one.
///
/// # Errors
/// `not_found`.
pub async fn get_end(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneCohort>,
) -> Result<HttpResponse, Problem> {
    let campaign = find(&visitor, at.campaign_id).await?;
    let page = end(&visitor, &campaign, at).await?.ok_or_else(Refusal::not_found)?;
    visitor.show(&page)
}

/// Ends one.
///
/// # Errors
/// `not_found`.
pub async fn post_end(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneCohort>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let target = version::target(&form, at.campaign_id)?;
    let list = format!("{}/cohorts", path(at.campaign_id));
    let db = &visitor.visit.app.db;
    let done = flows::rules::end_cohort(db, target, at.cohort_id).await;
    let text = (list.as_str(), t.admin_cohort_ended());
    ended(&visitor, target, done, text, async |now| end(&visitor, &now, at).await).await
}

async fn end<'a>(
    visitor: &'a StaffVisitor,
    campaign: &Campaign,
    at: OneCohort,
) -> Result<Option<End<'a>>, Problem> {
    let t = visitor.t();
    let known = known(visitor, at.campaign_id).await?;
    let found = known.cohorts.iter().find(|cohort| cohort.cohort_id == at.cohort_id);
    let back = format!("{}/cohorts", path(at.campaign_id));
    Ok(found.map(|cohort| End {
        t,
        staff: visitor.frame(),
        head: Head::new(t, campaign),
        changes: Vec::new(),
        heading: t.admin_end_cohort(t.name(&cohort.name)),
        what: meant(t, cohort, &known),
        consequence: t.admin_end_cohort_then(),
        action: format!("{back}/{}/end", at.cohort_id),
        back,
    }))
}

async fn known(visitor: &StaffVisitor, campaign_id: CampaignId) -> Result<Known, Problem> {
    let db = &visitor.visit.app.db.read;
    Ok(Known {
        cohorts: db::cohort::list(db, campaign_id, CohortId(0), COHORTS_MAX).await?,
        regions: db::region::list(db, RegionId(0), REGIONS_MAX).await?,
        rosters: db::roster::list(db, RosterId(0), ROSTERS_MAX).await?,
    })
}

fn page<'a>(visitor: &'a StaffVisitor, shown: Shown, known: &Known, form: &Form) -> Page<'a> {
    let t = visitor.t();
    let Shown { campaign, errors, changes, .. } = shown;
    let head = Head::new(t, &campaign);
    let row = |cohort: &Cohort| {
        let end = format!("{}/cohorts/{}/end", head.path, cohort.cohort_id);
        (t.whole(t.name(&cohort.name)), meant(t, cohort, known), end)
    };
    let born = [
        field::text("born_from", t.admin_born_from(), form).hint(t.admin_born_hint()),
        field::text("born_to", t.admin_born_to(), form).hint(t.admin_born_hint()),
    ];
    Page {
        t,
        staff: visitor.frame(),
        errors,
        changes,
        is_over: campaign.clone().unless_closed().is_err(),
        cohorts: known.cohorts.iter().map(row).collect(),
        names: NAME.fields(t, (t.admin_name_ko().into(), t.admin_name_en().into()), form),
        born,
        region: region_field(t, known, form),
        roster: roster_field(t, known, form),
        head,
    }
}

/// Provinces with their districts under them.
fn region_field(t: Texts, known: &Known, form: &Form) -> Select {
    let choice = |region: &Region| Choice {
        value: region.region_id.to_string(),
        label: t.name(&region.name).to_owned().into(),
        hint: "".into(),
    };
    let none =
        Choice { value: String::new(), label: t.admin_every_region().into(), hint: "".into() };
    let mut groups = vec![(String::new(), vec![none])];
    for province in known.regions.iter().filter(|region| region.parent_id.is_none()) {
        let inside = known.regions.iter().filter(|one| one.parent_id == Some(province.region_id));
        let all = std::iter::once(choice(province)).chain(inside.map(choice));
        groups.push((t.name(&province.name).to_owned(), all.collect()));
    }
    Select {
        id: "region_id",
        label: t.home_region().into(),
        hint: t.home_region_hint().into(),
        groups,
        chosen: form.text("region_id").to_owned(),
    }
}

fn roster_field(t: Texts, known: &Known, form: &Form) -> Select {
    let none = Choice { value: String::new(), label: t.admin_no_roster().into(), hint: "".into() };
    let choice = |roster: &Roster| Choice {
        value: roster.roster_id.to_string(),
        label: format!("{} ({})", roster.name, roster.code).into(),
        hint: "".into(),
    };
    let all = std::iter::once(none).chain(known.rosters.iter().map(choice));
    Select {
        id: "roster_id",
        label: t.admin_roster().into(),
        hint: t.admin_roster_hint().into(),
        groups: vec![(String::new(), all.collect())],
        chosen: form.text("roster_id").to_owned(),
    }
}

/// Whom a cohort means, in words.
fn meant(t: Texts, cohort: &Cohort, known: &Known) -> String {
    let day = |date| words::calendar_day(t.language(), date);
    let mut said = Vec::new();
    match (cohort.born_from, cohort.born_to) {
        (Some(from), Some(to)) => said.push(t.born_between(&day(from), &day(to))),
        (Some(from), None) => said.push(t.born_since(&day(from))),
        (None, Some(to)) => said.push(t.born_until(&day(to))),
        (None, None) => {}
    }
    let region =
        cohort.region_id.and_then(|id| known.regions.iter().find(|region| region.region_id == id));
    said.extend(region.map(|region| t.living_in(t.name(&region.name))));
    let roster =
        cohort.roster_id.and_then(|id| known.rosters.iter().find(|roster| roster.roster_id == id));
    said.extend(roster.map(|roster| t.admin_on_roster(&roster.name)));
    said.join("; ")
}

fn read(reader: &mut Reader<'_>, t: Texts) -> Option<NewCohort> {
    let name = NAME.read(reader, t, NAME_CHARS_MAX);
    let born_from = field::optional_day(reader, t, "born_from");
    let born_to = field::optional_day(reader, t, "born_to");
    let region_id: Option<RegionId> = reader.form.value("region_id");
    let roster_id: Option<RosterId> = reader.form.value("roster_id");
    let (born_from, born_to) = (born_from?, born_to?);
    if born_from.is_none() && born_to.is_none() && region_id.is_none() && roster_id.is_none() {
        return reader.fault("born_from", t.admin_names_nobody());
    }
    Some(NewCohort { name: name?, born_from, born_to, roster_id, region_id })
}
