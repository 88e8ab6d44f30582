//! The journal of doses: filtered, a page at a time, and as a file.

pub mod export;
pub mod filter;

use actix_web::{HttpResponse, web::ServiceConfig};
use askama::Template;
use chrono_tz::Tz;

use self::filter::{Wanted, kind_name};
use crate::{
    db,
    domain::{
        CampaignId,
        actor::Actor,
        journal_line::JournalLine,
        movement::{Bucket, Kind},
    },
    http::{
        admission::{self, Admitted},
        extract::Query,
        problem::Problem,
        route::get,
    },
    web::{
        admin::moment::when_in,
        form::FieldError,
        part::{Choice, Select, Step, TextField},
        route::both,
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
};

const PAGE_ROWS: i64 = 100;
const CAMPAIGNS_MAX: i64 = 500;

pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(both("/admin/journal").route(get().to(get_journal)))
        .service(both("/admin/journal.csv").route(get().to(export::get_csv)))
        .service(both("/admin/journal.ndjson").route(get().to(export::get_ndjson)));
}

#[derive(Template)]
#[template(path = "admin/journal.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    campaign: Select,
    kind: Select,
    fields: Vec<TextField>,
    lines: Vec<Line>,
    next: Option<Step>,
    csv: String,
    ndjson: String,
    /// By whose clock times are told.
    zone: String,
}

struct Line {
    when: String,
    what: &'static str,
    way: String,
    doses: String,
    place: String,
    product: String,
    who: String,
    reason: String,
    id: String,
    corrects: Option<String>,
}

/// Newest first.
///
/// # Errors
/// `overloaded`.
pub async fn get_journal(
    _: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let zone = wanted.zone(&visitor).await?;
    let (filter, errors) = wanted.filter(&visitor, zone).await?;
    let lines = match errors.is_empty() {
        true => db::journal::list(&app.db.read, &filter, PAGE_ROWS).await?,
        false => Vec::new(),
    };
    let is_full = i64::try_from(lines.len()) == Ok(PAGE_ROWS);
    let last = lines.last().filter(|_| is_full).map(|line| line.entry.position.to_string());
    let to = |path: &str| visitor.visit.frame().to(path);
    let next = last.map(|before| Step {
        href: to(&format!("/admin/journal?{}", wanted.query(Some(&before)))),
        label: t.admin_older().to_owned(),
    });
    let page = Page {
        t,
        staff: visitor.frame(),
        errors,
        campaign: campaigns(&visitor, &wanted).await?,
        kind: kinds(t, &wanted),
        fields: wanted.fields(t),
        lines: lines.iter().map(|line| shown(t, zone, line)).collect(),
        next,
        csv: to(&format!("/admin/journal.csv?{}", wanted.query(None))),
        ndjson: to(&format!("/admin/journal.ndjson?{}", wanted.query(None))),
        zone: t.admin_times_in(zone.name()),
    };
    visitor.show(&page)
}

async fn campaigns(visitor: &StaffVisitor, wanted: &Wanted) -> Result<Select, Problem> {
    let (t, db) = (visitor.t(), &visitor.visit.app.db.read);
    let all = db::campaign::list(db, CampaignId(0), CAMPAIGNS_MAX).await?;
    let known = all.iter().rev().map(|campaign| Choice {
        value: campaign.campaign_id.to_string(),
        label: t.name(&campaign.name).to_owned().into(),
        hint: "".into(),
    });
    let none =
        Choice { value: String::new(), label: t.journal_all_campaigns().into(), hint: "".into() };
    Ok(Select {
        id: "campaign",
        label: t.admin_campaign().into(),
        hint: "".into(),
        groups: vec![(String::new(), std::iter::once(none).chain(known).collect())],
        chosen: wanted.campaign.clone(),
    })
}

fn kinds(t: Texts, wanted: &Wanted) -> Select {
    let known = Kind::ALL.iter().map(|&kind| Choice {
        value: kind.number().to_string(),
        label: kind_name(t, kind).into(),
        hint: "".into(),
    });
    let none =
        Choice { value: String::new(), label: t.journal_all_kinds().into(), hint: "".into() };
    Select {
        id: "kind",
        label: t.journal_kind().into(),
        hint: "".into(),
        groups: vec![(String::new(), std::iter::once(none).chain(known).collect())],
        chosen: wanted.kind.clone(),
    }
}

fn shown(t: Texts, zone: Tz, line: &JournalLine) -> Line {
    let movement = &line.entry.movement;
    let place = match (&line.clinic_code, line.on_date) {
        (Some(code), Some(on)) => format!("{code}, {on}"),
        _ => {
            let pools = [movement.from_pool_id, movement.to_pool_id].into_iter().flatten();
            let pools: Vec<_> = pools.map(|id| t.journal_pool(&id.to_string())).collect();
            pools.join(" → ")
        }
    };
    Line {
        when: when_in(zone, line.entry.at),
        what: kind_name(t, movement.kind),
        way: format!("{} → {}", bucket(t, movement.from), bucket(t, movement.to)),
        doses: t.count(movement.doses),
        place,
        product: t.name(&line.product).to_owned(),
        who: who(t, line),
        reason: movement.reason.clone().unwrap_or_default(),
        id: line.entry.position.to_string(),
        corrects: line.entry.corrects.map(|of| of.to_string()),
    }
}

fn who(t: Texts, line: &JournalLine) -> String {
    let role = match line.entry.movement.actor {
        Actor::Citizen => t.journal_citizen(),
        Actor::Staff(_) => t.journal_staff(),
        Actor::Administrator(_) => t.journal_administrator(),
        Actor::Service => t.journal_service(),
        Actor::CallCentre(_) => t.journal_call_centre(),
    };
    match &line.username {
        Some(name) => format!("{name} ({role})"),
        None => role.to_owned(),
    }
}

fn bucket(t: Texts, bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Outside => t.bucket_outside(),
        Bucket::Open => t.bucket_open(),
        Bucket::Held => t.bucket_held(),
        Bucket::Booked => t.bucket_booked(),
        Bucket::Spare => t.bucket_spare(),
        Bucket::Given => t.bucket_given(),
        Bucket::Lost => t.bucket_lost(),
        Bucket::Pool => t.bucket_pool(),
    }
}
