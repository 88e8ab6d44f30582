//! Adds an empty pool: of the nation, or of a region below another pool.

use super::{Result, change_campaign::lock_unless_closed, conflict::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{Code, Refusal, pool::Pool},
};

/// # Errors
/// `invalid_field` naming the field for an unknown campaign or product, a product that the campaign
/// does not give, a parent of another campaign or product, a region outside the parent's;
/// `wrong_state` for a closed campaign; `already_exists` for a second pool of the same place.
pub async fn add_pool(db: &Db, new: db::pool::New) -> Result<Pool> {
    in_tx(&db.write, "add pool", async |conn| {
        let db::pool::New { campaign_id, product_id, parent_id, region_id } = new;
        lock_unless_closed(conn, campaign_id).await.map_err(unknown_campaign)?;
        if db::product::find_doses_per_vial(&mut *conn, campaign_id, product_id).await?.is_none() {
            let detail = "The campaign does not give this product.";
            return Err(Refusal::field("product_id", detail).into());
        }
        match (parent_id, region_id) {
            (None, None) => {}
            (None, Some(_)) => {
                let detail = "A pool of a region stands below another: name its parent.";
                return Err(Refusal::field("parent_id", detail).into());
            }
            (Some(_), None) => {
                let detail = "Only the nation's pool, which has no parent, is without a region.";
                return Err(Refusal::field("region_id", detail).into());
            }
            (Some(parent_id), Some(region_id)) => {
                let parent = db::pool::find(&mut *conn, parent_id).await?;
                let is_of_it = |parent: &Pool| {
                    (parent.campaign_id, parent.product_id) == (campaign_id, product_id)
                };
                let Some(parent) = parent.filter(is_of_it) else {
                    let detail = "There is no such pool of this campaign and product.";
                    return Err(Refusal::field("parent_id", detail).into());
                };
                let is_inside = parent.region_id != Some(region_id)
                    && db::pool::covers(&mut *conn, parent.region_id, region_id).await?;
                if !is_inside {
                    let detail = "There is no such region below the parent's.";
                    return Err(Refusal::field("region_id", detail).into());
                }
            }
        }
        let pool_id = db::pool::insert(conn, new).await.map_err(named)?;
        let pool = db::pool::find(conn, pool_id).await?;
        Ok(pool.ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// A campaign that is named in the body and is not there is a bad field.
pub(super) fn unknown_campaign(error: super::Error) -> super::Error {
    match error {
        super::Error::Refused(refusal) if refusal.code == Code::NotFound => {
            Refusal::field("campaign_id", "There is no such campaign.").into()
        }
        other => other,
    }
}
