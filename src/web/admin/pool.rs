//! Doses above the clinic: the pools of a campaign, and one of them with its lines of the journal.

use std::collections::HashMap;

use actix_web::HttpResponse;
use serde::Deserialize;

use super::{
    block::{Block, Cell, Form, Look, Page, Table, choice, select},
    clinic,
};
use crate::{
    db,
    domain::{
        AllocationId, CampaignId, PoolId, ProductId, Refusal, RegionId,
        allocation::ClinicDay,
        campaign::{Campaign, State},
        journal::Position,
        localized::Localized,
        movement::{Entry, Kind},
        pool::Pool,
        product::Product,
        whereabouts::NamedPool,
    },
    http::{
        extract::{Path, Query},
        problem::Problem,
        state::App,
    },
    web::{staff_guard::AdministratorVisitor, text::Texts},
};

/// More than any service has.
const ALL: i64 = 1_000;
/// Pools of a campaign: those of the nation, its provinces and districts, for some vaccines.
const POOLS_MAX: i64 = 5_000;
/// Lines of the journal on the page of a pool.
const LINES: i64 = 200;

/// A path that names one of them.
#[derive(Deserialize)]
pub struct OfPool {
    pub pool_id: PoolId,
}

#[derive(Deserialize)]
pub struct OfCampaign {
    campaign: Option<CampaignId>,
}

/// A pool with the names of what it belongs to.
pub(super) struct Known {
    pub pool: Pool,
    pub all: Vec<NamedPool>,
    pub campaign: Campaign,
    pub product: Product,
}

impl Known {
    /// # Errors
    /// `not_found`.
    pub(super) async fn find(app: &App, pool_id: PoolId) -> Result<Self, Problem> {
        let missing = || Problem::from(Refusal::not_found());
        let all = db::pool::named(&app.db.read, &[pool_id]).await?;
        let pool = all.iter().find(|one| one.pool.pool_id == pool_id).ok_or_else(missing)?;
        let pool = pool.pool.clone();
        let campaign = db::campaign::find(&app.db.read, pool.campaign_id).await?;
        let products = db::product::list(&app.db.read, ProductId(0), ALL).await?;
        let product = products.into_iter().find(|one| one.product_id == pool.product_id);
        let (campaign, product) = (campaign.ok_or_else(missing)?, product.ok_or_else(missing)?);
        Ok(Self { pool, all, campaign, product })
    }

    pub(super) fn name(&self, t: Texts) -> String {
        self.name_of(t, self.pool.pool_id)
    }

    pub(super) fn name_of(&self, t: Texts, pool_id: PoolId) -> String {
        let named = self.all.iter().find(|one| one.pool.pool_id == pool_id);
        named.map_or_else(|| pool_id.to_string(), |one| place(t, one.name.as_ref()))
    }

    /// Pools right above, right below and beside.
    pub(super) fn beside(&self) -> Vec<&Pool> {
        let own = &self.pool;
        let is_beside = |pool: &&Pool| {
            pool.pool_id != own.pool_id
                && (Some(pool.pool_id) == own.parent_id
                    || pool.parent_id == Some(own.pool_id)
                    || (own.parent_id.is_some() && pool.parent_id == own.parent_id))
        };
        self.all.iter().map(|one| &one.pool).filter(is_beside).collect()
    }
}

/// What a pool is called: by its region.
fn place(t: Texts, name: Option<&Localized>) -> String {
    name.map_or_else(|| t.pool_of_nation().to_owned(), |name| t.name(name).to_owned())
}

pub(super) fn path(pool_id: PoolId) -> String {
    format!("/admin/pools/{pool_id}")
}

/// The pools of a campaign, or of the newest that is not closed.
///
/// # Errors
/// Those of the database.
pub async fn get_pools(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(OfCampaign { campaign }): Query<OfCampaign>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let campaigns = db::campaign::list(&app.db.read, CampaignId(0), ALL).await?;
    let back = campaign.map_or_else(String::new, |id| format!("/admin/campaigns/{id}"));
    let mut page = Page::new(t.pools_title(), back);
    let Some(chosen) = chosen(&campaigns, campaign) else {
        page.text(t.pools_no_campaign());
        return page.show(&visitor);
    };
    page.add(Block::Form(choose(t, &campaigns, chosen.campaign_id, "/admin/pools")));
    let pools =
        db::pool::list(&app.db.read, Some(chosen.campaign_id), PoolId(0), POOLS_MAX).await?;
    let products = db::product::list(&app.db.read, ProductId(0), ALL).await?;
    let regions = db::region::list(&app.db.read, RegionId(0), i64::MAX).await?;
    let names: HashMap<_, _> =
        regions.into_iter().map(|region| (region.region_id, region.name)).collect();
    let mut given: Vec<_> = pools.iter().map(|pool| pool.product_id).collect();
    given.sort_unstable_by_key(|id| id.0);
    given.dedup();
    for product in products.iter().filter(|one| given.contains(&one.product_id)) {
        page.heading(t.name(&product.name));
        let of: Vec<_> =
            pools.iter().filter(|pool| pool.product_id == product.product_id).collect();
        page.add(Block::Table(table(t, &of, &names)));
    }
    let new = format!("/admin/pools/new?campaign={}", chosen.campaign_id);
    let new = vec![(new, t.pool_new().to_owned())];
    match pools.is_empty() {
        true => page.text(t.pools_none()).add(Block::Links(new)),
        false => page.add(Block::Ways(new)),
    };
    page.show(&visitor)
}

/// The campaign that is asked for; else the newest that is not closed, else the newest.
pub(super) fn chosen(campaigns: &[Campaign], asked: Option<CampaignId>) -> Option<&Campaign> {
    let asked = asked.and_then(|id| campaigns.iter().find(|one| one.campaign_id == id));
    let live = || campaigns.iter().rev().find(|one| one.state != State::Closed);
    asked.or_else(live).or_else(|| campaigns.last())
}

/// The form that leads to the page of another campaign.
pub(super) fn choose(t: Texts, campaigns: &[Campaign], chosen: CampaignId, to: &str) -> Form {
    let choices = campaigns.iter().rev();
    let choices = choices.map(|one| choice(one.campaign_id, t.name(&one.name))).collect();
    let field = select("campaign", t.admin_campaign(), choices, chosen);
    let buttons = vec![("", t.admin_show().to_owned(), Look::Quiet)];
    Form { asks: true, buttons, ..Form::new(to, t.admin_show()) }.field(field)
}

/// Above each other: a pool is followed by those below it.
fn table(t: Texts, pools: &[&Pool], names: &HashMap<RegionId, Localized>) -> Table {
    let numbers = [t.pool_received(), t.pool_open(), t.pool_passed_on(), t.pool_lost()];
    let mut table = Table::new("pools", t.pools_of(), &[t.pool_place()], &numbers);
    let mut order: Vec<(usize, &Pool)> = Vec::new();
    below(pools, None, 0, &mut order);
    table.rows = order
        .into_iter()
        .map(|(depth, pool)| {
            let name = place(t, pool.region_id.and_then(|id| names.get(&id)));
            let name = format!("{}{name}", "› ".repeat(depth));
            let numbers = [pool.received, pool.open, pool.passed_on, pool.lost];
            let numbers = numbers.into_iter().map(|number| Cell::Number(t.count(number)));
            std::iter::once(Cell::Link(path(pool.pool_id), name)).chain(numbers).collect()
        })
        .collect();
    table
}

fn below<'a>(
    pools: &[&'a Pool],
    parent: Option<PoolId>,
    depth: usize,
    order: &mut Vec<(usize, &'a Pool)>,
) {
    // As deep as there are levels of regions, so that a ring of parents ends.
    if depth > 3 {
        return;
    }
    for pool in pools.iter().filter(|pool| pool.parent_id == parent) {
        order.push((depth, pool));
        below(pools, Some(pool.pool_id), depth + 1, order);
    }
}

/// One pool.
///
/// # Errors
/// `not_found`.
pub async fn get_pool(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfPool { pool_id }): Path<OfPool>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let known = Known::find(app, pool_id).await?;
    let pool = &known.pool;
    let back = format!("/admin/pools?campaign={}", pool.campaign_id);
    let mut page = Page::new(t.pool_title(&known.name(t), t.name(&known.product.name)), back);
    page.text(t.name(&known.campaign.name));
    page.add(Block::Figures(vec![
        (t.pool_open().to_owned(), t.count(pool.open)),
        (t.pool_received().to_owned(), t.count(pool.received)),
        (t.pool_passed_on().to_owned(), t.count(pool.passed_on)),
        (t.pool_lost().to_owned(), t.count(pool.lost)),
    ]));
    let to = |press: &str, label: &str| (format!("{}/{press}", path(pool_id)), label.to_owned());
    let mut links = vec![to("split", t.split_title())];
    if pool.parent_id.is_none() {
        // What is empty is filled first.
        let at = if pool.open == 0 { 0 } else { 1 };
        links.insert(at, to("receive", t.pool_receive()));
    }
    links.push(to("transfer", t.pool_transfer()));
    links.push(to("lose", t.pool_lose()));
    links.push(to("below", t.pool_below()));
    page.add(Block::Links(links));
    let filter = db::movement::Filter {
        campaign_id: None,
        allocation_id: None,
        pool_id: Some(pool_id),
        after: Position { tx: 0, id: 0 },
    };
    let lines = db::movement::list(&app.db.read, &filter, LINES).await?;
    if lines.is_empty() {
        page.text(t.pool_no_lines());
    } else {
        let ids: Vec<_> = lines.iter().filter_map(|entry| entry.movement.allocation_id).collect();
        let days = db::allocation::days(&app.db.read, &ids).await?.into_iter().collect();
        page.add(Block::Table(journal(t, &known, &lines, &days)));
    }
    page.show(&visitor)
}

/// The clinics and days of what lines are about.
type Days = HashMap<AllocationId, ClinicDay>;

fn journal(t: Texts, known: &Known, lines: &[Entry], days: &Days) -> Table {
    let words = [t.pool_when(), t.pool_what(), t.pool_with(), t.pool_why()];
    let mut table = Table::new("lines", t.pool_lines(), &words, &[t.doses_column()]);
    table.head.push((t.line_correct().to_owned(), false));
    let row = |entry: &Entry| {
        let line = &entry.movement;
        let is_out = line.from_pool_id == Some(known.pool.pool_id);
        let other = if is_out { line.to_pool_id } else { line.from_pool_id };
        let other = other.filter(|id| *id != known.pool.pool_id);
        let day = line.allocation_id.and_then(|id| days.get(&id));
        let other = match (day, other) {
            (Some(day), _) => clinic_day(t, day),
            (None, Some(id)) => Cell::Link(path(id), known.name_of(t, id)),
            (None, None) => Cell::Text(String::new()),
        };
        let sign = if is_out { "−" } else { "+" };
        let at = format!("{}/lines/{}", path(known.pool.pool_id), entry.position);
        let correct = match is_correctable(line.kind) {
            true => Cell::Link(at, t.pool_take_back().to_owned()),
            false => Cell::Text(String::new()),
        };
        vec![
            Cell::Text(t.instant(entry.at, known.campaign.zone)),
            Cell::Text(kind(t, line.kind).to_owned()),
            other,
            Cell::Text(line.reason.clone().unwrap_or_default()),
            Cell::Number(format!("{sign}{}", t.count(line.doses))),
            correct,
        ]
    };
    table.rows = lines.iter().rev().map(row).collect();
    table
}

/// Where doses of a clinic are: there, and on which day.
fn clinic_day(t: Texts, day: &ClinicDay) -> Cell {
    let name = format!("{}, {}", t.name(&day.clinic), t.date(day.on_date));
    Cell::Link(clinic::path(day.clinic_id), name)
}

pub(super) fn is_correctable(kind: Kind) -> bool {
    matches!(kind, Kind::Receive | Kind::PassOn | Kind::SendBack | Kind::Lose)
}

/// What a line above the clinic did.
pub(super) fn kind(t: Texts, kind: Kind) -> &'static str {
    match kind {
        Kind::Receive => t.line_receive(),
        Kind::PassOn => t.line_pass_on(),
        Kind::Grant => t.line_grant(),
        Kind::Retract => t.line_retract(),
        Kind::Lose => t.line_lose(),
        Kind::SendBack => t.line_send_back(),
        Kind::CorrectReceipt | Kind::CorrectLoss => t.line_correct(),
        _ => t.line_other(),
    }
}
