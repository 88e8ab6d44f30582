//! How the doses of a campaign stand, in pictures with their tables: what is left day by day, by
//! region, on the map; and what was wasted or waited for in vain. Each table is a file too.

use std::collections::HashMap;

use actix_web::HttpResponse;
use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;

use super::{
    block::{Block, Cell, Page, Table},
    pool::{choose, chosen},
    sheet,
};
use crate::{
    board::snapshot::{RegionSupply, Snapshot, Supply},
    db,
    domain::{
        CampaignId, ClinicId, Refusal, RegionId, calendar::local_date, outcome::Outcomes,
        supply::Buckets,
    },
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        problem::Problem,
    },
    web::{
        draw::burn_down::{self, Point, Words},
        part::Bar,
        staff_guard::AdministratorVisitor,
        supply::{map, tally::Tally},
        text::Texts,
    },
    words,
};

const ALL: i64 = 1_000;

#[derive(Deserialize)]
pub struct OfCampaign {
    campaign: Option<CampaignId>,
}

/// A table of the page, as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum File {
    #[serde(rename = "days.csv")]
    Days,
    #[serde(rename = "regions.csv")]
    Regions,
}

#[derive(Deserialize)]
pub struct OfFile {
    campaign_id: CampaignId,
    file: File,
}

/// A day, with what is left at its end.
struct DayLine {
    date: NaiveDate,
    doses: Buckets,
    planned: i64,
    left: Option<i64>,
}

/// A region with what became of its bookings.
struct RegionLine {
    region_id: RegionId,
    name: String,
    is_province: bool,
    doses: Buckets,
    free: i64,
    /// None where they were not counted.
    outcomes: Option<Outcomes>,
}

/// # Errors
/// Those of the database.
pub async fn get_supply(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(OfCampaign { campaign }): Query<OfCampaign>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let campaigns = db::campaign::list(&app.db.read, CampaignId(0), ALL).await?;
    let mut page = Page::new(t.nav_supply(), "");
    let Some(one) = chosen(&campaigns, campaign) else {
        page.text(t.pools_no_campaign());
        return page.show(&visitor);
    };
    page.add(Block::Form(choose(t, &campaigns, one.campaign_id, "/admin/supply")));
    let snapshot = app.board.now();
    let Some(published) = snapshot.supplies.get(&one.campaign_id) else {
        page.text(t.picture_not_public());
        return page.show(&visitor);
    };
    let supply = &published.supply;
    let tally = Tally::new(&snapshot, one.campaign_id);
    // What is in memory is always shown; what reads every booking yields to those who book.
    let room = admission::admit::<admission::Export>(app);
    let counted = match &room {
        Ok(_permit) => Some(db::outcome::list(&app.db.read, one.campaign_id).await?),
        Err(_busy) => None,
    };
    drop(room);
    let regions = regions(t, (&snapshot, supply), &tally, counted);
    let provinces = regions.iter().filter(|one| one.is_province);
    let outcomes = provinces.map(|one| one.outcomes).sum::<Option<Outcomes>>();
    figures(t, &mut page, supply, outcomes);
    let days = days(visitor.visit.app.site.zone, supply);
    burn(t, &mut page, supply, &days);
    by_region(t, &mut page, supply, &regions);
    let (some, none) = (t.count(tally.clinics.with), t.count(tally.clinics.without));
    let about = t.map_about(&some, &none);
    page.heading(t.clinics());
    if let Some(map) = map::draw(&tally.dots, &[], t.map_title(), &about) {
        page.add(Block::Picture(map)).text(about);
    }
    page.add(Block::Table(clinics(t, &regions, &tally)));
    page.show(&visitor)
}

fn figures(t: Texts, page: &mut Page, supply: &Supply, outcomes: Option<Outcomes>) {
    let doses = &supply.totals;
    let used = doses.given + doses.lost;
    page.add(Block::Figures(vec![
        (t.dose_in_store().to_owned(), t.count(supply.held_back)),
        (t.dose_sum().to_owned(), t.count(doses.granted)),
        (t.dose_booked().to_owned(), t.count(doses.booked)),
        (t.dose_given().to_owned(), t.count(doses.given)),
        (t.picture_waste().to_owned(), share(t, doses.lost, used)),
        (t.picture_no_shows().to_owned(), no_shows(t, outcomes)),
    ]));
    page.text(t.picture_shares());
    if outcomes.is_none() {
        page.add(Block::Warning(t.picture_busy().to_owned()));
    }
}

fn no_shows(t: Texts, outcomes: Option<Outcomes>) -> String {
    let known = outcomes.map(|all| share(t, all.no_shows, all.expected()));
    known.unwrap_or_else(|| t.admin_not_counted().to_owned())
}

/// A share in percent with one place, or a dash of what there is nothing of.
fn share(t: Texts, part: i64, whole: i64) -> String {
    if whole <= 0 {
        return t.picture_none().to_owned();
    }
    let tenths = (i128::from(part) * 1_000 + i128::from(whole) / 2) / i128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn days(zone: Tz, supply: &Supply) -> Vec<DayLine> {
    let today = local_date(supply.as_of, zone);
    let (mut planned, mut left) = (supply.totals.granted, supply.totals.granted);
    let day = supply.by_day.iter().map(|day| {
        planned -= day.doses.granted;
        left -= day.doses.given + day.doses.lost;
        let is_known = day.date <= today;
        DayLine { date: day.date, doses: day.doses, planned, left: is_known.then_some(left) }
    });
    day.collect()
}

fn burn(t: Texts, page: &mut Page, supply: &Supply, days: &[DayLine]) {
    page.heading(t.picture_burn_down());
    if days.is_empty() {
        page.text(t.no_day());
        return;
    }
    let point = |day: &DayLine| Point {
        label: words::short_date(t.language(), day.date),
        planned: day.planned,
        left: day.left,
    };
    let points: Vec<_> = days.iter().map(point).collect();
    let words = Words {
        title: t.picture_burn_down(),
        about: t.picture_burn_about(),
        planned: t.picture_planned(),
        left: t.picture_left(),
    };
    if let Some(picture) = burn_down::draw(supply.totals.granted, &points, &words) {
        page.add(Block::Picture(picture));
    }
    let numbers = [
        t.picture_granted(),
        t.dose_booked(),
        t.dose_given(),
        t.dose_lost(),
        t.picture_planned(),
        t.picture_left(),
    ];
    let mut table = Table::new("days", t.picture_burn_about(), &[t.day_column()], &numbers);
    for day in days {
        let doses = &day.doses;
        let numbers = [doses.granted, doses.booked, doses.given, doses.lost, day.planned];
        let mut row = vec![Cell::Text(words::short_date(t.language(), day.date))];
        row.extend(numbers.map(|number| Cell::Number(t.count(number))));
        row.push(Cell::Number(day.left.map_or_else(String::new, |left| t.count(left))));
        table.rows.push(row);
    }
    page.add(Block::Table(table));
    let file = format!("/admin/supply/{}/days.csv", supply.campaign_id);
    page.add(Block::Links(vec![(file, t.picture_days_file().to_owned())]));
}

fn by_region(t: Texts, page: &mut Page, supply: &Supply, regions: &[RegionLine]) {
    page.heading(t.by_region());
    let numbers = [
        t.free_column(),
        t.picture_granted(),
        t.dose_booked(),
        t.dose_given(),
        t.picture_waste(),
        t.picture_no_shows(),
    ];
    let caption = t.picture_regions();
    let mut table = Table::new("regions", caption, &[t.region_column()], &numbers);
    for one in regions {
        let name = if one.is_province { one.name.clone() } else { format!("› {}", one.name) };
        let doses = &one.doses;
        table.rows.push(vec![
            Cell::Text(name),
            Cell::Bar(Bar { part: one.free, whole: doses.granted }),
            Cell::Number(t.count(doses.granted)),
            Cell::Number(t.count(doses.booked)),
            Cell::Number(t.count(doses.given)),
            Cell::Number(share(t, doses.lost, doses.given + doses.lost)),
            Cell::Number(no_shows(t, one.outcomes)),
        ]);
    }
    page.add(Block::Table(table));
    let file = format!("/admin/supply/{}/regions.csv", supply.campaign_id);
    page.add(Block::Links(vec![(file, t.picture_regions_file().to_owned())]));
}

fn clinics(t: Texts, regions: &[RegionLine], tally: &Tally) -> Table {
    let numbers = [t.with_doses_column(), t.without_column()];
    let mut table = Table::new("clinics", t.clinics_by_region(), &[t.region_column()], &numbers);
    for one in regions.iter().filter(|one| one.is_province) {
        let clinics = tally.clinics_by_region.get(&one.region_id).copied().unwrap_or_default();
        table.rows.push(vec![
            Cell::Text(one.name.clone()),
            Cell::Number(t.count(clinics.with)),
            Cell::Number(t.count(clinics.without)),
        ]);
    }
    table
}

/// Each province, followed by its districts.
fn regions(
    t: Texts,
    (snapshot, supply): (&Snapshot, &Supply),
    tally: &Tally,
    counted: Option<Vec<(ClinicId, Outcomes)>>,
) -> Vec<RegionLine> {
    let is_counted = counted.is_some();
    let mut outcomes: HashMap<RegionId, Outcomes> = HashMap::new();
    for (clinic_id, of_clinic) in counted.into_iter().flatten() {
        let Some(clinic) = snapshot.catalogue.clinic(clinic_id) else { continue };
        for &region_id in snapshot.catalogue.path(clinic.region_id) {
            let all = outcomes.entry(region_id).or_default();
            *all = [*all, of_clinic].into_iter().sum();
        }
    }
    let line = |region: &RegionSupply| RegionLine {
        region_id: region.region_id,
        name: name(t, region),
        is_province: region.parent_id.is_none(),
        doses: region.doses,
        free: tally.by_region.get(&region.region_id).copied().unwrap_or(0),
        outcomes: is_counted.then(|| outcomes.get(&region.region_id).copied().unwrap_or_default()),
    };
    let mut lines = Vec::new();
    for province in supply.by_region.iter().filter(|region| region.parent_id.is_none()) {
        lines.push(line(province));
        let inside = |region: &&RegionSupply| region.parent_id == Some(province.region_id);
        lines.extend(supply.by_region.iter().filter(inside).map(line));
    }
    lines
}

fn name(t: Texts, region: &RegionSupply) -> String {
    let own = if t.is_korean() { &region.name_ko } else { &region.name_en };
    own.as_ref().unwrap_or(&region.name).clone()
}

/// A table of the page as a file for spreadsheets.
///
/// # Errors
/// `not_found` for a campaign that is not public; `overloaded`.
pub async fn get_file(
    _: Admitted<admission::Export>,
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfFile { campaign_id, file }): Path<OfFile>,
) -> Result<HttpResponse, Problem> {
    let snapshot = visitor.visit.app.board.now();
    let published = snapshot.supplies.get(&campaign_id).ok_or_else(Refusal::not_found)?;
    let supply = &published.supply;
    let mut body = sheet::BYTE_ORDER_MARK.as_bytes().to_vec();
    let mut write = |cells: Vec<String>| {
        let line = sheet::line(cells.iter().map(String::as_str))?;
        body.extend(line);
        Ok::<_, Problem>(())
    };
    let of = |doses: &Buckets| {
        let Buckets { granted, open, held, booked, spare, given, lost } = *doses;
        [granted, open, held, booked, spare, given, lost].map(|number| number.to_string())
    };
    let buckets = ["granted", "open", "held", "booked", "spare", "given", "lost"];
    let head = |first: &[&str], last: &[&str]| {
        let all = first.iter().chain(&buckets).chain(last);
        all.map(|name| (*name).to_owned()).collect::<Vec<_>>()
    };
    let file_name = match file {
        File::Days => {
            write(head(&["date"], &["planned_left", "left"]))?;
            for day in days(visitor.visit.app.site.zone, supply) {
                let left = day.left.map_or_else(String::new, |left| left.to_string());
                let mut cells = vec![day.date.to_string()];
                cells.extend(of(&day.doses));
                cells.extend([day.planned.to_string(), left]);
                write(cells)?;
            }
            "days"
        }
        File::Regions => {
            let tally = Tally::new(&snapshot, campaign_id);
            let last = ["free", "no_shows", "not_vaccinated"];
            write(head(&["code", "name"], &last))?;
            let codes: HashMap<_, _> =
                supply.by_region.iter().map(|one| (one.region_id, one.code.clone())).collect();
            let db = &visitor.visit.app.db.read;
            let counted = db::outcome::list(db, campaign_id).await?;
            for one in regions(visitor.t(), (&snapshot, supply), &tally, Some(counted)) {
                let code = codes.get(&one.region_id).cloned().unwrap_or_default();
                let mut cells = vec![code, one.name];
                cells.extend(of(&one.doses));
                let Outcomes { no_shows, not_vaccinated, .. } = one.outcomes.unwrap_or_default();
                cells.extend([one.free, no_shows, not_vaccinated].map(|n| n.to_string()));
                write(cells)?;
            }
            "regions"
        }
    };
    let name = format!("supply-{campaign_id}-{file_name}.csv");
    Ok(sheet::attachment(&visitor, &name, body))
}
