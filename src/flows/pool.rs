//! Pools: empty ones below another, doses received by the nation's and passed on to one right
//! below. Where the campaign is public, its quota rises with what is received.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Detail, PoolId, Refusal,
        actor::Cause,
        fact::{By, Counter, Noun},
        movement::moved_meanwhile,
        pool::{NewPool, Pool},
        supply_history::Event,
        vials::Vials,
    },
};

/// # Errors
/// `invalid_field` naming the field for an unknown campaign or product, a product that the campaign
/// does not give, a parent of another campaign or product, a region outside the parent's;
/// `wrong_state` for a closed campaign; `already_exists` for a second pool of the same place.
pub async fn add(db: &Db, new: NewPool) -> Result<Pool> {
    in_tx(&db.write, "add pool", async |conn| {
        let NewPool { campaign_id, product_id, parent_id, region_id } = new;
        let no_campaign = || Refusal::no_such("campaign_id", Noun::Campaign);
        db::campaign::lock(conn, campaign_id).await?.ok_or_else(no_campaign)?.unless_closed()?;
        if db::product::find_doses_per_vial(&mut *conn, campaign_id, product_id).await?.is_none() {
            let detail = Detail::NotInCampaign { what: Noun::Product, by: By::Id };
            return Err(Refusal::field("product_id", detail).into());
        }
        match (parent_id, region_id) {
            (None, None) => {}
            (None, Some(_)) => {
                return Err(Refusal::field("parent_id", Detail::ParentNeeded).into());
            }
            (Some(_), None) => {
                return Err(Refusal::field("region_id", Detail::RegionNeeded).into());
            }
            (Some(parent_id), Some(region_id)) => {
                let parent = db::pool::find(&mut *conn, parent_id).await?;
                let is_of_it = |parent: &Pool| {
                    (parent.campaign_id, parent.product_id) == (campaign_id, product_id)
                };
                let Some(parent) = parent.filter(is_of_it) else {
                    return Err(Refusal::field("parent_id", Detail::PoolOfOtherProduct).into());
                };
                let is_inside = parent.region_id != Some(region_id)
                    && db::pool::covers(&mut *conn, parent.region_id, region_id).await?;
                if !is_inside {
                    return Err(Refusal::field("region_id", Detail::RegionNotBelow).into());
                }
            }
        }
        let pool_id = db::pool::insert(conn, new).await.map_err(named)?;
        let pool = db::pool::find(conn, pool_id).await?;
        Ok(pool.ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// `if_received` is what the caller saw the pool to have received: a delivery that is sent twice is
/// taken once.
///
/// # Errors
/// `not_found`; `wrong_state` for a closed campaign or another `if_received`; `not_whole_vials`;
/// `invalid_field` for a pool that is not the nation's and for impossible doses.
pub async fn receive(
    db: &Db,
    pool_id: PoolId,
    doses: i32,
    if_received: Option<i32>,
    cause: &Cause,
) -> Result<Pool> {
    in_tx(&db.write, "receive doses", async |conn| {
        let pool = db::pool::find(&mut *conn, pool_id).await?.ok_or_else(Refusal::not_found)?;
        let campaign = db::campaign::lock(conn, pool.campaign_id).await?;
        let mut campaign = campaign.ok_or_else(Refusal::not_found)?.unless_closed()?;
        let vials =
            Vials::new(doses, db::product::doses_per_vial(&mut *conn, pool.product_id).await?)?;
        let mut pools = db::pool::lock(conn, &[pool_id]).await?;
        let mut pool = pools.pop().ok_or_else(Refusal::not_found)?;
        if if_received.is_some_and(|seen| seen != pool.received) {
            return Err(moved_meanwhile(Counter::Received, pool.received).into());
        }
        let movement = pool.receive(vials, cause)?;
        db::pool::set(conn, &pool).await?;
        db::movement::insert(conn, &movement).await?;
        if campaign.published_quota.is_some() {
            campaign.raise_quota(vials.doses())?;
            db::campaign::set(conn, &campaign).await?;
            let (id, doses) = (campaign.campaign_id, Some(vials.doses()));
            db::supply_history::insert(conn, id, Event::Received, doses, &cause.reason).await?;
            db::catalogue::touch(conn).await?;
        }
        Ok(pool)
    })
    .await
}

/// How many doses go where. `if_passed_on` is what the caller saw the giving pool to have passed
/// on: a transfer that is sent twice is made once.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    pub from_pool_id: PoolId,
    pub to_pool_id: PoolId,
    pub doses: i32,
    pub if_passed_on: Option<i32>,
}

/// Answers with both pools, the giving one first.
///
/// # Errors
/// `not_found` for an unknown giving pool; `invalid_field` for a receiving one that is not right
/// below it; `not_whole_vials`, `not_enough_doses`; `wrong_state` for another `if_passed_on`.
pub async fn transfer(db: &Db, transfer: Transfer, cause: &Cause) -> Result<(Pool, Pool)> {
    in_tx(&db.write, "pass on", async |conn| {
        let Transfer { from_pool_id, to_pool_id, doses, if_passed_on } = transfer;
        let mut pools = db::pool::lock(conn, &[from_pool_id, to_pool_id]).await?;
        let mut take = |id| {
            let at = pools.iter().position(|pool| pool.pool_id == id)?;
            Some(pools.swap_remove(at))
        };
        let mut from = take(from_pool_id).ok_or_else(Refusal::not_found)?;
        let no_child = || Refusal::field("to_pool_id", Detail::PoolNotBelow);
        let mut to = take(to_pool_id).ok_or_else(no_child)?;
        let vials =
            Vials::new(doses, db::product::doses_per_vial(&mut *conn, from.product_id).await?)?;
        if if_passed_on.is_some_and(|seen| seen != from.passed_on) {
            return Err(moved_meanwhile(Counter::PassedOn, from.passed_on).into());
        }
        let movement = from.pass_on(&mut to, vials, cause)?;
        db::pool::set(conn, &from).await?;
        db::pool::set(conn, &to).await?;
        db::movement::insert(conn, &movement).await?;
        Ok((from, to))
    })
    .await
}
