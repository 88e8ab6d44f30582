//! What a campaign gives: vaccines chosen from those that are known, and others added.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{
    head::{Head, InCampaign, find, path, said},
    list_form::{Shown, pressed},
    version,
};
use crate::{
    db,
    domain::{
        CampaignId, ProductId,
        product::{NewProduct, Product},
    },
    flows,
    http::{
        extract::{Path, Query},
        problem::Problem,
    },
    web::{
        admin::field::{self, NAME},
        done::Done,
        form::{FieldError, Form, Reader},
        part::TextField,
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
};

const PRODUCTS_MAX: i64 = 500;
const NAME_CHARS_MAX: usize = 100;
const CODE_CHARS_MAX: usize = 64;
const CODE_SYSTEM_CHARS_MAX: usize = 200;
/// 150 years.
const MONTHS_MAX: i16 = 1_800;
const VIAL_DOSES_MAX: i16 = 1_000;
const SERIES_MAX: i16 = 20;
const INTERVAL_DAYS_MAX: i16 = 3_650;
const FIELDS: [&str; 9] = [
    "name_ko",
    "name_en",
    "code",
    "code_system",
    "doses_per_vial",
    "age_months_min",
    "age_months_max",
    "doses_in_series",
    "interval_days_min",
];

#[derive(Template)]
#[template(path = "admin/campaign/products.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    errors: Vec<FieldError>,
    changes: Vec<String>,
    is_over: bool,
    products: Vec<Known>,
    new: Vec<TextField>,
}

/// The vaccine that was added just now: it is ticked for whoever keeps it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Added {
    added: Option<ProductId>,
}

/// A vaccine to tick.
struct Known {
    name: String,
    label: String,
    is_chosen: bool,
}

/// # Errors
/// `not_found`.
pub async fn get_products(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    Query(Added { added }): Query<Added>,
) -> Result<HttpResponse, Problem> {
    let campaign = find(&visitor, campaign_id).await?;
    let mut chosen = of_campaign(&visitor, campaign_id).await?;
    chosen.extend(added);
    visitor.show(&page(&visitor, Shown::opened(campaign), Some(&chosen), &usual()).await?)
}

/// Makes those that are ticked the products of the campaign.
///
/// # Errors
/// `not_found`.
pub async fn post_products(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let target = version::target(&form, campaign_id)?;
    let known = list(&visitor).await?;
    let is_ticked = |product: &&Product| form.has(&tick(product.product_id));
    let chosen: Vec<_> = known.iter().filter(is_ticked).map(|product| product.product_id).collect();
    let mut reader = Reader::new(&form, t);
    let kept = match chosen.is_empty() {
        true => reader.fault("products", t.admin_no_product_ticked()),
        false => {
            let db = &visitor.visit.app.db;
            Some(flows::rules::set_products(db, target, chosen.clone()).await)
        }
    };
    match pressed(&visitor, target, (reader, &["products"]), kept).await? {
        Ok(set) => {
            let done = said(t, t.admin_products_kept(), set.is_settled);
            visitor.done(&path(campaign_id), done)
        }
        Err(shown) => {
            let status = shown.status;
            let page = page(&visitor, shown, Some(&chosen), &usual()).await?;
            visitor.show_as(status, &page)
        }
    }
}

/// Adds a vaccine that is not known, for all campaigns; it is ticked, and kept for this one by a
/// further press.
///
/// # Errors
/// `not_found`; what was typed wrongly is said on the page.
pub async fn post_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let campaign = find(&visitor, campaign_id).await?;
    let mut reader = Reader::new(&form, t);
    if let Some(new) = read(&mut reader, t) {
        match flows::product::add(&visitor.visit.app.db, new).await {
            Ok(product) => {
                let done = Done::well(t.admin_product_added(t.name(&product.name)));
                let id = product.product_id;
                return visitor.done(&format!("{}/products?added={id}", path(campaign_id)), done);
            }
            Err(error) => field::refused(&mut reader, t, error.into(), &FIELDS)?,
        }
    }
    let shown = Shown { errors: reader.errors, ..Shown::opened(campaign) };
    visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(&visitor, shown, None, &form).await?)
}

fn tick(id: ProductId) -> String {
    format!("product_{id}")
}

fn usual() -> Form {
    Form::of([
        ("doses_per_vial", "1".to_owned()),
        ("age_months_min", "0".to_owned()),
        ("doses_in_series", "1".to_owned()),
        ("interval_days_min", "0".to_owned()),
    ])
}

async fn list(visitor: &StaffVisitor) -> Result<Vec<Product>, Problem> {
    Ok(db::product::list(&visitor.visit.app.db.read, ProductId(0), PRODUCTS_MAX).await?)
}

async fn of_campaign(visitor: &StaffVisitor, id: CampaignId) -> Result<Vec<ProductId>, Problem> {
    Ok(db::product::list_of_campaign(&visitor.visit.app.db.read, id).await?)
}

async fn page<'a>(
    visitor: &'a StaffVisitor,
    shown: Shown,
    chosen: Option<&[ProductId]>,
    form: &Form,
) -> Result<Page<'a>, Problem> {
    let t = visitor.t();
    let Shown { campaign, errors, changes, .. } = shown;
    let own = of_campaign(visitor, campaign.campaign_id).await?;
    let chosen = chosen.unwrap_or(&own);
    let known = list(visitor).await?.into_iter().map(|product| Known {
        name: tick(product.product_id),
        label: label(t, &product),
        is_chosen: chosen.contains(&product.product_id),
    });
    let text = |id: &'static str, label: &'static str| field::text(id, label, form);
    let names =
        NAME.fields(t, (t.admin_product_name_ko().into(), t.admin_product_name_en().into()), form);
    let short = |id: &'static str, label: &'static str| field::short(id, label, form);
    let more = [
        text("code", t.admin_product_code()).hint(t.admin_product_code_hint()),
        text("code_system", t.admin_code_system()).hint(t.admin_code_system_hint()),
        short("doses_per_vial", t.admin_doses_per_vial()),
        short("age_months_min", t.admin_age_min()).hint(t.admin_age_hint()),
        short("age_months_max", t.admin_age_max()).hint(t.admin_age_max_hint()),
        short("doses_in_series", t.admin_doses_in_series()),
        short("interval_days_min", t.admin_interval()),
    ];
    Ok(Page {
        t,
        staff: visitor.frame(),
        head: Head::new(t, &campaign),
        errors,
        changes,
        is_over: campaign.clone().unless_closed().is_err(),
        products: known.collect(),
        new: names.into_iter().chain(more).collect(),
    })
}

/// The name with what decides: doses per vial, ages, series.
fn label(t: Texts, product: &Product) -> String {
    let vial = t.count(product.doses_per_vial);
    let series = t.count(product.doses_in_series);
    let facts = t.admin_product_facts(&product.code, &vial, &series);
    let ages = match (product.age_months_min, product.age_months_max) {
        (0, None) => String::new(),
        (min, None) => format!(", {}", t.admin_age_from(&t.count(min))),
        (min, Some(max)) => format!(", {}", t.admin_age_between(&t.count(min), &t.count(max))),
    };
    format!("{} ({facts}{ages})", t.name(&product.name))
}

fn read(reader: &mut Reader<'_>, t: Texts) -> Option<NewProduct> {
    let name = NAME.read(reader, t, NAME_CHARS_MAX);
    let code = field::line(reader, t, "code", CODE_CHARS_MAX);
    let code_system = field::optional(reader, t, "code_system", CODE_SYSTEM_CHARS_MAX);
    let doses_per_vial = field::number(reader, t, "doses_per_vial", 1..=VIAL_DOSES_MAX);
    let age_months_min = field::number(reader, t, "age_months_min", 0..=MONTHS_MAX);
    let age_months_max = match reader.form.text("age_months_max").trim() {
        "" => Some(None),
        _ => field::number(reader, t, "age_months_max", 0..=MONTHS_MAX).map(Some),
    };
    let doses_in_series = field::number(reader, t, "doses_in_series", 1..=SERIES_MAX);
    let interval = field::number(reader, t, "interval_days_min", 0..=INTERVAL_DAYS_MAX);
    Some(NewProduct {
        code_system: code_system?,
        code: code?,
        name: name?,
        doses_per_vial: doses_per_vial?,
        age_months_min: age_months_min?,
        age_months_max: age_months_max?,
        doses_in_series: doses_in_series?,
        interval_days_min: interval?,
    })
}
