//! Whose turn is when: the tranches of a campaign, one added or ended at a time.

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
        CampaignId, Refusal, TrancheId,
        campaign::Campaign,
        tranche::{NewTranche, Tranche},
    },
    flows,
    http::{extract::Path, problem::Problem},
    web::{
        admin::field::{self, NAME},
        form::{FieldError, Form, Reader},
        part::TextField,
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
};

const TRANCHES_MAX: i64 = 500;
const NAME_CHARS_MAX: usize = 100;
const FIELDS: [&str; 4] = ["name_ko", "name_en", "digits", "opens_at"];
/// The names of the boxes for the last digits of days of birth.
const DIGITS: [&str; 10] = [
    "digit_0", "digit_1", "digit_2", "digit_3", "digit_4", "digit_5", "digit_6", "digit_7",
    "digit_8", "digit_9",
];

#[derive(Template)]
#[template(path = "admin/campaign/tranches.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    errors: Vec<FieldError>,
    changes: Vec<String>,
    is_over: bool,
    /// Name, digits, from when, where it is ended.
    tranches: Vec<(String, String, String, String)>,
    /// Digits that are in no tranche, where there are tranches.
    without: Option<String>,
    names: [TextField; 2],
    digits: Vec<Digit>,
    opens_at: TextField,
    zone: String,
}

/// A box to tick.
struct Digit {
    name: &'static str,
    label: String,
    is_chosen: bool,
}

#[derive(Clone, Copy, Deserialize)]
pub struct OneTranche {
    campaign_id: CampaignId,
    tranche_id: TrancheId,
}

/// # Errors
/// `not_found`.
pub async fn get_tranches(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let campaign = find(&visitor, campaign_id).await?;
    let tranches = known(&visitor, campaign_id).await?;
    let opens_at = field::moment_text(campaign.opens_at, campaign.zone);
    let form = Form::of([("opens_at", opens_at)]);
    visitor.show(&page(&visitor, Shown::opened(campaign), &tranches, &form))
}

/// Adds one.
///
/// # Errors
/// `not_found`; what was typed wrongly is said on the page.
pub async fn post_tranche(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let target = version::target(&form, campaign_id)?;
    let campaign = find(&visitor, campaign_id).await?;
    let mut reader = Reader::new(&form, t);
    let new = read(&mut reader, t, &campaign);
    let added = match new {
        Some(new) => Some(flows::rules::add_tranche(&visitor.visit.app.db, target, new).await),
        None => None,
    };
    match pressed(&visitor, target, (reader, &FIELDS), added).await? {
        Ok(added) => {
            let text = t.admin_tranche_added(t.name(&added.rule.name));
            let done = said(t, &text, added.is_settled);
            visitor.done(&format!("{}/tranches", path(campaign_id)), done)
        }
        Err(shown) => {
            let tranches = known(&visitor, campaign_id).await?;
            let status = shown.status;
            visitor.show_as(status, &page(&visitor, shown, &tranches, &form))
        }
    }
}

/// Asks whether to end one.
///
/// # Errors
/// `not_found`.
pub async fn get_end(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneTranche>,
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
    Path(at): Path<OneTranche>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let target = version::target(&form, at.campaign_id)?;
    let list = format!("{}/tranches", path(at.campaign_id));
    let db = &visitor.visit.app.db;
    let done = flows::rules::end_tranche(db, target, at.tranche_id).await;
    let text = (list.as_str(), t.admin_tranche_ended());
    ended(&visitor, target, done, text, async |now| end(&visitor, &now, at).await).await
}

async fn end<'a>(
    visitor: &'a StaffVisitor,
    campaign: &Campaign,
    at: OneTranche,
) -> Result<Option<End<'a>>, Problem> {
    let t = visitor.t();
    let tranches = known(visitor, at.campaign_id).await?;
    let found = tranches.iter().find(|tranche| tranche.tranche_id == at.tranche_id);
    let back = format!("{}/tranches", path(at.campaign_id));
    Ok(found.map(|tranche| End {
        t,
        staff: visitor.frame(),
        head: Head::new(t, campaign),
        changes: Vec::new(),
        heading: t.admin_end_tranche(t.name(&tranche.name)),
        what: t.admin_digits(&digits(&tranche.birth_day_digits)),
        consequence: t.admin_end_tranche_then(),
        action: format!("{back}/{}/end", at.tranche_id),
        back,
    }))
}

async fn known(visitor: &StaffVisitor, campaign_id: CampaignId) -> Result<Vec<Tranche>, Problem> {
    let db = &visitor.visit.app.db.read;
    Ok(db::tranche::list(db, campaign_id, TrancheId(0), TRANCHES_MAX).await?)
}

fn digits(digits: &[i16]) -> String {
    digits.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}

fn page<'a>(
    visitor: &'a StaffVisitor,
    shown: Shown,
    tranches: &[Tranche],
    form: &Form,
) -> Page<'a> {
    let t = visitor.t();
    let Shown { campaign, errors, changes, .. } = shown;
    let head = Head::new(t, &campaign);
    let row = |tranche: &Tranche| {
        let end = format!("{}/tranches/{}/end", head.path, tranche.tranche_id);
        let from = t.instant(tranche.opens_at, campaign.zone);
        (t.whole(t.name(&tranche.name)), digits(&tranche.birth_day_digits), from, end)
    };
    let is_listed = |digit: &i16| tranches.iter().any(|one| one.birth_day_digits.contains(digit));
    let without: Vec<i16> = (0..=9).filter(|digit| !is_listed(digit)).collect();
    let is_some_missing = !tranches.is_empty() && !without.is_empty();
    let digit = |(digit, name): (i16, &'static str)| Digit {
        name,
        label: digit.to_string(),
        is_chosen: form.has(name),
    };
    Page {
        t,
        staff: visitor.frame(),
        errors,
        changes,
        is_over: campaign.clone().unless_closed().is_err(),
        tranches: tranches.iter().map(row).collect(),
        without: is_some_missing.then(|| t.admin_digits_without(&digits(&without))),
        names: NAME.fields(t, (t.admin_name_ko().into(), t.admin_name_en().into()), form),
        digits: (0..).zip(DIGITS).map(digit).collect(),
        opens_at: field::text("opens_at", t.admin_tranche_opens(), form)
            .hint(t.admin_moment_hint()),
        zone: t.admin_times_in(campaign.zone.name()),
        head,
    }
}

fn read(reader: &mut Reader<'_>, t: Texts, campaign: &Campaign) -> Option<NewTranche> {
    let name = NAME.read(reader, t, NAME_CHARS_MAX);
    let chosen = (0..).zip(DIGITS).filter(|(_, name)| reader.form.has(name));
    let birth_day_digits: Vec<i16> = chosen.map(|(digit, _)| digit).collect();
    if birth_day_digits.is_empty() {
        reader.fault::<()>("digits", t.admin_no_digit());
    }
    let opens_at = field::moment(reader, t, "opens_at", campaign.zone);
    let new = NewTranche { name: name?, birth_day_digits, opens_at: opens_at? };
    (!new.birth_day_digits.is_empty()).then_some(new)
}
