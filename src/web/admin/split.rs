//! Splitting a pool by a rule: what is asked for, what each would get, and doing just that.

use std::collections::HashMap;

use actix_web::HttpResponse;
use chrono::{Days, NaiveDate};
use serde_json::json;

use super::{
    block::{Block, Cell, Form as Asked, Look, Page, Table, choice, radios, select},
    pool::{Known, OfPool, path},
    sheet,
    typed::{KEY, REASON, Typed, keyed, mint, short, text},
};
use crate::{
    db,
    domain::{
        PoolId, Refusal, TrancheId,
        actor::{Actor, Cause},
        calendar::local_date,
        channel::Channel,
        localized::Localized,
        split::{Over, Rule},
        tranche::Tranche,
        vials::Vials,
    },
    flows::{
        self,
        split::{Preview, Wish},
    },
    http::{extract::Path, problem::Problem},
    web::{
        done::Done,
        form::Form,
        part::{Bar, Choice},
        staff_guard::AdministratorVisitor,
        staff_page::StaffVisitor,
        text::Texts,
    },
};

const OVER: &str = "over";
const BY: &str = "by";
const DOSES: &str = "doses";
const FROM: &str = "from_date";
const TO: &str = "to_date";
const CHANNEL: &str = "channel";
const TRANCHE: &str = "tranche_id";
const STATE: &str = "state";
/// The button that carries out what was shown.
const DO: &str = "carry_out";
/// The button that downloads it.
const FILE: &str = "file";
/// The button that goes back to the rule.
const AGAIN: &str = "again";
/// Clinics' days that a preview lists one by one; the file has all.
const CELLS_MAX: usize = 200;
const TRANCHES_MAX: i64 = 100;

/// The rule is asked for.
///
/// # Errors
/// `not_found`.
pub async fn get_split(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfPool { pool_id }): Path<OfPool>,
) -> Result<HttpResponse, Problem> {
    let app = &visitor.visit.app;
    let known = Known::find(app, pool_id).await?;
    let today = app.today();
    let first = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let opens = local_date(known.campaign.opens_at, known.campaign.zone).max(first);
    let last = opens.checked_add_days(Days::new(13)).unwrap_or(opens);
    let form = Form::of([
        (OVER, Over::Clinics.word().to_owned()),
        (BY, Rule::Population.word().to_owned()),
        (CHANNEL, Channel::default().number().to_string()),
        (FROM, opens.to_string()),
        (TO, last.to_string()),
    ]);
    asked(&visitor, &known, &form).await?.show(&visitor)
}

async fn asked(visitor: &StaffVisitor, known: &Known, form: &Form) -> Result<Page, Problem> {
    let t = visitor.t();
    let mut page = Page::new(t.split_title(), path(known.pool.pool_id));
    page.text(t.pool_holds(&known.name(t), &t.count(known.pool.open)));
    page.text(t.split_about());
    let over = Over::ALL.map(|over| choice(over.word(), over_word(t, over))).into();
    let by = Rule::ALL.map(|rule| choice(rule.word(), rule_word(t, rule))).into();
    let channels = Channel::ALL.map(|one| choice(one.number(), channel_word(t, one))).into();
    let vials = t.pool_whole_vials(&t.count(known.product.doses_per_vial));
    let action = format!("{}/split", path(known.pool.pool_id));
    let mut asked = Asked::new(action, t.split_preview())
        .field(radios(OVER, t.split_over(), over, form.text(OVER)))
        .field(radios(BY, t.split_by(), by, form.text(BY)))
        .field(short(DOSES, t.split_doses(), form).hint(vials))
        .field(text(FROM, t.split_from(), form).hint(t.split_day_hint()))
        .field(text(TO, t.split_to(), form).hint(t.split_day_hint()))
        .field(select(CHANNEL, t.split_channel(), channels, form.text(CHANNEL)));
    let tranches = tranches(visitor, known).await?;
    if !tranches.is_empty() {
        let everybody = std::iter::once(choice("", t.split_everybody()));
        let one = |one: &Tranche| choice(one.tranche_id, t.name(&one.name));
        let choices: Vec<Choice> = everybody.chain(tranches.iter().map(one)).collect();
        asked = asked.field(select(TRANCHE, t.split_tranche(), choices, form.text(TRANCHE)));
    }
    page.add(Block::Form(asked));
    Ok(page)
}

async fn tranches(visitor: &StaffVisitor, known: &Known) -> Result<Vec<Tranche>, Problem> {
    let (app, id) = (&visitor.visit.app, known.pool.campaign_id);
    Ok(db::tranche::list(&app.db.read, id, TrancheId(0), TRANCHES_MAX).await?)
}

/// Shows what each would get; by one button does it, by another gives it as a file.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_split(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(OfPool { pool_id }): Path<OfPool>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let known = Known::find(&visitor.visit.app, pool_id).await?;
    let mut typed = Typed::new(&form, visitor.t());
    let wish = wish(&mut typed, pool_id);
    if let Some(wish) = wish.filter(|_| !form.has(AGAIN)) {
        let answered = match (form.has(FILE), form.has(DO)) {
            (true, _) => file(&visitor, &wish, &mut typed).await?,
            (_, true) => carry_out(&visitor, &wish, &mut typed).await?,
            _ => None,
        };
        if let Some(response) = answered {
            return Ok(response);
        }
        // A reason that is missing is mended beside the preview; so is what has changed.
        let seen = flows::split::preview(&visitor.visit.app.db, &wish).await;
        if let Some(seen) = typed.done(seen)? {
            let (form, errors) = typed.again()?;
            let page = previewed(&visitor, &known, &wish, &seen, &form).await?;
            return Page { errors, ..page }.show(&visitor);
        }
    }
    let errors = typed.errors;
    let page = asked(&visitor, &known, &form).await?;
    Page { errors, ..page }.show(&visitor)
}

fn wish(typed: &mut Typed<'_>, pool_id: PoolId) -> Option<Wish> {
    let missing = |id| Refusal::field(id, crate::domain::Detail::ValueImpossible);
    let over = Over::named(typed.form.text(OVER)).or_else(|| typed.refused(&missing(OVER)));
    let rule = Rule::named(typed.form.text(BY)).or_else(|| typed.refused(&missing(BY)));
    let channel = typed.form.value(CHANNEL).and_then(Channel::of);
    let doses = match typed.form.text(DOSES).trim().is_empty() {
        true => Some(None),
        false => typed.number(DOSES, (1, Vials::DOSES_MAX)).map(Some),
    };
    let (from_date, to_date) = (typed.day(FROM), typed.day(TO));
    Some(Wish {
        pool_id,
        over: over?,
        rule: rule?,
        doses: doses?,
        from_date: from_date?,
        to_date: to_date?,
        channel: channel.unwrap_or_default(),
        tranche_id: typed.form.value(TRANCHE),
    })
}

async fn file(
    visitor: &StaffVisitor,
    wish: &Wish,
    typed: &mut Typed<'_>,
) -> Result<Option<HttpResponse>, Problem> {
    let file = typed.done(flows::split::file(&visitor.visit.app.db, wish).await)?;
    let name = format!("allocations-of-pool-{}.csv", wish.pool_id);
    Ok(file.map(|file| sheet::attachment(visitor, &name, file.into())))
}

async fn carry_out(
    visitor: &StaffVisitor,
    wish: &Wish,
    typed: &mut Typed<'_>,
) -> Result<Option<HttpResponse>, Problem> {
    let (t, by) = (visitor.t(), visitor.user.staff_user_id);
    let Some(reason) = typed.line::<500>(REASON) else { return Ok(None) };
    let state = typed.form.text(STATE).to_owned();
    let cause = Cause { actor: Actor::Administrator(by), reason: reason.clone().into() };
    let asked = json!(["page", "split", wish, state, reason]);
    let Some(keyed) = keyed(typed.form, by, &asked) else {
        return Ok(typed.refused(&Refusal::not_found()));
    };
    let done = flows::split::carry_out(&visitor.visit.app.db, wish, &state, &cause, &keyed).await;
    let Some(done) = typed.done(done)? else { return Ok(None) };
    let getting = done.shares.iter().filter(|share| share.doses > 0).count();
    let lines = if wish.over == Over::Clinics { done.allocations } else { getting };
    let lines = t.count(i64::try_from(lines).unwrap_or(i64::MAX));
    let said = t.split_done(&t.count(done.doses), &lines);
    visitor.done(&path(wish.pool_id), Done::well(said)).map(Some)
}

/// The page that shows what each would get.
async fn previewed(
    visitor: &StaffVisitor,
    known: &Known,
    wish: &Wish,
    seen: &Preview,
    form: &Form,
) -> Result<Page, Problem> {
    let t = visitor.t();
    let size = |number: usize| t.count(i64::try_from(number).unwrap_or(i64::MAX));
    let mut page = Page::new(t.split_title(), path(wish.pool_id));
    page.text(t.pool_holds(&known.name(t), &t.count(seen.pool.open)));
    let mut figures = vec![(t.doses_column().to_owned(), t.count(seen.plan.doses()))];
    if wish.over == Over::Clinics {
        figures.push((t.split_clinics_with().to_owned(), size(seen.clinics_with_doses())));
        figures.push((t.split_days().to_owned(), size(seen.plan.cells.len())));
    }
    page.add(Block::Figures(figures));
    if seen.plan.beyond_seats() > 0 {
        page.add(Block::Warning(t.split_beyond(&t.count(seen.plan.beyond_seats()))));
    }
    if wish.over == Over::Clinics && seen.without_hours > 0 {
        page.add(Block::Warning(t.split_without_hours(&t.count(seen.without_hours))));
    }
    page.add(Block::Table(shares(t, wish.rule, seen)));
    if wish.over == Over::Clinics {
        page.add(Block::Table(clinics(visitor, seen).await?));
    }
    page.add(Block::Form(meant(t, wish, seen, form)?));
    Ok(page)
}

/// The form that carries out what is shown.
fn meant(t: Texts, wish: &Wish, seen: &Preview, form: &Form) -> Result<Asked, Problem> {
    let key = form.value(KEY).map_or_else(mint, Ok)?;
    let mut asked = Asked::new(format!("{}/split", path(wish.pool_id)), t.split_do());
    for name in [OVER, BY, DOSES, FROM, TO, CHANNEL, TRANCHE] {
        asked = asked.hidden(name, form.text(name));
    }
    asked = asked.hidden(STATE, &seen.state).hidden(KEY, key);
    let hint = match wish.over {
        Over::Clinics => t.admin_reason_read(),
        Over::Regions => t.admin_reason_kept(),
    };
    asked = asked.field(text(REASON, t.admin_reason(), form).hint(hint));
    asked.buttons = vec![
        (DO, t.split_do().to_owned(), Look::Main),
        (AGAIN, t.split_again().to_owned(), Look::Quiet),
    ];
    if wish.over == Over::Clinics {
        asked.note = t.split_file_once().to_owned();
        asked.buttons.push((FILE, t.split_file().to_owned(), Look::Quiet));
    }
    Ok(asked)
}

fn shares(t: Texts, rule: Rule, seen: &Preview) -> Table {
    let weight = match rule {
        Rule::Population => t.split_people(),
        Rule::Capacity => t.split_seats(),
        Rule::Equal => t.split_parts(),
    };
    let numbers = [weight, t.doses_column()];
    let mut table = Table::new("shares", t.split_shares(), &[t.region_column()], &numbers);
    let names: HashMap<_, &Localized> =
        seen.regions.iter().map(|region| (region.region_id, &region.name)).collect();
    let most = seen.plan.shares.iter().map(|share| share.doses).max().unwrap_or(0);
    for share in &seen.plan.shares {
        let name = names.get(&share.region_id).map_or("", |name| t.name(name));
        table.rows.push(vec![
            Cell::Text(name.to_owned()),
            Cell::Number(t.count(share.weight)),
            Cell::Bar(Bar { part: share.doses.into(), whole: most.into() }),
        ]);
    }
    table
}

async fn clinics(visitor: &StaffVisitor, seen: &Preview) -> Result<Table, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let cells = seen.plan.cells.iter().take(CELLS_MAX);
    let ids: Vec<_> = cells.clone().map(|cell| cell.clinic_id).collect();
    let names = db::split::clinics(&app.db.read, &ids).await?;
    let numbers = [t.split_seats(), t.doses_column()];
    let words = [t.split_clinic(), t.day_column()];
    let caption = match seen.plan.cells.len() > CELLS_MAX {
        true => t.split_first_clinics(),
        false => t.split_clinics(),
    };
    let mut table = Table::new("cells", caption, &words, &numbers);
    for cell in cells {
        let name = names.get(&cell.clinic_id).map_or("", |(_, name)| t.name(name));
        table.rows.push(vec![
            Cell::Text(name.to_owned()),
            Cell::Text(day(t, cell.on_date)),
            Cell::Number(t.count(cell.room)),
            Cell::Number(t.count(cell.doses)),
        ]);
    }
    Ok(table)
}

fn day(t: Texts, date: NaiveDate) -> String {
    crate::words::short_date(t.language(), date)
}

fn over_word(t: Texts, over: Over) -> &'static str {
    match over {
        Over::Regions => t.split_over_regions(),
        Over::Clinics => t.split_over_clinics(),
    }
}

fn rule_word(t: Texts, rule: Rule) -> &'static str {
    match rule {
        Rule::Population => t.split_by_population(),
        Rule::Capacity => t.split_by_capacity(),
        Rule::Equal => t.split_by_equal(),
    }
}

fn channel_word(t: Texts, channel: Channel) -> &'static str {
    match channel {
        Channel::Web => t.split_channel_web(),
        Channel::Phone => t.split_channel_phone(),
        Channel::WalkIn => t.split_channel_walk_in(),
    }
}
