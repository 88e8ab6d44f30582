//! What is done with a pool: a delivery taken in, doses moved or written off, a pool made, a wrong
//! line taken back. Each form mints the number of its press, so that it may come twice.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::json;

use super::{
    block::{Block, Form as Asked, Page, choice, select},
    pool::{Known, is_correctable, kind, path},
    typed::{KEY, REASON, Typed, keyed, mint, short, text},
};
use crate::{
    db,
    domain::{
        CampaignId, PoolId, ProductId, Refusal, RegionId,
        actor::{Actor, Cause},
        journal::Position,
        pool::NewPool,
        vials::Vials,
    },
    flows::{
        self,
        pool::{Receipt, Transfer},
    },
    http::{
        extract::{Path, Query},
        problem::Problem,
    },
    web::{
        done::Done, form::Form, staff_guard::AdministratorVisitor, staff_page::StaffVisitor,
        text::Texts,
    },
};

const DOSES: &str = "doses";
const TO: &str = "to_pool_id";
const REGION: &str = "region_id";
const PRODUCT: &str = "product_id";

/// A press on a pool, as it stands in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    Receive,
    Transfer,
    Lose,
    Below,
}

#[derive(Deserialize)]
pub struct Presses {
    pool_id: PoolId,
    press: Press,
}

#[derive(Deserialize)]
pub struct OfLine {
    pool_id: PoolId,
    movement_id: String,
}

#[derive(Deserialize)]
pub struct NewOf {
    campaign: CampaignId,
}

impl Press {
    fn title(self, t: Texts) -> &'static str {
        match self {
            Self::Receive => t.pool_receive(),
            Self::Transfer => t.pool_transfer(),
            Self::Lose => t.pool_lose(),
            Self::Below => t.pool_below(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Transfer => "transfer",
            Self::Lose => "lose",
            Self::Below => "below",
        }
    }
}

/// The form of a press.
///
/// # Errors
/// `not_found`.
pub async fn get_press(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(Presses { pool_id, press }): Path<Presses>,
) -> Result<HttpResponse, Problem> {
    let known = Known::find(&visitor.visit.app, pool_id).await?;
    let form = Form::of([(KEY, mint()?.to_string())]);
    page(&visitor, &known, press, &form).await?.show(&visitor)
}

async fn page(
    visitor: &StaffVisitor,
    known: &Known,
    press: Press,
    form: &Form,
) -> Result<Page, Problem> {
    let t = visitor.t();
    let here = path(known.pool.pool_id);
    let mut page = Page::new(press.title(t), here.clone());
    page.text(t.pool_holds(&known.name(t), &t.count(known.pool.open)));
    let asked = Asked::new(format!("{here}/{}", press.word()), press.title(t));
    let asked = asked.hidden(KEY, form.text(KEY));
    let mut asked = match press {
        Press::Transfer => {
            let beside = known.beside();
            let choices = beside.iter().map(|pool| {
                let name = known.name_of(t, pool.pool_id);
                choice(pool.pool_id, t.pool_holds(&name, &t.count(pool.open)))
            });
            asked.field(select(TO, t.pool_to(), choices.collect(), form.text(TO)))
        }
        Press::Below => {
            let regions = db::region::list(&visitor.visit.app.db.read, RegionId(0), i64::MAX);
            let regions = regions.await?;
            let inside = regions.iter().filter(|one| one.parent_id == known.pool.region_id);
            let choices = inside.map(|one| choice(one.region_id, t.name(&one.name))).collect();
            asked.field(select(REGION, t.region_column(), choices, form.text(REGION)))
        }
        Press::Receive | Press::Lose => asked,
    };
    if press != Press::Below {
        let hint = t.pool_whole_vials(&t.count(known.product.doses_per_vial));
        asked = asked.field(short(DOSES, t.doses_column(), form).hint(hint));
        let hint = match press {
            Press::Receive => t.admin_reason_read(),
            _ => t.admin_reason_kept(),
        };
        asked = asked.field(text(REASON, t.admin_reason(), form).hint(hint));
    }
    page.add(Block::Form(asked));
    Ok(page)
}

/// Does it.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_press(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(Presses { pool_id, press }): Path<Presses>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let known = Known::find(&visitor.visit.app, pool_id).await?;
    let mut typed = Typed::new(&form, t);
    let done = match press {
        Press::Below => below(&visitor, &known, &mut typed).await?,
        _ => moved(&visitor, &known, press, &mut typed).await?,
    };
    let Some(said) = done else {
        let (form, errors) = typed.again()?;
        let page = page(&visitor, &known, press, &form).await?;
        return Page { errors, ..page }.show(&visitor);
    };
    visitor.done(&path(pool_id), Done::well(said))
}

async fn below(
    visitor: &StaffVisitor,
    known: &Known,
    typed: &mut Typed<'_>,
) -> Result<Option<String>, Problem> {
    let Some(region_id) = typed.value::<RegionId>(REGION) else { return Ok(None) };
    let new = NewPool {
        campaign_id: known.pool.campaign_id,
        product_id: known.pool.product_id,
        parent_id: Some(known.pool.pool_id),
        region_id: Some(region_id),
    };
    let added = typed.done(flows::pool::add(&visitor.visit.app.db, new).await)?;
    Ok(added.map(|_| visitor.t().pool_made().to_owned()))
}

async fn moved(
    visitor: &StaffVisitor,
    known: &Known,
    press: Press,
    typed: &mut Typed<'_>,
) -> Result<Option<String>, Problem> {
    let (t, db) = (visitor.t(), &visitor.visit.app.db);
    let (pool_id, by) = (known.pool.pool_id, visitor.user.staff_user_id);
    let to = match press {
        Press::Transfer => typed.value::<PoolId>(TO),
        _ => Some(pool_id),
    };
    let doses = typed.number(DOSES, (1, Vials::DOSES_MAX));
    let reason = typed.line::<500>(REASON);
    let (Some(to), Some(doses), Some(reason)) = (to, doses, reason) else { return Ok(None) };
    let cause = Cause { actor: Actor::Administrator(by), reason: reason.clone().into() };
    let asked = json!(["page", press.word(), pool_id, to, doses, reason]);
    let Some(keyed) = keyed(typed.form, by, &asked) else {
        return Ok(typed.refused(&Refusal::not_found()));
    };
    let count = t.count(doses);
    Ok(match press {
        Press::Receive => {
            let receipt = Receipt { pool_id, doses, if_received: None };
            let done = flows::pool::receive(db, receipt, &cause, &keyed).await;
            typed.done(done)?.map(|_| t.pool_was_received(&count))
        }
        Press::Transfer => {
            let transfer =
                Transfer { from_pool_id: pool_id, to_pool_id: to, doses, if_passed_on: None };
            let done = flows::pool::transfer(db, transfer, &cause, Some(&keyed)).await;
            typed.done(done)?.map(|_| t.pool_was_moved(&count, &known.name_of(t, to)))
        }
        Press::Lose | Press::Below => {
            let done = flows::pool::lose(db, (pool_id, doses), &cause, Some(&keyed)).await;
            typed.done(done)?.map(|_| t.pool_was_lost(&count))
        }
    })
}

/// The form that takes a line back.
///
/// # Errors
/// `not_found`.
pub async fn get_line(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(of): Path<OfLine>,
) -> Result<HttpResponse, Problem> {
    let form = Form::of([(KEY, mint()?.to_string())]);
    line(&visitor, &of, &form).await?.show(&visitor)
}

async fn line(visitor: &StaffVisitor, of: &OfLine, form: &Form) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let known = Known::find(app, of.pool_id).await?;
    let missing = || Problem::from(Refusal::not_found());
    let at: Position = of.movement_id.parse().map_err(|_none| missing())?;
    let found = db::movement::find(&app.db.read, at).await?;
    let movement = found.filter(|line| is_correctable(line.kind)).ok_or_else(missing)?;
    let corrected = db::movement::corrected(&app.db.read, at).await?;
    let left = i64::from(movement.doses) - corrected;
    let mut page = Page::new(t.pool_correct_title(), path(of.pool_id));
    page.add(Block::Figures(vec![
        (kind(t, movement.kind).to_owned(), t.count(movement.doses)),
        (t.pool_correct_left().to_owned(), t.count(left)),
        (t.pool_open().to_owned(), t.count(known.pool.open)),
    ]));
    page.text(movement.reason.unwrap_or_default());
    page.text(t.pool_correct_about());
    let form = match form.has(DOSES) {
        true => form.clone(),
        false => Form::of([(KEY, form.text(KEY).to_owned()), (DOSES, left.to_string())]),
    };
    let asked = Asked::new(format!("{}/lines/{at}", path(of.pool_id)), t.pool_take_back())
        .hidden(KEY, form.text(KEY))
        .field(short(DOSES, t.doses_column(), &form))
        .field(text(REASON, t.admin_reason(), &form).hint(t.admin_reason_kept()));
    page.add(Block::Form(asked));
    Ok(page)
}

/// Takes the line back, or a part of it.
///
/// # Errors
/// `not_found`; those of the database.
pub async fn post_line(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(of): Path<OfLine>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, by) = (visitor.t(), visitor.user.staff_user_id);
    let missing = || Problem::from(Refusal::not_found());
    let at: Position = of.movement_id.parse().map_err(|_none| missing())?;
    let mut typed = Typed::new(&form, t);
    let doses = typed.number(DOSES, (1, Vials::DOSES_MAX));
    if let (Some(doses), Some(reason)) = (doses, typed.line::<500>(REASON)) {
        let cause = Cause { actor: Actor::Administrator(by), reason: reason.clone().into() };
        let asked = json!(["page", "correct", at.to_string(), doses, reason]);
        let keyed = keyed(&form, by, &asked).ok_or_else(missing)?;
        let db = &visitor.visit.app.db;
        let done = flows::correction::correct(db, (at, Some(doses)), &cause, Some(&keyed)).await;
        if let Some(done) = typed.done(done)? {
            let said = t.pool_was_corrected(&t.count(done.doses), &t.count(done.left));
            return visitor.done(&path(of.pool_id), Done::well(said));
        }
    }
    let (form, errors) = typed.again()?;
    let page = line(&visitor, &of, &form).await?;
    Page { errors, ..page }.show(&visitor)
}

/// The form for a pool of the nation.
///
/// # Errors
/// Those of the database.
pub async fn get_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(NewOf { campaign }): Query<NewOf>,
) -> Result<HttpResponse, Problem> {
    new(&visitor, campaign, &Form::default()).await?.show(&visitor)
}

async fn new(
    visitor: &StaffVisitor,
    campaign_id: CampaignId,
    form: &Form,
) -> Result<Page, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let missing = || Problem::from(Refusal::not_found());
    let campaign = db::campaign::find(&app.db.read, campaign_id).await?.ok_or_else(missing)?;
    let products = db::product::list_of_campaign(&app.db.read, campaign_id).await?;
    let mut page = Page::new(t.pool_new(), format!("/admin/pools?campaign={campaign_id}"));
    page.text(t.name(&campaign.name));
    let all = db::product::list(&app.db.read, ProductId(0), i64::MAX).await?;
    let given = all.iter().filter(|one| products.contains(&one.product_id));
    let choices = given.map(|one| choice(one.product_id, t.name(&one.name))).collect();
    let asked = Asked::new(format!("/admin/pools/new?campaign={campaign_id}"), t.pool_new());
    page.add(Block::Form(asked.field(select(
        PRODUCT,
        t.admin_product(),
        choices,
        form.text(PRODUCT),
    ))));
    Ok(page)
}

/// Makes it.
///
/// # Errors
/// Those of the database.
pub async fn post_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Query(NewOf { campaign: campaign_id }): Query<NewOf>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let mut typed = Typed::new(&form, visitor.t());
    if let Some(product_id) = typed.value::<ProductId>(PRODUCT) {
        let new = NewPool { campaign_id, product_id, parent_id: None, region_id: None };
        let done = flows::pool::add(&visitor.visit.app.db, new).await;
        if let Some(pool) = typed.done(done)? {
            return visitor.done(&path(pool.pool_id), Done::well(visitor.t().pool_made()));
        }
    }
    let errors = typed.errors;
    let page = new(&visitor, campaign_id, &form).await?;
    Page { errors, ..page }.show(&visitor)
}
