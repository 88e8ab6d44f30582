//! Drafts a campaign with all that it stands on, in one transaction: a course or product that is
//! known is taken as it is, others are added.

use sqlx::PgConnection;

use super::{Error, Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CampaignId, Code, CourseId, Detail, ProductId, Refusal,
        actor::Cause,
        campaign::{Campaign, NewCampaign},
        campaign_draft::{CampaignDraft, DraftProduct},
        course::NewCourse,
        pool::{NewPool, Pool},
        vials::Vials,
    },
};

/// A draft, and what it stands on.
pub struct Drafted {
    pub campaign: Campaign,
    pub product_ids: Vec<ProductId>,
    /// The nation's, in the order of the products.
    pub pools: Vec<Pool>,
}

/// # Errors
/// Those of the flows that add each part, with the field as a path (`products[0].doses`);
/// `already_exists` for a product whose code is known with other doses per vial, ages or interval.
pub async fn draft(db: &Db, new: CampaignDraft, by: &Cause) -> Result<Drafted> {
    new.check()?;
    in_tx(&db.write, "draft campaign whole", async |conn| {
        let course_id = course(conn, &new.course).await.map_err(|error| within("course", error))?;
        let mut product_ids = Vec::new();
        for (at, product) in new.products.iter().enumerate() {
            let found = self::product(conn, product).await;
            product_ids.push(found.map_err(|error| within(&format!("products[{at}]"), error))?);
        }
        let campaign = NewCampaign { course_id, ..new.campaign.clone() };
        let campaign_id = db::campaign::insert(conn, &campaign).await.map_err(named)?;
        let campaign = db::campaign::find(&mut *conn, campaign_id).await?;
        let campaign = campaign.ok_or_else(Refusal::not_found)?;
        db::product::set_of_campaign(conn, campaign_id, &product_ids).await?;
        rules(conn, &campaign, &new).await?;
        let mut pools = Vec::new();
        for (at, (product, id)) in new.products.iter().zip(&product_ids).enumerate() {
            let pool = self::pool(conn, (campaign_id, *id), product, by).await;
            pools.push(pool.map_err(|error| within(&format!("products[{at}]"), error))?);
        }
        db::catalogue::touch(conn).await?;
        Ok(Drafted { campaign, product_ids, pools })
    })
    .await
}

/// Begins a draft that has no product yet; a course that is not known is added.
///
/// # Errors
/// Those of `campaign::draft`, and `invalid_field` naming `course.code` for a bad code.
pub async fn begin(db: &Db, course: &NewCourse, new: NewCampaign) -> Result<Campaign> {
    in_tx(&db.write, "begin campaign", async |conn| {
        let course_id =
            self::course(conn, course).await.map_err(|error| within("course", error))?;
        let new = NewCampaign { course_id, ..new.clone() };
        let id = db::campaign::insert(conn, &new).await.map_err(named)?;
        let campaign = db::campaign::find(&mut *conn, id).await?;
        db::catalogue::touch(conn).await?;
        Ok(campaign.ok_or_else(Refusal::not_found)?)
    })
    .await
}

async fn course(conn: &mut PgConnection, new: &NewCourse) -> Result<CourseId> {
    match db::course::find_by_code(&mut *conn, &new.code).await? {
        Some(known) => Ok(known),
        None => db::course::insert(conn, new).await.map_err(named),
    }
}

async fn product(conn: &mut PgConnection, new: &DraftProduct) -> Result<ProductId> {
    let DraftProduct { product, .. } = new;
    let code_system = product.code_system.as_deref();
    match db::product::find_by_code(&mut *conn, code_system, &product.code).await? {
        Some(known) if product.is(&known) => Ok(known.product_id),
        Some(_) => {
            let refusal = Refusal::field("code", Detail::ProductDiffers);
            Err(Refusal { code: Code::AlreadyExists, ..refusal }.into())
        }
        None => Ok(db::product::insert(conn, product).await.map_err(named)?.product_id),
    }
}

async fn rules(conn: &mut PgConnection, campaign: &Campaign, new: &CampaignDraft) -> Result<()> {
    let Campaign { campaign_id, rule_version, closes_at, .. } = *campaign;
    for (at, cohort) in new.cohorts.iter().enumerate() {
        let added = db::cohort::insert(conn, campaign_id, cohort, rule_version).await;
        added.map_err(|error| within(&format!("cohorts[{at}]"), named(error)))?;
    }
    for (at, tranche) in new.tranches.iter().enumerate() {
        let place = format!("tranches[{at}]");
        if tranche.opens_at >= closes_at {
            let field = format!("{place}.opens_at");
            return Err(Refusal::field(field, Detail::CampaignClosedByThen).into());
        }
        let mut tranche = tranche.clone();
        tranche.birth_day_digits.sort_unstable();
        tranche.birth_day_digits.dedup();
        let added = db::tranche::insert(conn, campaign_id, &tranche, rule_version).await;
        added.map_err(|error| within(&place, named(error)))?;
    }
    Ok(())
}

/// The nation's pool of a product, with the doses that were delivered.
async fn pool(
    conn: &mut PgConnection,
    (campaign_id, product_id): (CampaignId, ProductId),
    new: &DraftProduct,
    cause: &Cause,
) -> Result<Pool> {
    let pool = NewPool { campaign_id, product_id, parent_id: None, region_id: None };
    let pool_id = db::pool::insert(conn, pool).await.map_err(named)?;
    let pool = db::pool::lock(conn, &[pool_id]).await?.pop();
    let mut pool = pool.ok_or_else(Refusal::not_found)?;
    if new.doses != 0 {
        let vials = Vials::new(new.doses, new.product.doses_per_vial)?;
        let movement = pool.receive(vials, cause)?;
        db::pool::set(conn, &pool).await?;
        db::movement::insert(conn, &movement).await?;
    }
    Ok(pool)
}

/// The same refusal, of a field that stands inside another.
fn within(place: &str, error: Error) -> Error {
    match error {
        Error::Refused(refusal) => {
            let field = refusal.field.as_deref();
            let field = field.map(|field| format!("{place}.{field}").into());
            Error::Refused(Refusal {
                field: Some(field.unwrap_or_else(|| place.to_owned().into())),
                ..refusal
            })
        }
        other => other,
    }
}
